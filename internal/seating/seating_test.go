package seating

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	start = time.Date(2026, time.March, 2, 14, 0, 0, 0, time.UTC)
	rules = Rules{Version: 1, Order: []string{ByRoleAlike}, OfferHours: 48, MemberLeaves: RestStays}
)

func at(hours int) time.Time { return start.Add(time.Duration(hours) * time.Hour) }

// party asks at an hour; its members are a1, a2, … for "a".
func party(id string, hour, size int) Party {
	p := Party{ID: id, Since: at(hour)}
	for i := range size {
		p.Members = append(p.Members, fmt.Sprintf("%s%d", id, i+1))
	}
	return p
}

func alike(p Party) Party {
	p.RoleAlike = true
	return p
}

// section is a log in the making.
type section struct {
	t     *testing.T
	rules Rules
	state State
	log   []Event
	all   []Decision
}

func open(t *testing.T, capacity int32) *section {
	t.Helper()
	s := &section{t: t, rules: rules}
	s.do(0, Event{Kind: Resized, Capacity: capacity})
	return s
}

// do applies an event and gives its decisions in short: "OFFERED a".
func (s *section) do(hour int, e Event) []string {
	s.t.Helper()
	decisions, err := s.try(hour, e)
	if err != nil {
		s.t.Fatal(err)
	}
	var short []string
	for _, d := range decisions {
		short = append(short, string(d.Kind)+" "+d.Party)
	}
	return short
}

func (s *section) try(hour int, e Event) ([]Decision, error) {
	e.Sequence, e.Time, e.Rules = s.state.Sequence+1, at(hour), s.rules
	state, decisions, err := Apply(s.state, e)
	if err == nil {
		s.state, s.log, s.all = state, append(s.log, e), append(s.all, decisions...)
	}
	return decisions, err
}

func (s *section) ask(hour int, p Party) []string {
	s.t.Helper()
	return s.do(hour, Event{Kind: Registered, Party: p})
}

func (s *section) expect(got []string, want ...string) {
	s.t.Helper()
	if !slices.Equal(got, want) {
		s.t.Fatalf("decided %q, want %q", got, want)
	}
}

func TestOffersPassOn(t *testing.T) {
	s := open(t, 1)
	s.expect(s.ask(1, party("a", 1, 1)), "SEATED a")
	s.expect(s.ask(2, party("b", 2, 1)), "WAITLISTED b")
	s.expect(s.ask(3, party("c", 3, 1)), "WAITLISTED c")
	s.expect(s.ask(4, alike(party("d", 4, 1))), "WAITLISTED d")
	if d := s.all[len(s.all)-1]; d.Position != 1 {
		t.Errorf("the role-alike one waits as number %d", d.Position)
	}

	s.expect(s.do(5, Event{Kind: Withdrawn, Party: party("a", 0, 1)}), "WITHDRAWN a", "OFFERED d")
	if d := s.all[len(s.all)-1]; d.Deadline == nil || !d.Deadline.Equal(at(5+48)) {
		t.Errorf("offered until %v", d.Deadline)
	}
	if due := s.state.Due(at(52)); due != nil {
		t.Errorf("%q are due before the deadline", due)
	}
	if due := s.state.Due(at(53)); !slices.Equal(due, []string{"d"}) {
		t.Errorf("due at the deadline: %q", due)
	}
	s.expect(s.do(53, Event{Kind: Expired, Party: Party{ID: "d"}}), "EXPIRED d", "OFFERED b")
	s.expect(s.do(54, Event{Kind: Declined, Party: Party{ID: "b"}}), "DECLINED b", "OFFERED c")
	s.expect(s.do(55, Event{Kind: Accepted, Party: Party{ID: "c"}}), "ENROLLED c")
	s.expect(s.ask(56, party("d", 56, 1)), "WAITLISTED d")
	s.expect(s.do(57, Event{Kind: Cancelled}), "CANCELLED c", "CANCELLED d")
	if s.state.Taken != 0 || s.state.Parties != nil {
		t.Errorf("cancelled, %+v", s.state)
	}
}

