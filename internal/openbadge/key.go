package openbadge

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	_ "crypto/sha256" // ES256
	_ "crypto/sha512" // ES384, ES512
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Algorithm is how a key signs, by its JOSE name. A key has one algorithm, so that nobody can have
// it used by another.
type Algorithm string

const (
	// EdDSA is Ed25519 (RFC 8032, RFC 8037): Data Integrity proofs, and JOSE.
	EdDSA Algorithm = "EdDSA"
	// ES256 is ECDSA on P-256 with SHA-256 (RFC 7518, section 3.4): JOSE.
	ES256 Algorithm = "ES256"
	// ES384 is ECDSA on P-384 with SHA-384: JOSE of other issuers, and of a test issuer. No key of the program has it.
	ES384 Algorithm = "ES384"
	// ES512 is ECDSA on P-521 with SHA-512: as ES384.
	ES512 Algorithm = "ES512"
)

// signatureSize is in bytes, of either algorithm that the program's keys have.
const signatureSize = 64

// digests are how messages are hashed for ECDSA (RFC 7518, section 3.4).
var digests = map[Algorithm]crypto.Hash{ES256: crypto.SHA256, ES384: crypto.SHA384, ES512: crypto.SHA512}

// width is in bytes, of r and of s in a signature by a key on the curve.
func width(curve elliptic.Curve) int { return (curve.Params().BitSize + 7) / 8 }

func digest(algorithm Algorithm, message []byte) []byte {
	hash := digests[algorithm].New()
	hash.Write(message)
	return hash.Sum(nil)
}

// ErrKeyKind says that a key has none of the algorithms, or not that which a signature needs.
var ErrKeyKind = errors.New("openbadge: a key of the wrong kind")

// PublicKey is a key that verifies.
type PublicKey struct {
	// ID is the key as a multikey, so that an ID never comes to mean another key. It is the fragment
	// that names the key in its issuer's DID document.
	ID        string
	Algorithm Algorithm
	// Revoked is since when nothing that the key signed is to be trusted, whenever it was signed;
	// Expires is when it ceases to be used. Both are zero for a key without such an end.
	Revoked, Expires time.Time

	key crypto.PublicKey // ed25519.PublicKey, or *ecdsa.PublicKey on one of the curves
}

// NewPublicKey wraps an ed25519.PublicKey or an *ecdsa.PublicKey on P-256, the kinds of key that sign here. Any other key,
// and a private one, is ErrKeyKind.
func NewPublicKey(key crypto.PublicKey) (PublicKey, error) {
	public, err := anyPublicKey(key)
	if err == nil && public.Algorithm != EdDSA && public.Algorithm != ES256 {
		return PublicKey{}, fmt.Errorf("%w: %s", ErrKeyKind, public.Algorithm)
	}
	return public, err
}

// anyPublicKey wraps a key of another issuer, which may be on P-384 or P-521 too.
func anyPublicKey(key crypto.PublicKey) (PublicKey, error) {
	switch key := key.(type) {
	case ed25519.PublicKey:
		if len(key) == ed25519.PublicKeySize {
			return PublicKey{ID: encodeMultibase(slices.Concat(ed25519Prefix, key)), Algorithm: EdDSA, key: key}, nil
		}
	case *ecdsa.PublicKey:
		for _, c := range curves {
			if key.Curve != c.Curve {
				continue
			}
			point, err := key.Bytes()
			if err != nil {
				return PublicKey{}, fmt.Errorf("%w: %w", ErrKeyKind, err)
			}
			return PublicKey{ID: encodeMultibase(slices.Concat(c.prefix, compress(point))), Algorithm: c.algorithm, key: key}, nil
		}
	}
	return PublicKey{}, fmt.Errorf("%w: %T", ErrKeyKind, key)
}

// Equal tells whether two are the same key, whatever else is said of them.
func (k PublicKey) Equal(other PublicKey) bool { return k.ID == other.ID }

// Verify tells whether the key made the signature, as Signer.Sign makes it.
func (k PublicKey) Verify(message, signature []byte) bool {
	switch key := k.key.(type) {
	case ed25519.PublicKey:
		return len(signature) == ed25519.SignatureSize && ed25519.Verify(key, message, signature)
	case *ecdsa.PublicKey:
		size := width(key.Curve)
		if len(signature) != 2*size {
			return false
		}
		r, s := new(big.Int).SetBytes(signature[:size]), new(big.Int).SetBytes(signature[size:])
		return ecdsa.Verify(key, digest(k.Algorithm, message), r, s)
	}
	return false
}

