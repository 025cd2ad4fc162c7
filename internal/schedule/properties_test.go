package schedule

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// inputs are sections of any kind, with any calendar, in zones that change their clocks at various times of the day.
var inputs = rapid.Custom(func(t *rapid.T) Input {
	in := Input{
		Weeks:   rapid.IntRange(1, 30).Draw(t, "weeks"),
		Zone:    zone(t, rapid.SampledFrom([]string{"America/New_York", "America/New_York", "America/Havana", "America/Santiago", "Australia/Lord_Howe", "UTC"}).Draw(t, "zone")),
		First:   date(t, "2026-01-01").AddDate(0, 0, rapid.IntRange(0, 800).Draw(t, "first")),
		Evening: time.Weekday(rapid.IntRange(0, 5).Draw(t, "evening")),
	}
	for range rapid.IntRange(1, 3).Draw(t, "patterns") {
		start := rapid.IntRange(0, 1439).Draw(t, "start")
		in.Patterns = append(in.Patterns, Pattern{
			Kind:  rapid.SampledFrom([]string{KindEvening, KindSaturday}).Draw(t, "kind"),
			Count: rapid.IntRange(1, 9).Draw(t, "count"), Start: start, End: rapid.IntRange(start+1, 1440).Draw(t, "end"),
		})
	}
	for range rapid.IntRange(0, 6).Draw(t, "closed") {
		first := in.First.AddDate(0, 0, rapid.IntRange(-5, 7*in.Weeks).Draw(t, "closed from"))
		in.Closed = append(in.Closed, ClosedDay{First: first, Last: first.AddDate(0, 0, rapid.IntRange(0, 9).Draw(t, "days")), Title: "Recess"})
	}
	return in
})

// shut says whether a civil date is a closed one.
func shut(in Input, day time.Time) bool {
	return slices.ContainsFunc(in.Closed, func(c ClosedDay) bool { return !day.Before(c.First) && !day.After(c.Last) })
}

// localDay is the civil date of an instant.
func localDay(t time.Time, zone *time.Location) time.Time {
	year, month, day := t.In(zone).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

func TestProposalsAreThePattern(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := inputs.Draw(t, "input")
		got, faults := Propose(in)
		if again, _ := Propose(in); !reflect.DeepEqual(got, again) {
			t.Fatal("another proposal for the same input")
		}
		if len(faults) > 0 {
			if len(got.Meetings) > 0 {
				t.Fatal("faults and meetings")
			}
			return
		}
		// What a pattern says of a meeting: its kind, when it begins on the wall clock, and how long it takes.
		type slot struct {
			kind           string
			start, minutes int
		}
		wanted := map[slot]int{}
		for _, p := range in.Patterns {
			wanted[slot{p.Kind, p.Start, p.End - p.Start}] += p.Count
		}
		met := map[time.Time]bool{}
		for i, m := range got.Meetings {
			day := localDay(m.Start, in.Zone)
			start, end := m.Start.In(in.Zone), m.End.In(in.Zone)
			is := slot{m.Kind, start.Hour()*60 + start.Minute(), int(m.End.Sub(m.Start) / time.Minute)}
			wanted[is]--
			weekday := map[string]time.Weekday{KindEvening: in.Evening, KindSaturday: time.Saturday}[m.Kind]
			switch {
			case m.Number != int32(i+1) || i > 0 && m.Start.Before(got.Meetings[i-1].End):
				t.Fatalf("%v is not in order", m)
			case shut(in, day) || day.Weekday() != weekday || met[day]:
				t.Fatalf("%v is on a day that it cannot be on", m)
			case day.Before(in.First) || !day.Before(in.First.AddDate(0, 0, 7*in.Weeks)):
				t.Fatalf("%v is not in the weeks", m)
			case end.Hour()*60+end.Minute() != (is.start+is.minutes)%1440:
				t.Fatalf("%v ends at another time on the clock", m)
			}
			met[day] = true
		}
		for is, left := range wanted {
			if left != 0 {
				t.Fatalf("%v: %d too few", is, left)
			}
		}
		for _, s := range got.Skipped {
			if met[s.Day] || s.Open && shut(in, s.Day) || !s.Open && !shut(in, s.Day) && !strings.Contains(s.Why, "clocks") {
				t.Fatalf("skipped %v", s)
			}
		}
	})
}

