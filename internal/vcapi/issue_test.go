package vcapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestWhatIsIssuedVerifies(t *testing.T) {
	handler := Handler(options(t))
	plain := credential(t)
	first := with(plain, map[string]any{"@context": []any{contextCredentials1}, "issuanceDate": "2026-01-01T00:00:00Z", "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33"})
	examples := with(plain, map[string]any{
		"@context": []any{contextCredentials, contextExamples}, "type": []any{"VerifiableCredential", "ExampleCredential"},
		"credentialSubject": map[string]any{"id": "did:example:subject", "grade": "A"},
	})
	for name, c := range map[string]struct {
		credential map[string]any
		options    map[string]any
		want       string
	}{
		"by default":             {plain, nil, "eddsa-rdfc-2022,eddsa-jcs-2022"},
		"RDF":                    {plain, map[string]any{"cryptosuite": "eddsa-rdfc-2022"}, "eddsa-rdfc-2022"},
		"JCS":                    {plain, map[string]any{"cryptosuite": "eddsa-jcs-2022"}, "eddsa-jcs-2022"},
		"both":                   {plain, map[string]any{"cryptosuite": []any{"eddsa-jcs-2022", "eddsa-rdfc-2022"}}, "eddsa-jcs-2022,eddsa-rdfc-2022"},
		"chain":                  {plain, map[string]any{"proofChain": true}, "eddsa-rdfc-2022,eddsa-jcs-2022 on the one before"},
		"data model 1.1":         {first, nil, "eddsa-rdfc-2022,eddsa-jcs-2022"},
		"context of examples":    {examples, nil, "eddsa-rdfc-2022,eddsa-jcs-2022"},
		"described issuer":       {with(plain, map[string]any{"issuer": map[string]any{"id": plain["issuer"], "name": "A"}}), nil, "eddsa-rdfc-2022,eddsa-jcs-2022"},
		"one more, side by side": {issued(t, handler, plain, map[string]any{"cryptosuite": "eddsa-rdfc-2022"}), map[string]any{"cryptosuite": "eddsa-jcs-2022"}, "eddsa-rdfc-2022,eddsa-jcs-2022"},
		"one more, on the last": {
			issued(t, handler, plain, map[string]any{"cryptosuite": "eddsa-rdfc-2022", "proofChain": true}), map[string]any{"cryptosuite": "eddsa-rdfc-2022", "proofChain": true},
			"eddsa-rdfc-2022,eddsa-rdfc-2022 on the one before",
		},
		"enveloped": {plain, map[string]any{"mediaType": "application/vc+jwt"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			secured := issued(t, handler, c.credential, c.options)
			if got := strings.Join(cryptosuites(t, secured), ","); got != c.want {
				t.Errorf("proofs %q, want %q", got, c.want)
			}
			if wrong := holds(t, handler, secured, nil); wrong != "" {
				t.Error(wrong)
			}
			if c.want == "" {
				if id, _ := secured["id"].(string); !strings.HasPrefix(id, "data:application/vc+jwt,") || secured["type"] != "EnvelopedVerifiableCredential" {
					t.Errorf("envelope %v", secured)
				}
				return
			}
			changed := with(secured, map[string]any{"credentialSubject": map[string]any{"id": "did:example:another"}})
			if wrong := holds(t, handler, changed, nil); !strings.Contains(wrong, problemProof) {
				t.Errorf("changed: %q", wrong)
			}
		})
	}
}

