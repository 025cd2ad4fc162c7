package assessment

import (
	"context"
	"strings"

	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	pb "github.com/btlc/btlc/gen/go/btlc/assessment/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

// GetSubmission gets a submission.
func (s *Service) GetSubmission(ctx context.Context, req *pb.GetSubmissionRequest) (*pb.GetSubmissionResponse, error) {
	a, err := s.seen(ctx, api.LastUUID(req.GetName()), req.GetName())
	if err != nil {
		return nil, err
	}
	return &pb.GetSubmissionResponse{Submission: a.proto()}, nil
}

// ListSubmissions lists the submissions that the caller may see.
func (s *Service) ListSubmissions(ctx context.Context, req *pb.ListSubmissionsRequest) (*pb.ListSubmissionsResponse, error) {
	v := sight{}
	v.everywhere, v.scopes = access.Reach(ctx)
	if access.OnlyAs(ctx, accesspb.Role_ROLE_ASSESSOR) {
		v.assessor = access.CallerOf(ctx).Principal
	}
	return s.store.listSubmissions(ctx, req, v)
}

// CreateSubmission begins an attempt at an assessment.
func (s *Service) CreateSubmission(ctx context.Context, req *pb.CreateSubmissionRequest) (*pb.CreateSubmissionResponse, error) {
	person := req.GetSubmission().GetEducator()
	if err := access.Authorize(ctx, person, person); err != nil {
		return nil, err
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.CreateSubmissionResponse, error) {
		a, err := s.store.createSubmission(ctx, tx, req.GetSubmission())
		if err != nil {
			return nil, err
		}
		tx.Wrote(a.name())
		announceSubmission(tx, a, "CREATED")
		return &pb.CreateSubmissionResponse{Submission: a.proto()}, nil
	})
}

// UpdateSubmission changes the evidence of a draft.
func (s *Service) UpdateSubmission(ctx context.Context, req *pb.UpdateSubmissionRequest) (*pb.UpdateSubmissionResponse, error) {
	name := req.GetSubmission().GetName()
	if _, err := s.seen(ctx, api.LastUUID(name), name); err != nil {
		return nil, err
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.UpdateSubmissionResponse, error) {
		a, err := s.store.lockedSubmission(ctx, tx, name)
		if err != nil {
			return nil, err
		}
		next, err := api.ApplyMask(ctx, req, a.proto())
		if err != nil {
			return nil, err
		}
		if _, err := submissionLife.After("submission", a.row.State, "update"); err != nil {
			return nil, err
		}
		if a, err = s.store.updateSubmission(ctx, tx, a, next.Evidence); err != nil {
			return nil, err
		}
		tx.Wrote(name)
		announceSubmission(tx, a, "UPDATED")
		return &pb.UpdateSubmissionResponse{Submission: a.proto()}, nil
	})
}

// CheckCompleteness says what a submission lacks.
func (s *Service) CheckCompleteness(ctx context.Context, req *pb.CheckCompletenessRequest) (*pb.CheckCompletenessResponse, error) {
	a, err := s.seen(ctx, api.LastUUID(req.GetName()), req.GetName())
	if err != nil {
		return nil, err
	}
	results, err := s.store.completeness(ctx, s.store.db.Ent(), a)
	if err != nil {
		return nil, err
	}
	api.Saw(ctx, a.row.EducatorID)
	answer := &pb.CheckCompletenessResponse{Complete: true}
	for _, r := range results {
		answer.Complete = answer.Complete && r.complete()
		answer.Slots = append(answer.Slots, &pb.SlotCompleteness{Slot: r.Slot, Complete: r.complete(), Missing: r.Missing})
	}
	return answer, nil
}

// SubmitSubmission hands a submission in.
func (s *Service) SubmitSubmission(ctx context.Context, req *pb.SubmitSubmissionRequest) (*pb.SubmitSubmissionResponse, error) {
	if _, err := s.seen(ctx, api.LastUUID(req.GetName()), req.GetName()); err != nil {
		return nil, err
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.SubmitSubmissionResponse, error) {
		a, err := s.store.lockedSubmission(ctx, tx, req.GetName())
		if err != nil {
			return nil, err
		}
		if err := api.CheckEtag(ctx, req.ProtoReflect(), a.proto()); err != nil {
			return nil, err
		}
		to, err := submissionLife.After("submission", a.row.State, "submit")
		if err != nil {
			return nil, err
		}
		results, err := s.store.completeness(ctx, tx.Client, a)
		if err != nil {
			return nil, err
		}
		if err := incompleteError(results); err != nil {
			return nil, err
		}
		if err := s.store.moveSubmission(ctx, tx, a, to); err != nil {
			return nil, err
		}
		tx.Wrote(a.name())
		announceSubmission(tx, a, "UPDATED")
		return &pb.SubmitSubmissionResponse{Submission: a.proto()}, nil
	})
}

// incompleteError tells what is missing, a violation for each slot; nil when nothing is.
func incompleteError(results []slotResult) error {
	e := api.Errorf(api.SubmissionIncomplete, "The evidence is not complete: see what each slot lacks.")
	for _, r := range results {
		if !r.complete() {
			e.Violations = append(e.Violations, api.Violation{Field: r.Slot, Description: strings.Join(r.Missing, " ")})
		}
	}
	if e.Violations == nil {
		return nil
	}
	return e
}