// Offers that were made by other rules may end before older ones.
func TestDueByDeadline(t *testing.T) {
	s := open(t, 2)
	s.ask(1, party("x", 1, 2))
	s.ask(2, party("a", 2, 1))
	s.ask(3, party("b", 3, 1))
	s.expect(s.do(4, Event{Kind: Withdrawn, Party: Party{ID: "x", Members: []string{"x1"}}}), "WITHDRAWN x", "OFFERED a")
	s.rules.OfferHours = 1
	s.expect(s.do(5, Event{Kind: Withdrawn, Party: Party{ID: "x", Members: []string{"x2"}}}), "WITHDRAWN x", "OFFERED b")
	if due := s.state.Due(at(100)); !slices.Equal(due, []string{"b", "a"}) {
		t.Errorf("due are %q", due)
	}
}

func TestMembersAreCopied(t *testing.T) {
	s := open(t, 1)
	mine := party("a", 1, 1)
	s.ask(1, mine)
	mine.Members[0] = "somebody else"
	if got := s.state.Parties[0].Members; !slices.Equal(got, []string{"a1"}) {
		t.Errorf("the caller's slice changed the members to %q", got)
	}
}

func TestGroupsWholeOrNotAtAll(t *testing.T) {
	s := open(t, 3)
	s.expect(s.ask(1, party("a", 1, 1)), "SEATED a")
	s.expect(s.ask(2, party("g", 2, 3)), "WAITLISTED g")
	// Two seats are free that the group cannot use: a newcomer waits behind it, and is found at once.
	s.expect(s.ask(3, party("b", 3, 1)), "WAITLISTED b", "PASSED_OVER g", "OFFERED b")
	s.expect(s.do(4, Event{Kind: Accepted, Party: Party{ID: "b"}}), "ENROLLED b")
	s.expect(s.do(5, Event{Kind: Resized, Capacity: 5}), "OFFERED g")
	s.expect(s.do(6, Event{Kind: Accepted, Party: Party{ID: "g"}}), "ENROLLED g")
	if last := s.all[len(s.all)-1]; len(last.Members) != 3 || s.state.Free() != 0 {
		t.Errorf("enrolled %q, %d free", last.Members, s.state.Free())
	}
}

func TestAMemberLeaves(t *testing.T) {
	settings := map[string]func(s *section){
		"enrolled": func(s *section) {
			s.expect(s.ask(1, party("g", 1, 2)), "SEATED g")
			s.ask(2, party("w", 2, 1))
		},
		"offered": func(s *section) {
			s.ask(1, party("a", 1, 2))
			s.ask(2, party("g", 2, 2))
			s.ask(3, party("w", 3, 1))
			s.expect(s.do(4, Event{Kind: Withdrawn, Party: party("a", 0, 2)}), "WITHDRAWN a", "OFFERED g")
		},
		"waiting": func(s *section) {
			s.ask(1, party("a", 1, 1))
			s.expect(s.ask(2, party("g", 2, 2)), "WAITLISTED g")
		},
	}
	for _, c := range []struct {
		rule, standing string
		want, gone     []string
		free           int32
	}{
		{RestStays, "enrolled", []string{"WITHDRAWN g", "OFFERED w"}, []string{"g2"}, 0},
		{RestStays, "offered", []string{"WITHDRAWN g", "OFFERED w"}, []string{"g2"}, 0},
		{RestStays, "waiting", []string{"WITHDRAWN g", "OFFERED g"}, []string{"g2"}, 0},
		{AllLeave, "enrolled", []string{"WITHDRAWN g", "OFFERED w"}, []string{"g1", "g2"}, 1},
		{AllLeave, "offered", []string{"WITHDRAWN g", "OFFERED w"}, []string{"g1", "g2"}, 1},
		{AllLeave, "waiting", []string{"WITHDRAWN g"}, []string{"g1", "g2"}, 1},
	} {
		t.Run(c.rule+"/"+c.standing, func(t *testing.T) {
			s := open(t, 2)
			s.rules.MemberLeaves = c.rule
			settings[c.standing](s)
			before := len(s.all)
			s.expect(s.do(5, Event{Kind: Withdrawn, Party: Party{ID: "g", Members: []string{"g2"}}}), c.want...)
			if gone := s.all[before].Members; !slices.Equal(gone, c.gone) {
				t.Errorf("%q left, want %q", gone, c.gone)
			}
			if s.state.Free() != c.free {
				t.Errorf("%d free, want %d", s.state.Free(), c.free)
			}
		})
	}
}

