package record

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

var zero = time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)

// hour draws an instant of two days, by the hour, so that instants often meet.
func hour(t *rapid.T, label string) time.Time {
	return zero.Add(time.Duration(rapid.IntRange(0, 48).Draw(t, label)) * time.Hour)
}

func drawTimes(t *rapid.T) times {
	drawn := times{now: zero.Add(48 * time.Hour)}
	if rapid.Bool().Draw(t, "as of") {
		drawn.asOf = hour(t, "as of")
	}
	if rapid.Bool().Draw(t, "known as of") {
		drawn.known = hour(t, "known as of")
	}
	return drawn
}

// What was not on record by then, or not true, is never seen; at the present moment everything is; and with time going on
// ever more is.
func TestTimes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at, since, recorded := drawTimes(t), hour(t, "since"), hour(t, "recorded")
		saw := at.saw(since, recorded)
		if saw && (!at.known.IsZero() && recorded.After(at.known) || !at.asOf.IsZero() && since.After(at.asOf)) {
			t.Error("saw what was not there yet")
		}
		if now := (times{now: at.now, asOf: at.now, known: at.now}); !now.saw(since, recorded) || !(times{now: at.now}).saw(since, recorded) {
			t.Error("missed what is there")
		}
		later := at
		if step := time.Duration(rapid.IntRange(0, 9).Draw(t, "step")) * time.Hour; rapid.Bool().Draw(t, "known") && !at.known.IsZero() {
			later.known = at.known.Add(step)
		} else if !at.asOf.IsZero() {
			later.asOf = at.asOf.Add(step)
		}
		if saw && !later.saw(since, recorded) {
			t.Error("forgot with time")
		}
		if state := at.stateThen("first", "last", since); (state == "last") != at.saw(since, since) {
			t.Errorf("state %s", state)
		}
		if end := at.lastDay(&since, recorded); (end != nil) != at.knew(recorded) {
			t.Errorf("last day %v", end)
		}
	})
}

func TestBeganByTheCalendar(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	day := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	for at, want := range map[string]bool{"2026-11-20T04:59:59Z": false, "2026-11-20T05:00:00Z": true, "2026-11-21T12:00:00Z": true} {
		asOf, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if (times{asOf: asOf}).began(day, zone) != want {
			t.Errorf("a day that begins at five by UTC: began at %s is not %v", at, want)
		}
	}
}

// A credential's standing at a time is that after the last change by then: as if the changes after it had not been.
func TestStandingThen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var history []standing // the latest first
		when := zero
		for range rapid.IntRange(0, 5).Draw(t, "changes") {
			when = when.Add(time.Duration(rapid.IntRange(1, 9).Draw(t, "later")) * time.Hour)
			status := rapid.SampledFrom([]string{"ACTIVE", "SUSPENDED", "REVOKED"}).Draw(t, "status")
			history = append([]standing{{status, when, when}}, history...)
		}
		at := drawTimes(t)
		var there []standing
		for _, s := range history {
			if at.saw(s.since, s.recorded) {
				there = append(there, s)
			}
		}
		got, ok := at.standingThen(history)
		if ok != (len(there) > 0) || ok && got != there[0] {
			t.Errorf("got %v %v, want the first of %v", got, ok, there)
		}
	})
}

func TestInForce(t *testing.T) {
	at := func(h int) time.Time { return zero.Add(time.Duration(h) * time.Hour) }
	versions := []time.Time{at(30), at(20), at(10)} // the latest first
	same := func(v time.Time) time.Time { return v }
	for _, c := range []struct {
		name        string
		asOf, known time.Time
		want        time.Time
		ok          bool
	}{
		{"the present", time.Time{}, time.Time{}, at(30), true},
		{"when the second was there", at(25), time.Time{}, at(20), true},
		{"on the instant", at(20), time.Time{}, at(20), true},
		{"when the third was not known", time.Time{}, at(29), at(20), true},
		{"before the first", at(5), time.Time{}, at(10), true},
		{"before the first, when two were known", at(5), at(25), at(10), true},
		{"when none was known", at(25), at(5), time.Time{}, false},
	} {
		got, ok := inForce(times{asOf: c.asOf, known: c.known}, versions, same)
		if ok != c.ok || !got.Equal(c.want) {
			t.Errorf("%s: %v %v, want %v", c.name, got, ok, c.want)
		}
	}
}
