package placement

// Evaluation is what an assignment is worth, and which rules it breaks.
type Evaluation struct {
	// Value is the sum of the other three, which are points for seats, role-alikeness and sites.
	Value, Placed, RoleAlike, Site int64
	// Sections are all of the problem, in its order.
	Sections   []Cohort
	Violations []Violation
}

// Cohort is how a section is filled.
type Cohort struct {
	Section string
	// Family is whom the cohort is for: as given or, when it was open, the most frequent family in it; the first by id of
	// several that are, and empty when nobody in it has one.
	Family string
	// Seated counts people; Free seats are fewer than none when there are too many people.
	Seated, Free int
	// RoleAlike counts the people who have the family.
	RoleAlike int
	// WithColleague counts the people who have somebody of their own school with them.
	WithColleague int
}

// Violation is a rule that an assignment breaks.
type Violation struct {
	// Party is empty for what is of a section as a whole: OverCapacity.
	Party   string
	Section string
	Reason  Reason
	// Accepted: fixed parties alone bring it about, so that staff have decided so.
	Accepted bool
}

// Evaluate gives the value of an assignment, edited by staff or proposed, and the violations in the order of parties, then
// of sections, then what is unknown. A party in a section of another course, or in an unknown one, counts as unplaced. The
// error wraps ErrProblem.
func Evaluate(problem Problem, assignment Assignment) (Evaluation, error) {
	m, err := newModel(&problem)
	if err != nil {
		return Evaluation{}, err
	}
	s, broken := m.assigned(assignment)
	e := Evaluation{Violations: broken}
	for i, at := range s.seat {
		if at == unplaced {
			continue
		}
		p := &problem.Parties[i]
		e.Placed += int64(len(p.Members)) * problem.Weights.Placed
		e.Site += int64(len(p.Members)) * problem.Weights.site(p.Sites, problem.Sections[at].Site)
	}
	fixed := make([]int, len(problem.Sections))
	for _, p := range m.parties {
		if p.fixed != unplaced {
			fixed[p.fixed] += p.size
		}
	}
	for i := range problem.Sections {
		cohort := s.cohort(i)
		e.RoleAlike += int64(cohort.RoleAlike) * problem.Weights.RoleAlike
		e.Sections = append(e.Sections, cohort)
		if cohort.Free < 0 {
			e.Violations = append(e.Violations, Violation{
				Section: cohort.Section, Reason: Reason{Code: OverCapacity, Seats: -cohort.Free}, Accepted: fixed[i] >= cohort.Seated,
			})
		}
	}
	for _, id := range sortedKeys(assignment) {
		if _, known := m.partyOf[id]; !known {
			e.Violations = append(e.Violations, Violation{Party: id, Section: assignment[id], Reason: Reason{Code: Unknown}})
		}
	}
	e.Value = e.Placed + e.RoleAlike + e.Site
	return e, nil
}

// assigned seats parties as the assignment says, and finds the rules that single parties break by it.
func (m *model) assigned(assignment Assignment) (s *state, broken []Violation) {
	s = newEmptyState(m)
	against := make([][]Reason, len(m.parties))
	for i := range m.Parties {
		p := &m.Parties[i]
		if pinned, is := m.Fixed[p.ID]; is && assignment[p.ID] != pinned {
			against[i] = append(against[i], Reason{Code: Pinned, Section: pinned})
		}
		id, is := assignment[p.ID]
		if !is {
			continue
		}
		at, known := m.sectionOf[id]
		if !known {
			against[i] = append(against[i], Reason{Code: Unknown})
			continue
		}
		against[i] = append(against[i], obstacles(p, &m.Sections[at])...)
		if p.Course == m.Sections[at].Course {
			m.parties[i].worth[at] = m.worth(p, at)
			s.move(i, at)
		}
	}
	for i, reasons := range against {
		p := &m.Parties[i]
		if at := s.seat[i]; at != unplaced {
			reasons = append(reasons, s.clashesOf(i, at)...)
		}
		for _, r := range reasons {
			broken = append(broken, Violation{
				Party: p.ID, Section: assignment[p.ID], Reason: r, Accepted: s.accepted(i, r),
			})
		}
	}
	return s, broken
}

// accepted tells whether a party breaks a rule where it is fixed, against nobody or against one that is fixed too.
func (s *state) accepted(i int, r Reason) bool {
	if s.parties[i].fixed == unplaced || s.parties[i].fixed != s.seat[i] {
		return false
	}
	if r.Code != Clash {
		return true
	}
	for _, rival := range s.parties[i].rivals {
		if at := s.seat[rival]; at != unplaced && s.Sections[at].ID == r.Section && s.parties[rival].fixed == at {
			return true
		}
	}
	return false
}

// clashesOf are the other sections that members would be in on the same evening.
func (s *state) clashesOf(i, section int) (found []Reason) {
	for _, rival := range s.parties[i].rivals {
		at := s.seat[rival]
		if at == unplaced || s.weekday(at) != s.weekday(section) {
			continue
		}
		r := Reason{Code: Clash, Section: s.Sections[at].ID, Weekday: s.weekday(at)}
		for _, person := range s.Parties[i].Members {
			for _, other := range s.Parties[rival].Members {
				if person.ID == other.ID {
					r.Person = person.ID
				}
			}
		}
		found = append(found, r)
	}
	return found
}

func (s *state) cohort(section int) Cohort {
	of := &s.Sections[section]
	family, alike := s.chosen(section)
	c := Cohort{Section: of.ID, Family: s.familyID(section, family), Free: of.Capacity, RoleAlike: alike}
	schools := map[string]int{}
	for i, at := range s.seat {
		if at != section {
			continue
		}
		c.Seated += s.parties[i].size
		for _, person := range s.Parties[i].Members {
			schools[person.School]++
		}
	}
	c.Free -= c.Seated
	for school, n := range schools {
		if school != "" && n > 1 {
			c.WithColleague += n
		}
	}
	return c
}

// familyID is the id of a family that a section has, or has got.
func (s *state) familyID(section, family int) string {
	if family == unplaced || family >= len(s.families) {
		return s.Sections[section].Family
	}
	return s.families[family]
}
