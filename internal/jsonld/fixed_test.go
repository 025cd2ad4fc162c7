package jsonld

import (
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/piprate/json-gold/ld"
	"pgregory.net/rapid"
)

const (
	extensions  = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"
	formerBadge = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.1.json"
)

func fixed(t interface{ Fatal(...any) }, value any) *Fixed {
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return Fix(value, text)
}

// sameAsUnfixed compares what a document with fixed values in it is found to be with the same document without.
func sameAsUnfixed(t interface {
	Fatalf(format string, arguments ...any)
}, document, plain map[string]any) {
	want, wantErr := Canonicalize(plain)
	got, err := Canonicalize(document)
	if string(got) != string(want) || (err == nil) != (wantErr == nil) {
		text, _ := json.Marshal(plain)
		t.Fatalf("%v, %s\nunfixed: %v, %s\n%s", err, got, wantErr, want, text)
	}
	if err := Check(document); (err == nil) != (wantErr == nil) {
		t.Fatalf("Check: %v; unfixed: %v", err, wantErr)
	}
}

// drawMistake is an entry by which an object may lose something, or name what others name too.
func drawMistake(t *rapid.T, place map[string]any) {
	switch rapid.IntRange(0, 9).Draw(t, "what") {
	case 0:
		place["undefined"] = drawText.Draw(t, "value")
	case 1:
		place["id"] = rapid.SampledFrom([]any{"relative", "", 1.0, nil, "_:x", "urn:a"}).Draw(t, "id")
	case 2:
		place["type"] = rapid.SampledFrom([]any{"Undefined", []any{}, 1.0, "Profile", nil}).Draw(t, "type")
	case 3:
		place["name"] = rapid.SampledFrom([]any{nil, []any{}, "\xff", map[string]any{"@value": "x", "@language": "1"}}).Draw(t, "name")
	case 4:
		place["@context"] = rapid.SampledFrom([]any{"https://example.org/c", nil, map[string]any{"name": "urn:n"}, 1.0, formerBadge}).Draw(t, "@context")
	}
}

// A value that is fixed is read in every document as it is without: time and again, under other contexts, within other types, as
// another property, beside nodes of the same name, with whatever would be lost in it or beside it.
func TestFixedValuesAreReadAsOthers(t *testing.T) {
	refused, remembered := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		value := drawAchievement(t)
		if rapid.Bool().Draw(t, "several") {
			value = []any{value, drawProfile(t)}
		}
		drawMistake(t, rapid.SampledFrom(places(value)).Draw(t, "place"))
		part := fixed(t, value)
		for range 4 {
			contexts := rapid.SampledFrom([][]any{
				{credentials, openBadges}, {credentials, openBadges}, {credentials, openBadges, extensions}, {credentials, formerBadge}, {credentials},
				{credentials, openBadges, map[string]any{"@vocab": "urn:v#"}}, {credentials, map[string]any{"name": "urn:own"}},
			}).Draw(t, "contexts")
			class := rapid.SampledFrom([]string{"AchievementSubject", "AchievementSubject", "Profile", "Undefined"}).Draw(t, "class")
			property := rapid.SampledFrom([]string{"achievement", "achievement", "creator", "image", "evidence", "verifiableCredential", "undefined"}).Draw(t, "property")
			holder := func(value any) map[string]any {
				return map[string]any{"type": class, property: value}
			}
			plain := map[string]any{"@context": contexts, "type": "VerifiableCredential", "evidence": map[string]any{"id": "_:x", "type": "Evidence"}}
			document := ld.CloneDocument(plain).(map[string]any)
			plain["credentialSubject"], document["credentialSubject"] = holder(value), holder(part)
			sameAsUnfixed(t, document, plain)
			if Check(plain) != nil {
				refused++
			}
		}
		if part.readings.Load() != nil {
			remembered++
		}
	})
	if refused == 0 || remembered == 0 {
		t.Errorf("%d refused and %d remembered: all cases should have been drawn", refused, remembered)
	}
}

