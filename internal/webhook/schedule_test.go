package webhook

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The delays without chance are those that the documentation tells.
func TestSchedule(t *testing.T) {
	want := []time.Duration{5, 15, 45, 135, 405, 1215, 3645, 10935, 32805, 43200, 43200, 43200, 43200, 43200}
	var span time.Duration
	for i, seconds := range want {
		delay, ok := Delay(i+1, 0.5)
		if !ok || delay != seconds*time.Second {
			t.Errorf("after attempt %d: %v, %v, want %v", i+1, delay, ok, seconds*time.Second)
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

// Who is warned has about two days and several attempts left.
func TestRest(t *testing.T) {
	if rest := Rest(1, delays.Shortest); rest != Span {
		t.Errorf("after the first attempt %v are left, want %v", rest, Span)
	}
	if rest := Rest(Attempts-1, time.Minute); rest != time.Minute {
		t.Errorf("before the last attempt %v are left", rest)
	}
	if rest := Rest(Attempts-2, 3*time.Hour); rest != 3*time.Hour+Longest {
		t.Errorf("before the last but one %v are left", rest)
	}
	var since time.Duration
	for attempt := 1; ; attempt++ {
		delay, ok := Delay(attempt, 0.5)
		if !ok {
			t.Fatal("nobody is warned")
		}
		if since >= WarnAfter {
			if rest := Rest(attempt, delay); since >= WarnAfter+Longest || rest < 36*time.Hour || Attempts-attempt < 3 {
				t.Errorf("warned after %v, with %v and %d attempts left", since, rest, Attempts-attempt)
			}
			return
		}
		since += delay
	}
}

func TestChance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		attempt := rapid.IntRange(1, Attempts-1).Draw(t, "attempt")
		random := rapid.Float64Range(0, 0.999999).Draw(t, "random")
		mean, _ := Delay(attempt, 0.5)
		delay, ok := Delay(attempt, random)
		if most := mean / 10; !ok || delay < mean-most || delay > mean+most {
			t.Fatalf("%v is more than a tenth away from %v", delay, mean)
		}
		if next, ok := Delay(attempt+1, 0); ok && mean < Longest && next <= delay {
			t.Fatalf("%v after attempt %d, and %v after the next one", delay, attempt, next)
		}
	})
}

func TestNext(t *testing.T) {
	for _, c := range []struct {
		what    string
		result  Result
		attempt int
		want    time.Duration
		ok      bool
	}{
		{"a failure", Result{Outcome: Retry}, 1, 5 * time.Second, true},
		{"asked for less", Result{Outcome: Retry, RetryAfter: time.Second}, 1, 5 * time.Second, true},
		{"asked for more", Result{Outcome: Retry, RetryAfter: time.Hour}, 1, time.Hour, true},
		{"the last failure", Result{Outcome: Retry, RetryAfter: time.Hour}, Attempts, 0, false},
		{"delivered", Result{Outcome: Delivered}, 1, 0, false},
		{"disabled", Result{Outcome: Disable}, 1, 0, false},
	} {
		if got, ok := c.result.Next(c.attempt, 0.5); got != c.want || ok != c.ok {
			t.Errorf("%s: %v, %v", c.what, got, ok)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 22, 21, 55, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"": 0, "0": 0, "120": 2 * time.Minute, " 7 ": 7 * time.Second, "43199": Longest - time.Second, "43200": Longest, "999999": Longest,
		"9223372036854775807": Longest, "99999999999999999999": 0, "-1": 0, "1.5": 0, "soon": 0,
		"Sun, 22 Nov 2026 21:56:00 GMT": time.Minute, "Sun, 22 Nov 2026 21:54:00 GMT": 0, "Mon, 22 Nov 2027 21:55:00 GMT": Longest,
	} {
		if got := retryAfter(header, now); got != want {
			t.Errorf("%q: %v, want %v", header, got, want)
		}
	}
}
