package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/btlc/btlc/internal/api"
)

// cacheFor is how long an answer of the database about a caller is used: a key that is revoked on one server works on
// another for this long at most.
const cacheFor = time.Second

// maxCached bounds the callers that are remembered.
const maxCached = 10_000

// Issuer is an identity provider whose tokens are taken.
type Issuer struct {
	// URL is the issuer as its tokens name it.
	URL string
	// Audience is what its tokens for this service are made out to.
	Audience string
}

// errUnknown is a key or a token that shows nobody.
var errUnknown = errors.New("the credentials are not known")

type callers interface {
	callerOfKey(ctx context.Context, hash []byte, now time.Time) (*Caller, error)
	callerOfSubject(ctx context.Context, issuer, subject string) (*Caller, error)
}

// Authenticator finds out who calls.
type Authenticator struct {
	callers callers
	issuers map[string]*issuer
	now     func() time.Time

	flight singleflight.Group
	mu     sync.Mutex
	cache  map[[sha256.Size]byte]cached
}

type cached struct {
	caller *Caller
	until  time.Time
}

func newAuthenticator(callers callers, issuers []Issuer, now func() time.Time) *Authenticator {
	a := &Authenticator{callers: callers, issuers: map[string]*issuer{}, now: now, cache: map[[sha256.Size]byte]cached{}}
	for _, i := range issuers {
		a.issuers[i.URL] = newIssuer(i)
	}
	return a
}

// Caller is who an Authorization header shows; an empty header shows nobody.
func (a *Authenticator) Caller(ctx context.Context, header string) (*Caller, error) {
	if header == "" {
		return &Caller{Principal: Anonymous}, nil
	}
	scheme, secret, ok := strings.Cut(header, " ")
	if secret = strings.TrimSpace(secret); !ok || !strings.EqualFold(scheme, "Bearer") || secret == "" {
		return nil, api.Errorf(api.Unauthenticated, "The Authorization header is `Bearer` and a key or token.")
	}
	hash := sha256.Sum256([]byte(secret))
	if caller := a.remembered(hash); caller != nil {
		return caller, nil
	}
	found, err, _ := a.flight.Do(string(hash[:]), func() (any, error) { return a.identify(context.WithoutCancel(ctx), secret, hash) })
	if errors.Is(err, errUnknown) {
		return nil, api.Errorf(api.Unauthenticated, "The key or token is not known, or works no more.")
	} else if err != nil {
		return nil, err
	}
	return found.(*Caller), nil
}

func (a *Authenticator) identify(ctx context.Context, secret string, hash [sha256.Size]byte) (*Caller, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var caller *Caller
	var err error
	if strings.HasPrefix(secret, keyPrefix) {
		caller, err = a.callers.callerOfKey(ctx, hash[:], a.now())
	} else {
		caller, err = a.person(ctx, secret)
	}
	if err != nil {
		return nil, err
	}
	a.remember(hash, caller)
	return caller, nil
}

func (a *Authenticator) remembered(hash [sha256.Size]byte) *Caller {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c, ok := a.cache[hash]; ok && time.Now().Before(c.until) {
		return c.caller
	}
	return nil
}

func (a *Authenticator) remember(hash [sha256.Size]byte, caller *Caller) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.cache) >= maxCached {
		clear(a.cache)
	}
	a.cache[hash] = cached{caller: caller, until: time.Now().Add(cacheFor)}
}

// forget drops what is remembered, on the server that changed a key or a binding.
func (a *Authenticator) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.cache)
}

func (a *Authenticator) person(ctx context.Context, token string) (*Caller, error) {
	i := a.issuers[issuerOf(token)]
	if i == nil {
		return nil, errUnknown
	}
	verified, err := i.verify(ctx, token)
	if errors.Is(err, errProvider) {
		return nil, api.Errorf(api.Unavailable, "The identity provider does not answer.")
	} else if err != nil {
		return nil, errUnknown
	}
	caller, err := a.callers.callerOfSubject(ctx, i.URL, verified.Subject)
	if err != nil {
		return nil, err
	}
	var claims struct {
		Name string `json:"name"`
	}
	if err := verified.Claims(&claims); err == nil {
		caller.DisplayName = claims.Name
	}
	return caller, nil
}

// issuerOf reads who a token says it is from, to find the provider that can tell whether that is so.
func issuerOf(token string) string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return ""
	}
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return ""
	}
	var claims struct {
		Issuer string `json:"iss"`
	}
	if err := json.Unmarshal(body, &claims); err != nil {
		return ""
	}
	return claims.Issuer
}

const keyPrefix = "btlc_"

// newKey makes a secret: its prefix tells keys apart, its hash is what is kept.
func newKey() (secret, prefix string, hash []byte) {
	random := make([]byte, 36)
	_, _ = rand.Read(random) // never fails
	prefix = keyPrefix + hex.EncodeToString(random[:4])
	secret = fmt.Sprintf("%s_%s", prefix, base64.RawURLEncoding.EncodeToString(random[4:]))
	sum := sha256.Sum256([]byte(secret))
	return secret, prefix, sum[:]
}
