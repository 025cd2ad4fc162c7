package openbadge

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/btlc/btlc/internal/jsonld"
)

// Resolver finds the key that a verification method names, for a purpose. It returns ErrUnknownKey
// for a method that does not exist or is not of a kind that it resolves, ErrWrongPurpose for a key
// that is not for the purpose, ErrUnreached when it is worth asking again, and any other error when it
// could not look. Whether the key is revoked or expired, PublicKey says.
type Resolver func(ctx context.Context, method string, purpose Purpose) (PublicKey, error)

// ResolveAmong resolves the issuer's own keys, by their names under the DID and by their URLs.
func ResolveAmong(did string, keys []PublicKey) Resolver {
	return func(_ context.Context, method string, purpose Purpose) (PublicKey, error) {
		for _, key := range keys {
			if method != key.VerificationMethod(did) && method != key.URL(did) {
				continue
			}
			if purpose != AssertionMethod {
				return PublicKey{}, fmt.Errorf("%w: the issuer's keys assert", ErrWrongPurpose)
			}
			return key, nil
		}
		return PublicKey{}, ErrUnknownKey
	}
}

// ResolveFirst asks one resolver after the other until one knows the key.
func ResolveFirst(resolvers ...Resolver) Resolver {
	return func(ctx context.Context, method string, purpose Purpose) (PublicKey, error) {
		for _, resolve := range resolvers {
			key, err := resolve(ctx, method, purpose)
			if err == nil || !errors.Is(err, ErrUnknownKey) {
				return key, err
			}
		}
		return PublicKey{}, ErrUnknownKey
	}
}

const didKey = "did:key:"

// ResolveDIDKey resolves did:key with a key of any kind that ParseMultikey reads: the key is in the
// name, which has it twice, did:key:z6Mk…#z6Mk…
func ResolveDIDKey(_ context.Context, method string, _ Purpose) (PublicKey, error) {
	name, ok := strings.CutPrefix(method, didKey)
	key, fragment, found := strings.Cut(name, "#")
	if !ok || !found || key != fragment {
		return PublicKey{}, ErrUnknownKey
	}
	return ParseMultikey(key)
}

// Fetch gets a document over https. Whoever gives one bounds time and size, and keeps it from
// addresses that a stranger's document should not make a server visit.
type Fetch func(ctx context.Context, url string) ([]byte, error)

// maxIdentifierDocument is the largest DID document or JWK that is read, in bytes.
const maxIdentifierDocument = 256 << 10

// ResolveWeb resolves what is published on the web: did:web, a https URL with a fragment (a method in
// a controlled identifier document, or the key of that kid in a JWK Set), and a https URL without (a
// JWK, as Open Badges 3.0 has it). Errors: those of Resolver, ErrMalformed and its kinds, ErrKeyKind.
func ResolveWeb(fetch Fetch) Resolver {
	return func(ctx context.Context, method string, purpose Purpose) (PublicKey, error) {
		id, fragment, _ := strings.Cut(method, "#")
		address := id
		if strings.HasPrefix(id, didWeb) {
			var err error
			if address, err = didWebURL(id); err != nil {
				return PublicKey{}, err
			}
		} else if !isWeb(id) {
			return PublicKey{}, ErrUnknownKey
		}
		content, err := fetch(ctx, address)
		if err != nil {
			return PublicKey{}, err
		}
		if len(content) > maxIdentifierDocument {
			return PublicKey{}, ErrTooLarge
		}
		document, err := parse(content)
		if err != nil {
			return PublicKey{}, err
		}
		switch keys, isSet := document["keys"]; {
		case address != id:
			return keyIn(document, id, method, purpose)
		case isSet:
			return keyInSet(jsonld.Values(keys), method, fragment)
		case fragment == "":
			return parseJWKValue(document)
		}
		return keyIn(document, id, method, purpose)
	}
}

// keyInSet finds the one key in a JWK Set that has the method, or its fragment, for a kid.
func keyInSet(keys []any, method, fragment string) (PublicKey, error) {
	var found any
	for _, value := range keys {
		jwk, _ := value.(map[string]any)
		if kid := text(jwk, "kid"); kid == "" || kid != method && kid != fragment {
			continue
		}
		if found != nil {
			return PublicKey{}, fmt.Errorf("%w: %.200q is there twice", ErrMalformed, method)
		}
		found = jwk
	}
	if found == nil {
		return PublicKey{}, ErrUnknownKey
	}
	return parseJWKValue(found)
}

// isWeb tells whether a name is a https URL, of a host and nothing that hides it.
func isWeb(name string) bool {
	u, err := url.Parse(name)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil
}

// controls tells whether a verification method is of the document that the id of an issuer or holder
// names. It goes by names alone: the resolver sees to the rest.
func controls(id, method string) bool {
	controller, fragment, _ := strings.Cut(method, "#")
	return id != "" && controller == id && fragment != ""
}

// publishes tells whether the key that a JWT names is the issuer's or holder's, by its name: one that
// it controls, or one at a URL (Open Badges 3.0, section 8.5) where it publishes: below the base URL of
// a did:web, or at the origin of a https URL.
func publishes(id, kid string) bool {
	if controls(id, kid) {
		return true
	}
	key, err := url.Parse(kid)
	if err != nil || !isWeb(kid) || strings.Contains(key.Path, "..") {
		return false
	}
	base, below := id, ""
	if strings.HasPrefix(id, didWeb) {
		if base, err = didWebBase(id); err != nil {
			return false
		}
	}
	issuer, err := url.Parse(base)
	if err != nil || issuer.Scheme != key.Scheme || !strings.EqualFold(issuer.Host, key.Host) {
		return false
	}
	if base != id {
		below = issuer.EscapedPath()
	}
	return strings.HasPrefix(key.EscapedPath(), below)
}
