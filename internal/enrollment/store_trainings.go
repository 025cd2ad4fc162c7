package enrollment

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/educator"
	"github.com/btlc/btlc/ent/predicate"
	enttraining "github.com/btlc/btlc/ent/training"
	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

var trainingList = &api.ListSpec{Default: "complete_date", Columns: map[string]api.Column{
	"role_family": {Name: enttraining.FieldRoleFamilyID, Kind: api.WordNameColumn, FilterOnly: true}, "complete_date": {Name: enttraining.FieldCompleteDate, Kind: api.DayColumn},
	"create_time": {Name: enttraining.FieldCreateTime, Kind: api.InstantColumn},
}}

var trainingConflicts = api.Conflicts{
	"trainings_educators_educator":        absent("parent", "educator"),
	"trainings_role_families_role_family": absent("training.roleFamily", "role family"),
}

func trainingProto(row *ent.Training) *pb.Training {
	return &pb.Training{
		Name: api.Name("btlc/Training", row.EducatorID, row.ID), Title: row.Title, Provider: row.Provider, RoleFamily: api.Name("btlc/RoleFamily", row.RoleFamilyID),
		Minutes: row.Minutes, CompleteDate: api.Date(row.CompleteDate), Note: row.Note, RecordedBy: row.RecordedBy, CreateTime: api.Timestamp(row.CreateTime),
		VoidTime: api.OptionalTimestamp(row.VoidTime), VoidReason: row.VoidReason,
		UpdateTime: api.Timestamp(row.UpdateTime), Etag: api.Etag(row.Version),
	}
}

func ofTraining(name string) predicate.Training {
	return enttraining.And(enttraining.ID(api.LastUUID(name)), enttraining.EducatorID(api.PartUUID(name, 0)))
}

func (s store) training(ctx context.Context, name string) (*pb.Training, error) {
	row, err := s.db.Ent().Training.Query().Where(ofTraining(name)).Only(ctx)
	if err != nil {
		return nil, orMissing(err, name)
	}
	return trainingProto(row), nil
}

// checkEducator says whether there is an educator of that name.
func (s store) checkEducator(ctx context.Context, db *ent.Client, name string) error {
	if found, err := db.Educator.Query().Where(educator.ID(api.LastUUID(name))).Exist(ctx); err != nil || !found {
		return orMissing(err, name)
	}
	return nil
}

// listTrainings lists the trainings of educators, or of all, and says whose they are.
func (s store) listTrainings(ctx context.Context, req *pb.ListTrainingsRequest, everywhere bool, educators []uuid.UUID) (*pb.ListTrainingsResponse, []uuid.UUID, error) {
	q, err := api.ParseList(req, trainingList)
	if err != nil {
		return nil, nil, err
	}
	query := s.db.Ent().Training.Query()
	if !everywhere {
		query.Where(enttraining.EducatorIDIn(educators...))
	}
	rows, err := query.Where(predicate.Training(q.Apply)).All(ctx)
	if err != nil {
		return nil, nil, err
	}
	var whose []uuid.UUID
	items, next := api.Page(q, rows, func(row *ent.Training) *pb.Training {
		whose = append(whose, row.EducatorID)
		return trainingProto(row)
	})
	return &pb.ListTrainingsResponse{Trainings: items, NextPageToken: next}, whose, nil
}

// createTraining records a training of an educator, by their name. Which day it is today UTC says: a day that has begun
// nowhere is refused, and none that is over somewhere.
func (s store) createTraining(ctx context.Context, tx *database.Tx, parent string, in *pb.Training) (*pb.Training, error) {
	day, err := api.Day("training.completeDate", in.GetCompleteDate())
	if err != nil {
		return nil, err
	}
	if today := api.LocalDay(tx.Now, time.UTC); day.After(today) {
		return nil, api.InvalidField("training.completeDate", "is not after today, %s: a training is recorded when it is completed", today.Format(time.DateOnly))
	}
	if err := s.checkEducator(ctx, tx.Client, parent); err != nil {
		return nil, err
	}
	row, err := tx.Training.Create().SetEducatorID(api.LastUUID(parent)).SetRoleFamilyID(api.LastWord(in.GetRoleFamily())).SetTitle(in.GetTitle()).SetProvider(in.GetProvider()).
		SetMinutes(in.GetMinutes()).SetCompleteDate(day).SetNote(in.GetNote()).SetRecordedBy(api.CallOf(ctx).Principal).
		SetCreateTime(tx.Now).SetUpdateTime(tx.Now).Save(ctx)
	if err != nil {
		return nil, trainingConflicts.Translate(err)
	}
	return trainingProto(row), nil
}

// voidTraining takes back that a training counts, once.
func (s store) voidTraining(ctx context.Context, tx *database.Tx, req *pb.VoidTrainingRequest) (*pb.Training, error) {
	name := req.GetName()
	row, err := tx.Training.Query().Where(ofTraining(name)).ForUpdate().Only(ctx)
	if err != nil {
		return nil, orMissing(err, name)
	}
	if err := api.CheckEtag(ctx, req.ProtoReflect(), trainingProto(row)); err != nil {
		return nil, err
	}
	if row.VoidTime != nil {
		return nil, api.Errorf(api.StateConflict, "The training was voided on %s.", row.VoidTime.Format(time.DateOnly)).With("state", "VOIDED")
	}
	row, err = row.Update().SetVoidTime(tx.Now).SetVoidReason(req.GetReason()).SetUpdateTime(tx.Now).AddVersion(1).Save(ctx)
	if err != nil {
		return nil, err
	}
	return trainingProto(row), nil
}
