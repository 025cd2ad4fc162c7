package placement

import (
	"maps"
	"slices"
	"time"
)

// unplaced stands for a section's index where there is none.
const unplaced = -1

// impossible is the worth of a section that a party cannot take.
const impossible = -1

// model is a problem by indexes, with everything computed that does not depend on who sits where.
type model struct {
	*Problem
	families []string
	parties  []party
	// family of each section by index: unplaced when it is to be chosen, len(families) when nobody has it.
	family []int
	// index of parties and sections by id
	partyOf, sectionOf map[string]int
}

type party struct {
	size  int
	roles []role
	// worth of each section without role-alikeness, or impossible
	worth []int64
	// options are the sections that are possible, seats and other parties aside
	options []int
	fixed   int
	// rivals are the parties of other courses with a member in common
	rivals []int
}

// role is how many members of a party are of a family.
type role struct{ family, count int }

func newModel(problem *Problem) (*model, error) {
	if err := problem.check(); err != nil {
		return nil, err
	}
	m := &model{Problem: problem, partyOf: map[string]int{}, sectionOf: map[string]int{}}
	families := map[string]int{}
	for _, p := range problem.Parties {
		for _, person := range p.Members {
			if person.Family != "" {
				families[person.Family] = 0
			}
		}
	}
	m.families = sortedKeys(families)
	for i, f := range m.families {
		families[f] = i
	}
	for i, s := range problem.Sections {
		m.sectionOf[s.ID] = i
		family, known := families[s.Family]
		switch {
		case s.Family == "":
			family = unplaced
		case !known:
			family = len(m.families)
		}
		m.family = append(m.family, family)
	}
	with := map[string][]int{}
	for i := range problem.Parties {
		p := &problem.Parties[i]
		m.partyOf[p.ID] = i
		m.parties = append(m.parties, m.newParty(p, families))
		for _, person := range p.Members {
			for _, rival := range with[person.ID] {
				m.parties[i].rivals = append(m.parties[i].rivals, rival)
				m.parties[rival].rivals = append(m.parties[rival].rivals, i)
			}
			with[person.ID] = append(with[person.ID], i)
		}
	}
	return m, nil
}

func (m *model) newParty(of *Party, families map[string]int) party {
	p := party{size: len(of.Members), worth: make([]int64, len(m.Sections)), fixed: unplaced}
	counts := make([]int, len(m.families))
	for _, person := range of.Members {
		if person.Family != "" {
			counts[families[person.Family]]++
		}
	}
	for f, n := range counts {
		if n > 0 {
			p.roles = append(p.roles, role{f, n})
		}
	}
	if section, is := m.Fixed[of.ID]; is {
		p.fixed = m.sectionOf[section]
	}
	for i := range m.Sections {
		s := &m.Sections[i]
		p.worth[i] = impossible
		if s.Course == of.Course && (p.fixed == i || len(obstacles(of, s)) == 0) {
			p.worth[i] = m.worth(of, i)
			p.options = append(p.options, i)
		}
	}
	return p
}

// worth of a section of its course to a party, role-alikeness aside.
func (m *model) worth(p *Party, section int) int64 {
	return int64(len(p.Members)) * (m.Weights.Placed + m.Weights.site(p.Sites, m.Sections[section].Site))
}

// site is what a person has of a site.
func (w *Weights) site(preferred []string, site string) int64 {
	rank := slices.Index(preferred, site)
	if len(preferred) == 0 {
		rank = 0
	}
	if rank < 0 || rank >= len(w.Sites) {
		return 0
	}
	return w.Sites[rank]
}

// obstacles are the rules against a party in a section that hold whoever else is placed where.
func obstacles(p *Party, s *Section) (found []Reason) {
	if p.Course != s.Course {
		found = append(found, Reason{Code: OtherCourse, Course: s.Course})
	}
	if len(p.Weekdays) > 0 && !slices.Contains(p.Weekdays, s.Weekday) {
		found = append(found, Reason{Code: WeekdayImpossible, Weekday: s.Weekday})
	}
	for _, person := range p.Members {
		if slices.Contains(s.Facilitators, person.ID) {
			found = append(found, Reason{Code: Facilitates, Person: person.ID})
		}
		if slices.Contains(s.Busy, person.ID) {
			found = append(found, Reason{Code: BusyThen, Person: person.ID})
		}
	}
	return found
}

// alike is how many members of a party are of a family.
func (p *party) alike(family int) int {
	for _, r := range p.roles {
		if r.family == family {
			return r.count
		}
	}
	return 0
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func (m *model) weekday(section int) time.Weekday { return m.Sections[section].Weekday }

// courses are the indexes of parties by course, in the order in which courses first appear.
func (m *model) courses() (groups [][]int) {
	of := map[string]int{}
	for i, p := range m.Parties {
		g, seen := of[p.Course]
		if !seen {
			g = len(groups)
			of[p.Course] = g
			groups = append(groups, nil)
		}
		groups[g] = append(groups[g], i)
	}
	return groups
}
