package enrollment

import (
	"context"

	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/seating"
)

// moveSeats carries out a verb of a registration that has to do with seats: under the lock of the section's seats, and after
// all offers have ended whose time is over.
func (s *Service) moveSeats(ctx context.Context, tx *database.Tx, req verb, word string, do func(t *turn, one *seat) error) (*pb.Registration, error) {
	rules, err := s.rulesOn(tx.Now)
	if err != nil {
		return nil, err
	}
	t, found, one, err := s.store.turnOf(ctx, tx, req.GetName(), rules, access.CallerOf(ctx).Principal)
	if err != nil {
		return nil, err
	}
	if err := api.CheckEtag(ctx, req.ProtoReflect(), found.proto()); err != nil {
		return nil, err
	}
	if err := t.expire(); err != nil {
		return nil, err
	}
	if _, err := registrationLife.After("registration", one.state, word); err != nil {
		return nil, err
	}
	if err := do(t, one); err != nil {
		return nil, err
	}
	how := admission{}
	if by := found.row.ApplicationID; by != nil {
		app, err := s.store.applied(ctx, tx, *by)
		if err != nil {
			return nil, err
		}
		how.as = memberOf(ctx, app)
	}
	if _, err := s.settle(ctx, tx, t, how); err != nil {
		return nil, err
	}
	tx.Wrote(found.name())
	return found.proto(), nil
}

// WithdrawRegistration gives the seat back, or the wish for one.
func (s *Service) WithdrawRegistration(ctx context.Context, req *pb.WithdrawRegistrationRequest) (*pb.WithdrawRegistrationResponse, error) {
	if err := s.authorizeOwn(ctx, req.GetName()); err != nil {
		return nil, err
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.WithdrawRegistrationResponse, error) {
		moved, err := s.moveSeats(ctx, tx, req, "withdraw", func(t *turn, one *seat) error {
			if one.state != "AWAITING_ROLE" {
				return t.leave(one, req.GetReason(), begun(t.section.row.State))
			}
			end("WITHDRAWN", req.GetReason(), one)
			if t.rules.seating.MemberLeaves == seating.AllLeave {
				end("WITHDRAWN", "a member of the group left, and by the rule all-leave the others leave as well", t.awaiting(one.party)...)
			}
			return s.release(ctx, tx, t, one.party)
		})
		return &pb.WithdrawRegistrationResponse{Registration: moved}, err
	})
}

// AcceptOffer takes the seats that are offered to a person and to all who came by the same application.
func (s *Service) AcceptOffer(ctx context.Context, req *pb.AcceptOfferRequest) (*pb.AcceptOfferResponse, error) {
	if err := s.authorizeOwn(ctx, req.GetName()); err != nil {
		return nil, err
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.AcceptOfferResponse, error) {
		moved, err := s.moveSeats(ctx, tx, req, "acceptOffer", func(t *turn, one *seat) error { return t.answer(seating.Accepted, one) })
		return &pb.AcceptOfferResponse{Registration: moved}, err
	})
}

// DeclineOffer turns down the seats that are offered to a person and to all who came by the same application: they pass on.
func (s *Service) DeclineOffer(ctx context.Context, req *pb.DeclineOfferRequest) (*pb.DeclineOfferResponse, error) {
	if err := s.authorizeOwn(ctx, req.GetName()); err != nil {
		return nil, err
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.DeclineOfferResponse, error) {
		moved, err := s.moveSeats(ctx, tx, req, "declineOffer", func(t *turn, one *seat) error { return t.answer(seating.Declined, one) })
		return &pb.DeclineOfferResponse{Registration: moved}, err
	})
}

// AnswerNeeds records what is answered to a person's needs: a facilitator of the section or staff says it.
func (s *Service) AnswerNeeds(ctx context.Context, req *pb.AnswerNeedsRequest) (*pb.AnswerNeedsResponse, error) {
	found, err := s.store.registration(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	if err := access.Authorize(ctx, req.GetName(), scopesOf(found.section.facilitators...)...); err != nil {
		return nil, err
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.AnswerNeedsResponse, error) {
		found, err := s.store.lockedRegistration(ctx, tx, req.GetName())
		if err != nil {
			return nil, err
		}
		if err := api.CheckEtag(ctx, req.ProtoReflect(), found.proto()); err != nil {
			return nil, err
		}
		if err := s.store.answerNeeds(ctx, tx, found, req.GetAnswer()); err != nil {
			return nil, err
		}
		tx.Wrote(found.name())
		if err := announceRegistration(ctx, tx, found, "UPDATED"); err != nil {
			return nil, err
		}
		return &pb.AnswerNeedsResponse{Registration: visible(ctx, found.row, found.proto())}, nil
	})
}
