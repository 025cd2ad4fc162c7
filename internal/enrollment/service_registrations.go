package enrollment

import (
	"context"

	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

// GetRegistration gets a registration.
func (s *Service) GetRegistration(ctx context.Context, req *pb.GetRegistrationRequest) (*pb.GetRegistrationResponse, error) {
	found, err := s.store.registration(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	if err := access.Authorize(ctx, req.GetName(), found.readers()...); err != nil {
		return nil, err
	}
	return &pb.GetRegistrationResponse{Registration: visible(ctx, found.row, found.proto())}, nil
}

// ListRegistrations lists the registrations that the caller may see.
func (s *Service) ListRegistrations(ctx context.Context, req *pb.ListRegistrationsRequest) (*pb.ListRegistrationsResponse, error) {
	everywhere, educators := reach(ctx)
	return s.store.listRegistrations(ctx, req, viewerOf(ctx), everywhere, educators)
}

// CreateRegistration takes a seat for an educator who holds a confirmed leadership role today; or a place on the waitlist, or
// one for when the role is confirmed, if the request says so.
func (s *Service) CreateRegistration(ctx context.Context, req *pb.CreateRegistrationRequest) (*pb.CreateRegistrationResponse, error) {
	in := req.GetRegistration()
	if err := access.Authorize(ctx, in.GetEducator(), in.GetEducator()); err != nil {
		return nil, err
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.CreateRegistrationResponse, error) {
		found, err := s.store.sharedSection(ctx, tx, req.GetParent(), viewerOf(ctx))
		if err != nil {
			return nil, err
		}
		made, err := s.admit(ctx, tx, found, []joining{{api.LastUUID(in.GetEducator()), in}}, admission{joinWaitlist: req.GetJoinWaitlist(), awaitRole: req.GetAwaitRole(), moves: viewerOf(ctx).staff})
		if err != nil {
			return nil, err
		}
		tx.Wrote(made[0].name())
		return &pb.CreateRegistrationResponse{Registration: made[0].proto()}, nil
	})
}

// authorizeOwn decides whether the caller may change a registration: the person's own right or that of staff. That somebody
// leads the section gives no right here, whatever else they are bound as.
func (s *Service) authorizeOwn(ctx context.Context, name string) error {
	found, err := s.store.registration(ctx, name)
	if err != nil {
		return err
	}
	return access.Authorize(ctx, name, scopesOf(found.row.EducatorID)...)
}

// UpdateRegistration changes what a person brings and wants to learn.
func (s *Service) UpdateRegistration(ctx context.Context, req *pb.UpdateRegistrationRequest) (*pb.UpdateRegistrationResponse, error) {
	if err := s.authorizeOwn(ctx, req.GetRegistration().GetName()); err != nil {
		return nil, err
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.UpdateRegistrationResponse, error) {
		found, err := s.store.lockedRegistration(ctx, tx, req.GetRegistration().GetName())
		if err != nil {
			return nil, err
		}
		next, err := api.ApplyMask(ctx, req, found.proto())
		if err != nil {
			return nil, err
		}
		if err := s.store.updateRegistration(ctx, tx, found, next); err != nil {
			return nil, err
		}
		tx.Wrote(found.name())
		return &pb.UpdateRegistrationResponse{Registration: found.proto()}, announceRegistration(ctx, tx, found, "UPDATED")
	})
}
