package openbadge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
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
func issuedAnew(t tester, claim Claim) ([]byte, error) {
	t.Helper()
	kept := achievements.kept
	achievements.kept = map[uint64]knownAchievement{}
	defer func() { achievements.kept = kept }()
	return Issue(context.Background(), claim, claimKey(t), claim.ValidFrom)
}

// What is remembered makes no difference, neither when the caller changes in place what was issued before.
func TestKnownAchievementsMakeNoDifference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		claim := anyClaim.Draw(t, "claim")
		for range 3 {
			got, err := Issue(context.Background(), claim, claimKey(t), claim.ValidFrom)
			want, wantErr := issuedAnew(t, claim)
			if !bytes.Equal(got, want) || fmt.Sprint(err) != fmt.Sprint(wantErr) {
				t.Fatalf("%s, %v\nanew: %s, %v", got, err, want, wantErr)
			}
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

func TestAnotherAchievementIsNotKnown(t *testing.T) {
	item := Alignment{TargetName: "n", TargetURL: "https://a.example/"}
	a := Achievement{
		ID: "urn:a", Name: "n", Creator: &Profile{ID: "urn:p"}, Tags: []string{"t"}, Alignments: []Alignment{item},
		ResultDescriptions: []ResultDescription{{AllowedValues: []string{"v"}, Levels: []RubricCriterionLevel{{Alignments: []Alignment{item}}}, Alignments: []Alignment{item}}},
	}
	k := knownAchievements{seed: achievements.seed, kept: map[uint64]knownAchievement{}}
	k.keep(&a, a.object(), 0)
	if known, found := k.find(&a); !found || !reflect.DeepEqual(known.object, a.object()) {
		t.Fatalf("%v, %v", known, found)
	}
	count := 0
	changes(t, "", reflect.ValueOf(&a).Elem(), func(path string) {
		count++
		// All are under one key, as if their hashes were the same.
		same := maps.Clone(k.kept)
		for _, known := range k.kept {
			same[k.key(&a)] = known
		}
		other := knownAchievements{seed: k.seed, kept: same}
		if _, found := other.find(&a); found {
			t.Errorf("%s is another, and all is known", path)
		}
	})
	if count < 40 {
		t.Errorf("%d changes", count)
	}
	if _, found := k.find(&a); !found {
		t.Error("it was not put back")
	}
}

func TestKnownAchievementsAreBounded(t *testing.T) {
	k := knownAchievements{seed: achievements.seed, kept: map[uint64]knownAchievement{}}
	for i := range 3 * maxKnown {
		a := Achievement{ID: fmt.Sprint("urn:a:", i)}
		k.keep(&a, a.object(), 0)
		if _, found := k.find(&a); !found || len(k.kept) > maxKnown {
			t.Fatalf("after %d: %d, %v", i, len(k.kept), found)
		}
	}
	large := Achievement{ID: "urn:large"}
	k.keep(&large, large.object(), maxKnownForm+1)
	if _, found := k.find(&large); found {
		t.Error("the achievement of a large document is kept")
	}
}

func TestFaultsOfAKnownAchievementsClaim(t *testing.T) {
	claim := wholeClaim()
	if _, err := Issue(t.Context(), claim, claimKey(t), time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if _, known := achievements.find(&claim.Achievement); !known {
		t.Fatal("it is not known")
	}
	claim.Name = ""
	var fault *ClaimError
	if _, err := Issue(t.Context(), claim, claimKey(t), time.Unix(1, 0)); !errors.As(err, &fault) || len(fault.Faults) != 1 {
		t.Errorf("got %v", err)
	}
}
