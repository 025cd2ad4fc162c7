package server_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/server"
)

// audience is what tokens for the registry of this test are made out to.
const audience = "https://registry.example.org"

// TestPeopleSignIn has a person sign in at a real OpenID provider and call with the token.
func TestPeopleSignIn(t *testing.T) {
	provider := newIdentityProvider(t)
	w := newWorld(t, func(o *server.Options) { o.Issuers = []access.Issuer{{URL: provider.issuer, Audience: audience}} })
	asks := func(t *testing.T, token, rpc string, request map[string]any, want api.Reason) {
		t.Helper()
		for _, c := range w.callers() {
			r := c.call(t, methodNamed(t, rpc), token, marshal(t, nonNil(request)), nil)
			if r.err == nil && want != "" || r.err != nil && r.err.Reason != want {
				t.Errorf("%s over %s: %v, wanted %q", rpc, c.name(), r.err, want)
			}
			if want == api.Unauthenticated && c.name() == "rest" && r.header["www-authenticate"] == "" {
				t.Errorf("%s: the caller is not told how to show who they are", rpc)
			}
		}
	}
	own := map[string]any{"parent": w.variables["district"], "employeeIds": []any{"E1"}}
	other := map[string]any{"parent": w.variables["otherDistrict"], "employeeIds": []any{"E2"}}

	// The provider is down when the server starts, which is no matter to those who do not need it.
	early := tokenBy(t, "RS256", claims{"iss": provider.issuer, "sub": "early", "aud": audience, "exp": time.Now().Add(time.Hour).Unix()}, signedBy(t, provider.key))
	asks(t, early, "WhoAmI", nil, api.Unavailable)
	asks(t, w.keys["districtHr"], "BatchLookupCredentialStatuses", own, "")
	provider.start(t)
	asks(t, early, "WhoAmI", nil, "")

	const subject = "248289761001"
	token := provider.signIn(t, subject, audience)

	t.Run("who has no role is known and may nothing", func(t *testing.T) {
		checkWhoAmI(t, w, token.Access, "people/"+provider.issuer+"#"+subject, `[]`)
		asks(t, token.Access, "BatchLookupCredentialStatuses", own, api.PermissionDenied)
		asks(t, token.Access, "CreateDistrict", map[string]any{"districtId": "new", "district": map[string]any{"displayName": "New", "timeZone": "America/New_York"}}, api.PermissionDenied)
	})

	t.Run("a role holds from its binding to the end of it", func(t *testing.T) {
		made := w.do(t, "admin", "CreateRoleBinding", map[string]any{"roleBinding": map[string]any{
			"oidcSubject": map[string]any{"issuer": provider.issuer, "subject": subject}, "role": "ROLE_DISTRICT_HR", "scope": w.variables["district"],
		}})
		checkWhoAmI(t, w, token.Access, "people/"+provider.issuer+"#"+subject, `[{"role":"ROLE_DISTRICT_HR","scope":"districts/bps"}]`)
		asks(t, token.Access, "BatchLookupCredentialStatuses", own, "")
		asks(t, token.Access, "BatchLookupCredentialStatuses", other, api.NotFound)
		asks(t, token.Access, "ListRoleBindings", nil, api.PermissionDenied)
		somebodyElse := provider.signIn(t, "somebody-else", audience)
		asks(t, somebodyElse.Access, "BatchLookupCredentialStatuses", own, api.PermissionDenied)
		w.do(t, "admin", "DeleteRoleBinding", map[string]any{"name": text(made, "roleBinding.name")})
		asks(t, token.Access, "BatchLookupCredentialStatuses", own, api.PermissionDenied)
		checkWhoAmI(t, w, token.Access, "people/"+provider.issuer+"#"+subject, `[]`)
	})

	t.Run("a token that is not right shows nobody", func(t *testing.T) {
		sign := signedBy(t, provider.key)
		with := func(changes claims) string { return tokenBy(t, "RS256", claimsOf(t, token.Access, changes), sign) }
		// What the test signs is taken when nothing is wrong with it: the refusals below are for what each case says.
		asks(t, with(nil), "WhoAmI", nil, "")
		stranger, err := rsa.GenerateKey(rand.Reader, 2048)
		must(t, err)
		public, err := x509.MarshalPKIXPublicKey(&provider.key.PublicKey)
		must(t, err)
		parts := strings.Split(token.Access, ".")
		for name, wrong := range map[string]string{
			"made out to another service":                    provider.signIn(t, subject, "https://another.example.org").Access,
			"for the application itself":                     token.ID,
			"for nobody":                                     with(claims{"aud": nil}),
			"expired":                                        with(claims{"exp": time.Now().Add(-time.Minute).Unix()}),
			"without an end":                                 with(claims{"exp": nil}),
			"of an issuer that is not configured":            with(claims{"iss": "http://127.0.0.1:1"}),
			"of an issuer by a like name":                    with(claims{"iss": provider.issuer + "/"}),
			"of no issuer":                                   with(claims{"iss": nil}),
			"with other claims":                              parts[0] + "." + strings.Split(with(claims{"sub": "somebody-else"}), ".")[1] + "." + parts[2],
			"with another signature":                         parts[0] + "." + parts[1] + "." + strings.Split(with(claims{"sub": "somebody-else"}), ".")[2],
			"without a signature":                            parts[0] + "." + parts[1] + ".",
			"signed by a stranger":                           tokenBy(t, "RS256", claimsOf(t, token.Access, nil), signedBy(t, stranger)),
			"signed by no algorithm":                         tokenBy(t, "none", claimsOf(t, token.Access, nil), func([]byte) []byte { return nil }),
			"signed with the public key as a secret, in PEM": tokenBy(t, "HS256", claimsOf(t, token.Access, nil), secretly(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))),
			"signed with the public key as a secret, in DER": tokenBy(t, "HS256", claimsOf(t, token.Access, nil), secretly(public)),
		} {
			t.Run(name, func(t *testing.T) { asks(t, wrong, "WhoAmI", nil, api.Unauthenticated) })
		}
	})
}

