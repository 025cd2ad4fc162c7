package placement

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// ErrUnknownParty is returned for a party that the problem does not have.
var ErrUnknownParty = errors.New("the party is not one of the problem")

// Explanation is why a party is where it is.
type Explanation struct {
	Party string
	// Section is empty when the party is unplaced.
	Section string
	// Points are the party's own part of the value.
	Points int64
	// For and Against are what the section has for the party and lacks; when it is unplaced Against says why.
	For, Against []Reason
	// Alternatives are the other sections of the course that are better for the party, or would be if their cohorts were
	// for its family: those with most points first, then those with the fewest obstacles.
	Alternatives []Alternative
}

// Alternative is another section, and what would have to change for the party to be in it.
type Alternative struct {
	Section string
	// Points would be the party's own, were it there and the others where they are.
	Points int64
	// Whole is by how much the value of the whole would change by that, obstacles aside. Where nothing stands in the way and
	// the party would have more points, the others would lose by it at least what it gains.
	Whole int64
	// Obstacles have to go first; Against is what would still be less than it could be.
	Obstacles, For, Against []Reason
}

// Explain says why a party sits where an assignment has it, and what would have to change for a better place. The error
// wraps ErrProblem or ErrUnknownParty.
func Explain(problem Problem, assignment Assignment, party string) (Explanation, error) {
	e, err := NewExplainer(problem, assignment)
	if err != nil {
		return Explanation{}, err
	}
	return e.Explain(party)
}

// Explainer explains an assignment, party by party. It is for one goroutine.
type Explainer struct{ state *state }

// NewExplainer makes an explainer of an assignment. The error wraps ErrProblem.
func NewExplainer(problem Problem, assignment Assignment) (*Explainer, error) {
	m, err := newModel(&problem)
	if err != nil {
		return nil, err
	}
	s, _ := m.assigned(assignment)
	return &Explainer{s}, nil
}

// Explain is the function of that name, for one of many parties. The error wraps ErrUnknownParty.
func (x *Explainer) Explain(party string) (Explanation, error) {
	s, problem := x.state, x.state.Problem
	i, known := s.partyOf[party]
	if !known {
		return Explanation{}, fmt.Errorf("%w: %q", ErrUnknownParty, party)
	}
	e := Explanation{Party: party}
	at := s.seat[i]
	if at != unplaced {
		e.Section = problem.Sections[at].ID
		e.Points, e.For, e.Against = s.merits(i)
	}
	most := 0
	for _, r := range s.parties[i].roles {
		most = max(most, r.count)
	}
	offered, possible := false, false
	for t := range problem.Sections {
		if problem.Sections[t].Course != problem.Parties[i].Course {
			continue
		}
		offered = true
		if t == at {
			continue
		}
		a, alike := s.alternative(i, t)
		possible = possible || onlyFull(a.Obstacles)
		if a.Points+int64(most-alike)*problem.Weights.RoleAlike > e.Points {
			e.Alternatives = append(e.Alternatives, a)
		}
	}
	slices.SortStableFunc(e.Alternatives, func(a, b Alternative) int {
		return cmp.Or(cmp.Compare(b.Points, a.Points), cmp.Compare(len(a.Obstacles), len(b.Obstacles)))
	})
	if at == unplaced {
		e.Against = []Reason{s.whyUnplaced(i, offered, possible)}
	}
	return e, nil
}

func onlyFull(obstacles []Reason) bool {
	return !slices.ContainsFunc(obstacles, func(r Reason) bool { return r.Code != OverCapacity && r.Code != Pinned })
}

func (s *state) whyUnplaced(i int, offered, possible bool) Reason {
	switch {
	case !offered:
		return Reason{Code: NoSection}
	case !possible:
		return Reason{Code: NonePossible}
	case s.best(i) == unplaced:
		return Reason{Code: AllFull, Seats: s.parties[i].size}
	}
	return Reason{Code: LeftOut}
}

// alternative moves the party to a section, looks, and moves it back; alike is how many of it would be role-alike there.
func (s *state) alternative(i, section int) (a Alternative, alike int) {
	p := &s.parties[i]
	a.Section = s.Sections[section].ID
	a.Obstacles = obstacles(&s.Parties[i], &s.Sections[section])
	a.Obstacles = append(a.Obstacles, s.clashesOf(i, section)...)
	if p.fixed != unplaced && p.fixed != section {
		a.Obstacles = append(a.Obstacles, Reason{Code: Pinned, Section: s.Sections[p.fixed].ID})
	}
	if !s.fits(i, section) {
		seats := s.load[section] + p.size - s.Sections[section].Capacity
		a.Obstacles = append(a.Obstacles, Reason{Code: OverCapacity, Seats: seats})
	}
	p.worth[section] = s.model.worth(&s.Parties[i], section)
	from, before := s.seat[i], s.value
	s.move(i, section)
	a.Points, a.For, a.Against = s.merits(i)
	a.Whole = s.value - before
	family, _ := s.chosen(section)
	alike = p.alike(family)
	s.move(i, from)
	return a, alike
}

// merits are the party's own points where it sits, what they are for, and what is missing.
func (s *state) merits(i int) (points int64, has, lacks []Reason) {
	p, of, at := &s.parties[i], &s.Parties[i], s.seat[i]
	section, weights := &s.Sections[at], &s.Weights
	add := func(r Reason) {
		points += r.Points
		has = append(has, r)
	}
	add(Reason{Code: Seated, Points: int64(p.size) * weights.Placed})
	family, _ := s.chosen(at)
	alike := p.alike(family)
	if alike > 0 {
		add(Reason{Code: RoleAlike, Count: alike, Family: s.familyID(at, family), Points: int64(alike) * weights.RoleAlike})
	}
	if alike < p.size {
		lacks = append(lacks, Reason{Code: OtherFamily, Count: p.size - alike, Family: s.familyID(at, family)})
	}
	site := int64(p.size) * weights.site(of.Sites, section.Site)
	if site > 0 || len(of.Sites) == 0 {
		add(Reason{Code: SitePreferred, Site: section.Site, Rank: 1 + slices.Index(of.Sites, section.Site), Points: site})
	} else {
		lacks = append(lacks, Reason{Code: SiteNotPreferred, Site: section.Site})
	}
	return points, has, lacks
}
