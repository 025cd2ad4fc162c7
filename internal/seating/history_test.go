package seating

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// history draws what may happen next to a section: events that are possible, as the state stands.
type history struct {
	state State
	now   time.Time
	next  int // number of the next party
}

func (h *history) draw(t *rapid.T) Event {
	h.now = h.now.Add(time.Duration(rapid.IntRange(0, 20).Draw(t, "hours")) * time.Hour)
	e := Event{Sequence: h.state.Sequence + 1, Time: h.now, Rules: Rules{
		Version:      rapid.Int32Range(1, 9).Draw(t, "version"),
		Order:        rapid.SampledFrom([][]string{nil, {ByTime}, {ByRoleAlike}, {ByRoleAlike, ByTime}, {ByTime, ByRoleAlike}}).Draw(t, "order"),
		OfferHours:   rapid.Int32Range(1, 72).Draw(t, "offer hours"),
		MemberLeaves: rapid.SampledFrom([]string{RestStays, AllLeave}).Draw(t, "member leaves"),
	}}
	if due := h.state.Due(h.now); len(due) > 0 && rapid.Bool().Draw(t, "the clerk is in time") {
		e.Kind, e.Party.ID = Expired, due[0]
		return e
	}
	kinds := []Kind{Registered, Registered, Registered, Placed, Confirmed, Resized}
	var open, everybody []Place
	for _, p := range h.state.Parties {
		everybody = append(everybody, p)
		if p.Standing == Offered && h.now.Before(*p.Deadline) {
			open = append(open, p)
		}
	}
	if len(open) > 0 {
		kinds = append(kinds, Accepted, Accepted, Declined)
	}
	if len(everybody) > 0 {
		kinds = append(kinds, Withdrawn, Withdrawn)
	}
	switch e.Kind = rapid.SampledFrom(kinds).Draw(t, "kind"); e.Kind {
	case Registered, Placed, Confirmed:
		h.next++
		e.Note = rapid.SampledFrom([]string{"", "on record from before the log"}).Draw(t, "note")
		e.Party = Party{ID: fmt.Sprintf("p%d", h.next), Since: h.now, RoleAlike: rapid.Bool().Draw(t, "role-alike")}
		if e.Kind == Confirmed {
			e.Party.Since = h.now.Add(-time.Duration(rapid.IntRange(0, 100).Draw(t, "hours ago")) * time.Hour)
		}
		for i := range rapid.SampledFrom([]int{1, 1, 1, 2, 3, 5}).Draw(t, "size") {
			e.Party.Members = append(e.Party.Members, fmt.Sprintf("p%d-%d", h.next, i))
		}
	case Accepted, Declined:
		e.Party.ID = rapid.SampledFrom(open).Draw(t, "who").ID
	case Withdrawn:
		p := rapid.SampledFrom(everybody).Draw(t, "who")
		e.Party = Party{ID: p.ID, Members: rapid.Permutation(p.Members).Draw(t, "members")[:rapid.IntRange(1, len(p.Members)).Draw(t, "how many")]}
	case Resized:
		e.Capacity = max(h.state.Taken, rapid.Int32Range(0, 8).Draw(t, "capacity"))
	}
	return e
}

// before is the order of the waitlist, said another way: the smaller text comes first.
func before(r Rules) func(a, b Party) int {
	text := func(p Party) string {
		since, other := p.Since.UTC().Format("2006-01-02T15:04:05.000000000"), fmt.Sprint(!p.RoleAlike)
		switch slices.Index(r.Order, ByRoleAlike) {
		case 0:
			return other + since + p.ID // "false", role-alike, comes before "true"
		case 1:
			return since + other + p.ID
		}
		return since + p.ID
	}
	return func(a, b Party) int { return strings.Compare(text(a), text(b)) }
}

func copied(t *rapid.T, s State) State {
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var again State
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	return again
}

