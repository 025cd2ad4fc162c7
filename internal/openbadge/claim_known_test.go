package openbadge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Text that has a control character, in half of the cases.
var roughText = rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.SampledFrom([]rune("\n\t\r\b\f\x00\x1f\x7f\u0080\u009f\u00a0\u00c2\"\\/né😀"))))

func TestTextsAreClearAsTheyAreWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfN(roughText, 0, 4).Draw(t, "texts")
		list, rough := []any{}, false
		for _, text := range texts {
			list, rough = append(list, text), rough || hasControl(text)
		}
		form, err := canonical(map[string]any{"texts": list})
		if err != nil {
			t.Fatal(err)
		}
		if isClear(form) == rough {
			t.Fatalf("%q is clear: %v", form, isClear(form))
		}
	})
}

// issuedAnew is what Issue makes without what it remembers.
func issuedAnew(t tester, claim Claim, suites ...Cryptosuite) ([]byte, error) {
	t.Helper()
	kept := knownClaims.kept
	knownClaims.kept = map[uint64]*knownClaim{}
	defer func() { knownClaims.kept = kept }()
	return Issue(context.Background(), claim, claimKey(t), claim.ValidFrom, suites...)
}

// sameAsAnew issues a claim with what is remembered and without.
func sameAsAnew(t *rapid.T, claim Claim, suites ...Cryptosuite) {
	t.Helper()
	got, err := Issue(context.Background(), claim, claimKey(t), claim.ValidFrom, suites...)
	want, wantErr := issuedAnew(t, claim, suites...)
	if !bytes.Equal(got, want) || fmt.Sprint(err) != fmt.Sprint(wantErr) {
		t.Fatalf("%s, %v\nanew: %s, %v", got, err, want, wantErr)
	}
}

// What is known of a claim's parts is no more than that: with them another claim, under other contexts perhaps, is issued or
// refused as if they were seen for the first time, also when there is no more room for them.
func TestKnownPartsInAnotherClaim(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		suites := rapid.SampledFrom([][]Cryptosuite{{EdDSAJCS}, {EdDSARDFC}, nil}).Draw(t, "suites")
		claim := anyClaim.Draw(t, "claim")
		for range 2 { // it is remembered, and read
			sameAsAnew(t, claim, suites...)
		}
		other := anyClaim.Draw(t, "other")
		other.Achievement, other.Results = claim.Achievement, claim.Results
		if rapid.Bool().Draw(t, "of the same issuer") {
			other.Issuer = claim.Issuer
		}
		if rapid.Bool().Draw(t, "without results") {
			other.Results = nil
		}
		if rapid.Bool().Draw(t, "with no room") {
			knownClaims.kept = map[uint64]*knownClaim{}
			for i := range uint64(maxKnown) {
				knownClaims.kept[i] = &knownClaim{}
			}
		}
		for range 2 {
			sameAsAnew(t, other, suites...)
			sameAsAnew(t, claim, suites...)
		}
	})
}

// texts are those of a value, to be changed in place.
func texts(value reflect.Value) []reflect.Value {
	var all []reflect.Value
	switch value.Kind() {
	case reflect.String:
		all = append(all, value)
	case reflect.Pointer:
		if !value.IsNil() {
			all = texts(value.Elem())
		}
	case reflect.Slice:
		for i := range value.Len() {
			all = append(all, texts(value.Index(i))...)
		}
	case reflect.Struct:
		for i := range value.NumField() {
			if value.Type().Field(i).IsExported() { // times have none
				all = append(all, texts(value.Field(i))...)
			}
		}
	}
	return all
}

// A claim that differs by one character from one that is known is issued or refused as if that were not known.
func TestKnownPartsChangedByACharacter(t *testing.T) {
	changed := 0
	rapid.Check(t, func(t *rapid.T) {
		claim := anyClaim.Draw(t, "claim")
		for range 2 {
			sameAsAnew(t, claim, EdDSAJCS)
		}
		text := rapid.SampledFrom(texts(reflect.ValueOf(&claim).Elem())).Draw(t, "text")
		runes := []rune(text.String())
		at := rapid.IntRange(0, len(runes)).Draw(t, "at")
		character := rapid.SampledFrom([]rune("aZ0 :/#<\"\\\n\x00\u0085\uFFFDé😀")).Draw(t, "character")
		text.SetString(string(slices.Insert(runes, at, character)))
		if _, err := issuedAnew(t, claim, EdDSAJCS); err == nil {
			changed++
		}
		sameAsAnew(t, claim, EdDSAJCS)
	})
	if changed == 0 {
		t.Error("all changes were refused: some should have been drawn that are not")
	}
}

