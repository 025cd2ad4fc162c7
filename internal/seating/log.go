package seating

import (
	"errors"
	"time"
)

// Kind is what happened, or what was decided of it.
type Kind string

// What happens.
const (
	// Registered is that a party asks for seats now.
	Registered Kind = "REGISTERED"
	// Confirmed is that a party which asked before may be placed now, since the role it waited for is confirmed.
	Confirmed Kind = "CONFIRMED"
	// Accepted is that a party takes what it is offered, before the deadline.
	Accepted Kind = "ACCEPTED"
	// Resized is that the section has another number of seats. Its first event gives it seats at all.
	Resized Kind = "RESIZED"
	// Started is that the section begins. Nobody waits from then on: offers and places on the waitlist have Expired.
	Started Kind = "STARTED"
)

// What is decided.
const (
	// Seated has its seats at once, Waitlisted has a place in the order, Offered may have seats until a deadline.
	Seated     Kind = "SEATED"
	Waitlisted Kind = "WAITLISTED"
	Offered    Kind = "OFFERED"
	// PassedOver needs more seats than were free; they were offered to one after it, and it keeps its place.
	PassedOver Kind = "PASSED_OVER"
	// Enrolled has taken its offer.
	Enrolled Kind = "ENROLLED"
)

// What happens and is decided in one, unless the party that is Placed is Waitlisted. Whoever is left without a place by it may ask again, as of then.
const (
	Placed    Kind = "PLACED"    // Registered and Seated by staff, who pass nobody who waits
	Declined  Kind = "DECLINED"  // an offer, by the party
	Expired   Kind = "EXPIRED"   // an offer, at its deadline or later
	Withdrawn Kind = "WITHDRAWN" // members, from whatever they had
	Cancelled Kind = "CANCELLED" // the section, for good
)

// Event is one thing that happened to the seats of a section.
type Event struct {
	Sequence int64     `json:"sequence"` // 1 for the section's first, then without gaps
	Time     time.Time `json:"time"`
	Kind     Kind      `json:"kind"`
	// Party is whole when it is Registered or Placed, Since being Time, or Confirmed. When members are Withdrawn it is the ID and
	// those Members; with other kinds the ID does, or nothing when all of the section is meant.
	Party Party `json:"party,omitzero"`
	// Capacity is how many seats a section has that is Resized.
	Capacity int32 `json:"capacity,omitempty"`
	// Note is what else is to be said of a newcomer's seats: a clause in English, or nothing.
	Note string `json:"note,omitempty"`
	// Rules are those in force. A log may keep their version and look them up, since versions never change.
	Rules Rules `json:"rules"`
}

// Decision is what became of one party by an event. One event may decide about many, or none.
type Decision struct {
	Sequence int64     `json:"sequence"` // of the event
	Time     time.Time `json:"time"`
	Kind     Kind      `json:"kind"`
	Party    string    `json:"party"`
	// Members are whom it is about: all of the party, or those who left it.
	Members []string `json:"members"`
	// Position is the place on the waitlist, 1 being next; 0 for who was not, or is no longer, waiting.
	Position int32 `json:"position,omitempty"`
	// Free and Capacity are the seats that were free, and all there were, when this was decided.
	Free     int32 `json:"free"`
	Capacity int32 `json:"capacity"`
	// Deadline is when an offer ends; nil for whatever is no offer.
	Deadline *time.Time `json:"deadline,omitempty"`
	// Reason says why, in English, as a clause without a full stop.
	Reason string `json:"reason"`
	// Rules is the version of the rules.
	Rules int32 `json:"rules"`
}

// State is how the seats of a section stand.
type State struct {
	Sequence int64 // of the last event
	Capacity int32
	// Taken are the seats of the enrolled and of open offers.
	Taken     int32
	Cancelled bool
	// Parties are those who have a place, in the order of their coming. Whoever applies an event to a state loaded from
	// tables may leave out the enrolled whom the event does not name, unless it cancels the section: Taken counts them.
	Parties []Place
}

// Place is what a party has.
type Place struct {
	Party
	// Standing is Enrolled, Offered or Waitlisted.
	Standing Kind
	// Deadline is when the offer ends, for who is Offered.
	Deadline *time.Time
}

// Why an event is impossible. Apply's errors wrap these.
var (
	ErrSequence  = errors.New("the event is not the next one of the section")
	ErrMalformed = errors.New("the event makes no sense")
	ErrCancelled = errors.New("the section is cancelled")
	ErrPresent   = errors.New("the party or one of its members has a place already")
	ErrAbsent    = errors.New("the party, or who is said to be a member, has no place here")
	ErrNoOffer   = errors.New("the party has no offer")
	ErrDeadline  = errors.New("the event is on the wrong side of the offer's deadline")
	ErrCapacity  = errors.New("more seats are taken than that")
)
