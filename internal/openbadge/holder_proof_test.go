package openbadge

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"pgregory.net/rapid"
)

// holder is somebody with a DID of method key.
type holder struct{ key SigningKey }

func (h holder) did() string { return didKey + h.key.Public().ID }

// asked is what a proof of the holder has to be for.
func (h holder) asked() HolderProof {
	return HolderProof{DID: h.did(), Audience: "https://btlc.example", Nonce: "educators/0198/holderDid", Now: created}
}

func (h holder) header() map[string]any {
	return map[string]any{"typ": "openid4vci-proof+jwt", "alg": string(h.key.Public().Algorithm), "kid": h.key.Public().VerificationMethod(h.did())}
}

func (h holder) claims() map[string]any {
	asked := h.asked()
	return map[string]any{"aud": asked.Audience, "nonce": asked.Nonce, "iat": asked.Now.Unix()}
}

// faultsOf are the places at which a proof has faults; none for one that holds.
func faultsOf(t testing.TB, proof string, want HolderProof, resolve Resolver) (places []string) {
	t.Helper()
	err := VerifyHolderProof(context.Background(), proof, want, resolve)
	if err == nil {
		return nil
	}
	fault, ok := errors.AsType[*HolderProofError](err)
	if !ok || len(fault.Faults) == 0 {
		t.Fatalf("the error is %v", err)
	}
	for _, f := range fault.Faults {
		place, right, found := strings.Cut(f, ": ")
		if !found || !strings.HasPrefix(right, "must ") || !strings.Contains(err.Error(), f) {
			t.Errorf("the fault %q does not say what would be right", f)
		}
		places = append(places, place)
	}
	return places
}

func TestHolderProof(t *testing.T) {
	for _, h := range []holder{{testKey(1)}, {testP256(1)}} {
		for name, claims := range map[string]map[string]any{
			"as it must be":          {},
			"for a list of us alone": {"aud": []any{"https://btlc.example"}},
			"five minutes ago":       {"iat": created.Add(-5 * time.Minute).Unix()},
			"in a minute":            {"iat": created.Add(time.Minute).Unix()},
			"parts of a second":      {"iat": 1772384400.25},
			"with its time":          {"nbf": created.Unix(), "exp": created.Unix() + 1},
			"with more":              {"iss": "a-wallet"},
		} {
			payload := h.claims()
			maps.Copy(payload, claims)
			if places := faultsOf(t, jwt(t, h.header(), payload, h.key), h.asked(), ResolveDIDKey); places != nil {
				t.Errorf("%s, %s: faults at %v", h.key.Public().Algorithm, name, places)
			}
		}
		if !holderDID.MatchString(h.did()) {
			t.Errorf("%s is proven and cannot be the id of a subject", h.did())
		}
	}
}

// absent takes a member away.
type absent struct{}

// with is a copy of an object with other members.
func with(object, members map[string]any) map[string]any {
	changed := maps.Clone(object)
	maps.Copy(changed, members)
	maps.DeleteFunc(changed, func(_ string, value any) bool { return value == any(absent{}) })
	return changed
}

