package verify

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// plain is a credential with little in it.
func plain(more map[string]any) map[string]any {
	document := map[string]any{
		"@context": []any{contextCredentials}, "type": []any{"VerifiableCredential"}, "issuer": "did:example:issuer",
		"credentialSubject": map[string]any{"id": "did:example:subject"},
	}
	for name, value := range more {
		if document[name] = value; value == nil {
			delete(document, name)
		}
	}
	return document
}

// read is a JSON value.
func read(t testing.TB, text string) any {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestConforming(t *testing.T) {
	for _, c := range []struct{ member, value, says string }{
		{"id", `"urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33"`, ""},
		{"id", `null`, "id: "},
		{"id", `["https://a.example/1","https://a.example/2"]`, "id: "},
		{"id", `"https ://a.example/1"`, "id: "},
		{"@context", `["https://www.w3.org/ns/credentials/v2",{"A":"https://a.example/#A"},"https://a.example/v1"]`, ""},
		{"@context", `["https://a.example/v1","https://www.w3.org/ns/credentials/v2"]`, "@context[0]"},
		{"@context", `[]`, "@context[0]"},
		{"@context", `["https://www.w3.org/ns/credentials/v2",123192875]`, "@context[1]"},
		{"@context", `["https://www.w3.org/ns/credentials/v2","https ://a.example"]`, "@context[1]"},
		{"@context", `["https://www.w3.org/2018/credentials/v1"]`, "issuanceDate"},
		{"type", `"VerifiableCredential"`, ""},
		{"type", `["https://a.example/#A","VerifiableCredential"]`, ""},
		{"type", `["https://a.example/#A"]`, "type: "},
		{"type", `["VerifiableCredential",2]`, "type: "},
		{"issuer", `{"id":"did:example:issuer","name":"A"}`, ""},
		{"issuer", `"somebody"`, "issuer: "},
		{"issuer", `null`, "issuer: "},
		{"issuer", `{"id":null}`, "issuer.id: "},
		{"issuer", `{"id":"did:example:issuer","description":{"@value":"A","colour":"red"}}`, "issuer.description: "},
		{"name", `{"@value":"A","@language":"ar","@direction":"rtl"}`, ""},
		{"name", `[{"@value":"A","@language":"en"},{"@value":"B","@language":"es"}]`, ""},
		{"name", `{"@value":"A","@direction":"up"}`, "name: "},
		{"name", `{"@language":"en"}`, "name: "},
		{"name", `{"@value":"A","@language":1}`, "name: "},
		{"name", `[]`, "name: "},
		{"name", `5`, "name: "},
		{"credentialSubject", `[{"id":"did:example:a"},{"name":"B"}]`, ""},
		{"credentialSubject", `{}`, "credentialSubject: "},
		{"credentialSubject", `[]`, "credentialSubject: "},
		{"credentialSubject", `[{"id":"did:example:a"},{}]`, "credentialSubject: "},
		{"credentialSubject", `"did:example:a"`, "credentialSubject: "},
		{"credentialSubject", `{"id":["did:example:a","did:example:b"]}`, "credentialSubject.id: "},
		{"validFrom", `"2023-02-25T19:10:39.447-06:00"`, ""},
		{"validFrom", `"Sat 25 Feb 2023 07:16:31 PM CST"`, "validFrom: "},
		{"validUntil", `"2023-02-25"`, "validUntil: "},
		{"credentialStatus", `{"type":"CredentialStatusList2017"}`, ""},
		{"credentialStatus", `{"id":"did:example:status"}`, "credentialStatus.type: "},
		{"credentialStatus", `{"id":"did:example:status","type":2}`, "credentialStatus.type: "},
		{"credentialStatus", `{"id":["did:example:a","did:example:b"],"type":"A"}`, "credentialStatus.id: "},
		{"credentialSchema", `[{"id":"did:example:a","type":"A"},{"id":"did:example:b","type":["A","B"]}]`, ""},
		{"credentialSchema", `{"type":"A"}`, "credentialSchema.id: "},
		{"credentialSchema", `{"id":"did:example:a"}`, "credentialSchema.type: "},
		{"refreshService", `{"type":"A","id":"did:example:a"}`, ""},
		{"refreshService", `{"id":"did:example:a"}`, "refreshService.type: "},
		{"termsOfUse", `[{"type":"A"},{"type":"B"}]`, ""},
		{"termsOfUse", `{}`, "termsOfUse.type: "},
		{"evidence", `{"type":"A"}`, ""},
		{"evidence", `["A"]`, "evidence: "},
		{"evidence", `[]`, "evidence: "},
		{"relatedResource", `{"id":"https://a.example","digestSRI":"sha384-x"}`, ""},
		{"relatedResource", `["https://a.example"]`, "relatedResource: "},
		{"relatedResource", `[{"digestSRI":"sha384-x"}]`, "relatedResource.id: "},
		{"relatedResource", `[{"id":"https://a.example"}]`, "relatedResource: "},
		{"relatedResource", `[{"id":"https://a.example","digestSRI":"x"},{"id":"https://a.example","digestMultibase":"u"}]`, "relatedResource.id: "},
	} {
		t.Run(c.member+" "+c.value, func(t *testing.T) {
			document := plain(nil)
			document[c.member] = read(t, c.value)
			err := Conforming(document)
			if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %q", err, c.says)
			}
		})
	}
}

