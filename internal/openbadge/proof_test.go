package openbadge

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/btlc/btlc/internal/jsonld"
)

var (
	created = time.Date(2026, 3, 1, 17, 0, 0, 0, time.UTC)
	later   = Expectation{Now: created.AddDate(1, 0, 0)}
)

// unsigned is a small badge.
const unsigned = `{
	"@context": ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
	"id": "https://btlc.example/credentials/0198",
	"type": ["VerifiableCredential", "OpenBadgeCredential"],
	"issuer": {"id": "did:web:btlc.example", "type": ["Profile"], "name": "Certificate <of> “leaders”"},
	"validFrom": "2026-03-01T17:00:00Z",
	"validUntil": "2031-03-01T17:00:00Z",
	"credentialSubject": {
		"id": "did:example:teacher",
		"type": ["AchievementSubject"],
		"achievement": {
			"id": "https://btlc.example/achievements/using-data",
			"type": ["Achievement"],
			"name": "Using Data",
			"description": "First line.\nSecond line.",
			"criteria": {"narrative": "All four assessments."},
			"creditsAvailable": 3.5
		}
	}
}`

// testKey is the same key in every run.
func testKey(seed byte) SigningKey {
	secret := make([]byte, ed25519.SeedSize)
	secret[0] = seed
	key, err := NewSigningKey(ed25519.NewKeyFromSeed(secret))
	if err != nil {
		panic(err)
	}
	return key
}

func signed(t testing.TB, suites ...Cryptosuite) ([]byte, Resolver) {
	t.Helper()
	key := testKey(1)
	document, err := Sign(t.Context(), []byte(unsigned), key, created, suites...)
	if err != nil {
		t.Fatal(err)
	}
	return document, ResolveAmong(did, []PublicKey{key.Public()})
}

// changed is a document with a change made to it.
func changed(t testing.TB, document []byte, change func(document map[string]any)) []byte {
	t.Helper()
	object, err := parse(document)
	if err != nil {
		t.Fatal(err)
	}
	change(object)
	after, err := canonical(object)
	if err != nil {
		t.Fatal(err)
	}
	return after
}

func TestSignedDocumentsVerify(t *testing.T) {
	for name, suites := range map[string][]Cryptosuite{
		"set": nil, "canonical RDF": {EdDSARDFC}, "canonical JSON": {EdDSAJCS}, "the other way round": {EdDSAJCS, EdDSARDFC},
	} {
		t.Run(name, func(t *testing.T) {
			document, resolve := signed(t, suites...)
			report := Verify(t.Context(), document, resolve, later)
			if err := report.Err(); err != nil {
				t.Fatal(err)
			}
			if report.Party != did || string(report.Document) != string(document) || len(report.Proofs) == 0 {
				t.Errorf("report %+v", report)
			}
			for i, proof := range report.Proofs {
				if proof.Form != string(append(suites, EdDSARDFC, EdDSAJCS)[i]) || !proof.Created.Equal(created) || !slices.Contains(proof.Checks, Check{CheckSignature, nil}) {
					t.Errorf("proof %+v", proof)
				}
			}
			if again, _ := signed(t, suites...); string(again) != string(document) {
				t.Error("signing twice gave different bytes")
			}
			// Spaces and the order of keys carry no meaning, nor does a list around one proof.
			var loose map[string]any
			if err := json.Unmarshal(document, &loose); err != nil {
				t.Fatal(err)
			}
			if _, alone := loose["proof"].(map[string]any); alone {
				loose["proof"] = []any{loose["proof"]}
			}
			indented, err := json.MarshalIndent(loose, "", "\t")
			if err != nil {
				t.Fatal(err)
			}
			if err := Verify(t.Context(), indented, resolve, later).Err(); err != nil {
				t.Errorf("written otherwise: %v", err)
			}
		})
	}
}

