// Package verify says whether a document that somebody shows is an Open Badges 3.0 credential, or any of the Verifiable
// Credentials Data Model, or a presentation of some, whose it is, and whether it counts now: the verification of the Verifiable Credentials Data Model 2.0 (section 7.1) and of Open Badges 3.0 (section
// 8), check by check.
//
// Everything that is shown is an attacker's until its proof holds: it is bounded before it is read, nothing is fetched
// but by the Fetch that is given, and a status is asked for only once the signature has been checked.
package verify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/btlc/btlc/internal/openbadge"
)

// The largest credential that is read, and the largest picture with one inside, in bytes.
const (
	MaxDocument = 1_000_000
	MaxImage    = 3_000_000
)

// Options are what a verification relies on.
type Options struct {
	// Now is the moment for which is asked. It is required.
	Now time.Time
	// Issuer is our own DID, empty for nobody's: what keys it has only Keys knows, and what status its credentials have
	// only Own.
	Issuer string
	// Keys are asked first for a key: our own, or one that somebody trusts. nil for none.
	Keys openbadge.Resolver
	// Own finds a credential of ours by its id, which is its address; nil when there are no books to look into. found is
	// false for an id that is not ours.
	Own func(ctx context.Context, id string) (entry Entry, found bool, err error)
	// Fetch gets what others publish, their keys and status lists, from where that is allowed; nil for nowhere.
	Fetch openbadge.Fetch
	// AnyKind takes every credential of the data model, not only those of Open Badges, and proofs of others beside the
	// issuer's.
	AnyKind bool
	// Resource gets the related resources that credentials name, to compare their digests; nil for no comparison.
	Resource Resource
	// WithoutStatus is for who cannot ask for the status of anything: that it is unknown does not count.
	WithoutStatus bool
}

// Entry is what our books say of a credential of ours.
type Entry struct {
	// Document is the signed credential.
	Document string
	// Status is ACTIVE, SUSPENDED, REVOKED, SUPERSEDED or EXPIRED, and Since the moment since when it is.
	Status string
	Since  time.Time
}

// Outcome is what came of a check.
type Outcome string

// The outcomes.
const (
	Passed  Outcome = "PASSED"
	Failed  Outcome = "FAILED"
	Unknown Outcome = "UNKNOWN" // it could not be found out
	Absent  Outcome = "ABSENT"  // there is nothing of the kind
)

// Name says what was looked at.
type Name string

// The checks, in the order in which they are made. There is one Proof for each proof, and one Status for each entry.
const (
	Format Name = "format" // it is in one of the forms that a credential has
	Proof  Name = "proof"  // a key signed it as it stands
	Issuer Name = "issuer" // the key is the issuer's
	Holder Name = "holder" // the key is the holder's, of a presentation
	Schema Name = "schema" // it has what an OpenBadgeCredential must have
	Dates  Name = "dates"  // it counts at the moment
	Status Name = "status" // it was neither revoked nor suspended
)

// Check is one thing that was looked at.
type Check struct {
	Name    Name
	Outcome Outcome
	Detail  string // for people
}

// Result is what was found. What it repeats of a document is to be believed only when the checks passed.
type Result struct {
	// Valid: nothing failed, and nothing that has to be known is unknown.
	Valid  bool
	Checks []Check
	Summary
}

// verification is one run.
type verification struct {
	Options
	checks  []Check
	fetched map[string]answer
	within  bool // of a learner record
}

// Document verifies a credential in any form: JSON with embedded proofs, a compact JWT, an EnvelopedVerifiableCredential, a
// PNG or SVG with one of these inside, or the address of a credential of ours. Whatever is wrong with the input is in the
// result. The error is that of Options.Own.
func Document(ctx context.Context, input []byte, options Options) (Result, error) {
	v := &verification{Options: options, fetched: map[string]answer{}}
	secured, carrier, err := v.unwrap(ctx, input)
	if unread := (*unreadable)(nil); errors.As(err, &unread) {
		v.note(Format, Failed, "%s", unread.reason)
		return v.result(Summary{}, false), nil
	} else if err != nil {
		return Result{}, err
	}
	report := openbadge.Verify(ctx, secured, v.resolve, openbadge.Expectation{Now: v.Now, OfOthers: v.AnyKind})
	return v.credential(ctx, secured, carrier, report)
}

// credential checks a credential of which it is known what secures it.
func (v *verification) credential(ctx context.Context, secured []byte, carrier string, report openbadge.Report) (Result, error) {
	var document map[string]any
	if report.Document == nil || json.Unmarshal(report.Document, &document) != nil {
		v.note(Format, Failed, "%s", reason(report.Err()))
		return v.result(Summary{}, false), nil
	}
	v.note(Format, Passed, "%s", carrier+form(secured, report))
	signed := report.Err() == nil
	v.proofs(report)
	v.issuer(report)
	v.schema(ctx, document)
	v.dates(document)
	if err := v.status(ctx, document, report.Document, report.Party, signed); err != nil {
		return Result{}, err
	}
	switch {
	case !isLearnerRecord(document):
	case v.within:
		v.note(Nested, Unknown, "a learner record in a learner record is not opened")
	default:
		if err := v.nested(ctx, report.Document); err != nil {
			return Result{}, err
		}
	}
	summary := summaryOf(document, report.Party)
	summary.Ours = signed && v.ours(report.Party)
	return v.result(summary, signed), nil
}

func (v *verification) note(name Name, outcome Outcome, format string, arguments ...any) {
	v.checks = append(v.checks, Check{name, outcome, shown(fmt.Sprintf(format, arguments...))})
}

// result puts together what was found. Of the proofs, those count that are of a known kind: signed says whether they hold.
func (v *verification) result(summary Summary, signed bool) Result {
	wrong := slices.ContainsFunc(v.checks, func(c Check) bool {
		switch {
		case c.Outcome == Failed:
			return true
		case c.Outcome == Unknown:
			return c.Name != Proof && (c.Name != Status || !v.WithoutStatus)
		}
		return false
	})
	return Result{Valid: signed && !wrong, Checks: v.checks, Summary: summary}
}
