package openbadge

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// signedPresentations are one presentation in each form in which it can be signed.
func signedPresentations(t testing.TB, document map[string]any, key SigningKey, by Presenter) map[string]string {
	t.Helper()
	plain := mustCanonical(document)
	forms := map[string]string{}
	for name, suites := range map[string][]Cryptosuite{"both suites": nil, "RDF": {EdDSARDFC}, "JCS": {EdDSAJCS}} {
		secured, err := SignPresentation(t.Context(), plain, key, created, by, suites...)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		forms[name] = string(secured)
	}
	token, err := SignVPJWT(t.Context(), plain, key, by)
	if err != nil {
		t.Fatal(err)
	}
	forms["JWT"] = token
	return forms
}

func TestSignedPresentationsVerify(t *testing.T) {
	document, own := signed(t)
	token, err := SignVCJWT(t.Context(), document, testP256(1))
	if err != nil {
		t.Fatal(err)
	}
	resolve := ResolveFirst(own, ResolveAmong(did, []PublicKey{testP256(1).Public()}), ResolveDIDKey)
	holder := testKey(9)
	whole := presentation(holder, enclose(token))
	nameless := presentation(holder, enclose(token))
	delete(nameless, "holder")
	described := changedTo(whole, "holder", map[string]any{"id": holderOf(holder)})
	by := Presenter{Holder: holderOf(holder), Challenge: "c1", Domain: presented.Domain}
	for what, document := range map[string]map[string]any{"whole": whole, "no holder named": nameless, "described holder": described} {
		for form, secured := range signedPresentations(t, document, holder, by) {
			report := VerifyPresentation(t.Context(), []byte(secured), resolve, presented)
			if err := report.Err(); err != nil || report.Party != by.Holder || len(report.Credentials) != 1 {
				t.Errorf("%s, %s: %+v, %v", what, form, report, err)
			}
			if err := Verify(t.Context(), []byte(secured), resolve, presented).Err(); err == nil {
				t.Errorf("%s, %s: taken for a credential", what, form)
			}
		}
	}
	// The credential of a Data Integrity presentation may have its own proof in it.
	credential, err := parse(document)
	if err != nil {
		t.Fatal(err)
	}
	secured, err := SignPresentation(t.Context(), mustCanonical(presentation(holder, credential)), holder, created, by, EdDSAJCS)
	if err != nil {
		t.Fatal(err)
	}
	if err := VerifyPresentation(t.Context(), secured, resolve, presented).Err(); err != nil {
		t.Error(err)
	}
	proven, err := parse(secured)
	if err != nil {
		t.Fatal(err)
	}
	if _, alone := proven["proof"].(map[string]any); !alone {
		t.Errorf("one proof does not stand alone: %s", secured)
	}
}

// A presentation answers what it was made for, and nothing else.
func TestPresentationsAnswerTheirVerifier(t *testing.T) {
	holder := testKey(9)
	names := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a.example", "b.example", "c.example"}), 0, 3, rapid.ID)
	challenges := rapid.SampledFrom([]string{"", "c1", "c2"})
	rapid.Check(t, func(rt *rapid.T) {
		by := Presenter{Holder: holderOf(holder), Challenge: challenges.Draw(rt, "made for"), Domain: names.Draw(rt, "made at")}
		want := Expectation{Now: later.Now, Challenge: challenges.Draw(rt, "asked"), Domain: names.Draw(rt, "asked at")}
		answered := want.Challenge == "" || want.Challenge == by.Challenge
		if len(want.Domain) > 0 {
			answered = answered && len(want.Domain) == len(by.Domain)
			for _, name := range want.Domain {
				answered = answered && slices.Contains(by.Domain, name)
			}
		}
		for form, secured := range signedPresentations(t, presentation(holder), holder, by) {
			err := VerifyPresentation(t.Context(), []byte(secured), ResolveDIDKey, want).Err()
			if answered && err != nil || !answered && !errors.Is(err, ErrUnexpected) {
				rt.Fatalf("%s: %v", form, err)
			}
		}
	})
}

func TestSignPresentationRefuses(t *testing.T) {
	holder := testKey(9)
	good := presentation(holder, enclose("a.b.c"))
	proven := presentation(holder, map[string]any{"type": "VerifiableCredential", "proof": map[string]any{}})
	for name, c := range map[string]struct {
		document any
		key      Signer
		want     error // of both forms,
		jwt      error // or of the JWT alone
	}{
		"text":                     {"x", holder, ErrMalformed, nil},
		"another type":             {changedTo(good, "type", "VerifiableCredential"), holder, ErrMalformed, nil},
		"another holder":           {changedTo(good, "holder", "did:example:other"), holder, ErrWrongIssuer, nil},
		"holder without a name":    {changedTo(good, "holder", map[string]any{}), holder, ErrMalformed, nil},
		"signed already":           {changedTo(good, "proof", map[string]any{}), holder, ErrAlreadySigned, nil},
		"credential in a text":     {presentation(holder, "a.b.c"), holder, ErrMalformed, nil},
		"credential not secured":   {presentation(holder, map[string]any{"type": "VerifiableCredential"}), holder, ErrUnsignable, nil},
		"too many":                 {presentation(holder, slices.Repeat([]any{enclose("x")}, maxCredentials+1)...), holder, ErrUnsignable, nil},
		"unknown term":             {changedTo(good, "extra", "x"), holder, ErrUnsignable, nil},
		"control":                  {changedTo(good, "id", "urn:\x01"), holder, ErrUnsignable, nil},
		"key store away":           {good, brokenSigner{holder, nil, ErrNotSigned}, ErrNotSigned, nil},
		"credential not enveloped": {proven, holder, nil, ErrUnsignable},
		"claim":                    {changedTo(good, "nonce", "x"), holder, nil, ErrUnsignable},
		"vp":                       {changedTo(good, "vp", "x"), holder, nil, ErrUnsignable},
	} {
		t.Run(name, func(t *testing.T) {
			plain, err := json.Marshal(c.document)
			if err != nil {
				t.Fatal(err)
			}
			by := Presenter{Holder: holderOf(holder)}
			if c.want != nil {
				if _, err := SignPresentation(t.Context(), plain, c.key, created, by, EdDSAJCS); !errors.Is(err, c.want) {
					t.Errorf("proof: got %v, want %v", err, c.want)
				}
				c.jwt = c.want
			}
			if _, err := SignVPJWT(t.Context(), plain, c.key, by); !errors.Is(err, c.jwt) {
				t.Errorf("JWT: got %v, want %v", err, c.jwt)
			}
		})
	}
	plain := mustCanonical(good)
	if _, err := SignPresentation(t.Context(), plain, testP256(1), created, Presenter{Holder: holderOf(holder)}); !errors.Is(err, ErrKeyKind) {
		t.Errorf("a key that signs JWTs alone: %v", err)
	}
	if _, err := SignPresentation(t.Context(), plain, holder, created, Presenter{Holder: holderOf(holder)}, "other"); !errors.Is(err, ErrUnsupportedProof) {
		t.Errorf("another suite: %v", err)
	}
}
