package vcapi

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/gowebpki/jcs"
	"github.com/multiformats/go-multibase"

	"github.com/btlc/btlc/internal/openbadge"
)

// present signs a presentation by a key of its holder, for the challenge c and the domain d.
func present(t testing.TB, presentation map[string]any, holder openbadge.Signer) map[string]any {
	t.Helper()
	hash := func(value map[string]any) []byte {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		form, err := jcs.Transform(text)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(form)
		return sum[:]
	}
	proof := map[string]any{
		"@context": presentation["@context"], "type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022", "proofPurpose": "authentication",
		"verificationMethod": Issuer(holder) + "#" + holder.Public().ID, "challenge": "c", "domain": "d",
	}
	signature, err := holder.Sign(t.Context(), append(hash(proof), hash(presentation)...))
	if err != nil {
		t.Fatal(err)
	}
	value, err := multibase.Encode(multibase.Base58BTC, signature)
	if err != nil {
		t.Fatal(err)
	}
	proof["proofValue"] = value
	return with(presentation, map[string]any{"proof": proof})
}

func TestVerifyRefuses(t *testing.T) {
	handler := Handler(options(t))
	plain := credential(t)
	secured := issued(t, handler, plain, map[string]any{"cryptosuite": "eddsa-rdfc-2022"})
	proof, _ := secured["proof"].(map[string]any)
	proven := func(changes map[string]any) map[string]any {
		return with(secured, map[string]any{"proof": with(proof, changes)})
	}
	other := with(plain, map[string]any{"issuer": Issuer(key(t, 2))})
	o := options(t)
	o.Signer = key(t, 2)
	foreign := issued(t, Handler(o), other, nil)
	if wrong := holds(t, handler, foreign, nil); wrong != "" {
		t.Errorf("of another did:key: %s", wrong)
	}
	part := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	payload, err := json.Marshal(plain)
	if err != nil {
		t.Fatal(err)
	}
	unsigned := map[string]any{
		"@context": contextCredentials, "type": "EnvelopedVerifiableCredential",
		"id": "data:application/vc+jwt," + part(`{"alg":"none","typ":"vc+jwt"}`) + "." + part(string(payload)) + ".",
	}
	enveloped := issued(t, handler, plain, map[string]any{"mediaType": "application/vc+jwt"})
	past := issued(t, handler, with(plain, map[string]any{"validUntil": "2026-01-01T00:00:00Z"}), nil)
	for name, c := range map[string]struct {
		credential any
		says       string
	}{
		"not signed":                 {plain, "not signed"},
		"algorithm none":             {unsigned, "none"},
		"envelope of another type":   {with(enveloped, map[string]any{"type": "VerifiableCredential"}), "not signed"},
		"envelope without context":   {with(enveloped, map[string]any{"@context": []any{}}), "first context"},
		"another's proof":            {with(secured, map[string]any{"issuer": Issuer(key(t, 2))}), problemCrypto},
		"unknown cryptosuite":        {proven(map[string]any{"cryptosuite": "other"}), problemProof},
		"unknown type of proof":      {proven(map[string]any{"type": "OtherProof"}), problemProof},
		"another purpose":            {proven(map[string]any{"proofPurpose": "authentication"}), problemProof},
		"no value":                   {proven(map[string]any{"proofValue": nil}), problemProof},
		"expired":                    {past, problemRange},
		"a term that nobody defines": {with(secured, map[string]any{"grade": "A"}), "grade"},
		"nothing of the data model":  {with(secured, map[string]any{"type": []any{"Other"}}), problemMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			if wrong := holds(t, handler, c.credential, nil); !strings.Contains(wrong, c.says) {
				t.Errorf("%q", wrong)
			}
		})
	}
	for name, body := range map[string]string{
		"no credential": `{}`, "a text": `{"verifiableCredential":"x"}`, "null": `{"verifiableCredential":null}`, "unknown option": `{"verifiableCredential":{},"options":{"challenge":"x"}}`,
		"unknown check": `{"verifiableCredential":{},"options":{"checks":["colour"]}}`,
	} {
		if status, answer := send(t, handler, "/credentials/verify", body); status != http.StatusBadRequest || answer["detail"] == nil {
			t.Errorf("%s: %d %v", name, status, answer)
		}
	}
}

func TestVerifyRepeatsWhenAsked(t *testing.T) {
	handler := Handler(options(t))
	secured := issued(t, handler, credential(t), nil)
	status, answer := send(t, handler, "/credentials/verify", map[string]any{"verifiableCredential": secured, "options": map[string]any{"returnCredential": true}})
	if got, _ := answer["verifiableCredential"].(map[string]any); status != http.StatusOK || got["issuer"] != secured["issuer"] {
		t.Errorf("%d: %v", status, answer)
	}
}

func TestPresentations(t *testing.T) {
	handler := Handler(options(t))
	holder := key(t, 3)
	secured := issued(t, handler, credential(t), map[string]any{"cryptosuite": "eddsa-jcs-2022"})
	enveloped := issued(t, handler, credential(t), map[string]any{"mediaType": "application/vc+jwt"})
	presentation := map[string]any{
		"@context": []any{contextCredentials}, "type": []any{"VerifiablePresentation"}, "holder": Issuer(holder), "verifiableCredential": []any{secured, enveloped},
	}
	asked := map[string]any{"challenge": "c", "domain": "d", "returnResults": true}
	signed := present(t, presentation, holder)
	status, answer := send(t, handler, "/presentations/verify", map[string]any{"verifiablePresentation": signed, "options": asked})
	if results, _ := answer["credentialResults"].([]any); status != http.StatusOK || answer["verified"] != true || len(results) != 2 {
		t.Errorf("%d: %v", status, answer)
	}
	for name, c := range map[string]struct {
		presentation any
		options      map[string]any
	}{
		"another challenge":  {signed, with(asked, map[string]any{"challenge": "other"})},
		"another domain":     {signed, with(asked, map[string]any{"domain": []any{"d", "e"}})},
		"unknown option":     {signed, with(asked, map[string]any{"colour": "red"})},
		"not signed":         {presentation, asked},
		"another holder":     {present(t, with(presentation, map[string]any{"holder": Issuer(key(t, 4))}), holder), asked},
		"no context":         {with(signed, map[string]any{"@context": nil}), asked},
		"changed credential": {present(t, with(presentation, map[string]any{"verifiableCredential": with(secured, map[string]any{"name": "A"})}), holder), asked},
		"a text":             {"x", asked},
	} {
		status, answer := send(t, handler, "/presentations/verify", map[string]any{"verifiablePresentation": c.presentation, "options": c.options})
		if status != http.StatusBadRequest || answer["verified"] == true {
			t.Errorf("%s: %d %v", name, status, answer)
		}
	}
	for _, option := range []string{"returnPresentation"} {
		_, answer := send(t, handler, "/presentations/verify", map[string]any{"verifiablePresentation": signed, "options": with(asked, map[string]any{option: true})})
		if got, _ := answer["verifiablePresentation"].(map[string]any); got["holder"] != Issuer(holder) {
			t.Errorf("%s: %v", option, answer)
		}
	}
}
