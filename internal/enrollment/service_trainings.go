package enrollment

import (
	"context"
	"time"

	"github.com/google/uuid"

	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

// GetTraining gets a training.
func (s *Service) GetTraining(ctx context.Context, req *pb.GetTrainingRequest) (*pb.GetTrainingResponse, error) {
	taken, err := s.store.training(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	api.Saw(ctx, api.PartUUID(req.GetName(), 0))
	return &pb.GetTrainingResponse{Training: taken}, nil
}

// ListTrainings lists the trainings of an educator, or of all whom the caller may see.
func (s *Service) ListTrainings(ctx context.Context, req *pb.ListTrainingsRequest) (*pb.ListTrainingsResponse, error) {
	everywhere, educators := reach(ctx)
	if parent := req.GetParent(); api.LastWord(parent) != "-" {
		if err := access.Authorize(ctx, parent, parent); err != nil {
			return nil, err
		}
		everywhere, educators = false, []uuid.UUID{api.LastUUID(parent)}
		if err := s.store.checkEducator(ctx, s.store.db.Ent(), parent); err != nil {
			return nil, err
		}
	}
	answer, whose, err := s.store.listTrainings(ctx, req, everywhere, educators)
	if err != nil {
		return nil, err
	}
	api.Saw(ctx, whose...)
	return answer, nil
}

// CreateTraining records a training.
func (s *Service) CreateTraining(ctx context.Context, req *pb.CreateTrainingRequest) (*pb.CreateTrainingResponse, error) {
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.CreateTrainingResponse, error) {
		made, err := s.store.createTraining(ctx, tx, req.GetParent(), req.GetTraining())
		if err != nil {
			return nil, err
		}
		announceTraining(tx, made, "CREATED")
		return &pb.CreateTrainingResponse{Training: made}, nil
	})
}

// VoidTraining voids a training that was recorded in error.
func (s *Service) VoidTraining(ctx context.Context, req *pb.VoidTrainingRequest) (*pb.VoidTrainingResponse, error) {
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.VoidTrainingResponse, error) {
		voided, err := s.store.voidTraining(ctx, tx, req)
		if err != nil {
			return nil, err
		}
		announceTraining(tx, voided, "UPDATED")
		return &pb.VoidTrainingResponse{Training: voided}, nil
	})
}

// announceTraining puts a training on the program's feed; districts hear of the credential that comes of it.
func announceTraining(tx *database.Tx, t *pb.Training, kind string) {
	tx.Wrote(t.Name)
	tx.Concerns(api.PartUUID(t.Name, 0))
	day := time.Date(int(t.CompleteDate.Year), time.Month(t.CompleteDate.Month), int(t.CompleteDate.Day), 0, 0, 0, 0, time.UTC)
	tx.Emit(database.Change{
		Streams: []string{"program"}, Resource: t.Name, Type: "btlc/Training", Version: api.VersionOf(t.Etag), Kind: kind,
		State: map[string]any{"roleFamily": t.RoleFamily, "minutes": t.Minutes, "completeDate": day.Format(time.DateOnly), "voided": t.VoidTime != nil},
	})
}
