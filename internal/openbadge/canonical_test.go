package openbadge

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/gowebpki/jcs"
	"pgregory.net/rapid"
)

// anyJSON generates decoded JSON values, as parse gives them.
func anyJSON(depth int) *rapid.Generator[any] {
	text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[\x00-\x7f]{0,6}`), rapid.SampledFrom([]string{"\ue000", "\U0001f600", "\u20ac", "\ufb33", "\r", "1", "", "\u00f6", "\x7f"}))
	number := rapid.OneOf(
		rapid.Map(rapid.Int64Range(-maxInteger, maxInteger), func(n int64) any { b, _ := json.Marshal(n); return json.Number(b) }),
		rapid.Map(rapid.Float64(), func(f float64) any { b, _ := json.Marshal(f); return json.Number(b) }),
		rapid.SampledFrom([]any{json.Number("-0"), json.Number("1e21"), json.Number("1E-7"), json.Number("0.0"), json.Number("333333333.33333329"), nil, true, false}),
	)
	leaf := rapid.OneOf(rapid.Map(text, func(s string) any { return s }), number)
	if depth == 0 {
		return leaf
	}
	below := rapid.Deferred(func() *rapid.Generator[any] { return anyJSON(depth - 1) })
	return rapid.OneOf(leaf,
		rapid.Map(rapid.SliceOfN(below, 0, 4), func(list []any) any { return list }),
		rapid.Map(rapid.MapOfN(text, below, 0, 6), func(object map[string]any) any { return object }))
}

// The library is the oracle of our form of it.
func TestCanonicalIsThatOfTheLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := anyJSON(3).Draw(t, "value")
		ours, err := canonical(map[string]any{"value": value})
		if err != nil {
			t.Fatal(err)
		}
		var plain bytes.Buffer
		encoder := json.NewEncoder(&plain)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(map[string]any{"value": value}); err != nil {
			t.Fatal(err)
		}
		theirs, err := jcs.Transform(plain.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(ours, theirs) {
			t.Fatalf("%s\nis not\n%s", ours, theirs)
		}
	})
	if form, err := canonical(map[string]any{"a": "\xff"}); err == nil {
		t.Errorf("bytes that are no text became %q", form)
	}
}
