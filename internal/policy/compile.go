package policy

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"
)

const (
	// costLimit bounds one requirement's evaluation, in CEL's units (about one an operation). The
	// largest requirement of the program, every assessment of every course, costs under 5,000.
	costLimit = 100_000
	// questionCost is the cost of asking a fact, which may be a trip to a database.
	questionCost = 100
	// interruptEvery is how many rounds of a comprehension pass between looks at the context.
	interruptEvery = 64

	maxExpression = 4096 // characters
	maxNesting    = 3    // comprehensions within comprehensions

	assumptionPrefix = "assumption:"
)

// Fault is one thing wrong with a policy. Requirement is the requirement's id, or its place
// ("requirements[2]") while it has none, or empty for the policy itself. Index is the place, from
// 0; -1 for the policy itself.
type Fault struct {
	Requirement string
	Index       int
	Field       string
	Message     string
}

// CompileError lists every fault of a policy.
type CompileError struct {
	Policy  string
	Version int
	Faults  []Fault
}

func (e *CompileError) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "policy %q version %d:", e.Policy, e.Version)
	for _, fault := range e.Faults {
		text.WriteString("\n  ")
		if fault.Requirement != "" {
			text.WriteString(fault.Requirement + ": ")
		}
		text.WriteString(fault.Field + ": " + fault.Message)
	}
	return text.String()
}

// Program is a compiled policy. It never changes, and any number of goroutines may evaluate it.
type Program struct {
	source   Source
	programs []cel.Program // one a requirement, in the order of the source
	adapter  types.Adapter // of the language that they are written in
}

// Source returns the policy as it was written.
func (p *Program) Source() Source {
	source := p.source
	source.Requirements = slices.Clone(source.Requirements)
	return source
}

// Compile checks a policy whole and prepares it for evaluation. A policy with faults is refused
// with a *CompileError that lists them all.
func Compile(source Source) (*Program, error) {
	env, err := environment()
	if err != nil {
		return nil, fmt.Errorf("policy: the expression language does not assemble: %w", err)
	}
	source.Requirements = slices.Clone(source.Requirements)
	program := &Program{source: source, programs: make([]cel.Program, len(source.Requirements)), adapter: env.CELTypeAdapter()}
	faults := checkSource(source)
	for i, requirement := range source.Requirements {
		compiled, messages := compileExpression(env, requirement.Expression)
		for _, message := range messages {
			faults = append(faults, Fault{label(requirement, i), i, "expression", message})
		}
		program.programs[i] = compiled
	}
	if len(faults) > 0 {
		return nil, &CompileError{source.ID, source.Version, faults}
	}
	return program, nil
}

// checkSource checks all but the expressions.
func checkSource(source Source) []Fault {
	var faults []Fault
	check := func(ok bool, index int, field, message string) {
		if ok {
			return
		}
		at := ""
		if index >= 0 {
			at = label(source.Requirements[index], index)
		}
		faults = append(faults, Fault{at, index, field, message})
	}
	check(source.ID != "", -1, "id", "is empty")
	check(source.Version > 0, -1, "version", "must be 1 or more")
	// A policy without requirements would be met by everyone.
	check(len(source.Requirements) > 0, -1, "requirements", "is empty")

	seen := map[string]bool{}
	for i, r := range source.Requirements {
		check(r.ID != "", i, "id", "is empty")
		check(r.ID == "" || !seen[r.ID], i, "id", "is used twice")
		seen[r.ID] = true

		if r.Citation == "" && r.Assumption {
			continue // that no source says so is all that there is to say
		}
		assumed := strings.HasPrefix(r.Citation, assumptionPrefix)
		check(strings.TrimSpace(strings.TrimPrefix(r.Citation, assumptionPrefix)) != "", i, "citation", "is empty")
		check(assumed || !r.Assumption, i, "citation",
			`must begin with "assumption:", because the requirement is marked as an assumption`)
		check(r.Assumption || !assumed, i, "assumption", "must be set, because the citation says that it is one")
	}
	return faults
}

func label(r Requirement, index int) string {
	if r.ID != "" {
		return r.ID
	}
	return fmt.Sprintf("requirements[%d]", index)
}

// compileExpression returns the program, or what is wrong with the text.
func compileExpression(env *cel.Env, text string) (cel.Program, []string) {
	if strings.TrimSpace(text) == "" {
		return nil, []string{"is empty"}
	}
	ast, issues := env.Compile(text)
	if issues.Err() != nil {
		var messages []string
		for _, issue := range issues.Errors() {
			messages = append(messages, placed(issue))
		}
		return nil, messages
	}
	if result := ast.OutputType(); !result.IsExactType(cel.BoolType) {
		return nil, []string{fmt.Sprintf("must yield bool, not %s", cel.FormatCELType(result))}
	}
	program, err := env.Program(ast,
		cel.EvalOptions(cel.OptExhaustiveEval),
		cel.CostTracking(prices{}),
		cel.CostLimit(costLimit),
		cel.InterruptCheckFrequency(interruptEvery))
	if err != nil {
		return nil, []string{err.Error()}
	}
	return program, nil
}

// placed says where in the expression an issue is. Issues with the whole have no line.
func placed(issue *cel.Error) string {
	if issue.Location.Line() < 1 {
		return issue.Message
	}
	return fmt.Sprintf("line %d, column %d: %s", issue.Location.Line(), issue.Location.Column()+1, issue.Message)
}

// environment is the language that all policies share.
var environment = sync.OnceValues(func() (*cel.Env, error) {
	options := []cel.EnvOption{
		cel.Variable("now", cel.TimestampType),
		cel.Variable("subject", cel.StringType),
		cel.Variable("course", cel.StringType),
		cel.Variable("institution", cel.StringType),
		ext.NativeTypes(reflect.TypeFor[Training](), ext.ParseStructTags(true)),
		cel.ParserExpressionSizeLimit(maxExpression),
		cel.ASTValidators(
			cel.ValidateDurationLiterals(),
			cel.ValidateTimestampLiterals(),
			cel.ValidateRegexLiterals(),
			cel.ValidateHomogeneousAggregateLiterals(),
			cel.ValidateComprehensionNestingLimit(maxNesting)),
	}
	for _, f := range functions {
		options = append(options,
			cel.Function(f.name, cel.Overload(f.name, f.args, f.result, cel.LateFunctionBinding())))
	}
	return cel.NewEnv(options...)
})

// prices makes each question to the facts cost questionCost; all else keeps CEL's own cost.
type prices struct{}

func (prices) CallCost(name, _ string, _ []ref.Val, _ ref.Val) *uint64 {
	if !isQuestion[name] {
		return nil
	}
	cost := uint64(questionCost)
	return &cost
}

var isQuestion = func() map[string]bool {
	names := make(map[string]bool, len(functions))
	for _, f := range functions {
		names[f.name] = true
	}
	return names
}()
