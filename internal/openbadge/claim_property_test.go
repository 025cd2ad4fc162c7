package openbadge

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"
)

// Generators of faultless claims, with and without whatever is optional.

var (
	anyText = rapid.StringOfN(rapid.Rune().Filter(func(r rune) bool { return !unicode.IsControl(r) || r == '\n' }), 1, 20, -1)
	anyURL  = rapid.StringMatching(`https?://[a-z]{1,8}\.example(:[1-9][0-9]{0,3})?(/[A-Za-z0-9._~-]{1,5}){0,3}(\?[a-z]=[a-z0-9]{1,3})?(#[a-z0-9-]{1,5})?`)
	anyURI  = rapid.OneOf(anyURL, rapid.StringMatching(`did:[a-z]{2,5}:[A-Za-z0-9._-]{1,10}`), rapid.StringMatching(`urn:[a-z]{2,4}:[a-z0-9]{1,8}`))
	anyDID  = rapid.StringMatching(`did:[a-z0-9]{1,5}:([A-Za-z0-9._-]{1,5}(%3A[0-9]{4})?:){0,2}[A-Za-z0-9._-]{1,10}`)
	// Times of the document are whole seconds.
	anyTime   = rapid.Map(rapid.Int64Range(0, 4e9), func(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() })
	anyNumber = rapid.Float64Range(0, 1e6)
	anyHash   = rapid.Map(rapid.SliceOfN(rapid.Byte(), 32, 32), hex.EncodeToString)
)

// maybe leaves what is optional out, half the time.
func maybe[T any](generator *rapid.Generator[T]) *rapid.Generator[T] {
	return rapid.OneOf(rapid.Just(*new(T)), generator)
}

func termOf(vocabulary []string) *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom(vocabulary), rapid.StringMatching(`ext:[A-Za-z0-9._][A-Za-z0-9._-]{0,8}`))
}

var anyImage = rapid.Custom(func(t *rapid.T) Image {
	return Image{ID: rapid.OneOf(anyURL, rapid.Just("data:image/svg+xml;base64,PHN2Zy8+")).Draw(t, "image"), Caption: maybe(anyText).Draw(t, "caption")}
})

var anyProfile = rapid.Custom(func(t *rapid.T) Profile {
	return Profile{
		ID: anyURI.Draw(t, "profile"), Name: anyText.Draw(t, "name"), URL: anyURL.Draw(t, "url"),
		Email:       maybe(rapid.StringMatching(`[a-z]{1,5}@[a-z]{1,5}\.example`)).Draw(t, "email"),
		Description: maybe(anyText).Draw(t, "description"), Image: maybe(anyImage).Draw(t, "image"),
	}
})

var anyIssuer = anyProfile.Filter(func(p Profile) bool { return !strings.Contains(p.ID, "#") })

var anyAlignment = rapid.Custom(func(t *rapid.T) Alignment {
	return Alignment{
		TargetName: anyText.Draw(t, "name"), TargetURL: anyURL.Draw(t, "url"), TargetDescription: maybe(anyText).Draw(t, "description"),
		TargetFramework: maybe(anyText).Draw(t, "framework"), TargetCode: maybe(anyText).Draw(t, "code"), TargetType: maybe(termOf(targetTypes)).Draw(t, "type"),
	}
})

var anyAlignments = rapid.SliceOfN(anyAlignment, 0, 2)

// anyLevel is the level of a number within a description.
func anyLevel(description, n int) *rapid.Generator[RubricCriterionLevel] {
	return rapid.Custom(func(t *rapid.T) RubricCriterionLevel {
		return RubricCriterionLevel{
			ID: fmt.Sprintf("urn:level:%d:%d", description, n), Name: anyText.Draw(t, "name"), Description: maybe(anyText).Draw(t, "description"),
			Level: maybe(anyText).Draw(t, "short"), Points: maybe(anyText).Draw(t, "points"), Alignments: anyAlignments.Draw(t, "alignments"),
		}
	})
}