func TestHolderProofFaults(t *testing.T) {
	h, other := holder{testKey(1)}, holder{testKey(2)}
	at := func(d time.Duration) int64 { return created.Add(d).Unix() }
	for name, c := range map[string]struct {
		header, claims map[string]any
		want           string
	}{
		"no typ":                         {map[string]any{"typ": absent{}}, nil, "typ"},
		"another typ":                    {map[string]any{"typ": "JWT"}, nil, "typ"},
		"a typ with its tree":            {map[string]any{"typ": "application/openid4vci-proof+jwt"}, nil, "typ"},
		"an alg that is not the key's":   {map[string]any{"alg": "ES256"}, nil, "kid"},
		"an alg of more bits":            {map[string]any{"alg": "ES512"}, nil, "alg"},
		"alg none":                       {map[string]any{"alg": "none"}, nil, "form"},
		"alg HS256":                      {map[string]any{"alg": "HS256"}, nil, "form"},
		"no alg":                         {map[string]any{"alg": absent{}}, nil, "form"},
		"a critical header":              {map[string]any{"crit": []any{"iat"}}, nil, "form"},
		"no kid":                         {map[string]any{"kid": absent{}}, nil, "kid"},
		"a kid that is no text":          {map[string]any{"kid": 1}, nil, "form"},
		"a kid that is the DID":          {map[string]any{"kid": h.did()}, nil, "kid"},
		"a kid without the DID":          {map[string]any{"kid": "#" + h.key.Public().ID}, nil, "kid"},
		"a kid of another DID":           {map[string]any{"kid": other.header()["kid"]}, nil, "kid"},
		"another kid of the DID":         {map[string]any{"kid": h.did() + "#" + other.key.Public().ID}, nil, "kid"},
		"a key besides":                  {map[string]any{"jwk": json.RawMessage(h.key.Public().JWK(""))}, nil, "jwk"},
		"a certificate besides":          {map[string]any{"x5c": []any{}}, nil, "x5c"},
		"no aud":                         {nil, map[string]any{"aud": absent{}}, "aud"},
		"for another":                    {nil, map[string]any{"aud": "https://other.example"}, "aud"},
		"for us with a slash":            {nil, map[string]any{"aud": "https://btlc.example/"}, "aud"},
		"for us and another":             {nil, map[string]any{"aud": []any{"https://btlc.example", "https://other.example"}}, "aud"},
		"for us twice":                   {nil, map[string]any{"aud": []any{"https://btlc.example", "https://btlc.example"}}, "aud"},
		"for a list in a list":           {nil, map[string]any{"aud": []any{[]any{"https://btlc.example"}}}, "aud"},
		"for nobody":                     {nil, map[string]any{"aud": []any{}}, "aud"},
		"no nonce":                       {nil, map[string]any{"nonce": absent{}}, "nonce"},
		"the nonce of another":           {nil, map[string]any{"nonce": "educators/0199/holderDid"}, "nonce"},
		"a list for a nonce":             {nil, map[string]any{"nonce": []any{"educators/0198/holderDid"}}, "nonce"},
		"no iat":                         {nil, map[string]any{"iat": absent{}}, "iat"},
		"an iat that is a text":          {nil, map[string]any{"iat": "1772384400"}, "iat"},
		"an iat without end":             {nil, map[string]any{"iat": json.RawMessage("1e300")}, "iat"},
		"made five minutes and 1 s ago":  {nil, map[string]any{"iat": at(-5*time.Minute - time.Second)}, "iat"},
		"made in one minute and a bit":   {nil, map[string]any{"iat": at(time.Minute + time.Second)}, "iat"},
		"of use no longer":               {nil, map[string]any{"exp": at(0)}, "exp, nbf"},
		"not yet of use":                 {nil, map[string]any{"nbf": at(time.Second)}, "exp, nbf"},
		"an exp that is no number":       {nil, map[string]any{"exp": "tomorrow"}, "exp, nbf"},
		"an iat in milliseconds":         {nil, map[string]any{"iat": created.UnixMilli()}, "iat"},
		"an iat that is seconds in text": {nil, map[string]any{"iat": []any{created.Unix()}}, "iat"},
	} {
		proof := jwt(t, with(h.header(), c.header), with(h.claims(), c.claims), h.key)
		if places := faultsOf(t, proof, h.asked(), ResolveDIDKey); !slices.Equal(places, []string{c.want}) {
			t.Errorf("%s: faults at %v, want %s", name, places, c.want)
		}
	}
	everything := jwt(t, map[string]any{"alg": "EdDSA"}, map[string]any{}, h.key)
	if places := faultsOf(t, everything, h.asked(), ResolveDIDKey); !slices.Equal(places, []string{"typ", "kid", "aud", "nonce", "iat"}) {
		t.Errorf("of everything that is wrong it tells %v", places)
	}
}

// A proof is by the key that it names: not by another, and not by a secret, be it the public key itself.
func TestHolderProofIsSigned(t *testing.T) {
	h := holder{testKey(1)}
	proof := jwt(t, h.header(), h.claims(), h.key)
	input := proof[:strings.LastIndex(proof, ".")]
	sum := hmac.New(sha256.New, []byte(h.key.Public().ID))
	hashed := jwt(t, with(h.header(), map[string]any{"alg": "HS256"}), h.claims(), h.key)
	hashed = hashed[:strings.LastIndex(hashed, ".")]
	sum.Write([]byte(hashed))
	for name, c := range map[string]struct{ proof, want string }{
		"another's":           {jwt(t, h.header(), h.claims(), testKey(2)), "signature"},
		"of nothing":          {input + ".", "signature"},
		"not there":           {input, "form"},
		"by the public key":   {hashed + "." + base64.RawURLEncoding.EncodeToString(sum.Sum(nil)), "form"},
		"with an end":         {proof + "\n", "form"},
		"more than a proof":   {proof + "." + proof, "form"},
		"nothing":             {"", "form"},
		"a document":          {"{}", "form"},
		"too large":           {strings.Repeat("a", MaxHolderProof+1), "size"},
		"as large as allowed": {strings.Repeat("a", MaxHolderProof), "form"},
	} {
		if places := faultsOf(t, c.proof, h.asked(), ResolveDIDKey); !slices.Equal(places, []string{c.want}) {
			t.Errorf("%s: faults at %v, want %s", name, places, c.want)
		}
	}
}

func TestAnyChangedByteOfAHolderProofIsRefused(t *testing.T) {
	h := holder{testP256(1)}
	proof := jwt(t, h.header(), h.claims(), h.key)
	rapid.Check(t, func(rt *rapid.T) {
		changed := []byte(proof)
		i := rapid.IntRange(0, len(changed)-1).Draw(rt, "place")
		changed[i] = rapid.Byte().Filter(func(b byte) bool { return b != proof[i] }).Draw(rt, "byte")
		if places := faultsOf(t, string(changed), h.asked(), ResolveDIDKey); places == nil {
			rt.Fatalf("the proof holds with byte %d changed to %q", i, changed[i])
		}
	})
}

