package access

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/btlc/btlc/internal/api"
)

// provider is an identity provider of one test, whose keys and faults the test decides on.
type provider struct {
	*httptest.Server
	keys   atomic.Value // the body of the answer for keys
	status atomic.Int32 // its status
	asked  atomic.Int32 // how often it was asked for keys
	hold   chan struct{}
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	p := &provider{}
	p.status.Store(http.StatusOK)
	ways := http.NewServeMux()
	ways.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		// "none" and HS256 are no algorithms that we take, whatever the provider says.
		_ = json.NewEncoder(w).Encode(map[string]any{"issuer": p.URL, "jwks_uri": p.URL + "/keys", "id_token_signing_alg_values_supported": []string{"ES256", "none", "HS256"}})
	})
	ways.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		p.asked.Add(1)
		if p.hold != nil {
			<-p.hold
		}
		w.WriteHeader(int(p.status.Load()))
		_, _ = w.Write([]byte(p.keys.Load().(string)))
	})
	p.Server = httptest.NewServer(ways)
	t.Cleanup(p.Close)
	return p
}

// signer is a key with what it is called.
type signer struct {
	id  string
	key *ecdsa.PrivateKey
}

func newSigner(t *testing.T, id string) signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	return signer{id, key}
}

// publishes has the provider give the public parts of these keys, among others that nobody understands or may sign with.
func (p *provider) publishes(t *testing.T, signers ...signer) {
	t.Helper()
	keys := []any{
		map[string]string{"kty": "OKP", "crv": "Ed448", "x": "AA", "kid": "unknown curve"},
		map[string]string{"kty": "oct", "k": "c2VjcmV0", "kid": "a secret"},
	}
	for _, s := range signers {
		keys = append(keys, jose.JSONWebKey{Key: &s.key.PublicKey, KeyID: s.id, Use: "sig"})
	}
	body, err := json.Marshal(map[string]any{"keys": keys})
	must(t, err)
	p.keys.Store(string(body))
}

// token is one that a person shows.
func (p *provider) token(t *testing.T, s signer, subject string) string {
	t.Helper()
	signing, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: s.key, KeyID: s.id}}, nil)
	must(t, err)
	claims, err := json.Marshal(map[string]any{"iss": p.URL, "sub": subject, "aud": "btlc", "exp": time.Now().Add(time.Hour).Unix()})
	must(t, err)
	signed, err := signing.Sign(claims)
	must(t, err)
	token, err := signed.CompactSerialize()
	must(t, err)
	return token
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// everybody is known, by no role.
type everybody struct{ callers }

func (everybody) callerOfSubject(_ context.Context, _, subject string) (*Caller, error) {
	return &Caller{Principal: subject}, nil
}

// signIn is an authenticator that takes the provider's tokens, on a clock that advance moves.
func signIn(p *provider) (a *Authenticator, advance func(time.Duration)) {
	var elapsed atomic.Int64
	began := time.Now()
	a = newAuthenticator(everybody{}, []Issuer{{URL: p.URL, Audience: "btlc"}}, time.Now)
	a.issuers[p.URL].now = func() time.Time { return began.Add(time.Duration(elapsed.Load())) }
	return a, func(d time.Duration) { elapsed.Add(int64(d)) }
}

// shows is what comes of showing a token; empty when the caller is known.
func shows(t *testing.T, a *Authenticator, token string) api.Reason {
	t.Helper()
	_, err := a.Caller(t.Context(), "Bearer "+token)
	if err == nil {
		return ""
	}
	refused, ok := errors.AsType[*api.Error](err)
	if !ok {
		t.Fatalf("got %v, want one of the API's errors", err)
	}
	return refused.Reason
}

