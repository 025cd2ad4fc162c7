package change

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/btlc/btlc/internal/database"
)

func TestFollows(t *testing.T) {
	at := func(number int64) database.Cursor { return database.NewCursor("e1", "program", number) }
	for name, c := range map[string]struct {
		from database.Cursor
		s    stretch
		want bool
	}{
		"the next ones":           {at(3), stretch{database.FeedBounds{Epoch: "e1", Oldest: 1, Newest: 9}, []int64{4, 5}}, true},
		"nothing new":             {at(9), stretch{database.FeedBounds{Epoch: "e1", Oldest: 1, Newest: 9}, nil}, true},
		"nothing ever":            {at(0), stretch{database.FeedBounds{Epoch: "e1", Oldest: 1, Newest: 0}, nil}, true},
		"the beginning":           {at(0), stretch{database.FeedBounds{Epoch: "e1", Oldest: 1, Newest: 9}, []int64{1}}, true},
		"the oldest kept is next": {at(4), stretch{database.FeedBounds{Epoch: "e1", Oldest: 5, Newest: 9}, []int64{5}}, true},
		"one is gone":             {at(3), stretch{database.FeedBounds{Epoch: "e1", Oldest: 5, Newest: 9}, []int64{5}}, false},
		"all are gone":            {at(9), stretch{database.FeedBounds{Epoch: "e1", Oldest: 10, Newest: 9}, nil}, true},
		"below, and all are gone": {at(8), stretch{database.FeedBounds{Epoch: "e1", Oldest: 10, Newest: 9}, nil}, false},
		"above the newest":        {at(10), stretch{database.FeedBounds{Epoch: "e1", Oldest: 1, Newest: 9}, nil}, false},
		"another epoch":           {at(3), stretch{database.FeedBounds{Epoch: "e2", Oldest: 1, Newest: 9}, []int64{4, 5}}, false},
		"a hole":                  {at(3), stretch{database.FeedBounds{Epoch: "e1", Oldest: 1, Newest: 9}, []int64{5, 6}}, false},
		"a hole to the end":       {at(3), stretch{database.FeedBounds{Epoch: "e1", Oldest: 1, Newest: 9}, nil}, false},
	} {
		if got := c.s.follows(c.from); got != c.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

// However the feed is read, in pages of any size while it grows and while its oldest changes are dropped: a consumer is
// given every change once and in order, or is told that the cursor expired.
func TestReadingProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		floor, newest := int64(0), rapid.Int64Range(0, 20).Draw(t, "newest")
		read := func(after int64, limit int) stretch {
			s := stretch{FeedBounds: database.FeedBounds{Epoch: "e", Oldest: floor + 1, Newest: newest}}
			for n := max(after, floor) + 1; n <= newest && len(s.Numbers) < limit; n++ {
				s.Numbers = append(s.Numbers, n)
			}
			return s
		}
		var got []int64
		from := database.NewCursor("e", "program", 0)
		for range 30 {
			newest += rapid.Int64Range(0, 3).Draw(t, "new")
			floor = min(newest, floor+rapid.SampledFrom([]int64{0, 0, 0, 0, 5}).Draw(t, "dropped"))
			s := read(from.Number, rapid.IntRange(1, 5).Draw(t, "limit"))
			if !s.follows(from) {
				if floor <= from.Number {
					t.Fatalf("expired for nothing: floor %d, cursor %d", floor, from.Number)
				}
				break
			}
			if got = append(got, s.Numbers...); len(got) > 0 {
				from.Number = got[len(got)-1]
			}
		}
		for i, n := range got {
			if n != int64(i)+1 {
				t.Fatalf("got %v", got)
			}
		}
		if !slices.IsSorted(got) || int64(len(got)) != from.Number {
			t.Fatalf("the cursor stands at %d after %v", from.Number, got)
		}
	})
}
