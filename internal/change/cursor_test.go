package change

import (
	"encoding/base64"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestReadCursor(t *testing.T) {
	const stream = "districts/bps"
	raw := func(body string) string { return base64.RawURLEncoding.EncodeToString([]byte(body)) }
	good := newCursor("e1", stream, 7)
	for name, c := range map[string]struct {
		text string
		err  error
	}{
		"ours":                   {good.String(), nil},
		"the beginning":          {newCursor("e1", stream, 0).String(), nil},
		"empty":                  {"", errNoCursor},
		"no base64":              {"!", errNoCursor},
		"padded":                 {good.String() + "=", errNoCursor},
		"with a line break":      {good.String()[:4] + "\n" + good.String()[4:], errNoCursor},
		"no JSON":                {raw("7"), errNoCursor},
		"null":                   {raw("null"), errNoCursor},
		"another version":        {raw(`{"v":2,"e":"e1","s":"districts/bps","n":7}`), errNoCursor},
		"no version":             {raw(`{"e":"e1","s":"districts/bps","n":7}`), errNoCursor},
		"no epoch":               {newCursor("", stream, 7).String(), errNoCursor},
		"before the beginning":   {newCursor("e1", stream, -1).String(), errNoCursor},
		"half a number":          {raw(`{"v":1,"e":"e1","s":"districts/bps","n":7.5}`), errNoCursor},
		"more than a number has": {raw(`{"v":1,"e":"e1","s":"districts/bps","n":9223372036854775808}`), errNoCursor},
		"a field more":           {raw(`{"v":1,"e":"e1","s":"districts/bps","n":7,"x":1}`), errNoCursor},
		"said differently":       {raw(`{"V":1,"e":"e1","s":"districts/bps","n":7}`), errNoCursor},
		"two at once":            {raw(`{"v":1,"e":"e1","s":"districts/bps","n":7}{}`), errNoCursor},
		"another stream":         {newCursor("e1", "districts/ncs", 7).String(), errOtherStream},
		"the program's":          {newCursor("e1", "program", 7).String(), errOtherStream},
		"an institution's":       {newCursor("e1", "institutions/bps", 7).String(), errOtherStream},
	} {
		got, err := readCursor(c.text, stream)
		if !errors.Is(err, c.err) || (err == nil) != (c.err == nil) {
			t.Errorf("%s: got %+v, %v, want %v", name, got, err, c.err)
		}
	}
}

func TestFollows(t *testing.T) {
	at := func(number int64) cursor { return newCursor("e1", "program", number) }
	for name, c := range map[string]struct {
		from cursor
		s    stretch
		want bool
	}{
		"the next ones":           {at(3), stretch{"e1", 1, 9, []int64{4, 5}}, true},
		"nothing new":             {at(9), stretch{"e1", 1, 9, nil}, true},
		"nothing ever":            {at(0), stretch{"e1", 1, 0, nil}, true},
		"the beginning":           {at(0), stretch{"e1", 1, 9, []int64{1}}, true},
		"the oldest kept is next": {at(4), stretch{"e1", 5, 9, []int64{5}}, true},
		"one is gone":             {at(3), stretch{"e1", 5, 9, []int64{5}}, false},
		"all are gone":            {at(9), stretch{"e1", 10, 9, nil}, true},
		"below, and all are gone": {at(8), stretch{"e1", 10, 9, nil}, false},
		"above the newest":        {at(10), stretch{"e1", 1, 9, nil}, false},
		"another epoch":           {at(3), stretch{"e2", 1, 9, []int64{4, 5}}, false},
		"a hole":                  {at(3), stretch{"e1", 1, 9, []int64{5, 6}}, false},
		"a hole to the end":       {at(3), stretch{"e1", 1, 9, nil}, false},
	} {
		if got := c.s.follows(c.from); got != c.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

// A cursor says what it was made of, and to no other stream.
func TestCursorProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stream := rapid.SampledFrom([]string{"program", "districts/bps", "institutions/umass-boston"}).Draw(t, "stream")
		c := newCursor(rapid.StringMatching(`[0-9a-f]{32}`).Draw(t, "epoch"), stream, rapid.Int64Min(0).Draw(t, "number"))
		got, err := readCursor(c.String(), stream)
		if err != nil || got != c {
			t.Fatalf("%s: got %+v, %v, want %+v", c, got, err, c)
		}
		if _, err := readCursor(c.String(), stream+"x"); !errors.Is(err, errOtherStream) {
			t.Fatalf("another stream: got %v", err)
		}
		if len(c.String()) > 512 {
			t.Fatalf("%d characters, more than the contract takes", len(c.String()))
		}
	})
}

// However the feed is read, in pages of any size while it grows and while its oldest changes are dropped: a consumer is
// given every change once and in order, or is told that the cursor expired.
func TestReadingProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		floor, newest := int64(0), rapid.Int64Range(0, 20).Draw(t, "newest")
		read := func(after int64, limit int) stretch {
			s := stretch{Epoch: "e", Oldest: floor + 1, Newest: newest}
			for n := max(after, floor) + 1; n <= newest && len(s.Numbers) < limit; n++ {
				s.Numbers = append(s.Numbers, n)
			}
			return s
		}
		var got []int64
		from := newCursor("e", "program", 0)
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
			got, from = append(got, s.Numbers...), s.end(from)
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

func FuzzReadCursor(f *testing.F) {
	for _, stream := range []string{"program", "districts/bps"} {
		f.Add(newCursor("e1", stream, 7).String(), stream)
	}
	f.Add("", "program")
	f.Add("eyJ2IjoxfQ", "program")
	f.Add("bnVsbA", "program")
	f.Fuzz(func(t *testing.T, text, stream string) {
		c, err := readCursor(text, stream)
		if err != nil {
			if c != (cursor{}) {
				t.Errorf("%q: got %+v beside %v", text, c, err)
			}
			return
		}
		if c.String() != text || c.Stream != stream || c.Number < 0 || c.Epoch == "" {
			t.Errorf("%q for %q: got %+v", text, stream, c)
		}
	})
}
