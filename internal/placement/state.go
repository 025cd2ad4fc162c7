package placement

// state is who sits where, with the value of it kept up to date.
type state struct {
	*model
	seat []int
	load []int
	// count of people by section and family
	count [][]int
	// seated are the parties in each section that may be moved; at is where in that list each one stands.
	seated [][]int
	at     []int
	value  int64
}

// newState has the fixed parties seated, and nobody else.
func newState(m *model) *state {
	s := newEmptyState(m)
	for i := range m.parties {
		if m.parties[i].fixed != unplaced {
			s.move(i, m.parties[i].fixed)
		}
	}
	return s
}

func newEmptyState(m *model) *state {
	s := &state{
		model: m, seat: make([]int, len(m.parties)), load: make([]int, len(m.Sections)),
		count: make([][]int, len(m.Sections)), seated: make([][]int, len(m.Sections)), at: make([]int, len(m.parties)),
	}
	for i := range s.count {
		s.count[i] = make([]int, len(m.families))
	}
	for i := range m.parties {
		s.seat[i] = unplaced
	}
	return s
}

// chosen is the family that a section's cohort is for, as an index, and how many people in it have it: the most frequent
// one unless it is given, the first of several; unplaced when nobody in it has any.
func (s *state) chosen(section int) (family, count int) {
	counts := s.count[section]
	if f := s.family[section]; f != unplaced {
		if f < len(counts) {
			count = counts[f]
		}
		return f, count
	}
	family = unplaced
	for f, n := range counts {
		if n > count {
			family, count = f, n
		}
	}
	return family, count
}

func (s *state) alikePoints(section int) int64 {
	_, n := s.chosen(section)
	return int64(n) * s.Weights.RoleAlike
}

// move seats a party in a section, or takes its seat away, whatever rule is against it.
func (s *state) move(i, section int) {
	p := &s.parties[i]
	if from := s.seat[i]; from != unplaced {
		s.value -= s.alikePoints(from) + p.worth[from]
		s.load[from] -= p.size
		for _, r := range p.roles {
			s.count[from][r.family] -= r.count
		}
		s.value += s.alikePoints(from)
		if p.fixed == unplaced {
			list := s.seated[from]
			last := list[len(list)-1]
			list[s.at[i]], s.at[last] = last, s.at[i]
			s.seated[from] = list[:len(list)-1]
		}
	}
	s.seat[i] = section
	if section == unplaced {
		return
	}
	s.value -= s.alikePoints(section)
	s.load[section] += p.size
	for _, r := range p.roles {
		s.count[section][r.family] += r.count
	}
	s.value += s.alikePoints(section) + p.worth[section]
	if p.fixed == unplaced {
		s.at[i] = len(s.seated[section])
		s.seated[section] = append(s.seated[section], i)
	}
}

func (s *state) fits(i, section int) bool {
	return s.load[section]+s.parties[i].size <= s.Sections[section].Capacity
}

// clashes tells whether a member of the party sits in another section on that evening.
func (s *state) clashes(i, section int) bool {
	for _, rival := range s.parties[i].rivals {
		if at := s.seat[rival]; at != unplaced && s.weekday(at) == s.weekday(section) {
			return true
		}
	}
	return false
}

// gain is by how much the value changes when a party is moved.
func (s *state) gain(i, section int) int64 {
	before, from := s.value, s.seat[i]
	s.move(i, section)
	after := s.value
	s.move(i, from)
	return after - before
}

// best is where there is room for an unplaced party at the greatest gain, or unplaced.
func (s *state) best(i int) int {
	best, most := unplaced, int64(0)
	for _, t := range s.parties[i].options {
		if !s.fits(i, t) || s.clashes(i, t) {
			continue
		}
		if gain := s.gain(i, t); gain > most {
			best, most = t, gain
		}
	}
	return best
}
