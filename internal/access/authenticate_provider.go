package access

import (
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
)

// providerPatience bounds one request to a provider; providerPause is how long one that hung is left alone, so that callers
// do not wait for it one after the other, and how long lies between two requests for its keys.
const (
	providerPatience = 5 * time.Second
	providerPause    = time.Second
)

// maxKeySet is the greatest size in bytes of a provider's keys.
const maxKeySet = 1 << 20

var (
	// errProvider is a provider that cannot say whether a token is good.
	errProvider = errors.New("the identity provider does not answer")

	errProviderPaused = fmt.Errorf("%w: it hung a moment ago", errProvider)
)

// issuer is an identity provider, discovered at its first token and not at the start: a server starts while its provider
// is down.
type issuer struct {
	Issuer
	client *http.Client
	now    func() time.Time

	mu     sync.Mutex
	config *oidc.Config // nil until it is discovered
	keys   *keySet
	failed time.Time
}

func newIssuer(i Issuer) *issuer {
	return &issuer{Issuer: i, client: &http.Client{Timeout: providerPatience}, now: time.Now}
}

// verify says what a token of the provider's says. The error is an errProvider when that could not be found out.
func (i *issuer) verify(ctx context.Context, token string) (*oidc.IDToken, error) {
	config, keys, err := i.ready(ctx)
	if err != nil {
		return nil, err
	}
	s := &signature{keys: keys}
	verified, err := oidc.NewVerifier(i.URL, s, config).Verify(ctx, token)
	if s.unchecked != nil {
		return nil, s.unchecked
	}
	return verified, err
}

// signingAlgorithms are those of keys that are public. Whoever knows a provider's keys could sign by any other.
var signingAlgorithms = []string{
	oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA,
}

func (i *issuer) ready(ctx context.Context) (*oidc.Config, *keySet, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.config != nil {
		return i.config, i.keys, nil
	}
	if i.now().Sub(i.failed) < providerPause {
		return nil, nil, errProviderPaused
	}
	asked := i.now()
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, i.client), i.URL)
	if err != nil {
		if i.now().Sub(asked) > providerPause { // one that hangs; one that refuses costs nothing to ask again
			i.failed = i.now()
		}
		return nil, nil, errors.Join(errProvider, err)
	}
	var said struct {
		KeysURL    string   `json:"jwks_uri"`
		Algorithms []string `json:"id_token_signing_alg_values_supported"`
	}
	if err := provider.Claims(&said); err != nil {
		return nil, nil, errors.Join(errProvider, err)
	}
	// Without any of ours the verifier takes RS256 alone, which every provider has to support.
	algorithms := slices.DeleteFunc(said.Algorithms, func(a string) bool { return !slices.Contains(signingAlgorithms, a) })
	i.config = &oidc.Config{ClientID: i.Audience, SupportedSigningAlgs: algorithms}
	i.keys = newKeySet(said.KeysURL, i.client, i.now)
	return i.config, i.keys, nil
}

// signature is the check of one token's signature. It keeps why there was none, which the verifier's error does not tell.
type signature struct {
	keys      *keySet
	unchecked error
}

// VerifySignature implements oidc.KeySet.
func (s *signature) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	payload, err := s.keys.check(ctx, token)
	if errors.Is(err, errProvider) {
		s.unchecked = err
	}
	return payload, err
}

// keySet is the public keys of a provider. go-oidc's own asks the provider for each token whose signature is by no key it
// knows, one request after the other, so that made-up tokens keep a provider busy, and its error does not say whether the
// provider answered. This one asks once a second at most, whoever sends what.
type keySet struct {
	url    string
	client *http.Client
	now    func() time.Time

	answer atomic.Pointer[keysAnswer]
	asking sync.Mutex // held by the one who asks; others wait for what comes of it
}

// keysAnswer is what came of asking a provider for its keys.
type keysAnswer struct {
	keys   *oidc.StaticKeySet // the last ones that it gave
	asked  time.Time          // when it was asked last
	failed error              // why it gave none then, an errProvider
}

func newKeySet(url string, client *http.Client, now func() time.Time) *keySet {
	k := &keySet{url: url, client: client, now: now}
	k.answer.Store(&keysAnswer{keys: &oidc.StaticKeySet{}})
	return k
}

// check checks a signature by the keys that are known and, if it is by none of them, by those that the provider has now:
// providers change their keys. While they cannot be had, the error is an errProvider, since the token may be good.
func (k *keySet) check(ctx context.Context, token string) ([]byte, error) {
	known := k.answer.Load()
	payload, err := known.keys.VerifySignature(ctx, token)
	if err == nil {
		return payload, nil
	}
	switch fresh := k.refresh(ctx, known); {
	case fresh.failed != nil:
		return nil, fresh.failed
	case fresh.keys != known.keys:
		return fresh.keys.VerifySignature(ctx, token)
	}
	return nil, err
}

// refresh asks the provider, unless it has been asked since the answer that is known, or a moment ago.
func (k *keySet) refresh(ctx context.Context, known *keysAnswer) *keysAnswer {
	k.asking.Lock()
	defer k.asking.Unlock()
	if last := k.answer.Load(); last != known || k.now().Sub(last.asked) < providerPause {
		return last
	}
	keys, err := k.fetch(ctx)
	if err != nil {
		keys = known.keys
	}
	fresh := &keysAnswer{keys: keys, asked: k.now(), failed: err}
	k.answer.Store(fresh)
	return fresh
}

func (k *keySet) fetch(ctx context.Context) (*oidc.StaticKeySet, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, k.url, http.NoBody)
	if err != nil {
		return nil, errors.Join(errProvider, err)
	}
	answer, err := k.client.Do(request)
	if err != nil {
		return nil, errors.Join(errProvider, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%w: %s for its keys", errProvider, answer.Status)
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, maxKeySet)).Decode(&set); err != nil {
		return nil, errors.Join(errProvider, err)
	}
	keys := make([]crypto.PublicKey, 0, len(set.Keys))
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		// RFC 7517, section 5: keys of kinds that one does not understand are passed over.
		if err := json.Unmarshal(raw, &key); err == nil && key.IsPublic() && key.Use != "enc" {
			keys = append(keys, key.Key)
		}
	}
	return &oidc.StaticKeySet{PublicKeys: keys}, nil
}
