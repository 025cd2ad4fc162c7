package openbadge

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// testP256 is the same key in every run.
func testP256(seed byte) SigningKey {
	secret := make([]byte, 32)
	secret[31] = seed
	private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), secret)
	if err != nil {
		panic(err)
	}
	key, err := NewSigningKey(private)
	if err != nil {
		panic(err)
	}
	return key
}

func TestKeysSign(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.ByteRange(1, 255).Draw(rt, "seed")
		message := rapid.SliceOf(rapid.Byte()).Draw(rt, "message")
		for _, key := range []SigningKey{testKey(seed), testP256(seed)} {
			public := key.Public()
			signature, err := key.Sign(t.Context(), message)
			if err != nil || !public.Verify(message, signature) {
				rt.Fatalf("%s: %x, %v", public.Algorithm, signature, err)
			}
			again, err := key.Sign(t.Context(), message)
			if err != nil || string(again) != string(signature) {
				rt.Fatalf("%s is not deterministic", public.Algorithm)
			}
			signature[rapid.IntRange(0, len(signature)-1).Draw(rt, "at")] ^= rapid.ByteRange(1, 255).Draw(rt, "by")
			if public.Verify(message, signature) || public.Verify(message, signature[1:]) {
				rt.Fatalf("%s accepted another signature", public.Algorithm)
			}
		}
	})
}

func TestKeysAreReadBack(t *testing.T) {
	for seed := range byte(64) {
		for _, key := range []PublicKey{testKey(seed + 1).Public(), testP256(seed + 1).Public()} {
			parsed, err := ParseMultikey(key.ID)
			if err != nil || !parsed.Equal(key) || parsed.Algorithm != key.Algorithm {
				t.Errorf("%s: got %v, %v", key.ID, parsed, err)
			}
			parsed, err = ParseJWK(key.JWK("x"))
			if err != nil || !parsed.Equal(key) {
				t.Errorf("%s: got %v, %v", key.JWK("x"), parsed, err)
			}
		}
	}
}

// The P-256 key of did:key's test vectors, with its JWK (did:key, section 7.3).
func TestMultikeyOfP256(t *testing.T) {
	const jwk = `{"kty":"EC","crv":"P-256","x":"igrFmi0whuihKnj9R3Om1SoMph72wUGeFaBbzG2vzns","y":"efsX5b10x8yjyrj4ny3pGfLcY7Xby1KzgqOdqnsrJIM"}`
	key, err := ParseJWK([]byte(jwk))
	if err != nil || key.ID != "zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv" {
		t.Errorf("got %s, %v", key.ID, err)
	}
}

// The P-384 key of did:key's test vectors, with its JWK (did:key, section 7.4).
func TestMultikeyOfP384(t *testing.T) {
	const jwk = `{"kty":"EC","crv":"P-384","x":"lInTxl8fjLKp_UCrxI0WDklahi-7-_6JbtiHjiRvMvhedhKVdHBfi2HCY8t_QJyc","y":"y6N1IC-2mXxHreETBW7K3mBcw0qGr3CWHCs-yl09yCQRLcyfGv7XhqAngHOu51Zv"}`
	key, err := ParseJWK([]byte(jwk))
	if err != nil || key.ID != "z82Lm1MpAkeJcix9K8TMiLd5NMAhnwkjjCBeWHXyu3U4oT2MVJJKXkcVBgjGhnLBn2Kaau9" {
		t.Errorf("got %s, %v", key.ID, err)
	}
}

