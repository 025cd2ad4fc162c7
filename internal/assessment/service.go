// Package assessment holds the competency framework, takes submissions of evidence, has them scored, and records the
// competencies attained.
package assessment

import (
	"context"

	"github.com/google/uuid"

	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	pb "github.com/btlc/btlc/gen/go/btlc/assessment/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

// Service answers for frameworks, submissions, score sheets and attainments.
type Service struct {
	pb.UnimplementedAssessmentServiceServer
	store store
}

// New makes the service.
func New(db *database.DB) *Service { return &Service{store: store{db}} }

// seen is a submission that the caller may see. Its scope is the educator alone: places that employ them have no part in
// submissions. asked is the name that the caller gave: the submission's, or of what belongs to it.
func (s *Service) seen(ctx context.Context, submission uuid.UUID, asked string) (*attempt, error) {
	a, err := s.store.submission(ctx, submission, asked)
	if err != nil {
		return nil, err
	}
	if err := access.Authorize(ctx, asked, a.educator()); err != nil {
		return nil, err
	}
	if !access.OnlyAs(ctx, accesspb.Role_ROLE_ASSESSOR, a.educator()) {
		return a, nil
	}
	scored, err := s.store.scoredBy(ctx, a.row.ID, access.CallerOf(ctx).Principal)
	if err != nil {
		return nil, err
	}
	if !assessorMaySee(a.row.State, scored) {
		return nil, api.Missing(asked)
	}
	return a, nil
}

// GetFramework gets a framework.
func (s *Service) GetFramework(ctx context.Context, req *pb.GetFrameworkRequest) (*pb.GetFrameworkResponse, error) {
	f, err := s.store.framework(ctx, req.GetName())
	return &pb.GetFrameworkResponse{Framework: f}, err
}

// ListFrameworks lists frameworks.
func (s *Service) ListFrameworks(ctx context.Context, req *pb.ListFrameworksRequest) (*pb.ListFrameworksResponse, error) {
	return s.store.listFrameworks(ctx, req)
}

// GetAttainment gets an attainment.
func (s *Service) GetAttainment(ctx context.Context, req *pb.GetAttainmentRequest) (*pb.GetAttainmentResponse, error) {
	id := api.PartUUID(req.GetName(), 0)
	if err := access.Authorize(ctx, req.GetName(), api.Name("btlc/Educator", id)); err != nil {
		return nil, err
	}
	api.Saw(ctx, id)
	a, err := s.store.attainment(ctx, req.GetName())
	return &pb.GetAttainmentResponse{Attainment: a}, err
}

// ListAttainments lists what an educator has attained.
func (s *Service) ListAttainments(ctx context.Context, req *pb.ListAttainmentsRequest) (*pb.ListAttainmentsResponse, error) {
	if err := access.Authorize(ctx, req.GetParent(), req.GetParent()); err != nil {
		return nil, err
	}
	id := api.LastUUID(req.GetParent())
	if found, err := s.store.educatorExists(ctx, id); err != nil {
		return nil, err
	} else if !found {
		return nil, api.Missing(req.GetParent())
	}
	api.Saw(ctx, id)
	return s.store.listAttainments(ctx, req)
}

// announceSubmission puts a change of a submission on the program's feed alone: neither districts nor institutions have
// a part in it.
func announceSubmission(tx *database.Tx, a *attempt, kind string) {
	tx.Concerns(append([]uuid.UUID{a.row.EducatorID}, a.colleagues()...)...)
	tx.Emit(database.Change{
		Streams: []string{"program"}, Resource: a.name(), Type: "btlc/Submission", Version: a.row.Version, Kind: kind,
		NaturalKeys: map[string]map[string]string{"program": {"educator": a.educator()}},
		State:       map[string]any{"educator": a.educator(), "assessment": a.assessment(), "state": a.row.State},
	})
}
