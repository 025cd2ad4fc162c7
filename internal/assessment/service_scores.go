package assessment

import (
	"context"

	pb "github.com/btlc/btlc/gen/go/btlc/assessment/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/record"
)

// GetScoreSheet gets a score sheet; who may see the submission may see it.
func (s *Service) GetScoreSheet(ctx context.Context, req *pb.GetScoreSheetRequest) (*pb.GetScoreSheetResponse, error) {
	a, err := s.seen(ctx, api.PartUUID(req.GetName(), 0), req.GetName())
	if err != nil {
		return nil, err
	}
	api.Saw(ctx, a.row.EducatorID)
	sheet, err := s.store.scoreSheet(ctx, req.GetName())
	return &pb.GetScoreSheetResponse{ScoreSheet: sheet}, err
}

// ListScoreSheets lists the score sheets of a submission.
func (s *Service) ListScoreSheets(ctx context.Context, req *pb.ListScoreSheetsRequest) (*pb.ListScoreSheetsResponse, error) {
	a, err := s.seen(ctx, api.LastUUID(req.GetParent()), req.GetParent())
	if err != nil {
		return nil, err
	}
	api.Saw(ctx, a.row.EducatorID)
	return s.store.listScoreSheets(ctx, req)
}

// SubmitScoreSheet scores a submission; a demonstrated one attains its competency.
func (s *Service) SubmitScoreSheet(ctx context.Context, req *pb.SubmitScoreSheetRequest) (*pb.SubmitScoreSheetResponse, error) {
	seen, err := s.seen(ctx, api.LastUUID(req.GetParent()), req.GetParent())
	if err != nil {
		return nil, err
	}
	if access.Is(ctx, seen.educator()) {
		return nil, api.Errorf(api.OwnWork, "The submission is your own: somebody else scores it.")
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.SubmitScoreSheetResponse, error) {
		a, err := s.store.lockedSubmission(ctx, tx, req.GetParent())
		if err != nil {
			return nil, err
		}
		to, err := submissionLife.After("submission", a.row.State, finding(api.EnumWord(req.GetScoreSheet().GetOutcome())))
		if err != nil {
			return nil, err
		}
		sheet, err := s.store.createScoreSheet(ctx, tx, a, req.GetScoreSheet(), access.CallerOf(ctx).Principal)
		if err != nil {
			return nil, err
		}
		if err := s.store.moveSubmission(ctx, tx, a, to); err != nil {
			return nil, err
		}
		if to == demonstrated {
			if err := s.attain(ctx, tx, a); err != nil {
				return nil, err
			}
		}
		tx.Wrote(sheet.Name)
		announceSubmission(tx, a, "UPDATED")
		return &pb.SubmitScoreSheetResponse{ScoreSheet: sheet, Submission: a.proto()}, nil
	})
}

// attain records the competency, unless the person has attained it before, and tells those whom it concerns.
func (s *Service) attain(ctx context.Context, tx *database.Tx, a *attempt) error {
	attained, err := s.store.attain(ctx, tx, a)
	if err != nil || attained == nil {
		return err
	}
	streams, keys, err := record.Audience(ctx, tx.Client, a.row.EducatorID, tx.Now)
	if err != nil {
		return err
	}
	tx.Emit(database.Change{
		Streams: streams, Resource: attained.Name, Type: "btlc/Attainment", Version: 1, Kind: "CREATED", NaturalKeys: keys,
		State: map[string]any{"educator": a.educator(), "competency": attained.Competency},
	})
	return nil
}
