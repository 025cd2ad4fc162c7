package openbadge

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
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

// testKeyOn is the same key of a test issuer in every run.
func testKeyOn(t testing.TB, curve elliptic.Curve, secret string) SigningKey {
	t.Helper()
	scalar, ok := new(big.Int).SetString(secret, 16)
	if !ok {
		t.Fatalf("not hexadecimal: %s", secret)
	}
	private, err := ecdsa.ParseRawPrivateKey(curve, scalar.FillBytes(make([]byte, width(curve))))
	if err != nil {
		t.Fatal(err)
	}
	key, err := NewTestSigningKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// The signatures of "sample" in RFC 6979, appendices A.2.5, A.2.6 and A.2.7, each with the hash of its algorithm.
func TestSignaturesOnCurves(t *testing.T) {
	for _, c := range []struct {
		curve        elliptic.Curve
		algorithm    Algorithm
		secret, r, s string
	}{
		{
			elliptic.P256(), ES256, "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721",
			"EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716", "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
		},
		{
			elliptic.P384(), ES384, "6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D896D5724E4C70A825F872C9EA60D2EDF5",
			"94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C81A648152E44ACF96E36DD1E80FABE46",
			"99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A38628AC8",
		},
		{
			elliptic.P521(), ES512, "0FAD06DAA62BA3B25D2FB40133DA757205DE67F5BB0018FEE8C86E1B68C7E75CAA896EB32F1F47C70855836A6D16FCC1466F6D8FBEC67DB89EC0C08B0E996B83538",
			"00C328FAFCBD79DD77850370C46325D987CB525569FB63C5D3BC53950E6D4C5F174E25A1EE9017B5D450606ADD152B534931D7D4E8455CC91F9B15BF05EC36E377FA",
			"00617CCE7CF5064806C467F678D3B4080D6F1CC50AF26CA209417308281B68AF282623EAA63E5B5C0723D8B8C37FF0777B1A20F8CCB1DCCC43997F1EE0E44DA4A67A",
		},
	} {
		key := testKeyOn(t, c.curve, c.secret)
		signature, err := key.Sign(t.Context(), []byte("sample"))
		if err != nil || fmt.Sprintf("%X", signature) != c.r+c.s {
			t.Errorf("%s: %X, %v", c.algorithm, signature, err)
		}
		public := key.Public()
		if public.Algorithm != c.algorithm || !public.Verify([]byte("sample"), signature) {
			t.Errorf("%s: does not verify its own signature", c.algorithm)
		}
		for name, other := range map[string][]byte{"shorter": signature[1:], "longer": append([]byte{0}, signature...), "none": nil} {
			if public.Verify([]byte("sample"), other) {
				t.Errorf("%s: verified a %s signature", c.algorithm, name)
			}
		}
		if public.Verify([]byte("test"), signature) {
			t.Errorf("%s: verified another message", c.algorithm)
		}
	}
}

// A test issuer's key on a large curve signs JWTs, and no proofs of Data Integrity.
func TestKeysOfTestIssuers(t *testing.T) {
	for _, c := range curves {
		key := testKeyOn(t, c.Curve, "2A")
		token, err := SignVCJWT(t.Context(), []byte(unsigned), key)
		if err != nil {
			t.Fatalf("%s: %v", c.algorithm, err)
		}
		if err := Verify(t.Context(), []byte(token), ResolveAmong(did, []PublicKey{key.Public()}), later).Err(); err != nil {
			t.Errorf("%s: %v", c.algorithm, err)
		}
		if _, err := Sign(t.Context(), []byte(unsigned), key, created); !errors.Is(err, ErrKeyKind) {
			t.Errorf("%s: a proof: %v", c.algorithm, err)
		}
	}
	other, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewTestSigningKey(other); !errors.Is(err, ErrKeyKind) {
		t.Errorf("P-224: %v", err)
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
