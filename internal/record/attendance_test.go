package record

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// Whatever is corrected how often, in whatever order lines are read: the last word on each meeting counts, once.
func TestAttendedCountsTheLastWord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		registrations := []uuid.UUID{uuid.New(), uuid.New()}
		want := map[uuid.UUID]int{}
		var lines []line
		for range rapid.IntRange(0, 12).Draw(t, "meetings") {
			registration := rapid.SampledFrom(registrations).Draw(t, "registration")
			words := rapid.SliceOfN(rapid.IntRange(0, 240), 1, 4).Draw(t, "words")
			corrects := uuid.Nil
			for _, minutes := range words {
				l := line{id: uuid.New(), corrects: corrects, registration: registration, minutes: minutes}
				lines, corrects = append(lines, l), l.id
			}
			want[registration] += words[len(words)-1]
		}
		lines = rapid.Permutation(lines).Draw(t, "order")
		sums := attended(lines)
		for registration, minutes := range want {
			if sums[registration].minutes != minutes {
				t.Fatalf("%d minutes, want %d", sums[registration].minutes, minutes)
			}
		}
		most, ok := best(sums)
		if ok != (len(lines) > 0) || most.minutes != max(want[registrations[0]], want[registrations[1]]) {
			t.Fatalf("best is %v, want the most of %v", most, want)
		}
	})
}

func TestAttendedSaysSinceWhen(t *testing.T) {
	registration, at := uuid.New(), time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	first := line{id: uuid.New(), registration: registration, minutes: 180, until: at, recorded: at.AddDate(0, 0, 1)}
	absent := line{id: uuid.New(), registration: registration, until: at.AddDate(0, 0, 7), recorded: at.AddDate(0, 0, 8)}
	got := attended([]line{first, absent})[registration]
	if !got.until.Equal(first.until) || !got.recorded.Equal(absent.recorded) {
		t.Errorf("until %v, recorded %v", got.until, got.recorded)
	}
}
