package verify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/btlc/btlc/internal/openbadge"
)

func TestHostile(t *testing.T) {
	ring := keys(t)
	all := forms(t, ring, claim(ourID, ourDID))
	set, token := all["JSON with two proofs"], all["JWT of Open Badges"]
	for name, c := range map[string]struct {
		input string
		bad   []string
	}{
		"nothing":           {"", []string{"format FAILED"}},
		"white space":       {" \n", []string{"format FAILED"}},
		"YAML":              {"issuer: did:web:btlc.example\ntype: [VerifiableCredential]\n", []string{"format FAILED"}},
		"a list":            {"[" + set + "]", []string{"format FAILED"}},
		"two documents":     {set + set, []string{"format FAILED"}},
		"null":              {"null", []string{"format FAILED"}},
		"ten megabytes":     {`{"a":"` + strings.Repeat("a", 10<<20) + `"}`, []string{"format FAILED"}},
		"a large picture":   {"\x89PNG\r\n\x1a\n" + strings.Repeat("a", MaxImage), []string{"format FAILED"}},
		"depth of objects":  {strings.Repeat(`{"a":`, 200_000) + "1" + strings.Repeat("}", 200_000), []string{"format FAILED"}},
		"depth of lists":    {`{"a":` + strings.Repeat("[", 400_000), []string{"format FAILED"}},
		"a duplicate key":   {strings.Replace(set, `"issuer":`, `"issuer":"did:web:a.example","issuer":`, 1), []string{"format FAILED"}},
		"broken Unicode":    {"{\"a\":\"\xff\"}", []string{"format FAILED"}},
		"no proof":          {`{"issuer":"did:web:btlc.example"}`, []string{"format PASSED", "proof FAILED", "schema FAILED"}},
		"no issuer":         {`{"proof":{}}`, []string{"proof FAILED", "issuer FAILED"}},
		"a presentation":    {`{"type":"VerifiablePresentation","holder":"did:web:btlc.example","proof":{}}`, []string{"proof FAILED", "issuer FAILED"}},
		"too many proofs":   {`{"issuer":"` + ourDID + `","proof":[{},{},{},{},{},{},{},{},{}]}`, []string{"proof FAILED"}},
		"another suite":     {strings.ReplaceAll(strings.ReplaceAll(set, "eddsa-rdfc-2022", "none"), "eddsa-jcs-2022", "none"), []string{"proof UNKNOWN", "issuer UNKNOWN"}},
		"a strange context": {strings.Replace(all["JSON with one proof"], "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json", "https://evil.example/context.json", 1), []string{"proof FAILED", "schema FAILED"}},
		"not a URL":         {"https://", []string{"format FAILED"}},
		"two signatures":    {token + "." + token, []string{"format FAILED"}},
		"XML bomb":          {`<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;">]><svg xmlns="http://www.w3.org/2000/svg">&d;</svg>`, []string{"format FAILED"}},
		"HTML":              {"<html>", []string{"format FAILED"}},
		"ten badges":        {tenTimes(t, all["PNG"]), []string{"format FAILED"}},
	} {
		t.Run(name, func(t *testing.T) {
			options := ours(ring)
			options.Fetch = func(_ context.Context, address string) ([]byte, error) {
				t.Errorf("asks for %s", address)
				return nil, errors.New("no")
			}
			wants(t, document(t, c.input, options), c.bad...)
		})
	}
}

// tenTimes repeats the chunk with the credential of a PNG.
func tenTimes(t testing.TB, png string) string {
	t.Helper()
	at := strings.Index(png, "iTXt") - 4
	if at < 0 {
		t.Fatal("there is no text in the picture")
	}
	end := at + 12 + int(binary.BigEndian.Uint32([]byte(png[at:])))
	chunk := png[at:end]
	if crc32.ChecksumIEEE([]byte(chunk[4:len(chunk)-4])) != binary.BigEndian.Uint32([]byte(chunk[len(chunk)-4:])) {
		t.Fatal("not a chunk")
	}
	return png[:at] + strings.Repeat(chunk, 10) + png[end:]
}

