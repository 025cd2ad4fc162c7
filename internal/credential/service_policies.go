package credential

import (
	"context"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/policy"
	"github.com/btlc/btlc/internal/record"
)

// GetCredentialType gets a credential type.
func (s *Service) GetCredentialType(ctx context.Context, req *pb.GetCredentialTypeRequest) (*pb.GetCredentialTypeResponse, error) {
	t, err := s.store.credentialType(ctx, req.GetName())
	return &pb.GetCredentialTypeResponse{CredentialType: t}, err
}

// ListCredentialTypes lists credential types.
func (s *Service) ListCredentialTypes(ctx context.Context, req *pb.ListCredentialTypesRequest) (*pb.ListCredentialTypesResponse, error) {
	return s.store.listCredentialTypes(ctx, req)
}

// GetPolicyVersion gets a policy version.
func (s *Service) GetPolicyVersion(ctx context.Context, req *pb.GetPolicyVersionRequest) (*pb.GetPolicyVersionResponse, error) {
	v, err := s.store.policyVersion(ctx, req.GetName())
	return &pb.GetPolicyVersionResponse{PolicyVersion: v}, err
}

// ListPolicyVersions lists the versions of a policy.
func (s *Service) ListPolicyVersions(ctx context.Context, req *pb.ListPolicyVersionsRequest) (*pb.ListPolicyVersionsResponse, error) {
	return s.store.listPolicyVersions(ctx, req)
}

// EvaluateEligibility says requirement by requirement whether an educator may have a credential.
func (s *Service) EvaluateEligibility(ctx context.Context, req *pb.EvaluateEligibilityRequest) (*pb.EvaluateEligibilityResponse, error) {
	if err := access.Authorize(ctx, req.GetEducator(), req.GetEducator()); err != nil {
		return nil, err
	}
	about := record.About{Educator: api.LastUUID(req.GetEducator()), Now: s.store.db.Now()}
	var err error
	if about.AsOf, err = past("asOf", req.GetAsOf(), about.Now); err != nil {
		return nil, err
	}
	if about.KnownAsOf, err = past("knownAsOf", req.GetKnownAsOf(), about.Now); err != nil {
		return nil, err
	}
	version, result, err := s.store.evaluate(ctx, req.GetName(), about)
	if err != nil {
		return nil, err
	}
	return &pb.EvaluateEligibilityResponse{
		Eligible: result.Met, PolicyVersion: version, Outcomes: record.Outcomes(result, everyFact),
	}, nil
}

func everyFact(policy.Fact) bool { return true }

// past is a time that has come; the zero time for none.
func past(field string, t *timestamppb.Timestamp, now time.Time) (time.Time, error) {
	if t == nil {
		return time.Time{}, nil
	}
	at := t.AsTime().Truncate(time.Microsecond) // as finely as the record has its times
	if !t.IsValid() || at.Year() < 1900 || at.After(now) {
		return time.Time{}, api.InvalidField(field, "is a time since 1900 that is not after now, %s", now.Format(time.RFC3339Nano))
	}
	return at, nil
}

// CreatePolicyVersion publishes the next version of a policy.
func (s *Service) CreatePolicyVersion(ctx context.Context, req *pb.CreatePolicyVersionRequest) (*pb.CreatePolicyVersionResponse, error) {
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.CreatePolicyVersionResponse, error) {
		v, followers, err := s.store.publish(ctx, tx, req.GetParent(), req.GetPolicyVersion())
		if err != nil {
			return nil, err
		}
		tx.Wrote(v.Name)
		tx.Emit(database.Change{
			Streams: []string{"program"}, Resource: v.Name, Type: "btlc/PolicyVersion", Version: 1, Kind: "CREATED",
			State: map[string]any{"versionNumber": v.VersionNumber, "credentialTypes": followers},
		})
		return &pb.CreatePolicyVersionResponse{PolicyVersion: v}, nil
	})
}

// unmet tells what remains to be done, a violation for each requirement.
func unmet(result policy.Result) *api.Error {
	e := &api.Error{Reason: api.RequirementsUnmet}
	var ids []string
	for _, r := range result.Requirements {
		if !r.Met {
			ids = append(ids, r.ID)
			e.Violations = append(e.Violations, api.Violation{Field: r.ID, Description: r.Unmet})
		}
	}
	e.Detail = "Not met: " + strings.Join(ids, ", ") + "."
	return e
}
