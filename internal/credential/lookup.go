package credential

import (
	"time"

	"github.com/btlc/btlc/internal/api"
)

// The outcomes of a look-up, in the words of LookupOutcome.
const (
	outcomeFound     = "FOUND"
	outcomeNotFound  = "NOT_FOUND"
	outcomeAmbiguous = "AMBIGUOUS"
	outcomeMoved     = "MOVED"
)

// moment is for when a district asks. The zero moment with its time is the present.
type moment struct {
	// time is when validity must not have ended.
	time time.Time
	// day is the day of employment, in the district's calendar; nil for the day of time.
	day *time.Time
	// status is until when changes of status count; nil for all that there are.
	status *time.Time
	// known and knownDay are until when what was recorded counts; nil for all that there is.
	known, knownDay *time.Time
}

// dated says whether the moment is another one than the present.
func (m moment) dated() bool { return m.day != nil || m.knownDay != nil }

// momentOf is the moment of a question that names days of the district's calendar, each of which may be nil. Neither may be
// after today: that somebody will be employed is nobody's to ask about yet.
func momentOf(now time.Time, zone *time.Location, asOf, knownAsOf *time.Time) (moment, error) {
	m := moment{time: now, day: asOf, knownDay: knownAsOf}
	var faults []api.Violation
	today := api.LocalDay(now, zone)
	for _, named := range []struct {
		field string
		day   *time.Time
		until **time.Time
	}{{"asOf", asOf, &m.status}, {"knownAsOf", knownAsOf, &m.known}} {
		if named.day == nil {
			continue
		}
		if named.day.After(today) {
			faults = append(faults, api.Violation{Field: named.field, Description: "is after today, " + today.Format(time.DateOnly) + " in the district"})
		}
		end := endOfDay(*named.day, zone)
		*named.until = &end
	}
	if len(faults) > 0 {
		return moment{}, api.Invalid(faults...)
	}
	if m.status != nil && m.status.Before(now) {
		m.time = *m.status
	}
	if m.known != nil && (m.status == nil || m.known.Before(*m.status)) {
		m.status = m.known // a change that was not on record was not told
	}
	return m, nil
}

// endOfDay is the last moment of a day that the database can tell from the next.
func endOfDay(day time.Time, zone *time.Location) time.Time {
	year, month, date := day.Date()
	next := time.Date(year, month, date+1, 0, 0, 0, 0, zone)
	if next.Day() == date { // clocks skip midnight, and time.Date has taken it for an hour of the day before
		_, next = next.ZoneBounds()
	}
	return next.Add(-time.Microsecond)
}
