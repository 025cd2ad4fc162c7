package feedback

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

var asked = []Question{{ID: "useful", Kind: Scale}, {ID: "pace", Kind: Choice, Choices: []string{"slow", "right", "fast"}}, {ID: "better", Kind: Text}}

// rated are answers to the scale.
func rated(ratings ...int) []Answer {
	var answers []Answer
	for _, rating := range ratings {
		answers = append(answers, Answer{Ratings: map[string]int{"useful": rating}})
	}
	return answers
}

func round(version int, term string, answers []Answer) Round {
	return Round{Course: "using-data", Version: version, Term: term, Moment: End, Closed: true, Minimum: Minimum, Questions: asked, Answers: answers}
}

func TestShow(t *testing.T) {
	answers := rated(5, 4, 4, 1, 5, 2)
	for i, pace := range []string{"right", "fast", "right", "right", "right"} {
		answers[i].Choices = map[string]string{"pace": pace}
	}
	answers[0].Texts = map[string]string{"better": "More examples"}
	answers[5].Texts = map[string]string{"better": "Fewer slides"}
	got, err := Show(round(1, "fall-2026", answers))
	if err != nil {
		t.Fatal(err)
	}
	want := &Result{
		Answers: 6,
		Tallies: []Tally{
			{Question: "useful", Kind: Scale, Count: 6, Mean: 3.5, Distribution: []int{1, 1, 0, 2, 2}},
			{Question: "pace", Kind: Choice, Choices: []string{"slow", "right", "fast"}, Count: 5, Distribution: []int{0, 4, 1}},
		},
		Comments: []Comments{{"better", []string{"Fewer slides", "More examples"}}},
	}
	if got.Comments[0].Texts[0] != want.Comments[0].Texts[0] {
		got.Comments[0].Texts[0], got.Comments[0].Texts[1] = got.Comments[0].Texts[1], got.Comments[0].Texts[0]
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	answers[0].Choices = nil
	if got, err := Show(round(1, "fall-2026", answers)); err != nil || len(got.Tallies) != 1 || got.Tallies[0].Question != "useful" {
		t.Errorf("with four to a question: %+v, %v", got, err)
	}
}

func TestNotShown(t *testing.T) {
	sound := round(1, "fall-2026", rated(1, 2, 3, 4, 5))
	open, few, fewOfMore, small, none, unsound := sound, sound, sound, sound, sound, sound
	open.Closed = false
	few.Answers = rated(1, 2, 3, 4)
	fewOfMore.Minimum, small.Minimum = 6, 4
	none.Questions = nil
	unsound.Answers = rated(1, 2, 3, 4, 6)
	for name, c := range map[string]struct {
		round Round
		want  error
	}{
		"sound": {sound, nil}, "open": {open, ErrOpen}, "few": {few, ErrFew}, "few of more": {fewOfMore, ErrFew}, "too small": {small, ErrMinimum},
		"no questions": {none, ErrQuestions}, "no answer": {unsound, ErrAnswer},
	} {
		if got, err := Show(c.round); !errors.Is(err, c.want) || (got == nil) != (c.want != nil) {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

func TestCheckQuestions(t *testing.T) {
	if err := CheckQuestions(asked); err != nil {
		t.Error(err)
	}
	for name, questions := range map[string][]Question{
		"none":            nil,
		"no id":           {{Kind: Scale}},
		"twice":           {{ID: "a", Kind: Scale}, {ID: "a", Kind: Text}},
		"no kind":         {{ID: "a"}},
		"scale of words":  {{ID: "a", Kind: Scale, Choices: []string{"x", "y"}}},
		"one choice":      {{ID: "a", Kind: Choice, Choices: []string{"x"}}},
		"a choice twice":  {{ID: "a", Kind: Choice, Choices: []string{"x", "y", "x"}}},
		"an empty choice": {{ID: "a", Kind: Choice, Choices: []string{"x", ""}}},
	} {
		if err := CheckQuestions(questions); !errors.Is(err, ErrQuestions) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestCheckAnswer(t *testing.T) {
	type ratings = map[string]int
	type texts = map[string]string
	for name, c := range map[string]struct {
		answer Answer
		sound  bool
	}{
		"all":                  {Answer{ratings{"useful": 1}, texts{"pace": "fast"}, texts{"better": strings.Repeat("é", LongestText)}}, true},
		"one":                  {Answer{Choices: texts{"pace": "slow"}}, true},
		"nothing":              {Answer{}, false},
		"below the scale":      {Answer{Ratings: ratings{"useful": 0}}, false},
		"above the scale":      {Answer{Ratings: ratings{"useful": 6}}, false},
		"rating of a choice":   {Answer{Ratings: ratings{"pace": 1}}, false},
		"no such choice":       {Answer{Choices: texts{"pace": "Fast"}}, false},
		"choice of a scale":    {Answer{Choices: texts{"useful": "5"}}, false},
		"blank":                {Answer{Texts: texts{"better": " \n"}}, false},
		"too long":             {Answer{Texts: texts{"better": strings.Repeat("x", LongestText+1)}}, false},
		"not text":             {Answer{Texts: texts{"better": "\xFF"}}, false},
		"text of a scale":      {Answer{Texts: texts{"useful": "very"}}, false},
		"another question":     {Answer{Ratings: ratings{"useful": 3, "room": 3}}, false},
		"one in two kinds":     {Answer{Ratings: ratings{"useful": 3}, Texts: texts{"useful": "very"}}, false},
		"only other questions": {Answer{Texts: texts{"room": "cold"}}, false},
	} {
		if err := CheckAnswer(asked, c.answer); (err == nil) != c.sound || err != nil && !errors.Is(err, ErrAnswer) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestAggregates(t *testing.T) {
	open := round(1, "fall-2026", rated(1, 1, 1, 1, 1))
	open.Closed = false
	mid := round(1, "fall-2026", rated(2, 2, 2, 2, 2))
	mid.Moment = Mid
	got, err := Aggregates([]Round{
		round(2, "fall-2026", rated(5, 5, 5, 5, 4)), round(1, "spring-2025", rated(3, 3, 3, 3, 3)), round(1, "fall-2025", rated(4, 4, 4, 4, 4, 4)),
		round(1, "fall-2026", rated(1, 1, 1, 1)), open, mid,
	})
	want := []Aggregate{
		{"using-data", 1, End, []string{"spring-2025", "fall-2025"}, 2, 11, []Tally{{Question: "useful", Kind: Scale, Count: 11, Mean: 39.0 / 11, Distribution: []int{0, 0, 5, 6, 0}}}},
		{"using-data", 2, End, []string{"fall-2026"}, 1, 5, []Tally{{Question: "useful", Kind: Scale, Count: 5, Mean: 4.8, Distribution: []int{0, 0, 0, 1, 4}}}},
		{"using-data", 1, Mid, []string{"fall-2026"}, 1, 5, []Tally{{Question: "useful", Kind: Scale, Count: 5, Mean: 2, Distribution: []int{0, 5, 0, 0, 0}}}},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
	}
}

func TestAggregatesAreRefused(t *testing.T) {
	sound, unsound, another := round(1, "fall-2026", rated(1, 2, 3, 4, 5)), round(1, "fall-2026", rated(1, 2, 3, 4, 6)), round(1, "fall-2026", nil)
	small := sound
	small.Minimum = 4
	another.Questions = []Question{{ID: "useful", Kind: Choice, Choices: []string{"yes", "no"}}}
	for range 5 {
		another.Answers = append(another.Answers, Answer{Choices: map[string]string{"useful": "yes"}})
	}
	for name, c := range map[string]struct {
		rounds []Round
		want   error
	}{
		"too small": {[]Round{small}, ErrMinimum}, "no answer": {[]Round{unsound}, ErrAnswer}, "another question": {[]Round{sound, another}, ErrQuestions},
	} {
		if got, err := Aggregates(c.rounds); !errors.Is(err, c.want) || got != nil {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}
