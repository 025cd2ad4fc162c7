package placement

import (
	"math"
	"slices"
)

// The bound is the optimum of the linear relaxation, over x[p,s,f] (how much of party p sits in section s when its cohort is
// for family f) and y[s,f] (how much of section s is a cohort for f), all at least 0:
//
//	maximise    Σ value[p,s,f]·x[p,s,f]
//	subject to  Σ_{s,f} x[p,s,f] ≤ 1            for each party
//	            Σ_p size[p]·x[p,s,f] ≤ capacity[s]·y[s,f],   x[p,s,f] ≤ y[s,f]
//	            Σ_f y[s,f] = 1                  for each section
//
// Without x ≤ y, splitting a section into families would cost nothing and the bound would say that everyone can be
// role-alike everywhere. By duality, for any prices u[p] ≥ 0 of a party's being placed,
//
//	Σ_p u[p] + Σ_s max_f (the best fractional filling of s as a cohort for f, at values less prices)
//
// is at least the optimum, and the least of these equals it. It is approached by subgradient steps, and what is reported is
// a bound wherever they end.
type relaxation struct {
	*model
	members  []int
	sections []relaxed
	// constant is what fixed parties have of their seats and sites.
	constant float64
	price    []float64
	// taken is how much of each party all sections together took, at the last prices.
	taken []float64
	items []item
}

// relaxed is a section with what is fixed in it. Slices by family have one more, for a cohort that nobody is of.
type relaxed struct {
	section, room int
	candidates    []int
	// families are those it could be for with any effect.
	families []int
	// fixed role-alike points, by family
	fixed []float64
	// offers are what the candidates are worth in it, by family.
	offers [][]item
	// cohort says how often, of late, each family was the best one for it, by family.
	cohort []float64
}

// item is what can be put into a section; density is its value for a seat.
type item struct {
	party, size    int
	value, density float64
}

func newRelaxation(m *model, members []int) *relaxation {
	r := &relaxation{model: m, members: members, price: make([]float64, len(m.parties)), taken: make([]float64, len(m.parties))}
	at := map[int]int{}
	section := func(s int) *relaxed {
		if _, seen := at[s]; !seen {
			at[s] = len(r.sections)
			r.sections = append(r.sections, relaxed{section: s, room: m.Sections[s].Capacity,
				fixed: make([]float64, len(m.families)+1), cohort: make([]float64, len(m.families)+1)})
		}
		return &r.sections[at[s]]
	}
	alike := float64(m.Weights.RoleAlike)
	for _, i := range members {
		p := &m.parties[i]
		if p.fixed != unplaced {
			s := section(p.fixed)
			r.constant += float64(p.worth[p.fixed])
			s.room = max(0, s.room-p.size)
			for _, of := range p.roles {
				s.fixed[of.family] += alike * float64(of.count)
			}
			continue
		}
		for _, t := range p.options {
			s := section(t)
			s.candidates = append(s.candidates, i)
			most := 0
			for _, of := range p.roles {
				most = max(most, of.count)
			}
			r.price[i] = max(r.price[i], float64(p.worth[t])+alike*float64(most))
		}
	}
	for i := range r.sections {
		s := &r.sections[i]
		s.families = m.familiesFor(s)
		s.offers = make([][]item, len(m.families)+1)
		for _, f := range s.families {
			for _, i := range s.candidates {
				p := &m.parties[i]
				s.offers[f] = append(s.offers[f], item{party: i, size: p.size, value: float64(p.worth[s.section]) + alike*float64(p.alike(f))})
			}
		}
	}
	return r
}

// familiesFor are the given family, or those of whoever could be in the section; one that nobody has when there are none.
func (m *model) familiesFor(s *relaxed) []int {
	if f := m.family[s.section]; f != unplaced {
		return []int{f}
	}
	useful := make([]bool, len(m.families))
	for f := range useful {
		useful[f] = s.fixed[f] > 0
	}
	for _, c := range s.candidates {
		for _, of := range m.parties[c].roles {
			useful[of.family] = true
		}
	}
	var families []int
	for f, is := range useful {
		if is {
			families = append(families, f)
		}
	}
	if len(families) == 0 {
		families = []int{len(m.families)}
	}
	return families
}

// at computes the bound at the prices, and what is taken at them.
func (r *relaxation) at() float64 {
	total := r.constant
	for _, i := range r.members {
		total += r.price[i]
		r.taken[i] = 0
	}
	for i := range r.sections {
		s := &r.sections[i]
		best, family := math.Inf(-1), 0
		for _, f := range s.families {
			if v := r.fill(s, f, nil); v > best {
				best, family = v, f
			}
		}
		total += r.fill(s, family, r.taken)
		for f := range s.cohort {
			s.cohort[f] *= 0.97
		}
		s.cohort[family]++
	}
	return total
}

// fill is the best fractional filling of a section as a cohort for a family; it adds to taken what it takes of each party.
func (r *relaxation) fill(s *relaxed, family int, taken []float64) float64 {
	items, seats := r.items[:0], 0
	for _, it := range s.offers[family] {
		if it.value -= r.price[it.party]; it.value > 0 {
			it.density = it.value / float64(it.size)
			items = append(items, it)
			seats += it.size
		}
	}
	r.items = items
	if seats > s.room {
		densestFirst(items, s.room)
	}
	total, room := s.fixed[family], float64(s.room)
	for _, it := range items {
		if room <= 0 {
			break
		}
		share := min(1, room/float64(it.size))
		room -= share * float64(it.size)
		total += share * it.value
		if taken != nil {
			taken[it.party] += share
		}
	}
	return total
}

// minimise lowers the bound by at most that many steps, and returns the least. The step is Polyak's, towards a target that
// comes nearer whenever it turns out not to be reached.
func (r *relaxation) minimise(steps int) float64 {
	least := r.at()
	cheapest := slices.Clone(r.price)
	direction := make([]float64, len(r.price))
	ambition, stalled, bound := least/2, 0, least
	for range steps {
		norm := 0.0
		for _, i := range r.members {
			step := 1 - r.taken[i]
			if r.price[i] == 0 && step > 0 {
				step = 0
			}
			direction[i] = step + 0.6*direction[i]
			norm += direction[i] * direction[i]
		}
		if norm == 0 || ambition <= 1e-5*least {
			break
		}
		length := (bound - least + ambition) / norm
		for _, i := range r.members {
			r.price[i] = max(0, r.price[i]-length*direction[i])
		}
		bound = r.at()
		if bound < least-ambition/20 {
			stalled = 0
		} else {
			stalled++
		}
		if bound < least {
			least = bound
			copy(cheapest, r.price)
		}
		if stalled >= 12 {
			stalled, ambition, bound = 0, ambition/2, least
			copy(r.price, cheapest)
			clear(direction)
			r.at()
		}
	}
	copy(r.price, cheapest)
	return least
}
