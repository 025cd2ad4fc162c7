package drops

import "time"

const (
	// longestRun bounds a run, and abandonedAfter is when one that has not ended is that of a server which was killed: later
	// than any run ends, by the clocks of two servers.
	longestRun     = 50 * time.Minute
	abandonedAfter = time.Hour
	// keptRuns are how many runs of a drop are kept at least, and keptFor is how long all are: a year, and the weeks in which
	// somebody looks back at it.
	keptRuns = 100
	keptFor  = 400 * 24 * time.Hour
	// maxAttempts is how often a file is tried before the next one is due.
	maxAttempts = 5
)

// pauses are those after the first attempt that failed, the second one, and so on.
var pauses = [maxAttempts - 1]time.Duration{time.Minute, 5 * time.Minute, 20 * time.Minute, time.Hour}

// Run is one file that was due, as far as it has come.
type Run struct {
	Name string
	// Due is the moment at which it was due.
	Due time.Time
	// Begin is when the last attempt began, and End when it ended; zero when it has not.
	Begin, End time.Time
	// Attempts counts from 1. Who made which one is told by it.
	Attempts int
	// Failure is why the last attempt came to nothing; empty when it did not, or has not ended.
	Failure string
}

// Open tells whether a run may be tried again: after a pause when it failed, and after an hour when whoever began it is
// not heard of any more.
func (r Run) Open(now time.Time) bool {
	switch {
	case r.Attempts >= maxAttempts:
		return false
	case r.End.IsZero():
		return now.Sub(r.Begin) > abandonedAfter
	}
	return r.Failure != "" && now.Sub(r.End) >= pauses[r.Attempts-1]
}
