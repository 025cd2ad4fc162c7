package notice

import (
	"time"

	"github.com/btlc/btlc/internal/backoff"
)

const (
	// Attempts is how often a message is handed over at most.
	Attempts = 16
	// Span is the time from the first attempt to the last without chance: four delays that grow, and eleven of Longest.
	// A notice that comes two days late tells nothing new any more.
	Span = 45*time.Hour + 25*time.Minute
	// Longest is the longest delay between two attempts without chance.
	Longest = 4 * time.Hour
)

var delays = backoff.Schedule{Attempts: Attempts, Shortest: time.Minute, Longest: Longest, Growth: 4}

// Delay is the time from failed attempt number attempt, the first being 1, to the next one. Random is a number from 0
// up to 1. It is false when there is no next one. An error that is Permanent has none either.
func Delay(attempt int, random float64) (time.Duration, bool) { return delays.Delay(attempt, random) }