// secretly signs with a secret that both sides would have to know.
func secretly(secret []byte) func(text []byte) []byte {
	return func(text []byte) []byte {
		mac := hmac.New(sha256.New, secret)
		mac.Write(text)
		return mac.Sum(nil)
	}
}

// checkWhoAmI holds what the server says of the holder of a token against what is true.
func checkWhoAmI(t *testing.T, w *world, token, principal, roles string) {
	t.Helper()
	var granted []any
	must(t, json.Unmarshal([]byte(roles), &granted))
	_, subject, _ := strings.Cut(principal, "#")
	for _, c := range w.callers() {
		r := c.call(t, methodNamed(t, "WhoAmI"), token, []byte("{}"), nil)
		if r.err != nil {
			t.Errorf("over %s: %v", c.name(), r.err)
			continue
		}
		want := map[string]any{"principal": principal, "displayName": "The one called " + subject, "roles": granted}
		if fault := differs("", r.answer, want); fault != "" || len(r.answer["roles"].([]any)) != len(granted) {
			t.Errorf("over %s: %s in %v", c.name(), fault, r.answer)
		}
	}
}

// TestProviderWithoutKeys has a person come with a token while the provider, discovered before, does not give its keys:
// the token may be good, so the caller is to come again and not to sign in again.
func TestProviderWithoutKeys(t *testing.T) {
	ways := http.NewServeMux()
	provider := httptest.NewServer(ways)
	defer provider.Close()
	ways.HandleFunc("/.well-known/openid-configuration", func(out http.ResponseWriter, _ *http.Request) {
		_, _ = out.Write(marshal(t, map[string]any{"issuer": provider.URL, "jwks_uri": provider.URL + "/keys"}))
	})
	w := newWorld(t, func(o *server.Options) { o.Issuers = []access.Issuer{{URL: provider.URL, Audience: audience}} })
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	token := tokenBy(t, "RS256", claims{"iss": provider.URL, "sub": "somebody", "aud": audience, "exp": time.Now().Add(time.Hour).Unix()}, signedBy(t, key))
	for _, c := range w.callers() {
		r := c.call(t, methodNamed(t, "WhoAmI"), token, []byte("{}"), nil)
		if r.err == nil || r.err.Reason != api.Unavailable {
			t.Errorf("over %s: got %v, want %q", c.name(), r.err, api.Unavailable)
		}
	}
}
