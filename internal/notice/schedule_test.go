package notice

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestSchedule(t *testing.T) {
	want := []time.Duration{1, 4, 16, 64, 240, 240, 240, 240, 240, 240, 240, 240, 240, 240, 240}
	var span time.Duration
	for i, minutes := range want {
		delay, ok := Delay(i+1, 0.5)
		if !ok || delay != minutes*time.Minute {
			t.Errorf("after attempt %d: %v, %v, want %v", i+1, delay, ok, minutes*time.Minute)
		}
		span += delay
	}
	if span != Span || len(want) != Attempts-1 {
		t.Errorf("%d attempts over %v, want %d over %v", len(want)+1, span, Attempts, Span)
	}
	for _, attempt := range []int{-1, 0, Attempts, Attempts + 1} {
		if delay, ok := Delay(attempt, 0.5); ok {
			t.Errorf("there is an attempt %v after %d", delay, attempt)
		}
	}
}

func TestChance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		attempt := rapid.IntRange(1, Attempts-1).Draw(t, "attempt")
		mean, _ := Delay(attempt, 0.5)
		delay, ok := Delay(attempt, rapid.Float64Range(0, 0.999999).Draw(t, "random"))
		if most := mean / 10; !ok || delay < mean-most || delay > mean+most {
			t.Fatalf("%v is more than a tenth away from %v", delay, mean)
		}
		if next, ok := Delay(attempt+1, 0); ok && mean < Longest && next <= delay {
			t.Fatalf("%v after attempt %d, and %v after the next one", delay, attempt, next)
		}
	})
}
