// Package openbadge makes and checks Open Badges 3.0 credentials: it builds an OpenBadgeCredential
// under the Verifiable Credentials Data Model 2.0, signs it with the Data Integrity cryptosuite
// eddsa-jcs-2022, verifies such signatures, and names the issuer by did:web.
//
// The package is pure apart from keyfile.go, which keeps the signing keys in a directory: no
// network, no clock, no other context. Sources of its rules:
//
//   - Open Badges 3.0, https://www.imsglobal.org/spec/ob/v3p0/
//   - Verifiable Credentials Data Model 2.0, https://www.w3.org/TR/vc-data-model-2.0/
//   - Verifiable Credential Data Integrity 1.0, https://www.w3.org/TR/vc-data-integrity/
//   - Data Integrity EdDSA Cryptosuites 1.0, https://www.w3.org/TR/vc-di-eddsa/
//   - Controlled Identifiers 1.0 (Multikey), https://www.w3.org/TR/cid-1.0/
//   - did:web, https://w3c-ccg.github.io/did-method-web/
//   - JSON Canonicalization Scheme, RFC 8785
package openbadge

import (
	"errors"
	"fmt"
)

// What is wrong with a document that is signed or verified. The reasons for ErrMalformed that a
// caller may want to tell apart are errors of their own, and errors.Is finds ErrMalformed in each.
var (
	// ErrMalformed: not JSON, or not of the form that a signed credential has.
	ErrMalformed = errors.New("openbadge: malformed document")
	// ErrTooLarge: more than MaxDocument bytes.
	ErrTooLarge = fmt.Errorf("%w: larger than %d bytes", ErrMalformed, MaxDocument)
	// ErrTooDeep: nested more than maxDepth deep.
	ErrTooDeep = fmt.Errorf("%w: nested deeper than %d", ErrMalformed, maxDepth)
	// ErrDuplicateKey: an object has a key twice, so that readers could differ on what was signed.
	ErrDuplicateKey = fmt.Errorf("%w: duplicate key", ErrMalformed)
	// ErrNumber: an integer that not every reader represents exactly (RFC 7493, section 2.2).
	ErrNumber = fmt.Errorf("%w: number out of range", ErrMalformed)

	// ErrNoProof: the document is not signed.
	ErrNoProof = errors.New("openbadge: no proof")
	// ErrUnsupportedProof: signed in a way that this package does not check.
	ErrUnsupportedProof = errors.New("openbadge: unsupported proof")
	// ErrAlreadySigned: Sign was given a document that carries a proof.
	ErrAlreadySigned = errors.New("openbadge: document is already signed")
	// ErrWrongIssuer: the key that signed is not one of the issuer that the document names.
	ErrWrongIssuer = errors.New("openbadge: the verification method is not the issuer's")
	// ErrUnknownKey: nobody knows the key that signed. Resolvers return it too.
	ErrUnknownKey = errors.New("openbadge: unknown key")
	// ErrBadSignature: the document is not what the key signed.
	ErrBadSignature = errors.New("openbadge: bad signature")
)
