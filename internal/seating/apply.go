package seating

import (
	"fmt"
	"slices"
	"time"
)

// Replay decides a whole log again, from the section's first event on.
func Replay(log []Event) (State, []Decision, error) {
	var state State
	var all []Decision
	for _, event := range log {
		next, decisions, err := Apply(state, event)
		if err != nil {
			return state, all, err
		}
		state, all = next, append(all, decisions...)
	}
	return state, all, nil
}

// Apply decides what becomes of an event: first of who it names, then of those to whom seats can be offered after it.
// The state given is not changed. An impossible event is an error, one of those above, and changes nothing.
func Apply(state State, event Event) (State, []Decision, error) {
	s := step{State: state, event: event}
	s.Parties = slices.Clone(state.Parties)
	if err := s.happen(); err != nil {
		return state, nil, fmt.Errorf("seating: event %d, %s: %w", event.Sequence, event.Kind, err)
	}
	s.refill()
	s.Sequence = event.Sequence
	return s.State, s.decisions, nil
}

// step is one event being applied.
type step struct {
	State
	event     Event
	decisions []Decision
}

func (s *step) happen() error {
	if s.event.Sequence != s.Sequence+1 {
		return fmt.Errorf("%w: %d comes after %d", ErrSequence, s.event.Sequence, s.Sequence)
	}
	if s.Cancelled {
		return ErrCancelled
	}
	if err := s.event.Rules.Validate(); err != nil {
		return fmt.Errorf("%w: rules: %w", ErrMalformed, err)
	}
	switch s.event.Kind {
	case Registered, Placed, Confirmed:
		return s.admit()
	case Accepted, Declined, Expired:
		return s.answer()
	case Withdrawn:
		return s.withdraw()
	case Resized:
		if s.event.Capacity < s.Taken {
			return fmt.Errorf("%w: %d are taken, %d wanted", ErrCapacity, s.Taken, s.event.Capacity)
		}
		s.Capacity = s.event.Capacity
		return nil
	case Started:
		s.start()
		return nil
	case Cancelled:
		for _, p := range s.everybody() {
			s.decide(Cancelled, p.Party, "the section was cancelled")
		}
		s.Taken, s.Parties, s.Cancelled = 0, nil, true
		return nil
	default:
		return fmt.Errorf("%w: nothing is %q", ErrMalformed, s.event.Kind)
	}
}

// admit takes in a newcomer.
func (s *step) admit() error {
	p := s.event.Party
	p.Members = slices.Clone(p.Members)
	switch {
	case p.ID == "" || len(p.Members) == 0 || slices.Contains(p.Members, ""):
		return fmt.Errorf("%w: a party has an id and members", ErrMalformed)
	case len(slices.Compact(slices.Sorted(slices.Values(p.Members)))) < len(p.Members):
		return fmt.Errorf("%w: somebody is a member twice", ErrMalformed)
	case s.event.Kind != Confirmed && !p.Since.Equal(s.event.Time), p.Since.After(s.event.Time):
		return fmt.Errorf("%w: the party asked at %v", ErrMalformed, p.Since)
	}
	for _, other := range s.Parties {
		if other.ID == p.ID || slices.ContainsFunc(p.Members, func(m string) bool { return slices.Contains(other.Members, m) }) {
			return fmt.Errorf("%w: %s", ErrPresent, other.ID)
		}
	}

	waiting := s.Waiting(s.event.Rules)
	reason := ""
	if s.event.Kind == Confirmed {
		reason = "the role it waited for is confirmed, and the time when it asked counts; "
	}
	if s.event.Note != "" {
		reason += s.event.Note + "; "
	}
	if Admit(s.Capacity, s.Taken, int32(len(waiting)), p.Size()) == Seated {
		kind := Seated
		if s.event.Kind == Placed {
			kind = Placed
		}
		s.decide(kind, p, reason+"nobody was waiting")
		s.Parties = append(s.Parties, Place{Party: p, Standing: Enrolled})
		s.Taken += p.Size()
		return nil
	}
	if len(waiting) > 0 {
		reason += "others were waiting"
	} else {
		reason += seats(p.Size()) + " needed"
	}
	s.Parties = append(s.Parties, Place{Party: p, Standing: Waitlisted})
	s.decide(Waitlisted, p, reason+"; the order is "+s.event.Rules.order())
	return nil
}

// start ends what is open: who has no seat by now gets none.
func (s *step) start() {
	for _, p := range s.everybody() {
		if p.Standing == Enrolled {
			continue
		}
		s.decide(Expired, p.Party, "the section has begun")
		if p.Standing == Offered {
			s.Taken -= p.Size()
		}
	}
	s.Parties = slices.DeleteFunc(s.Parties, func(p Place) bool { return p.Standing != Enrolled })
}

// everybody is all who have a place, in an order that does not hang on how the state was loaded.
func (s *step) everybody() []Place {
	return slices.SortedFunc(slices.Values(s.Parties), func(a, b Place) int { return s.event.Rules.Compare(a.Party, b.Party) })
}

