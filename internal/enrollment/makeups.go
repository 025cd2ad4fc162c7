package enrollment

import (
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/internal/api"
)

// makeUp is a meeting that somebody may have been at in place of one that they missed.
type makeUp struct {
	span
	section uuid.UUID
	// sameCourse says whether it is of the course of the meeting that was missed.
	sameCourse bool
	// seated are the registrations of the sheet whose people have a seat in the section of this meeting: they are there as
	// participants.
	seated map[uuid.UUID]bool
	// used is, by registration of the sheet, another missed meeting that the person made up for at this one.
	used map[uuid.UUID]uuid.UUID
}

// checkMakeUp says what is wrong with the meeting that a mark names as a make-up.
func (s sheet) checkMakeUp(path string, m mark, now time.Time) []api.Violation {
	refuse := func(description string) []api.Violation {
		return []api.Violation{{Field: path + "makeUpMeeting", Description: description}}
	}
	at, found := s.makeUps[m.makeUp]
	_, used := at.used[m.registration]
	switch {
	case m.kind != "MAKE_UP" && m.makeUp == uuid.Nil:
		return nil
	case m.kind != "MAKE_UP":
		return refuse("goes with the kind MAKE_UP")
	case m.makeUp == uuid.Nil:
		return refuse("names, of a make-up, the meeting that the person was at")
	case !found || at.section != m.makeUpSection:
		return refuse("is not a meeting that is there")
	case at.section == s.section:
		return refuse("is a meeting of another section")
	case !at.sameCourse:
		return refuse("is a meeting of the same course")
	case at.start.After(now):
		return refuse("is a meeting that has begun; this one begins at " + at.start.UTC().Format(time.RFC3339))
	case at.seated[m.registration]:
		return refuse("is not of a section that the person is registered in: there the meeting counts by itself")
	case used:
		return refuse("counts for one missed meeting of a person, and does for another one already")
	}
	return nil
}

// between is the whole minutes of the meeting from the one time to the other: from its beginning when the first is zero or
// before it, up to its end when the second is zero or after it.
func (s span) between(arrive, leave time.Time) int32 {
	from, to := s.start, s.end
	if arrive.After(from) {
		from = arrive
	}
	if !leave.IsZero() && leave.Before(to) {
		to = leave
	}
	return max(0, int32(to.Sub(from)/time.Minute))
}