// Every day of the weekdays is accounted for, by a meeting or by why it has none.
func TestNoDayIsForgotten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := inputs.Draw(t, "input")
		got, faults := Propose(in)
		kinds := map[string]bool{}
		for _, p := range in.Patterns {
			kinds[p.Kind] = true
		}
		if days := len(got.Meetings) + len(got.Skipped); len(faults) == 0 && days != len(kinds)*in.Weeks {
			t.Fatalf("%d days in %d weeks of %v", days, in.Weeks, kinds)
		}
	})
}

// What a fault says would do, does; and one week less does not.
func TestRemediesHelp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := inputs.Draw(t, "input")
		_, faults := Propose(in)
		if len(faults) == 0 {
			return
		}
		longer := in
		for longer.Weeks < mostWeeks && len(faults) > 0 {
			longer.Weeks++
			_, faults = Propose(longer)
		}
		for _, of := range []struct {
			kind    string
			weekday time.Weekday
		}{{KindEvening, in.Evening}, {KindSaturday, time.Saturday}} {
			want := in.count(of.kind)
			if len(open(in.days(of.kind, of.weekday, in.Weeks))) >= want {
				continue
			}
			remedy := in.remedy(of.kind, of.weekday, want)
			if strings.Contains(remedy, "neither") {
				t.Fatal(remedy)
			}
			for other := time.Monday; other <= time.Friday; other++ {
				moved := in
				moved.Evening = other
				_, faults := Propose(moved)
				does := !slices.ContainsFunc(faults, func(f Fault) bool { return strings.Contains(f.Description, "evening") })
				if of.kind == KindEvening && other != in.Evening && strings.Contains(remedy, other.String()+"s") != does {
					t.Fatalf("%ss: %v; %s", other, faults, remedy)
				}
			}
			if len(in.slots(KindEvening)) == 0 || len(in.slots(KindSaturday)) == 0 {
				if said := iso(longer.lastDay(longer.Weeks)); !strings.Contains(remedy, said) {
					t.Fatalf("%s would do; %s", said, remedy)
				}
			}
		}
	})
}

// Between two chosen days lie as many open ones as between any other two, or one more; and no week has two meetings as
// long as there are weeks enough.
func TestMeetingsAreSpread(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		weeks := rapid.IntRange(1, 40).Draw(t, "weeks")
		count := rapid.IntRange(1, weeks).Draw(t, "saturdays")
		in := Input{Weeks: weeks, Zone: time.UTC, First: date(t, "2026-09-14"), Evening: time.Tuesday, Patterns: []Pattern{{KindSaturday, count, 510, 750}}}
		if evenings := weeks - count; evenings > 0 {
			in.Patterns = append(in.Patterns, Pattern{KindEvening, rapid.IntRange(1, evenings).Draw(t, "evenings"), 990, 1170})
		}
		got, faults := Propose(in)
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		last, fewest, most := -1, weeks, 0
		used := map[int]bool{}
		for _, m := range got.Meetings {
			week := int(m.Start.Sub(in.First) / (7 * 24 * time.Hour))
			if used[week] {
				t.Fatalf("two meetings in week %d", week+1)
			}
			used[week] = true
			if m.Kind != KindSaturday {
				continue
			}
			if last >= 0 {
				fewest, most = min(fewest, week-last), max(most, week-last)
			}
			last = week
		}
		if most > fewest+1 {
			t.Fatalf("%d Saturdays in %d weeks are %d to %d weeks from each other", count, weeks, fewest, most)
		}
	})
}
