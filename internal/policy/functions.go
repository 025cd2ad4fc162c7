package policy

import (
	"context"
	"strconv"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// function is one function of the expression language. Its implementation is bound when a policy
// is evaluated, because it reads that evaluation's facts.
type function struct {
	name   string
	args   []*cel.Type
	result *cel.Type
	// ask puts the question to the facts. CEL has checked that args have the declared types.
	ask func(ctx context.Context, facts Facts, args []ref.Val) (any, []Fact, error)
}

// functions is the whole vocabulary: a new function is one entry here and one method of Facts.
var functions = []function{
	about("demonstrated", "assessment", cel.BoolType, Facts.Demonstrated, either("demonstrated", "not demonstrated")),
	about("attained", "competency", cel.BoolType, Facts.Attained, either("attained", "not attained")),
	about("assessments", "assessments", cel.ListType(cel.StringType), Facts.Assessments, list),
	about("competencies", "competencies", cel.ListType(cel.StringType), Facts.Competencies, list),
	about("enrolled", "enrollment", cel.BoolType, Facts.Enrolled, either("enrolled", "not enrolled")),
	about("completed", "completion", cel.BoolType, Facts.Completed, either("completed", "not completed")),
	about("minutes", "attendance", cel.IntType, Facts.Minutes, minutes),
	about("holds", "credential", cel.BoolType, Facts.Holds, either("held", "not held")),
	about("certified", "certificate", cel.BoolType, Facts.Certified, either("certified", "not certified")),
	about("creditRequested", "creditRequest", cel.BoolType, Facts.CreditRequested, either("requested", "not requested")),
	about("agreement", "agreement", cel.BoolType, Facts.Agreement, either("in force", "none in force")),
	about("consented", "consent", cel.BoolType, Facts.Consented, either("consented", "not consented")),
	about("registrationDate", "registration", cel.TimestampType, Facts.RegistrationDate, moment),
	{
		name: "trainings", result: cel.ListType(cel.ObjectType(trainingType)),
		ask: func(ctx context.Context, facts Facts, _ []ref.Val) (any, []Fact, error) {
			taken, read, err := facts.Trainings(ctx)
			return taken, orSaid(read, "training", "", strconv.Itoa(len(taken))+" completed"), err
		},
	},
	{
		name: "held", args: []*cel.Type{cel.StringType, cel.TimestampType}, result: cel.BoolType,
		ask: func(ctx context.Context, facts Facts, args []ref.Val) (any, []Fact, error) {
			family, date := string(args[0].(types.String)), args[1].(types.Timestamp).Time
			held, read, err := facts.Held(ctx, family, date)
			said := either("held on ", "not held on ")(held) + date.UTC().Format(time.DateOnly)
			return held, orSaid(read, "role", family, said), err
		},
	},
}

// trainingType is what the expression language calls a Training.
const trainingType = "policy.Training"

// about is the common function: one question about one resource. kind names the resource, and say
// puts the answer into words for when the facts bring none.
func about[T any](
	name, kind string, result *cel.Type,
	question func(Facts, context.Context, string) (T, []Fact, error), say func(T) string,
) function {
	return function{
		name: name, args: []*cel.Type{cel.StringType}, result: result,
		ask: func(ctx context.Context, facts Facts, args []ref.Val) (any, []Fact, error) {
			id := string(args[0].(types.String))
			answer, read, err := question(facts, ctx, id)
			return answer, orSaid(read, kind, id, say(answer)), err
		},
	}
}

// orSaid makes sure that no answer goes unrecorded.
func orSaid(read []Fact, kind, id, said string) []Fact {
	if len(read) > 0 {
		return read
	}
	return []Fact{{Kind: kind, ID: id, Value: said}}
}

func either(yes, no string) func(bool) string {
	return func(answer bool) string {
		if answer {
			return yes
		}
		return no
	}
}

func list(ids []string) string {
	if len(ids) == 0 {
		return "none"
	}
	return strings.Join(ids, ", ")
}

func minutes(n int) string { return strconv.Itoa(n) + " minutes" }

func moment(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format(time.RFC3339)
}
