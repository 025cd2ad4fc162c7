// Package seating decides who gets a seat in a section, who waits, and to whom seats that fall free are offered and
// until when. It is pure: a store feeds it one event after the other while it holds the section's lock (Apply), keeps
// both the events and what was decided, and anybody can decide all of it again from the events alone (Replay).
//
// What always holds after an event:
//   - seats taken, which are those of the enrolled and of open offers, are never more than there are;
//   - no party that waits would fit in the seats that are free;
//   - a party is seated, waitlisted and offered seats whole, or not at all;
//   - nobody is offered seats while somebody before them in the order would have fitted.
//
// Filling every seat comes at a price: a large group may see smaller parties pass it for as long as seats fall free one
// by one. It keeps its place in the order, and each time is on record.
package seating

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Party is who asks for seats together: one educator, or school-based partners who take the course together.
type Party struct {
	// ID is that of the registration, or of the partner group.
	ID string `json:"id"`
	// Members are the registrations in it, one at least.
	Members []string `json:"members,omitempty"`
	// Since is when it asked. One that had to wait for a role to be confirmed keeps that time.
	Since time.Time `json:"since,omitzero"`
	// RoleAlike is whether a member's role was of the section's family when the party asked. It stays so when that
	// member leaves: others have arranged themselves by the order since.
	RoleAlike bool `json:"roleAlike,omitempty"`
}

// Size is how many seats the party needs.
func (p Party) Size() int32 { return int32(len(p.Members)) }

// The keys by which those who wait can be ordered.
const (
	ByRoleAlike = "role-alike" // role-alike parties first
	ByTime      = "time"       // those who asked first first
)

// What becomes of a group when a member leaves it.
const (
	RestStays = "rest-stays" // the others keep their seats, their offer or their place in the order
	AllLeave  = "all-leave"  // they leave as well
)

// Rules are what the program decides about seats. Each version is kept, for decisions to be understood by it.
type Rules struct {
	Version int32 `json:"version"`
	// Order are the keys of the waitlist, the weightiest first. After them come the time and last the ID, always.
	Order []string `json:"order"`
	// OfferHours is how long an offer stands: from 1 to 8,784 hours, which are a leap year.
	OfferHours int32 `json:"offerHours"`
	// MemberLeaves is RestStays or AllLeave.
	MemberLeaves string `json:"memberLeaves"`
}

const maxOfferHours = 366 * 24

// Validate says what is wrong with the rules.
func (r Rules) Validate() error {
	var faults []error
	for i, key := range r.Order {
		if key != ByRoleAlike && key != ByTime {
			faults = append(faults, fmt.Errorf("order: %q is no key; there are %s and %s", key, ByRoleAlike, ByTime))
		}
		if slices.Contains(r.Order[:i], key) {
			faults = append(faults, fmt.Errorf("order: %q stands there twice", key))
		}
	}
	if r.OfferHours < 1 || r.OfferHours > maxOfferHours {
		faults = append(faults, fmt.Errorf("offer hours: %d is not from 1 to %d", r.OfferHours, maxOfferHours))
	}
	if r.MemberLeaves != RestStays && r.MemberLeaves != AllLeave {
		faults = append(faults, fmt.Errorf("member leaves: %q is neither %s nor %s", r.MemberLeaves, RestStays, AllLeave))
	}
	return errors.Join(faults...)
}

// Compare is negative when a comes before b on the waitlist. No two parties of different IDs are equal.
func (r Rules) Compare(a, b Party) int {
	for _, key := range r.keys() {
		order := a.Since.Compare(b.Since)
		if key == ByRoleAlike {
			order = cmp.Compare(rank(a), rank(b))
		}
		if order != 0 {
			return order
		}
	}
	return cmp.Compare(a.ID, b.ID)
}

// keys are the keys of the order, with the time that ends it.
func (r Rules) keys() []string {
	if slices.Contains(r.Order, ByTime) {
		return r.Order
	}
	return append(slices.Clone(r.Order), ByTime)
}

// order is the order in words.
func (r Rules) order() string { return strings.Join(r.keys(), ", then ") }

func rank(p Party) int {
	if p.RoleAlike {
		return 0
	}
	return 1
}

// Admit says whether a newcomer who needs so many seats is Seated or Waitlisted. taken are the seats of the enrolled and
// of open offers, waiting is how many parties wait. Nobody passes those who wait: while there are any, seats go by Refill
// alone, which finds newcomers as well.
func Admit(capacity, taken, waiting, size int32) Kind {
	if waiting == 0 && size <= capacity-taken {
		return Seated
	}
	return Waitlisted
}

// Offer is seats offered to a party.
type Offer struct {
	Party    Party
	Deadline time.Time
	// Free is how many seats there were to offer.
	Free int32
	// Skipped are those whom this offer, and none before it, passed over: they need more than Free.
	Skipped []Party
}

// Refill offers the free seats to those who wait, who are given in order: each who fits in what is left by those before.
func Refill(capacity, taken int32, waiting []Party, now time.Time, rules Rules) []Offer {
	var offers []Offer
	var skipped []Party
	free := capacity - taken
	for _, p := range waiting {
		if p.Size() > free {
			skipped = append(skipped, p)
			continue
		}
		deadline := now.Add(time.Duration(rules.OfferHours) * time.Hour)
		offers = append(offers, Offer{Party: p, Deadline: deadline, Free: free, Skipped: skipped})
		skipped = nil
		free -= p.Size()
	}
	return offers
}
