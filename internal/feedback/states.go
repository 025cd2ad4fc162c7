package feedback

import (
	"fmt"
	"slices"

	"github.com/btlc/btlc/internal/api"
)

// roundLife is the life of a round: whatever is not in it cannot happen. A closed round is not opened again, since what was
// shown would then be less the answers that follow.
var roundLife = api.Life{
	{"", "create", "OPEN"},
	{"OPEN", "submitFeedback", "OPEN"},
	{"OPEN", "close", "CLOSED"},
}

// Lives are the life cycles of this context's resources, by type.
var Lives = map[string]api.Life{"btlc/FeedbackRound": roundLife}

// sectionStates are the states of a section in which a round may be opened, by its moment.
var sectionStates = map[Moment][]string{Mid: {"IN_SESSION"}, End: {"IN_SESSION", "COMPLETED"}}

// checkMoment tells whether a round may be opened in a section of this state.
func checkMoment(m Moment, section string) error {
	if slices.Contains(sectionStates[m], section) {
		return nil
	}
	return api.Errorf(api.StateConflict, "The section is %s; the %s round is opened while it is in session%s.", section, m,
		map[Moment]string{End: ", or after it"}[m]).With("state", section)
}

// answered is one answer to one question: a rating, or a text.
type answered struct {
	question string
	rating   int
	text     string
}

// answerOf puts together what one person answered, or says all that is wrong with it, without repeating any of it.
func answerOf(questions []Question, given []answered) (Answer, error) {
	whole := Answer{Ratings: map[string]int{}, Texts: map[string]string{}}
	seen := map[string]bool{}
	var faults []api.Violation
	for i, g := range given {
		one := Answer{Ratings: map[string]int{}, Texts: map[string]string{}}
		if g.rating != 0 {
			one.Ratings[g.question], whole.Ratings[g.question] = g.rating, g.rating
		}
		if g.text != "" {
			one.Texts[g.question], whole.Texts[g.question] = g.text, g.text
		}
		if CheckAnswer(questions, one) != nil || seen[g.question] {
			faults = append(faults, api.Violation{
				Field:       fmt.Sprintf("answers[%d]", i),
				Description: fmt.Sprintf("answers one question of the round, once: a scale by a rating of 1 to %d, any other in words", Highest),
			})
		}
		seen[g.question] = true
	}
	if len(faults) > 0 {
		return Answer{}, api.Invalid(faults...)
	}
	return whole, nil
}