// Who waited for a role to be confirmed comes before those who asked later, but takes no seat or offer from anybody.
func TestConfirmedLater(t *testing.T) {
	s := open(t, 1)
	s.ask(10, party("a", 10, 1))
	s.ask(11, party("b", 11, 1))
	s.expect(s.do(12, Event{Kind: Confirmed, Party: party("c", 1, 1)}), "WAITLISTED c")
	s.expect(s.do(13, Event{Kind: Withdrawn, Party: party("a", 0, 1)}), "WITHDRAWN a", "OFFERED c")
	s.expect(s.do(14, Event{Kind: Confirmed, Party: party("d", 2, 1)}), "WAITLISTED d")
	s.expect(s.do(15, Event{Kind: Accepted, Party: Party{ID: "c"}}), "ENROLLED c")
}

// Once a section has begun nobody waits for it, and seats that fall free stay so.
func TestStartEndsTheWaiting(t *testing.T) {
	s := open(t, 3)
	s.do(1, Event{Kind: Registered, Party: party("a", 1, 1)})
	s.do(2, Event{Kind: Registered, Party: party("b", 2, 2)})
	s.do(3, Event{Kind: Registered, Party: party("c", 3, 1)})
	s.do(4, Event{Kind: Registered, Party: party("d", 4, 2)})
	if got := s.do(5, Event{Kind: Withdrawn, Party: Party{ID: "a", Members: []string{"a1"}}}); !slices.Equal(got, []string{"WITHDRAWN a", "OFFERED c"}) {
		t.Fatalf("got %q", got)
	}
	if got := s.do(6, Event{Kind: Started}); !slices.Equal(got, []string{"EXPIRED c", "EXPIRED d"}) {
		t.Errorf("got %q", got)
	}
	if len(s.state.Parties) != 1 || s.state.Parties[0].ID != "b" || s.state.Taken != 2 {
		t.Errorf("left is %+v", s.state)
	}
	if got := s.do(7, Event{Kind: Withdrawn, Party: Party{ID: "b", Members: []string{"b1"}}}); !slices.Equal(got, []string{"WITHDRAWN b"}) {
		t.Errorf("got %q", got)
	}
	if last := s.all[len(s.all)-2]; !strings.HasSuffix(last.Sentence(time.UTC), "expired; the section has begun.") || last.Position != 1 {
		t.Errorf("told %q", last.Sentence(time.UTC))
	}
}

// Staff place people like others ask: with a word of its own, and past nobody who waits.
func TestPlacedPassNobody(t *testing.T) {
	s := open(t, 2)
	if got := s.do(1, Event{Kind: Placed, Party: party("a", 1, 1), Note: "by proposal"}); !slices.Equal(got, []string{"PLACED a"}) {
		t.Errorf("got %q", got)
	}
	if reason := s.all[0].Reason; reason != "by proposal; nobody was waiting" {
		t.Errorf("the reason is %q", reason)
	}
	s.do(2, Event{Kind: Registered, Party: party("b", 2, 2)})
	if got := s.do(3, Event{Kind: Placed, Party: party("c", 3, 2)}); !slices.Equal(got, []string{"WAITLISTED c"}) {
		t.Errorf("got %q", got)
	}
}

func TestOrder(t *testing.T) {
	early, late := party("z", 1, 1), alike(party("b", 2, 1))
	same := party("a", 1, 1)
	for _, c := range []struct {
		order []string
		want  string
		words string
	}{
		{nil, "a z b", "time"},
		{[]string{ByTime}, "a z b", "time"},
		{[]string{ByRoleAlike}, "b a z", "role-alike, then time"},
		{[]string{ByTime, ByRoleAlike}, "a z b", "time, then role-alike"},
	} {
		r := Rules{Order: c.order}
		var ids []string
		for _, p := range slices.SortedFunc(slices.Values([]Party{late, early, same}), r.Compare) {
			ids = append(ids, p.ID)
		}
		if got := strings.Join(ids, " "); got != c.want || r.order() != c.words {
			t.Errorf("by %q: %s, in words %q", c.order, got, r.order())
		}
	}
}

func TestRulesAreChecked(t *testing.T) {
	if err := rules.Validate(); err != nil {
		t.Error(err)
	}
	for name, spoil := range map[string]func(r *Rules){
		"an unknown key":    func(r *Rules) { r.Order = []string{"height"} },
		"a key twice":       func(r *Rules) { r.Order = []string{ByTime, ByTime} },
		"no time to answer": func(r *Rules) { r.OfferHours = 0 },
		"years to answer":   func(r *Rules) { r.OfferHours = maxOfferHours + 1 },
		"no rule for those": func(r *Rules) { r.MemberLeaves = "" },
	} {
		r := rules
		spoil(&r)
		if r.Validate() == nil {
			t.Errorf("%s passed", name)
		}
		if _, _, err := Apply(State{}, Event{Sequence: 1, Time: start, Kind: Resized, Capacity: 1, Rules: r}); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: an event came with %v", name, err)
		}
	}
}

