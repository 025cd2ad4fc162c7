package enrollment

import "github.com/google/uuid"

// line is an entry of the attendance ledger: so many minutes of one registration at one meeting.
type line struct {
	id, meeting, registration uuid.UUID
	// corrects is the line that this one takes the place of; uuid.Nil for none.
	corrects uuid.UUID
	minutes  int32
}

// counting is the lines that count: those that no other line corrects, in the order given.
func counting(lines []line) []line {
	corrected := make(map[uuid.UUID]bool, len(lines))
	for _, l := range lines {
		if l.corrects != uuid.Nil {
			corrected[l.corrects] = true
		}
	}
	var tips []line
	for _, l := range lines {
		if !corrected[l.id] {
			tips = append(tips, l)
		}
	}
	return tips
}

// attended adds up one registration's lines: what counts at each meeting, and all together.
func attended(lines []line) (byMeeting map[uuid.UUID]line, total int32) {
	byMeeting = map[uuid.UUID]line{}
	for _, l := range counting(lines) {
		byMeeting[l.meeting] = l
		total += l.minutes
	}
	return byMeeting, total
}
