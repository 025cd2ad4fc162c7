package enrollment

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/internal/api"
)

// offer is a section as somebody who wants a seat in it meets it.
type offer struct {
	state         string
	opens, closes time.Time
	facilitators  []uuid.UUID
	family        string // of the role-alike cohort; empty when it is for all
	placed        bool   // whether staff place somebody: that is for when registration is over as well, until the section starts
}

// assignment is a leadership role that a person holds, held, or is said to hold.
type assignment struct {
	id        uuid.UUID
	state     string
	confirmed bool // whether it was ever confirmed
	family    string
	start     time.Time
	end       *time.Time
}

// covers says whether the dates of the assignment include a day.
func (a assignment) covers(day time.Time) bool {
	return !a.start.After(day) && (a.end == nil || !a.end.Before(day))
}

// counts says whether the role is a confirmed one on a day. One that has ended counts on the days before its end.
func (a assignment) counts(day time.Time) bool {
	return a.covers(day) && (a.state == "CONFIRMED" || a.state == "ENDED" && a.confirmed && a.end != nil)
}

// register decides whether an educator gets to ask for a seat now, and by which of their roles. day is today by the
// section's calendar. Whether a seat is left is for the database to say, which alone knows at that moment.
func register(o offer, educator uuid.UUID, assignments []assignment, now, day time.Time) (assignment, error) {
	if err := o.takes(now); err != nil {
		return assignment{}, err
	}
	if slices.Contains(o.facilitators, educator) {
		return assignment{}, api.Errorf(api.OwnWork, "A facilitator of the section does not take it.")
	}
	return qualify(assignments, o.family, day)
}

// takes says whether the section takes registrations now.
func (o offer) takes(now time.Time) error {
	refuse := func(format string, args ...any) error {
		return api.Errorf(api.RegistrationClosed, format, args...).With("state", o.state).
			With("registrationOpenTime", o.opens.Format(time.RFC3339)).With("registrationCloseTime", o.closes.Format(time.RFC3339))
	}
	switch {
	case o.placed && o.state != "OPEN" && o.state != "CLOSED":
		return refuse("The section is %s; people are placed in one that is OPEN or CLOSED.", o.state)
	case o.placed:
		return nil
	case o.state != "OPEN":
		return refuse("The section is %s; it takes registrations while it is OPEN.", o.state)
	case now.Before(o.opens):
		return refuse("The section takes registrations from %s on.", o.opens.Format(time.RFC3339))
	case !now.Before(o.closes):
		return refuse("The section took registrations until %s.", o.closes.Format(time.RFC3339))
	}
	return nil
}

// qualify finds the confirmed role that entitles a person to a seat on a day: one of the cohort's family before others,
// then the one held longest. Others qualify too, for the family is a matter of placement.
func qualify(assignments []assignment, family string, day time.Time) (assignment, error) {
	var counting []assignment
	for _, a := range assignments {
		if a.counts(day) {
			counting = append(counting, a)
		}
	}
	if len(counting) == 0 {
		return assignment{}, api.Errorf(api.RoleNotHeld, "A seat takes a leadership role that is confirmed for %s. On record: %s.", day.Format(time.DateOnly), onRecord(assignments, day)).
			With("registerDate", day.Format(time.DateOnly))
	}
	other := func(a assignment) int {
		if family != "" && a.family != family {
			return 1
		}
		return 0
	}
	return slices.MinFunc(counting, func(a, b assignment) int {
		return cmp.Or(cmp.Compare(other(a), other(b)), a.start.Compare(b.start), cmp.Compare(a.id.String(), b.id.String()))
	}), nil
}

// awaited finds, for a person who lacks a role, one that only has to be confirmed for the day: the one that qualify would
// choose.
func awaited(assignments []assignment, family string, day time.Time) (assignment, bool) {
	var reported []assignment
	for _, a := range assignments {
		if a.state == "REPORTED" {
			a.state = "CONFIRMED"
			reported = append(reported, a)
		}
	}
	found, err := qualify(reported, family, day)
	return found, err == nil
}

// onRecord says, for a person who lacks a role, what there is: most often somebody only has to confirm it.
func onRecord(assignments []assignment, day time.Time) string {
	if len(assignments) == 0 {
		return "none"
	}
	var found []string
	for _, a := range assignments {
		if text := a.shortcoming(day); !slices.Contains(found, text) {
			found = append(found, text)
		}
	}
	slices.Sort(found)
	return strings.Join(found, "; ")
}

// shortcoming says why an assignment does not count on a day.
func (a assignment) shortcoming(day time.Time) string {
	switch {
	case a.state == "REPORTED":
		return "one reported, but not confirmed by the principal yet"
	case a.state == "DISPUTED":
		return "one disputed"
	case a.start.After(day):
		return "one that starts on " + a.start.Format(time.DateOnly)
	case a.end == nil:
		return "one ended"
	case a.covers(day):
		return "one that ends on " + a.end.Format(time.DateOnly) + " and was never confirmed"
	default:
		return "one ended on " + a.end.Format(time.DateOnly)
	}
}
