package feedback

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	pb "github.com/btlc/btlc/gen/go/btlc/feedback/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/program"
)

// Service answers for rounds of feedback.
type Service struct {
	pb.UnimplementedFeedbackServiceServer
	store store
	rules []program.EnrollmentRules
	zone  *time.Location
}

// New makes the service. rules say what is asked from which day on, by the calendar of zone.
func New(db *database.DB, zone *time.Location, rules []program.EnrollmentRules) *Service {
	return &Service{store: store{db}, rules: rules, zone: zone}
}

// momentOf is the moment that a round's kind stands for, as the database keeps it.
func momentOf(kind string) Moment { return Moment(strings.ToLower(kind)) }

func scopesOf(educators []uuid.UUID) []string {
	scopes := make([]string, len(educators))
	for i, id := range educators {
		scopes[i] = api.Name("btlc/Educator", id)
	}
	return scopes
}

// authorizeLead decides whether the caller may do it as one who leads the section. It is decided before a write begins, since
// one that is repeated gets its first answer and does nothing else.
func (s *Service) authorizeLead(ctx context.Context, name string) error {
	leads, err := s.store.facilitators(ctx, api.PartUUID(name, 0))
	if err != nil {
		return err
	}
	return access.Authorize(ctx, name, scopesOf(leads)...)
}

// drafts is which drafts of sections the caller may see: all, or those that one of these leads.
func drafts(ctx context.Context) (all bool, educators []uuid.UUID) {
	for _, g := range access.CallerOf(ctx).Grants {
		switch g.Role {
		case accesspb.Role_ROLE_PROGRAM_STAFF:
			all = true
		case accesspb.Role_ROLE_FACILITATOR, accesspb.Role_ROLE_EDUCATOR:
			educators = append(educators, api.LastUUID(g.Scope))
		}
	}
	return all, educators
}

// GetFeedbackRound gets a round. A section that has one is no draft, and anybody known may see it.
func (s *Service) GetFeedbackRound(ctx context.Context, req *pb.GetFeedbackRoundRequest) (*pb.GetFeedbackRoundResponse, error) {
	found, err := s.store.round(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	return &pb.GetFeedbackRoundResponse{FeedbackRound: found.proto()}, nil
}

// ListFeedbackRounds lists the rounds of a section, or of all.
func (s *Service) ListFeedbackRounds(ctx context.Context, req *pb.ListFeedbackRoundsRequest) (*pb.ListFeedbackRoundsResponse, error) {
	all, leading := drafts(ctx)
	return s.store.listRounds(ctx, req, all, leading)
}

// CreateFeedbackRound opens a round with what the rules of the day ask.
func (s *Service) CreateFeedbackRound(ctx context.Context, req *pb.CreateFeedbackRoundRequest) (*pb.CreateFeedbackRoundResponse, error) {
	if err := s.authorizeLead(ctx, req.GetParent()); err != nil {
		return nil, err
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.CreateFeedbackRoundResponse, error) {
		state, err := s.store.heldState(ctx, tx, req.GetParent())
		if err != nil {
			return nil, err
		}
		kind := api.EnumWord(req.GetFeedbackRound().GetKind())
		moment := momentOf(kind)
		if err := checkMoment(moment, state); err != nil {
			return nil, err
		}
		asked, minimum := s.asked(moment, tx.Now)
		if len(asked) == 0 {
			return nil, api.Errorf(api.StateConflict, "The rules in force today ask nothing in a %s round.", moment)
		}
		made, err := s.store.createRound(ctx, tx, api.LastUUID(req.GetParent()), kind, asked, minimum)
		if err != nil {
			return nil, err
		}
		tx.Wrote(made.name())
		return &pb.CreateFeedbackRoundResponse{FeedbackRound: made.proto()}, nil
	})
}

// asked is what the rules in force at a time ask, and how many must have answered before anything is told of it: never
// fewer than Minimum, whatever the rules say.
func (s *Service) asked(m Moment, now time.Time) (questions []program.FeedbackQuestion, minimum int) {
	rules := program.InForce(s.rules, now.In(s.zone))
	if rules == nil {
		return nil, Minimum
	}
	for _, r := range rules.Feedback.Rounds.Value {
		if r.ID == string(m) {
			questions = r.Questions
		}
	}
	return questions, max(rules.Feedback.MinimumAnswers.Value, Minimum)
}

// CloseFeedbackRound closes a round. Its row is locked, as it is by whoever answers: what was answered is counted, and what
// comes later is refused.
func (s *Service) CloseFeedbackRound(ctx context.Context, req *pb.CloseFeedbackRoundRequest) (*pb.CloseFeedbackRoundResponse, error) {
	if err := s.authorizeLead(ctx, req.GetName()); err != nil {
		return nil, err
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.CloseFeedbackRoundResponse, error) {
		found, err := s.store.lockedRound(ctx, tx, req.GetName())
		if err != nil {
			return nil, err
		}
		if err := api.CheckEtag(ctx, req.ProtoReflect(), found.proto()); err != nil {
			return nil, err
		}
		to, err := roundLife.After("feedback round", found.row.State, "close")
		if err != nil {
			return nil, err
		}
		if err := s.store.closeRound(ctx, tx, found, to); err != nil {
			return nil, err
		}
		tx.Wrote(req.GetName())
		return &pb.CloseFeedbackRoundResponse{FeedbackRound: found.proto()}, nil
	})
}
