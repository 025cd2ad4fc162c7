package gradcredit

import (
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/btlc/btlc/ent/creditposting"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/record/recordtest"
)

func TestPostingLife(t *testing.T) {
	if first := postingLife.First(); first != creditposting.DefaultState {
		t.Errorf("a new one is %s, in the table %s", first, creditposting.DefaultState)
	}
	for state, want := range map[string]string{"POSTED": "RETRACTED", "RETRACTED": "", "nonsense": ""} {
		if to, err := postingLife.After("credit posting", state, "retract"); to != want || (err == nil) != (want != "") {
			t.Errorf("%s: got %q, %v, want %q", state, to, err, want)
		}
	}
}

func TestGrants(t *testing.T) {
	standing := asked{state: "REQUESTED", registration: "COMPLETED", registered: recordtest.Day("2026-09-02"), credits: 3}
	of := func(change func(*asked)) asked {
		a := standing
		change(&a)
		return a
	}
	for name, c := range map[string]struct {
		to      asked
		credits int32
		day     string
		want    int32
		reason  api.Reason
		told    string // of the metadata
	}{
		"those of the agreement":        {to: standing, day: "2026-12-01", want: 3},
		"fewer":                         {to: standing, credits: 1, day: "2026-12-01", want: 1},
		"on the day of registration":    {to: standing, credits: 3, day: "2026-09-02", want: 3},
		"more":                          {to: standing, credits: 4, day: "2026-12-01", reason: api.InvalidRequest},
		"before the registration":       {to: standing, day: "2026-09-01", reason: api.StateConflict, told: "2026-09-02"},
		"more, and before":              {to: standing, credits: 30, day: "2025-12-01", reason: api.InvalidRequest},
		"for a withdrawn request":       {to: of(func(a *asked) { a.state = "WITHDRAWN" }), day: "2026-12-01", reason: api.StateConflict},
		"for a withdrawn registration":  {to: of(func(a *asked) { a.registration = "WITHDRAWN" }), day: "2026-12-01", reason: api.StateConflict},
		"for one that was declined":     {to: of(func(a *asked) { a.registration = "DECLINED" }), day: "2026-12-01", reason: api.StateConflict},
		"for one that still waits":      {to: of(func(a *asked) { a.registration = "WAITLISTED" }), day: "2026-12-01", reason: api.StateConflict},
		"for what was not completed":    {to: of(func(a *asked) { a.registration = "NOT_COMPLETED" }), day: "2026-12-01", want: 3},
		"more, for a withdrawn request": {to: of(func(a *asked) { a.state = "WITHDRAWN" }), credits: 9, day: "2026-12-01", reason: api.StateConflict},
	} {
		got, err := c.to.grants(c.credits, recordtest.Day(c.day))
		if got != c.want || recordtest.Reason(err) != c.reason || recordtest.Known(err).Metadata["registerDate"] != c.told {
			t.Errorf("%s: got %d, %v", name, got, err)
		}
	}
}

// What is granted is never more than was agreed or than was said, never nothing, and never for a day that does not fit.
func TestGrantsProperties(t *testing.T) {
	first := recordtest.Day("2026-01-01")
	days := rapid.Map(rapid.IntRange(0, 400), func(n int) time.Time { return first.AddDate(0, 0, n) })
	rapid.Check(t, func(t *rapid.T) {
		a := asked{
			state:        rapid.SampledFrom([]string{"REQUESTED", "WITHDRAWN"}).Draw(t, "state"),
			registration: rapid.SampledFrom(slices.Sorted(maps.Keys(everyRegistration))).Draw(t, "registration"),
			registered:   days.Draw(t, "registered"), credits: rapid.Int32Range(1, 30).Draw(t, "agreed"),
		}
		credits, day := rapid.Int32Range(0, 30).Draw(t, "credits"), days.Draw(t, "day")
		got, err := a.grants(credits, day)
		stands := a.state == "REQUESTED" && everyRegistration[a.registration].posted
		fits := credits <= a.credits && !day.Before(a.registered)
		against := !stands || credits <= a.credits && day.Before(a.registered)
		switch {
		case (err == nil) != (stands && fits):
			t.Fatalf("%+v, %d on %v: %v", a, credits, day, err)
		case err == nil && (got < 1 || got > a.credits || credits > 0 && got != credits || credits == 0 && got != a.credits):
			t.Fatalf("%+v, %d: granted %d", a, credits, got)
		case err != nil && (got != 0 || (recordtest.Reason(err) == api.StateConflict) != against):
			t.Fatalf("%+v, %d on %v: %d, %v", a, credits, day, got, err)
		}
	})
}

// everyRegistration is, by the state of a registration, whether credit may be asked for and posted.
var everyRegistration = map[string]struct{ requested, posted bool }{
	"AWAITING_ROLE": {true, false}, "WAITLISTED": {true, false}, "OFFERED": {true, false},
	"ENROLLED": {true, true}, "COMPLETED": {true, true}, "NOT_COMPLETED": {true, true},
	"WITHDRAWN": {false, false}, "DECLINED": {false, false}, "EXPIRED": {false, false},
}

func TestPostDateDoesNotLieAhead(t *testing.T) {
	today := recordtest.Day("2026-11-20")
	for day, want := range map[string]api.Reason{"2026-11-19": "", "2026-11-20": "", "2026-11-21": api.InvalidRequest} {
		if got := recordtest.Reason(checkPostDate(recordtest.Day(day), today)); got != want {
			t.Errorf("%s: got %q, want %q", day, got, want)
		}
	}
}
