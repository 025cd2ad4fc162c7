package placement

import (
	"fmt"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize/convex/lp"
)

// TestBoundIsTheRelaxation compares with the simplex method on the linear programme as it is written down.
func TestBoundIsTheRelaxation(t *testing.T) {
	for seed := range uint64(60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			m, err := newModel(new(small(seed)))
			if err != nil {
				t.Fatal(err)
			}
			optimum := simplex(t, m)
			for _, steps := range []int{0, 1, 5, 20} {
				if bound := newRelaxation(m, m.courses()[0]).minimise(steps); bound < optimum-1e-6 {
					t.Errorf("after %d steps the bound %f is below the optimum %f", steps, bound, optimum)
				}
			}
			bound := newRelaxation(m, m.courses()[0]).minimise(boundSteps)
			if bound < optimum-1e-6 || bound > optimum*1.002+1e-6 {
				t.Errorf("the bound is %f, the optimum %f", bound, optimum)
			}
		})
	}
}

// small makes up a problem of one course, with nobody fixed.
func small(seed uint64) Problem {
	r := random(seed)
	p := term(4+r.below(6), 2+r.below(2), 1, seed)
	for i := range p.Sections {
		p.Sections[i].Capacity = 1 + r.below(4)
	}
	return p
}

// simplex is the optimum of the relaxation.
func simplex(t *testing.T, m *model) float64 {
	t.Helper()
	type column struct{ party, section, family int }
	var columns []column
	for i, p := range m.parties {
		for _, s := range p.options {
			for f := range m.families {
				columns = append(columns, column{i, s, f})
			}
		}
	}
	x, y := len(columns), len(m.Sections)*len(m.families)
	atMost := len(m.parties) + y + x
	a := mat.NewDense(atMost+len(m.Sections), x+y+atMost, nil)
	b, c := make([]float64, atMost+len(m.Sections)), make([]float64, x+y+atMost)
	for row := range atMost {
		a.Set(row, x+y+row, 1)
	}
	for i := range m.parties {
		b[i] = 1
	}
	for k, at := range columns {
		p, cohort := m.parties[at.party], at.section*len(m.families)+at.family
		c[k] = -float64(p.worth[at.section] + m.Weights.RoleAlike*int64(p.alike(at.family)))
		a.Set(at.party, k, 1)
		a.Set(len(m.parties)+cohort, k, float64(p.size))
		a.Set(len(m.parties)+cohort, x+cohort, -float64(m.Sections[at.section].Capacity))
		a.Set(len(m.parties)+y+k, k, 1)
		a.Set(len(m.parties)+y+k, x+cohort, -1)
	}
	for s := range m.Sections {
		b[atMost+s] = 1
		for f := range m.families {
			a.Set(atMost+s, x+s*len(m.families)+f, 1)
		}
	}
	least, _, err := lp.Simplex(c, a, b, 1e-9, nil)
	if err != nil {
		t.Fatal(err)
	}
	return -least
}