func TestImpossibleEventsChangeNothing(t *testing.T) {
	// a is enrolled, b is offered a seat until hour 51, g waits.
	s := open(t, 2)
	s.ask(1, party("x", 1, 1))
	s.ask(1, party("a", 1, 1))
	s.ask(2, party("b", 2, 1))
	s.do(3, Event{Kind: Withdrawn, Party: party("x", 0, 1)})
	s.ask(3, party("g", 3, 2))

	crossed := party("h", 4, 2)
	crossed.Members[1] = "g1"
	double := party("h", 4, 2)
	double.Members[1] = "h1"
	for _, c := range []struct {
		name  string
		hour  int
		event Event
		want  error
	}{
		{"an unknown kind", 4, Event{Kind: Seated, Party: party("h", 4, 1)}, ErrMalformed},
		{"no id", 4, Event{Kind: Registered, Party: Party{Members: []string{"h1"}, Since: at(4)}}, ErrMalformed},
		{"no members", 4, Event{Kind: Registered, Party: party("h", 4, 0)}, ErrMalformed},
		{"a member without a name", 4, Event{Kind: Registered, Party: Party{ID: "h", Members: []string{""}, Since: at(4)}}, ErrMalformed},
		{"a member twice", 4, Event{Kind: Registered, Party: double}, ErrMalformed},
		{"an early time of one's own", 4, Event{Kind: Registered, Party: party("h", 1, 1)}, ErrMalformed},
		{"confirmed before asking", 4, Event{Kind: Confirmed, Party: party("h", 5, 1)}, ErrMalformed},
		{"again", 4, Event{Kind: Registered, Party: party("a", 4, 1)}, ErrPresent},
		{"a member of two", 4, Event{Kind: Registered, Party: crossed}, ErrPresent},
		{"accepted without an offer", 4, Event{Kind: Accepted, Party: Party{ID: "g"}}, ErrNoOffer},
		{"declined what one has", 4, Event{Kind: Declined, Party: Party{ID: "a"}}, ErrNoOffer},
		{"accepted by a stranger", 4, Event{Kind: Accepted, Party: Party{ID: "h"}}, ErrAbsent},
		{"accepted at the deadline", 51, Event{Kind: Accepted, Party: Party{ID: "b"}}, ErrDeadline},
		{"expired too early", 50, Event{Kind: Expired, Party: Party{ID: "b"}}, ErrDeadline},
		{"a stranger withdrawn", 4, Event{Kind: Withdrawn, Party: party("h", 0, 1)}, ErrAbsent},
		{"another's member withdrawn", 4, Event{Kind: Withdrawn, Party: Party{ID: "g", Members: []string{"a1"}}}, ErrAbsent},
		{"a member withdrawn twice", 4, Event{Kind: Withdrawn, Party: Party{ID: "g", Members: []string{"g1", "g1"}}}, ErrAbsent},
		{"nobody withdrawn", 4, Event{Kind: Withdrawn, Party: Party{ID: "g"}}, ErrAbsent},
		{"fewer seats than taken", 4, Event{Kind: Resized, Capacity: 1}, ErrCapacity},
	} {
		before, members := s.state, slices.Clone(s.state.Parties)
		decisions, err := s.try(c.hour, c.event)
		if !errors.Is(err, c.want) || decisions != nil {
			t.Errorf("%s: %v, %v; want %v", c.name, decisions, err, c.want)
		}
		if !reflect.DeepEqual(s.state, before) || !reflect.DeepEqual(s.state.Parties, members) {
			t.Errorf("%s changed the state", c.name)
		}
	}

	for _, sequence := range []int64{s.state.Sequence, s.state.Sequence + 2} {
		if _, _, err := Apply(s.state, Event{Sequence: sequence, Time: at(4), Kind: Cancelled, Rules: rules}); !errors.Is(err, ErrSequence) {
			t.Errorf("event %d after %d: %v", sequence, s.state.Sequence, err)
		}
	}
	s.do(5, Event{Kind: Cancelled})
	if _, err := s.try(6, Event{Kind: Registered, Party: party("h", 6, 1)}); !errors.Is(err, ErrCancelled) {
		t.Errorf("after the section was cancelled: %v", err)
	}

	broken := slices.Clone(s.log)
	broken[3].Party.ID = "nobody"
	broken[3].Kind = Accepted
	if state, _, err := Replay(broken); !errors.Is(err, ErrAbsent) || state.Sequence != 3 {
		t.Errorf("a broken log replays to event %d with %v", state.Sequence, err)
	}
}