func TestConformingPeriod(t *testing.T) {
	first := map[string]any{"@context": []any{contextCredentials1}}
	for says, document := range map[string]map[string]any{
		"":                            plain(map[string]any{"validFrom": "2023-02-26T01:21:23Z", "validUntil": "2023-02-25T19:21:29-06:00"}),
		"validUntil: is before":       plain(map[string]any{"validFrom": "2023-02-26T01:21:23Z", "validUntil": "2023-02-25T19:21:22-06:00"}),
		"expirationDate: is before":   plain(with(first, map[string]any{"issuanceDate": "2023-02-26T01:21:23Z", "expirationDate": "2023-02-26T01:21:22Z"})),
		"issuanceDate: is not a date": plain(with(first, map[string]any{"issuanceDate": "2023"})),
	} {
		err := Conforming(document)
		if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("got %v, want %q", err, says)
		}
	}
	if err := Conforming(plain(with(first, map[string]any{"issuanceDate": "2023-02-26T01:21:23Z"}))); err != nil {
		t.Errorf("1.1: %v", err)
	}
}

func with(object, changes map[string]any) map[string]any {
	other := maps.Clone(object)
	maps.Copy(other, changes)
	return other
}

// anyJSON generates values as JSON has them.
func anyJSON(depth int) *rapid.Generator[any] {
	leaf := rapid.OneOf(
		rapid.Just(any(nil)), rapid.Just(any(true)), rapid.Map(rapid.Float64Range(-9, 9), func(f float64) any { return f }),
		rapid.Map(rapid.SampledFrom([]string{"", "a", "did:example:a", "VerifiableCredential", contextCredentials, "2023-02-26T01:21:23Z"}), func(s string) any { return s }),
	)
	if depth == 0 {
		return leaf
	}
	inner := anyJSON(depth - 1)
	names := rapid.SampledFrom([]string{"id", "type", "name", "@value", "@language", "digestSRI", "issuer"})
	return rapid.OneOf(
		leaf,
		rapid.Map(rapid.SliceOfN(inner, 0, 3), func(list []any) any { return list }),
		rapid.Map(rapid.MapOfN(names, inner, 0, 4), func(object map[string]any) any { return object }),
	)
}

// Whatever stands at a member, the answer is about that member, and without those that are required nothing conforms.
func TestConformingOfAnything(t *testing.T) {
	members := []string{
		"id", "name", "description", "credentialSubject", "issuer", "type", "credentialStatus", "credentialSchema", "refreshService", "termsOfUse", "evidence",
		"relatedResource",
	}
	rapid.Check(t, func(t *rapid.T) {
		member := rapid.SampledFrom(members).Draw(t, "member")
		document := plain(nil)
		document[member] = anyJSON(2).Draw(t, "value")
		if err := Conforming(document); err != nil && !strings.HasPrefix(err.Error(), member) {
			t.Errorf("%s: %v", member, err)
		}
		required := rapid.SampledFrom([]string{"@context", "type", "issuer", "credentialSubject"}).Draw(t, "required")
		delete(document, required)
		if Conforming(document) == nil {
			t.Errorf("conforms without %s", required)
		}
	})
}
