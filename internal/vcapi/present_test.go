package vcapi

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/btlc/btlc/internal/openbadge"
)

// wideKey is the same key on P-521 in every run.
func wideKey(t testing.TB) openbadge.SigningKey {
	t.Helper()
	secret := make([]byte, 66)
	secret[65] = 42
	private, err := ecdsa.ParseRawPrivateKey(elliptic.P521(), secret)
	if err != nil {
		t.Fatal(err)
	}
	made, err := openbadge.NewTestSigningKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// presentable is a presentation of the holder with a key, of enveloped credentials.
func presentable(holder openbadge.Signer, credentials ...any) map[string]any {
	return map[string]any{
		"@context": []any{contextCredentials}, "type": []any{"VerifiablePresentation"}, "holder": Issuer(holder), "verifiableCredential": append([]any{}, credentials...),
	}
}

func TestWhatIsProvenVerifies(t *testing.T) {
	ed25519, p521 := Handler(options(t)), options(t)
	p521.Signer = wideKey(t)
	wide := Handler(p521)
	enveloped := issued(t, ed25519, credential(t), map[string]any{"mediaType": mediaEnveloped})
	embedded := issued(t, ed25519, credential(t), nil)
	nameless := presentable(key(t, 1), enveloped)
	delete(nameless, "holder")
	examples := with(presentable(key(t, 1), enveloped), map[string]any{"@context": []any{contextCredentials, contextExamples}, "greeting": "hello"})
	broken := with(enveloped, map[string]any{"id": strings.Replace(fmt.Sprint(enveloped["id"]), ".", ".\n", 1)})
	asked := map[string]any{"challenge": "c", "domain": []any{"d", "e"}}
	for name, c := range map[string]struct {
		handler      http.Handler
		presentation map[string]any
		options      map[string]any
	}{
		"by default":                   {ed25519, presentable(key(t, 1), enveloped, embedded), nil},
		"RDF":                          {ed25519, presentable(key(t, 1), enveloped), map[string]any{"cryptosuite": "eddsa-rdfc-2022"}},
		"JCS":                          {ed25519, presentable(key(t, 1), enveloped), map[string]any{"cryptosuite": "eddsa-jcs-2022"}},
		"JWT":                          {ed25519, presentable(key(t, 1), enveloped), map[string]any{"mediaType": mediaPresentationJWT}},
		"JWT, P-521":                   {wide, presentable(wideKey(t), enveloped), map[string]any{"mediaType": mediaPresentationJWT}},
		"no holder named":              {ed25519, nameless, nil},
		"no holder named, JWT":         {ed25519, nameless, map[string]any{"mediaType": mediaPresentationJWT}},
		"nothing in it":                {ed25519, presentable(key(t, 1)), nil},
		"context of examples":          {ed25519, examples, nil},
		"an envelope of several lines": {ed25519, presentable(key(t, 1), broken), map[string]any{"mediaType": mediaPresentationJWT}},
	} {
		t.Run(name, func(t *testing.T) {
			status, answer := send(t, c.handler, "/presentations/prove", map[string]any{"presentation": c.presentation, "options": with(asked, c.options)})
			if status != http.StatusCreated {
				t.Fatalf("%d: %v", status, answer)
			}
			secured := answer["verifiablePresentation"]
			for _, want := range []struct {
				challenge string
				status    int
			}{{"c", http.StatusOK}, {"other", http.StatusBadRequest}} {
				body := map[string]any{"verifiablePresentation": secured, "options": with(asked, map[string]any{"challenge": want.challenge})}
				if status, answer := send(t, ed25519, "/presentations/verify", body); status != want.status || answer["verified"] != (status == http.StatusOK) {
					t.Errorf("challenge %s: %d %v", want.challenge, status, answer)
				}
			}
		})
	}
}

func TestProveRefuses(t *testing.T) {
	handler := Handler(options(t))
	good := presentable(key(t, 1), issued(t, handler, credential(t), nil))
	choosing := func(options any) map[string]any { return map[string]any{"presentation": good, "options": options} }
	changed := func(changes map[string]any) map[string]any {
		return map[string]any{"presentation": with(good, changes)}
	}
	for name, c := range map[string]struct {
		body any
		says string
	}{
		"no presentation":             {"{}", "presentation is not an object"},
		"a credential":                {`{"credential":{}}`, `"credential"`},
		"another type":                {changed(map[string]any{"type": "VerifiableCredential"}), "not a VerifiablePresentation"},
		"another holder":              {changed(map[string]any{"holder": "did:example:other"}), "who alone presents here"},
		"signed already":              {changed(map[string]any{"proof": map[string]any{}}), "already"},
		"a credential not secured":    {changed(map[string]any{"verifiableCredential": credential(t)}), "not secured"},
		"a text for a credential":     {changed(map[string]any{"verifiableCredential": "a.b.c"}), "not an object"},
		"a term that nobody defines":  {changed(map[string]any{"greeting": "hello"}), "greeting"},
		"an option that is not known": {choosing(map[string]any{"proofChain": true}), `"proofChain"`},
		"another cryptosuite":         {choosing(map[string]any{"cryptosuite": "ecdsa-rdfc-2019"}), "ecdsa-rdfc-2019"},
		"another media type":          {choosing(map[string]any{"mediaType": mediaEnveloped}), mediaEnveloped},
		"a JWT with cryptosuite":      {choosing(map[string]any{"mediaType": mediaPresentationJWT, "cryptosuite": "eddsa-jcs-2022"}), "a JWT has neither"},
		"a JWT of what has proofs":    {choosing(map[string]any{"mediaType": mediaPresentationJWT}), "not enveloped"},
	} {
		t.Run(name, func(t *testing.T) {
			status, answer := send(t, handler, "/presentations/prove", c.body)
			if status != http.StatusBadRequest || answer["type"] == nil || !strings.Contains(fmt.Sprint(answer["detail"]), c.says) {
				t.Errorf("%d: %v", status, answer)
			}
		})
	}
}

// A key that signs JWTs alone signs nothing else, and no status lists.
func TestKeysForJWTsAlone(t *testing.T) {
	o := options(t)
	o.Signer = wideKey(t)
	handler := Handler(o)
	plain := with(credential(t), map[string]any{"issuer": Issuer(o.Signer)})
	enveloped := issued(t, handler, plain, map[string]any{"mediaType": mediaEnveloped})
	if wrong := holds(t, handler, enveloped, nil); wrong != "" {
		t.Error(wrong)
	}
	for path, body := range map[string]map[string]any{
		"/credentials/issue":   {"credential": plain},
		"/presentations/prove": {"presentation": presentable(o.Signer, enveloped)},
	} {
		if status, answer := send(t, handler, path, body); status != http.StatusBadRequest || !strings.Contains(fmt.Sprint(answer["detail"]), "signs JWTs alone") {
			t.Errorf("%s: %d %v", path, status, answer)
		}
	}
	status, answer := send(t, handler, "/credentials/issue", map[string]any{
		"credential": plain, "options": map[string]any{"mediaType": mediaEnveloped, "credentialStatus": map[string]any{"type": statusType, "statusPurpose": "revocation"}},
	})
	if status != http.StatusBadRequest || !strings.Contains(fmt.Sprint(answer["detail"]), "no status lists") {
		t.Errorf("a status: %d %v", status, answer)
	}
}