// What is remembered is not read again, and says the same of the document as json-gold does.
func TestFixedValuesAreRemembered(t *testing.T) {
	document := badge()
	want, err := byJSONGold(document)
	if err != nil {
		t.Fatal(err)
	}
	subject := document["credentialSubject"].(map[string]any)
	achievement := subject["achievement"].(map[string]any)
	part := fixed(t, achievement)
	subject["achievement"] = part
	for range 3 {
		if err := Check(document); err != nil {
			t.Fatal(err)
		}
		if got, err := Canonicalize(document); err != nil || string(got) != string(want) {
			t.Fatalf("%v\n%s\njson-gold:\n%s", err, got, want)
		}
		achievement["undefined"] = "x" // against the rule, to see that nobody looks
	}
	if known := *part.readings.Load(); len(known) != 1 {
		t.Errorf("%d readings", len(known))
	}
	document["@context"] = []any{credentials, openBadges, extensions}
	if err := Check(document); !errors.Is(err, ErrUnsafe) {
		t.Errorf("under other contexts it was not read again: %v", err)
	}
}

// entry is a credential with a status entry.
func entry(property string, value any) map[string]any {
	return withContexts(map[string]any{
		"type":             "VerifiableCredential",
		"credentialStatus": map[string]any{"type": "BitstringStatusListEntry", "statusPurpose": "message", property: value},
	})
}

// A message has no meaning but as a statusMessage, whose definition has a context of its own.
func TestFixedValuesMeanWhatTheirPropertySays(t *testing.T) {
	part := fixed(t, map[string]any{"status": "0x0", "message": "m"})
	for range 2 {
		if err := Check(entry("statusMessage", part)); err != nil {
			t.Fatal(err)
		}
		for _, other := range []string{"statusReference", "statusSize", "https://example.org/p"} {
			if err := Check(entry(other, part)); !errors.Is(err, ErrUnsafe) {
				t.Errorf("as %s: %v", other, err)
			}
		}
	}
}

// A context of a document's own, and a property that is no term, have no memory: it would never be used.
func TestFixedValuesThatAreNotRemembered(t *testing.T) {
	part := fixed(t, map[string]any{"@id": "urn:a", "https://example.org/p": "x"})
	for _, document := range []map[string]any{
		{"@context": []any{credentials, map[string]any{"q": "urn:q"}}, "q": part},
		withContexts(map[string]any{"urn:q": part}),
	} {
		if err := Check(document); err != nil {
			t.Error(err)
		}
		if known := part.readings.Load(); known != nil {
			t.Errorf("%d readings after %v", len(*known), document)
		}
	}
}

func TestFixedValuesGoNoDeeper(t *testing.T) {
	part := fixed(t, map[string]any{"type": "Evidence", "name": []any{[]any{"x"}}})
	nested := func(value any, depth int) map[string]any {
		for range depth {
			value = []any{value}
		}
		return withContexts(map[string]any{"type": "VerifiableCredential", "evidence": value})
	}
	depths := make([]int, maxDepth+4)
	for i := range depths {
		depths[i] = i
	}
	outcomes := map[string]bool{}
	for _, depth := range slices.Concat(depths, depths[:1], depths[maxDepth-8:]) {
		sameAsUnfixed(t, nested(part, depth), nested(part.value, depth))
		outcomes[kind(Check(nested(part, depth)))] = true
	}
	if len(outcomes) != 2 {
		t.Errorf("all came to %v", outcomes)
	}
}

// certificate is a credential for an achievement.
func certificate(contexts []any, achievement any) map[string]any {
	return map[string]any{
		"@context": contexts, "type": []any{"VerifiableCredential", "OpenBadgeCredential"},
		"credentialSubject": map[string]any{"type": "AchievementSubject", "achievement": achievement},
	}
}

func TestReadingsAreBounded(t *testing.T) {
	part := fixed(t, map[string]any{"type": "Achievement", "name": "n"})
	for i := range 8 * maxReadings {
		contexts := []any{credentials, openBadges}
		for range i % (3 * maxReadings) {
			contexts = append(contexts, extensions)
		}
		sameAsUnfixed(t, certificate(contexts, part), certificate(contexts, part.value))
		if known := len(*part.readings.Load()); known > maxReadings {
			t.Fatalf("%d readings", known)
		}
	}
}

