package openbadge

import (
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var created = time.Date(2026, 3, 1, 17, 0, 0, 0, time.UTC)

// testKey is the same key in every run.
func testKey(seed byte) SigningKey {
	secret := make([]byte, ed25519.SeedSize)
	secret[0] = seed
	return NewSigningKey(ed25519.NewKeyFromSeed(secret))
}

func signed(t testing.TB) ([]byte, Resolver) {
	t.Helper()
	key := testKey(1)
	document, err := Sign(built(t), key, created)
	if err != nil {
		t.Fatal(err)
	}
	return document, ResolveAmong(did, []PublicKey{key.PublicKey})
}

// vector is the example "Representation: eddsa-jcs-2022" of Data Integrity EdDSA Cryptosuites 1.0,
// with its key pair. The file is data of https://github.com/w3c/vc-di-eddsa, folder TestVectors,
// under the W3C Software and Document License.
type vector struct {
	PublicKeyMultibase  string
	PrivateKeyMultibase string
	HashData            string
	Signed              map[string]any
}

func loadVector(t *testing.T) vector {
	t.Helper()
	content, err := os.ReadFile("testdata/vc-di-eddsa-jcs.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vector
	if err := json.Unmarshal(content, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestVectorOfTheSpecification(t *testing.T) {
	v := loadVector(t)
	secret, err := decodeMultibase(v.PrivateKeyMultibase)
	if err != nil {
		t.Fatal(err)
	}
	key := NewSigningKey(ed25519.NewKeyFromSeed(secret[2:])) // after the multicodec of a private key
	if key.ID != v.PublicKeyMultibase {
		t.Fatalf("public key %s, want %s", key.ID, v.PublicKeyMultibase)
	}
	want, err := canonical(v.Signed)
	if err != nil {
		t.Fatal(err)
	}

	unsigned, err := parse(want)
	if err != nil {
		t.Fatal(err)
	}
	delete(unsigned, "proof")
	at := time.Date(2023, 2, 24, 23, 36, 38, 0, time.UTC)
	method := "did:key:" + key.ID + "#" + key.ID
	got, err := sign(unsigned, method, key, at)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("signed\n%s\nwant\n%s", got, want)
	}

	secured, err := parse(want)
	if err != nil {
		t.Fatal(err)
	}
	proof, err := proofOf(secured)
	if err != nil {
		t.Fatal(err)
	}
	resolve := func(asked string) (ed25519.PublicKey, error) {
		if asked != method {
			t.Errorf("asked for %s", asked)
		}
		return ParseMultikey(v.PublicKeyMultibase)
	}
	config := maps.Clone(proof)
	delete(config, "proofValue")
	document := maps.Clone(secured)
	delete(document, "proof")
	if hash, err := hashData(document, config); err != nil || hex.EncodeToString(hash) != v.HashData {
		t.Errorf("hash %x, %v, want %s", hash, err, v.HashData)
	}
	if err := verifyProof(secured, proof, resolve); err != nil {
		t.Errorf("the specification's own proof: %v", err)
	}
	// In the example the key is not the issuer's.
	if err := Verify(want, resolve); !errors.Is(err, ErrWrongIssuer) {
		t.Errorf("got %v", err)
	}
}

func TestSignedDocumentsVerify(t *testing.T) {
	document, resolve := signed(t)
	if err := Verify(document, resolve); err != nil {
		t.Fatal(err)
	}
	again, _ := signed(t)
	if string(again) != string(document) {
		t.Error("signing twice gave different bytes")
	}
	// Spaces and the order of keys carry no meaning.
	var loose map[string]any
	if err := json.Unmarshal(document, &loose); err != nil {
		t.Fatal(err)
	}
	indented, err := json.MarshalIndent(loose, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	if err := Verify(indented, resolve); err != nil {
		t.Errorf("indented: %v", err)
	}
	loose["proof"] = []any{loose["proof"]}
	set, err := json.Marshal(loose)
	if err != nil {
		t.Fatal(err)
	}
	if err := Verify(set, resolve); err != nil {
		t.Errorf("a set of one proof: %v", err)
	}
}

// Canonical JSON has no byte without meaning, so any change of any byte is refused.
func TestAnyChangedByteIsRefused(t *testing.T) {
	document, resolve := signed(t)
	rapid.Check(t, func(t *rapid.T) {
		changed := append([]byte(nil), document...)
		at := rapid.IntRange(0, len(changed)-1).Draw(t, "at")
		changed[at] = rapid.Byte().Filter(func(b byte) bool { return b != document[at] }).Draw(t, "byte")
		if Verify(changed, resolve) == nil {
			t.Fatalf("accepted %q for %q at %d", changed[at], document[at], at)
		}
	})
	for at := range document {
		changed := append([]byte(nil), document...)
		changed[at] ^= 1
		if Verify(changed, resolve) == nil {
			t.Errorf("accepted %q for %q at %d", changed[at], document[at], at)
		}
	}
}

func TestVerifyTellsWhatIsWrong(t *testing.T) {
	document, resolve := signed(t)
	lost := errors.New("connection lost")
	// with returns the signed document with a change made to it.
	with := func(change func(document, proof map[string]any)) []byte {
		object, err := parse(document)
		if err != nil {
			t.Fatal(err)
		}
		change(object, object["proof"].(map[string]any))
		changed, err := canonical(object)
		if err != nil {
			t.Fatal(err)
		}
		return changed
	}
	inProof := func(key string, value any) []byte {
		return with(func(_, proof map[string]any) { proof[key] = value })
	}
	tests := []struct {
		name     string
		document []byte
		resolve  Resolver
		want     error
	}{
		{"unsigned", built(t), resolve, ErrNoProof},
		{"empty set", with(func(d, _ map[string]any) { d["proof"] = []any{} }), resolve, ErrNoProof},
		{"two proofs", with(func(d, p map[string]any) { d["proof"] = []any{p, p} }), resolve, ErrUnsupportedProof},
		{"proof is text", with(func(d, _ map[string]any) { d["proof"] = "x" }), resolve, ErrMalformed},
		{"other suite", inProof("cryptosuite", "eddsa-rdfc-2022"), resolve, ErrUnsupportedProof},
		{"other purpose", inProof("proofPurpose", "authentication"), resolve, ErrUnsupportedProof},
		{"expiring", inProof("expires", "2030-01-01T00:00:00Z"), resolve, ErrUnsupportedProof},
		{"chained", inProof("previousProof", "urn:1"), resolve, ErrUnsupportedProof},
		{"bad time", inProof("created", "yesterday"), resolve, ErrMalformed},
		{"no issuer", with(func(d, _ map[string]any) { delete(d, "issuer") }), resolve, ErrMalformed},
		{"another's key", inProof("verificationMethod", "did:web:evil.example#k"), resolve, ErrWrongIssuer},
		{"prefix of a DID", inProof("verificationMethod", did+".evil#k"), resolve, ErrWrongIssuer},
		{"no key named", inProof("verificationMethod", did), resolve, ErrWrongIssuer},
		{"key unknown", inProof("verificationMethod", did+"#other"), resolve, ErrUnknownKey},
		{"key missing", document, func(string) (ed25519.PublicKey, error) { return nil, nil }, ErrUnknownKey},
		{"key unreadable", document, func(string) (ed25519.PublicKey, error) { return nil, lost }, lost},
		{"other key", document, func(string) (ed25519.PublicKey, error) { return testKey(2).Key, nil }, ErrBadSignature},
		{"no value", inProof("proofValue", nil), resolve, ErrMalformed},
		{"short value", inProof("proofValue", "z2"), resolve, ErrMalformed},
		{"other base", inProof("proofValue", "u2"), resolve, ErrMalformed},
		{"proof field added", inProof("nonce", "x"), resolve, ErrBadSignature},
		{"context of the proof", inProof("@context", []any{"https://www.w3.org/ns/credentials/v2"}), resolve, ErrBadSignature},
		{"context appended", with(func(d, _ map[string]any) {
			d["@context"] = append(d["@context"].([]any), "https://evil.example/context")
		}), resolve, ErrBadSignature},
		{"field added", with(func(d, _ map[string]any) { d["extra"] = true }), resolve, ErrBadSignature},
		{"field of another case", []byte(strings.Replace(string(document), `"proof"`, `"Proof"`, 1)), resolve, ErrNoProof},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if err := Verify(test.document, test.resolve); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

func TestSignRefuses(t *testing.T) {
	document, _ := signed(t)
	if _, err := Sign(document, testKey(1), created); !errors.Is(err, ErrAlreadySigned) {
		t.Errorf("a signed document: %v", err)
	}
	if _, err := Sign([]byte(`{"id":"urn:1"}`), testKey(1), created); !errors.Is(err, ErrMalformed) {
		t.Errorf("no issuer: %v", err)
	}
	if _, err := Sign(built(t), SigningKey{}, created); err == nil {
		t.Error("signed without a key")
	}
	if _, err := Sign(built(t), testKey(1), time.Time{}); err == nil {
		t.Error("signed without a time")
	}
}

func FuzzVerify(f *testing.F) {
	document, resolve := signed(f)
	f.Add(document)
	f.Add([]byte(`{"proof":[{}],"issuer":{"id":"x"}}`))
	f.Fuzz(func(t *testing.T, changed []byte) {
		if Verify(changed, resolve) != nil {
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
	document, key := built(b), testKey(1)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Sign(document, key, created); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	document, resolve := signed(b)
	b.ReportAllocs()
	for b.Loop() {
		if err := Verify(document, resolve); err != nil {
			b.Fatal(err)
		}
	}
}