// Canonical JSON has no byte without meaning, and hardly one that its RDF does not have, so any change
// of any byte is refused.
func TestAnyChangedByteIsRefused(t *testing.T) {
	for _, suite := range []Cryptosuite{EdDSARDFC, EdDSAJCS} {
		document, resolve := signed(t, suite)
		rapid.Check(t, func(rt *rapid.T) {
			changed := slices.Clone(document)
			at := rapid.IntRange(0, len(changed)-1).Draw(rt, "at")
			changed[at] = rapid.Byte().Filter(func(b byte) bool { return b != document[at] }).Draw(rt, "byte")
			if Verify(t.Context(), changed, resolve, later).Err() == nil {
				rt.Fatalf("accepted %q for %q at %d with %s", changed[at], document[at], at, suite)
			}
		})
	}
}

// A proof of a set that is no longer known does not count; the others hold the document together.
func TestNoProofOfASetLetsTheDocumentChange(t *testing.T) {
	document, resolve := signed(t)
	before, err := parse(document)
	if err != nil {
		t.Fatal(err)
	}
	delete(before, "proof")
	rapid.Check(t, func(rt *rapid.T) {
		changed := slices.Clone(document)
		changed[rapid.IntRange(0, len(changed)-1).Draw(rt, "at")] = rapid.Byte().Draw(rt, "byte")
		report := Verify(t.Context(), changed, resolve, later)
		if report.Err() != nil {
			return
		}
		after, err := parse(report.Document)
		if err != nil {
			rt.Fatal(err)
		}
		if delete(after, "proof"); !equal(after, before) {
			rt.Fatalf("accepted %s", changed)
		}
	})
}

