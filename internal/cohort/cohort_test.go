package cohort

import (
	"errors"
	"math"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// rated are answers that rate competency a.
func rated(ratings ...int) []Answer {
	var answers []Answer
	for _, rating := range ratings {
		answers = append(answers, Answer{Ratings: map[string]int{"a": rating}})
	}
	return answers
}

func TestNew(t *testing.T) {
	for name, c := range map[string]struct {
		answers []Answer
		want    Profile
	}{
		"nobody":              {nil, Profile{}},
		"four":                {rated(1, 2, 3, 4), Profile{}},
		"five":                {rated(1, 2, 3, 4, 4), Profile{5, []Competency{{ID: "a", Answered: 5, Mean: 2.8}}}},
		"nine, as five":       {rated(1, 2, 3, 4, 4, 5, 5, 5, 5), Profile{5, []Competency{{ID: "a", Answered: 5, Mean: 2.8}}}},
		"all alike":           {rated(4, 4, 4, 4, 4), Profile{5, []Competency{{ID: "a", Answered: 5, Mean: 4, Ratings: []int{0, 0, 0, 5, 0}}}}},
		"a rating of a few":   {rated(4, 4, 4, 4, 4, 4, 3, 3, 3, 3), Profile{10, []Competency{{ID: "a", Answered: 10, Mean: 3.6}}}},
		"two ratings of many": {rated(4, 4, 4, 4, 4, 3, 3, 3, 3, 3), Profile{10, []Competency{{ID: "a", Answered: 10, Mean: 3.5, Ratings: []int{0, 0, 5, 5, 0}}}}},
		"rated by a few":      {append(rated(1, 2, 3, 4), Answer{}), Profile{Answers: 5}},
		"goals": {
			[]Answer{{Goals: []string{"b", "a", "b"}}, {Goals: []string{"b"}}, {Goals: []string{"b", "a"}}, {Goals: []string{"b"}}, {Goals: []string{"b", "a"}}},
			Profile{5, []Competency{{ID: "b", Goals: 5}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := New(c.answers, 5); err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v, %v\nwant %+v", got, err, c.want)
			}
		})
	}
}

func TestWhatIsRefused(t *testing.T) {
	if _, err := New(rated(1, 2, 3, 4, 5), Minimum-1); !errors.Is(err, ErrMinimum) {
		t.Errorf("got %v", err)
	}
	for _, rating := range []int{0, 6, -1} {
		if _, err := New(rated(rating), Minimum); !errors.Is(err, ErrRating) {
			t.Errorf("%d: got %v", rating, err)
		}
	}
}

var competencies = []string{"a", "b", "c"}

func drawAnswer(t *rapid.T) Answer {
	return Answer{
		Ratings: rapid.MapOfN(rapid.SampledFrom(competencies), rapid.IntRange(1, Scale), 0, 3).Draw(t, "ratings"),
		Goals:   rapid.SliceOfN(rapid.SampledFrom(competencies), 0, 4).Draw(t, "goals"),
	}
}

func profile(t *rapid.T, answers []Answer, n int) Profile {
	p, err := New(answers, n)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func find(p Profile, id string) Competency {
	i := slices.IndexFunc(p.Competencies, func(c Competency) bool { return c.ID == id })
	if i < 0 {
		return Competency{ID: id}
	}
	return p.Competencies[i]
}

// Any two readings, at whatever times, differ by n people or by none: as a whole and in each number.
func TestReadingsDifferByAGroup(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(Minimum, Minimum+2).Draw(t, "n")
		answers := make([]Answer, rapid.IntRange(0, 4*n).Draw(t, "answers"))
		for i := range answers {
			answers[i] = drawAnswer(t)
		}
		var readings []Profile
		for i := range len(answers) + 1 {
			readings = append(readings, profile(t, answers[:i], n))
		}
		for i, before := range readings {
			for j, after := range readings[i:] {
				if !reflect.DeepEqual(before, after) && after.Answers-before.Answers < n {
					t.Fatalf("after %d and %d answers: %+v, %+v", i, i+j, before, after)
				}
				for _, id := range competencies {
					b, a := find(before, id), find(after, id)
					if a.Goals != b.Goals && a.Goals-b.Goals < n {
						t.Fatalf("goals after %d and %d answers: %+v, %+v", i, i+j, b, a)
					}
					if a.Goals, b.Goals = 0, 0; !reflect.DeepEqual(a, b) && a.Answered-b.Answered < n {
						t.Fatalf("ratings after %d and %d answers: %+v, %+v", i, i+j, b, a)
					}
				}
			}
		}
	})
}

// What is not in a full block changes nothing, whatever it is.
func TestRestDoesNotCount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		answers := rapid.SliceOfN(rapid.Custom(drawAnswer), 0, 3*Minimum).Draw(t, "answers")
		whole := len(answers) / Minimum * Minimum
		rest := rapid.SliceOfN(rapid.Custom(drawAnswer), 0, Minimum-1).Draw(t, "rest")
		got, want := profile(t, slices.Concat(answers[:whole], rest), Minimum), profile(t, answers, Minimum)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	})
}

// What is told is true of the first answers, counted another way.
func TestProfileIsTrue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		answers := rapid.SliceOfN(rapid.Custom(drawAnswer), 0, 30).Draw(t, "answers")
		p := profile(t, answers, Minimum)
		if p.Answers > len(answers) || len(answers)-p.Answers >= Minimum || p.Answers%Minimum != 0 {
			t.Fatalf("%d of %d answers", p.Answers, len(answers))
		}
		for _, c := range p.Competencies {
			counts, left, goals := map[int]int{}, c.Answered, 0
			for _, a := range answers[:p.Answers] {
				if rating, there := a.Ratings[c.ID]; there && left > 0 {
					counts[rating]++
					left--
				}
				if slices.Contains(a.Goals, c.ID) {
					goals++
				}
			}
			mean, least := 0.0, c.Answered
			for rating, count := range counts {
				mean += float64(rating*count) / float64(c.Answered)
				least = min(least, count)
			}
			switch {
			case left > 0 || c.Answered%Minimum != 0 || c.Goals%Minimum != 0 || c.Goals > goals || goals-c.Goals >= Minimum:
				t.Fatalf("%+v of %v", c, answers)
			case c.Answered > 0 && math.Abs(c.Mean-mean) > 0.05+1e-9:
				t.Fatalf("%+v, but the mean is %g", c, mean)
			case (c.Ratings != nil) != (c.Answered > 0 && least >= Minimum):
				t.Fatalf("%+v, but the ratings are %v", c, counts)
			}
			for i, count := range c.Ratings {
				if count != counts[i+1] {
					t.Fatalf("%+v, but the ratings are %v", c, counts)
				}
			}
		}
	})
}