func TestHistories(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := history{now: start}
		var log []Event
		var all []Decision
		for range rapid.IntRange(1, 40).Draw(t, "events") {
			e := h.draw(t)
			was := copied(t, h.state)
			state, decisions, err := Apply(h.state, e)
			if err != nil {
				t.Fatalf("%+v: %v", e, err)
			}
			if !reflect.DeepEqual(copied(t, h.state), was) {
				t.Fatalf("%+v changed the state that it was applied to", e)
			}
			checkSeats(t, state, e.Rules)
			checkWhole(t, was, state, e)
			checkOrder(t, was, e, decisions)
			checkPartial(t, h.state, e, decisions)
			for _, d := range decisions {
				if d.Reason == "" || strings.Contains(d.Sentence(time.UTC), "%!") || d.Sequence != e.Sequence || d.Party == "" || len(d.Members) == 0 {
					t.Fatalf("unexplained: %+v", d)
				}
			}
			for _, p := range state.Parties {
				if story := Explain(state, e.Rules, append(all, decisions...), p.ID, time.UTC); len(story) < 2 || slices.Contains(story, "") {
					t.Fatalf("the story of %s: %q", p.ID, story)
				}
			}
			h.state, log, all = state, append(log, e), append(all, decisions...)
		}

		state, decisions, err := Replay(log)
		if err != nil || !reflect.DeepEqual(state, h.state) || !reflect.DeepEqual(decisions, all) {
			t.Fatalf("replayed to %+v, %v; was %+v", state, err, h.state)
		}
		checkTold(t, state, decisions)
	})
}

// checkSeats: never oversold, the counter counts, and no seat is idle while a party that waits would fit.
func checkSeats(t *rapid.T, s State, r Rules) {
	taken := int32(0)
	for _, p := range s.Parties {
		if p.Standing != Waitlisted {
			taken += p.Size()
		}
		if (p.Standing == Offered) != (p.Deadline != nil) {
			t.Fatalf("%s is %s until %v", p.ID, p.Standing, p.Deadline)
		}
	}
	if taken != s.Taken || taken > s.Capacity {
		t.Fatalf("%d of %d seats taken, %d counted", taken, s.Capacity, s.Taken)
	}
	for _, p := range s.Waiting(r) {
		if p.Size() <= s.Capacity-taken {
			t.Fatalf("%s waits for %d seats while %d are free", p.ID, p.Size(), s.Capacity-taken)
		}
	}
}

// checkWhole: whoever had a place has it with the same members, and a newcomer with all of its own; but for what the event
// and the rule say of those whom it names.
func checkWhole(t *rapid.T, was, is State, e Event) {
	members := func(s State, id string) []string {
		for _, p := range s.Parties {
			if p.ID == id {
				return p.Members
			}
		}
		return nil
	}
	for _, p := range was.Parties {
		got, want := members(is, p.ID), p.Members
		if p.ID == e.Party.ID {
			switch e.Kind {
			case Declined, Expired:
				want = nil
			case Withdrawn:
				want = slices.DeleteFunc(slices.Clone(want), func(m string) bool { return slices.Contains(e.Party.Members, m) })
				if e.Rules.MemberLeaves == AllLeave {
					want = nil
				}
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%s has members %q, want %q", p.ID, got, want)
		}
	}
	if e.Kind == Registered || e.Kind == Placed || e.Kind == Confirmed {
		if got := members(is, e.Party.ID); !slices.Equal(got, e.Party.Members) {
			t.Fatalf("%s came with %q and has a place for %q", e.Party.ID, e.Party.Members, got)
		}
	}
}

// checkOrder goes through the decisions with a waitlist of its own: nobody is seated past those who wait, an offer goes to
// the first who fits, everybody before them is on record as passed over, and it stands as long as the rules say.
func checkOrder(t *rapid.T, was State, e Event, decisions []Decision) {
	var waiting []Party
	for _, p := range was.Parties {
		if p.Standing == Waitlisted {
			waiting = append(waiting, p.Party)
		}
	}
	slices.SortFunc(waiting, before(e.Rules))
	at := func(id string) int { return slices.IndexFunc(waiting, func(p Party) bool { return p.ID == id }) }

	passed := map[string]bool{}
	for _, d := range decisions {
		switch d.Kind {
		case Seated, Placed:
			if len(waiting) > 0 {
				t.Fatalf("%s was seated while %d waited", d.Party, len(waiting))
			}
		case Waitlisted:
			waiting = append(waiting, e.Party)
			slices.SortFunc(waiting, before(e.Rules))
		case Withdrawn:
			if i := at(d.Party); i >= 0 {
				waiting[i].Members = slices.DeleteFunc(slices.Clone(waiting[i].Members), func(m string) bool { return slices.Contains(d.Members, m) })
				if len(waiting[i].Members) == 0 {
					waiting = slices.Delete(waiting, i, i+1)
				}
				continue // its position was that before it went
			}
		case PassedOver:
			if passed[d.Party] {
				t.Fatalf("passed over twice by one event: %+v", d)
			}
			passed[d.Party] = true
			if i := at(d.Party); i < 0 || waiting[i].Size() <= d.Free {
				t.Fatalf("passed over, though %d seats were free: %+v", d.Free, d)
			}
		case Offered:
			i := at(d.Party)
			if i < 0 || waiting[i].Size() > d.Free || int(d.Position) != i+1 {
				t.Fatalf("offered: %+v", d)
			}
			for _, p := range waiting[:i] {
				if p.Size() <= d.Free || !passed[p.ID] {
					t.Fatalf("%s was not passed over by %+v", p.ID, d)
				}
			}
			if !d.Deadline.Equal(e.Time.Add(time.Duration(e.Rules.OfferHours) * time.Hour)) {
				t.Fatalf("an offer of %d hours: %+v", e.Rules.OfferHours, d)
			}
			waiting = slices.Delete(waiting, i, i+1)
			continue
		}
		if int(d.Position) != at(d.Party)+1 {
			t.Fatalf("%+v is number %d on the list", d, at(d.Party)+1)
		}
	}
}

// checkPartial: the enrolled whom an event does not name need not be loaded.
func checkPartial(t *rapid.T, s State, e Event, want []Decision) {
	s.Parties = slices.DeleteFunc(slices.Clone(s.Parties), func(p Place) bool { return p.Standing == Enrolled && p.ID != e.Party.ID })
	if _, got, err := Apply(s, e); err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("without the enrolled: %+v, %v; want %+v", got, err, want)
	}
}

