package openbadge

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"testing"
)

// presented asks for an answer to a challenge.
var presented = Expectation{Now: later.Now, Challenge: "c1", Domain: []string{"verifier.example"}}

// holderOf is the holder with a key.
func holderOf(key SigningKey) string { return "did:key:" + key.Public().ID }

func presentation(key SigningKey, credentials ...any) map[string]any {
	return map[string]any{
		"@context":             []any{"https://www.w3.org/ns/credentials/v2"},
		"type":                 []any{"VerifiablePresentation"},
		"holder":               holderOf(key),
		"verifiableCredential": credentials,
	}
}

// changedTo is an object with a member changed.
func changedTo(object map[string]any, name string, value any) map[string]any {
	other := maps.Clone(object)
	other[name] = value
	return other
}

func enclose(token string) map[string]any {
	return map[string]any{
		"@context": []any{"https://www.w3.org/ns/credentials/v2"},
		"type":     []any{"EnvelopedVerifiableCredential"}, "id": mediaVC + token,
	}
}

// prove embeds a proof for authentication.
func prove(t *testing.T, document map[string]any, key SigningKey, more map[string]any) []byte {
	t.Helper()
	proof := map[string]any{
		"@context": document["@context"], "type": proofType, "cryptosuite": string(EdDSAJCS),
		"verificationMethod": holderOf(key) + "#" + key.Public().ID, "proofPurpose": "authentication",
		"challenge": "c1", "domain": "verifier.example",
	}
	maps.Copy(proof, more)
	data, err := hashesOf(document).data(EdDSAJCS, proof)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := key.Sign(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	proof["proofValue"] = encodeMultibase(signature)
	secured := maps.Clone(document)
	secured["proof"] = proof
	form, err := canonical(secured)
	if err != nil {
		t.Fatal(err)
	}
	return form
}

func TestPresentations(t *testing.T) {
	document, own := signed(t)
	credential, err := parse(document)
	if err != nil {
		t.Fatal(err)
	}
	token, err := SignVCJWT(t.Context(), document, testP256(1))
	if err != nil {
		t.Fatal(err)
	}
	resolve := ResolveFirst(own, ResolveAmong(did, []PublicKey{testP256(1).Public()}), ResolveDIDKey)
	holder := testKey(9)
	whole := presentation(holder, credential, enclose(token))

	embedded := prove(t, whole, holder, nil)
	claims := maps.Clone(whole)
	claims["nonce"], claims["aud"] = "c1", "verifier.example"
	header := map[string]any{"alg": "EdDSA", "typ": "vp+jwt", "cty": "vp", "kid": holderOf(holder) + "#" + holder.Public().ID}
	signedToken := jwt(t, header, claims, holder)
	envelope, err := json.Marshal(map[string]any{"@context": contextCredentials, "type": "EnvelopedVerifiablePresentation", "id": mediaVP + signedToken})
	if err != nil {
		t.Fatal(err)
	}
	for name, secured := range map[string]string{"embedded": string(embedded), "JWT": signedToken, "envelope": string(envelope)} {
		report := VerifyPresentation(t.Context(), []byte(secured), resolve, presented)
		if err := report.Err(); err != nil || report.Party != holderOf(holder) {
			t.Fatalf("%s: %+v, %v", name, report, err)
		}
		if len(report.Credentials) != 2 || report.Credentials[0].Party != did || string(report.Credentials[1].Document) != string(document) {
			t.Errorf("%s: credentials %+v", name, report.Credentials)
		}
		for what, want := range map[string]Expectation{
			"another challenge":  {Now: presented.Now, Challenge: "c2", Domain: presented.Domain},
			"another domain":     {Now: presented.Now, Challenge: "c1", Domain: []string{"other.example"}},
			"one more domain":    {Now: presented.Now, Challenge: "c1", Domain: []string{"verifier.example", "other.example"}},
			"domain alone wrong": {Now: presented.Now, Domain: []string{"other.example"}},
		} {
			if err := VerifyPresentation(t.Context(), []byte(secured), resolve, want).Err(); !errors.Is(err, ErrUnexpected) {
				t.Errorf("%s, %s: got %v", name, what, err)
			}
		}
		if err := Verify(t.Context(), []byte(secured), resolve, presented).Err(); err == nil {
			t.Errorf("%s: taken for a credential", name)
		}
	}
}

func TestVerifyPresentationTellsWhatIsWrong(t *testing.T) {
	document, own := signed(t)
	credential, err := parse(document)
	if err != nil {
		t.Fatal(err)
	}
	forged := maps.Clone(credential)
	forged["name"] = "Another"
	resolve := ResolveFirst(own, ResolveDIDKey)
	holder := testKey(9)
	without, another := presentation(holder, credential), presentation(holder, credential)
	delete(without, "holder")
	another["type"] = []any{"VerifiableThing"}
	foreign := enclose("a.b.c")
	foreign["@context"] = []any{"https://www.w3.org/ns/credentials/examples/v2", contextCredentials}
	hidden := enclose("a.b.c")
	hidden["id"] = "a.b.c"
	both := func(second SigningKey) []byte {
		first, err := parse(prove(t, without, holder, nil))
		if err != nil {
			t.Fatal(err)
		}
		other, err := parse(prove(t, without, second, map[string]any{"verificationMethod": holderOf(second) + "#" + second.Public().ID}))
		if err != nil {
			t.Fatal(err)
		}
		first["proof"] = []any{first["proof"], other["proof"]}
		return mustCanonical(first)
	}
	tests := []struct {
		name     string
		document []byte
		want     error
	}{
		{"as it should be", prove(t, presentation(holder, credential), holder, nil), nil},
		{"nothing in it", prove(t, presentation(holder), holder, nil), nil},
		{"another holder", prove(t, presentation(testKey(8), credential), holder, nil), ErrWrongIssuer},
		{"no holder named", prove(t, without, holder, nil), nil},
		{"no holder named, two proofs", both(holder), nil},
		{"no holder named, two holders", both(testKey(8)), ErrWrongIssuer},
		{"no holder named, key of another", prove(t, without, holder, map[string]any{"verificationMethod": holderOf(testKey(8)) + "#" + testKey(8).Public().ID}), ErrBadSignature},
		{"no holder named, no key named", prove(t, without, holder, map[string]any{"verificationMethod": nil}), ErrMalformed},
		{"holder without a name", prove(t, changedTo(without, "holder", map[string]any{}), holder, nil), ErrMalformed},
		{"of another type", prove(t, another, holder, nil), ErrMalformed},
		{"for asserting", prove(t, presentation(holder, credential), holder, map[string]any{"proofPurpose": "assertionMethod"}), ErrWrongPurpose},
		{"without challenge", prove(t, presentation(holder, credential), holder, map[string]any{"challenge": nil}), ErrUnexpected},
		{"more domains", prove(t, presentation(holder, credential), holder, map[string]any{"domain": []any{"verifier.example", "x"}}), ErrUnexpected},
		{"expired", prove(t, presentation(holder, credential), holder, map[string]any{"expires": "2026-03-01T17:00:00Z"}), ErrExpired},
		{"forged credential", prove(t, presentation(holder, forged), holder, nil), ErrBadSignature},
		{"text for a credential", prove(t, presentation(holder, "x"), holder, nil), ErrMalformed},
		{"unsigned credential", prove(t, presentation(holder, map[string]any{"issuer": did}), holder, nil), ErrNoProof},
		{"empty envelope", prove(t, presentation(holder, map[string]any{"type": "EnvelopedVerifiableCredential"}), holder, nil), ErrMalformed},
		{"envelope under other contexts", prove(t, presentation(holder, foreign), holder, nil), ErrMalformed},
		{"envelope without data URL", prove(t, presentation(holder, hidden), holder, nil), ErrUnsupportedProof},
		{"too many", prove(t, presentation(holder, slices.Repeat([]any{enclose("x")}, maxCredentials+1)...), holder, nil), ErrMalformed},
		{"a credential", document, ErrMalformed},
		{"no JSON", []byte("{"), ErrMalformed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if err := VerifyPresentation(t.Context(), test.document, resolve, presented).Err(); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}