func TestExplain(t *testing.T) {
	s := open(t, 3)
	s.ask(1, party("a", 1, 2))
	s.ask(2, alike(party("r", 2, 2)))
	s.ask(3, party("g", 3, 4))
	s.ask(4, party("b", 4, 1))
	zone := time.FixedZone("EST", -5*60*60)
	check := func(party string, want ...string) {
		t.Helper()
		if got := Explain(s.state, rules, s.all, party, zone); !slices.Equal(got, want) {
			t.Errorf("%s:\n%s\nwant\n%s", party, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	check("a",
		"On 2 March 2026 at 10:00 EST the section had 3 seats, 3 free: seated; nobody was waiting.",
		"Now: enrolled, with 2 seats.")
	check("r",
		"On 2 March 2026 at 11:00 EST the section had 3 seats, 1 free: waitlisted as number 1; 2 seats needed; the order is role-alike, then time.",
		"On 2 March 2026 at 13:00 EST the section had 3 seats, 1 free: passed over, and still number 1; 2 seats needed, and a smaller party came next.",
		"Now: waiting as number 1, with 0 before it by the order role-alike, then time; 2 seats needed, 0 free. An offer follows once 2 more fall free.")
	check("g",
		"On 2 March 2026 at 12:00 EST the section had 3 seats, 1 free: waitlisted as number 2; others were waiting; the order is role-alike, then time.",
		"On 2 March 2026 at 13:00 EST the section had 3 seats, 1 free: passed over, and still number 2; 4 seats needed, and a smaller party came next.",
		"Now: waiting as number 2, with 1 before it by the order role-alike, then time; 4 seats needed, 0 free. The section has 3 seats in all: only a larger section or a smaller group moves it on.")
	check("b",
		"On 2 March 2026 at 13:00 EST the section had 3 seats, 1 free: waitlisted as number 3; others were waiting; the order is role-alike, then time.",
		"On 2 March 2026 at 13:00 EST the section had 3 seats, 1 free: offered 1 seat until 4 March 2026 at 13:00 EST, from place 3 on the waitlist; all before it needed more seats than were free.",
		"Now: 1 seat offered until 4 March 2026 at 13:00 EST; what is not accepted by then passes on.")

	s.do(5, Event{Kind: Withdrawn, Party: Party{ID: "g", Members: []string{"g1"}}})
	check("g",
		"On 2 March 2026 at 12:00 EST the section had 3 seats, 1 free: waitlisted as number 2; others were waiting; the order is role-alike, then time.",
		"On 2 March 2026 at 13:00 EST the section had 3 seats, 1 free: passed over, and still number 2; 4 seats needed, and a smaller party came next.",
		"On 2 March 2026 at 14:00 EST the section had 3 seats, all taken: 1 withdrawn; 1 of 4 members left, and by the rule rest-stays the others keep what they had.",
		"Now: waiting as number 2, with 1 before it by the order role-alike, then time; 3 seats needed, 0 free. An offer follows once 3 more fall free that do not go to those before it.")
	s.do(52, Event{Kind: Expired, Party: Party{ID: "b"}})
	check("b",
		"On 2 March 2026 at 13:00 EST the section had 3 seats, 1 free: waitlisted as number 3; others were waiting; the order is role-alike, then time.",
		"On 2 March 2026 at 13:00 EST the section had 3 seats, 1 free: offered 1 seat until 4 March 2026 at 13:00 EST, from place 3 on the waitlist; all before it needed more seats than were free.",
		"On 4 March 2026 at 13:00 EST the section had 3 seats, all taken: expired; the offer was not taken by its deadline and passes on.",
		"Now: no place in this section; asking again counts from then.")
	s.do(53, Event{Kind: Cancelled})
	check("a",
		"On 2 March 2026 at 10:00 EST the section had 3 seats, 3 free: seated; nobody was waiting.",
		"On 4 March 2026 at 14:00 EST the section had 3 seats, 1 free: place lost; the section was cancelled.",
		"Now: the section is cancelled.")
}
