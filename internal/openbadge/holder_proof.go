package openbadge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	// MaxHolderProof is the largest proof of a holder that is read, in bytes.
	MaxHolderProof = 8192
	// holderProofAge and holderProofAhead bound when such a proof was made: so long ago, and so far ahead, for clocks differ.
	holderProofAge   = 5 * time.Minute
	holderProofAhead = time.Minute

	typeHolderProof = "openid4vci-proof+jwt"
)

// holderAlgorithms are those by which holders prove a key.
var holderAlgorithms = []Algorithm{EdDSA, ES256, ES384}

// HolderProof is what the proof of a holder has to be made for.
type HolderProof struct {
	// DID is the one of which it proves that its maker has a key.
	DID string
	// Audience is who asked for it, and Nonce what for.
	Audience, Nonce string
	// Now is the moment at which it was shown.
	Now time.Time
}

// HolderProofError lists what is wrong with a proof, each as "place: what would be right". It repeats nothing of it but
// the name of a key.
type HolderProofError struct{ Faults []string }

func (e *HolderProofError) Error() string {
	return "openbadge: the proof has faults: " + strings.Join(e.Faults, "; ")
}

// VerifyHolderProof checks a JWT by which the holder of a DID shows that they have a key of it, listed for authentication:
// the key proof of OpenID for Verifiable Credential Issuance 1.0, appendix F.1. The key is asked for once everything else is
// right. The error is a *HolderProofError, but for what is no fault of the proof: ErrUnreached, and the context's own.
func VerifyHolderProof(ctx context.Context, proof string, want HolderProof, resolve Resolver) error {
	if len(proof) > MaxHolderProof {
		return &HolderProofError{[]string{fmt.Sprintf("size: must be at most %d bytes", MaxHolderProof)}}
	}
	t, err := readToken(proof)
	if err != nil {
		return &HolderProofError{[]string{"form: must be a compact JWS, signed by EdDSA, ES256 or ES384, without a critical header"}}
	}
	if f := t.proofFaults(want); len(f) > 0 {
		return &HolderProofError{f}
	}
	kid := text(t.header, "kid")
	key, err := keyFor(ctx, resolve, kid, Algorithm(text(t.header, "alg")), Expectation{Now: want.Now, purpose: Authentication})
	switch {
	case err != nil && ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, ErrUnreached):
		return err
	case err != nil:
		return &HolderProofError{[]string{"kid: must name a key of the alg that is listed for authentication and can be had: " + strings.ReplaceAll(err.Error(), "openbadge: ", "")}}
	}
	if _, err := t.signed.Verify(key.key); err != nil {
		return &HolderProofError{[]string{"signature: must be made by the key that kid names"}}
	}
	return nil
}

// proofFaults are what is wrong with the header and the claims of a proof, whoever signed it.
func (t token) proofFaults(want HolderProof) (f faults) {
	f.require(t.header["typ"] == typeHolderProof, "typ", "must be "+typeHolderProof)
	f.require(slices.Contains(holderAlgorithms, Algorithm(text(t.header, "alg"))), "alg", "must be EdDSA, ES256 or ES384")
	f.require(controls(want.DID, text(t.header, "kid")), "kid", fmt.Sprintf("must be a verification method of the DID, %s# and its fragment", want.DID))
	for _, other := range []string{"jwk", "x5c"} {
		_, named := t.header[other]
		f.require(!named, other, "must not stand beside kid")
	}
	f.require(isAlone(t.payload["aud"], want.Audience), "aud", "must be "+want.Audience+" alone")
	f.require(t.payload["nonce"] == any(want.Nonce), "nonce", "must be "+want.Nonce)
	switch made, err := moment(t.payload["iat"]); {
	case err != nil || made.Before(want.Now.Add(-holderProofAge)) || made.After(want.Now.Add(holderProofAhead)):
		f.require(false, "iat", fmt.Sprintf("must be a NumericDate, at most %.0f minutes ago and at most %.0f ahead: it is %d now",
			holderProofAge.Minutes(), holderProofAhead.Minutes(), want.Now.Unix()))
	case t.timely(want.Now, &made) != nil:
		f.require(false, "exp, nbf", "must be NumericDates, where they are there, between which it is now")
	}
	return f
}

// isAlone tells whether a claim is a text, or a list of nothing but it.
func isAlone(claim any, text string) bool {
	if list, ok := claim.([]any); ok && len(list) == 1 {
		claim = list[0]
	}
	return claim == any(text)
}
