package enrollment

import "github.com/google/uuid"

// line is an entry of the attendance ledger that counts, for no other corrects it: so many minutes of one registration at one
// meeting.
type line struct {
	id, meeting, registration uuid.UUID
	minutes                   int32
}

// attended adds up one registration's lines: what counts at each meeting, and all together.
func attended(lines []line) (byMeeting map[uuid.UUID]line, total int32) {
	byMeeting = make(map[uuid.UUID]line, len(lines))
	for _, l := range lines {
		byMeeting[l.meeting] = l
		total += l.minutes
	}
	return byMeeting, total
}
