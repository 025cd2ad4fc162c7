package demo

import (
	"fmt"
	"time"
)

const day = 24 * time.Hour

// weeksOfRegistration is how long before the first week of meetings registration opens.
const weeksOfRegistration = 8

// term is a fall or spring in which courses run.
type term struct {
	id, title  string
	start, end time.Time // the first and the last day, at midnight
	// first is the Monday of the first week of meetings, at midnight.
	first time.Time
}

func fall(year int, zone *time.Location) term {
	return newTerm("fall", year, time.Date(year, time.September, 1, 0, 0, 0, 0, zone), time.Date(year, time.December, 20, 0, 0, 0, 0, zone), time.Date(year, time.September, 15, 0, 0, 0, 0, zone))
}

func spring(year int, zone *time.Location) term {
	return newTerm("spring", year, time.Date(year, time.January, 20, 0, 0, 0, 0, zone), time.Date(year, time.May, 15, 0, 0, 0, 0, zone), time.Date(year, time.February, 4, 0, 0, 0, 0, zone))
}

func newTerm(season string, year int, start, end, inFirstWeek time.Time) term {
	t := term{id: fmt.Sprintf("%s-%d", season, year), start: start, end: end}
	t.title = fmt.Sprintf("%s %d", map[string]string{"fall": "Fall", "spring": "Spring"}[season], year)
	sinceMonday := (int(inFirstWeek.Weekday()) + 6) % 7
	t.first = inFirstWeek.AddDate(0, 0, -sinceMonday)
	return t
}

// opens is when registration opens, closes is when it closes.
func (t term) opens() time.Time {
	return t.first.AddDate(0, 0, -7*weeksOfRegistration).Add(9 * time.Hour)
}

func (t term) closes() time.Time { return t.first }

// week is a day of the nth week of meetings, from 1, at a time of day.
func (t term) week(n int, weekday time.Weekday, hour, minute int) time.Time {
	d := t.first.AddDate(0, 0, 7*(n-1)+(int(weekday)+6)%7)
	return time.Date(d.Year(), d.Month(), d.Day(), hour, minute, 0, 0, d.Location())
}

// terms are the last term that is over, the one that runs today, or comes next, and the one after it.
func terms(today time.Time) (over, running, next term) {
	zone, year := today.Location(), today.Year()
	all := []term{spring(year-1, zone), fall(year-1, zone), spring(year, zone), fall(year, zone), spring(year+1, zone), fall(year+1, zone)}
	for i, t := range all {
		if today.Before(t.end.AddDate(0, 0, 1)) {
			return all[i-1], t, all[i+1]
		}
	}
	return all[3], all[4], all[5]
}

// span is when a meeting takes place.
type span struct{ start, end time.Time }

func (s span) minutes() int32 { return int32(s.end.Sub(s.start) / time.Minute) }

// meetings are those of a section whose evenings are on a weekday: eight evenings of three hours and three Saturdays of
// four, 36 hours in 12 weeks. In fall the week without a meeting is that of Thanksgiving, or the one beside it. Sections with
// different evenings have their Saturdays at different times too, so that whoever takes all four courses can be at each meeting.
func (t term) meetings(evenings time.Weekday) []span {
	var spans []span
	first, hour := 3-int(evenings)%2, 8
	if evenings > time.Tuesday {
		hour = 13
	}
	for week := 1; week <= 12; week++ {
		switch {
		case week%3 == first%3 && week < 10:
			spans = append(spans, span{t.week(week, time.Saturday, hour, 30), t.week(week, time.Saturday, hour+4, 30)})
		case week == 11:
		default:
			spans = append(spans, span{t.week(week, evenings, 16, 30), t.week(week, evenings, 19, 30)})
		}
	}
	return spans
}