// What is remembered makes no difference, neither when the caller changes in place what was issued before.
func TestKnownPartsMakeNoDifference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		claim := anyClaim.Draw(t, "claim")
		for range 3 {
			sameAsAnew(t, claim)
			a := &claim.Achievement
			for i := range a.Alignments {
				a.Alignments[i].TargetDescription = roughText.Draw(t, "description")
				a.Alignments[i].TargetType = rapid.SampledFrom([]string{"", "CTDL", "no term"}).Draw(t, "type")
			}
			for i := range a.ResultDescriptions {
				a.ResultDescriptions[i].ResultType = rapid.SampledFrom([]string{"Status", "", "no term"}).Draw(t, "result")
			}
			if a.Creator != nil {
				a.Creator.URL = rapid.SampledFrom([]string{"https://a.example/", "a"}).Draw(t, "url")
			}
		}
	})
}

// changes calls do with each value inside of one changed, and puts it back.
func changes(t *testing.T, path string, value reflect.Value, do func(path string)) {
	t.Helper()
	switch value.Kind() {
	case reflect.Struct:
		for i := range value.NumField() {
			changes(t, path+"."+value.Type().Field(i).Name, value.Field(i), do)
		}
		return
	case reflect.Slice:
		for i := range value.Len() {
			changes(t, item(path, i), value.Index(i), do)
		}
	case reflect.Pointer:
		changes(t, path, value.Elem(), do)
	}
	before := reflect.ValueOf(value.Interface())
	switch value.Kind() {
	case reflect.String:
		value.SetString(value.String() + "x")
	case reflect.Float64:
		value.SetFloat(value.Float() + 1)
	case reflect.Slice:
		value.Set(reflect.Append(value, reflect.Zero(value.Type().Elem())))
	case reflect.Pointer:
		value.SetZero()
	default:
		t.Fatalf("%s is a %s", path, value.Kind())
	}
	do(path)
	value.Set(before)
}

func TestAnotherClaimIsNotKnown(t *testing.T) {
	item := Alignment{TargetName: "n", TargetURL: "https://a.example/"}
	c := Claim{
		Achievement: Achievement{
			ID: "urn:a", Name: "n", Creator: &Profile{ID: "urn:p"}, Tags: []string{"t"}, Alignments: []Alignment{item},
			ResultDescriptions: []ResultDescription{{AllowedValues: []string{"v"}, Levels: []RubricCriterionLevel{{Alignments: []Alignment{item}}}, Alignments: []Alignment{item}}},
		},
		Results: []Result{{ResultDescription: "urn:r", Alignments: []Alignment{item}}},
	}
	k := knownParts{seed: knownClaims.seed, kept: map[uint64]*knownClaim{}}
	k.keep(&c, 0)
	all := k.find(&c)
	if all.issuer == nil || all.achievement == nil || all.results == nil {
		t.Fatalf("known are %v", all)
	}
	count := 0
	another := func(part string, value any, want parts) {
		changes(t, part, reflect.ValueOf(value).Elem(), func(path string) {
			count++
			// All are under one key, as if their hashes were the same.
			same := maps.Clone(k.kept)
			for _, known := range k.kept {
				same[k.key(&c.Achievement)] = known
			}
			other := knownParts{seed: k.seed, kept: same}
			if got := other.find(&c); got != want {
				t.Errorf("%s is another, and known are %v", path, got)
			}
		})
	}
	another("issuer", &c.Issuer, parts{})
	another("achievement", &c.Achievement, parts{})
	another("results", &c.Results, parts{issuer: all.issuer, achievement: all.achievement})
	if count < 55 {
		t.Errorf("%d changes", count)
	}
	if k.find(&c) != all {
		t.Error("it was not put back")
	}
}

func TestKnownPartsAreBounded(t *testing.T) {
	k := knownParts{seed: knownClaims.seed, kept: map[uint64]*knownClaim{}}
	for i := range 3 * maxKnown {
		c := Claim{Achievement: Achievement{ID: fmt.Sprint("urn:a:", i)}}
		k.keep(&c, 0)
		if found := k.find(&c); found.achievement == nil || len(k.kept) > maxKnown {
			t.Fatalf("after %d: %d, %v", i, len(k.kept), found)
		}
	}
	large := Claim{Achievement: Achievement{ID: "urn:large"}}
	k.keep(&large, maxKnownForm+1)
	if found := k.find(&large); found != (parts{}) {
		t.Error("the parts of a large document are kept")
	}
}

func TestFaultsOfAClaimWithKnownParts(t *testing.T) {
	claim := wholeClaim()
	if _, err := Issue(t.Context(), claim, claimKey(t), time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if known := knownClaims.find(&claim); known.issuer == nil || known.achievement == nil || known.results == nil {
		t.Fatalf("known are %v", known)
	}
	claim.Name = ""
	var fault *ClaimError
	if _, err := Issue(t.Context(), claim, claimKey(t), time.Unix(1, 0)); !errors.As(err, &fault) || len(fault.Faults) != 1 {
		t.Errorf("got %v", err)
	}
}
