package openbadge

import (
	"fmt"
	"time"
)

// Report is what verifying found, check by check. It speaks of signatures and keys alone: whether the
// credential is revoked, or valid in time, or well formed as a badge, others tell.
type Report struct {
	// Document is the credential or presentation in canonical JSON: as it came, with its embedded
	// proofs, or unwrapped from its JWT. It is nil when it could not be read. Nothing in it is to be
	// believed unless Err is nil.
	Document []byte
	// Party is the id of the issuer, or the holder of a presentation.
	Party string
	// Proofs are in the order in which they stand.
	Proofs []ProofReport
	// Credentials are those in a presentation, each with a report of its own.
	Credentials []Report

	fault error // why there was nothing to check
}

// Err is nil when every proof of a known kind holds, and there is one, and the same is so of every
// credential in a presentation. Otherwise it is the first thing that is wrong.
func (r Report) Err() error {
	if r.fault != nil {
		return r.fault
	}
	known := false
	for i, proof := range r.Proofs {
		if !proof.Known {
			continue
		}
		known = true
		if err := proof.Err(); err != nil {
			return fmt.Errorf("proof %d: %w", i+1, err)
		}
	}
	switch {
	case len(r.Proofs) == 0:
		return ErrNoProof
	case !known:
		return r.Proofs[0].Err()
	}
	for i, credential := range r.Credentials {
		if err := credential.Err(); err != nil {
			return fmt.Errorf("credential %d: %w", i+1, err)
		}
	}
	return nil
}

// ProofReport is what was found of one proof.
type ProofReport struct {
	// Form is how it was signed: the name of a Cryptosuite, or the type of a JWT: "vc+jwt", "vp+jwt", or
	// "JWT" for that of Open Badges.
	Form string
	// Known tells whether Form is one that this package checks. What is not known does not count.
	Known bool
	// VerificationMethod names the key; empty when the proof names none.
	VerificationMethod string
	// Created is when the proof says it was made; zero when it does not say.
	Created time.Time
	// Checks are in the order in which they were made. What depends on a check that failed was not made.
	Checks []Check
}

// Check is one thing that was looked at.
type Check struct {
	Name CheckName
	Err  error // nil: as it should be
}

// CheckName says what was looked at.
type CheckName string

// The checks of a proof.
const (
	CheckForm       CheckName = "form"       // it has the fields that it must have, and a kind that is known
	CheckPurpose    CheckName = "purpose"    // it was made for what it is used for
	CheckContext    CheckName = "context"    // it was made under the document's contexts
	CheckTime       CheckName = "time"       // it is not expired
	CheckVerifier   CheckName = "verifier"   // it answers the verifier's challenge, for its domain
	CheckClaims     CheckName = "claims"     // the claims of the JWT are those of the credential
	CheckController CheckName = "controller" // the key is named as the issuer's, or holder's
	CheckKey        CheckName = "key"        // the key is published for the purpose, of the right kind, and not revoked
	CheckSignature  CheckName = "signature"  // the key signed this document
	CheckChain      CheckName = "chain"      // the proofs that it builds on hold
)

// Err is the first thing that is wrong with the proof, nil when it holds.
func (p ProofReport) Err() error {
	for _, check := range p.Checks {
		if check.Err != nil {
			return fmt.Errorf("%s: %w", check.Name, check.Err)
		}
	}
	return nil
}

// note adds a check, and tells whether all is well with it.
func (p *ProofReport) note(name CheckName, err error) bool {
	p.Checks = append(p.Checks, Check{name, err})
	return err == nil
}
