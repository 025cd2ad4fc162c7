package record

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/policyversion"
	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/policy"
)

// Policies evaluates policy versions on educators' records. A version never changes, so each is compiled once.
type Policies struct{ programs sync.Map } // by the id of the version's row

// NewPolicies has compiled none yet.
func NewPolicies() *Policies { return &Policies{} }

// About is what an evaluation is about. Course and Institution are empty where there is none.
type About struct {
	Educator            uuid.UUID
	Course, Institution string
	// Registration is the only one of the educator's that counts; uuid.Nil where all of them do.
	Registration uuid.UUID
	Now          time.Time
	// AsOf decides by what was true then, KnownAsOf by what was on record then; the zero time is the present.
	AsOf, KnownAsOf time.Time
}

func (a About) times() times { return times{a.Now, a.AsOf, a.KnownAsOf} }

// Input is what the evaluation is told of it.
func (a About) Input() policy.Input {
	return policy.Input{Now: a.times().at(), Subject: api.Name("btlc/Educator", a.Educator), Course: a.Course, Institution: a.Institution}
}

// LatestPolicy is the latest version of a policy.
func LatestPolicy(ctx context.Context, db *ent.Client, id string) (*ent.PolicyVersion, error) {
	return db.PolicyVersion.Query().Where(policyversion.PolicyEQ(id)).Order(ent.Desc(policyversion.FieldVersionNumber)).First(ctx)
}

// PolicyInForce is the version of a policy by which things went at the times of an evaluation: the latest that was there,
// and the first one before that. It is nil when none was on record.
func PolicyInForce(ctx context.Context, db *ent.Client, id string, about About) (*ent.PolicyVersion, error) {
	rows, err := db.PolicyVersion.Query().Where(policyversion.PolicyEQ(id)).Order(ent.Desc(policyversion.FieldVersionNumber)).All(ctx)
	row, _ := inForce(about.times(), rows, func(v *ent.PolicyVersion) time.Time { return v.CreateTime })
	return row, err
}

// Evaluate decides a policy version on what the record says of the educator.
func (p *Policies) Evaluate(ctx context.Context, db *ent.Client, version *ent.PolicyVersion, about About) (policy.Result, error) {
	program, err := p.Program(version)
	if err != nil {
		return policy.Result{}, err
	}
	return program.Evaluate(ctx, FactsOf(db, about), about.Input())
}

// Program is a policy version compiled.
func (p *Policies) Program(version *ent.PolicyVersion) (*policy.Program, error) {
	if known, ok := p.programs.Load(version.ID); ok {
		return known.(*policy.Program), nil
	}
	source := policy.Source{ID: version.Policy, Version: int(version.VersionNumber), Title: version.Title}
	for _, r := range version.Requirements {
		source.Requirements = append(source.Requirements, policy.Requirement(r))
	}
	program, err := policy.Compile(source)
	if err != nil {
		return nil, err
	}
	p.programs.Store(version.ID, program)
	return program, nil
}

// Outcomes are the outcomes of an evaluation as the contract has them, with those facts that may be seen.
func Outcomes(result policy.Result, visible func(policy.Fact) bool) []*pb.RequirementOutcome {
	outcomes := make([]*pb.RequirementOutcome, len(result.Requirements))
	for i, r := range result.Requirements {
		outcome := &pb.RequirementOutcome{Requirement: r.ID, Title: r.Title, Citation: r.Citation, Assumption: r.Assumption, Met: r.Met}
		if !r.Met {
			outcome.Message = r.Unmet
		}
		for _, fact := range r.Facts {
			if visible(fact) {
				outcome.Facts = append(outcome.Facts, &pb.Fact{
					Kind: fact.Kind, Id: fact.ID, Value: fact.Value, OccurTime: api.Timestamp(fact.OccurredAt), RecordTime: api.Timestamp(fact.RecordedAt),
				})
			}
		}
		outcomes[i] = outcome
	}
	return outcomes
}
