package feedback

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
)

// Tally is what a group said to a question that is a scale or a choice.
type Tally struct {
	// Question is the question's id.
	Question string
	Kind     Kind
	// Choices are those of a choice.
	Choices []string
	// Count is how many answered.
	Count int
	// Mean is the mean rating; zero for a choice.
	Mean float64
	// Distribution is how many gave each rating from 1 on, or each of the choices.
	Distribution []int
}

// Comments are what a group wrote to a question.
type Comments struct {
	// Question is the question's id.
	Question string
	// Texts are in the order of their digests: mixed, and the same each time, whatever order they were written in.
	Texts []string
}

// Result is what is told of a round.
type Result struct {
	// Answers is how many people answered something.
	Answers int
	// Tallies are of those questions that enough people answered, in the order of the questions.
	Tallies []Tally
	// Comments are of the questions for text that anybody answered, in the order of the questions. There may be few:
	// whoever wrote one is any of Answers people.
	Comments []Comments
}

// Show tells of a round that is closed and has enough answers. Errors: ErrOpen, ErrFew; ErrMinimum, ErrQuestions, ErrAnswer.
func Show(r Round) (*Result, error) {
	switch {
	case r.Minimum < Minimum:
		return nil, fmt.Errorf("%w: %d, want at least %d", ErrMinimum, r.Minimum, Minimum)
	case !r.Closed:
		return nil, ErrOpen
	case len(r.Answers) < r.Minimum:
		return nil, ErrFew
	}
	if err := CheckQuestions(r.Questions); err != nil {
		return nil, err
	}
	for _, a := range r.Answers {
		if err := CheckAnswer(r.Questions, a); err != nil {
			return nil, err
		}
	}
	result := &Result{Answers: len(r.Answers)}
	for _, q := range r.Questions {
		if q.Kind == Text {
			if c := comments(q, r.Answers); len(c.Texts) > 0 {
				result.Comments = append(result.Comments, c)
			}
		} else if t := tally(q, r.Answers); t.Count >= r.Minimum {
			result.Tallies = append(result.Tallies, t)
		}
	}
	return result, nil
}

// tally counts answers to a scale or a choice.
func tally(q Question, answers []Answer) Tally {
	t := Tally{Question: q.ID, Kind: q.Kind, Choices: q.Choices, Distribution: make([]int, len(q.Choices))}
	if q.Kind == Scale {
		t.Distribution = make([]int, Highest)
	}
	for _, a := range answers {
		if rating, there := a.Ratings[q.ID]; there {
			t.Distribution[rating-1]++
		}
		if choice, there := a.Choices[q.ID]; there {
			t.Distribution[slices.Index(q.Choices, choice)]++
		}
	}
	return t.summed()
}

// summed is the tally with the count and the mean of its distribution.
func (t Tally) summed() Tally {
	sum := 0
	t.Count = 0
	for i, count := range t.Distribution {
		t.Count += count
		sum += (i + 1) * count
	}
	if t.Kind == Scale && t.Count > 0 {
		t.Mean = float64(sum) / float64(t.Count)
	}
	return t
}

func comments(q Question, answers []Answer) Comments {
	c := Comments{Question: q.ID}
	for _, a := range answers {
		if text, there := a.Texts[q.ID]; there {
			c.Texts = append(c.Texts, text)
		}
	}
	slices.SortFunc(c.Texts, func(a, b string) int {
		x, y := sha256.Sum256([]byte(q.ID+"\x00"+a)), sha256.Sum256([]byte(q.ID+"\x00"+b))
		return bytes.Compare(x[:], y[:])
	})
	return c
}