func TestVerifyTellsWhatIsWrong(t *testing.T) {
	document, resolve := signed(t, EdDSAJCS)
	set, _ := signed(t)
	lost := errors.New("connection lost")
	with := func(change func(document, proof map[string]any)) []byte {
		return changed(t, document, func(d map[string]any) { change(d, d["proof"].(map[string]any)) })
	}
	inProof := func(key string, value any) []byte {
		return with(func(_, proof map[string]any) { proof[key] = value })
	}
	inSet := func(change func(d map[string]any, proofs []any)) []byte {
		return changed(t, set, func(d map[string]any) { change(d, d["proof"].([]any)) })
	}
	answering := func(key PublicKey, err error) Resolver {
		return func(context.Context, string, Purpose) (PublicKey, error) { return key, err }
	}
	other, revoked, expired, p256 := testKey(2).Public(), testKey(1).Public(), testKey(1).Public(), testP256(1).Public()
	revoked.Revoked, expired.Expires = later.Now, later.Now
	tests := []struct {
		name     string
		document []byte
		resolve  Resolver
		want     error
	}{
		{"no document", nil, resolve, ErrMalformed},
		{"unsigned", []byte(unsigned), resolve, ErrNoProof},
		{"empty set", with(func(d, _ map[string]any) { d["proof"] = []any{} }), resolve, ErrNoProof},
		{"proof is text", with(func(d, _ map[string]any) { d["proof"] = "x" }), resolve, ErrMalformed},
		{"too many", with(func(d, p map[string]any) { d["proof"] = slices.Repeat([]any{p}, maxProofs+1) }), resolve, ErrMalformed},
		{"same id", inSet(func(_ map[string]any, p []any) {
			p[0].(map[string]any)["id"], p[1].(map[string]any)["id"] = "urn:1", "urn:1"
		}), resolve, ErrMalformed},
		{"one of two", inSet(func(_ map[string]any, p []any) { p[1].(map[string]any)["created"] = "2026-03-01T17:00:01Z" }), resolve, ErrBadSignature},
		{"unknown suite", inProof("cryptosuite", "eddsa-2030"), resolve, ErrUnsupportedProof},
		{"unknown type", inProof("type", "Ed25519Signature2020"), resolve, ErrUnsupportedProof},
		{"other suite", inProof("cryptosuite", "eddsa-rdfc-2022"), resolve, ErrBadSignature},
		{"other purpose", inProof("proofPurpose", "authentication"), resolve, ErrWrongPurpose},
		{"no purpose", inProof("proofPurpose", nil), resolve, ErrMalformed},
		{"no method", inProof("verificationMethod", nil), resolve, ErrMalformed},
		{"expired proof", inProof("expires", "2027-03-01T17:00:00Z"), resolve, ErrExpired},
		{"expiring, not signed so", inProof("expires", "2027-03-01T17:00:01Z"), resolve, ErrBadSignature},
		{"bad expiry", inProof("expires", "2027-03-01"), resolve, ErrMalformed},
		{"chained to nothing", inProof("previousProof", "urn:1"), resolve, ErrBadChain},
		{"chained to no id", inProof("previousProof", ""), resolve, ErrBadChain},
		{"chained to itself", inSet(func(_ map[string]any, p []any) {
			p[0].(map[string]any)["id"], p[0].(map[string]any)["previousProof"] = "urn:1", "urn:1"
		}), resolve, ErrBadSignature},
		{"no chain", inProof("previousProof", []any{}), resolve, ErrBadChain},
		{"bad time", inProof("created", "yesterday"), resolve, ErrMalformed},
		{"time without zone", inProof("created", "2026-03-01T17:00:00"), resolve, ErrMalformed},
		{"no issuer", with(func(d, _ map[string]any) { delete(d, "issuer") }), resolve, ErrMalformed},
		{"another's key", inProof("verificationMethod", "did:web:evil.example#k"), resolve, ErrWrongIssuer},
		{"prefix of a DID", inProof("verificationMethod", did+".evil#k"), resolve, ErrWrongIssuer},
		{"no key named", inProof("verificationMethod", did), resolve, ErrWrongIssuer},
		{"key unknown", inProof("verificationMethod", did+"#other"), resolve, ErrUnknownKey},
		{"key missing", document, answering(PublicKey{}, nil), ErrUnknownKey},
		{"key unreadable", document, answering(PublicKey{}, lost), lost},
		{"other key", document, answering(other, nil), ErrBadSignature},
		{"revoked key", document, answering(revoked, nil), ErrRevokedKey},
		{"expired key", document, answering(expired, nil), ErrExpired},
		{"key of another kind", document, answering(p256, nil), ErrKeyKind},
		{"no value", inProof("proofValue", nil), resolve, ErrMalformed},
		{"short value", inProof("proofValue", "z2"), resolve, ErrMalformed},
		{"other base", inProof("proofValue", "u2"), resolve, ErrMalformed},
		{"proof field added", inProof("nonce", "x"), resolve, ErrBadSignature},
		{"context of the proof", inProof("@context", []any{"https://www.w3.org/ns/credentials/v2"}), resolve, ErrBadSignature},
		{"context appended", with(func(d, _ map[string]any) {
			d["@context"] = append(d["@context"].([]any), "https://evil.example/context")
		}), resolve, ErrBadSignature},
		{"context appended, canonical RDF", inSet(func(d map[string]any, p []any) {
			d["@context"], d["proof"] = append(d["@context"].([]any), "https://evil.example/context"), p[0]
		}), resolve, jsonld.ErrUnknownContext},
		{"field added", with(func(d, _ map[string]any) { d["extra"] = true }), resolve, ErrBadSignature},
		{"field added, canonical RDF", inSet(func(d map[string]any, p []any) { d["extra"], d["proof"] = true, p[0] }), resolve, jsonld.ErrUnsafe},
		{"field of another case", []byte(strings.Replace(string(document), `"proof"`, `"Proof"`, 1)), resolve, ErrNoProof},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if err := Verify(t.Context(), test.document, test.resolve, later).Err(); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

func TestUnknownProofsDoNotCount(t *testing.T) {
	document, resolve := signed(t, EdDSARDFC)
	foreign := map[string]any{"type": "DataIntegrityProof", "cryptosuite": "bbs-2023", "verificationMethod": did + "#bbs"}
	both := changed(t, document, func(d map[string]any) { d["proof"] = []any{foreign, d["proof"]} })
	report := Verify(t.Context(), both, resolve, later)
	if err := report.Err(); err != nil {
		t.Error(err)
	}
	if report.Proofs[0].Known || !errors.Is(report.Proofs[0].Err(), ErrUnsupportedProof) || !report.Proofs[1].Known {
		t.Errorf("report %+v", report)
	}
}

// What was not checked must not read as if it were: a report without a proof, or the empty one, fails.
func TestEmptyReportFails(t *testing.T) {
	if err := (Report{}).Err(); !errors.Is(err, ErrNoProof) {
		t.Errorf("got %v", err)
	}
}

func TestSignRefuses(t *testing.T) {
	document, _ := signed(t)
	with := func(key string, value any) []byte {
		return changed(t, []byte(unsigned), func(d map[string]any) { d[key] = value })
	}
	failing := errors.New("the key store is away")
	tests := []struct {
		name     string
		document []byte
		signer   Signer
		want     error
	}{
		{"signed document", document, testKey(1), ErrAlreadySigned},
		{"no issuer", []byte(`{"id":"urn:1"}`), testKey(1), ErrMalformed},
		{"key for JOSE", []byte(unsigned), testP256(1), ErrKeyKind},
		{"unknown context", with("@context", []any{"https://www.w3.org/ns/credentials/v2", "https://evil.example"}), testKey(1), jsonld.ErrUnknownContext},
		{"unknown term", with("extra", true), testKey(1), jsonld.ErrUnsafe},
		{"control character", with("name", "a\u0007b"), testKey(1), ErrUnsignable},
		{"tab", with("name", "a\tb"), testKey(1), ErrUnsignable},
		{"control character in a name", with("a\u0085b", "x"), testKey(1), ErrUnsignable},
		{"date alone", with("validFrom", "2026-03-01"), testKey(1), ErrUnsignable},
		{"time without zone", with("validUntil", "2026-03-01T12:00:00"), testKey(1), ErrUnsignable},
		{"no such day", with("validFrom", "2026-02-30T12:00:00Z"), testKey(1), ErrUnsignable},
		{"failing signer", []byte(unsigned), brokenSigner{testKey(1), nil, failing}, failing},
		{"lying signer", []byte(unsigned), brokenSigner{testKey(1), make([]byte, 64), nil}, ErrBadSignature},
		{"short signature", []byte(unsigned), brokenSigner{testKey(1), []byte{1}, nil}, ErrBadSignature},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, err := Sign(t.Context(), test.document, test.signer, created); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
	if _, err := Sign(t.Context(), []byte(unsigned), testKey(1), time.Time{}); !errors.Is(err, ErrUnsignable) {
		t.Errorf("without a time: %v", err)
	}
	if _, err := Sign(t.Context(), []byte(unsigned), testKey(1), created, "eddsa-2030"); !errors.Is(err, ErrUnsupportedProof) {
		t.Errorf("an unknown suite: %v", err)
	}
}

// brokenSigner is a key store that does not work as it should.
type brokenSigner struct {
	SigningKey
	signature []byte
	err       error
}

func (b brokenSigner) Sign(context.Context, []byte) ([]byte, error) { return b.signature, b.err }

func FuzzVerify(f *testing.F) {
	document, resolve := signed(f, EdDSAJCS)
	f.Add(document)
	f.Add([]byte(`{"proof":[{}],"issuer":{"id":"x"}}`))
	f.Add([]byte(`eyJhbGciOiJub25lIn0.e30.`))
	f.Fuzz(func(t *testing.T, changed []byte) {
		report := Verify(t.Context(), changed, resolve, later)
		if report.Err() != nil {
			return
		}
		// Whatever verifies says exactly what was signed.
		got, err := parse(changed)
		if err != nil {
			t.Fatal(err)
		}
		if set, ok := got["proof"].([]any); ok {
			got["proof"] = set[0]
		}
		if form, err := canonical(got); err != nil || string(form) != string(document) {
			t.Fatalf("accepted %s", changed)
		}
	})
}

func BenchmarkSign(b *testing.B) {
	key := testKey(1)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Sign(b.Context(), []byte(unsigned), key, created); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	document, resolve := signed(b)
	b.ReportAllocs()
	for b.Loop() {
		if err := Verify(b.Context(), document, resolve, later).Err(); err != nil {
			b.Fatal(err)
		}
	}
}