// Thumbprint is the SHA-256 thumbprint of the key (RFC 7638) in base64url.
func (k PublicKey) Thumbprint() string {
	sum, err := (&jose.JSONWebKey{Key: k.key}).Thumbprint(crypto.SHA256)
	if err != nil { // the key is of a kind that has one
		panic("openbadge: thumbprint: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString(sum)
}

// JWK is the key as a JSON Web Key (RFC 7517) in canonical JSON, with id as its kid.
func (k PublicKey) JWK(id string) []byte {
	return mustCanonical(jose.JSONWebKey{Key: k.key, KeyID: id, Algorithm: string(k.Algorithm), Use: "sig"})
}

// ParseJWK reads a public JSON Web Key, of any algorithm. A private, symmetric or unfit one is ErrKeyKind, and so is
// one that names an algorithm or a use that is not its own.
func ParseJWK(text []byte) (PublicKey, error) {
	if len(text) > maxKeyFile {
		return PublicKey{}, ErrTooLarge
	}
	var jwk jose.JSONWebKey
	if err := jwk.UnmarshalJSON(text); err != nil {
		return PublicKey{}, fmt.Errorf("%w: %w", ErrKeyKind, err)
	}
	key, err := anyPublicKey(jwk.Key)
	if err != nil {
		return PublicKey{}, err
	}
	if jwk.Algorithm != "" && jwk.Algorithm != string(key.Algorithm) || jwk.Use != "" && jwk.Use != "sig" {
		return PublicKey{}, fmt.Errorf("%w: its alg or use is not for these signatures", ErrKeyKind)
	}
	return key, nil
}

// JWKS is the JWK Set (RFC 7517, section 5) of the keys that are not revoked, in canonical JSON; the
// kid of each is the key's ID.
func JWKS(keys []PublicKey) []byte {
	set := []any{}
	for _, key := range keys {
		if key.Revoked.IsZero() {
			set = append(set, json.RawMessage(key.JWK(key.ID)))
		}
	}
	return mustCanonical(map[string]any{"keys": set})
}

// Signer signs with one key, wherever its private part is kept.
type Signer interface {
	Public() PublicKey
	// Sign signs a message of any length: with EdDSA as RFC 8032 has it, in 64 bytes; with ECDSA as RFC 7518 has it, r and
	// then s, each as long as the numbers of the curve, so that ES256 has 64 bytes too.
	Sign(ctx context.Context, message []byte) ([]byte, error)
}

// SigningKey is a Signer whose private key this process holds. It signs deterministically: the same
// message always gets the same signature (RFC 8032; RFC 6979).
type SigningKey struct {
	public PublicKey
	// local says that this process makes the signatures by itself, from the key.
	local bool
	// sign holds the private part in a closure, where no printing or marshalling finds it.
	sign func(message []byte) ([]byte, error)
}

var _ Signer = SigningKey{}

// NewSigningKey wraps an ed25519.PrivateKey or an *ecdsa.PrivateKey on P-256. Any other key is
// ErrKeyKind.
func NewSigningKey(private crypto.Signer) (SigningKey, error) {
	public, err := NewPublicKey(private.Public())
	if err != nil {
		return SigningKey{}, err
	}
	return signingKey(private, public), nil
}

// NewTestSigningKey is NewSigningKey for a test issuer, whose key may be on P-384 or P-521 too. Keys on curves sign JWTs alone.
func NewTestSigningKey(private crypto.Signer) (SigningKey, error) {
	public, err := anyPublicKey(private.Public())
	if err != nil {
		return SigningKey{}, err
	}
	return signingKey(private, public), nil
}

func signingKey(private crypto.Signer, public PublicKey) SigningKey {
	key, onCurve := public.key.(*ecdsa.PublicKey)
	if !onCurve {
		_, local := private.(ed25519.PrivateKey)
		return SigningKey{public, local, func(message []byte) ([]byte, error) {
			return private.Sign(nil, message, crypto.Hash(0))
		}}
	}
	return SigningKey{public, false, func(message []byte) ([]byte, error) {
		der, err := private.Sign(nil, digest(public.Algorithm, message), digests[public.Algorithm]) // no randomness: RFC 6979
		if err != nil {
			return nil, err
		}
		return fixedWidth(der, width(key.Curve))
	}}
}

// Public is the key that verifies what this one signs.
func (k SigningKey) Public() PublicKey { return k.public }

// Sign signs a message.
func (k SigningKey) Sign(_ context.Context, message []byte) ([]byte, error) { return k.sign(message) }

// fixedWidth turns an ASN.1 signature into r and s of so many bytes each.
func fixedWidth(der []byte, size int) ([]byte, error) {
	var point struct{ R, S *big.Int }
	if rest, err := asn1.Unmarshal(der, &point); err != nil || len(rest) > 0 || point.R.BitLen() > 8*size || point.S.BitLen() > 8*size {
		return nil, fmt.Errorf("openbadge: not an ECDSA signature of %d bytes: %x", 2*size, der)
	}
	signature := make([]byte, 2*size)
	point.R.FillBytes(signature[:size])
	point.S.FillBytes(signature[size:])
	return signature, nil
}

// signWith has a message signed and, when that was done elsewhere, checks the signature, so that nothing goes out that a
// faulty key store signed.
func signWith(ctx context.Context, signer Signer, message []byte) ([]byte, error) {
	signature, err := signer.Sign(ctx, message)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotSigned, err)
	}
	if key, ok := signer.(SigningKey); ok && key.local {
		return signature, nil
	}
	if !signer.Public().Verify(message, signature) {
		return nil, fmt.Errorf("%w: the signer's own signature does not verify", ErrBadSignature)
	}
	return signature, nil
}
