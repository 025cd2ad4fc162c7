package enrollment

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/internal/api"
)

// mark is what somebody enters for one registration at a meeting.
type mark struct {
	// registration is uuid.Nil when its name is of another section than the meeting's.
	registration uuid.UUID
	kind, note   string
	minutes      int32
	// arrive and leave are when the person came and left; zero where it is not said.
	arrive, leave time.Time
	// makeUp is the meeting of another section that the person was at instead, by its name; uuid.Nil for none.
	makeUp, makeUpSection uuid.UUID
	// corrects is the line that the mark corrects; uuid.Nil for none. elsewhere says that its name is of another meeting.
	corrects  uuid.UUID
	elsewhere bool
}

// timed says whether the mark says when the person came or left.
func (m mark) timed() bool { return !m.arrive.IsZero() || !m.leave.IsZero() }

// sheet is a meeting as those who enter its attendance meet it.
type sheet struct {
	span
	section, meeting uuid.UUID
	// states are the registrations of the meeting's section that the marks name, each with its state.
	states map[uuid.UUID]string
	// counts is the line that counts now, by registration.
	counts map[uuid.UUID]line
	// makeUps are the meetings that the marks name as make-ups, as far as there are such.
	makeUps map[uuid.UUID]makeUp
}

// check says all that is wrong with the marks at once. The error is INVALID_REQUEST when any mark is wrong whatever comes;
// else STATE_CONFLICT when some are for people without a seat; else ALREADY_RECORDED when some attendance is there.
func (s sheet) check(marks []mark, now time.Time) error {
	var wrong, seatless, recorded []api.Violation
	var standing string
	if s.start.After(now) {
		wrong = append(wrong, api.Violation{Field: "parent", Description: "is a meeting that has begun; this one begins at " + s.start.UTC().Format(time.RFC3339)})
	}
	first := map[uuid.UUID]int{}
	for i, m := range marks {
		path := fmt.Sprintf("marks[%d].", i)
		before, twice := first[m.registration]
		if !twice {
			first[m.registration] = i
		}
		state, there := s.states[m.registration]
		line, counts := s.counts[m.registration]
		switch {
		case !there:
			wrong = append(wrong, api.Violation{Field: path + "registration", Description: "is not one of the meeting's section"})
		case twice:
			wrong = append(wrong, api.Violation{Field: path + "registration", Description: fmt.Sprintf("is that of marks[%d] too", before)})
		case !slices.Contains(seatedStates, state):
			// Who waits for a seat, or has given it back, takes no part: minutes of theirs would count once they have one.
			standing = cmp.Or(standing, state)
			seatless = append(seatless, api.Violation{Field: path + "registration", Description: "has no seat: it is " + state})
		case m.corrects == uuid.Nil && counts:
			recorded = append(recorded, api.Violation{Field: path + "registration", Description: fmt.Sprintf("has an entry for this meeting, %s: correct it with `corrects`", s.entry(line.id))})
		case m.corrects != uuid.Nil && !counts:
			wrong = append(wrong, api.Violation{Field: path + "corrects", Description: "has nothing to correct: the registration has no entry for this meeting"})
		case m.corrects != uuid.Nil && (m.elsewhere || m.corrects != line.id):
			wrong = append(wrong, api.Violation{Field: path + "corrects", Description: fmt.Sprintf("is not the entry that counts now for this meeting and registration, %s", s.entry(line.id))})
		}
		wrong = slices.Concat(wrong, s.checkMakeUp(path, m, now), s.checkMinutes(path, m))
	}
	switch {
	case len(wrong) > 0:
		return api.Invalid(slices.Concat(wrong, seatless, recorded)...)
	case len(seatless) > 0:
		e := api.Errorf(api.StateConflict, "%d of the marks are for people without a seat. Nothing was entered.", len(seatless)).With("state", standing)
		e.Violations = slices.Concat(seatless, recorded)
		return e
	case len(recorded) > 0:
		e := api.Errorf(api.AlreadyRecorded, "%d of the marks are for people whose attendance at this meeting is recorded. Nothing was entered.", len(recorded))
		e.Violations = recorded
		return e
	}
	return nil
}

// entry is the name of a line of the meeting.
func (s sheet) entry(id uuid.UUID) string {
	return api.Name("btlc/AttendanceEntry", s.section, s.meeting, id)
}

// where is the meeting that the person of a mark was at.
func (s sheet) where(m mark) span {
	if there, ok := s.makeUps[m.makeUp]; ok {
		return there.span
	}
	return s.span
}

// most is how many minutes a mark may have: as long as the meeting took that the person was at, and no more than the one
// that is entered, for which a make-up stands.
func (s sheet) most(m mark) int32 { return min(s.minutes(), s.where(m).minutes()) }

// counted is how many minutes a mark has: those that were given, or those between coming and leaving.
func (s sheet) counted(m mark) int32 {
	if !m.timed() {
		return m.minutes
	}
	return min(s.most(m), s.where(m).between(m.arrive, m.leave))
}

func (s sheet) checkMinutes(path string, m mark) []api.Violation {
	var wrong []api.Violation
	refuse := func(field, description string, values ...any) {
		wrong = append(wrong, api.Violation{Field: path + field, Description: fmt.Sprintf(description, values...)})
	}
	at := s.where(m)
	counts := m.kind == "PRESENT" || m.kind == "MAKE_UP"
	switch {
	case !counts && m.minutes != 0:
		refuse("minutes", "are 0 for somebody who was not present")
	case m.minutes > s.most(m):
		refuse("minutes", "are at most %d, the length of the meeting", s.most(m))
	case counts && m.timed() && m.minutes != 0 && m.minutes != s.counted(m):
		refuse("minutes", "are %d by the times: leave them out", s.counted(m))
	}
	if !counts && !m.arrive.IsZero() {
		refuse("arriveTime", "is of somebody who was present")
	}
	if !counts && !m.leave.IsZero() {
		refuse("leaveTime", "is of somebody who was present")
	}
	switch {
	case !counts:
	case !m.arrive.IsZero() && !m.arrive.Before(at.end):
		refuse("arriveTime", "is before the end of the meeting, %s", at.end.UTC().Format(time.RFC3339))
	case !m.leave.IsZero() && !m.leave.After(at.start):
		refuse("leaveTime", "is after the beginning of the meeting, %s", at.start.UTC().Format(time.RFC3339))
	case !m.arrive.IsZero() && !m.leave.IsZero() && !m.leave.After(m.arrive):
		refuse("leaveTime", "is after arriveTime")
	}
	return wrong
}
