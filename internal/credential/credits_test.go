package credential

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/btlc/btlc/internal/record/recordtest"
)

func TestEarned(t *testing.T) {
	by := func(institution string, credits int32) posting {
		return posting{institution: institution, course: "using-data", credits: credits}
	}
	for name, c := range map[string]struct {
		posted []posting
		want   int32
	}{
		"nothing":                             {nil, 0},
		"one posting":                         {[]posting{by("umass-boston", 2)}, 2},
		"in two parts":                        {[]posting{by("umass-boston", 2), by("umass-boston", 1)}, 3},
		"twice by one":                        {[]posting{by("umass-boston", 3), by("umass-boston", 3)}, 3},
		"by two":                              {[]posting{by("umass-boston", 3), by("cambridge-college", 3)}, 3},
		"parts by one, a part by the other":   {[]posting{by("umass-boston", 1), by("cambridge-college", 2), by("umass-boston", 1)}, 2},
		"more than the course offers":         {[]posting{by("umass-boston", 4)}, 3},
		"for another course":                  {[]posting{{institution: "umass-boston", course: "shared-leadership", credits: 3}}, 0},
		"for this course and for another one": {[]posting{{institution: "umass-boston", course: "shared-leadership", credits: 2}, by("umass-boston", 1)}, 1},
	} {
		if got := earned(c.posted, "using-data", 3); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

// What is earned is never more than is offered, nor than one institution has posted, nor less than any posting as far as it is
// offered; and the order of postings says nothing.
func TestEarnedProperties(t *testing.T) {
	anyPosting := rapid.Custom(func(t *rapid.T) posting {
		return posting{
			institution: rapid.SampledFrom([]string{"umass-boston", "cambridge-college", "another"}).Draw(t, "institution"),
			course:      rapid.SampledFrom(recordtest.Courses()).Draw(t, "course"), credits: rapid.Int32Range(1, 30).Draw(t, "credits"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		posted, course := rapid.SliceOfN(anyPosting, 0, 8).Draw(t, "posted"), rapid.SampledFrom(recordtest.Courses()).Draw(t, "of")
		offered := rapid.Int32Range(0, 40).Draw(t, "offered")
		got := earned(posted, course, offered)
		sums := map[string]int32{}
		for _, p := range posted {
			if p.course == course {
				sums[p.institution] += p.credits
				if got < min(p.credits, offered) {
					t.Fatalf("%d, with %d posted at once", got, p.credits)
				}
			}
		}
		fits := got == 0
		for _, sum := range sums {
			fits = fits || got <= sum
		}
		if got < 0 || got > offered || !fits {
			t.Fatalf("%d of %d offered, posted %v", got, offered, sums)
		}
		slices.Reverse(posted)
		if again := earned(posted, course, offered); again != got {
			t.Fatalf("%d, the other way round %d", got, again)
		}
	})
}
