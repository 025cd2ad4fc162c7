package schedule

import (
	"fmt"
	"strings"
	"time"
)

// FieldCalendar is the field of a fault when nothing is wrong with the input but that its calendar leaves too few days.
const FieldCalendar = "calendar"

// shortages says of which kinds of meetings not all fit.
func (in Input) shortages() []Fault {
	var faults []Fault
	for _, of := range []struct {
		kind, noun string
		weekday    time.Weekday
	}{{KindEvening, "evening", in.Evening}, {KindSaturday, "Saturday", time.Saturday}} {
		want, days := in.count(of.kind), in.days(of.kind, of.weekday, in.Weeks)
		fit := len(open(days))
		if fit >= want {
			continue
		}
		text := fmt.Sprintf("leaves too few days: %s needed, and %s open from %s to %s",
			many(want, of.noun), many(fit, of.weekday.String()), iso(in.First), iso(in.lastDay(in.Weeks)))
		if closed := obstacles(days); closed != "" {
			text += "; not open: " + closed
		}
		faults = append(faults, Fault{FieldCalendar, text + "; " + in.remedy(of.kind, of.weekday, want)})
	}
	return faults
}

// remedy says what would make room: a later end, as far as the closed days are known, or another weekday.
func (in Input) remedy(kind string, weekday time.Weekday, want int) string {
	var ways []string
	if all := open(in.days(kind, weekday, mostWeeks)); len(all) >= want {
		weeks := all[want-1].week + 1
		ways = append(ways, fmt.Sprintf("%d weeks (to %s)", weeks, iso(in.lastDay(weeks))))
	}
	if kind == KindEvening {
		// The weekday itself is not among them, since its days are too few.
		for other := time.Monday; other <= time.Friday; other++ {
			if len(open(in.days(kind, other, in.Weeks))) >= want {
				ways = append(ways, other.String()+"s")
			}
		}
	}
	if len(ways) == 0 {
		return "neither a later end nor another weekday would do"
	}
	return strings.Join(ways, " or ") + " would do"
}

// lastDay is the last day of so many weeks.
func (in Input) lastDay(weeks int) time.Time { return in.First.AddDate(0, 0, 7*weeks-1) }

// obstacles lists the days that are not open, with why.
func obstacles(days []day) string {
	var listed []string
	for _, d := range days {
		if d.why != "" {
			listed = append(listed, fmt.Sprintf("%s (%s)", iso(d.date), d.why))
		}
	}
	return strings.Join(listed, ", ")
}

// many is so many of a noun, with its verb.
func many(count int, noun string) string {
	if count == 1 {
		return "1 " + noun + " is"
	}
	return fmt.Sprintf("%d %ss are", count, noun)
}

func iso(date time.Time) string { return date.Format(time.DateOnly) }
