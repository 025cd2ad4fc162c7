package jsonld

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
)

// decode reads a JSON object for a test.
func decode(t testing.TB, text string) map[string]any {
	t.Helper()
	var document map[string]any
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return document
}

const (
	credentials = "https://www.w3.org/ns/credentials/v2"
	openBadges  = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
)

// badge is a credential of about 5 KB: sixteen alignments, four results, a hashed identity, a status.
func badge() map[string]any {
	alignments, results, descriptions := []any{}, []any{}, []any{}
	for i := range 16 {
		alignments = append(alignments, map[string]any{
			"type": "Alignment", "targetCode": fmt.Sprintf("1.%d", i), "targetFramework": "Standards of the example",
			"targetName": fmt.Sprintf("Leads inquiry %d", i), "targetType": "CFItem",
			"targetUrl": fmt.Sprintf("https://standards.example/items/%d", i),
		})
	}
	for i := range 4 {
		id := fmt.Sprintf("urn:uuid:00000000-0000-4000-8000-00000000000%d", i)
		results = append(results, map[string]any{"type": "Result", "resultDescription": id, "value": "Proficient"})
		descriptions = append(descriptions, map[string]any{
			"id": id, "type": "ResultDescription", "name": fmt.Sprintf("Criterion %d", i), "resultType": "RubricCriterionLevel",
			"allowedValue": []any{"Emerging", "Proficient", "Exemplary"},
		})
	}
	return map[string]any{
		"@context": []any{credentials, openBadges},
		"id":       "https://badges.example/credentials/1",
		"type":     []any{"VerifiableCredential", "OpenBadgeCredential"},
		"name":     "Teacher leadership",
		"issuer": map[string]any{
			"id": "did:web:badges.example", "type": []any{"Profile"}, "name": "The Academy", "url": "https://badges.example/",
		},
		"validFrom": "2026-05-01T00:00:00Z", "awardedDate": "2026-05-01T00:00:00Z",
		"credentialSubject": map[string]any{
			"type": []any{"AchievementSubject"},
			"identifier": []any{map[string]any{
				"type": "IdentityObject", "hashed": true, "identityType": "emailAddress", "salt": "s4lt",
				"identityHash": "sha256$ab12ab12ab12ab12ab12ab12ab12ab12ab12ab12ab12ab12ab12ab12ab12ab12",
			}},
			"result": results,
			"achievement": map[string]any{
				"id": "https://badges.example/achievements/1", "type": []any{"Achievement"}, "name": "Teacher leadership",
				"description": "Leads colleagues’ learning.", "achievementType": "MicroCredential", "creditsAvailable": 1.5,
				"criteria": map[string]any{"narrative": "Portfolio,\nassessed twice."}, "alignment": alignments,
				"resultDescription": descriptions,
			},
		},
		"credentialStatus": map[string]any{
			"id": "https://badges.example/status/1#7", "type": "BitstringStatusListEntry", "statusPurpose": "revocation",
			"statusListIndex": "7", "statusListCredential": "https://badges.example/status/1",
		},
	}
}

