package database

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestReadCursor(t *testing.T) {
	const stream = "districts/bps"
	raw := func(body string) string { return base64.RawURLEncoding.EncodeToString([]byte(body)) }
	good := NewCursor("e1", stream, 7)
	bounds := FeedBounds{Epoch: "e1", Oldest: 1, Newest: 9, generation: 3, sealer: sealer{key: "k", site: "https://btlc.example.org"}}
	sealed := bounds.After(stream, FeedRow{Number: 7, Resource: "things/7"})
	without := func(change func(*Cursor)) string {
		c := sealed
		change(&c)
		return c.String()
	}
	for name, c := range map[string]struct {
		text string
		err  error
	}{
		"ours":                   {good.String(), nil},
		"the beginning":          {NewCursor("e1", stream, 0).String(), nil},
		"sealed":                 {sealed.String(), nil},
		"sealed, of no change":   {bounds.Begin(stream).String(), nil},
		"sealed, of the first":   {without(func(c *Cursor) { c.Generation = 0 }), nil},
		"without its seal":       {without(func(c *Cursor) { c.Seal = "" }), ErrNoCursor},
		"of a version with less": {without(func(c *Cursor) { c.Version = 1 }), ErrNoCursor},
		"of a version to come":   {without(func(c *Cursor) { c.Version = 3 }), ErrNoCursor},
		"before the first epoch": {without(func(c *Cursor) { c.Generation = -1 }), ErrNoCursor},
		"empty":                  {"", ErrNoCursor},
		"no base64":              {"!", ErrNoCursor},
		"padded":                 {good.String() + "=", ErrNoCursor},
		"with a line break":      {good.String()[:4] + "\n" + good.String()[4:], ErrNoCursor},
		"no JSON":                {raw("7"), ErrNoCursor},
		"null":                   {raw("null"), ErrNoCursor},
		"another version":        {raw(`{"v":2,"e":"e1","s":"districts/bps","n":7}`), ErrNoCursor},
		"no version":             {raw(`{"e":"e1","s":"districts/bps","n":7}`), ErrNoCursor},
		"no epoch":               {NewCursor("", stream, 7).String(), ErrNoCursor},
		"before the beginning":   {NewCursor("e1", stream, -1).String(), ErrNoCursor},
		"half a number":          {raw(`{"v":1,"e":"e1","s":"districts/bps","n":7.5}`), ErrNoCursor},
		"more than a number has": {raw(`{"v":1,"e":"e1","s":"districts/bps","n":9223372036854775808}`), ErrNoCursor},
		"a field more":           {raw(`{"v":1,"e":"e1","s":"districts/bps","n":7,"x":1}`), ErrNoCursor},
		"said differently":       {raw(`{"V":1,"e":"e1","s":"districts/bps","n":7}`), ErrNoCursor},
		"two at once":            {raw(`{"v":1,"e":"e1","s":"districts/bps","n":7}{}`), ErrNoCursor},
		"another stream":         {NewCursor("e1", "districts/ncs", 7).String(), ErrOtherStream},
		"the program's":          {NewCursor("e1", "program", 7).String(), ErrOtherStream},
		"an institution's":       {NewCursor("e1", "institutions/bps", 7).String(), ErrOtherStream},
	} {
		got, err := ReadCursor(c.text, stream)
		if !errors.Is(err, c.err) || (err == nil) != (c.err == nil) {
			t.Errorf("%s: got %+v, %v, want %v", name, got, err, c.err)
		}
	}
}

// A cursor says what it was made of, and to no other stream.
func TestCursorProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stream := rapid.SampledFrom([]string{"program", "districts/bps", "institutions/umass-boston", "institutions/" + strings.Repeat("a", 63)}).Draw(t, "stream")
		c := NewCursor(rapid.StringMatching(`[0-9a-f]{32}`).Draw(t, "epoch"), stream, rapid.Int64Min(0).Draw(t, "number"))
		if rapid.Bool().Draw(t, "sealed") {
			c = FeedBounds{Epoch: c.Epoch, generation: rapid.Int64Min(0).Draw(t, "generation")}.After(stream, FeedRow{Number: c.Number})
		}
		got, err := ReadCursor(c.String(), stream)
		if err != nil || got != c {
			t.Fatalf("%s: got %+v, %v, want %+v", c, got, err, c)
		}
		if _, err := ReadCursor(c.String(), stream+"x"); !errors.Is(err, ErrOtherStream) {
			t.Fatalf("another stream: got %v", err)
		}
		if len(c.String()) > 512 {
			t.Fatalf("%d characters, more than the contract takes", len(c.String()))
		}
	})
}

func FuzzReadCursor(f *testing.F) {
	for _, stream := range []string{"program", "districts/bps"} {
		f.Add(NewCursor("e1", stream, 7).String(), stream)
		f.Add(FeedBounds{Epoch: "e1"}.After(stream, FeedRow{Number: 7}).String(), stream)
	}
	f.Add("", "program")
	f.Add("eyJ2IjoxfQ", "program")
	f.Add("bnVsbA", "program")
	f.Fuzz(func(t *testing.T, text, stream string) {
		c, err := ReadCursor(text, stream)
		if err != nil {
			if c != (Cursor{}) {
				t.Errorf("%q: got %+v beside %v", text, c, err)
			}
			return
		}
		if c.String() != text || c.Stream != stream || c.Number < 0 || c.Epoch == "" {
			t.Errorf("%q for %q: got %+v", text, stream, c)
		}
	})
}
