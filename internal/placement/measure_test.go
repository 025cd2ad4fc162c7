package placement

import "testing"

// TestGap measures whole terms. What is allowed leaves room over what was measured: 1.1 to 2.0 per cent.
func TestGap(t *testing.T) {
	for seed := range uint64(3) {
		p := term(1500, 60, 4, seed)
		got, err := Solve(p, 1)
		if err != nil {
			t.Fatal(err)
		}
		if got.Gap > 0.035 {
			t.Errorf("%d: the gap is %f", seed, got.Gap)
		}
		t.Logf("%d: value %d, bound %.1f, gap %.4f, %d of %d parties", seed, got.Value, got.Bound, got.Gap, len(got.Assignment), len(p.Parties))
	}
}

// BenchmarkPropose is of 2,000 people and 80 sections of four courses.
func BenchmarkPropose(b *testing.B) {
	p := term(2000, 80, 4, 1)
	for b.Loop() {
		if _, err := Solve(p, 1); err != nil {
			b.Fatal(err)
		}
	}
}