func TestCanonicalize(t *testing.T) {
	v2 := `"@context":"` + credentials + `"`
	for name, c := range map[string]struct{ document, want string }{
		"proofs are graphs": {
			`{` + v2 + `,"id":"urn:a","type":"VerifiableCredential","proof":{"type":"DataIntegrityProof","created":"2026-01-01T00:00:00Z"}}`,
			`<urn:a> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://www.w3.org/2018/credentials#VerifiableCredential> .
<urn:a> <https://w3id.org/security#proof> _:c14n1 .
_:c14n0 <http://purl.org/dc/terms/created> "2026-01-01T00:00:00Z"^^<http://www.w3.org/2001/XMLSchema#dateTime> _:c14n1 .
_:c14n0 <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://w3id.org/security#DataIntegrityProof> _:c14n1 .
`,
		},
		"presented credentials are graphs": {
			`{` + v2 + `,"type":"VerifiablePresentation","verifiableCredential":[{` + v2 + `,"id":"urn:a","type":"VerifiableCredential"}]}`,
			`<urn:a> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://www.w3.org/2018/credentials#VerifiableCredential> _:c14n0 .
_:c14n1 <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://www.w3.org/2018/credentials#VerifiablePresentation> .
_:c14n1 <https://www.w3.org/2018/credentials#verifiableCredential> _:c14n0 .
`,
		},
		"control characters are escaped": {
			`{` + v2 + `,"id":"urn:a","name":"\b\t\n\f\r\"\\\u0000\u001f\u007f\u0080é"}`,
			`<urn:a> <https://schema.org/name> "\b\t\n\f\r\"\\\u0000\u001F\u007F` + "\u0080é" + "\" .\n",
		},
		"native values": {
			`{"@context":{"p":"urn:p#"},"@id":"urn:a","p:v":[true,0,-0.0,1e20,1e21,1.5,-1e-7,"x",{"@value":5,"@type":"http://www.w3.org/2001/XMLSchema#double"}]}`,
			`<urn:a> <urn:p#v> "-1.0E-7"^^<http://www.w3.org/2001/XMLSchema#double> .
<urn:a> <urn:p#v> "0"^^<http://www.w3.org/2001/XMLSchema#integer> .
<urn:a> <urn:p#v> "1.0E21"^^<http://www.w3.org/2001/XMLSchema#double> .
<urn:a> <urn:p#v> "1.5E0"^^<http://www.w3.org/2001/XMLSchema#double> .
<urn:a> <urn:p#v> "100000000000000000000"^^<http://www.w3.org/2001/XMLSchema#integer> .
<urn:a> <urn:p#v> "5.0E0"^^<http://www.w3.org/2001/XMLSchema#double> .
<urn:a> <urn:p#v> "true"^^<http://www.w3.org/2001/XMLSchema#boolean> .
<urn:a> <urn:p#v> "x" .
`,
		},
		"languages": {
			`{` + v2 + `,"id":"urn:a","name":[{"@value":"Hallo","@language":"DE-at"},"Hi"]}`,
			"<urn:a> <https://schema.org/name> \"Hallo\"@de-at .\n<urn:a> <https://schema.org/name> \"Hi\" .\n",
		},
		// The direction is part of the datatype (JSON-LD 1.1, section 10.1, i18n-datatype; API, sections 5.3.2 and 8.2.2).
		"directions": {
			`{"@context":["` + credentials + `",{"@language":"ar-EG","@direction":"rtl","@vocab":"urn:v#","n":{"@direction":null},` +
				`"l":{"@direction":"ltr","@language":null},"m":{"@container":"@language"}}],"id":"urn:a",` +
				`"p":["x",1,{"@value":"plain"},{"@value":"x","@direction":"ltr"},{"@value":"x","@language":"EN","@direction":"ltr"}],` +
				`"n":"x","l":"x","m":{"de":"x","@none":"x"}}`,
			`<urn:a> <urn:v#l> "x"^^<https://www.w3.org/ns/i18n#_ltr> .
<urn:a> <urn:v#m> "x"^^<https://www.w3.org/ns/i18n#_rtl> .
<urn:a> <urn:v#m> "x"^^<https://www.w3.org/ns/i18n#de_rtl> .
<urn:a> <urn:v#n> "x"@ar-eg .
<urn:a> <urn:v#p> "1"^^<http://www.w3.org/2001/XMLSchema#integer> .
<urn:a> <urn:v#p> "plain" .
<urn:a> <urn:v#p> "x"^^<https://www.w3.org/ns/i18n#_ltr> .
<urn:a> <urn:v#p> "x"^^<https://www.w3.org/ns/i18n#ar-eg_rtl> .
<urn:a> <urn:v#p> "x"^^<https://www.w3.org/ns/i18n#en_ltr> .
`,
		},
		"a context in an object": {
			`{"@context":["` + credentials + `",{"@context":{"p":"urn:p"}}],"id":"urn:a","p":"x"}`,
			`<urn:a> <urn:p> "x" .` + "\n",
		},
		"JSON is one literal": {
			`{"@context":{"j":{"@id":"urn:j","@type":"@json"}},"@id":"urn:a","j":[{"b":1.0,"a":null},"x"]}`,
			`<urn:a> <urn:j> "[{\"a\":null,\"b\":1},\"x\"]"^^<http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON> .` + "\n",
		},
		"reverse and included": {
			`{"@context":{"@vocab":"urn:v#","of":{"@reverse":"urn:v#has"}},"@id":"urn:a","of":{"@id":"urn:b"},` +
				`"@reverse":{"has":{"@id":"urn:c"}},"@included":[{"@id":"urn:d","has":"x"}]}`,
			"<urn:b> <urn:v#has> <urn:a> .\n<urn:c> <urn:v#has> <urn:a> .\n<urn:d> <urn:v#has> \"x\" .\n",
		},
		"types scope their node alone": {
			`{"@context":{"@vocab":"urn:out#","T":{"@id":"urn:T","@context":{"@vocab":"urn:in#"}}},"@id":"urn:a","@type":"T","p":{"@id":"urn:b","p":"x"}}`,
			"<urn:a> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <urn:T> .\n<urn:a> <urn:in#p> <urn:b> .\n<urn:b> <urn:out#p> \"x\" .\n",
		},
		"a quad is there once": {
			`{` + v2 + `,"id":"urn:a","name":["x","x",{"@value":"x"}]}`,
			"<urn:a> <https://schema.org/name> \"x\" .\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Canonicalize(decode(t, c.document))
			if err != nil || string(got) != c.want {
				t.Errorf("%v\n%s\nwant\n%s", err, got, c.want)
			}
		})
	}
}

