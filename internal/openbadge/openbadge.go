// Package openbadge makes and checks Open Badges 3.0 credentials: it builds them under the Verifiable
// Credentials Data Model 2.0; signs them with embedded proofs (the Data Integrity cryptosuites
// eddsa-rdfc-2022 and eddsa-jcs-2022) or as a JWT (the form of Open Badges, and VC-JOSE-COSE); verifies
// all of these; and names the issuer by did:web.
//
// The package is pure apart from keyfile.go, which keeps the signing keys in a directory: no network,
// no clock, no other context. Sources of its rules:
//
//   - Open Badges 3.0, https://www.imsglobal.org/spec/ob/v3p0/
//   - Verifiable Credentials Data Model 2.0, https://www.w3.org/TR/vc-data-model-2.0/
//   - Verifiable Credential Data Integrity 1.0, https://www.w3.org/TR/vc-data-integrity/
//   - Data Integrity EdDSA Cryptosuites 1.0, https://www.w3.org/TR/vc-di-eddsa/
//   - Securing Verifiable Credentials using JOSE and COSE, https://www.w3.org/TR/vc-jose-cose/
//   - Controlled Identifiers 1.0, https://www.w3.org/TR/cid-1.0/
//   - did:web, https://w3c-ccg.github.io/did-method-web/ and did:key, https://w3c-ccg.github.io/did-key-spec/
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

	// ErrUnsignable: JSON that is no document to sign, because readers could take it for different ones.
	ErrUnsignable = errors.New("openbadge: the document cannot be signed")
	// ErrNotSigned: the signer did not sign, which it may do another time; the signer's own error is wrapped too.
	ErrNotSigned = errors.New("openbadge: the signer did not sign")
	// ErrAlreadySigned: Sign was given a document that carries a proof.
	ErrAlreadySigned = errors.New("openbadge: document is already signed")

	// ErrNoProof: the document is not signed.
	ErrNoProof = errors.New("openbadge: no proof")
	// ErrUnsupportedProof: signed in a way that this package does not check.
	ErrUnsupportedProof = errors.New("openbadge: unsupported proof")
	// ErrWrongIssuer: the key that signed is not one of the issuer, or holder, that the document names.
	ErrWrongIssuer = errors.New("openbadge: the verification method is not the issuer's")
	// ErrWrongPurpose: the proof, or the key, is for another purpose than the one that was asked for.
	ErrWrongPurpose = errors.New("openbadge: wrong purpose")
	// ErrUnexpected: the proof is not the answer to the verifier's challenge, or not for its domain.
	ErrUnexpected = errors.New("openbadge: not made for this verifier")
	// ErrExpired: the proof, or the key, is of use no longer.
	ErrExpired = errors.New("openbadge: expired")
	// ErrNotYetValid: the proof is not yet of use.
	ErrNotYetValid = errors.New("openbadge: not yet valid")
	// ErrUnknownKey: nobody knows the key that signed. Resolvers return it too.
	ErrUnknownKey = errors.New("openbadge: unknown key")
	// ErrUnreached: the key could not be looked for now, and may be found another time.
	ErrUnreached = errors.New("openbadge: the key cannot be looked for now")
	// ErrRevokedKey: the issuer trusts the key no longer, and nobody should trust what it signed.
	ErrRevokedKey = errors.New("openbadge: revoked key")
	// ErrBadChain: a proof builds on one that is not there or does not hold.
	ErrBadChain = errors.New("openbadge: a previous proof does not hold")
	// ErrClaims: the claims of a JWT contradict the credential in it.
	ErrClaims = errors.New("openbadge: the claims of the JWT are not those of the credential")
	// ErrBadSignature: the document is not what the key signed.
	ErrBadSignature = errors.New("openbadge: bad signature")
)
