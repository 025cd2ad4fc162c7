package record

import (
	"time"

	"github.com/btlc/btlc/internal/api"
)

// times are from when a record is looked at. What was true by asOf counts, as far as it was on record by known. The zero
// time is the present and leaves nothing out: what another server has just written may bear a time that this one's clock
// has not come to yet.
type times struct{ now, asOf, known time.Time }

// at is the moment that is decided for.
func (t times) at() time.Time {
	if t.asOf.IsZero() {
		return t.now
	}
	return t.asOf
}

// present says whether nothing is left out.
func (t times) present() bool { return t.asOf.IsZero() && t.known.IsZero() }

// knew says whether something was on record that was recorded at a time.
func (t times) knew(recorded time.Time) bool { return t.known.IsZero() || !recorded.After(t.known) }

// occurred says whether something was true that is so since a time.
func (t times) occurred(since time.Time) bool { return t.asOf.IsZero() || !since.After(t.asOf) }

// saw says whether something counts that is true since a time and recorded at another.
func (t times) saw(since, recorded time.Time) bool { return t.occurred(since) && t.knew(recorded) }

// began is occurred for a day of the calendar of a zone.
func (t times) began(day time.Time, zone *time.Location) bool {
	return t.asOf.IsZero() || !day.After(api.LocalDay(t.asOf, zone))
}

// stateThen is the state of what is in its last state since a time, and was in its first one before: for a table that
// keeps no more, that is all of its life.
func (t times) stateThen(first, last string, since time.Time) string {
	if t.saw(since, since) {
		return last
	}
	return first
}

// lastDay is the last day of a role as it was on record. A day recorded later was not known: the role went on. Which other
// day had been on record before is not kept.
func (t times) lastDay(end *time.Time, recorded time.Time) *time.Time {
	if !t.knew(recorded) {
		return nil
	}
	return end
}

// standing is a status of a credential.
type standing struct {
	status          string
	since, recorded time.Time
}

// standingThen is the one of a credential's standings, the latest first, that it was in; false before it was issued.
func (t times) standingThen(history []standing) (standing, bool) {
	for _, s := range history {
		if t.saw(s.since, s.recorded) {
			return s, true
		}
	}
	return standing{}, false
}

// inForce is the one of some versions, the latest first, by which things went: the latest that was there; before the first
// one was, the first that is known. ok is false when none is.
func inForce[V any](t times, versions []V, created func(V) time.Time) (in V, ok bool) {
	for _, version := range versions {
		if !t.knew(created(version)) {
			continue
		}
		in, ok = version, true
		if t.occurred(created(version)) {
			break
		}
	}
	return in, ok
}