func TestWhereFixedValuesStand(t *testing.T) {
	part := fixed(t, withContexts(map[string]any{"type": "Profile", "name": "n"}))
	literal := map[string]any{"@context": map[string]any{"p": map[string]any{"@id": "urn:p", "@type": "@json"}}}
	list := map[string]any{"@context": map[string]any{"@vocab": "urn:v#", "p": map[string]any{"@id": "urn:p", "@container": "@list"}}}
	for name, document := range map[string]func(value any) map[string]any{
		"a property":                func(value any) map[string]any { return issuedBy(value) },
		"several":                   func(value any) map[string]any { return issuedBy([]any{value, value}) },
		"a graph":                   func(value any) map[string]any { return presented(value) },
		"a literal":                 func(value any) map[string]any { literal["p"] = value; return literal },
		"in a literal":              func(value any) map[string]any { literal["p"] = []any{value}; return literal },
		"a list":                    func(value any) map[string]any { list["p"] = value; return list },
		"in a list":                 func(value any) map[string]any { list["p"] = []any{"x", value}; return list },
		"in a graph, of a property": func(value any) map[string]any { return presented(issuedBy(value)) },
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 {
				form, err := Canonicalize(document(part.value))
				if err != nil || len(form) == 0 {
					t.Fatal(err)
				}
				again, err := Canonicalize(document(part))
				if err != nil || string(again) != string(form) {
					t.Fatalf("%v, %s\nunfixed: %s", err, again, form)
				}
			}
		})
	}
	signed := fixed(t, map[string]any{"type": "VerifiableCredential", "proof": []any{
		map[string]any{"type": "DataIntegrityProof", "cryptosuite": "a"}, map[string]any{"type": "DataIntegrityProof", "cryptosuite": "b"},
	}})
	levels := fixed(t, []any{map[string]any{"type": "RubricCriterionLevel", "name": "n"}, map[string]any{"type": "RubricCriterionLevel"}})
	described := func(levels any) map[string]any {
		return certificate([]any{credentials, openBadges}, map[string]any{
			"type":              "Achievement",
			"resultDescription": []any{map[string]any{"type": "ResultDescription", "rubricCriterionLevel": levels}},
		})
	}
	for range 2 {
		sameAsUnfixed(t, issuedBy([]any{"urn:a", map[string]any{"name": "n"}, signed}), issuedBy([]any{"urn:a", map[string]any{"name": "n"}, signed.value}))
		sameAsUnfixed(t, described(levels), described(levels.value))
		sameAsUnfixed(t, described([]any{levels, levels}), described([]any{levels.value, levels.value}))
		for _, document := range []map[string]any{issuedBy([]any{"urn:a", map[string]any{"name": "n"}, signed}), described(levels), described([]any{levels, levels})} {
			if err := Check(document); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, document := range map[string]map[string]any{
		"id":      {"id": part},
		"type":    {"type": part},
		"context": {"@context": part, "name": "n"},
		"graphs":  {"type": "VerifiablePresentation", "verifiableCredential": []any{part}},
		"@graph":  {"@graph": part},
	} {
		if document["@context"] == nil {
			document = withContexts(document)
		}
		if form, err := Canonicalize(document); err == nil {
			t.Errorf("as %s: %s", name, form)
		}
	}
}

func issuedBy(issuer any) map[string]any {
	return withContexts(map[string]any{"type": "VerifiableCredential", "issuer": issuer})
}

// presented is a presentation, in which a credential is in a graph of its own.
func presented(credential any) map[string]any {
	return withContexts(map[string]any{"type": "VerifiablePresentation", "verifiableCredential": credential})
}

func TestFixedValuesAreSharedSafely(t *testing.T) {
	part := fixed(t, map[string]any{"type": "Achievement", "name": "n"})
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			contexts := []any{credentials, openBadges}
			if i%2 == 0 {
				contexts = append(contexts, extensions)
			}
			for range 8 {
				if err := Check(certificate(contexts, part)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
}