func TestKeysOfOtherIssuersSignNothingHere(t *testing.T) {
	for _, c := range curves[1:] {
		private, err := ecdsa.GenerateKey(c.Curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := NewSigningKey(private); !errors.Is(err, ErrKeyKind) {
			t.Errorf("%s: got %v", c.algorithm, err)
		}
		public, err := anyPublicKey(&private.PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		if parsed, err := ParseMultikey(public.ID); err != nil || !parsed.Equal(public) || parsed.Algorithm != c.algorithm {
			t.Errorf("%s: got %v, %v", public.ID, parsed, err)
		}
		if public.Verify(nil, make([]byte, signatureSize)) {
			t.Errorf("%s verified by itself", c.algorithm)
		}
	}
}

func TestParseMultikeyRefusesOtherKeys(t *testing.T) {
	noPoint := append([]byte{0x80, 0x24, 5}, make([]byte, 32)...)
	for _, bad := range []string{"z2NEpo7TZRRrLZSi2U", "z" + strings.Repeat("2", 40), "not a key", "", "uAAAA", encodeMultibase(noPoint)} {
		if _, err := ParseMultikey(bad); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: got %v", bad, err)
		}
	}
}

func TestParseJWKRefuses(t *testing.T) {
	good := string(testP256(1).Public().JWK("k"))
	for name, jwk := range map[string]string{
		"text":          `x`,
		"no key":        `{}`,
		"symmetric":     `{"kty":"oct","k":"AAAA"}`,
		"private":       strings.Replace(good, `"crv"`, `"d":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE","crv"`, 1),
		"other alg":     strings.Replace(good, "ES256", "EdDSA", 1),
		"other use":     strings.Replace(good, `"sig"`, `"enc"`, 1),
		"other curve":   strings.Replace(good, "P-256", "P-384", 1),
		"not on curve":  `{"kty":"EC","crv":"P-256","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE","y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"}`,
		"Ed25519, long": `{"kty":"OKP","crv":"Ed25519","x":"` + strings.Repeat("A", 50) + `"}`,
	} {
		if key, err := ParseJWK([]byte(jwk)); !errors.Is(err, ErrKeyKind) {
			t.Errorf("%s: got %v, %v", name, key, err)
		}
	}
	if _, err := ParseJWK([]byte(strings.Repeat(" ", maxKeyFile) + good)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too large: got %v", err)
	}
}

func TestOtherKeysAreRefused(t *testing.T) {
	long, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	other, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewSigningKey(long); !errors.Is(err, ErrKeyKind) {
		t.Errorf("RSA: %v", err)
	}
	if _, err := NewSigningKey(other); !errors.Is(err, ErrKeyKind) {
		t.Errorf("P-384: %v", err)
	}
}

// The example of RFC 8037, appendices A.2 and A.3.
func TestThumbprint(t *testing.T) {
	key, err := ParseJWK([]byte(`{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`))
	if err != nil || key.Thumbprint() != "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" {
		t.Errorf("got %s, %v", key.Thumbprint(), err)
	}
}

func TestJWKS(t *testing.T) {
	first, second, third := testKey(1).Public(), testP256(1).Public(), testP256(2).Public()
	third.Revoked = created
	var set struct {
		Keys []struct{ Kid, Kty, Crv, Alg, Use, D string }
	}
	if err := json.Unmarshal(JWKS([]PublicKey{first, second, third}), &set); err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(set.Keys)
	want := fmt.Sprintf("[{%s OKP Ed25519 EdDSA sig } {%s EC P-256 ES256 sig }]", first.ID, second.ID)
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if empty := string(JWKS(nil)); empty != `{"keys":[]}` {
		t.Errorf("without keys: %s", empty)
	}
}

func TestPrivateKeysAreNotPrinted(t *testing.T) {
	key := testKey(7)
	ring := &Keyring{keys: []KeyFile{{SigningKey: key}}}
	secret := "7 0 0 0 0 0 0 0" // how its seed begins, as Go prints bytes
	for _, text := range []string{
		fmt.Sprintf("%v %+v %#v", key, key, key),
		fmt.Sprintf("%v %+v %#v", *ring, *ring, *ring),
	} {
		if strings.Contains(text, secret) || strings.Contains(text, "0x7, 0x0, 0x0") {
			t.Errorf("the private key is in %s", text)
		}
	}
}
