package enrollment

import (
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

func TestAttended(t *testing.T) {
	first, second := uuid.UUID{1}, uuid.UUID{2}
	lines := []line{
		{id: uuid.UUID{10}, meeting: first, minutes: 180},
		{id: uuid.UUID{11}, meeting: second, minutes: 240},
		{id: uuid.UUID{12}, meeting: first, minutes: 120, corrects: uuid.UUID{10}},
		{id: uuid.UUID{13}, meeting: first, minutes: 0, corrects: uuid.UUID{12}},
		{id: uuid.UUID{14}, meeting: first, minutes: 90, corrects: uuid.UUID{13}},
	}
	byMeeting, total := attended(lines)
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
		var lines []line
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
			at.counts[m.registration] = line{id: uuid.UUID{2, byte(i)}, meeting: at.meeting, registration: m.registration, corrects: m.corrects, minutes: m.minutes}
			lines = append(lines, at.counts[m.registration])
		}
		if len(lines) > 0 {
			lines = rapid.Permutation(lines).Draw(t, "order of reading")
		}
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
		if tips := counting(lines); total != sum || len(byMeeting) != spoken || len(tips) != spoken {
			t.Fatalf("got %d minutes of %d meetings by %d lines, want %d of %d", total, len(byMeeting), len(tips), sum, spoken)
		}
	})
}
