package placement

import (
	"cmp"
	"slices"
)

// start seats parties, the dearest first, where they have most, the sections being for the families they were best for.
func (r *relaxation) start(s *state) {
	cohort := make([]int, len(r.model.Sections))
	for i := range r.sections {
		of := &r.sections[i]
		for f := range of.cohort {
			if of.cohort[f] > of.cohort[cohort[of.section]] {
				cohort[of.section] = f
			}
		}
	}
	members := slices.Clone(r.members)
	slices.SortStableFunc(members, func(a, b int) int {
		return cmp.Compare(r.price[b]/float64(r.parties[b].size), r.price[a]/float64(r.parties[a].size))
	})
	for _, i := range members {
		p := &r.parties[i]
		if p.fixed != unplaced {
			continue
		}
		best, most := unplaced, int64(-1)
		for _, t := range p.options {
			if points := p.worth[t] + int64(p.alike(cohort[t]))*r.Weights.RoleAlike; points > most && s.fits(i, t) && !s.clashes(i, t) {
				best, most = t, points
			}
		}
		s.move(i, best)
	}
}