// holderDocument is what a did:web publishes, with one key and the purposes for which it is listed.
func holderDocument(did string, key map[string]any, purposes ...string) []byte {
	method := with(map[string]any{"id": did + "#home", "type": "JsonWebKey", "controller": did}, key)
	document := map[string]any{"id": did, "verificationMethod": []any{method}}
	for _, purpose := range purposes {
		document[purpose] = []any{did + "#home"}
	}
	return mustCanonical(document)
}

// A did:web lists its keys for what they are for. The document is asked for when all else is right, and no other is.
func TestHolderProofByDIDWeb(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	const did, method = "did:web:teacher.example:me", "did:web:teacher.example:me#home"
	public := map[string]any{"publicKeyJwk": jose.JSONWebKey{Key: &private.PublicKey}}
	options := (&jose.SignerOptions{}).WithType("openid4vci-proof+jwt").WithHeader("kid", method)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES384, Key: private}, options)
	if err != nil {
		t.Fatal(err)
	}
	asked := holder{testKey(1)}.asked()
	asked.DID = did
	prove := func(claims map[string]any) string {
		t.Helper()
		signed, err := signer.Sign(mustCanonical(with(holder{testKey(1)}.claims(), claims)))
		if err != nil {
			t.Fatal(err)
		}
		proof, err := signed.CompactSerialize()
		if err != nil {
			t.Fatal(err)
		}
		return proof
	}
	for name, c := range map[string]struct {
		document []byte
		err      error
		claims   map[string]any
		want     []string
		fetched  int
	}{
		"listed":              {document: holderDocument(did, public, "authentication"), fetched: 1},
		"listed for both":     {document: holderDocument(did, public, "assertionMethod", "authentication"), fetched: 1},
		"not listed":          {document: holderDocument(did, public), want: []string{"kid"}, fetched: 1},
		"listed to assert":    {document: holderDocument(did, public, "assertionMethod"), want: []string{"kid"}, fetched: 1},
		"revoked":             {document: holderDocument(did, with(public, map[string]any{"revoked": "2026-02-01T00:00:00Z"}), "authentication"), want: []string{"kid"}, fetched: 1},
		"expired":             {document: holderDocument(did, with(public, map[string]any{"expires": "2026-03-01T17:00:00Z"}), "authentication"), want: []string{"kid"}, fetched: 1},
		"of another":          {document: holderDocument("did:web:other.example", public, "authentication"), want: []string{"kid"}, fetched: 1},
		"controlled by other": {document: holderDocument(did, with(public, map[string]any{"controller": "did:web:other.example"}), "authentication"), want: []string{"kid"}, fetched: 1},
		"another key":         {document: holderDocument(did, map[string]any{"publicKeyJwk": jose.JSONWebKey{Key: otherP384(t)}}, "authentication"), want: []string{"signature"}, fetched: 1},
		"a weaker key":        {document: holderDocument(did, map[string]any{"publicKeyJwk": json.RawMessage(testP256(1).Public().JWK("k"))}, "authentication"), want: []string{"kid"}, fetched: 1},
		"not to be had":       {err: errors.New("the host is not allowed"), want: []string{"kid"}, fetched: 1},
		"for another":         {document: holderDocument(did, public, "authentication"), claims: map[string]any{"aud": "https://other.example"}, want: []string{"aud"}},
	} {
		fetched := 0
		resolve := ResolveFirst(ResolveDIDKey, ResolveWeb(func(_ context.Context, url string) ([]byte, error) {
			if fetched++; url != "https://teacher.example/me/did.json" {
				t.Errorf("%s: asked for %s", name, url)
			}
			return c.document, c.err
		}))
		if places := faultsOf(t, prove(c.claims), asked, resolve); !slices.Equal(places, c.want) || fetched != c.fetched {
			t.Errorf("%s: faults at %v after %d questions, want %v after %d", name, places, fetched, c.want, c.fetched)
		}
	}
}

// A key that could not be looked for says nothing of the proof: the error is not one of its faults.
func TestHolderProofOfAKeyOutOfReach(t *testing.T) {
	h := holder{testKey(1)}
	proof := jwt(t, h.header(), h.claims(), h.key)
	for name, c := range map[string]struct {
		leave     bool
		err, want error
	}{
		"its host rests":  {false, fmt.Errorf("%w: the host rests", ErrUnreached), ErrUnreached},
		"the caller left": {true, errors.New("no answer"), context.Canceled},
	} {
		ctx, leave := context.WithCancel(t.Context())
		err := VerifyHolderProof(ctx, proof, h.asked(), func(context.Context, string, Purpose) (PublicKey, error) {
			if c.leave {
				leave()
			}
			return PublicKey{}, c.err
		})
		leave()
		if _, blamed := errors.AsType[*HolderProofError](err); blamed || !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func otherP384(t testing.TB) *ecdsa.PublicKey {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &private.PublicKey
}
