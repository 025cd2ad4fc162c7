// Package feedback tells what people said of a course, in anonymous rounds in the middle and at the end of a section, and
// whether a new version of the course did better.
//
// # Why nothing smaller than a group can be told
//
// Whoever may see two results may subtract them. So everything told is made of the same pieces, and each piece is a group: of
// one question, the answers of one closed round, if there are at least n of them, a number that is the round's own. A round that is open tells nothing, since
// tomorrow's result less today's would be tomorrow's answers; a closed one takes no more. Over rounds, and over terms, only
// pieces that are told by themselves are added up: the answers of a round with fewer are in no sum. So two results of a
// question have the same pieces in them or differ by whole ones, which is by n people or more, whatever is asked and when.
//
// Comments stand in an order that comes from their text alone. They are of one round, come with no time and with no other
// answer of who wrote them, and are not added up over rounds.
package feedback

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Minimum is the smallest n that a round may have.
const Minimum = 5

// Highest is the highest rating on a scale; the lowest is 1.
const Highest = 5

// LongestText is how long a comment may be, in characters.
const LongestText = 4000

// What is wrong with a round, or keeps it from being shown.
var (
	// ErrQuestions: the questions of a round cannot be asked, or two rounds ask something else by the same id.
	ErrQuestions = errors.New("feedback: the questions are not sound")
	// ErrAnswer: an answer is not one to the questions.
	ErrAnswer = errors.New("feedback: not an answer to the questions")
	// ErrMinimum: the n of a round is less than Minimum.
	ErrMinimum = errors.New("feedback: the group is too small")
	// ErrOpen: the round is not closed yet.
	ErrOpen = errors.New("feedback: the round is open")
	// ErrFew: the round has fewer answers than may be shown.
	ErrFew = errors.New("feedback: too few answers")
)

// Kind is how a question is answered.
type Kind string

// The kinds of questions.
const (
	// Scale is answered by a rating of 1 to Highest.
	Scale Kind = "scale"
	// Choice is answered by one of a few texts.
	Choice Kind = "choice"
	// Text is answered freely.
	Text Kind = "text"
)

// Moment is when in a section a round is held.
type Moment string

// The moments of rounds.
const (
	Mid Moment = "mid"
	End Moment = "end"
)

// Question is a question of a round.
type Question struct {
	// ID stands for the same question in all rounds of a course: another wording has another id.
	ID   string
	Kind Kind
	// Choices are those of a choice, in their order.
	Choices []string
}

// Answer is what one person said. It does not say who, or when. What was not answered is not in it.
type Answer struct {
	// Ratings, Choices and Texts are by the ids of questions of these kinds.
	Ratings map[string]int
	Choices map[string]string
	Texts   map[string]string
}

// Round is a round in one section.
type Round struct {
	// Course is a course's id, and Version the number of its version that the section had.
	Course  string
	Version int
	// Term is a term's id. Example: fall-2026.
	Term   string
	Moment Moment
	// Closed rounds take no more answers, and are not opened again.
	Closed bool
	// Minimum is the n of the round: how many answers there must be before anything is told of them.
	Minimum   int
	Questions []Question
	Answers   []Answer
}

// CheckQuestions tells whether questions can be asked. Errors: ErrQuestions.
func CheckQuestions(questions []Question) error {
	if len(questions) == 0 {
		return fmt.Errorf("%w: there are none", ErrQuestions)
	}
	seen := map[string]bool{}
	for _, q := range questions {
		distinct := slices.Compact(slices.Sorted(slices.Values(q.Choices)))
		problem := ""
		switch {
		case q.ID == "" || seen[q.ID]:
			problem = "has no id of its own"
		case q.Kind != Scale && q.Kind != Choice && q.Kind != Text:
			problem = "is of no kind"
		case q.Kind != Choice && len(q.Choices) > 0:
			problem = "has choices, and is none"
		case q.Kind == Choice && (len(distinct) < 2 || len(distinct) < len(q.Choices) || distinct[0] == ""):
			problem = "has not two or more choices, all different and none empty"
		}
		if problem != "" {
			return fmt.Errorf("%w: question %q %s", ErrQuestions, q.ID, problem)
		}
		seen[q.ID] = true
	}
	return nil
}

// CheckAnswer tells whether an answer is one to the questions: at least one of them is answered, each in its kind. The error
// names the question and shows nothing of what was said. Errors: ErrAnswer.
func CheckAnswer(questions []Question, a Answer) error {
	answered := 0
	for _, q := range questions {
		rating, rated := a.Ratings[q.ID]
		choice, chosen := a.Choices[q.ID]
		text, written := a.Texts[q.ID]
		want := ""
		switch {
		case rated && (q.Kind != Scale || rating < 1 || rating > Highest):
			want = fmt.Sprintf("a rating of 1 to %d, and that of a scale", Highest)
		case chosen && (q.Kind != Choice || !slices.Contains(q.Choices, choice)):
			want = "one of the choices, and that of a choice"
		case written && (q.Kind != Text || strings.TrimSpace(text) == "" || !utf8.ValidString(text) || utf8.RuneCountInString(text) > LongestText):
			want = fmt.Sprintf("a text of at most %d characters, and that of a question for text", LongestText)
		case rated || chosen || written:
			answered++
		}
		if want != "" {
			return fmt.Errorf("%w: %s: want %s", ErrAnswer, q.ID, want)
		}
	}
	if all := len(a.Ratings) + len(a.Choices) + len(a.Texts); answered == 0 || all > answered {
		return fmt.Errorf("%w: %d of %d are to its questions; want all, and at least one", ErrAnswer, answered, all)
	}
	return nil
}
