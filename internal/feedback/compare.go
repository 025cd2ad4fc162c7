package feedback

import (
	"fmt"
	"math"
	"slices"
)

// Caveat is what an interval does not tell. It is to be shown with every comparison.
const Caveat = "The intervals are for chance alone. Other people answered, in other terms and with other facilitators, and people of one section are more alike than chance " +
	"has it; so a difference may have other reasons than the new version. Of twenty questions of which none has changed, one is expected to differ."

// Comparison holds a version of a course against the next one that there are results of.
type Comparison struct {
	Course string
	Moment Moment
	// Before and After are numbers of versions.
	Before, After int
	// Changes are of the scales that both have, by question.
	Changes []Change
}

// Sample is one side of a change.
type Sample struct {
	Count int
	Mean  float64
}

// Finding is what may be said of a difference.
type Finding string

// What may be found.
const (
	Higher Finding = "higher"
	Lower  Finding = "lower"
	// NotTold: the interval spans zero, so that there may be no difference, or one of either sign.
	NotTold Finding = "not told"
)

// Change is the difference between two versions in a question.
type Change struct {
	// Question is the question's id.
	Question      string
	Before, After Sample
	// Difference is the mean after less the mean before.
	Difference float64
	// StandardError is that of the difference: the root of the sum of both variances, each over its count. It is zero where
	// all answers of each side were alike, which says nothing of what others would have answered.
	StandardError float64
	// Low and High are the ends of the 95 % interval of the difference by Welch's method, which lets the two sides vary
	// differently, within what the scale allows. Where there is no standard error, they are all that the scale allows.
	Low, High float64
	Finding   Finding
	// Statement says it in a sentence.
	Statement string
}

// Compare holds each version against the next, by course and moment.
func Compare(aggregates []Aggregate) []Comparison {
	sorted := slices.SortedFunc(slices.Values(aggregates), byVersion)
	var comparisons []Comparison
	for i := 1; i < len(sorted); i++ {
		if a, b := sorted[i-1], sorted[i]; a.Course == b.Course && a.Moment == b.Moment {
			comparisons = append(comparisons, between(a, b))
		}
	}
	return comparisons
}

func between(before, after Aggregate) Comparison {
	c := Comparison{Course: before.Course, Moment: before.Moment, Before: before.Version, After: after.Version}
	for _, a := range before.Tallies {
		i := slices.IndexFunc(after.Tallies, func(b Tally) bool { return b.Question == a.Question && b.Kind == a.Kind })
		if i >= 0 && a.Kind == Scale {
			c.Changes = append(c.Changes, change(a, after.Tallies[i]))
		}
	}
	return c
}

// change is Welch's interval for two tallies, which have more than one answer each.
func change(before, after Tally) Change {
	const widest = Highest - 1
	c := Change{
		Question: before.Question, Before: Sample{before.Count, before.Mean}, After: Sample{after.Count, after.Mean},
		Difference: after.Mean - before.Mean, Low: -widest, High: widest,
	}
	a, b := variance(before)/float64(before.Count), variance(after)/float64(after.Count)
	if a+b > 0 {
		c.StandardError = math.Sqrt(a + b)
		freedom := (a + b) * (a + b) / (a*a/float64(before.Count-1) + b*b/float64(after.Count-1))
		half := student(freedom) * c.StandardError
		c.Low, c.High = max(c.Difference-half, -widest), min(c.Difference+half, widest)
	}
	c.Finding = NotTold
	switch {
	case c.Low > 0:
		c.Finding = Higher
	case c.High < 0:
		c.Finding = Lower
	}
	c.Statement = c.sentence()
	return c
}

func (c Change) sentence() string {
	interval := fmt.Sprintf("95 %% interval %+.2f to %+.2f, standard error %.2f", c.Low, c.High, c.StandardError)
	of := fmt.Sprintf("of %d answers before and %d after", c.Before.Count, c.After.Count)
	switch {
	case c.StandardError == 0:
		return fmt.Sprintf("No difference can be told: the means differ by %+.2f, %s, but all on each side were alike, so that nothing is known of how answers vary.", c.Difference, of)
	case c.Finding == NotTold:
		return fmt.Sprintf("No difference can be told: the means differ by %+.2f, %s, and that may be chance (%s).", c.Difference, of, interval)
	}
	return fmt.Sprintf("The mean is %s: it differs by %+.2f, %s (%s).", c.Finding, c.Difference, of, interval)
}

// variance is the sample variance of ratings.
func variance(t Tally) float64 {
	sum := 0.0
	for i, count := range t.Distribution {
		off := float64(i+1) - t.Mean
		sum += float64(count) * off * off
	}
	// Of ratings all alike the mean is exact, and so is this zero.
	return sum / float64(t.Count-1)
}