// anyDescription is the description of a number within an achievement.
func anyDescription(n int) *rapid.Generator[ResultDescription] {
	return rapid.Custom(func(t *rapid.T) ResultDescription {
		d := ResultDescription{
			ID: fmt.Sprintf("urn:result:%d", n), Name: anyText.Draw(t, "name"), ResultType: termOf(resultTypes).Draw(t, "type"),
			AllowedValues: rapid.SliceOfN(anyText, 0, 3).Draw(t, "values"), Alignments: anyAlignments.Draw(t, "alignments"),
		}
		if len(d.AllowedValues) > 0 {
			d.RequiredValue = maybe(rapid.SampledFrom(d.AllowedValues)).Draw(t, "required value")
		}
		for i := range rapid.IntRange(0, 3).Draw(t, "levels") {
			d.Levels = append(d.Levels, anyLevel(n, i).Draw(t, "level"))
		}
		if len(d.Levels) > 0 {
			d.RequiredLevel = maybe(rapid.SampledFrom(d.Levels)).Draw(t, "required level").ID
		}
		return d
	})
}

// anyResult is a result that fits a description.
func anyResult(d ResultDescription) *rapid.Generator[Result] {
	return rapid.Custom(func(t *rapid.T) Result {
		r := Result{ResultDescription: d.ID, Status: rapid.SampledFrom(resultStatuses).Draw(t, "status"), Alignments: anyAlignments.Draw(t, "alignments")}
		values := anyText
		if len(d.AllowedValues) > 0 {
			values = rapid.SampledFrom(d.AllowedValues)
		}
		r.Value = maybe(values).Draw(t, "value")
		if len(d.Levels) > 0 {
			r.AchievedLevel = maybe(rapid.SampledFrom(d.Levels)).Draw(t, "level").ID
		}
		if d.ResultType != "Status" && (r.Value != "" || r.AchievedLevel != "") && rapid.Bool().Draw(t, "without status") {
			r.Status = ""
		}
		return r
	})
}

var anyAchievement = rapid.Custom(func(t *rapid.T) Achievement {
	a := Achievement{
		ID: anyURI.Draw(t, "achievement"), Name: anyText.Draw(t, "name"), Description: anyText.Draw(t, "description"),
		CriteriaNarrative: anyText.Draw(t, "criteria"), CriteriaURL: maybe(anyURL).Draw(t, "criteria page"), AchievementType: maybe(termOf(achievementTypes)).Draw(t, "type"),
		Image: maybe(anyImage).Draw(t, "image"), Tags: rapid.SliceOfN(anyText, 0, 3).Draw(t, "tags"),
		FieldOfStudy: maybe(anyText).Draw(t, "field"), Specialization: maybe(anyText).Draw(t, "specialization"),
		CreditsAvailable: maybe(anyNumber).Draw(t, "credits"), Alignments: anyAlignments.Draw(t, "alignments"),
		Creator: maybe(rapid.Ptr(anyProfile, false)).Draw(t, "creator"),
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "descriptions") {
		a.ResultDescriptions = append(a.ResultDescriptions, anyDescription(i).Draw(t, "description"))
	}
	return a
})

var anySubject = rapid.Custom(func(t *rapid.T) Subject {
	s := Subject{ID: maybe(anyDID).Draw(t, "subject")}
	if s.ID == "" || rapid.Bool().Draw(t, "identified") {
		s.Salt, s.IdentityType = anyText.Draw(t, "salt"), maybe(termOf(identityTypes)).Draw(t, "identity")
		s.Hash = IdentityHash(anyText.Draw(t, "identity"), s.Salt)
	}
	return s
})

// anyMetadata has at most one status entry, which is what the standards' schemas allow.
func anyMetadata(schema SchemaURL) *rapid.Generator[Metadata] {
	return rapid.Custom(func(t *rapid.T) Metadata {
		m := Metadata{
			ID: anyURI.Draw(t, "id"), Name: anyText.Draw(t, "name"), Description: maybe(anyText).Draw(t, "description"),
			Issuer: anyIssuer.Draw(t, "issuer"), ValidFrom: anyTime.Draw(t, "from"), Schemas: rapid.SliceOfN(rapid.Just(schema), 0, 1).Draw(t, "schemas"),
		}
		if seconds := rapid.IntRange(0, 1e9).Draw(t, "seconds"); seconds > 0 {
			m.ValidUntil = m.ValidFrom.Add(time.Duration(seconds) * time.Second)
		}
		if rapid.Bool().Draw(t, "has status") {
			list, _, _ := strings.Cut(anyURL.Draw(t, "list"), "#")
			m.Status = []Status{{List: list, Purpose: rapid.SampledFrom([]string{"", "revocation", "suspension"}).Draw(t, "purpose"), Index: rapid.IntRange(0, 1<<17).Draw(t, "index")}}
		}
		return m
	})
}

