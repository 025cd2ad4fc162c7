package credential

import (
	"context"
	"strings"

	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
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
	version, result, err := s.store.evaluate(ctx, req.GetEducator(), req.GetName())
	if err != nil {
		return nil, err
	}
	return &pb.EvaluateEligibilityResponse{
		Eligible: result.Met, PolicyVersion: version, Outcomes: record.Outcomes(result, func(policy.Fact) bool { return true }),
	}, nil
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
