// Package schedule proposes the meetings of a section: those of its course version's session pattern, on open days of a
// school calendar. A proposal is a beginning, to be edited; nothing here reads a clock or keeps anything.
//
// The pattern says how many evenings and Saturdays there are and at what time, but not on which days of the weeks. The
// rules for that are ours: a meeting in every week rather than two in one, and both kinds spread evenly over what is open.
package schedule

import (
	"slices"
	"time"
)

// What a pattern's meetings are.
const (
	KindEvening  = "evening"
	KindSaturday = "saturday"
)

// Pattern is a number of meetings at the same time of day. Several patterns of a kind follow each other in their order.
type Pattern struct {
	Kind       string // KindEvening or KindSaturday
	Count      int    // how many meetings, from 1
	Start, End int    // minutes since midnight on the wall clock: 0 <= Start < End <= 1440
}

// ClosedDay is a day, or several in a row, on which nobody meets.
type ClosedDay struct {
	First, Last time.Time // civil dates, both included
	Title       string    // e.g. "Thanksgiving Recess"
}

// Input is what a proposal is made of. Civil dates are midnight UTC.
type Input struct {
	Patterns []Pattern
	Weeks    int            // everything takes place in so many times seven days from First; 1 to 104
	Zone     *time.Location // whose wall clock patterns mean
	First    time.Time      // civil date of the earliest day
	Evening  time.Weekday   // the day of the evening meetings; not Saturday
	Closed   []ClosedDay
}

// Meeting is a proposed meeting.
type Meeting struct {
	Number     int32     // its place in time, from 1
	Start, End time.Time // instants, in UTC
	Kind       string
}

// Skip is a day of the right weekday that has no meeting.
type Skip struct {
	Day  time.Time // civil date
	Kind string    // of the meeting that it could have been
	Open bool      // a meeting may be moved here
	Why  string    // e.g. "closed: Thanksgiving Recess"
}

// Schedule is a proposal.
type Schedule struct {
	Meetings []Meeting // in order of time, at most one on a day
	Skipped  []Skip    // in order of days
}

// Fault says why there is no proposal.
type Fault struct {
	Field       string // path in Input, e.g. "patterns[0].end"; FieldCalendar when it is the calendar that leaves too few days
	Description string // for people; follows the field
}

// Propose makes the meetings of a section. It gives all of the pattern's meetings or, with the faults, none; the same
// input gives the same meetings. Wall-clock times are the pattern's in every week, so that instants move by an hour
// where daylight saving begins or ends.
func Propose(in Input) (Schedule, []Fault) {
	if faults := in.check(); len(faults) > 0 {
		return Schedule{}, faults
	}
	if faults := in.shortages(); len(faults) > 0 {
		return Schedule{}, faults
	}
	saturdays := in.days(KindSaturday, time.Saturday, in.Weeks)
	evenings := in.days(KindEvening, in.Evening, in.Weeks)
	ofSaturdays := spread(open(saturdays), in.count(KindSaturday))
	ofEvenings := apart(open(evenings), ofSaturdays, in.count(KindEvening))

	var s Schedule
	s.add(in, KindSaturday, saturdays, ofSaturdays)
	s.add(in, KindEvening, evenings, ofEvenings)
	slices.SortFunc(s.Meetings, func(a, b Meeting) int { return a.Start.Compare(b.Start) })
	for i := range s.Meetings {
		s.Meetings[i].Number = int32(i + 1)
	}
	slices.SortFunc(s.Skipped, func(a, b Skip) int { return a.Day.Compare(b.Day) })
	return s, nil
}

// add puts the meetings of a kind on the chosen days; the others are skipped.
func (s *Schedule) add(in Input, kind string, all, chosen []day) {
	patterns := in.slots(kind)
	if len(patterns) == 0 {
		return
	}
	for i, d := range chosen {
		start, _ := in.instant(d.date, patterns[i].Start)
		end, _ := in.instant(d.date, patterns[i].End)
		s.Meetings = append(s.Meetings, Meeting{Start: start, End: end, Kind: kind})
	}
	for _, d := range all {
		switch {
		case d.why != "":
			s.Skipped = append(s.Skipped, Skip{Day: d.date, Kind: kind, Why: d.why})
		case !slices.Contains(chosen, d):
			s.Skipped = append(s.Skipped, Skip{Day: d.date, Kind: kind, Open: true, Why: "not needed"})
		}
	}
}

// apart chooses days in weeks that have no meeting yet, evenly spread, and others only when these are too few.
func apart(days, taken []day, count int) []day {
	var free, shared []day
	for _, d := range days {
		if slices.ContainsFunc(taken, func(t day) bool { return t.week == d.week }) {
			shared = append(shared, d)
		} else {
			free = append(free, d)
		}
	}
	if len(free) >= count {
		return spread(free, count)
	}
	chosen := append(free, spread(shared, count-len(free))...)
	slices.SortFunc(chosen, func(a, b day) int { return a.date.Compare(b.date) })
	return chosen
}

// spread chooses so many of at least as many days, evenly: the middles of count equal parts.
func spread(days []day, count int) []day {
	chosen := make([]day, count)
	for i := range chosen {
		chosen[i] = days[(2*i+1)*len(days)/(2*count)]
	}
	return chosen
}