// answer ends an offer, in one of three ways.
func (s *step) answer() error {
	i, err := s.find()
	if err != nil {
		return err
	}
	place := s.Parties[i]
	if place.Standing != Offered {
		return fmt.Errorf("%w: it is %s", ErrNoOffer, place.Standing)
	}
	over := !s.event.Time.Before(*place.Deadline)
	if s.event.Kind == Accepted && over || s.event.Kind == Expired && !over {
		return fmt.Errorf("%w: it is %s", ErrDeadline, place.Deadline.Format(time.RFC3339))
	}
	switch s.event.Kind {
	case Accepted:
		s.decide(Enrolled, place.Party, "the offer was accepted in time")
		s.Parties[i].Standing, s.Parties[i].Deadline = Enrolled, nil
		return nil
	case Declined:
		s.decide(Declined, place.Party, "the offer was turned down and passes on")
	default:
		s.decide(Expired, place.Party, "the offer was not taken by its deadline and passes on")
	}
	s.Taken -= place.Size()
	s.Parties = slices.Delete(s.Parties, i, i+1)
	return nil
}

// withdraw lets members go, and with them the others of a group when the rule is so.
func (s *step) withdraw() error {
	i, err := s.find()
	if err != nil {
		return err
	}
	place := s.Parties[i]
	leaving := slices.Clone(s.event.Party.Members)
	rest := slices.DeleteFunc(slices.Clone(place.Members), func(m string) bool { return slices.Contains(leaving, m) })
	if len(leaving) == 0 || len(leaving)+len(rest) != len(place.Members) {
		return fmt.Errorf("%w: %q are not members of %s", ErrAbsent, leaving, place.ID)
	}
	reason := "at their own wish"
	if len(rest) > 0 {
		reason = fmt.Sprintf("%d of %d members left, and by the rule %s ", len(leaving), len(place.Members), s.event.Rules.MemberLeaves)
		if s.event.Rules.MemberLeaves == AllLeave {
			leaving, rest, reason = place.Members, nil, reason+"the others leave as well"
		} else {
			reason += "the others keep what they had"
		}
	}
	gone := place.Party
	gone.Members = leaving
	s.decide(Withdrawn, gone, reason)
	if place.Standing != Waitlisted {
		s.Taken -= gone.Size()
	}
	if len(rest) > 0 {
		s.Parties[i].Members = rest
	} else {
		s.Parties = slices.Delete(s.Parties, i, i+1)
	}
	return nil
}

// refill offers what is free, and puts on record whom that passed over.
func (s *step) refill() {
	for _, offer := range Refill(s.Capacity, s.Taken, s.Waiting(s.event.Rules), s.event.Time, s.event.Rules) {
		for _, p := range offer.Skipped {
			s.decide(PassedOver, p, seats(p.Size())+" needed, and a smaller party came next")
		}
		reason := "nobody was before it"
		if s.Position(offer.Party.ID, s.event.Rules) > 1 {
			reason = "all before it needed more seats than were free"
		}
		i := slices.IndexFunc(s.Parties, func(p Place) bool { return p.ID == offer.Party.ID })
		s.decide(Offered, offer.Party, reason).Deadline = &offer.Deadline
		s.Parties[i].Standing, s.Parties[i].Deadline = Offered, &offer.Deadline
		s.Taken += offer.Party.Size()
	}
}

// decide puts a decision on record, before seats change hands by it.
func (s *step) decide(kind Kind, p Party, reason string) *Decision {
	s.decisions = append(s.decisions, Decision{
		Sequence: s.event.Sequence, Time: s.event.Time, Kind: kind, Party: p.ID, Members: p.Members,
		Position: s.Position(p.ID, s.event.Rules), Free: s.Free(), Capacity: s.Capacity, Reason: reason, Rules: s.event.Rules.Version,
	})
	return &s.decisions[len(s.decisions)-1]
}

// find is where the event's party is among those who have a place.
func (s *step) find() (int, error) {
	i := slices.IndexFunc(s.Parties, func(p Place) bool { return p.ID == s.event.Party.ID })
	if i < 0 {
		return i, fmt.Errorf("%w: %s", ErrAbsent, s.event.Party.ID)
	}
	return i, nil
}

// Free is how many seats nobody has or is offered.
func (s State) Free() int32 { return s.Capacity - s.Taken }

// Waiting are those who wait, in the order of the rules.
func (s State) Waiting(rules Rules) []Party {
	var waiting []Party
	for _, p := range s.Parties {
		if p.Standing == Waitlisted {
			waiting = append(waiting, p.Party)
		}
	}
	slices.SortFunc(waiting, rules.Compare)
	return waiting
}

// Position is a party's place on the waitlist, 1 being next; 0 when it does not wait.
func (s State) Position(party string, rules Rules) int32 {
	return int32(slices.IndexFunc(s.Waiting(rules), func(p Party) bool { return p.ID == party }) + 1)
}

// Due are the parties whose offers have ended by now, the earliest first: each is to be Expired before anything else
// happens to the section, so that what is free is offered to those who waited.
func (s State) Due(now time.Time) []string {
	due := slices.DeleteFunc(slices.Clone(s.Parties), func(p Place) bool { return p.Standing != Offered || now.Before(*p.Deadline) })
	slices.SortStableFunc(due, func(a, b Place) int { return a.Deadline.Compare(*b.Deadline) })
	var ids []string
	for _, p := range due {
		ids = append(ids, p.ID)
	}
	return ids
}
