package verify

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/gowebpki/jcs"
	"github.com/multiformats/go-multibase"

	"github.com/btlc/btlc/internal/openbadge"
)

// holding is a did:key with its key.
func holding(t testing.TB, seed byte) (openbadge.SigningKey, string) {
	t.Helper()
	key := must[openbadge.SigningKey](t)(openbadge.NewSigningKey(ed25519.NewKeyFromSeed([]byte(strings.Repeat(string(rune(seed)), ed25519.SeedSize)))))
	return key, "did:key:" + key.Public().ID
}

// generic is a signed credential of no kind that this program issues.
func generic(t testing.TB, key openbadge.SigningKey, issuer string, more map[string]any) string {
	t.Helper()
	unsigned := must[[]byte](t)(json.Marshal(plain(with(map[string]any{"issuer": issuer}, more))))
	return string(must[[]byte](t)(openbadge.Sign(t.Context(), unsigned, key, since)))
}

func TestAnyKind(t *testing.T) {
	key, issuer := holding(t, 1)
	_, other := holding(t, 2)
	signed := generic(t, key, issuer, nil)
	wants(t, document(t, signed, Options{Now: during}), "proof PASSED", "schema FAILED")
	wants(t, document(t, signed, Options{Now: during, AnyKind: true}))
	wants(t, document(t, strings.ReplaceAll(signed, "did:example:subject", "did:example:another"), Options{Now: during, AnyKind: true}), "proof FAILED")
	wants(t, document(t, strings.Replace(signed, `"issuer":"`+issuer, `"issuer":"`+other, 1), Options{Now: during, AnyKind: true}), "issuer FAILED")
	// A document of the data model 1.1 says otherwise when it counts.
	first := generic(t, key, issuer, map[string]any{
		"@context":     []any{contextCredentials1, "https://w3id.org/security/data-integrity/v2"},
		"issuanceDate": "2026-03-01T12:00:00Z", "expirationDate": "2031-03-01T12:00:00Z",
	})
	r := document(t, first, Options{Now: during, AnyKind: true})
	if wants(t, r); !r.ValidFrom.Equal(since) || !r.ValidUntil.Equal(until) {
		t.Errorf("summary %+v", r.Summary)
	}
	wants(t, document(t, first, Options{Now: until, AnyKind: true}), "dates FAILED")
	wants(t, document(t, first, Options{Now: during}), "schema FAILED")
}

// A witness signs beside the issuer but not in its place, and of what this program issues no witness is taken.
func TestProofsOfOthers(t *testing.T) {
	witness, _ := holding(t, 1)
	issuerKey, issuer := holding(t, 2)
	unsigned := must[[]byte](t)(json.Marshal(plain(map[string]any{"issuer": issuer})))
	proven := func(key openbadge.SigningKey) map[string]any {
		signed, _ := read(t, string(must[[]byte](t)(openbadge.Sign(t.Context(), unsigned, key, since, openbadge.EdDSAJCS)))).(map[string]any)
		return signed
	}
	both := proven(issuerKey)
	both["proof"] = []any{both["proof"], witnessed(t, unsigned, witness)}
	text := func(document map[string]any) string { return string(must[[]byte](t)(json.Marshal(document))) }
	wants(t, document(t, text(both), Options{Now: during, AnyKind: true}))
	if r := document(t, text(both), Options{Now: during}); r.Valid || !slices.Contains(outcomes(r), "issuer FAILED") {
		t.Errorf("a witness was taken: %v", r.Checks)
	}
	both["name"] = "changed"
	wants(t, document(t, text(both), Options{Now: during, AnyKind: true}), "proof FAILED")
	alone := proven(issuerKey)
	alone["proof"] = witnessed(t, unsigned, witness)
	wants(t, document(t, text(alone), Options{Now: during, AnyKind: true}), "issuer FAILED")
	unknown := witnessed(t, unsigned, witness)
	unknown["verificationMethod"] = "did:other:1#k"
	both = proven(issuerKey)
	both["proof"] = []any{both["proof"], unknown}
	wants(t, document(t, text(both), Options{Now: during, AnyKind: true}), "issuer UNKNOWN")
}

