package gradcredit

import (
	"context"

	pb "github.com/btlc/btlc/gen/go/btlc/gradcredit/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/record"
)

// CheckGraduateCreditEligibility tells an institution whether a person who asked it for credit is eligible, and why. No
// such person, no request and no consent are one and the same to it.
func (s *Service) CheckGraduateCreditEligibility(ctx context.Context, req *pb.CheckGraduateCreditEligibilityRequest) (*pb.CheckGraduateCreditEligibilityResponse, error) {
	open, err := s.store.openRequest(ctx, api.LastWord(req.GetParent()), req.GetEmail(), api.LastWord(req.GetCourse()))
	if err != nil {
		return nil, err
	} else if open == nil {
		return nil, api.Missing(req.GetParent() + "/creditEligibility")
	}
	result, err := s.store.evaluate(ctx, open.educator, api.LastWord(req.GetParent()), api.LastWord(req.GetCourse()))
	if err != nil {
		return nil, err
	}
	api.Saw(ctx, open.educator)
	return &pb.CheckGraduateCreditEligibilityResponse{
		Eligible: result.Met, CreditRequest: api.Name("btlc/CreditRequest", open.request), Credits: open.credits,
		DegreeEligibility: api.EnumOf[pb.DegreeEligibility](open.degreeEligibility), Outcomes: record.Outcomes(result, disclose),
	}, nil
}
