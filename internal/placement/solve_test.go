package placement

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestProposals holds proposals against the rules, written down here once more.
func TestProposals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawn(t)
		got, err := Solve(p, rapid.Uint64().Draw(t, "seed"))
		if err != nil {
			t.Fatal(err)
		}
		sections := map[string]Section{}
		for _, s := range p.Sections {
			sections[s.ID] = s
		}
		filled, alike := map[string]int{}, map[string]map[string]int64{}
		evenings := map[string][]time.Weekday{}
		var value int64
		fixedIn := map[string]bool{}
		for _, id := range p.Fixed {
			fixedIn[id] = true
		}
		for _, party := range p.Parties {
			at, placed := got.Assignment[party.ID]
			fixed, is := p.Fixed[party.ID]
			if is && at != fixed {
				t.Fatalf("%s is fixed in %s and was put into %q", party.ID, fixed, at)
			}
			if !placed {
				continue
			}
			s := sections[at]
			filled[at] += len(party.Members)
			for _, person := range party.Members {
				value += p.Weights.Placed
				if rank := slices.Index(party.Sites, s.Site); len(party.Sites) == 0 {
					value += p.Weights.Sites[0]
				} else if rank >= 0 && rank < len(p.Weights.Sites) {
					value += p.Weights.Sites[rank]
				}
				if alike[at] == nil {
					alike[at] = map[string]int64{}
				}
				alike[at][person.Family]++
				if is {
					continue
				}
				if slices.Contains(s.Facilitators, person.ID) || slices.Contains(s.Busy, person.ID) {
					t.Fatalf("%s cannot take %s", person.ID, at)
				}
			}
			if !is && (s.Course != party.Course || len(party.Weekdays) > 0 && !slices.Contains(party.Weekdays, s.Weekday)) {
				t.Fatalf("%s cannot take %s", party.ID, at)
			}
			for _, person := range party.Members {
				if len(p.Fixed) == 0 && slices.Contains(evenings[person.ID], s.Weekday) {
					t.Fatalf("%s is in two sections on one evening", person.ID)
				}
				evenings[person.ID] = append(evenings[person.ID], s.Weekday)
			}
		}
		for id, s := range sections {
			if filled[id] > s.Capacity && !fixedIn[id] {
				t.Fatalf("%s has %d people and %d seats", id, filled[id], s.Capacity)
			}
			family := got.Families[id]
			if s.Family != "" && family != s.Family {
				t.Fatalf("%s is for %q and was given to %q", id, s.Family, family)
			}
			if family != "" {
				value += p.Weights.RoleAlike * alike[id][family]
			}
		}
		if value != got.Value || float64(value) > got.Bound*(1+1e-9)+1e-6 {
			t.Fatalf("the value is %d; %d and at most %f were reported", value, got.Value, got.Bound)
		}
		evaluated, err := Evaluate(p, got.Assignment)
		if err != nil {
			t.Fatal(err)
		}
		if evaluated.Value != value {
			t.Fatalf("evaluated at %d, of %d", evaluated.Value, value)
		}
		for _, v := range evaluated.Violations {
			if !v.Accepted {
				t.Fatalf("%s in %s: %s", v.Party, v.Section, v.Reason.Text())
			}
		}
		for _, party := range p.Parties {
			why, err := Explain(p, got.Assignment, party.ID)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range why.Alternatives {
				if len(a.Obstacles) == 0 && a.Whole > 0 {
					t.Fatalf("nothing stands between %s and %s, which would gain %d", party.ID, a.Section, a.Whole)
				}
			}
		}
	})
}

// drawn is a problem of up to three courses, some people in two of them, some parties fixed, some sections given to a family.
func drawn(t *rapid.T) Problem {
	courses := rapid.IntRange(1, 3).Draw(t, "courses")
	p := term(rapid.IntRange(1, 40).Draw(t, "people"), rapid.IntRange(1, 9).Draw(t, "sections"), courses, rapid.Uint64().Draw(t, "term"))
	for i := range p.Sections {
		s := &p.Sections[i]
		s.Capacity = rapid.IntRange(0, 8).Draw(t, "capacity")
		s.Family = rapid.SampledFrom([]string{"", "", "mentor", "team-leader", "nobody's"}).Draw(t, "family")
		s.Busy = []string{p.Parties[0].Members[0].ID}
	}
	for _, party := range slices.Clone(p.Parties) {
		if rapid.IntRange(0, 3).Draw(t, "again") == 0 {
			course := "again-" + party.Course
			for i := range p.Sections {
				if p.Sections[i].Course == party.Course && rapid.Bool().Draw(t, "of the second course") {
					p.Sections[i].Course = course
				}
			}
			party.ID, party.Course = "again-"+party.ID, course
			p.Parties = append(p.Parties, party)
		}
	}
	if rapid.Bool().Draw(t, "some are fixed") {
		p.Fixed = Assignment{}
		for _, party := range p.Parties {
			for _, s := range p.Sections {
				if s.Course == party.Course && rapid.IntRange(0, 9).Draw(t, "fixed") == 0 {
					p.Fixed[party.ID] = s.ID
				}
			}
		}
	}
	return p
}

