package enrollment

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/btlc/btlc/internal/api"
)

func on(month time.Month, day int) time.Time {
	return time.Date(2026, month, day, 0, 0, 0, 0, time.UTC)
}

func until(month time.Month, day int) *time.Time {
	t := on(month, day)
	return &t
}

func reasonOf(err error) api.Reason {
	if e, ok := errors.AsType[*api.Error](err); ok {
		return e.Reason
	}
	return ""
}

func TestQualify(t *testing.T) {
	day := on(time.November, 20)
	held := assignment{id: uuid.UUID{1}, state: "CONFIRMED", confirmed: true, family: "mentor", start: on(time.September, 1)}
	with := func(change func(a *assignment)) assignment {
		a := held
		change(&a)
		return a
	}
	reported := with(func(a *assignment) { a.state, a.confirmed = "REPORTED", false })
	disputed := with(func(a *assignment) { a.state, a.confirmed = "DISPUTED", false })
	later := with(func(a *assignment) { a.start = on(time.December, 1) })
	over := with(func(a *assignment) { a.end = until(time.November, 19) })
	ended := with(func(a *assignment) { a.state, a.end = "ENDED", until(time.November, 19) })
	ending := with(func(a *assignment) { a.id, a.state, a.end = uuid.UUID{2}, "ENDED", until(time.November, 20) })
	neverConfirmed := with(func(a *assignment) { a.state, a.confirmed, a.end = "ENDED", false, until(time.December, 1) })
	endless := with(func(a *assignment) { a.state = "ENDED" })
	older := with(func(a *assignment) { a.id, a.family, a.start = uuid.UUID{3}, "team-leader", on(time.August, 1) })
	for name, c := range map[string]struct {
		assignments []assignment
		family      string
		want        uuid.UUID
		record      string
	}{
		"held":                     {assignments: []assignment{reported, held}, want: held.id},
		"from its first day on":    {assignments: []assignment{with(func(a *assignment) { a.start = day })}, want: held.id},
		"up to its last day":       {assignments: []assignment{ending}, want: ending.id},
		"the longest held":         {assignments: []assignment{held, older}, want: older.id},
		"one of the family before": {assignments: []assignment{older, held}, family: "mentor", want: held.id},
		"any when none of it":      {assignments: []assignment{older, held}, family: "content-area-leader", want: older.id},
		"nothing":                  {record: "none"},
		"reported":                 {assignments: []assignment{reported, reported}, record: "one reported, but not confirmed by the principal yet"},
		"disputed":                 {assignments: []assignment{disputed}, record: "one disputed"},
		"not yet":                  {assignments: []assignment{later}, record: "one that starts on 2026-12-01"},
		"confirmed, and over":      {assignments: []assignment{over}, record: "one ended on 2026-11-19"},
		"ended":                    {assignments: []assignment{ended, disputed}, record: "one disputed; one ended on 2026-11-19"},
		"ended, never confirmed":   {assignments: []assignment{neverConfirmed}, record: "one that ends on 2026-12-01 and was never confirmed"},
		"ended, nobody knows when": {assignments: []assignment{endless}, record: "one ended"},
	} {
		got, err := qualify(c.assignments, c.family, day)
		if c.record == "" {
			if err != nil || got.id != c.want {
				t.Errorf("%s: got %v, %v, want %v", name, got.id, err, c.want)
			}
			continue
		}
		e, _ := errors.AsType[*api.Error](err)
		want := "A seat takes a leadership role that is confirmed for 2026-11-20. On record: " + c.record + "."
		if e == nil || e.Reason != api.RoleNotHeld || e.Detail != want || e.Metadata["registerDate"] != "2026-11-20" {
			t.Errorf("%s: got %v %v, want %s", name, err, e.Metadata, want)
		}
	}
}