func TestKeysThatCannotBeFetched(t *testing.T) {
	for name, fault := range map[string]struct {
		status int32
		body   string
	}{
		"an error":       {http.StatusInternalServerError, "no"},
		"a page":         {http.StatusOK, "<html>"},
		"nothing at all": {http.StatusOK, ""},
		"found nowhere":  {http.StatusNotFound, `{"keys":[]}`},
	} {
		t.Run(name, func(t *testing.T) {
			p, key := newProvider(t), newSigner(t, "first")
			a, advance := signIn(p)
			p.status.Store(fault.status)
			p.keys.Store(fault.body)
			good := p.token(t, key, "somebody")
			if got := shows(t, a, good); got != api.Unavailable {
				t.Errorf("got %q, want %q", got, api.Unavailable)
			}
			p.status.Store(http.StatusOK)
			p.publishes(t, key)
			advance(providerPause)
			if got := shows(t, a, good); got != "" {
				t.Errorf("when the provider answers again: got %q", got)
			}
			// It fails again: what is known goes on, what is not may be good.
			p.status.Store(http.StatusServiceUnavailable)
			advance(providerPause)
			if got := shows(t, a, p.token(t, newSigner(t, "next"), "somebody")); got != api.Unavailable {
				t.Errorf("a key that is not known: got %q, want %q", got, api.Unavailable)
			}
			if got := shows(t, a, p.token(t, key, "somebody else")); got != "" {
				t.Errorf("a key that is known: got %q", got)
			}
		})
	}
}

func TestProviderChangesKeys(t *testing.T) {
	p, first, second := newProvider(t), newSigner(t, "first"), newSigner(t, "second")
	a, advance := signIn(p)
	p.publishes(t, first)
	if got := shows(t, a, p.token(t, first, "somebody")); got != "" {
		t.Fatalf("got %q", got)
	}
	p.publishes(t, second)
	advance(providerPause)
	if got := shows(t, a, p.token(t, second, "somebody")); got != "" {
		t.Errorf("the new key: got %q", got)
	}
	if got := shows(t, a, p.token(t, first, "somebody else")); got != api.Unauthenticated {
		t.Errorf("the old key: got %q, want %q", got, api.Unauthenticated)
	}
}

// Tokens that anybody can make up have the provider asked once a second, not once each.
func TestMadeUpTokensAskLittle(t *testing.T) {
	p, key := newProvider(t), newSigner(t, "first")
	a, advance := signIn(p)
	p.publishes(t, key)
	forger := newSigner(t, "first")
	flood := func() {
		var all sync.WaitGroup
		for range 20 {
			token := p.token(t, forger, rand.Text())
			all.Go(func() {
				if _, err := a.Caller(t.Context(), "Bearer "+token); err == nil {
					t.Error("a made-up token was taken")
				}
			})
		}
		all.Wait()
	}
	flood()
	if asked := p.asked.Load(); asked != 1 {
		t.Errorf("the provider was asked %d times within a second", asked)
	}
	if got := shows(t, a, p.token(t, forger, "forged")); got != api.Unauthenticated {
		t.Errorf("got %q, want %q", got, api.Unauthenticated)
	}
	advance(providerPause)
	flood()
	if asked := p.asked.Load(); asked != 2 {
		t.Errorf("the provider was asked %d times in the second second", asked-1)
	}
	if got := shows(t, a, p.token(t, key, "somebody")); got != "" {
		t.Errorf("a good token meanwhile: got %q", got)
	}
}

// Whoever comes while the provider is asked waits for its answer, and those whose key is known do not.
func TestOneAsksForAll(t *testing.T) {
	p, known, next := newProvider(t), newSigner(t, "known"), newSigner(t, "next")
	a, advance := signIn(p)
	p.publishes(t, known)
	if got := shows(t, a, p.token(t, known, "somebody")); got != "" {
		t.Fatalf("got %q", got)
	}
	advance(providerPause)
	p.publishes(t, known, next)
	p.hold = make(chan struct{})
	answers := make(chan error, 5)
	for range cap(answers) {
		token := p.token(t, next, rand.Text())
		go func() {
			_, err := a.Caller(t.Context(), "Bearer "+token)
			answers <- err
		}()
	}
	if got := shows(t, a, p.token(t, known, "somebody else")); got != "" {
		t.Errorf("a known key waits for others': got %q", got)
	}
	close(p.hold)
	for range cap(answers) {
		must(t, <-answers)
	}
	if asked := p.asked.Load(); asked != 2 {
		t.Errorf("the provider was asked %d times", asked)
	}
}
