package enrollment

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/internal/seating"
)

// seat is a registration as far as seats go.
type seat struct {
	id uuid.UUID
	// party is whom it is seated with: the application that it came by, or itself.
	party     uuid.UUID
	state     string
	since     time.Time
	roleAlike bool // the party's, as it was when it asked
	deadline  *time.Time
	// reason is why it has no place any more.
	reason string
}

// partyOf is whom a registration is seated with.
func partyOf(id uuid.UUID, application *uuid.UUID) uuid.UUID {
	if application != nil {
		return *application
	}
	return id
}

// entry is a line of a section's seating log.
type entry struct {
	event     seating.Event
	decisions []seating.Decision
	rules     string // the id of those in force
}

// inForce are the rules of seats that are in force.
type inForce struct {
	id           string
	seating      seating.Rules
	roleWaitDays int
}

// seats are the seats of a section while their lock is held. Not all who have one need be known, as seating.State says.
type seats struct {
	now   time.Time
	rules inForce
	state seating.State
	known map[string]*seat
	log   []entry // of what has happened since
}

// newSeats are the seats of a section as its row counts them, of which these are known.
func newSeats(number, capacity, taken int32, known []*seat, rules inForce, now time.Time) *seats {
	s := &seats{now: now, rules: rules, known: map[string]*seat{}}
	s.state = seating.State{Sequence: int64(number), Capacity: capacity, Taken: taken}
	for _, one := range known {
		s.known[one.id.String()] = one
	}
	s.state.Parties = places(known)
	return s
}

// standings are the states of registrations that have a place. Whoever has completed the course had a seat in it to the end.
var standings = map[string]seating.Kind{
	"ENROLLED": seating.Enrolled, "COMPLETED": seating.Enrolled, "NOT_COMPLETED": seating.Enrolled,
	"OFFERED": seating.Offered, "WAITLISTED": seating.Waitlisted,
}

// places puts together who is seated as one.
func places(all []*seat) []seating.Place {
	var found []seating.Place
	at := map[uuid.UUID]int{}
	for _, one := range party(all) {
		standing, placed := standings[one.state]
		if !placed {
			continue
		}
		i, there := at[one.party]
		if !there {
			i = len(found)
			at[one.party] = i
			found = append(found, seating.Place{Party: seating.Party{ID: one.party.String(), Since: one.since, RoleAlike: one.roleAlike}, Standing: standing, Deadline: one.deadline})
		}
		found[i].Members = append(found[i].Members, one.id.String())
	}
	return found
}

// party puts seats in the order in which members are named everywhere, so that a log and its replay say the same.
func party(all []*seat) []*seat {
	return slices.SortedFunc(slices.Values(all), func(a, b *seat) int { return slices.Compare(a.id[:], b.id[:]) })
}

// outcomes are the states of registrations that decisions lead to; whoever is passed over stays where they are.
var outcomes = map[seating.Kind]string{
	seating.Seated: "ENROLLED", seating.Placed: "ENROLLED", seating.Enrolled: "ENROLLED", seating.Waitlisted: "WAITLISTED", seating.Offered: "OFFERED",
	seating.Declined: "DECLINED", seating.Expired: "EXPIRED", seating.Withdrawn: "WITHDRAWN", seating.Cancelled: "WITHDRAWN",
}

// happen has an event decided, and those known whom it is about come into the states that it leads to.
func (s *seats) happen(event seating.Event) error {
	event.Sequence, event.Rules = s.state.Sequence+1, s.rules.seating
	if event.Time.IsZero() {
		event.Time = s.now
	}
	next, decisions, err := seating.Apply(s.state, event)
	if err != nil {
		return err
	}
	s.state = next
	s.log = append(s.log, entry{event, decisions, s.rules.id})
	for _, d := range decisions {
		to, moves := outcomes[d.Kind]
		if !moves {
			continue
		}
		for _, member := range d.Members {
			one := s.known[member]
			if one.state == "COMPLETED" || one.state == "NOT_COMPLETED" {
				continue // that is over, whatever becomes of the seat
			}
			one.state, one.deadline = to, d.Deadline
			if _, placed := standings[to]; !placed {
				one.reason = d.Reason
			}
		}
	}
	return nil
}

// enter has newcomers, who are one party, ask for seats. kind says how they come.
func (s *seats) enter(kind seating.Kind, newcomers []*seat) error {
	event := seating.Event{Kind: kind, Party: seating.Party{ID: newcomers[0].party.String(), Since: newcomers[0].since, RoleAlike: newcomers[0].roleAlike}}
	if event.Party.Since.After(s.now) { // by the clock of another server
		event.Time = event.Party.Since
	}
	for _, one := range party(newcomers) {
		s.known[one.id.String()] = one
		event.Party.Members = append(event.Party.Members, one.id.String())
	}
	return s.happen(event)
}

// leave lets one go, and by the rule for groups those who came with it. Once the section has begun each member is on their
// own: what was sought together, they have.
func (s *seats) leave(one *seat, reason string, begun bool) error {
	if begun {
		s.rules.seating.MemberLeaves = seating.RestStays
	}
	err := s.happen(seating.Event{Kind: seating.Withdrawn, Party: seating.Party{ID: one.party.String(), Members: []string{one.id.String()}}})
	one.reason = reason
	return err
}

// awaiting are those of a party who wait for a role, in the order of members.
func (s *seats) awaiting(of uuid.UUID) []*seat {
	return slices.DeleteFunc(party(slices.Collect(maps.Values(s.known))), func(one *seat) bool { return one.party != of || one.state != "AWAITING_ROLE" })
}

// end ends waits for a role.
func end(state, reason string, all ...*seat) {
	for _, one := range all {
		one.state, one.reason = state, reason
	}
}

// expire ends the offers whose time is over, so that what they held goes to those who wait.
func (s *seats) expire() error {
	for _, id := range s.state.Due(s.now) {
		if err := s.happen(seating.Event{Kind: seating.Expired, Party: seating.Party{ID: id}}); err != nil {
			return err
		}
	}
	return nil
}

// begin writes the start of the log of a section that has none yet: its seats, and who had one before there was a log.
// All who have one are known.
func (s *seats) begin(made time.Time) error {
	seated := slices.SortedFunc(slices.Values(s.state.Parties), func(a, b seating.Place) int { return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.ID, b.ID)) })
	capacity := s.state.Capacity
	s.state = seating.State{}
	if err := s.happen(seating.Event{Kind: seating.Resized, Capacity: capacity, Time: made}); err != nil {
		return err
	}
	for _, p := range seated {
		if err := s.happen(seating.Event{Kind: seating.Registered, Party: p.Party, Time: p.Since, Note: "on record from before the log"}); err != nil {
			return err
		}
	}
	return nil
}

// waiting is how many persons wait.
func (s *seats) waiting() int32 {
	n := int32(0)
	for _, p := range s.state.Parties {
		if p.Standing == seating.Waitlisted {
			n += p.Size()
		}
	}
	return n
}

// answer accepts or declines an offer, for all of the party.
func (s *seats) answer(kind seating.Kind, one *seat) error {
	return s.happen(seating.Event{Kind: kind, Party: seating.Party{ID: one.party.String()}})
}