// checkTold: the decisions alone tell where everybody stands.
func checkTold(t *rapid.T, s State, all []Decision) {
	standing := map[string]Kind{}
	left := map[string]int{}
	for _, d := range all {
		switch d.Kind {
		case Seated, Placed, Waitlisted:
			standing[d.Party], left[d.Party] = d.Kind, len(d.Members)
			if d.Kind != Waitlisted {
				standing[d.Party] = Enrolled
			}
		case Offered, Enrolled:
			standing[d.Party] = d.Kind
		case Declined, Expired, Withdrawn:
			if left[d.Party] -= len(d.Members); left[d.Party] == 0 {
				delete(standing, d.Party)
			}
		}
	}
	for _, p := range s.Parties {
		if standing[p.ID] != p.Standing || left[p.ID] != len(p.Members) {
			t.Fatalf("%s is %s with %d members; told %s with %d", p.ID, p.Standing, len(p.Members), standing[p.ID], left[p.ID])
		}
	}
	if len(standing) != len(s.Parties) {
		t.Fatalf("%v are told of, %d have a place", standing, len(s.Parties))
	}
}

// Once every offer has run out often enough, everybody who fits has had one: none is stuck with seats, or without.
func TestExpiredOffersReachEverybody(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := history{now: start}
		apply := func(e Event) []Decision {
			state, decisions, err := Apply(h.state, e)
			if err != nil {
				t.Fatal(err)
			}
			h.state = state
			return decisions
		}
		for range rapid.IntRange(1, 30).Draw(t, "events") {
			apply(h.draw(t))
		}
		offered := map[string]bool{}
		fit := h.state.Waiting(rules)
		enrolled := int32(0)
		for _, p := range h.state.Parties {
			if p.Standing == Enrolled {
				enrolled += p.Size()
			}
		}
		for rounds := len(h.state.Parties); rounds >= 0; rounds-- {
			h.now = h.now.Add(72 * time.Hour)
			for _, id := range h.state.Due(h.now) {
				for _, d := range apply(Event{Sequence: h.state.Sequence + 1, Time: h.now, Kind: Expired, Party: Party{ID: id}, Rules: rules}) {
					offered[d.Party] = offered[d.Party] || d.Kind == Offered
				}
			}
		}
		for _, p := range fit {
			if fits := p.Size() <= h.state.Capacity-enrolled; offered[p.ID] != fits {
				t.Fatalf("%s needs %d of %d seats, %d of them enrolled: offered %v", p.ID, p.Size(), h.state.Capacity, enrolled, offered[p.ID])
			}
		}
	})
}
