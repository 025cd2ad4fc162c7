package vcapi

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/btlc/btlc/internal/verify"
)

// verifyOptions are what callers of the verifying calls may ask.
type verifyOptions struct {
	// checks that are asked for: all, unless some are named. Only that of the status can be left out.
	checks texts
	// challenge and domain are what a presentation has to answer.
	challenge string
	domain    texts
	// What the answer repeats: what was verified, and of presentations the results of each credential in it.
	returnInput, returnResults bool
}

// The names of checks.
const (
	checkProof  = "proof"
	checkStatus = "credentialStatus"
	checkPeriod = "validityPeriod"
)

func (o *verifyOptions) read(text json.RawMessage, more map[string]any) error {
	if !given(text) {
		return nil
	}
	more["checks"], more["returnResults"] = &o.checks, &o.returnResults
	if err := members(text, "options", more); err != nil {
		return err
	}
	for _, check := range o.checks {
		if !slices.Contains([]string{checkProof, checkStatus, checkPeriod}, check) {
			return bad(problemNone, "options.checks: %.80q is none of %s, %s and %s", check, checkProof, checkStatus, checkPeriod)
		}
	}
	return nil
}

// relying is what verifications rely on.
func (s *service) relying(o verifyOptions) verify.Options {
	return verify.Options{
		Now: s.Now(), Keys: s.Keys, Fetch: s.fetch, AnyKind: true, Resource: s.Resource, WithoutStatus: len(o.checks) > 0 && !slices.Contains(o.checks, checkStatus),
	}
}

// verified is the answer of a verifying call.
type verified struct {
	Verified       bool            `json:"verified"`
	Checks         []check         `json:"checks"`
	ProblemDetails []problem       `json:"problemDetails"`
	Credential     json.RawMessage `json:"verifiableCredential,omitempty"`
	Presentation   json.RawMessage `json:"verifiablePresentation,omitempty"`
	// Results are those of the credentials in a presentation.
	Results []verified `json:"credentialResults,omitempty"`
}

type check struct {
	Check   string `json:"check"`
	Outcome string `json:"outcome"`
	Detail  string `json:"detail"`
}

// problemOf says of what type a check's failure is.
var problemOf = map[verify.Name]string{
	verify.Format: problemParsing, verify.Proof: problemProof, verify.Issuer: problemCrypto, verify.Holder: problemCrypto,
	verify.Schema: problemMalformed, verify.Dates: problemRange, verify.Status: problemStatus,
}

func answer(valid bool, checks []verify.Check) verified {
	v := verified{Verified: valid, Checks: []check{}, ProblemDetails: []problem{}}
	for _, c := range checks {
		v.Checks = append(v.Checks, check{string(c.Name), string(c.Outcome), c.Detail})
		if c.Outcome == verify.Failed || c.Outcome == verify.Unknown {
			v.ProblemDetails = append(v.ProblemDetails, problem{Type: problemOf[c.Name], Title: string(c.Name) + " " + string(c.Outcome), Detail: c.Detail})
		}
	}
	return v
}

func (v verified) status() int {
	if v.Verified {
		return http.StatusOK
	}
	return http.StatusBadRequest
}

// verifyCredential answers POST /credentials/verify.
func (s *service) verifyCredential(ctx context.Context, body []byte) (int, any, error) {
	var credential, chosen json.RawMessage
	if err := members(body, "the body", map[string]any{"verifiableCredential": &credential, "options": &chosen}); err != nil {
		return 0, nil, err
	}
	var options verifyOptions
	if err := options.read(chosen, map[string]any{"returnCredential": &options.returnInput}); err != nil {
		return 0, nil, err
	}
	if err := mustBeObject(credential, "verifiableCredential"); err != nil {
		return 0, nil, err
	}
	found, err := verify.Document(ctx, credential, s.relying(options))
	if err != nil {
		return 0, nil, err
	}
	result := answer(found.Valid, found.Checks)
	if options.returnInput {
		result.Credential = credential
	}
	return result.status(), result, nil
}

// verifyPresentation answers POST /presentations/verify.
func (s *service) verifyPresentation(ctx context.Context, body []byte) (int, any, error) {
	var presentation, chosen json.RawMessage
	if err := members(body, "the body", map[string]any{"verifiablePresentation": &presentation, "options": &chosen}); err != nil {
		return 0, nil, err
	}
	var options verifyOptions
	err := options.read(chosen, map[string]any{"challenge": &options.challenge, "domain": &options.domain, "returnPresentation": &options.returnInput})
	if err != nil {
		return 0, nil, err
	}
	if err := mustBeObject(presentation, "verifiablePresentation"); err != nil {
		return 0, nil, err
	}
	found, err := verify.Presentation(ctx, presentation, verify.PresentationOptions{Options: s.relying(options), Challenge: options.challenge, Domain: options.domain})
	if err != nil {
		return 0, nil, err
	}
	result := answer(found.Valid, found.Checks)
	for _, credential := range found.Credentials {
		inner := answer(credential.Valid, credential.Checks)
		result.ProblemDetails = append(result.ProblemDetails, inner.ProblemDetails...)
		if options.returnResults {
			result.Results = append(result.Results, inner)
		}
	}
	if options.returnInput {
		result.Presentation = presentation
	}
	return result.status(), result, nil
}

// mustBeObject refuses what is not the object that is to be verified.
func mustBeObject(text json.RawMessage, name string) error {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(text, &object); err != nil || object == nil {
		return bad(problemParsing, "%s is not an object", name)
	}
	return nil
}
