package drops

import (
	"testing"
	"time"
)

func TestRunIsOpen(t *testing.T) {
	now := time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	for _, c := range []struct {
		what string
		run  Run
		want bool
	}{
		{"made", Run{Begin: ago(20 * time.Hour), End: ago(19 * time.Hour), Attempts: 1}, false},
		{"being made", Run{Begin: ago(time.Hour), Attempts: 1}, false},
		{"abandoned", Run{Begin: ago(time.Hour + 1), Attempts: 1}, true},
		{"abandoned for the last time", Run{Begin: ago(20 * time.Hour), Attempts: 5}, false},
		{"failed just now", Run{Begin: now, End: now, Attempts: 1, Failure: "x"}, false},
		{"failed a minute ago", Run{Begin: ago(time.Minute), End: ago(time.Minute), Attempts: 1, Failure: "x"}, true},
		{"failed again, a minute ago", Run{Begin: ago(time.Minute), End: ago(time.Minute), Attempts: 2, Failure: "x"}, false},
		{"failed again, five minutes ago", Run{Begin: ago(time.Hour), End: ago(5 * time.Minute), Attempts: 2, Failure: "x"}, true},
		{"failed four times, 59 minutes ago", Run{Begin: ago(time.Hour), End: ago(59 * time.Minute), Attempts: 4, Failure: "x"}, false},
		{"failed four times, an hour ago", Run{Begin: ago(time.Hour), End: ago(time.Hour), Attempts: 4, Failure: "x"}, true},
		{"failed five times", Run{Begin: ago(20 * time.Hour), End: ago(20 * time.Hour), Attempts: 5, Failure: "x"}, false},
	} {
		if got := c.run.Open(now); got != c.want {
			t.Errorf("%s: got %t", c.what, got)
		}
	}
	if longestRun >= abandonedAfter {
		t.Error("a run that goes on is taken for one that was abandoned")
	}
}
