package ledger

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/btlc/btlc/internal/money"
)

// assumed is a rule as the program could have one.
var assumed = RefundRule{
	ID: "assumed-1", Citation: "assumption: no source states a rule", Assumption: true, OnCancellation: 100,
	Steps: []RefundStep{{RegistrationClose, 100}, {FirstMeeting, 75}, {"meeting-3", 50}},
}

func at(hours int) time.Time { return today.Add(time.Duration(hours) * time.Hour) }

func TestQuotes(t *testing.T) {
	meetings := []time.Time{at(100), at(200), at(300), at(400)}
	for what, c := range map[string]struct {
		charged   int64
		when      time.Time
		meetings  []time.Time
		cancelled bool
		want      int64
		percent   int
		until     string
	}{
		"at once":                   {100_000, at(-500), meetings, false, 100_000, 100, RegistrationClose},
		"just before the close":     {100_000, at(0).Add(-1), meetings, false, 100_000, 100, RegistrationClose},
		"at the close":              {100_000, at(0), meetings, false, 75_000, 75, FirstMeeting},
		"before the first meeting":  {100_000, at(100).Add(-1), meetings, false, 75_000, 75, FirstMeeting},
		"as the first meeting is":   {100_000, at(100), meetings, false, 50_000, 50, "meeting-3"},
		"before the third":          {100_000, at(300).Add(-1), meetings, false, 50_000, 50, "meeting-3"},
		"as the third meeting is":   {100_000, at(300), meetings, false, 0, 0, AfterSteps},
		"much later":                {100_000, at(9000), meetings, false, 0, 0, AfterSteps},
		"cancelled before":          {100_000, at(-500), meetings, true, 100_000, 100, Cancellation},
		"cancelled after":           {100_000, at(9000), meetings, true, 100_000, 100, Cancellation},
		"no meetings planned":       {100_000, at(50), nil, false, 75_000, 75, FirstMeeting},
		"third meeting not planned": {100_000, at(250), meetings[:2], false, 50_000, 50, "meeting-3"},
		"half a cent, to even":      {5, at(150), meetings, false, 2, 50, "meeting-3"},
		"one and a half":            {3, at(150), meetings, false, 2, 50, "meeting-3"},
		"three quarters":            {1, at(50), meetings, false, 1, 75, FirstMeeting},
		"nothing was charged":       {0, at(-500), meetings, false, 0, 100, RegistrationClose},
	} {
		got := assumed.Quote(dollars(c.charged), Withdrawal{Time: c.when, RegistrationClose: at(0), Meetings: c.meetings, SectionCancelled: c.cancelled})
		if want := (Quote{dollars(c.want), c.percent, "assumed-1", c.until, true}); got != want {
			t.Errorf("%s: %+v, want %+v", what, got, want)
		}
	}
}

func TestQuoteReason(t *testing.T) {
	quote := assumed.Quote(dollars(100), Withdrawal{Time: at(50), RegistrationClose: at(0)})
	if got, want := quote.Reason(), "refund rule assumed-1, an assumption: 75 percent (first-meeting)"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	quote.Assumption = false
	if got := quote.Reason(); strings.Contains(got, "assumption") {
		t.Error(got)
	}
}

func TestInForce(t *testing.T) {
	date := func(text string) time.Time {
		day, err := time.Parse(time.DateOnly, text)
		if err != nil {
			t.Fatal(err)
		}
		return day
	}
	always, later := RefundRule{ID: "always"}, RefundRule{ID: "later", Effective: date("2026-09-01")}
	latest := RefundRule{ID: "latest", Effective: date("2027-01-01")}
	for _, c := range []struct {
		rules []RefundRule
		day   string
		want  string
	}{
		{nil, "2026-09-01", ""},
		{[]RefundRule{latest, later}, "2026-08-31", ""},
		{[]RefundRule{latest, later}, "2026-09-01", "later"},
		{[]RefundRule{always, latest, later}, "1999-01-01", "always"},
		{[]RefundRule{always, latest, later}, "2026-08-31", "always"},
		{[]RefundRule{latest, always, later}, "2026-12-31", "later"},
		{[]RefundRule{later, latest, always}, "2027-01-01", "latest"},
		{[]RefundRule{later, latest, always}, "2040-01-01", "latest"},
	} {
		if rule, ok := InForce(c.rules, date(c.day)); rule.ID != c.want || ok != (c.want != "") {
			t.Errorf("%s of %d rules: %q", c.day, len(c.rules), rule.ID)
		}
	}
	boston := time.FixedZone("", -5*3600)
	if rule, _ := InForce([]RefundRule{later, latest}, time.Date(2026, 12, 31, 23, 0, 0, 0, boston)); rule.ID != "later" {
		t.Errorf("the last evening of the year has %q, of the next day", rule.ID)
	}
}