// witnessed is a proof of the key's own did:key.
func witnessed(t testing.TB, unsigned []byte, key openbadge.SigningKey) map[string]any {
	t.Helper()
	document, _ := read(t, string(unsigned)).(map[string]any)
	proof := map[string]any{
		"@context": document["@context"], "type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022", "proofPurpose": "assertionMethod",
		"verificationMethod": "did:key:" + key.Public().ID + "#" + key.Public().ID,
	}
	hash := func(value any) []byte {
		sum := sha256.Sum256(must[[]byte](t)(jcs.Transform(must[[]byte](t)(json.Marshal(value)))))
		return sum[:]
	}
	signature := must[[]byte](t)(key.Sign(t.Context(), slices.Concat(hash(proof), hash(document))))
	proof["proofValue"] = must[string](t)(multibase.Encode(multibase.Base58BTC, signature))
	return proof
}

// vp is a vp+jwt.
func vp(t testing.TB, key openbadge.SigningKey, holder string, more map[string]any) []byte {
	t.Helper()
	part := func(value map[string]any) string {
		return base64.RawURLEncoding.EncodeToString(must[[]byte](t)(json.Marshal(value)))
	}
	payload := with(map[string]any{"@context": []any{contextCredentials}, "type": "VerifiablePresentation", "holder": holder}, more)
	if holder == "" {
		delete(payload, "holder")
	}
	input := part(map[string]any{"alg": "EdDSA", "typ": "vp+jwt", "kid": "did:key:" + key.Public().ID + "#" + key.Public().ID}) + "." +
		part(payload)
	return []byte(input + "." + base64.RawURLEncoding.EncodeToString(must[[]byte](t)(key.Sign(t.Context(), []byte(input)))))
}

func TestPresentation(t *testing.T) {
	ring := keys(t)
	badge := signed(t, ring, claim(ourID, ourDID))
	key, holder := holding(t, 1)
	own := ours(ring)
	result := must[PresentationResult](t)(Presentation(t.Context(), []byte(badge), PresentationOptions{Options: own}))
	if result.Valid || len(result.Credentials) != 0 {
		t.Errorf("a credential: %+v", result)
	}
	token := vp(t, key, holder, map[string]any{"verifiableCredential": []any{read(t, badge)}, "nonce": "c", "aud": "d"})
	asked := PresentationOptions{Options: own, Challenge: "c", Domain: []string{"d"}}
	result = must[PresentationResult](t)(Presentation(t.Context(), token, asked))
	if !result.Valid || result.Holder != holder || len(result.Credentials) != 1 || result.Credentials[0].ID != ourID || !result.Credentials[0].Ours {
		t.Errorf("%+v", result)
	}
	nameless := must[PresentationResult](t)(Presentation(t.Context(), vp(t, key, "", map[string]any{"nonce": "c", "aud": "d"}), asked))
	if !nameless.Valid || nameless.Holder != holder {
		t.Errorf("a presentation that names no holder: %+v", nameless)
	}
	revoked := asked
	revoked.Own = books("REVOKED", "")
	result = must[PresentationResult](t)(Presentation(t.Context(), token, revoked))
	if wants(t, result.Credentials[0], "status FAILED"); result.Valid {
		t.Errorf("with a revoked credential: %+v", result)
	}
	for name, c := range map[string]struct {
		input     []byte
		challenge string
		says      Name
	}{
		"another challenge": {token, "other", Proof},
		"another's":         {vp(t, key, "did:key:zOther", map[string]any{"nonce": "c", "aud": "d"}), "c", Holder},
		"wrong context":     {vp(t, key, holder, map[string]any{"nonce": "c", "aud": "d", "@context": []any{"https://a.example/v1", contextCredentials}}), "c", Schema},
		"wrong id":          {vp(t, key, holder, map[string]any{"nonce": "c", "aud": "d", "id": "a b"}), "c", Schema},
		"too large":         {[]byte(strings.Repeat("a.b.c", MaxDocument/5+1)), "c", Format},
		"empty":             {nil, "c", Format},
	} {
		asked.Challenge = c.challenge
		result := must[PresentationResult](t)(Presentation(t.Context(), c.input, asked))
		found := false
		for _, check := range result.Checks {
			found = found || check.Name == c.says && check.Outcome != Passed
		}
		if result.Valid || !found {
			t.Errorf("%s: %+v", name, result)
		}
	}
	lost := errors.New("database gone")
	asked.Challenge, asked.Own = "c", func(context.Context, string) (Entry, bool, error) { return Entry{}, false, lost }
	if _, err := Presentation(t.Context(), token, asked); !errors.Is(err, lost) {
		t.Errorf("got %v", err)
	}
}