func TestCanonicalizeRefuses(t *testing.T) {
	v2 := `"@context":"` + credentials + `"`
	hub := `{"p":[{}` + strings.Repeat(",{}", 20) + `]}`
	var terms strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&terms, `,"t%d":"urn:t"`, i)
	}
	for name, c := range map[string]struct {
		document string
		want     error
		says     string
	}{
		"an undefined term":         {`{` + v2 + `,"id":"urn:a","nope":1}`, ErrUnsafe, `"nope"`},
		"an undefined type":         {`{` + v2 + `,"id":"urn:a","type":"Nope"}`, ErrUnsafe, `"Nope"`},
		"a term of another type":    {`{` + v2 + `,"id":"urn:a","proofValue":"z"}`, ErrUnsafe, `"proofValue"`},
		"a relative id":             {`{` + v2 + `,"id":"a","name":"x"}`, ErrUnsafe, `"a"`},
		"a relative reference":      {`{` + v2 + `,"id":"urn:a","type":"VerifiableCredential","issuer":"me"}`, ErrUnsafe, `"me"`},
		"an IRI that would end":     {`{` + v2 + `,"id":"urn:a> <urn:b> <urn:c> .","name":"x"}`, ErrUnsafe, "urn:a>"},
		"a null":                    {`{` + v2 + `,"id":"urn:a","name":null}`, ErrUnsafe, `"name"`},
		"a null @value":             {`{` + v2 + `,"id":"urn:a","name":{"@value":null}}`, ErrUnsafe, "null"},
		"a direction that is none":  {`{` + v2 + `,"id":"urn:a","name":{"@value":"x","@direction":"up"}}`, ErrInvalid, "@direction"},
		"a direction of null":       {`{` + v2 + `,"id":"urn:a","name":{"@value":"x","@direction":null}}`, ErrInvalid, "@direction"},
		"a direction of a number":   {`{` + v2 + `,"id":"urn:a","name":{"@value":1,"@direction":"rtl"}}`, ErrInvalid, "direction"},
		"a direction and a type":    {`{` + v2 + `,"id":"urn:a","name":{"@value":"x","@direction":"rtl","@type":"urn:t"}}`, ErrInvalid, "@direction"},
		"directions unknown":        {`{"@context":{"@direction":"up"},"@id":"urn:a","urn:p":"x"}`, ErrInvalid, "@direction"},
		"a term's direction":        {`{"@context":{"p":{"@id":"urn:p","@direction":"up"}},"@id":"urn:a","p":"x"}`, ErrInvalid, "@direction"},
		"a context beside a term":   {`{"@context":{"@context":{"p":"urn:p"},"q":"urn:q"},"@id":"urn:a","p":"x"}`, ErrInvalid, "@context"},
		"a context by URL within":   {`{"@context":{"@context":"` + credentials + `"},"id":"urn:a","name":"x"}`, ErrInvalid, "@context"},
		"an index":                  {`{` + v2 + `,"id":"urn:a","name":{"@value":"x","@index":"i"}}`, ErrUnsafe, "@index"},
		"a language that is none":   {`{` + v2 + `,"id":"urn:a","name":{"@value":"x","@language":"not a tag"}}`, ErrUnsafe, "not a tag"},
		"a proof by reference":      {`{` + v2 + `,"id":"urn:a","type":"VerifiableCredential","proof":{"id":"urn:p"}}`, ErrUnsafe, "says nothing"},
		"only an id":                {`{` + v2 + `,"id":"urn:a"}`, ErrUnsafe, "says nothing"},
		"nothing":                   {`{}`, ErrUnsafe, "says nothing"},
		"no context":                {`{"id":"urn:a","name":"x"}`, ErrUnsafe, ""},
		"a value at the top":        {`{"@context":{"p":"urn:p"},"@value":"x"}`, ErrUnsafe, "graph"},
		"a string in a graph":       {`{"@context":{"p":"urn:p"},"@graph":["x"]}`, ErrUnsafe, `x`},
		"a blank node as property":  {`{"@context":{"p":"_:p"},"@id":"urn:a","p":"x"}`, ErrUnsafe, `"p"`},
		"an unknown context":        {`{"@context":"https://example.org/c","id":"urn:a"}`, ErrUnknownContext, "https://example.org/c"},
		"a relative context":        {`{"@context":"credentials/v2","id":"urn:a"}`, ErrUnknownContext, "credentials/v2"},
		"a protected term":          {`{"@context":["` + credentials + `",{"id":"urn:id"}],"id":"urn:a"}`, ErrInvalid, `"id"`},
		"a protected term as null":  {`{"@context":["` + credentials + `",{"id":null}],"id":"urn:a"}`, ErrInvalid, `"id"`},
		"a protected term reserved": {`{"@context":["` + credentials + `",{"id":"@foo"}],"id":"urn:a"}`, ErrInvalid, `"id"`},
		"protected terms nullified": {`{"@context":["` + credentials + `",null],"id":"urn:a"}`, ErrInvalid, "null"},
		"a cycle of terms":          {`{"@context":{"a":"b:x","b":"a:x"},"@id":"urn:a"}`, ErrInvalid, "itself"},
		"a number as id":            {`{` + v2 + `,"id":1,"name":"x"}`, ErrInvalid, "@id"},
		"an id twice":               {`{` + v2 + `,"id":"urn:a","@id":"urn:b","name":"x"}`, ErrInvalid, "twice"},
		"a number as type":          {`{` + v2 + `,"id":"urn:a","type":1}`, ErrInvalid, "@type"},
		"a literal in reverse":      {`{"@context":{"p":{"@reverse":"urn:p"}},"@id":"urn:a","p":"x"}`, ErrInvalid, "reverse"},
		"a base":                    {`{"@context":{"@base":"urn:b"},"@id":"urn:a","urn:p":"x"}`, ErrUnsupported, "@base"},
		"a map by id":               {`{"@context":{"p":{"@id":"urn:p","@container":"@id"}},"@id":"urn:a","p":{"urn:b":{}}}`, ErrUnsupported, "p"},
		"nodes that are alike":      {`{"@context":{"@vocab":"urn:v#"},"p":[` + hub + `,` + hub + `]}`, ErrTooComplex, "alike"},
		"many contexts": {`{"@context":{"@vocab":"urn:v#"` + terms.String() + `},"p":[` + strings.Repeat(`{"@context":{},"p":1},`, 2000) + `1]}`,
			ErrTooComplex, "contexts"},
		"deep nesting": {`{` + v2 + `,"id":"urn:a","name":` + strings.Repeat("[", 99) + `"x"` + strings.Repeat("]", 99) + `}`, ErrTooComplex, "nested"},
		"deep JSON": {`{"@context":{"j":{"@id":"urn:j","@type":"@json"}},"@id":"urn:a","j":` + strings.Repeat("[", 99) + strings.Repeat("]", 99) + `}`,
			ErrTooComplex, "nested"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Canonicalize(decode(t, c.document))
			if !errors.Is(err, c.want) || !strings.Contains(fmt.Sprint(err), c.says) {
				t.Errorf("got %q, %v; want %v that says %s", got, err, c.want, c.says)
			}
		})
	}
}

