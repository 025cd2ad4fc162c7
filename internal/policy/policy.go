// Package policy turns the program's requirements into data. A requirement is one CEL expression
// with the citation it rests on; a policy is a dated list of them. The package compiles a policy,
// evaluates it on an educator's record and explains the outcome: every fact that was read, the
// missing ones too.
//
// The package is pure. Facts come in through an interface, the present moment is an input, and
// nothing here knows a database, a protocol or another context.
//
// # What an expression may say
//
//	demonstrated(assessment) bool         attained(competency) bool
//	assessments(course) list(string)      competencies(course) list(string)
//	enrolled(course) bool                 completed(course) bool
//	minutes(course) int                   registrationDate(course) timestamp
//	holds(credentialType) bool            held(roleFamily, timestamp) bool
//	creditRequested(course) bool          agreement(course) bool
//	consented(institution) bool
//
// and the variables now (timestamp), subject, course and institution (strings). All of them take
// resource ids, such as "using-data". The role family "" or "any" means any leadership role.
//
// # How it is evaluated
//
// All branches are always evaluated, also those that && , || , ?: and all() could skip, so that
// the explanation is whole. Three consequences for who writes policies and facts:
//
//   - `course != "" && completed(course)` still asks completed(""): Facts answer "no" to an id that
//     they do not know, and return an error only when they could not look.
//   - A failure to read a fact is an error of the evaluation even where plain CEL would absorb it,
//     as in `true || demonstrated("x")`. It is never the same as "unmet".
//   - assessments() and competencies() of a course that has none is an error, for
//     `assessments("usnig-data").all(a, demonstrated(a))` would otherwise be met by everyone.
package policy

import "time"

// Source is a policy as it is written: one version of a list of requirements. All of them must be
// met.
type Source struct {
	ID           string        `json:"id" yaml:"id"`
	Version      int           `json:"version" yaml:"version"`
	Title        string        `json:"title" yaml:"title"`
	Requirements []Requirement `json:"requirements" yaml:"requirements"`
}

// Requirement is one condition of a policy.
type Requirement struct {
	// ID is unique within the policy.
	ID string `json:"id" yaml:"id"`
	// Title says the requirement in a few words.
	Title string `json:"title" yaml:"title"`
	// Citation says where the requirement comes from. When the program's sources are silent it
	// begins with "assumption:" or is empty, and Assumption is set.
	Citation string `json:"citation" yaml:"citation"`
	// Expression is CEL and yields a bool.
	Expression string `json:"expression" yaml:"expression"`
	// Unmet is what a person is told when the requirement is not met.
	Unmet string `json:"unmet" yaml:"unmet"`
	// Assumption marks a requirement that no source supports: it can be replaced.
	Assumption bool `json:"assumption" yaml:"assumption"`
}

// Fact is one thing that was read to decide a requirement, present or missing:
// {"assessment", "using-data-4", "not demonstrated"}.
type Fact struct {
	// Kind is the kind of resource that ID names.
	Kind string `json:"kind"`
	ID   string `json:"id"`
	// Value is what the record says, in words.
	Value string `json:"value"`
	// OccurredAt is when it was true, RecordedAt when the record learned of it. Both are zero for
	// what is missing.
	OccurredAt time.Time `json:"occurredAt,omitzero"`
	RecordedAt time.Time `json:"recordedAt,omitzero"`
}

// Input is what an evaluation is about. Course and Institution are empty where a policy has none.
type Input struct {
	Now         time.Time
	Subject     string
	Course      string
	Institution string
}

// Result tells whether a policy is met, with one outcome a requirement, in the order of the policy.
type Result struct {
	Met          bool      `json:"met"`
	Requirements []Outcome `json:"requirements"`
}

// Outcome is a requirement decided, with the facts that were read for it in the order they were
// first read, each once.
type Outcome struct {
	Requirement `json:"requirement"`
	Met         bool   `json:"met"`
	Facts       []Fact `json:"facts"`
}
