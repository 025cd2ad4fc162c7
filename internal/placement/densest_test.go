package placement

import (
	"cmp"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestDensestFirst compares what a room takes with what it takes of sorted items.
func TestDensestFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) item {
			return item{size: rapid.IntRange(1, 4).Draw(t, "size"), density: float64(rapid.IntRange(1, 30).Draw(t, "density"))}
		}), 0, 80).Draw(t, "items")
		room := rapid.IntRange(0, 100).Draw(t, "room")
		sorted := slices.SortedStableFunc(slices.Values(items), func(a, b item) int { return cmp.Compare(b.density, a.density) })
		want := takes(sorted, room)
		densestFirst(items, room)
		if got := takes(items, room); math.Abs(got-want) > 1e-9 {
			t.Fatalf("%f instead of %f", got, want)
		}
	})
}

func takes(items []item, room int) (value float64) {
	for _, it := range items {
		seats := min(room, it.size)
		room -= seats
		value += float64(seats) * it.density
	}
	return value
}
