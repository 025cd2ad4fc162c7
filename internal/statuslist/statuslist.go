// Package statuslist publishes and reads the status of credentials: the W3C Bitstring Status List, in which one bit of
// a long string stands for one credential, and the 1EdTech Revocation List, which names the revoked ones.
//
// The package is pure: no network, no clock, no signature. Who publishes signs what Build writes; who verifies fetches a
// list, checks its proof and its issuer, and hands it to Parse. Sources of its rules:
//
//   - Bitstring Status List 1.0, https://www.w3.org/TR/vc-bitstring-status-list/
//   - Verifiable Credentials Data Model 2.0, https://www.w3.org/TR/vc-data-model-2.0/
//   - 1EdTech Revocation List Status Method 1.0, https://www.imsglobal.org/spec/vcrl/v1p0/
package statuslist

import "fmt"

// Problem is a kind of error that a specification names. The errors of this package wrap one of those below: errors.Is
// tells them apart, and errors.As gives what a problem document (RFC 9457) needs; its detail is the error's text.
type Problem struct {
	// Name is the specification's, such as RANGE_ERROR.
	Name string
	// Title says for people what is wrong.
	Title string

	namespace string
}

// Error is the name and the title.
func (p *Problem) Error() string { return p.Name + ": " + p.Title }

// Type is the URL that identifies the problem.
func (p *Problem) Type() string { return p.namespace + p.Name }

// Where the two specifications keep their problems.
const (
	ofStatusLists = "https://www.w3.org/ns/credentials/status-list#"
	ofCredentials = "https://www.w3.org/TR/vc-data-model#"
)

// The problems of the algorithms of Bitstring Status List 1.0 (Processing Errors) and of the data model (Problem Details).
var (
	// ErrRetrieval: the list could not be had. This package fetches nothing: it is for who does.
	ErrRetrieval = &Problem{"STATUS_RETRIEVAL_ERROR", "the status list could not be retrieved", ofStatusLists}
	// ErrVerification: the list does not speak for the entry: another purpose, out of its time, or too large to read.
	ErrVerification = &Problem{"STATUS_VERIFICATION_ERROR", "the status list does not hold for the credential", ofStatusLists}
	// ErrLength: fewer entries than hide one holder among many.
	ErrLength = &Problem{"STATUS_LIST_LENGTH_ERROR", "the status list is too short", ofStatusLists}
	// ErrRange: the entry's index is not in the list.
	ErrRange = &Problem{"RANGE_ERROR", "the index is outside of the status list", ofCredentials}
	// ErrMalformed: a property is not of the form that it must have.
	ErrMalformed = &Problem{"MALFORMED_VALUE_ERROR", "a value is malformed", ofCredentials}
)

// because is the problem with what is wrong in this case.
func because(problem *Problem, format string, arguments ...any) error {
	return fmt.Errorf("%w: %s", problem, fmt.Sprintf(format, arguments...))
}

// Purpose is what a bit says of a credential when it is set.
type Purpose string

// The purposes that the specification names; others may be met in what others publish.
const (
	Revocation Purpose = "revocation" // no longer valid, for good
	Suspension Purpose = "suspension" // not to be accepted for now
	Refresh    Purpose = "refresh"    // a newer one can be had; it stays valid
	Message    Purpose = "message"    // see the message; it says nothing of validity by itself
)
