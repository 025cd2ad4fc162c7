package roleinventory

import (
	"time"

	"github.com/btlc/btlc/internal/api"
)

// tenure is a role held, or said to be held, over a time.
//
// Whether it counts on a day is told by ConfirmTime and the dates, not by the state alone: a confirmed one counts from
// Start to End also after it has ended, and one that ended without ever being confirmed does not count.
type tenure struct {
	State       string
	Start       time.Time
	End         *time.Time
	ConfirmTime *time.Time
	ConfirmedBy string
	Reason      string
}

// checkDates says whether the last day, if there is one, is not before the first.
func checkDates(field string, start time.Time, end *time.Time) error {
	if end != nil && end.Before(start) {
		return api.InvalidField(field, "is not before the first day, %s", start.Format(time.DateOnly))
	}
	return nil
}

func (t tenure) confirm(by string, now time.Time) (_ tenure, err error) {
	t.State, err = assignmentLife.After("role assignment", t.State, "confirm")
	t.ConfirmTime, t.ConfirmedBy, t.Reason = &now, by, ""
	return t, err
}

// dispute takes a confirmation back, so that what was disputed never counts.
func (t tenure) dispute(reason string) (_ tenure, err error) {
	t.State, err = assignmentLife.After("role assignment", t.State, "dispute")
	t.ConfirmTime, t.ConfirmedBy, t.Reason = nil, "", reason
	return t, err
}

// end sets the last day. It may shorten the time but not prolong it: the days after the last one have been confirmed by
// nobody. today is the day in the district.
func (t tenure) end(day, today time.Time, reason string) (_ tenure, err error) {
	verb, last := "end later", t.End
	if day.Before(today) {
		verb = "end"
	}
	if t.State, err = assignmentLife.After("role assignment", t.State, verb); err != nil {
		return t, err
	}
	if last != nil && day.After(*last) {
		return t, api.InvalidField("endDate", "is not after the last day that is recorded, %s: report the role anew for the time after it", last.Format(time.DateOnly))
	}
	t.End, t.Reason = &day, reason
	return t, checkDates("endDate", t.Start, t.End)
}
