package drops

import (
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	location, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return location
}

func TestLastDue(t *testing.T) {
	for _, c := range []struct{ what, zone, at, now, want string }{
		{"the minute itself", "America/New_York", "02:00", "2026-11-20T07:00:00Z", "2026-11-20T07:00:00Z"},
		{"a second before", "America/New_York", "02:00", "2026-11-20T06:59:59Z", "2026-11-19T07:00:00Z"},
		{"late in the day", "America/New_York", "02:00", "2026-11-21T04:59:59Z", "2026-11-20T07:00:00Z"},
		{"over the new year", "America/New_York", "23:59", "2027-01-01T05:00:00Z", "2027-01-01T04:59:00Z"},
		{"before a time that is skipped", "America/New_York", "02:30", "2026-03-08T07:29:59Z", "2026-03-07T07:30:00Z"},
		{"a time that is skipped", "America/New_York", "02:30", "2026-03-08T07:30:00Z", "2026-03-08T07:30:00Z"},
		{"after a time that was skipped", "America/New_York", "02:30", "2026-03-08T23:00:00Z", "2026-03-08T07:30:00Z"},
		{"the day after", "America/New_York", "02:30", "2026-03-09T06:30:00Z", "2026-03-09T06:30:00Z"},
		{"right after the gap", "America/New_York", "03:00", "2026-03-08T07:00:00Z", "2026-03-08T07:00:00Z"},
		{"a time that comes twice, first", "America/New_York", "01:30", "2026-11-01T05:30:00Z", "2026-11-01T05:30:00Z"},
		{"a time that comes twice, again", "America/New_York", "01:30", "2026-11-01T06:30:00Z", "2026-11-01T05:30:00Z"},
		{"the day after that", "America/New_York", "01:30", "2026-11-02T06:30:00Z", "2026-11-02T06:30:00Z"},
		{"half an hour's change", "Australia/Lord_Howe", "02:15", "2026-10-03T15:45:00Z", "2026-10-03T15:45:00Z"},
		{"no midnight", "America/Sao_Paulo", "00:30", "2018-11-04T03:30:00Z", "2018-11-04T03:30:00Z"},
		{"no Friday", "Pacific/Apia", "02:00", "2011-12-30T11:59:00Z", "2011-12-29T12:00:00Z"},
		{"the Saturday after it", "Pacific/Apia", "02:00", "2011-12-30T12:00:00Z", "2011-12-30T12:00:00Z"},
	} {
		at, err := ParseClockTime(c.at)
		if err != nil {
			t.Fatal(err)
		}
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		if got := LastDue(now, at, zone(t, c.zone)).Format(time.RFC3339); got != c.want {
			t.Errorf("%s: got %s, want %s", c.what, got, c.want)
		}
	}
}

// TestLastDueIsOneADay holds for any moment that the last due one is of the last day or so, and due by itself.
func TestLastDueIsOneADay(t *testing.T) {
	zones := []*time.Location{zone(t, "America/New_York"), zone(t, "America/Chicago"), zone(t, "Europe/Vienna"), zone(t, "Australia/Lord_Howe"), time.UTC}
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(rapid.Int64Range(1_600_000_000, 2_000_000_000).Draw(t, "now"), 0).UTC()
		at := ClockTime(rapid.IntRange(0, 24*60-1).Draw(t, "at"))
		in := rapid.SampledFrom(zones).Draw(t, "zone")
		due := LastDue(now, at, in)
		if due.After(now) || now.Sub(due) >= 25*time.Hour+time.Second {
			t.Fatalf("%s: due at %s", now, due)
		}
		if again := LastDue(due, at, in); !again.Equal(due) {
			t.Fatalf("%s is due, but at %s it was %s", due, due, again)
		}
		if later := LastDue(due.Add(22*time.Hour), at, in); !later.Equal(due) {
			t.Fatalf("%s and %s are due on one day", due, later)
		}
		if next := LastDue(due.Add(26*time.Hour), at, in); !next.After(due) {
			t.Fatalf("nothing is due in the day after %s", due)
		}
	})
}

func TestParseClockTime(t *testing.T) {
	for _, text := range []string{"", "2:00", "24:00", "02:60", "02:00:00", "2 am", "-1:00"} {
		if at, err := ParseClockTime(text); err == nil {
			t.Errorf("%q is %s", text, at)
		}
	}
	for _, text := range []string{"00:00", "02:05", "23:59"} {
		if at, err := ParseClockTime(text); err != nil || at.String() != text {
			t.Errorf("%q is %s, %v", text, at, err)
		}
	}
}