var anyClaim = rapid.Custom(func(t *rapid.T) Claim {
	c := Claim{
		Metadata: anyMetadata(SchemaOpenBadge).Draw(t, "metadata"), Subject: anySubject.Draw(t, "subject"), Achievement: anyAchievement.Draw(t, "achievement"),
		CreditsEarned: maybe(anyNumber).Draw(t, "earned"), ActivityStart: maybe(anyTime).Draw(t, "start"),
		Evidence: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Evidence {
			return Evidence{SHA256: anyHash.Draw(t, "digest"), Name: maybe(anyText).Draw(t, "name"), Genre: maybe(anyText).Draw(t, "genre")}
		}), 0, 3).Draw(t, "evidence"),
	}
	if rapid.Bool().Draw(t, "ended") {
		c.ActivityEnd = c.ActivityStart.Add(time.Hour)
	}
	for _, d := range c.Achievement.ResultDescriptions {
		c.Results = append(c.Results, rapid.SliceOfN(anyResult(d), 0, 2).Draw(t, "results")...)
	}
	return c
})

// anyCLR nests signed claims and ties their achievements to one another.
var anyCLR = rapid.Custom(func(t *rapid.T) CLRClaim {
	c := CLRClaim{
		Metadata: anyMetadata(SchemaCLR).Draw(t, "metadata"), Subject: anySubject.Draw(t, "subject"), Partial: rapid.Bool().Draw(t, "partial"),
		Achievements: rapid.SliceOfNDistinct(anyAchievement, 0, 2, func(a Achievement) string { return a.ID }).Draw(t, "achievements"),
	}
	var achievements []string
	for _, a := range c.Achievements {
		achievements = append(achievements, a.ID)
	}
	for _, certificate := range rapid.SliceOfNDistinct(anyClaim, 1, 3, func(c Claim) string { return c.ID }).Draw(t, "certificates") {
		c.Credentials = append(c.Credentials, signedClaim(t, certificate))
		achievements = append(achievements, certificate.Achievement.ID)
	}
	for _, source := range achievements[1:] {
		if source != achievements[0] {
			c.Associations = append(c.Associations, Association{Type: rapid.SampledFrom(associationTypes).Draw(t, "type"), Source: source, Target: achievements[0]})
		}
	}
	return c
})

// tester is what tests and properties have in common.
type tester interface {
	Helper()
	Fatal(...any)
}

// claimKey signs what the tests of claims build.
func claimKey(t tester) SigningKey {
	t.Helper()
	key, err := NewSigningKey(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// signedClaim is a claim in a document signed in every way.
func signedClaim(t tester, claim Claim) []byte {
	t.Helper()
	document, err := Build(claim)
	if err != nil {
		t.Fatal(err)
	}
	secured, err := Sign(context.Background(), document, claimKey(t), claim.ValidFrom)
	if err != nil {
		t.Fatal(err)
	}
	return secured
}

// verifyBy checks what claimKey signed as the issuer.
func verifyBy(t tester, issuer string, document []byte) {
	t.Helper()
	keys := ResolveAmong(issuer, []PublicKey{claimKey(t).Public()})
	if err := Verify(context.Background(), document, keys, Expectation{Now: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)}).Err(); err != nil {
		t.Fatal(err)
	}
}

// A claim without faults is built, and its document is signed and verified in every way: also as RDF,
// so that no term in it is without meaning.
func TestAnyClaimVerifies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		claim := anyClaim.Draw(t, "claim")
		signed := signedClaim(t, claim)
		verifyBy(t, claim.Issuer.ID, signed)
		issued, err := Issue(context.Background(), claim, claimKey(t), claim.ValidFrom)
		if err != nil || !bytes.Equal(issued, signed) {
			t.Fatalf("issued at once it is %s, %v; built and signed it is %s", issued, err, signed)
		}
	})
}

// A record of any signed claims holds each of them as it was signed.
func TestAnyCLRHoldsItsCredentials(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		claim := anyCLR.Draw(t, "claim")
		content, err := BuildCLR(claim)
		if err != nil {
			t.Fatal(err)
		}
		for _, certificate := range claim.Credentials {
			if !bytes.Contains(content, certificate) {
				t.Fatalf("%s does not hold %s", content, certificate)
			}
		}
	})
}
