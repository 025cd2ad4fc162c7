package assessment

import (
	"testing"

	pb "github.com/btlc/btlc/gen/go/btlc/assessment/v1"
	"github.com/btlc/btlc/internal/api"
)

func TestMove(t *testing.T) {
	allowed := map[string]map[verb]string{
		draft:     {change: draft, submit: submitted},
		submitted: {findDemonstrated: demonstrated, findNotYet: notYet},
	}
	for _, state := range []string{draft, submitted, demonstrated, notYet, ""} {
		for _, v := range []verb{change, submit, findDemonstrated, findNotYet, ""} {
			to, ok := move(state, v)
			if want, may := allowed[state][v]; to != want || ok != may {
				t.Errorf("a submission in state %q is %q: got %q, %v, want %q, %v", state, v, to, ok, want, may)
			}
		}
	}
}

func TestStatesAreThoseOfTheContract(t *testing.T) {
	for _, state := range []string{draft, submitted, demonstrated, notYet} {
		if api.EnumOf[pb.SubmissionState](state) == 0 {
			t.Errorf("the contract has no state %s", state)
		}
	}
	for outcome, want := range map[pb.ScoreOutcome]verb{pb.ScoreOutcome_SCORE_OUTCOME_DEMONSTRATED: findDemonstrated, pb.ScoreOutcome_SCORE_OUTCOME_NOT_YET: findNotYet} {
		if got := finding(api.EnumWord(outcome)); got != want {
			t.Errorf("%s: got %q, want %q", outcome, got, want)
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
