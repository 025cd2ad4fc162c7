package record

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/btlc/btlc/ent"
)

func entry(registration uuid.UUID, minutes int, end, recorded time.Time) *ent.AttendanceEntry {
	return &ent.AttendanceEntry{
		ID: uuid.New(), RegistrationID: registration, Minutes: int32(minutes), CreateTime: recorded,
		Edges: ent.AttendanceEntryEdges{Meeting: &ent.Meeting{EndTime: end}},
	}
}

// Whatever is corrected how often, in whatever order entries are read: the last word on each meeting counts, once.
func TestTheLastWordCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		registrations := []uuid.UUID{{1}, {2}}
		want, last := map[uuid.UUID]int{}, map[*ent.AttendanceEntry]bool{}
		var entries []*ent.AttendanceEntry
		for range rapid.IntRange(0, 12).Draw(t, "meetings") {
			registration := rapid.SampledFrom(registrations).Draw(t, "registration")
			var word *ent.AttendanceEntry
			for _, minutes := range rapid.SliceOfN(rapid.IntRange(0, 240), 1, 4).Draw(t, "words") {
				next := entry(registration, minutes, time.Time{}, time.Time{})
				if word != nil {
					next.CorrectsID = &word.ID
				}
				entries, word = append(entries, next), next
			}
			want[registration] += int(word.Minutes)
			last[word] = true
		}
		if len(entries) > 0 {
			entries = rapid.Permutation(entries).Draw(t, "order of reading")
		}
		counting := Counting(entries)
		if expected := slices.DeleteFunc(slices.Clone(entries), func(e *ent.AttendanceEntry) bool { return !last[e] }); !slices.Equal(counting, expected) {
			t.Fatalf("%v count, want %v", counting, expected)
		}
		sums := attended(entries)
		for registration, minutes := range want {
			if sums[registration].minutes != minutes {
				t.Fatalf("%d minutes, want %d", sums[registration].minutes, minutes)
			}
		}
		most, ok := best(sums)
		if ok != (len(entries) > 0) || most.minutes != max(want[registrations[0]], want[registrations[1]]) {
			t.Fatalf("best is %v, want the most of %v", most, want)
		}
	})
}

func TestAttendedSaysSinceWhen(t *testing.T) {
	registration, at := uuid.New(), time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	present := entry(registration, 180, at, at.AddDate(0, 0, 1))
	absent := entry(registration, 0, at.AddDate(0, 0, 7), at.AddDate(0, 0, 8))
	got := attended([]*ent.AttendanceEntry{present, absent})[registration]
	if !got.until.Equal(at) || !got.recorded.Equal(absent.CreateTime) {
		t.Errorf("until %v, recorded %v", got.until, got.recorded)
	}
}
