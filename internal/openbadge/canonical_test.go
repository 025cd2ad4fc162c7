package openbadge

import (
	"bytes"
	"encoding/json"
	"strings"
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

// A member that is put into a canonical form stands where it would have stood from the beginning.
func TestInsertedMemberStandsInItsPlace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"", "m", "proof", "\ue000", "\U0001f600"}).Draw(t, "name")
		object := rapid.MapOfN(rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"a", "z", "\ufb33", "\U0001f601"})), anyJSON(1), 0, 4).Draw(t, "object")
		delete(object, name)
		form, at, err := appendBut(nil, object, name)
		if err != nil {
			t.Fatal(err)
		}
		if without, err := canonical(object); err != nil || !bytes.Equal(form, without) {
			t.Fatalf("%s, %v, not %s", form, err, without)
		}
		member := anyJSON(1).Draw(t, "member")
		got, err := insertMember(form, at, name, member)
		if err != nil {
			t.Fatal(err)
		}
		object[name] = member
		if want, err := canonical(object); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%s, %v, not %s", got, err, want)
		}
	})
}

// Looking at bytes, eight at once, finds what looking at characters one by one does.
func TestTextIsLookedAtByBytes(t *testing.T) {
	long := rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "~", " ", "\n", "\"", "\\", "\x1f", "\x7f", "\u0080", "\u009f", "\u00a0", "é", "\xc2", "\xff", "☃"}), 0, 24), func(parts []string) string {
		return strings.Join(parts, "")
	})
	plain, others := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(long, rapid.StringMatching(`[ -~]{0,40}`), rapid.StringMatching(`[a-z]{5,20}[\x00-\xff][a-z]{0,9}`)).Draw(t, "text")
		want := !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' })
		if isPlain(text) != want {
			t.Fatalf("%q is plain: %v", text, !want)
		}
		if want {
			plain++
		} else {
			others++
		}
		if found := strings.ContainsFunc(text, isControl); hasControl(text) != found {
			t.Fatalf("%q has a control character: %v", text, !found)
		}
	})
	if plain == 0 || others == 0 {
		t.Errorf("%d plain texts, %d others", plain, others)
	}
}