func TestCanonicalizeRefusesInvalidUnicode(t *testing.T) {
	for _, document := range []map[string]any{
		{"@context": map[string]any{"p": "urn:p"}, "p": "a\xff"},
		{"@context": map[string]any{"p": map[string]any{"@id": "urn:p", "@type": "@json"}}, "p": []any{"a\xff"}},
		{"@context": map[string]any{"p": "urn:p"}, "p": 1, "@id": "urn:a\xff"},
	} {
		if got, err := Canonicalize(document); err == nil {
			t.Errorf("%v became %q", document, got)
		}
	}
}

func TestCanonicalizeLeavesTheDocumentAndIsSharedSafely(t *testing.T) {
	document, want := badge(), badge()
	first, err := Canonicalize(document)
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if got, err := Canonicalize(document); err != nil || string(got) != string(first) {
				t.Errorf("another result, %v", err)
			}
		})
	}
	group.Wait()
	if !reflect.DeepEqual(document, want) {
		t.Error("the document was changed")
	}
}

func TestContextsAreKeptWithinBounds(t *testing.T) {
	want, err := Canonicalize(badge())
	if err != nil {
		t.Fatal(err)
	}
	// Each list of URLs makes contexts of its own.
	urls := []string{credentials, openBadges, "https://w3id.org/security/multikey/v1", "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"}
	for i := range 1 << 7 {
		list := []any{credentials}
		for n := i; n > 0; n /= len(urls) {
			list = append(list, urls[n%len(urls)])
		}
		document := badge()
		document["@context"] = append(list, openBadges)
		if _, err := Canonicalize(document); err != nil {
			t.Fatalf("%v: %v", list, err)
		}
		if size := currentCache.Load().size.Load(); size > 2*maxContexts {
			t.Fatalf("%d contexts kept", size)
		}
	}
	if got, err := Canonicalize(badge()); err != nil || string(got) != string(want) {
		t.Errorf("another result, %v", err)
	}
}

func FuzzCanonicalize(f *testing.F) {
	text, err := json.Marshal(badge())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	f.Add(`{"@context":{"@vocab":"urn:v#","t":{"@id":"@type"},"l":{"@container":"@list"}},"t":"X","l":[[1],{"@id":"_:a"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		var document map[string]any
		if json.Unmarshal([]byte(text), &document) != nil {
			return
		}
		first, err := Canonicalize(document)
		again, errAgain := Canonicalize(document)
		if (err == nil) != (errAgain == nil) || string(first) != string(again) {
			t.Fatalf("%q, %v then %q, %v", first, err, again, errAgain)
		}
		lines := strings.SplitAfter(string(first), "\n")
		for i := 1; i < len(lines)-1; i++ {
			if lines[i-1] >= lines[i] {
				t.Fatalf("lines out of order: %q, %q", lines[i-1], lines[i])
			}
		}
	})
}

func BenchmarkCanonicalize(b *testing.B) {
	document := badge()
	for name, canonicalize := range map[string]func(map[string]any) ([]byte, error){
		"own": Canonicalize, "json-gold": byJSONGold,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := canonicalize(document); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
