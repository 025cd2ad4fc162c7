package drops

import (
	"errors"
	"fmt"
	"time"
)

// ClockTime is a time of the day, in minutes since midnight as clocks show it.
type ClockTime int

// ParseClockTime reads "02:00".
func ParseClockTime(text string) (ClockTime, error) {
	t, err := time.Parse("15:04", text)
	if err != nil || len(text) != len("15:04") {
		return 0, errors.New(`a time of the day such as "02:00"`)
	}
	return ClockTime(t.Hour()*60 + t.Minute()), nil
}

func (c ClockTime) String() string { return fmt.Sprintf("%02d:%02d", c/60, c%60) }

// LastDue is the last moment, at now or before, at which clocks of a zone showed a time of the day. Where clocks are moved it
// follows RFC 5545, 3.3.5: of a time that comes twice in a day the first one counts, and one that is skipped comes as much
// later as they are moved, so that there is one moment a day.
func LastDue(now time.Time, at ClockTime, zone *time.Location) time.Time {
	year, month, day := now.In(zone).Date()
	for {
		due := momentOf(year, month, day, at, zone)
		if !due.After(now) {
			return due
		}
		day--
	}
}

// momentOf is when clocks of a zone show a time on a day. time.Date does not say which of two moments it chooses.
func momentOf(year int, month time.Month, day int, at ClockTime, zone *time.Location) time.Time {
	shown := time.Date(year, month, day, 0, int(at), 0, 0, time.UTC)
	_, before := shown.AddDate(0, 0, -1).In(zone).Zone()
	_, after := shown.AddDate(0, 0, 1).In(zone).Zone()
	early := shown.Add(-time.Duration(max(before, after)) * time.Second)
	late := shown.Add(-time.Duration(min(before, after)) * time.Second)
	skipped := shown.Add(-time.Duration(before) * time.Second)
	for _, moment := range []time.Time{early, late} {
		if local := moment.In(zone); local.Day() == shown.Day() && local.Hour() == shown.Hour() && local.Minute() == shown.Minute() {
			return moment.UTC()
		}
	}
	return skipped
}
