package openbadge

import (
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"pgregory.net/rapid"

	"github.com/btlc/btlc/internal/jsonld"
)

// jwt makes a compact JWS of any header and payload.
func jwt(t testing.TB, header, payload map[string]any, signer Signer) string {
	t.Helper()
	part := func(value any) string {
		plain, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(plain)
	}
	input := part(header) + "." + part(payload)
	signature, err := signer.Sign(t.Context(), []byte(input))
	if err != nil {
		t.Fatal(err)
	}
	return input + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func decoded(t testing.TB, token string) (header, payload map[string]any) {
	t.Helper()
	parts := strings.Split(token, ".")
	header, err := parsePart(parts[0])
	if err != nil {
		t.Fatal(err)
	}
	if payload, err = parsePart(parts[1]); err != nil {
		t.Fatal(err)
	}
	return header, payload
}

func TestOpenBadgeJWT(t *testing.T) {
	key := testP256(1)
	token, err := SignOpenBadgeJWT(t.Context(), []byte(unsigned), key)
	if err != nil {
		t.Fatal(err)
	}
	header, payload := decoded(t, token)
	if want := map[string]any{"alg": "ES256", "typ": "JWT", "kid": "https://btlc.example/keys/" + key.Public().ID}; !equal(header, want) {
		t.Errorf("header %v", header)
	}
	claims := map[string]any{
		"iss": did, "jti": "https://btlc.example/credentials/0198", "sub": "did:example:teacher", "nbf": 1772384400, "exp": 1930150800,
	}
	want, err := parse([]byte(unsigned))
	if err != nil {
		t.Fatal(err)
	}
	form, err := canonical(want)
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(want, claims)
	if !equal(payload, want) {
		t.Errorf("payload %v", payload)
	}
	resolve := ResolveAmong(did, []PublicKey{key.Public()})
	report := Verify(t.Context(), []byte(token+"\n"), resolve, later)
	if err := report.Err(); err != nil {
		t.Fatal(err)
	}
	if string(report.Document) != string(form) || report.Party != did || report.Proofs[0].Form != "JWT" {
		t.Errorf("report %+v", report)
	}
	if again, err := SignOpenBadgeJWT(t.Context(), []byte(unsigned), key); err != nil || again != token {
		t.Errorf("signing twice gave %s, %v", again, err)
	}
}

func TestVCJWT(t *testing.T) {
	for _, key := range []SigningKey{testP256(1), testKey(1)} {
		token, err := SignVCJWT(t.Context(), []byte(unsigned), key)
		if err != nil {
			t.Fatal(err)
		}
		header, payload := decoded(t, token)
		method := did + "#" + key.Public().ID
		if want := map[string]any{"alg": string(key.Public().Algorithm), "typ": "vc+jwt", "cty": "vc", "kid": method}; !equal(header, want) {
			t.Errorf("header %v", header)
		}
		if want, err := parse([]byte(unsigned)); err != nil || !equal(payload, want) {
			t.Errorf("payload %v", payload)
		}
		envelope, err := json.Marshal(map[string]any{
			"@context": "https://www.w3.org/ns/credentials/v2", "type": "EnvelopedVerifiableCredential", "id": "data:application/vc+jwt," + token,
		})
		if err != nil {
			t.Fatal(err)
		}
		resolve := ResolveAmong(did, []PublicKey{key.Public()})
		for _, secured := range []string{token, string(envelope)} {
			report := Verify(t.Context(), []byte(secured), resolve, later)
			if err := report.Err(); err != nil || report.Proofs[0].Form != "vc+jwt" || report.Proofs[0].VerificationMethod != method {
				t.Errorf("report %+v, %v", report, err)
			}
		}
	}
}

// A credential may have embedded proofs before it becomes a JWT.
func TestSignedDocumentsBecomeJWTs(t *testing.T) {
	document, _ := signed(t)
	key := testP256(1)
	for _, sign := range []func() (string, error){
		func() (string, error) { return SignOpenBadgeJWT(t.Context(), document, key) },
		func() (string, error) { return SignVCJWT(t.Context(), document, key) },
	} {
		token, err := sign()
		if err != nil {
			t.Fatal(err)
		}
		report := Verify(t.Context(), []byte(token), ResolveAmong(did, []PublicKey{key.Public()}), later)
		if err := report.Err(); err != nil || string(report.Document) != string(document) {
			t.Errorf("report %+v, %v", report, err)
		}
	}
}

func TestAnyChangedByteOfAJWTIsRefused(t *testing.T) {
	key := testP256(1)
	token, err := SignVCJWT(t.Context(), []byte(unsigned), key)
	if err != nil {
		t.Fatal(err)
	}
	resolve := ResolveAmong(did, []PublicKey{key.Public()})
	rapid.Check(t, func(rt *rapid.T) {
		changed := []byte(token)
		at := rapid.IntRange(0, len(changed)-1).Draw(rt, "at")
		changed[at] = rapid.Byte().Filter(func(b byte) bool {
			return b != token[at] && (at > 0 && at < len(token)-1 || !strings.ContainsRune(" \n", rune(b)))
		}).Draw(rt, "byte")
		if Verify(t.Context(), changed, resolve, later).Err() == nil {
			rt.Fatalf("accepted %q for %q at %d", changed[at], token[at], at)
		}
	})
}

func TestVerifyJWTTellsWhatIsWrong(t *testing.T) {
	key, foreign := testP256(1), testP256(2)
	revoked := key.Public()
	revoked.Revoked = created
	good, err := SignVCJWT(t.Context(), []byte(unsigned), key)
	if err != nil {
		t.Fatal(err)
	}
	badge, err := SignOpenBadgeJWT(t.Context(), []byte(unsigned), key)
	if err != nil {
		t.Fatal(err)
	}
	// with is a token with another header or payload, signed with the right key.
	with := func(token, part, name string, value any) string {
		header, payload := decoded(t, token)
		object := map[string]map[string]any{"header": header, "payload": payload}[part]
		if object[name] = value; value == nil {
			delete(object, name)
		}
		return jwt(t, header, payload, key)
	}
	// told has a kid that is no URL, and an iss.
	told := func(token, part, iss, kid string) string {
		return with(with(token, part, "iss", iss), "header", "kid", kid)
	}
	header := func(name string, value any) string { return with(good, "header", name, value) }
	payload := func(name string, value any) string { return with(good, "payload", name, value) }
	claim := func(name string, value any) string { return with(badge, "payload", name, value) }
	none := func() string {
		h, _ := decoded(t, good)
		h["alg"] = "none"
		return strings.Join(strings.Split(jwt(t, h, map[string]any{}, key), ".")[:2], ".") + "."
	}
	// The public key used as the secret of a symmetric signature.
	confused := func() string {
		input := strings.Join(strings.Split(header("alg", "HS256"), ".")[:2], ".")
		mac := hmac.New(sha256.New, key.Public().JWK(""))
		mac.Write([]byte(input))
		return input + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	}
	embedded := func(signer SigningKey, kid any) string {
		h, p := decoded(t, good)
		h["jwk"] = json.RawMessage(signer.Public().JWK(""))
		if h["kid"] = kid; kid == nil {
			delete(h, "kid")
		}
		return jwt(t, h, p, signer)
	}
	method := did + "#" + key.Public().ID
	tests := []struct {
		name, token string
		want        error
	}{
		{"as it should be", good, nil},
		{"relative kid", header("kid", "#"+key.Public().ID), nil},
		{"no typ, badge", with(badge, "header", "typ", nil), nil},
		{"typ as a media type", header("typ", "application/vc+jwt"), nil},
		{"issuer told again", payload("iss", did), nil},
		{"not expired", payload("exp", later.Now.Unix()+1), nil},
		{"unknown claim and header", jwt(t, map[string]any{"alg": "ES256", "typ": "vc+jwt", "kid": method, "x": 1}, decodedPayload(t, payload("y", 1)), key), nil},
		{"text", "hello", ErrMalformed},
		{"two parts", "e30.e30", ErrMalformed},
		{"not base64url", "e30.e+0.AAAA", ErrMalformed},
		{"header twice", base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"ES256","alg":"ES256"}`)) + ".e30.AAAA", ErrMalformed},
		{"too large", strings.Repeat("A", maxToken) + ".e30.AAAA", ErrTooLarge},
		{"alg none", none(), ErrUnsupportedProof},
		{"alg HS256", confused(), ErrUnsupportedProof},
		{"alg RS256", header("alg", "RS256"), ErrUnsupportedProof},
		{"alg of another key", header("alg", "EdDSA"), ErrKeyKind},
		{"crit", header("crit", []any{"exp"}), ErrUnsupportedProof},
		{"crit, known to the library", header("crit", []any{"b64"}), ErrUnsupportedProof},
		{"key in the header alone", embedded(foreign, nil), ErrMalformed},
		{"key in the header, too", embedded(foreign, method), ErrBadSignature},
		{"kid of another issuer", header("kid", "did:web:evil.example#k"), ErrWrongIssuer},
		{"kid that is no URL", header("kid", key.Public().ID), ErrWrongIssuer},
		{"kid unknown", header("kid", did+"#k"), ErrUnknownKey},
		{"kid of the issuer told", told(good, "payload", did, key.Public().ID), nil},
		{"kid of the issuer told in the header", told(good, "header", did, key.Public().ID), nil},
		{"kid unknown, of the issuer told", told(good, "payload", did, "k"), ErrUnknownKey},
		{"kid of another issuer told", told(good, "payload", "did:web:evil.example", key.Public().ID), ErrClaims},
		{"badge, kid of the issuer told", with(badge, "header", "kid", key.Public().ID), ErrWrongIssuer},
		{"another type", header("typ", "at+jwt"), ErrUnsupportedProof},
		{"a presentation", header("typ", "vp+jwt"), ErrUnsupportedProof},
		{"another content", header("cty", "JWT"), ErrUnsupportedProof},
		{"no credential", payload("type", []any{"VerifiablePresentation"}), ErrMalformed},
		{"no issuer", payload("issuer", nil), ErrMalformed},
		{"other issuer told", payload("iss", "did:web:evil.example"), ErrClaims},
		{"other issuer told in the header", header("iss", "did:web:evil.example"), ErrClaims},
		{"other id told", payload("jti", "urn:1"), ErrClaims},
		{"other subject told", payload("sub", "urn:1"), ErrClaims},
		{"vc claim", payload("vc", map[string]any{}), ErrClaims},
		{"expired", payload("exp", later.Now.Unix()), ErrExpired},
		{"expiring at no time", payload("exp", "soon"), ErrMalformed},
		{"expiring before time", payload("exp", -1), ErrMalformed},
		{"not yet", payload("nbf", later.Now.Unix()+1), ErrNotYetValid},
		{"badge, other issuer", claim("iss", "did:web:evil.example"), ErrClaims},
		{"badge, no issuer", claim("iss", nil), ErrClaims},
		{"badge, other id", claim("jti", "urn:1"), ErrClaims},
		{"badge, other subject", claim("sub", "urn:1"), ErrClaims},
		{"badge, no start", claim("nbf", nil), ErrClaims},
		{"badge, other start", claim("nbf", 1772384401), ErrClaims},
		{"badge, no end", claim("exp", nil), ErrClaims},
		{"badge, other end", claim("validUntil", nil), ErrClaims},
		{"badge, no id", claim("id", nil), ErrMalformed},
		{"badge as credential", with(badge, "header", "typ", "vc+jwt"), nil}, // its claims agree with its members
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := Verify(t.Context(), []byte(test.token), ResolveAmong(did, []PublicKey{key.Public()}), later).Err()
			if !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
	if err := Verify(t.Context(), []byte(good), ResolveAmong(did, []PublicKey{revoked}), later).Err(); !errors.Is(err, ErrRevokedKey) {
		t.Errorf("revoked key: got %v", err)
	}
}

func decodedPayload(t testing.TB, token string) map[string]any {
	_, payload := decoded(t, token)
	return payload
}

func TestSignJWTRefuses(t *testing.T) {
	with := func(key string, value any) []byte {
		return changed(t, []byte(unsigned), func(d map[string]any) {
			if d[key] = value; value == nil {
				delete(d, key)
			}
		})
	}
	for name, test := range map[string]struct {
		document []byte
		want     error
	}{
		"no JSON":          {[]byte("x"), ErrMalformed},
		"no issuer":        {with("issuer", nil), ErrMalformed},
		"no id":            {with("id", nil), ErrMalformed},
		"no start":         {with("validFrom", nil), ErrMalformed},
		"part of a second": {with("validFrom", "2026-03-01T17:00:00.5Z"), ErrUnsignable},
		"unknown term":     {with("extra", 1), jsonld.ErrUnsafe},
		"a claim":          {with("jti", "urn:1"), ErrUnsignable},
		"vc":               {with("vc", "urn:1"), ErrUnsignable},
		"control":          {with("name", "\x01"), ErrUnsignable},
	} {
		if _, err := SignOpenBadgeJWT(t.Context(), test.document, testP256(1)); !errors.Is(err, test.want) && !(name == "a claim" && errors.Is(err, jsonld.ErrUnsafe)) {
			t.Errorf("%s: got %v, want %v", name, err, test.want)
		}
	}
	failing := errors.New("the key store is away")
	if _, err := SignVCJWT(t.Context(), []byte(unsigned), brokenSigner{testP256(1), nil, failing}); !errors.Is(err, failing) {
		t.Errorf("failing signer: %v", err)
	}
	if _, err := SignVCJWT(t.Context(), []byte(unsigned), brokenSigner{testP256(1), slices.Repeat([]byte{1}, 64), nil}); !errors.Is(err, ErrBadSignature) {
		t.Errorf("lying signer: %v", err)
	}
}

// Of a presentation that names no holder, iss may say whose the key is.
func TestHolderToldByTheIssuerClaim(t *testing.T) {
	holder := testKey(9)
	document := presentation(holder)
	delete(document, "holder")
	document["iss"] = holderOf(holder)
	header := map[string]any{"alg": "EdDSA", "typ": "vp+jwt", "kid": holder.Public().ID}
	report := VerifyPresentation(t.Context(), []byte(jwt(t, header, document, holder)), ResolveDIDKey, later)
	if err := report.Err(); err != nil || report.Party != holderOf(holder) {
		t.Errorf("%+v, %v", report, err)
	}
	report = VerifyPresentation(t.Context(), []byte(jwt(t, header, document, testKey(8))), ResolveDIDKey, later)
	if err := report.Err(); !errors.Is(err, ErrBadSignature) {
		t.Errorf("by another key: %v", err)
	}
}

func TestJWTsOfOtherCurves(t *testing.T) {
	for _, c := range curves {
		private, err := ecdsa.GenerateKey(c.Curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		public, err := anyPublicKey(&private.PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		jwk := jose.JSONWebKey{Key: private, KeyID: public.VerificationMethod(did)}
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(c.algorithm), Key: jwk}, (&jose.SignerOptions{}).WithType(typeCredential))
		if err != nil {
			t.Fatal(err)
		}
		signed, err := signer.Sign([]byte(unsigned))
		if err != nil {
			t.Fatal(err)
		}
		token, err := signed.CompactSerialize()
		if err != nil {
			t.Fatal(err)
		}
		resolve := ResolveAmong(did, []PublicKey{public})
		if err := Verify(t.Context(), []byte(token), resolve, later).Err(); err != nil {
			t.Errorf("%s: %v", c.algorithm, err)
		}
		parts := strings.Split(token, ".")
		header, payload := decoded(t, token)
		header["alg"] = "ES256"
		if c.algorithm == ES256 {
			header["alg"] = "ES384"
		}
		confused := strings.Join(append(strings.Split(jwt(t, header, payload, testP256(1)), ".")[:2], parts[2]), ".")
		if err := Verify(t.Context(), []byte(confused), resolve, later).Err(); !errors.Is(err, ErrKeyKind) {
			t.Errorf("%s as another algorithm: %v", c.algorithm, err)
		}
		payload["name"] = "another"
		header["alg"] = string(c.algorithm)
		changed := strings.Join(append(strings.Split(jwt(t, header, payload, testP256(1)), ".")[:2], parts[2]), ".")
		if err := Verify(t.Context(), []byte(changed), resolve, later).Err(); !errors.Is(err, ErrBadSignature) {
			t.Errorf("%s of another document: %v", c.algorithm, err)
		}
	}
}
