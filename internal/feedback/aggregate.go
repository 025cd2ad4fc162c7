package feedback

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Aggregate is what is told of a version of a course, over sections and terms.
type Aggregate struct {
	Course  string
	Version int
	Moment  Moment
	// Terms are those of the rounds, in the order in which they were given.
	Terms []string
	// Rounds is how many rounds are in it: those that are shown by themselves.
	Rounds int
	// Answers is how many people answered something in these.
	Answers int
	// Tallies are sums of those of the rounds, by question.
	Tallies []Tally
}

// Aggregates adds up what is told of rounds, each of which is given once, by course, moment and version. Rounds that are not
// shown are in no sum. Errors: ErrMinimum, ErrQuestions, ErrAnswer.
func Aggregates(rounds []Round) ([]Aggregate, error) {
	type key struct {
		course  string
		version int
		moment  Moment
	}
	found := map[key]*Aggregate{}
	for _, r := range rounds {
		shown, err := Show(r)
		if errors.Is(err, ErrOpen) || errors.Is(err, ErrFew) {
			continue
		}
		if err != nil {
			return nil, err
		}
		k := key{r.Course, r.Version, r.Moment}
		if found[k] == nil {
			found[k] = &Aggregate{Course: r.Course, Version: r.Version, Moment: r.Moment}
		}
		if err := found[k].add(r.Term, shown); err != nil {
			return nil, err
		}
	}
	var list []Aggregate
	for _, a := range found {
		slices.SortFunc(a.Tallies, func(a, b Tally) int { return strings.Compare(a.Question, b.Question) })
		list = append(list, *a)
	}
	slices.SortFunc(list, byVersion)
	return list, nil
}

func byVersion(a, b Aggregate) int {
	return cmp.Or(strings.Compare(a.Course, b.Course), strings.Compare(string(a.Moment), string(b.Moment)), cmp.Compare(a.Version, b.Version))
}

// add adds what is told of a round.
func (a *Aggregate) add(term string, shown *Result) error {
	if !slices.Contains(a.Terms, term) {
		a.Terms = append(a.Terms, term)
	}
	a.Rounds++
	a.Answers += shown.Answers
	for _, t := range shown.Tallies {
		i := slices.IndexFunc(a.Tallies, func(sum Tally) bool { return sum.Question == t.Question })
		if i < 0 {
			a.Tallies = append(a.Tallies, t)
			continue
		}
		sum := a.Tallies[i]
		if sum.Kind != t.Kind || !slices.Equal(sum.Choices, t.Choices) {
			return fmt.Errorf("%w: %q is not the same question in all rounds of version %d of %s", ErrQuestions, t.Question, a.Version, a.Course)
		}
		for j, count := range t.Distribution {
			sum.Distribution[j] += count
		}
		a.Tallies[i] = sum.summed()
	}
	return nil
}
