package placement

// Proposal is who could be placed where, and how good that is.
type Proposal struct {
	Assignment Assignment
	// Families are whom the cohorts are for: role families by ids of sections, empty where nobody has any.
	Families map[string]string
	// Value is what the weights make of it.
	Value int64
	// Bound is what no placement can exceed: an upper bound of the linear relaxation's optimum.
	Bound float64
	// Gap is how far the value is below the bound, as a part of the bound: 0.02 is two per cent. It holds what the search
	// missed and what the relaxation overstates, by splitting people and cohorts: most where seats are scarce.
	Gap float64
}

// Gap is how far a value is below a bound, as a part of the bound.
func Gap(value int64, bound float64) float64 {
	if bound <= 0 {
		return 0
	}
	return max(0, 1-float64(value)/bound)
}

// How long is searched, and from which temperature, as a part of the weight of role-alikeness, to which. Measured on whole
// terms: three times as many steps lower the gap by a tenth of it.
const (
	boundSteps    = 250
	stepsEach     = 200
	stepsAtLeast  = 20_000
	coldestOfHeat = 20
	heatOfAlike   = 3
)

// Solve proposes a placement that keeps the fixed ones. The same problem and seed give the same proposal. The error wraps
// ErrProblem.
func Solve(problem Problem, seed uint64) (Proposal, error) {
	m, err := newModel(&problem)
	if err != nil {
		return Proposal{}, err
	}
	s := &search{state: newState(m), random: random(seed)}
	bound := 0.0
	for _, members := range m.courses() {
		s.members = members
		relaxation := newRelaxation(m, members)
		bound += relaxation.minimise(boundSteps)
		relaxation.start(s.state)
		s.anneal()
		s.settle()
	}
	return s.proposal(bound), nil
}

func (s *state) proposal(bound float64) Proposal {
	p := Proposal{Assignment: Assignment{}, Families: map[string]string{}, Value: s.value, Bound: bound, Gap: Gap(s.value, bound)}
	for i, at := range s.seat {
		if at != unplaced {
			p.Assignment[s.Parties[i].ID] = s.Sections[at].ID
		}
	}
	for i := range s.Sections {
		family, _ := s.chosen(i)
		p.Families[s.Sections[i].ID] = s.familyID(i, family)
	}
	return p
}
