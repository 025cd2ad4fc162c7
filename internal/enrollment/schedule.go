package enrollment

import (
	"fmt"
	"time"

	"github.com/btlc/btlc/internal/api"
)

// longestMeeting bounds how long a meeting may take.
const longestMeeting = 24 * time.Hour

// span is when a meeting takes place.
type span struct {
	number     int32
	start, end time.Time
}

func (s span) length() time.Duration { return s.end.Sub(s.start) }

// minutes is the length in whole minutes, which is what attendance is counted in.
func (s span) minutes() int32 { return int32(s.length() / time.Minute) }

// check says what is wrong with a meeting by itself; field is its path in the request.
func (s span) check(field string) []api.Violation {
	if length := s.length(); length <= 0 || length > longestMeeting {
		return []api.Violation{{Field: field + ".endTime", Description: "is after startTime and within a day of it"}}
	}
	return nil
}

// checkMeetings says what is wrong with the meetings of a new section, all at once; field is the path of their list.
func checkMeetings(field string, meetings []span) []api.Violation {
	var violations []api.Violation
	first := map[int32]int{}
	for i, m := range meetings {
		path := fmt.Sprintf("%s[%d]", field, i)
		if before, taken := first[m.number]; taken {
			violations = append(violations, api.Violation{Field: path + ".meetingNumber", Description: fmt.Sprintf("is that of %s[%d] too", field, before)})
		} else {
			first[m.number] = i
		}
		violations = append(violations, m.check(path)...)
	}
	return violations
}

// checkOffer says what keeps a section from opening: its meetings are as many, and as long together, as those of its
// course version.
func checkOffer(meetings []span, count, contactMinutes int32) []api.Violation {
	var total time.Duration
	for _, m := range meetings {
		total += m.length()
	}
	var violations []api.Violation
	if len(meetings) != int(count) {
		violations = append(violations, api.Violation{Field: "meetings", Description: fmt.Sprintf("are %d; the course version has %d", len(meetings), count)})
	}
	if want := time.Duration(contactMinutes) * time.Minute; total != want {
		violations = append(violations, api.Violation{Field: "contactMinutes", Description: fmt.Sprintf("of the meetings are %g; the course version has %d", total.Minutes(), contactMinutes)})
	}
	return violations
}

// isLate says whether attendance that is entered now comes later than it should: more than so many days after the day of
// the meeting, both by the section's calendar.
func isLate(now, meetingStart time.Time, zone *time.Location, days int32) bool {
	return api.LocalDay(now, zone).After(api.LocalDay(meetingStart, zone).AddDate(0, 0, int(days)))
}

// isAnnounced says whether people go by the meetings of a section in this state.
func isAnnounced(state string) bool {
	return state == "OPEN" || state == "CLOSED" || state == "IN_SESSION"
}