// Whoever qualifies does so by a role that counts, whatever the order in which roles come and whatever the cohort; and
// more roles never take a seat away.
func TestQualifyByAnyHistory(t *testing.T) {
	day := on(time.November, 20)
	roles := rapid.Custom(func(t *rapid.T) assignment {
		a := assignment{
			state:     rapid.SampledFrom([]string{"REPORTED", "CONFIRMED", "DISPUTED", "ENDED"}).Draw(t, "state"),
			confirmed: rapid.Bool().Draw(t, "confirmed"), family: rapid.SampledFrom([]string{"", "mentor", "team-leader"}).Draw(t, "family"),
			start: day.AddDate(0, 0, rapid.IntRange(-3, 3).Draw(t, "start")),
		}
		copy(a.id[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		if rapid.Bool().Draw(t, "ends") {
			end := a.start.AddDate(0, 0, rapid.IntRange(0, 3).Draw(t, "length"))
			a.end = &end
		}
		return a
	})
	rapid.Check(t, func(t *rapid.T) {
		history := rapid.SliceOfNDistinct(roles, 0, 6, func(a assignment) uuid.UUID { return a.id }).Draw(t, "history")
		family := rapid.SampledFrom([]string{"", "mentor"}).Draw(t, "cohort")
		got, err := qualify(history, family, day)
		again, _ := qualify(rapid.Permutation(history).Draw(t, "another order"), family, day)
		if got.id != again.id {
			t.Fatalf("got %v, and %v in another order", got, again)
		}
		one, ofFamily := false, false
		for _, a := range history {
			one = one || a.counts(day)
			ofFamily = ofFamily || a.counts(day) && a.family == family
		}
		switch {
		case (err == nil) != one:
			t.Fatalf("got %v; that one counts is %v", err, one)
		case one && !got.counts(day):
			t.Fatalf("%v does not count", got)
		case family != "" && ofFamily && got.family != family:
			t.Fatalf("%v is not of the cohort's family", got)
		}
	})
}

func TestRegister(t *testing.T) {
	educator := uuid.UUID{9}
	held := []assignment{{state: "CONFIRMED", confirmed: true, start: on(time.September, 1)}}
	opens, closes := on(time.November, 1), on(time.November, 30)
	for name, c := range map[string]struct {
		state        string
		now          time.Time
		facilitators []uuid.UUID
		assignments  []assignment
		placed       bool
		want         api.Reason
	}{
		"placed after registration":  {state: "CLOSED", now: closes, assignments: held, placed: true},
		"placed in one that began":   {state: "IN_SESSION", now: closes, assignments: held, placed: true, want: api.RegistrationClosed},
		"placed in a draft":          {state: "DRAFT", now: opens, assignments: held, placed: true, want: api.RegistrationClosed},
		"placed without a role":      {now: opens, placed: true, want: api.RoleNotHeld},
		"open":                       {now: on(time.November, 20), assignments: held},
		"at the first moment":        {now: opens, assignments: held},
		"before":                     {now: opens.Add(-time.Microsecond), assignments: held, want: api.RegistrationClosed},
		"at the last moment":         {now: closes.Add(-time.Microsecond), assignments: held},
		"after":                      {now: closes, assignments: held, want: api.RegistrationClosed},
		"closed":                     {state: "CLOSED", now: on(time.November, 20), assignments: held, want: api.RegistrationClosed},
		"a draft":                    {state: "DRAFT", now: on(time.November, 20), assignments: held, want: api.RegistrationClosed},
		"a facilitator of it":        {now: on(time.November, 20), facilitators: []uuid.UUID{{8}, educator}, assignments: held, want: api.OwnWork},
		"a facilitator of another":   {now: on(time.November, 20), facilitators: []uuid.UUID{{8}}, assignments: held},
		"without a role":             {now: on(time.November, 20), want: api.RoleNotHeld},
		"closed comes before a role": {state: "CLOSED", now: on(time.November, 20), want: api.RegistrationClosed},
	} {
		o := offer{state: "OPEN", opens: opens, closes: closes, facilitators: c.facilitators, placed: c.placed}
		if c.state != "" {
			o.state = c.state
		}
		if _, err := register(o, educator, c.assignments, c.now, on(time.November, 20)); reasonOf(err) != c.want {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

// A role is awaited that would qualify if it were confirmed, and no other.
func TestAwaited(t *testing.T) {
	day := on(time.November, 20)
	reported := assignment{id: uuid.UUID{1}, state: "REPORTED", family: "mentor", start: on(time.September, 1)}
	later, disputed, other := reported, reported, reported
	later.start, disputed.state, other.id, other.family = on(time.December, 1), "DISPUTED", uuid.UUID{2}, "team-leader"
	other.start = on(time.August, 1)
	for name, c := range map[string]struct {
		assignments []assignment
		family      string
		want        uuid.UUID
	}{
		"reported":              {assignments: []assignment{reported}, want: reported.id},
		"of the family":         {assignments: []assignment{other, reported}, family: "mentor", want: reported.id},
		"the longest held":      {assignments: []assignment{reported, other}, want: other.id},
		"one that starts later": {assignments: []assignment{later}},
		"disputed":              {assignments: []assignment{disputed}},
		"none":                  {},
	} {
		if got, found := awaited(c.assignments, c.family, day); got.id != c.want || found != (c.want != uuid.UUID{}) {
			t.Errorf("%s: got %v, %v", name, got.id, found)
		}
	}
}