// A JWT says by which algorithm it is signed, and must not be believed.
func TestAlgorithms(t *testing.T) {
	ring := keys(t)
	public := ring.Active(openbadge.ES256).Public()
	payload := must[[]byte](t)(openbadge.Build(claim(ourID, ourDID)))
	made := func(header map[string]any, sign func(input []byte) []byte) string {
		input := base64.RawURLEncoding.EncodeToString(must[[]byte](t)(json.Marshal(header))) + "." + base64.RawURLEncoding.EncodeToString(payload)
		return input + "." + base64.RawURLEncoding.EncodeToString(sign([]byte(input)))
	}
	kid := public.VerificationMethod(ourDID)
	none := func([]byte) []byte { return nil }
	with := func(key []byte) func([]byte) []byte {
		return func(input []byte) []byte {
			mac := hmac.New(sha256.New, key)
			_, _ = mac.Write(input)
			return mac.Sum(nil)
		}
	}
	attacker := keys(t).Active(openbadge.ES256)
	signs := func(input []byte) []byte { return must[[]byte](t)(attacker.Sign(t.Context(), input)) }
	for name, c := range map[string]struct{ token, want string }{
		"none":               {made(map[string]any{"alg": "none", "typ": "vc+jwt", "kid": kid}, none), "format FAILED"},
		"None":               {made(map[string]any{"alg": "None", "typ": "vc+jwt", "kid": kid}, none), "format FAILED"},
		"no algorithm":       {made(map[string]any{"typ": "vc+jwt", "kid": kid}, none), "format FAILED"},
		"the key as secret":  {made(map[string]any{"alg": "HS256", "typ": "vc+jwt", "kid": kid}, with(public.JWK(public.ID))), "format FAILED"},
		"its id as secret":   {made(map[string]any{"alg": "HS256", "typ": "vc+jwt", "kid": kid}, with([]byte(public.ID))), "format FAILED"},
		"another kind":       {made(map[string]any{"alg": "EdDSA", "typ": "vc+jwt", "kid": kid}, signs), "issuer FAILED"},
		"a key of its own":   {made(map[string]any{"alg": "ES256", "typ": "vc+jwt", "kid": kid, "jwk": json.RawMessage(attacker.Public().JWK("a"))}, signs), "proof FAILED"},
		"the attacker's key": {made(map[string]any{"alg": "ES256", "typ": "vc+jwt", "kid": "did:key:" + attacker.Public().ID + "#" + attacker.Public().ID}, signs), "issuer FAILED"},
	} {
		r := document(t, c.token, ours(ring))
		if r.Valid || r.Ours {
			t.Errorf("%s: %v", name, r.Checks)
		}
		wants(t, r, c.want)
	}
}

// What is shown of a document moves nothing around it.
func TestShown(t *testing.T) {
	for text, want := range map[string]string{
		"Using Data": "Using Data", "a\x1b[2Jb\nc": "a [2Jb c", "\u202eevil": "evil", "\xff": "�", strings.Repeat("é", maxShown+1): strings.Repeat("é", maxShown) + "…",
	} {
		if got := shown(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// FuzzDocument: whatever comes in, there is an answer, whose texts can be shown; and without a key nothing is ours.
func FuzzDocument(f *testing.F) {
	ring := keys(f)
	for _, input := range forms(f, ring, claim(ourID, ourDID, openbadge.Status{List: listAt, Purpose: "revocation", Index: 5})) {
		f.Add([]byte(input))
	}
	f.Add([]byte(`{"issuer":"did:key:z","credentialSubject":{"achievement":{"alignment":[1,{"targetName":"\u202e"}]}},"proof":[{"type":"DataIntegrityProof"}]}`))
	f.Add([]byte("https://btlc.example/credentials/"))
	strangers := ours(keys(f))
	fetched := strangers
	fetched.Issuer, fetched.Fetch = "", func(context.Context, string) ([]byte, error) { return []byte("{}"), nil }
	f.Fuzz(func(t *testing.T, input []byte) {
		for _, options := range []Options{strangers, fetched} {
			r, err := Document(t.Context(), bytes.Clone(input), options)
			if err != nil || len(r.Checks) == 0 || r.Ours {
				t.Fatalf("%+v, %v", r, err)
			}
			texts := []string{r.ID, r.Title, r.IssuerID, r.IssuerName}
			for _, check := range r.Checks {
				texts = append(texts, check.Detail)
			}
			for _, text := range append(texts, r.Achievements...) {
				if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) || utf8.RuneCountInString(text) > maxShown+1 {
					t.Fatalf("%q", text)
				}
			}
		}
	})
}
