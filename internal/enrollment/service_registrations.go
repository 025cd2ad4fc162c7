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
	return &pb.GetRegistrationResponse{Registration: found.proto()}, nil
}

// ListRegistrations lists the registrations that the caller may see.
func (s *Service) ListRegistrations(ctx context.Context, req *pb.ListRegistrationsRequest) (*pb.ListRegistrationsResponse, error) {
	everywhere, educators := reach(ctx)
	return s.store.listRegistrations(ctx, req, viewerOf(ctx), everywhere, educators)
}

// CreateRegistration takes a seat for an educator who holds a confirmed leadership role today.
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
		educator := api.LastUUID(in.GetEducator())
		assignments, err := s.store.assignments(ctx, tx, educator)
		if err != nil {
			return nil, err
		}
		day := api.LocalDay(tx.Now, found.zone)
		role, err := register(found.offer(), educator, assignments, tx.Now, day)
		if err != nil {
			return nil, err
		}
		made, err := s.store.createRegistration(ctx, tx, found, in, role, day)
		if err != nil {
			return nil, err
		}
		tx.Wrote(made.name())
		if err := announceRegistration(ctx, tx, made, "CREATED"); err != nil {
			return nil, err
		}
		// Last of all, for from here on others who want a seat wait until this one has theirs.
		return &pb.CreateRegistrationResponse{Registration: made.proto()}, s.store.takeSeat(ctx, tx, found)
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

// moveRegistration carries out a verb of a registration.
func (s *Service) moveRegistration(ctx context.Context, tx *database.Tx, req verb, word, reason string) (*registration, error) {
	found, err := s.store.lockedRegistration(ctx, tx, req.GetName())
	if err != nil {
		return nil, err
	}
	if err := api.CheckEtag(ctx, req.ProtoReflect(), found.proto()); err != nil {
		return nil, err
	}
	to, err := registrationLife.After("registration", found.row.State, word)
	if err != nil {
		return nil, err
	}
	if err := s.store.setRegistrationState(ctx, tx, found, to, reason); err != nil {
		return nil, err
	}
	tx.Wrote(found.name())
	return found, announceRegistration(ctx, tx, found, "UPDATED")
}

// WithdrawRegistration gives the seat back.
func (s *Service) WithdrawRegistration(ctx context.Context, req *pb.WithdrawRegistrationRequest) (*pb.WithdrawRegistrationResponse, error) {
	if err := s.authorizeOwn(ctx, req.GetName()); err != nil {
		return nil, err
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.WithdrawRegistrationResponse, error) {
		moved, err := s.moveRegistration(ctx, tx, req, "withdraw", req.GetReason())
		if err != nil {
			return nil, err
		}
		return &pb.WithdrawRegistrationResponse{Registration: moved.proto()}, s.store.giveSeatBack(ctx, tx, moved.section)
	})
}

// CompleteRegistration records whether a person took part to the end: a facilitator of the section or staff says so.
func (s *Service) CompleteRegistration(ctx context.Context, req *pb.CompleteRegistrationRequest) (*pb.CompleteRegistrationResponse, error) {
	if req.GetCompleted() && req.GetReason() != "" {
		return nil, api.InvalidField("reason", "goes with completed: false")
	}
	found, err := s.store.registration(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	if err := access.Authorize(ctx, req.GetName(), scopesOf(found.section.facilitators...)...); err != nil {
		return nil, err
	}
	word := "fail"
	if req.GetCompleted() {
		word = "complete"
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.CompleteRegistrationResponse, error) {
		moved, err := s.moveRegistration(ctx, tx, req, word, req.GetReason())
		if err != nil {
			return nil, err
		}
		return &pb.CompleteRegistrationResponse{Registration: moved.proto()}, nil
	})
}
