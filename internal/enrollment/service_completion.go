package enrollment

import (
	"context"

	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

// CompleteRegistration records whether a person took part to the end: a facilitator of the section or staff says so. What
// completing takes are the requirements of a policy; who completes without them does so by an exception.
func (s *Service) CompleteRegistration(ctx context.Context, req *pb.CompleteRegistrationRequest) (*pb.CompleteRegistrationResponse, error) {
	if req.GetCompleted() && req.GetReason() != "" {
		return nil, api.InvalidField("reason", "goes with completed: false")
	}
	if !req.GetCompleted() && req.GetException() != "" {
		return nil, api.InvalidField("exception", "goes with completed: true")
	}
	found, err := s.store.registration(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	if err := access.Authorize(ctx, req.GetName(), scopesOf(found.section.facilitators...)...); err != nil {
		return nil, err
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.CompleteRegistrationResponse, error) {
		found, err := s.store.lockedRegistration(ctx, tx, req.GetName())
		if err != nil {
			return nil, err
		}
		if err := api.CheckEtag(ctx, req.ProtoReflect(), found.proto()); err != nil {
			return nil, err
		}
		before := found.row.State
		if err := s.complete(ctx, tx, found, req); err != nil {
			return nil, err
		}
		tx.Wrote(found.name())
		_, err = s.tell(ctx, tx, []moved{{found, before}}, nil, false)
		return &pb.CompleteRegistrationResponse{Registration: visible(ctx, found.row, found.proto())}, err
	})
}

// complete brings a registration to its end. Errors: STATE_CONFLICT, REQUIREMENTS_UNMET.
func (s *Service) complete(ctx context.Context, tx *database.Tx, found *registration, req *pb.CompleteRegistrationRequest) error {
	if !req.GetCompleted() {
		to, err := registrationLife.After("registration", found.row.State, "fail")
		if err != nil {
			return err
		}
		return s.store.setRegistrationState(ctx, tx, found, to, req.GetReason())
	}
	to, err := registrationLife.After("registration", found.row.State, "complete")
	if err != nil {
		return err
	}
	unmet, err := s.store.unmetOfCompletion(ctx, tx, s.policies, found)
	if err != nil {
		return err
	}
	exception, err := excepted(unmet, req.GetException())
	if err != nil {
		return err
	}
	return s.store.completeRegistration(ctx, tx, found, to, exception)
}
