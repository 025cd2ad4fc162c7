package assessment

import (
	"context"
	stdsql "database/sql"
	"errors"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/attainment"
	"github.com/btlc/btlc/ent/competency"
	"github.com/btlc/btlc/ent/educator"
	"github.com/btlc/btlc/ent/predicate"
	"github.com/btlc/btlc/ent/scoresheet"
	pb "github.com/btlc/btlc/gen/go/btlc/assessment/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

var (
	scoreSheetList = &api.ListSpec{Default: "create_time", Columns: map[string]api.Column{
		"outcome": api.EnumColumn[pb.ScoreOutcome](scoresheet.FieldOutcome), "create_time": {Name: scoresheet.FieldCreateTime, Kind: api.InstantColumn},
	}}
	attainmentList = &api.ListSpec{Default: "attain_time", Columns: map[string]api.Column{
		"competency": {Name: `"competency"."code"`, FilterOnly: true}, "framework": {Name: `"competency"."framework_id"`, Kind: api.WordNameColumn, FilterOnly: true},
		"attain_time": {Name: attainment.FieldAttainTime, Kind: api.InstantColumn}, "create_time": {Name: attainment.FieldCreateTime, Kind: api.InstantColumn},
	}}
)

func scoreSheetProto(row *ent.ScoreSheet) *pb.ScoreSheet {
	return &pb.ScoreSheet{
		Name: api.Name("btlc/ScoreSheet", row.SubmissionID, row.ID), Outcome: api.EnumOf[pb.ScoreOutcome](row.Outcome), Rationale: row.Rationale,
		Assessor: row.Assessor, CreateTime: api.Timestamp(row.CreateTime),
	}
}

func (s store) scoreSheet(ctx context.Context, name string) (*pb.ScoreSheet, error) {
	row, err := s.db.Ent().ScoreSheet.Query().Where(scoresheet.ID(api.LastUUID(name)), scoresheet.SubmissionID(api.PartUUID(name, 0))).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, api.Missing(name)
	} else if err != nil {
		return nil, err
	}
	return scoreSheetProto(row), nil
}

func (s store) listScoreSheets(ctx context.Context, req *pb.ListScoreSheetsRequest) (*pb.ListScoreSheetsResponse, error) {
	q, err := api.ParseList(req, scoreSheetList)
	if err != nil {
		return nil, err
	}
	rows, err := s.db.Ent().ScoreSheet.Query().Where(scoresheet.SubmissionID(api.LastUUID(req.GetParent())), predicate.ScoreSheet(q.Apply)).All(ctx)
	if err != nil {
		return nil, err
	}
	items, next := api.Page(q, rows, scoreSheetProto)
	return &pb.ListScoreSheetsResponse{ScoreSheets: items, NextPageToken: next}, nil
}

var scoreConflicts = api.Conflicts{
	"score_sheet_once": func() *api.Error { return api.Errorf(api.StateConflict, "The submission is scored already.") },
}

func (s store) createScoreSheet(ctx context.Context, tx *database.Tx, a *attempt, in *pb.ScoreSheet, assessor string) (*pb.ScoreSheet, error) {
	row, err := tx.ScoreSheet.Create().SetSubmissionID(a.row.ID).SetOutcome(api.EnumWord(in.Outcome)).SetRationale(in.Rationale).SetAssessor(assessor).
		SetCreateTime(tx.Now).Save(ctx)
	if err != nil {
		return nil, scoreConflicts.Translate(err)
	}
	return scoreSheetProto(row), nil
}

func attainmentProto(row *ent.Attainment) *pb.Attainment {
	return &pb.Attainment{
		Name: api.Name("btlc/Attainment", row.EducatorID, row.ID), Framework: api.Name("btlc/Framework", row.Edges.Competency.FrameworkID),
		Competency: row.Edges.Competency.Code, Submission: api.Name("btlc/Submission", row.SubmissionID), AttainTime: api.Timestamp(row.AttainTime),
		CreateTime: api.Timestamp(row.CreateTime),
	}
}

// attain records that a submission has shown its competency; nil when the person had shown it before.
func (s store) attain(ctx context.Context, tx *database.Tx, a *attempt) (*pb.Attainment, error) {
	id, err := tx.Attainment.Create().SetEducatorID(a.row.EducatorID).SetCompetencyID(a.row.Edges.Assessment.CompetencyID).SetSubmissionID(a.row.ID).
		SetAttainTime(tx.Now).SetCreateTime(tx.Now).OnConflictColumns(attainment.FieldEducatorID, attainment.FieldCompetencyID).DoNothing().ID(ctx)
	if errors.Is(err, stdsql.ErrNoRows) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	row, err := tx.Attainment.Query().Where(attainment.ID(id)).WithCompetency().Only(ctx)
	if err != nil {
		return nil, err
	}
	return attainmentProto(row), nil
}

func (s store) attainment(ctx context.Context, name string) (*pb.Attainment, error) {
	row, err := s.db.Ent().Attainment.Query().Where(attainment.ID(api.LastUUID(name)), attainment.EducatorID(api.PartUUID(name, 0))).WithCompetency().Only(ctx)
	if ent.IsNotFound(err) {
		return nil, api.Missing(name)
	} else if err != nil {
		return nil, err
	}
	return attainmentProto(row), nil
}

func (s store) educatorExists(ctx context.Context, id uuid.UUID) (bool, error) {
	return s.db.Ent().Educator.Query().Where(educator.ID(id)).Exist(ctx)
}

func (s store) listAttainments(ctx context.Context, req *pb.ListAttainmentsRequest) (*pb.ListAttainmentsResponse, error) {
	q, err := api.ParseList(req, attainmentList)
	if err != nil {
		return nil, err
	}
	rows, err := s.db.Ent().Attainment.Query().WithCompetency().Where(func(q *sql.Selector) {
		competencies := sql.Table(competency.Table).As("competency")
		q.Join(competencies).On(q.C(attainment.FieldCompetencyID), competencies.C(competency.FieldID))
	}, attainment.EducatorID(api.LastUUID(req.GetParent())), predicate.Attainment(q.Apply)).All(ctx)
	if err != nil {
		return nil, err
	}
	items, next := api.Page(q, rows, attainmentProto)
	return &pb.ListAttainmentsResponse{Attainments: items, NextPageToken: next}, nil
}
