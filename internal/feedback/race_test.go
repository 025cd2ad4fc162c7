package feedback

import (
	"fmt"
	"sync"
	"testing"

	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/record/recordtest"
)

// atOnce runs functions at the same moment and counts what becomes of them: by reason, "" for success.
func atOnce(do ...func() error) map[api.Reason]int {
	var start, done sync.WaitGroup
	start.Add(1)
	errs := make([]error, len(do))
	for i := range do {
		done.Go(func() {
			start.Wait()
			errs[i] = do[i]()
		})
	}
	start.Done()
	done.Wait()
	counts := map[api.Reason]int{}
	for _, err := range errs {
		counts[recordtest.Reason(err)]++
	}
	return counts
}

// Whoever answers while the round is being closed is counted or refused, and nothing between.
func TestCloseAgainstAnswers(t *testing.T) {
	c := newClass(t, 12)
	version := c.version(1)
	for range 6 {
		round := c.open(c.section(version, "IN_SESSION"), mid).Name
		for i := range 6 {
			recordtest.Must(t, c.submit(round, i, rates("role", 4)))
		}
		answers, participations := c.count("feedback_answers"), c.count("feedback_participations")
		do := []func() error{func() error { return c.close(round) }}
		for i := 6; i < 12; i++ {
			do = append(do, func() error { return c.submit(round, i, rates("role", 4)) })
		}
		counts := atOnce(do...)
		taken := counts[""] - 1
		if counts[""]+counts[api.StateConflict] != len(do) || taken < 0 {
			t.Fatalf("they became %v", counts)
		}
		if got := c.results(round); int(got.AnswerCount) != 6+taken || c.count("feedback_answers") != answers+taken || c.count("feedback_participations") != participations+taken {
			t.Errorf("%d were taken, and the results are of %d", 6+taken, got.AnswerCount)
		}
	}
}

// Who answers twice at the same moment has answered once; and answers of different people do not come in each other's way.
func TestAnswersAtOnce(t *testing.T) {
	c := newClass(t, 8)
	round := c.open(c.section(c.version(1), "IN_SESSION"), mid).Name
	var do []func() error
	for i := range c.people {
		for range 3 {
			do = append(do, func() error { return c.submit(round, i, writes("keep", fmt.Sprint("I am ", i))) })
		}
	}
	if counts := atOnce(do...); counts[""] != 8 || counts[api.AlreadyRecorded] != 16 {
		t.Errorf("they became %v", counts)
	}
	recordtest.Must(t, c.close(round))
	told := map[string]bool{}
	for _, text := range c.results(round).Questions[0].Comments {
		told[text] = true
	}
	if len(told) != 8 {
		t.Errorf("told are %v", told)
	}
}
