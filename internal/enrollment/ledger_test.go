package enrollment

import (
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/btlc/btlc/ent"
)

func TestAttended(t *testing.T) {
	first, second := uuid.UUID{1}, uuid.UUID{2}
	byMeeting, total := attended([]line{{id: uuid.UUID{14}, meeting: first, minutes: 90}, {id: uuid.UUID{11}, meeting: second, minutes: 240}})
	if total != 330 || byMeeting[first].id != (uuid.UUID{14}) || byMeeting[second].id != (uuid.UUID{11}) {
		t.Errorf("got %d minutes by %v", total, byMeeting)
	}
	if byMeeting, total := attended(nil); total != 0 || len(byMeeting) != 0 {
		t.Errorf("of nothing: got %d minutes by %v", total, byMeeting)
	}
}

// Whatever people try to enter and correct, and in whatever order it is read: the last word on each meeting counts, once,
// and nobody attends a meeting for longer than it takes.
func TestAttendedByAnyHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var meetings []sheet
		for i := range rapid.IntRange(1, 5).Draw(t, "meetings") {
			meetings = append(meetings, sheet{
				span: meets(int32(i), rapid.IntRange(1, 300).Draw(t, "length")), meeting: uuid.UUID{1, byte(i)},
				states: map[uuid.UUID]string{{9}: "ENROLLED"}, counts: map[uuid.UUID]line{},
			})
		}
		var entries []*ent.AttendanceEntry
		for i := range rapid.IntRange(0, 40).Draw(t, "attempts") {
			at := rapid.SampledFrom(meetings).Draw(t, "meeting")
			m := mark{
				registration: uuid.UUID{9}, kind: rapid.SampledFrom([]string{"PRESENT", "PRESENT", "EXCUSED", "ABSENT"}).Draw(t, "kind"),
				minutes: rapid.SampledFrom([]int32{0, at.minutes() / 2, at.minutes(), at.minutes() + 1}).Draw(t, "minutes"),
			}
			switch rapid.SampledFrom([]string{"nothing", "what counts", "any"}).Draw(t, "corrects") {
			case "what counts":
				m.corrects = at.counts[m.registration].id
			case "any":
				m.corrects = uuid.UUID{2, rapid.Byte().Draw(t, "entry")}
			}
			if at.check([]mark{m}, at.start) != nil {
				continue
			}
			entered := &ent.AttendanceEntry{ID: uuid.UUID{2, byte(i)}, MeetingID: at.meeting, RegistrationID: m.registration, Minutes: m.minutes}
			if m.corrects != uuid.Nil {
				entered.CorrectsID = &m.corrects
			}
			at.counts[m.registration] = line{id: entered.ID, meeting: at.meeting, registration: m.registration, minutes: m.minutes}
			entries = append(entries, entered)
		}
		if len(entries) > 0 {
			entries = rapid.Permutation(entries).Draw(t, "order of reading")
		}
		lines := linesOf(entries)
		byMeeting, total := attended(lines)
		sum, spoken := int32(0), 0
		for _, at := range meetings {
			last, any := at.counts[uuid.UUID{9}]
			if got := byMeeting[at.meeting]; got != last {
				t.Fatalf("meeting %v: got %v, want %v", at.meeting, got, last)
			}
			if last.minutes > at.minutes() {
				t.Fatalf("meeting %v: %d minutes of %d", at.meeting, last.minutes, at.minutes())
			}
			sum += last.minutes
			if any {
				spoken++
			}
		}
		if total != sum || len(byMeeting) != spoken || len(lines) != spoken {
			t.Fatalf("got %d minutes of %d meetings by %d lines, want %d of %d", total, len(byMeeting), len(lines), sum, spoken)
		}
	})
}
