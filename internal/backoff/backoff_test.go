package backoff

import (
	"testing"
	"time"
)

func TestDelay(t *testing.T) {
	s := Schedule{Attempts: 5, Shortest: time.Second, Longest: 6 * time.Second, Growth: 3}
	for attempt, want := range map[int]time.Duration{0: 0, 1: time.Second, 2: 3 * time.Second, 3: 6 * time.Second, 4: 6 * time.Second, 5: 0} {
		middle, more := s.Delay(attempt, 0.5)
		if middle != want || more != (want > 0) {
			t.Errorf("attempt %d: %v, %v; want %v", attempt, middle, more, want)
		}
		least, _ := s.Delay(attempt, 0)
		if least != want*9/10 {
			t.Errorf("attempt %d: at least %v; want %v", attempt, least, want*9/10)
		}
	}
}
