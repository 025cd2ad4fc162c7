package webhook

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/btlc/btlc/internal/backoff"
)

const (
	// Attempts is how often a message is sent at most.
	Attempts = 15
	// Span is the time from the first attempt to the last without chance and Retry-After: nine delays that grow, and five
	// of Longest.
	Span = 73*time.Hour + 40*time.Minute + 5*time.Second
	// Longest is the longest delay between two attempts without chance, and the longest that Retry-After can ask for.
	Longest = 12 * time.Hour
	// WarnAfter is how long a message has not been taken when the subscriber's contact is warned, at the next attempt that
	// fails: two of the three days are left then.
	WarnAfter = 24 * time.Hour
)

var delays = backoff.Schedule{Attempts: Attempts, Shortest: 5 * time.Second, Longest: Longest, Growth: 3}

// Delay is the time from failed attempt number attempt, the first being 1, to the next one. Random is a number from 0
// up to 1. It is false when there is no next one.
func Delay(attempt int, random float64) (time.Duration, bool) { return delays.Delay(attempt, random) }

// Rest is the time from failed attempt number attempt to the last one, when the next one comes after a delay and the others
// without chance and Retry-After.
func Rest(attempt int, delay time.Duration) time.Duration {
	for next := attempt + 1; next < Attempts; next++ {
		mean, _ := Delay(next, 0.5)
		delay += mean
	}
	return delay
}

// Next is the time from an attempt to the next one: Delay, or what the subscriber asked for if that is longer. It is
// false when there is no next one, because it is delivered, disabled, or too often tried.
func (r Result) Next(attempt int, random float64) (time.Duration, bool) {
	if r.Outcome != Retry {
		return 0, false
	}
	delay, ok := Delay(attempt, random)
	if !ok {
		return 0, false
	}
	return max(delay, r.RetryAfter), true
}

// retryAfter reads the header of that name (RFC 9110, section 10.2.3), seconds or a date: up to Longest, and 0 for what is
// past or cannot be read.
func retryAfter(header string, now time.Time) time.Duration {
	header = strings.TrimSpace(header)
	if seconds, err := strconv.ParseUint(header, 10, 63); err == nil {
		if seconds >= uint64(Longest/time.Second) {
			return Longest
		}
		return time.Duration(seconds) * time.Second
	}
	at, err := http.ParseTime(header)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), Longest)
}