func TestIssueRefuses(t *testing.T) {
	o := options(t)
	o.Resource = func(_ context.Context, url string) ([]byte, error) {
		if url != "https://test.example/a" {
			return nil, errors.New("nothing there")
		}
		return []byte("a"), nil
	}
	handler := Handler(o)
	plain := credential(t)
	secured := issued(t, handler, plain, nil)
	changed := func(changes map[string]any) map[string]any { return map[string]any{"credential": with(plain, changes)} }
	choosing := func(options any) map[string]any { return map[string]any{"credential": plain, "options": options} }
	related := func(members string) string {
		encoded, err := json.Marshal(with(plain, map[string]any{"relatedResource": json.RawMessage("[{" + members + "}]")}))
		if err != nil {
			t.Fatal(err)
		}
		return `{"credential":` + string(encoded) + `}`
	}
	if status, answer := send(t, handler, "/credentials/issue", related(`"id":"https://test.example/a","digestSRI":"sha256-ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs="`)); status != http.StatusCreated {
		t.Errorf("the right digest: %v", answer)
	}
	for name, c := range map[string]struct {
		body any
		says string
	}{
		"no JSON":                      {"{", "not JSON"},
		"an array":                     {"[]", "the body is not an object"},
		"null":                         {"null", "not"},
		"a member twice":               {`{"credential":{},"credential":{}}`, "Duplicate"},
		"a member that is not known":   {`{"credential":{},"holder":"x"}`, `"holder"`},
		"no credential":                {"{}", "credential is not an object"},
		"a text":                       {`{"credential":"x"}`, "credential is not an object"},
		"no context":                   {changed(map[string]any{"@context": nil}), "@context[0]"},
		"no issuer":                    {changed(map[string]any{"issuer": nil}), "issuer"},
		"another issuer":               {changed(map[string]any{"issuer": "did:example:other"}), "who alone issues here"},
		"issuer without a name":        {changed(map[string]any{"issuer": map[string]any{"id": nil}}), "issuer.id"},
		"no subject":                   {changed(map[string]any{"credentialSubject": nil}), "credentialSubject"},
		"ends before it begins":        {changed(map[string]any{"validFrom": "2026-02-01T00:00:00Z", "validUntil": "2026-01-01T00:00:00Z"}), "validUntil"},
		"a term that nobody defines":   {changed(map[string]any{"grade": "A"}), "grade"},
		"a term of examples alone":     {changed(map[string]any{"@context": []any{contextCredentials, contextExamples}, "grade": "A"}), `"grade"`},
		"a type that nobody defines":   {changed(map[string]any{"type": []any{"VerifiableCredential", "Diploma"}}), "Diploma"},
		"a context that is not known":  {changed(map[string]any{"@context": []any{contextCredentials, "https://other.example/v1"}}), "other.example"},
		"a related resource elsewhere": {related(`"id":"https://test.example/b","digestSRI":"sha256-x"`), "nothing there"},
		"a related resource changed":   {related(`"id":"https://test.example/a","digestSRI":"sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="`), "digest"},
		"proofs that do not hold":      {map[string]any{"credential": with(secured, map[string]any{"id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33"})}, "do not hold"},
		"proofs that are none":         {map[string]any{"credential": with(plain, map[string]any{"proof": []any{}})}, "do not hold"},
		"a chain on what has no name":  {map[string]any{"credential": secured, "options": map[string]any{"proofChain": true}}, "no id"},
		"an option that is not known":  {choosing(map[string]any{"challenge": "x"}), `"challenge"`},
		"options that are none":        {choosing("x"), "options is not an object"},
		"an option of the wrong type":  {choosing(map[string]any{"proofChain": "x"}), "proofChain of options"},
		"another cryptosuite":          {choosing(map[string]any{"cryptosuite": "ecdsa-rdfc-2019"}), "ecdsa-rdfc-2019"},
		"another media type":           {choosing(map[string]any{"mediaType": "text/html"}), "text/html"},
		"a JWT with cryptosuite":       {choosing(map[string]any{"mediaType": "application/vc+jwt", "cryptosuite": "eddsa-jcs-2022"}), "a JWT has neither"},
		"another kind of status":       {choosing(map[string]any{"credentialStatus": map[string]any{"type": "StatusList2021Entry"}}), "StatusList2021Entry"},
		"another purpose":              {choosing(map[string]any{"credentialStatus": map[string]any{"type": statusType, "statusPurpose": "fun"}}), "fun"},
	} {
		t.Run(name, func(t *testing.T) {
			status, answer := send(t, handler, "/credentials/issue", c.body)
			if status != http.StatusBadRequest || answer["type"] == nil || !strings.Contains(fmt.Sprint(answer["detail"]), c.says) {
				t.Errorf("%d: %v", status, answer)
			}
		})
	}
}
