package enrollment

import (
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
	// corrects is the line that the mark corrects; uuid.Nil for none. elsewhere says that its name is of another meeting.
	corrects  uuid.UUID
	elsewhere bool
}

// sheet is a meeting as those who enter its attendance meet it.
type sheet struct {
	span
	section, meeting uuid.UUID
	// states are the registrations of the meeting's section that the marks name, each with its state.
	states map[uuid.UUID]string
	// counts is the line that counts now, by registration.
	counts map[uuid.UUID]line
}

// check says all that is wrong with the marks at once. The error is INVALID_REQUEST when any mark is wrong whatever comes;
// else STATE_CONFLICT when some are for people who have withdrawn; else ALREADY_RECORDED when some attendance is there.
func (s sheet) check(marks []mark, now time.Time) error {
	var wrong, withdrawn, recorded []api.Violation
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
		case state == "WITHDRAWN":
			withdrawn = append(withdrawn, api.Violation{Field: path + "registration", Description: "was withdrawn"})
		case m.corrects == uuid.Nil && counts:
			recorded = append(recorded, api.Violation{Field: path + "registration", Description: fmt.Sprintf("has an entry for this meeting, %s: correct it with `corrects`", s.entry(line))})
		case m.corrects != uuid.Nil && !counts:
			wrong = append(wrong, api.Violation{Field: path + "corrects", Description: "has nothing to correct: the registration has no entry for this meeting"})
		case m.corrects != uuid.Nil && (m.elsewhere || m.corrects != line.id):
			wrong = append(wrong, api.Violation{Field: path + "corrects", Description: fmt.Sprintf("is not the entry that counts now for this meeting and registration, %s", s.entry(line))})
		}
		if v := s.checkMinutes(path, m); v != nil {
			wrong = append(wrong, *v)
		}
	}
	switch {
	case len(wrong) > 0:
		return api.Invalid(slices.Concat(wrong, withdrawn, recorded)...)
	case len(withdrawn) > 0:
		e := api.Errorf(api.StateConflict, "%d of the marks are for people who have withdrawn. Nothing was entered.", len(withdrawn)).With("state", "WITHDRAWN")
		e.Violations = slices.Concat(withdrawn, recorded)
		return e
	case len(recorded) > 0:
		e := api.Errorf(api.AlreadyRecorded, "%d of the marks are for people whose attendance at this meeting is recorded. Nothing was entered.", len(recorded))
		e.Violations = recorded
		return e
	}
	return nil
}

// entry is the name of a line of the meeting.
func (s sheet) entry(l line) string {
	return api.Name("btlc/AttendanceEntry", s.section, s.meeting, l.id)
}

func (s sheet) checkMinutes(path string, m mark) *api.Violation {
	switch {
	case m.kind != "PRESENT" && m.minutes != 0:
		return &api.Violation{Field: path + "minutes", Description: "are 0 for somebody who was not present"}
	case m.minutes > s.minutes():
		return &api.Violation{Field: path + "minutes", Description: fmt.Sprintf("are at most %d, the length of the meeting", s.minutes())}
	}
	return nil
}
