// Package backoff says when something that failed is tried again: later each time up to a limit, and never all at once. It
// is pure.
package backoff

import "time"

// jitter is the part of a delay that chance takes away or adds at most, so that somebody who comes back does not get all at
// once what failed at once.
const jitter = 0.1

// Schedule is how often something is tried, and at what distances.
type Schedule struct {
	// Attempts is how often at most, the first one included.
	Attempts int
	// Shortest is the first delay, without chance. Each next one is Growth times as long, up to Longest.
	Shortest, Longest time.Duration
	Growth            int
}

// Delay is the time from failed attempt number attempt, the first being 1, to the next one. Random is a number from 0
// up to 1. It is false when there is no next one.
func (s Schedule) Delay(attempt int, random float64) (time.Duration, bool) {
	if attempt < 1 || attempt >= s.Attempts {
		return 0, false
	}
	delay := s.Shortest
	for range attempt - 1 {
		delay = min(delay*time.Duration(s.Growth), s.Longest)
	}
	return delay + time.Duration(float64(delay)*jitter*(2*random-1)), true
}
