// Package openbadgetest has what tests of credentials need on the other side: a holder with a DID.
package openbadgetest

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"testing"
	"time"

	"github.com/btlc/btlc/internal/openbadge"
)

// Holder is somebody with a key, and the did:key that it is. Who publishes the key under another DID gives that, and the
// verification method by which it is there.
type Holder struct {
	DID, Method string
	private     ed25519.PrivateKey
}

// NewHolder makes the same holder of the same seed.
func NewHolder(t testing.TB, seed byte) Holder {
	t.Helper()
	private := ed25519.NewKeyFromSeed(append(make([]byte, ed25519.SeedSize-1), seed))
	public, err := openbadge.NewPublicKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	did := "did:key:" + public.ID
	return Holder{did, public.VerificationMethod(did), private}
}

// Prove makes a proof that the holder has the key, for who asks and what it is asked for, as it is made at a moment.
func (h Holder) Prove(t testing.TB, audience, nonce string, now time.Time) string {
	t.Helper()
	part := func(value map[string]any) string {
		plain, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(plain)
	}
	input := part(map[string]any{"typ": "openid4vci-proof+jwt", "alg": "EdDSA", "kid": h.Method}) + "." +
		part(map[string]any{"aud": audience, "nonce": nonce, "iat": now.Unix()})
	return input + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(h.private, []byte(input)))
}