func TestSameSeedSameProposal(t *testing.T) {
	p := term(120, 8, 2, 7)
	first, err := Solve(p, 3)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Solve(p, 3)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(first, again) {
		t.Error("two proposals of one seed differ")
	}
}

// TestBestOfAll compares with the best of all assignments of small problems: one in a thousand was seen to miss it, by 2 %.
func TestBestOfAll(t *testing.T) {
	missed := 0
	for seed := range uint64(200) {
		p := small(seed)
		got, err := Solve(p, seed)
		if err != nil {
			t.Fatal(err)
		}
		m, err := newModel(&p)
		if err != nil {
			t.Fatal(err)
		}
		best := exhaust(newState(m), 0)
		if got.Value > best || float64(best) > got.Bound+1e-6 || float64(got.Value) < 0.97*float64(best) {
			t.Errorf("%d: the best is %d; proposed %d, at most %f", seed, best, got.Value, got.Bound)
		}
		if got.Value < best {
			missed++
		}
	}
	if missed > 2 {
		t.Errorf("%d of 200 are not the best", missed)
	}
}

// exhaust is the best value of all placements of the parties from i on.
func exhaust(s *state, i int) int64 {
	if i == len(s.parties) {
		return s.value
	}
	best := exhaust(s, i+1)
	for _, t := range s.parties[i].options {
		if s.fits(i, t) {
			s.move(i, t)
			best = max(best, exhaust(s, i+1))
			s.move(i, unplaced)
		}
	}
	return best
}

func TestMalformed(t *testing.T) {
	good := func() Problem {
		return Problem{
			Parties: []Party{
				{ID: "a", Course: "c", Members: []Person{{ID: "1"}}}, {ID: "b", Course: "d", Members: []Person{{ID: "1"}, {ID: "2"}}},
			},
			Sections: []Section{{ID: "s", Course: "c"}, {ID: "u", Course: "d"}},
			Weights:  Weights{Placed: 1, Sites: []int64{1}},
			Fixed:    Assignment{"a": "s"},
		}
	}
	if _, err := Solve(good(), 0); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Problem){
		"section twice":         func(p *Problem) { p.Sections[1].ID = "s" },
		"section without id":    func(p *Problem) { p.Sections[1].ID = "" },
		"capacity":              func(p *Problem) { p.Sections[0].Capacity = -1 },
		"party twice":           func(p *Problem) { p.Parties[1].ID = "a" },
		"nobody":                func(p *Problem) { p.Parties[1].Members = nil },
		"person twice":          func(p *Problem) { p.Parties[1].Course = "c" },
		"person without id":     func(p *Problem) { p.Parties[1].Members[1].ID = "" },
		"fixed nowhere":         func(p *Problem) { p.Fixed["a"] = "x" },
		"fixed nobody":          func(p *Problem) { p.Fixed["x"] = "s" },
		"fixed in other course": func(p *Problem) { p.Fixed["a"] = "u" },
		"weight of seats":       func(p *Problem) { p.Weights.Placed = -1 },
		"weight of roles":       func(p *Problem) { p.Weights.RoleAlike = -1 },
		"weight of sites":       func(p *Problem) { p.Weights.Sites[0] = -1 },
	} {
		t.Run(name, func(t *testing.T) {
			p := good()
			spoil(&p)
			_, solving := Solve(p, 0)
			_, evaluating := Evaluate(p, nil)
			_, explaining := Explain(p, nil, "a")
			for _, err := range []error{solving, evaluating, explaining} {
				if !errors.Is(err, ErrProblem) {
					t.Error(err)
				}
			}
		})
	}
}
