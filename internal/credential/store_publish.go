package credential

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/course"
	"github.com/btlc/btlc/ent/credentialtype"
	"github.com/btlc/btlc/ent/policyversion"
	"github.com/btlc/btlc/ent/schema"
	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/policy"
	"github.com/btlc/btlc/internal/program"
	"github.com/btlc/btlc/internal/record"
)

// publish stores the next version of a policy, by its name, and lets the credential types that use the policy follow it at
// once; those are answered by their names. Awards keep the version that they were decided by.
func (s store) publish(ctx context.Context, tx *database.Tx, name string, in *pb.PolicyVersion) (*pb.PolicyVersion, []string, error) {
	if err := program.Lock(ctx, tx); err != nil {
		return nil, nil, err
	}
	current, types, err := policyUsers(ctx, tx.Client, name)
	if err != nil {
		return nil, nil, err
	}
	if _, err := compile(ctx, tx.Client, "policyVersion.", sourceOf(current, in.GetTitle(), in.GetRequirements()), types, tx.Now); err != nil {
		return nil, nil, err
	}
	create := tx.PolicyVersion.Create().SetPolicy(current.Policy).SetVersionNumber(current.VersionNumber + 1).SetTitle(in.GetTitle()).SetCreateTime(tx.Now)
	if months := in.GetValidityMonths(); months > 0 {
		create.SetValidityMonths(months)
	}
	requirements := []schema.Requirement{}
	for _, r := range in.GetRequirements() {
		requirements = append(requirements, schema.Requirement(requirementOf(r)))
	}
	row, err := create.SetRequirements(requirements).Save(ctx)
	if err != nil {
		return nil, nil, err
	}
	ids, followers := make([]string, len(types)), make([]string, len(types))
	for i, t := range types {
		ids[i], followers[i] = t.ID, api.Name("btlc/CredentialType", t.ID)
	}
	return policyVersionProto(row), followers, tx.CredentialType.Update().Where(credentialtype.IDIn(ids...)).SetPolicyVersionID(row.ID).Exec(ctx)
}

// policyUsers are the latest version of a policy, by its name, and the credential types that use it, in order.
func policyUsers(ctx context.Context, db *ent.Client, name string) (*ent.PolicyVersion, []*ent.CredentialType, error) {
	id := api.LastWord(name)
	latest, err := record.LatestPolicy(ctx, db, id)
	if ent.IsNotFound(err) {
		return nil, nil, api.Missing(name)
	} else if err != nil {
		return nil, nil, err
	}
	types, err := db.CredentialType.Query().Where(credentialtype.HasPolicyVersionWith(policyversion.PolicyEQ(id))).WithPolicyVersion().
		Order(ent.Asc(credentialtype.FieldID)).All(ctx)
	return latest, types, err
}

func requirementOf(r *pb.Requirement) policy.Requirement {
	return policy.Requirement{ID: r.GetId(), Title: r.GetTitle(), Citation: r.GetCitation(), Expression: r.GetExpression(), Unmet: r.GetUnmetMessage(), Assumption: r.GetAssumption()}
}

// sourceOf is what the next version after the latest one would be.
func sourceOf(latest *ent.PolicyVersion, title string, requirements []*pb.Requirement) policy.Source {
	source := policy.Source{ID: latest.Policy, Version: int(latest.VersionNumber) + 1, Title: title}
	for _, r := range requirements {
		source.Requirements = append(source.Requirements, requirementOf(r))
	}
	return source
}

// compile compiles requirements and tries them on a record that is empty, for each course, or none, that they would be asked for: an
// expression that cannot be decided there, such as one on the assessments of a course that there is not, would fail every
// award. What is wrong is told by the place of the requirement; prefix leads to the requirements in the request.
func compile(ctx context.Context, db *ent.Client, prefix string, source policy.Source, types []*ent.CredentialType, now time.Time) (*policy.Program, error) {
	compiled, err := policy.Compile(source)
	if refused, ok := errors.AsType[*policy.CompileError](err); ok {
		return nil, faults(prefix, refused)
	} else if err != nil {
		return nil, err
	}
	var courses []string
	for _, t := range types {
		courses = append(courses, t.CourseID)
	}
	if len(types) == 0 {
		if courses, err = db.Course.Query().Order(ent.Asc(course.FieldID)).IDs(ctx); err != nil {
			return nil, err
		}
	}
	for _, id := range courses {
		about := record.About{Educator: uuid.Nil, Course: id, Now: now}
		if _, err := compiled.Evaluate(ctx, record.FactsOf(db, about), about.Input()); err != nil {
			return nil, undecidable(ctx, prefix, source, err)
		}
	}
	return compiled, nil
}

// faults are those of a policy, by their places in the request.
func faults(prefix string, refused *policy.CompileError) error {
	var violations []api.Violation
	for _, f := range refused.Faults {
		field := prefix + f.Field
		if f.Index >= 0 {
			field = fmt.Sprintf("%srequirements[%d].%s", prefix, f.Index, f.Field)
		}
		violations = append(violations, api.Violation{Field: field, Description: f.Message})
	}
	return api.Invalid(violations...)
}

// undecidable says which expression of a policy failed, when it is the expression's fault and not that of the database.
func undecidable(ctx context.Context, prefix string, source policy.Source, err error) error {
	failed, ok := errors.AsType[*policy.EvaluationError](err)
	if _, unread := errors.AsType[*policy.ReadError](err); !ok || unread || ctx.Err() != nil || failed.Version != source.Version {
		return err
	}
	for i, r := range source.Requirements {
		if r.ID == failed.Requirement {
			return api.InvalidField(fmt.Sprintf("%srequirements[%d].expression", prefix, i), "cannot be decided: %v", failed.Err)
		}
	}
	return err
}
