package assessment

import (
	"errors"
	"testing"

	"github.com/btlc/btlc/ent/submission"
	pb "github.com/btlc/btlc/gen/go/btlc/assessment/v1"
	"github.com/btlc/btlc/internal/api"
)

func TestSubmissionLife(t *testing.T) {
	if first := submissionLife.First(); first != submission.DefaultState {
		t.Errorf("a new one is %s, in the table %s", first, submission.DefaultState)
	}
	allowed := map[string]map[string]string{
		draft:     {"update": draft, "submit": submitted},
		submitted: {"score demonstrated": demonstrated, "score not yet": notYet},
	}
	for _, state := range []string{draft, submitted, demonstrated, notYet, "nonsense"} {
		for _, verb := range []string{"update", "submit", "score demonstrated", "score not yet"} {
			to, err := submissionLife.After("submission", state, verb)
			refusal, refused := errors.AsType[*api.Error](err)
			if want := allowed[state][verb]; to != want || (want == "") != (refused && refusal.Reason == api.StateConflict) {
				t.Errorf("%s %s: got %q, %v, want %q", verb, state, to, err, want)
			}
		}
	}
}

func TestFindingLeadsToItsOutcome(t *testing.T) {
	for _, outcome := range []pb.ScoreOutcome{pb.ScoreOutcome_SCORE_OUTCOME_DEMONSTRATED, pb.ScoreOutcome_SCORE_OUTCOME_NOT_YET} {
		if to, err := submissionLife.After("submission", submitted, finding(api.EnumWord(outcome))); err != nil || to != api.EnumWord(outcome) {
			t.Errorf("%s: got %q, %v", outcome, to, err)
		}
	}
}

func TestNextAttempt(t *testing.T) {
	for _, c := range []struct {
		last  int32
		state string
		want  int32
	}{
		{0, "", 1}, {1, notYet, 2}, {7, notYet, 8}, {1, draft, 0}, {1, submitted, 0}, {2, demonstrated, 0},
	} {
		if got, ok := nextAttempt(c.last, c.state); got != c.want || ok != (c.want > 0) {
			t.Errorf("after attempt %d in state %q: got %d, %v, want %d", c.last, c.state, got, ok, c.want)
		}
	}
}

func TestAssessorMaySee(t *testing.T) {
	for _, state := range []string{draft, submitted, demonstrated, notYet} {
		if got, want := assessorMaySee(state, false), state == submitted; got != want {
			t.Errorf("%s of others: got %v, want %v", state, got, want)
		}
		if !assessorMaySee(state, true) {
			t.Errorf("%s scored by them: not seen", state)
		}
	}
}
