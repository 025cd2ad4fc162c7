package feedback

import (
	"math"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
	"pgregory.net/rapid"
)

func TestStudent(t *testing.T) {
	for _, freedom := range []float64{1, 1.5, 4, 4.7, 9, 30.25, 120, 5000} {
		want := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: freedom}.Quantile(0.975)
		if got := student(freedom); math.Abs(got-want) > 1e-6*want {
			t.Errorf("%g degrees of freedom: got %.9f, want %.9f", freedom, got, want)
		}
	}
}

func compared(t *testing.T, before, after []int) Change {
	t.Helper()
	aggregates, err := Aggregates([]Round{round(1, "fall-2025", rated(before...)), round(3, "fall-2026", rated(after...))})
	if err != nil {
		t.Fatal(err)
	}
	comparisons := Compare(aggregates)
	if len(comparisons) != 1 || comparisons[0].Before != 1 || comparisons[0].After != 3 || len(comparisons[0].Changes) != 1 {
		t.Fatalf("got %+v", comparisons)
	}
	return comparisons[0].Changes[0]
}

func TestCompare(t *testing.T) {
	for name, c := range map[string]struct {
		before, after []int
		finding       Finding
		statement     string
	}{
		"higher":               {[]int{1, 2, 2, 2, 3}, []int{4, 4, 5, 5, 5}, Higher, "The mean is higher: it differs by +2.60, of 5 answers before and 5 after (95 % interval "},
		"lower":                {[]int{4, 4, 5, 5, 5}, []int{1, 2, 2, 2, 3}, Lower, "The mean is lower: it differs by -2.60, of 5 answers before and 5 after (95 % interval "},
		"too few to tell":      {[]int{1, 3, 3, 4, 5}, []int{2, 4, 4, 5, 5}, NotTold, "No difference can be told: the means differ by +0.80, of 5 answers before and 5 after, and that may be chance (95 % interval "},
		"alike on one side":    {[]int{3, 3, 3, 3, 3}, []int{4, 5, 5, 5, 5}, Higher, "The mean is higher: it differs by +1.80"},
		"alike on both sides":  {[]int{3, 3, 3, 3, 3}, []int{4, 4, 4, 4, 4}, NotTold, "No difference can be told: the means differ by +1.00, of 5 answers before and 5 after, but all on each side were alike"},
		"the same on both":     {[]int{3, 3, 3, 3, 3}, []int{3, 3, 3, 3, 3}, NotTold, "No difference can be told: the means differ by +0.00"},
		"as wide as the scale": {[]int{1, 1, 5, 5, 5}, []int{1, 5, 5, 5, 5}, NotTold, "No difference can be told: the means differ by +0.80"},
	} {
		t.Run(name, func(t *testing.T) {
			got := compared(t, c.before, c.after)
			if got.Finding != c.finding || !strings.HasPrefix(got.Statement, c.statement) || got.Low < 1-Highest || got.High > Highest-1 {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// Versions are held against the next one alone, within a course and a moment; what is not a scale in both is left out.
func TestCompareVersions(t *testing.T) {
	scale := Tally{Question: "useful", Kind: Scale, Distribution: []int{1, 1, 1, 1, 1}}.summed()
	choice := Tally{Question: "pace", Kind: Choice, Choices: []string{"slow", "fast"}, Distribution: []int{2, 3}}.summed()
	alone := scale
	alone.Question = "new"
	got := Compare([]Aggregate{
		{Course: "a", Version: 4, Moment: End, Tallies: []Tally{alone, scale, choice}}, {Course: "a", Version: 1, Moment: End, Tallies: []Tally{scale, choice}},
		{Course: "a", Version: 2, Moment: End, Tallies: []Tally{scale, choice}}, {Course: "a", Version: 2, Moment: Mid}, {Course: "b", Version: 3, Moment: End},
	})
	if len(got) != 2 || got[0].Before != 1 || got[0].After != 2 || got[1].Before != 2 || got[1].After != 4 {
		t.Fatalf("got %+v", got)
	}
	for _, c := range got {
		if len(c.Changes) != 1 || c.Changes[0].Question != "useful" || c.Course != "a" || c.Moment != End {
			t.Errorf("got %+v", c)
		}
	}
}

func drawRatings(t *rapid.T) []int {
	return rapid.SliceOfN(rapid.IntRange(1, Highest), Minimum, 40).Draw(t, "ratings")
}

func tallied(ratings []int) Tally { return tally(asked[0], rated(ratings...)) }

// The other way round, everything has the other sign.
func TestCompareIsSymmetric(t *testing.T) {
	opposite := map[Finding]Finding{Higher: Lower, Lower: Higher, NotTold: NotTold}
	rapid.Check(t, func(t *rapid.T) {
		a, b := tallied(drawRatings(t)), tallied(drawRatings(t))
		one, other := change(a, b), change(b, a)
		if one.Difference != -other.Difference || one.Low != -other.High || one.High != -other.Low || one.StandardError != other.StandardError ||
			one.Finding != opposite[other.Finding] || one.Before != other.After || one.After != other.Before {
			t.Fatalf("%+v\n%+v", one, other)
		}
		if one.Low > one.Difference || one.High < one.Difference || (one.Finding == NotTold) != (one.Low <= 0 && one.High >= 0) {
			t.Fatalf("%+v", one)
		}
	})
}

// The interval is that of a statistics library.
func TestIntervalIsWelchs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before, after := drawRatings(t), drawRatings(t)
		got := change(tallied(before), tallied(after))
		meanBefore, varianceBefore := stat.MeanVariance(floats(before), nil)
		meanAfter, varianceAfter := stat.MeanVariance(floats(after), nil)
		a, b := varianceBefore/float64(len(before)), varianceAfter/float64(len(after))
		difference, low, high := meanAfter-meanBefore, 1.0-Highest, Highest-1.0
		if a+b > 0 {
			freedom := (a + b) * (a + b) / (a*a/float64(len(before)-1) + b*b/float64(len(after)-1))
			half := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: freedom}.Quantile(0.975) * math.Sqrt(a+b)
			low, high = max(low, difference-half), min(high, difference+half)
		}
		for _, pair := range [][2]float64{{got.Difference, difference}, {got.StandardError, math.Sqrt(a + b)}, {got.Low, low}, {got.High, high}} {
			if math.Abs(pair[0]-pair[1]) > 1e-6 {
				t.Fatalf("got %+v, want %g, %g to %g", got, difference, low, high)
			}
		}
	})
}

func floats(list []int) []float64 {
	var out []float64
	for _, x := range list {
		out = append(out, float64(x))
	}
	return out
}
