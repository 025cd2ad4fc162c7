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
	Now                 time.Time
}

// LatestPolicy is the latest version of a policy.
func LatestPolicy(ctx context.Context, db *ent.Client, id string) (*ent.PolicyVersion, error) {
	return db.PolicyVersion.Query().Where(policyversion.PolicyEQ(id)).Order(ent.Desc(policyversion.FieldVersionNumber)).First(ctx)
}

// Evaluate decides a policy version on what the record says of the educator.
func (p *Policies) Evaluate(ctx context.Context, db *ent.Client, version *ent.PolicyVersion, about About) (policy.Result, error) {
	program, err := p.program(version)
	if err != nil {
		return policy.Result{}, err
	}
	return program.Evaluate(ctx, FactsOf(db, about.Educator, about.Institution, about.Now), policy.Input{
		Now: about.Now, Subject: api.Name("btlc/Educator", about.Educator), Course: about.Course, Institution: about.Institution,
	})
}

func (p *Policies) program(version *ent.PolicyVersion) (*policy.Program, error) {
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
