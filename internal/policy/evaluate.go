package policy

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"
)

// ErrCostExceeded says that a requirement's expression is a runaway. It is a fault of the policy
// and says nothing about the educator.
var ErrCostExceeded = errors.New("the expression exceeds the cost limit")

// EvaluationError says that a requirement could not be decided, and why: ErrCostExceeded, a
// *ReadError, the context's error, or a fault of CEL.
type EvaluationError struct {
	Policy      string
	Version     int
	Requirement string
	Err         error
}

func (e *EvaluationError) Error() string {
	return fmt.Sprintf("policy %q version %d, requirement %q: %v", e.Policy, e.Version, e.Requirement, e.Err)
}

func (e *EvaluationError) Unwrap() error { return e.Err }

// ReadError says that a question to the facts got no answer. It is no fault of the policy.
type ReadError struct {
	// Question is as the expression asks it: demonstrated(using-data-assessment-1).
	Question string
	Err      error
}

func (e *ReadError) Error() string { return e.Question + ": " + e.Err.Error() }

func (e *ReadError) Unwrap() error { return e.Err }

// Evaluate decides every requirement of the policy on the facts. The policy is met when all of
// them are. The error is an *EvaluationError for the first requirement that cannot be decided; no
// partial result is returned with it.
func (p *Program) Evaluate(ctx context.Context, facts Facts, in Input) (Result, error) {
	if in.Now.IsZero() {
		return Result{}, fmt.Errorf("policy %q version %d: the input has no moment", p.source.ID, p.source.Version)
	}
	r := &reading{ctx: ctx, facts: facts, adapter: p.adapter, answers: map[question]answer{}}
	activation, err := r.activation(in)
	if err != nil {
		return Result{}, fmt.Errorf("policy %q version %d: %w", p.source.ID, p.source.Version, err)
	}
	result := Result{Met: true, Requirements: make([]Outcome, 0, len(p.programs))}
	for i, requirement := range p.source.Requirements {
		r.recorded, r.seen = nil, map[Fact]bool{}
		met, err := r.decide(p.programs[i], activation)
		if err != nil {
			return Result{}, &EvaluationError{p.source.ID, p.source.Version, requirement.ID, err}
		}
		result.Requirements = append(result.Requirements, Outcome{requirement, met, r.recorded})
		result.Met = result.Met && met
	}
	return result, nil
}

// reading is the access of one evaluation to its facts. It lives as long as the call of Evaluate,
// which is why it may hold the context: CEL gives none to a function.
type reading struct {
	ctx     context.Context
	facts   Facts
	adapter types.Adapter
	answers map[question]answer
	failed  error // the first failure to read a fact

	recorded []Fact // of the requirement at hand
	seen     map[Fact]bool
}

// question is a function called with arguments, at most two.
type question struct {
	function string
	args     [2]any
}

// String is the question as an expression asks it, by its first argument: the resource that it is about.
func (q question) String(args int) string {
	if args == 0 {
		return q.function + "()"
	}
	return fmt.Sprintf("%s(%v)", q.function, q.args[0])
}

type answer struct {
	value ref.Val
	facts []Fact
}

// activation binds the variables and the functions of the language to this reading.
func (r *reading) activation(in Input) (cel.Activation, error) {
	bound := make(map[string]cel.LateBoundFunction, len(functions))
	for _, f := range functions {
		bound[f.name] = func(_ string, args ...ref.Val) ref.Val { return r.call(f, args) }
	}
	return cel.FunctionVars(map[string]any{
		"now": in.Now, "subject": in.Subject, "course": in.Course, "institution": in.Institution,
	}, bound)
}

// decide evaluates one requirement. A failure to read and the end of the context are looked for
// apart from CEL's own answer, because CEL's logical operators absorb errors: in `false && x` an
// error of x is no matter.
func (r *reading) decide(program cel.Program, activation cel.Activation) (bool, error) {
	if err := r.ctx.Err(); err != nil {
		return false, err
	}
	value, _, err := program.ContextEval(r.ctx, activation)
	var cancelled interpreter.EvalCancelledError
	switch {
	case r.failed != nil:
		return false, r.failed
	case r.ctx.Err() != nil:
		return false, r.ctx.Err()
	case errors.As(err, &cancelled) && cancelled.Cause == interpreter.CostLimitExceeded:
		return false, ErrCostExceeded
	case err != nil:
		return false, err
	}
	met, ok := value.Value().(bool)
	if !ok { // the compiler has checked the type; nothing but a bool may ever count as met
		return false, fmt.Errorf("yields %s, not bool", value.Type().TypeName())
	}
	return met, nil
}

// call answers one function call and records the facts it rests on.
func (r *reading) call(f function, args []ref.Val) ref.Val {
	if r.failed != nil {
		return types.WrapErr(r.failed)
	}
	if err := r.ctx.Err(); err != nil {
		return types.WrapErr(err)
	}
	asked := question{function: f.name}
	for i, arg := range args {
		asked.args[i] = arg.Value()
	}
	known, ok := r.answers[asked]
	if !ok {
		value, facts, err := f.ask(r.ctx, r.facts, args)
		if err != nil {
			r.failed = &ReadError{asked.String(len(args)), err}
			return types.WrapErr(r.failed)
		}
		known = answer{r.adapt(f, asked, value), facts}
		r.answers[asked] = known
	}
	for _, fact := range known.facts {
		r.record(fact)
	}
	return known.value
}

// adapt turns an answer into CEL's. A list without elements becomes an error: all() over nothing
// is true, and so a course misspelled in a policy would give a certificate to everyone.
func (r *reading) adapt(f function, asked question, value any) ref.Val {
	if ids, ok := value.([]string); ok && len(ids) == 0 {
		return types.NewErr("%s(%q): the course has none", f.name, asked.args[0])
	}
	return r.adapter.NativeToValue(value)
}

// record keeps a fact once. Times are brought to one form first, so that equal facts compare equal.
func (r *reading) record(fact Fact) {
	fact.OccurredAt, fact.RecordedAt = plain(fact.OccurredAt), plain(fact.RecordedAt)
	if !r.seen[fact] {
		r.seen[fact] = true
		r.recorded = append(r.recorded, fact)
	}
}

// plain is the time in UTC without its monotonic reading.
func plain(t time.Time) time.Time { return t.Round(0).UTC() }
