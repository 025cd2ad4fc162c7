package verify

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/btlc/btlc/internal/openbadge"
)

// PresentationOptions are what the verification of a presentation relies on. Challenge and Domain are what it has to answer,
// when they are not empty.
type PresentationOptions struct {
	Options
	Challenge string
	Domain    []string
}

// PresentationResult is what was found of a presentation, and of each credential in it.
type PresentationResult struct {
	// Valid: nothing failed and nothing that has to be known is unknown, of the presentation and of every credential.
	Valid bool
	// Checks are those of the presentation itself.
	Checks []Check
	// Holder is who presents. It is to be believed only when the checks passed.
	Holder string
	// Credentials are in the order in which they stand.
	Credentials []Result
}

// Presentation verifies a presentation, JSON with embedded proofs, a vp+jwt or an EnvelopedVerifiablePresentation, and each
// credential in it (Verifiable Credentials Data Model 2.0, sections 4.13 and 7.1). Whatever is wrong with the input is in the
// result. The error is that of Options.Own.
func Presentation(ctx context.Context, input []byte, options PresentationOptions) (PresentationResult, error) {
	v := &verification{Options: options.Options, fetched: map[string]answer{}}
	input = bytes.TrimSpace(input)
	if len(input) > MaxDocument {
		v.note(Format, Failed, "the document is too large")
		return PresentationResult{Checks: v.checks}, nil
	}
	report := openbadge.VerifyPresentation(ctx, input, v.resolve, openbadge.Expectation{Now: v.Now, OfOthers: v.AnyKind, Challenge: options.Challenge, Domain: options.Domain})
	var document map[string]any
	if report.Document == nil || json.Unmarshal(report.Document, &document) != nil {
		v.note(Format, Failed, "%s", reason(report.Err()))
		return PresentationResult{Checks: v.checks}, nil
	}
	v.note(Format, Passed, "a presentation of %d credentials", len(report.Credentials))
	v.proofs(report)
	v.party(Holder, report)
	var f faults
	if checkPresentation(&f, document); f.err() != nil {
		v.note(Schema, Failed, "%s", f)
	} else {
		v.note(Schema, Passed, "a presentation of the Verifiable Credentials Data Model 2.0")
	}
	own := v.result(Summary{}, report.Err() == nil)
	result := PresentationResult{Valid: own.Valid, Checks: own.Checks, Holder: shown(report.Party)}
	for _, credential := range report.Credentials {
		inner := &verification{Options: v.Options, fetched: v.fetched}
		found, err := inner.credential(ctx, credential.Document, "", credential)
		if err != nil {
			return PresentationResult{}, err
		}
		result.Valid = result.Valid && found.Valid
		result.Credentials = append(result.Credentials, found)
	}
	return result, nil
}
