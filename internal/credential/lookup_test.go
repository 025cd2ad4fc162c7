package credential

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/record/recordtest"
)

func TestMomentOf(t *testing.T) {
	boston := must[*time.Location](t)(time.LoadLocation("America/New_York"))
	now := time.Date(2026, 11, 21, 4, 30, 0, 0, time.UTC) // the 20th in Boston
	day := func(text string) *time.Time { d := recordtest.Day(text); return &d }
	at := func(text string) *time.Time { d := must[time.Time](t)(time.Parse(time.RFC3339Nano, text)); return &d }
	same := func(a, b *time.Time) bool { return a == nil && b == nil || a != nil && b != nil && a.Equal(*b) }
	for name, c := range map[string]struct {
		asOf, known *time.Time
		want        moment
	}{
		"the present": {nil, nil, moment{time: now}},
		"today":       {day("2026-11-20"), nil, moment{time: now, status: at("2026-11-21T04:59:59.999999Z")}},
		"a day":       {day("2026-11-01"), nil, moment{time: *at("2026-11-02T04:59:59.999999Z"), status: at("2026-11-02T04:59:59.999999Z")}}, // clocks went back
		"known then":  {nil, day("2026-07-01"), moment{time: now, status: at("2026-07-02T03:59:59.999999Z"), known: at("2026-07-02T03:59:59.999999Z")}},
		"then, and known later": {day("2026-07-01"), day("2026-07-09"), moment{time: *at("2026-07-02T03:59:59.999999Z"),
			status: at("2026-07-02T03:59:59.999999Z"), known: at("2026-07-10T03:59:59.999999Z")}},
		"then, and known before": {day("2026-07-09"), day("2026-07-01"), moment{time: *at("2026-07-10T03:59:59.999999Z"),
			status: at("2026-07-02T03:59:59.999999Z"), known: at("2026-07-02T03:59:59.999999Z")}},
	} {
		got, err := momentOf(now, boston, c.asOf, c.known)
		if err != nil || !got.time.Equal(c.want.time) || !same(got.day, c.asOf) || !same(got.knownDay, c.known) || !same(got.status, c.want.status) || !same(got.known, c.want.known) {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
		if got.dated() != (c.asOf != nil || c.known != nil) {
			t.Errorf("%s: dated is %v", name, got.dated())
		}
	}
	var refusal *api.Error
	if _, err := momentOf(now, boston, day("2026-11-21"), day("2026-11-22")); !errors.As(err, &refusal) || len(refusal.Violations) != 2 || refusal.Violations[0].Field != "asOf" || refusal.Violations[1].Field != "knownAsOf" {
		t.Errorf("days to come: %v", err)
	}
}

// The end of a day is within it, wherever it is and whatever its clocks do, and the next moment is not.
func TestEndOfDayProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone, err := time.LoadLocation(rapid.SampledFrom([]string{"America/New_York", "UTC", "Pacific/Auckland", "Asia/Kathmandu", "America/Sao_Paulo"}).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		day := time.Date(2000, 1, rapid.IntRange(1, 12000).Draw(t, "day"), 0, 0, 0, 0, time.UTC)
		end := endOfDay(day, zone)
		if got := api.LocalDay(end, zone); !got.Equal(day) {
			t.Fatalf("the end of %s is on %s", day, got)
		}
		if got := api.LocalDay(end.Add(time.Microsecond), zone); !got.After(day) {
			t.Fatalf("the end of %s is not the last moment", day)
		}
	})
}
