package roleinventory

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/btlc/btlc/internal/api"
)

var allStates = []string{"REPORTED", "CONFIRMED", "DISPUTED", "ENDED"}

// The whole table, told a second time as a person would read it: state, verb, and where it leads.
func TestAssignmentLife(t *testing.T) {
	leads := map[string]map[string]string{
		"create":    {"": "REPORTED"},
		"confirm":   {"REPORTED": "CONFIRMED", "DISPUTED": "CONFIRMED"},
		"dispute":   {"REPORTED": "DISPUTED", "CONFIRMED": "DISPUTED"},
		"end later": {"REPORTED": "REPORTED", "CONFIRMED": "CONFIRMED"},
		"end":       {"REPORTED": "ENDED", "CONFIRMED": "ENDED"},
	}
	for verb, to := range leads {
		for _, state := range allStates {
			got, err := assignmentLife.After("role assignment", state, verb)
			if got != to[state] || (err == nil) != (to[state] != "") {
				t.Errorf("%s %s: got %q, %v, want %q", verb, state, got, err, to[state])
			}
			if err != nil && reasonOf(err) != api.StateConflict {
				t.Errorf("%s %s: got %v", verb, state, err)
			}
		}
	}
	for _, m := range assignmentLife {
		if leads[m.Verb()][m.From()] != m.To() || !slices.Contains(allStates, m.To()) {
			t.Errorf("the table has %v", m)
		}
	}
}

func reasonOf(err error) api.Reason {
	var known *api.Error
	if errors.As(err, &known) {
		return known.Reason
	}
	return ""
}

func day(text string) time.Time {
	d, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return d
}

func TestEnd(t *testing.T) {
	const today = "2026-11-20"
	for name, c := range map[string]struct {
		state, last, end string
		want             string
		reason           api.Reason
	}{
		"yesterday was the last day":  {state: "CONFIRMED", end: "2026-11-19", want: "ENDED"},
		"today is held still":         {state: "CONFIRMED", end: "2026-11-20", want: "CONFIRMED"},
		"in a month":                  {state: "CONFIRMED", end: "2026-12-20", want: "CONFIRMED"},
		"reported, in a month":        {state: "REPORTED", end: "2026-12-20", want: "REPORTED"},
		"reported, over":              {state: "REPORTED", end: "2026-10-01", want: "ENDED"},
		"one day long":                {state: "CONFIRMED", end: "2026-09-01", want: "ENDED"},
		"before the first day":        {state: "CONFIRMED", end: "2026-08-31", reason: api.InvalidRequest},
		"earlier than it was":         {state: "CONFIRMED", last: "2027-06-30", end: "2026-12-20", want: "CONFIRMED"},
		"as it was":                   {state: "CONFIRMED", last: "2026-10-01", end: "2026-10-01", want: "ENDED"},
		"later than it was":           {state: "CONFIRMED", last: "2026-10-01", end: "2026-12-20", reason: api.InvalidRequest},
		"disputed":                    {state: "DISPUTED", end: "2026-11-19", reason: api.StateConflict},
		"ended":                       {state: "ENDED", last: "2026-11-01", end: "2026-10-01", reason: api.StateConflict},
		"ended, and to go on for now": {state: "ENDED", last: "2026-11-01", end: "2026-12-01", reason: api.StateConflict},
	} {
		was := tenure{State: c.state, Start: day("2026-09-01")}
		if c.last != "" {
			last := day(c.last)
			was.End = &last
		}
		got, err := was.end(day(c.end), day(today), "moved")
		switch {
		case reasonOf(err) != c.reason:
			t.Errorf("%s: got %v, want %s", name, err, c.reason)
		case err == nil && (got.State != c.want || !got.End.Equal(day(c.end)) || got.Reason != "moved"):
			t.Errorf("%s: got %+v, want %s", name, got, c.want)
		}
	}
}

// counts is what others read from a tenure: whether the role counts on a day.
func counts(t tenure, d time.Time) bool {
	return t.ConfirmTime != nil && (t.State == "CONFIRMED" || t.State == "ENDED") && !d.Before(t.Start) && (t.End == nil || !d.After(*t.End))
}

// Whatever is done in whatever order: only a confirmation makes days count, an end makes no more days count than before
// and leaves the days up to it as they were, and what the table of assignments checks holds.
func TestTenureProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := day("2026-09-01")
		anyDay := func(label string) time.Time {
			return start.AddDate(0, 0, rapid.IntRange(-5, 40).Draw(t, label))
		}
		now := tenure{State: "REPORTED", Start: start}
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			was, verb := now, rapid.SampledFrom([]string{"confirm", "dispute", "end"}).Draw(t, "verb")
			var err error
			var last time.Time
			switch verb {
			case "confirm":
				now, err = was.confirm("people/x#y", anyDay("now"))
			case "dispute":
				now, err = was.dispute("was on leave")
			case "end":
				last = anyDay("last day")
				now, err = was.end(last, anyDay("today"), "")
			}
			if err != nil {
				now = was
				continue
			}
			if now.State == "CONFIRMED" && (now.ConfirmTime == nil || now.ConfirmedBy == "") {
				t.Fatalf("confirmed by nobody: %+v", now)
			}
			if now.End != nil && now.End.Before(now.Start) {
				t.Fatalf("ends before it starts: %+v", now)
			}
			for offset := -5; offset <= 45; offset++ {
				d := start.AddDate(0, 0, offset)
				before, after := counts(was, d), counts(now, d)
				if after && !before && verb != "confirm" || after && verb == "dispute" {
					t.Fatalf("%s makes %s count: %+v, then %+v", verb, d.Format(time.DateOnly), was, now)
				}
				if verb == "end" && !d.After(last) && before != after {
					t.Fatalf("the end on %s changes %s: %+v, then %+v", last.Format(time.DateOnly), d.Format(time.DateOnly), was, now)
				}
			}
		}
	})
}
