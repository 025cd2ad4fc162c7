package openbadge

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// The types of a JWT that secures a credential or presentation, in its header's typ.
const (
	typeOpenBadge    = "JWT"    // Open Badges 3.0, section 8.2.3
	typeCredential   = "vc+jwt" // VC-JOSE-COSE, section 3.1.1
	typePresentation = "vp+jwt" // VC-JOSE-COSE, section 3.1.2
)

// forbiddenClaims are those that a JWT must not have (VC-JOSE-COSE, section 3.1.3).
var forbiddenClaims = []string{"vc", "vp"}

// badgeClaims are the claims that the JWT of Open Badges adds to the members of a credential, which
// has none of their names.
var badgeClaims = []string{"iss", "jti", "sub", "nbf", "exp"}

// SignOpenBadgeJWT makes the JWT form of Open Badges 3.0, section 8.2: a compact JWS whose payload is
// the credential, with the embedded proofs if there are any, and iss, jti, nbf, sub when the subject
// has an id, and exp when the credential ends. The kid is the key's URL (PublicKey.URL).
//
// The same credential and key give the same bytes, as far as the signer is deterministic. Errors:
// ErrMalformed and its kinds, ErrUnsignable (also for times of validity that are not whole seconds),
// or the signer's own.
func SignOpenBadgeJWT(ctx context.Context, document []byte, signer Signer) (string, error) {
	credential, issuer, err := signable(document)
	if err != nil {
		return "", err
	}
	return signWithClaims(ctx, credential, issuer, signer)
}

// signWithClaims is SignOpenBadgeJWT for a credential that was read and is fit to be signed.
func signWithClaims(ctx context.Context, credential map[string]any, issuer string, signer Signer) (string, error) {
	claims, err := claimsFor(credential, issuer)
	if err != nil {
		return "", err
	}
	payload := maps.Clone(credential)
	for _, name := range badgeClaims {
		if _, taken := credential[name]; taken {
			return "", fmt.Errorf("%w: %q would be taken for a claim", ErrUnsignable, name)
		}
		if value, ok := claims[name]; ok {
			payload[name] = value
		}
	}
	return compact(ctx, payload, signer, signer.Public().URL(issuer), (&jose.SignerOptions{}).WithType(typeOpenBadge))
}

// SignVCJWT makes a vc+jwt (VC-JOSE-COSE, section 3.1.1): a compact JWS whose payload is the
// credential as it is. The kid is the verification method. Errors: those of SignOpenBadgeJWT.
func SignVCJWT(ctx context.Context, document []byte, signer Signer) (string, error) {
	credential, issuer, err := signable(document)
	if err != nil {
		return "", err
	}
	options := (&jose.SignerOptions{}).WithType(typeCredential).WithContentType("vc")
	return compact(ctx, credential, signer, signer.Public().VerificationMethod(issuer), options)
}

// signable reads a credential that is fit to be signed; embedded proofs may be in it already.
func signable(document []byte) (credential map[string]any, issuer string, err error) {
	if credential, err = parse(document); err != nil {
		return nil, "", err
	}
	if issuer, err = issuerOf(credential); err != nil {
		return nil, "", err
	}
	if err := without(credential, forbiddenClaims...); err != nil {
		return nil, "", err
	}
	unsecured := maps.Clone(credential)
	delete(unsecured, "proof")
	if err := hashesOf(unsecured).preflight(nil); err != nil {
		return nil, "", err
	}
	return credential, issuer, nil
}

// without tells whether a document has none of these members.
func without(document map[string]any, names ...string) error {
	for _, name := range names {
		if _, ok := document[name]; ok {
			return fmt.Errorf("%w: it has the member %q", ErrUnsignable, name)
		}
	}
	return nil
}

// claimsFor are the claims that stand for members of the credential (Open Badges 3.0, section 8.2.4).
func claimsFor(credential map[string]any, issuer string) (map[string]any, error) {
	claims := map[string]any{"iss": issuer}
	if claims["jti"] = text(credential, "id"); claims["jti"] == "" {
		return nil, fmt.Errorf("%w: no id", ErrMalformed)
	}
	if subject, ok := credential["credentialSubject"].(map[string]any); ok && text(subject, "id") != "" {
		claims["sub"] = text(subject, "id")
	}
	for claim, member := range map[string]string{"nbf": "validFrom", "exp": "validUntil"} {
		value, ok := credential[member]
		if !ok && claim == "exp" {
			continue
		}
		at, err := parseTime(value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", member, err)
		}
		if at.Nanosecond() != 0 {
			return nil, fmt.Errorf("%w: %s is not a whole second", ErrUnsignable, member)
		}
		claims[claim] = at.Unix()
	}
	return claims, nil
}

// compact signs a payload as a compact JWS (RFC 7515, section 7.1).
func compact(ctx context.Context, payload map[string]any, signer Signer, kid string, options *jose.SignerOptions) (string, error) {
	plain, err := canonical(payload)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	algorithm := jose.SignatureAlgorithm(signer.Public().Algorithm)
	made, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: opaque{ctx, signer, kid}}, options)
	if err != nil {
		return "", fmt.Errorf("openbadge: sign: %w", err)
	}
	signed, err := made.Sign(plain)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}

// opaque shows a Signer to the JOSE library.
type opaque struct {
	ctx    context.Context // of the one call that it is made for
	signer Signer
	kid    string
}

func (o opaque) Public() *jose.JSONWebKey {
	return &jose.JSONWebKey{Key: o.signer.Public().key, KeyID: o.kid}
}

func (o opaque) Algs() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{jose.SignatureAlgorithm(o.signer.Public().Algorithm)}
}

func (o opaque) SignPayload(payload []byte, _ jose.SignatureAlgorithm) ([]byte, error) {
	return signWith(o.ctx, o.signer, payload)
}

// moment is the time that a NumericDate says (RFC 7519, section 2).
func moment(value any) (time.Time, error) {
	number, ok := value.(interface{ Float64() (float64, error) })
	if !ok {
		return time.Time{}, fmt.Errorf("%w: not a NumericDate: %.40v", ErrMalformed, value)
	}
	seconds, err := number.Float64()
	if err != nil || seconds < 0 || seconds > 253402300799 { // the end of the year 9999
		return time.Time{}, fmt.Errorf("%w: not a NumericDate: %.40v", ErrMalformed, value)
	}
	return time.UnixMicro(int64(seconds * 1e6)).UTC(), nil
}
