package schedule

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"
)

// sessions is the session pattern of the program's courses.
var sessions = []Pattern{
	{Kind: KindEvening, Count: 8, Start: 16*60 + 30, End: 19*60 + 30},
	{Kind: KindSaturday, Count: 3, Start: 8*60 + 30, End: 12*60 + 30},
}

type fataler interface {
	Helper()
	Fatal(...any)
}

func zone(t fataler, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func date(t fataler, text string) time.Time {
	t.Helper()
	date, err := time.Parse(time.DateOnly, text)
	if err != nil {
		t.Fatal(err)
	}
	return date
}

func closed(t fataler, first, last, title string) ClosedDay {
	t.Helper()
	return ClosedDay{First: date(t, first), Last: date(t, last), Title: title}
}

// fall is a fall with a calendar like that of a district.
func fall(t fataler) Input {
	t.Helper()
	return Input{
		Patterns: sessions, Weeks: 12, Zone: zone(t, "America/New_York"), First: date(t, "2026-09-14"), Evening: time.Tuesday,
		Closed: []ClosedDay{
			closed(t, "2026-09-21", "2026-09-21", "Yom Kippur"),
			closed(t, "2026-10-12", "2026-10-12", "Indigenous Peoples' Day"),
			closed(t, "2026-11-03", "2026-11-03", "Election Day"),
			closed(t, "2026-11-11", "2026-11-11", "Veterans Day"),
			closed(t, "2026-11-25", "2026-11-29", "Thanksgiving Recess"),
		},
	}
}

// lines are the meetings as an instant, its local time and its kind.
func lines(s Schedule, zone *time.Location) []string {
	lines := make([]string, len(s.Meetings))
	for i, m := range s.Meetings {
		lines[i] = fmt.Sprintf("%d %s %s = %s to %s", m.Number, m.Kind, m.Start.Format("2006-01-02T15:04Z07:00"),
			m.Start.In(zone).Format("Mon Jan 2 15:04 MST"), m.End.In(zone).Format("15:04"))
	}
	return lines
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n%s\nwant\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestFall(t *testing.T) {
	in := fall(t)
	got, faults := Propose(in)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	same(t, "meetings", lines(got, in.Zone), []string{
		"1 evening 2026-09-15T20:30Z = Tue Sep 15 16:30 EDT to 19:30",
		"2 saturday 2026-09-26T12:30Z = Sat Sep 26 08:30 EDT to 12:30",
		"3 evening 2026-09-29T20:30Z = Tue Sep 29 16:30 EDT to 19:30",
		"4 evening 2026-10-06T20:30Z = Tue Oct 6 16:30 EDT to 19:30",
		"5 evening 2026-10-13T20:30Z = Tue Oct 13 16:30 EDT to 19:30",
		"6 saturday 2026-10-24T12:30Z = Sat Oct 24 08:30 EDT to 12:30",
		"7 evening 2026-10-27T20:30Z = Tue Oct 27 16:30 EDT to 19:30",
		"8 evening 2026-11-10T21:30Z = Tue Nov 10 16:30 EST to 19:30",
		"9 saturday 2026-11-21T13:30Z = Sat Nov 21 08:30 EST to 12:30",
		"10 evening 2026-11-24T21:30Z = Tue Nov 24 16:30 EST to 19:30",
		"11 evening 2026-12-01T21:30Z = Tue Dec 1 16:30 EST to 19:30",
	})
	var skipped []string
	for _, s := range got.Skipped {
		skipped = append(skipped, fmt.Sprintf("%s %s %v %s", s.Day.Format("Mon Jan 2"), s.Kind, s.Open, s.Why))
	}
	same(t, "skipped", skipped, []string{
		"Sat Sep 19 saturday true not needed",
		"Tue Sep 22 evening true not needed",
		"Sat Oct 3 saturday true not needed",
		"Sat Oct 10 saturday true not needed",
		"Sat Oct 17 saturday true not needed",
		"Tue Oct 20 evening true not needed",
		"Sat Oct 31 saturday true not needed",
		"Tue Nov 3 evening false closed: Election Day",
		"Sat Nov 7 saturday true not needed",
		"Sat Nov 14 saturday true not needed",
		"Tue Nov 17 evening true not needed",
		"Sat Nov 28 saturday false closed: Thanksgiving Recess",
		"Sat Dec 5 saturday true not needed",
	})
}

func TestWithoutClosedDays(t *testing.T) {
	in := fall(t)
	in.Closed = nil
	got, faults := Propose(in)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	var weeks []string
	for _, m := range got.Meetings {
		weeks = append(weeks, fmt.Sprintf("%s %d", m.Kind, int(m.Start.Sub(in.First).Hours()/24/7)+1))
	}
	// Eleven meetings in twelve weeks: no week has two.
	same(t, "weeks", weeks, []string{
		"evening 1", "evening 2", "saturday 3", "evening 4", "evening 5", "saturday 7",
		"evening 8", "evening 9", "evening 10", "saturday 11", "evening 12",
	})
}

func TestWeeksOfDaylightSaving(t *testing.T) {
	for name, of := range map[string]struct {
		zone, first string
		evening     time.Weekday
		patterns    []Pattern
		want        []string
	}{
		"begins on March 14": {"America/New_York", "2027-03-08", time.Sunday, []Pattern{{KindEvening, 2, 990, 1170}, {KindSaturday, 2, 510, 750}}, []string{
			"1 saturday 2027-03-13T13:30Z = Sat Mar 13 08:30 EST to 12:30",
			"2 evening 2027-03-14T20:30Z = Sun Mar 14 16:30 EDT to 19:30",
			"3 saturday 2027-03-20T12:30Z = Sat Mar 20 08:30 EDT to 12:30",
			"4 evening 2027-03-21T20:30Z = Sun Mar 21 16:30 EDT to 19:30",
		}},
		"ends on November 1": {"America/New_York", "2026-10-26", time.Sunday, []Pattern{{KindEvening, 2, 990, 1170}, {KindSaturday, 2, 510, 750}}, []string{
			"1 saturday 2026-10-31T12:30Z = Sat Oct 31 08:30 EDT to 12:30",
			"2 evening 2026-11-01T21:30Z = Sun Nov 1 16:30 EST to 19:30",
			"3 saturday 2026-11-07T13:30Z = Sat Nov 7 08:30 EST to 12:30",
			"4 evening 2026-11-08T21:30Z = Sun Nov 8 16:30 EST to 19:30",
		}},
		"an hour is left out":           {"America/New_York", "2027-03-08", time.Sunday, []Pattern{{KindEvening, 1, 60, 240}}, []string{"1 evening 2027-03-21T05:00Z = Sun Mar 21 01:00 EDT to 04:00"}},
		"it would begin in that hour":   {"America/New_York", "2027-03-08", time.Sunday, []Pattern{{KindEvening, 1, 150, 240}}, []string{"1 evening 2027-03-21T06:30Z = Sun Mar 21 02:30 EDT to 04:00"}},
		"it would end in that hour":     {"America/New_York", "2027-03-08", time.Sunday, []Pattern{{KindEvening, 1, 60, 150}}, []string{"1 evening 2027-03-21T05:00Z = Sun Mar 21 01:00 EDT to 02:30"}},
		"the same, east of Greenwich":   {"Europe/Berlin", "2027-03-22", time.Sunday, []Pattern{{KindEvening, 1, 60, 150}}, []string{"1 evening 2027-04-03T23:00Z = Sun Apr 4 01:00 CEST to 02:30"}},
		"an hour comes twice":           {"America/New_York", "2026-10-26", time.Sunday, []Pattern{{KindEvening, 1, 30, 240}}, []string{"1 evening 2026-11-08T05:30Z = Sun Nov 8 00:30 EST to 04:00"}},
		"until midnight":                {"America/New_York", "2026-10-26", time.Sunday, []Pattern{{KindEvening, 2, 1260, 1440}}, []string{"1 evening 2026-11-02T02:00Z = Sun Nov 1 21:00 EST to 00:00", "2 evening 2026-11-09T02:00Z = Sun Nov 8 21:00 EST to 00:00"}},
		"a day that there was not":      {"Pacific/Apia", "2011-12-26", time.Friday, []Pattern{{KindEvening, 1, 990, 1170}}, []string{"1 evening 2012-01-06T02:30Z = Fri Jan 6 16:30 +14 to 19:30"}},
		"by half an hour, on Lord Howe": {"Australia/Lord_Howe", "2027-03-29", time.Sunday, []Pattern{{KindEvening, 2, 990, 1170}}, []string{"1 evening 2027-04-04T06:00Z = Sun Apr 4 16:30 +1030 to 19:30", "2 evening 2027-04-11T06:00Z = Sun Apr 11 16:30 +1030 to 19:30"}},
	} {
		in := Input{Patterns: of.patterns, Weeks: 2, Zone: zone(t, of.zone), First: date(t, of.first), Evening: of.evening}
		got, faults := Propose(in)
		if len(faults) > 0 {
			t.Errorf("%s: %v", name, faults)
		}
		same(t, name, lines(got, in.Zone), of.want)
		if len(of.want) == 1 && (len(got.Skipped) != 1 || got.Skipped[0].Open || got.Skipped[0].Why != "the clocks change during the meeting") {
			t.Errorf("%s: skipped %v", name, got.Skipped)
		}
	}
}

func TestSeveralPatternsOfAKind(t *testing.T) {
	in := fall(t)
	in.Weeks, in.Closed = 3, nil
	in.Patterns = []Pattern{{KindEvening, 2, 960, 1200}, {KindEvening, 1, 1020, 1140}}
	got, faults := Propose(in)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	same(t, "meetings", lines(got, in.Zone), []string{
		"1 evening 2026-09-15T20:00Z = Tue Sep 15 16:00 EDT to 20:00",
		"2 evening 2026-09-22T20:00Z = Tue Sep 22 16:00 EDT to 20:00",
		"3 evening 2026-09-29T21:00Z = Tue Sep 29 17:00 EDT to 19:00",
	})
	// With a Saturday in the second week the order stays, though that week is the last to be chosen.
	in.Patterns = append(in.Patterns, Pattern{KindSaturday, 1, 510, 750})
	got, faults = Propose(in)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	same(t, "meetings with a Saturday", lines(got, in.Zone), []string{
		"1 evening 2026-09-15T20:00Z = Tue Sep 15 16:00 EDT to 20:00",
		"2 evening 2026-09-22T20:00Z = Tue Sep 22 16:00 EDT to 20:00",
		"3 saturday 2026-09-26T12:30Z = Sat Sep 26 08:30 EDT to 12:30",
		"4 evening 2026-09-29T21:00Z = Tue Sep 29 17:00 EDT to 19:00",
	})
}

func TestTooFewDays(t *testing.T) {
	for name, of := range map[string]struct {
		change func(*Input)
		want   []string
	}{
		"Tuesdays": {func(in *Input) {
			in.Weeks = 9
			in.Closed = append(in.Closed, closed(t, "2026-10-06", "2026-10-06", ""))
		}, []string{
			"leaves too few days: 8 evenings are needed, and 7 Tuesdays are open from 2026-09-14 to 2026-11-15; " +
				"not open: 2026-10-06 (closed), 2026-11-03 (closed: Election Day); 10 weeks (to 2026-11-22) or Wednesdays or Thursdays or Fridays would do",
		}},
		"both": {func(in *Input) { in.Weeks = 1 }, []string{
			"leaves too few days: 8 evenings are needed, and 1 Tuesday is open from 2026-09-14 to 2026-09-20; 9 weeks (to 2026-11-15) would do",
			"leaves too few days: 3 Saturdays are needed, and 1 Saturday is open from 2026-09-14 to 2026-09-20; 3 weeks (to 2026-10-04) would do",
		}},
		"always": {func(in *Input) {
			in.Weeks, in.Patterns = 1, sessions[1:]
			in.Closed = []ClosedDay{closed(t, "2026-01-01", "2099-12-31", "Closed for good")}
		}, []string{
			"leaves too few days: 3 Saturdays are needed, and 0 Saturdays are open from 2026-09-14 to 2026-09-20; " +
				"not open: 2026-09-19 (closed: Closed for good); neither a later end nor another weekday would do",
		}},
	} {
		in := fall(t)
		of.change(&in)
		got, faults := Propose(in)
		var texts []string
		for _, f := range faults {
			if f.Field != FieldCalendar {
				t.Errorf("%s: field %s", name, f.Field)
			}
			texts = append(texts, f.Description)
		}
		same(t, name, texts, of.want)
		if len(got.Meetings)+len(got.Skipped) > 0 {
			t.Errorf("%s: got %v besides", name, got)
		}
	}
}

func TestBadInput(t *testing.T) {
	for field, change := range map[string]func(*Input){
		"patterns":          func(in *Input) { in.Patterns = nil },
		"patterns[0].kind":  func(in *Input) { in.Patterns = []Pattern{{"morning", 1, 1, 2}} },
		"patterns[1].count": func(in *Input) { in.Patterns = []Pattern{sessions[0], {KindSaturday, 0, 1, 2}} },
		"patterns[0].count": func(in *Input) { in.Patterns = []Pattern{{KindSaturday, 105, 1, 2}} },
		"patterns[0].end":   func(in *Input) { in.Patterns = []Pattern{{KindEvening, 1, 1200, 1441}} },
		"patterns[1].end":   func(in *Input) { in.Patterns = []Pattern{sessions[0], {KindSaturday, 1, -1, 2}} },
		"patterns[2].end":   func(in *Input) { in.Patterns = append(slices.Clone(sessions), Pattern{KindSaturday, 1, 600, 600}) },
		"weeks":             func(in *Input) { in.Weeks = 105 },
		"zone":              func(in *Input) { in.Zone = nil },
		"first":             func(in *Input) { in.First = in.First.In(in.Zone) },
		"evening":           func(in *Input) { in.Evening = time.Saturday },
		"closed[1].last":    func(in *Input) { in.Closed[1].Last = in.Closed[1].First.AddDate(0, 0, -1) },
		"closed[0].last":    func(in *Input) { in.Closed[0].First = time.Time{} },
		"closed[2].last":    func(in *Input) { in.Closed[2].Last = in.Closed[2].Last.Add(time.Hour) },
	} {
		in := fall(t)
		change(&in)
		_, faults := Propose(in)
		if len(faults) != 1 || faults[0].Field != field {
			t.Errorf("%s: got %v", field, faults)
		}
	}
}