func TestCheckRules(t *testing.T) {
	if err := CheckRules([]RefundRule{assumed, {ID: "next", Effective: today, Citation: "board decision"}}); err != nil {
		t.Error(err)
	}
	for fault, rules := range map[string][]RefundRule{
		"is not an id":                           {{Citation: "c"}},
		"one that comes twice":                   {assumed, {ID: assumed.ID, Citation: "c", Effective: today}},
		"takes effect on the day":                {assumed, {ID: "b", Citation: "c"}},
		"has no citation":                        {{ID: "a", Citation: " "}},
		"refunds 101 percent on":                 {{ID: "a", Citation: "c", OnCancellation: 101}},
		"refunds -1 percent until first-meeting": {{ID: "a", Citation: "c", Steps: []RefundStep{{FirstMeeting, -1}}}},
		"refunds 101 percent until":              {{ID: "a", Citation: "c", Steps: []RefundStep{{FirstMeeting, 101}}}},
		"refunds 51 percent until meeting-2":     {{ID: "a", Citation: "c", Steps: []RefundStep{{FirstMeeting, 50}, {"meeting-2", 51}}}},
		"until registration-close after":         {{ID: "a", Citation: "c", Steps: []RefundStep{{FirstMeeting, 50}, {RegistrationClose, 50}}}},
		"until meeting-2 after":                  {{ID: "a", Citation: "c", Steps: []RefundStep{{"meeting-2", 50}, {"meeting-2", 50}}}},
		`until "meeting-1"`:                      {{ID: "a", Citation: "c", Steps: []RefundStep{{"meeting-1", 50}}}},
		`until "meeting-two"`:                    {{ID: "a", Citation: "c", Steps: []RefundStep{{"meeting-two", 50}}}},
		`until "meeting-02"`:                     {{ID: "a", Citation: "c", Steps: []RefundStep{{"meeting-02", 50}}}},
		`until ""`:                               {{ID: "a", Citation: "c", Steps: []RefundStep{{"", 50}}}},
	} {
		if err := CheckRules(rules); !errors.Is(err, ErrRule) || !strings.Contains(err.Error(), fault) {
			t.Errorf("%s: %v", fault, err)
		}
	}
	err := CheckRules([]RefundRule{{ID: "a", OnCancellation: 101}})
	if err == nil || !strings.Contains(err.Error(), "citation") || !strings.Contains(err.Error(), "cancellation") {
		t.Errorf("not every fault is told: %v", err)
	}
}

func anyRule(t *rapid.T) RefundRule {
	moments := []string{RegistrationClose, FirstMeeting, "meeting-2", "meeting-3", "meeting-11"}
	rule := RefundRule{ID: "any", Citation: "test", OnCancellation: rapid.IntRange(0, 100).Draw(t, "on cancellation")}
	highest := 100
	for _, moment := range moments {
		if rapid.Bool().Draw(t, moment) {
			highest = rapid.IntRange(0, highest).Draw(t, "percent")
			rule.Steps = append(rule.Steps, RefundStep{moment, highest})
		}
	}
	return rule
}

// Nobody gets more than was charged, nor more for waiting, whatever the rule and the schedule.
func TestAnyQuote(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rule := anyRule(t)
		if err := CheckRules([]RefundRule{rule}); err != nil {
			t.Fatal(err)
		}
		hours := rapid.IntRange(-50, 50)
		w := Withdrawal{RegistrationClose: at(hours.Draw(t, "close")), SectionCancelled: rapid.Bool().Draw(t, "cancelled")}
		for range rapid.IntRange(0, 12).Draw(t, "meetings") {
			w.Meetings = append(w.Meetings, at(hours.Draw(t, "meeting"))) // also moved ones, out of order
		}
		times := rapid.SliceOfN(rapid.IntRange(-60, 60), 2, 10).Draw(t, "times")
		slices.Sort(times)
		charged := rapid.Int64Range(0, money.MaxMinor).Draw(t, "charged")
		before := Quote{Amount: dollars(charged), Percent: 100}
		for _, hour := range times {
			w.Time = at(hour)
			q := rule.Quote(dollars(charged), w)
			if q.Amount.Minor < 0 || q.Amount.Minor > charged || q.Percent > before.Percent || q.Amount.Minor > before.Amount.Minor {
				t.Fatalf("%+v of %d after %+v", q, charged, before)
			}
			before = q
		}
	})
}

// What is quoted of what is charged can always be entered, whatever was waived before.
func TestAnyQuoteIsEntered(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := &book{t: t}
		charge := rapid.Int64Range(2, money.MaxMinor).Draw(t, "charge")
		b.enter(Charge, educator, charge)
		b.enter(Waiver, educator, rapid.Int64Range(1, charge-1).Draw(t, "waiver"))
		left := Charged(b.entries, Claim{educator, money.Program, aSeat, "USD"})
		q := assumed.Quote(dollars(left), Withdrawal{Time: at(-1), RegistrationClose: at(0)})
		d := b.draft(Refund, educator, q.Amount.Minor)
		d.Reason = q.Reason()
		if _, err := New(b.entries, d); err != nil || q.Amount.Minor != left {
			t.Fatalf("%+v of %d: %v", q, left, err)
		}
	})
}
