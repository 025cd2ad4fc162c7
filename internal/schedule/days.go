package schedule

import (
	"fmt"
	"time"
)

// day is a day on which a kind of meeting could take place.
type day struct {
	date time.Time // civil
	week int       // from Input.First, from 0
	why  string    // it is not open; "" when it is
}

// days are the days of a weekday in so many weeks, for meetings of a kind.
func (in Input) days(kind string, weekday time.Weekday, weeks int) []day {
	until := int(weekday-in.First.Weekday()+7) % 7
	days := make([]day, weeks)
	for week := range days {
		date := in.First.AddDate(0, 0, 7*week+until)
		days[week] = day{date: date, week: week, why: in.obstacle(kind, date)}
	}
	return days
}

// obstacle says why no meeting of a kind takes place on a day, "" when one may.
func (in Input) obstacle(kind string, date time.Time) string {
	for _, c := range in.Closed {
		if !date.Before(c.First) && !date.After(c.Last) {
			if c.Title == "" {
				return "closed"
			}
			return "closed: " + c.Title
		}
	}
	for _, p := range in.Patterns {
		if p.Kind != kind {
			continue
		}
		start, starts := in.instant(date, p.Start)
		end, ends := in.instant(date, p.End)
		// Whoever meets while the clock is changed meets for an hour more or less than the pattern says.
		if !starts || !ends || end.Sub(start) != time.Duration(p.End-p.Start)*time.Minute {
			return "the clocks change during the meeting"
		}
	}
	return ""
}

// instant is when the wall clock shows so many minutes since midnight on a day, and whether it ever does.
func (in Input) instant(date time.Time, minutes int) (time.Time, bool) {
	t := time.Date(date.Year(), date.Month(), date.Day(), 0, minutes, 0, 0, in.Zone)
	_, offset := t.Zone()
	shown := t.UTC().Add(time.Duration(offset) * time.Second)
	return t.UTC(), shown.Equal(date.Add(time.Duration(minutes) * time.Minute))
}

// slots are the patterns of a kind, each as often as it has meetings.
func (in Input) slots(kind string) []Pattern {
	var slots []Pattern
	for _, p := range in.Patterns {
		if p.Kind == kind {
			for range p.Count {
				slots = append(slots, p)
			}
		}
	}
	return slots
}

// count is how many meetings of a kind there are to be.
func (in Input) count(kind string) int { return len(in.slots(kind)) }

// open are the days that are.
func open(days []day) []day {
	var open []day
	for _, d := range days {
		if d.why == "" {
			open = append(open, d)
		}
	}
	return open
}

// mostWeeks bounds how far ahead is planned; sessions of a course last 12 weeks.
const mostWeeks = 104

// check says what is wrong with the input itself, all at once.
func (in Input) check() []Fault {
	var faults []Fault
	refuse := func(field, format string, values ...any) {
		faults = append(faults, Fault{field, fmt.Sprintf(format, values...)})
	}
	if len(in.Patterns) == 0 {
		refuse("patterns", "is empty: no meetings are asked for")
	}
	for i, p := range in.Patterns {
		path := fmt.Sprintf("patterns[%d]", i)
		if p.Kind != KindEvening && p.Kind != KindSaturday {
			refuse(path+".kind", "is %s or %s", KindEvening, KindSaturday)
		}
		if p.Count < 1 || p.Count > mostWeeks {
			refuse(path+".count", "is 1 to %d", mostWeeks)
		}
		if p.Start < 0 || p.End <= p.Start || p.End > 24*60 {
			refuse(path+".end", "is after start and on the same day")
		}
	}
	if in.Weeks < 1 || in.Weeks > mostWeeks {
		refuse("weeks", "is 1 to %d", mostWeeks)
	}
	if in.Zone == nil {
		refuse("zone", "is required")
	}
	if !isDate(in.First) {
		refuse("first", "is a date")
	}
	if in.Evening < time.Sunday || in.Evening >= time.Saturday {
		refuse("evening", "is a weekday other than Saturday")
	}
	for i, c := range in.Closed {
		if !isDate(c.First) || !isDate(c.Last) || c.Last.Before(c.First) {
			refuse(fmt.Sprintf("closed[%d].last", i), "is a date, and not before first")
		}
	}
	return faults
}

// isDate says whether a time is a civil date as the house has them.
func isDate(t time.Time) bool {
	_, offset := t.Zone()
	return !t.IsZero() && offset == 0 && t.Equal(t.Truncate(24*time.Hour))
}
