package directory

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/educator"
	"github.com/btlc/btlc/ent/employment"
	"github.com/btlc/btlc/ent/predicate"
	"github.com/btlc/btlc/ent/school"
	pb "github.com/btlc/btlc/gen/go/btlc/directory/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/record"
)

var employmentList = &api.ListSpec{Default: "start_date desc", Columns: map[string]api.Column{
	"district": {Name: employment.FieldDistrictID, Kind: api.WordNameColumn}, "start_date": {Name: employment.FieldStartDate, Kind: api.DayColumn},
	"end_date": {Name: employment.FieldEndDate, Kind: api.DayColumn, FilterOnly: true}, "create_time": {Name: employment.FieldCreateTime, Kind: api.InstantColumn},
}}

func employmentProto(row *ent.Employment) *pb.Employment {
	out := &pb.Employment{
		Name: api.Name("btlc/Employment", row.EducatorID, row.ID), District: api.Name("btlc/District", row.DistrictID), Title: row.Title,
		StartDate: api.Date(row.StartDate), EndDate: api.OptionalDate(row.EndDate),
		CreateTime: api.Timestamp(row.CreateTime), UpdateTime: api.Timestamp(row.UpdateTime), Etag: api.Etag(row.Version),
	}
	if row.SchoolID != nil {
		out.School = api.Name("btlc/School", row.DistrictID, *row.SchoolID)
	}
	return out
}

func ofEmployment(name string) predicate.Employment {
	return employment.And(employment.ID(api.LastUUID(name)), employment.EducatorID(api.PartUUID(name, 0)))
}

func (s store) employment(ctx context.Context, db *ent.Client, name string) (*pb.Employment, error) {
	row, err := db.Employment.Query().Where(ofEmployment(name)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, api.Missing(name)
	} else if err != nil {
		return nil, err
	}
	return employmentProto(row), nil
}

func (s store) educatorExists(ctx context.Context, db *ent.Client, id uuid.UUID) (bool, error) {
	return db.Educator.Query().Where(educator.ID(id)).Exist(ctx)
}

// listEmployments lists those of an educator everywhere, or in the districts.
func (s store) listEmployments(ctx context.Context, req *pb.ListEmploymentsRequest, everywhere bool, districts []string) (*pb.ListEmploymentsResponse, error) {
	q, err := api.ParseList(req, employmentList)
	if err != nil {
		return nil, err
	}
	query := s.db.Ent().Employment.Query().Where(employment.EducatorID(api.LastUUID(req.GetParent())))
	if !everywhere {
		ids := make([]string, len(districts))
		for i, name := range districts {
			ids[i] = api.LastWord(name)
		}
		query.Where(employment.DistrictIDIn(ids...))
	}
	rows, err := query.Where(predicate.Employment(q.Apply)).All(ctx)
	if err != nil {
		return nil, err
	}
	items, next := api.Page(q, rows, employmentProto)
	return &pb.ListEmploymentsResponse{Employments: items, NextPageToken: next}, nil
}

// checkSchool says whether a school is one of the district.
func (s store) checkSchool(ctx context.Context, tx *database.Tx, e *pb.Employment) error {
	if e.School == "" {
		return nil
	}
	found, err := tx.School.Query().Where(ofSchool(e.School), school.DistrictID(api.LastWord(e.District))).Exist(ctx)
	if err != nil {
		return err
	} else if !found {
		return api.InvalidField("employment.school", "is a school of %s", e.District)
	}
	return nil
}

// changeEmployment carries out a change of an employment, and tells the district which credentials it sees by it. The district is
// held before the person: until this is there, its stream is told of no other day.
func (s store) changeEmployment(ctx context.Context, tx *database.Tx, educator uuid.UUID, district string, change func() error) error {
	if _, err := tx.ExecContext(ctx, `SELECT FROM districts WHERE id = $1 FOR SHARE`, api.LastWord(district)); err != nil {
		return err
	}
	if err := record.Hold(ctx, tx, educator); err != nil {
		return err
	}
	return record.Retell(ctx, tx, []uuid.UUID{educator}, change)
}

var employmentConflicts = api.Conflicts{
	"employments_districts_district": func() *api.Error { return api.InvalidField("employment.district", "is a district that is there") },
	"employment_dates": func() *api.Error {
		return api.InvalidField("employment.endDate", "is not before the first day")
	},
}

func newEmployment(tx *database.Tx, educator uuid.UUID, district string, school *uuid.UUID, start time.Time) *ent.EmploymentCreate {
	return tx.Employment.Create().SetEducatorID(educator).SetDistrictID(district).SetNillableSchoolID(school).SetStartDate(start).SetCreateTime(tx.Now).SetUpdateTime(tx.Now)
}

func (s store) createEmployment(ctx context.Context, tx *database.Tx, educator uuid.UUID, in *pb.Employment) (*pb.Employment, error) {
	start, err := api.Day("employment.startDate", in.StartDate)
	if err != nil {
		return nil, err
	}
	end, err := api.OptionalDay("employment.endDate", in.EndDate)
	if err != nil {
		return nil, err
	}
	if err := s.checkSchool(ctx, tx, in); err != nil {
		return nil, err
	}
	row, err := newEmployment(tx, educator, api.LastWord(in.District), api.OptionalUUID(in.School), start).SetTitle(in.Title).SetNillableEndDate(end).Save(ctx)
	if err != nil {
		return nil, employmentConflicts.Translate(err)
	}
	return employmentProto(row), nil
}

func (s store) updateEmployment(ctx context.Context, tx *database.Tx, req *pb.UpdateEmploymentRequest) (*pb.Employment, error) {
	row, err := tx.Employment.Query().Where(ofEmployment(req.GetEmployment().GetName())).ForUpdate().Only(ctx)
	if ent.IsNotFound(err) {
		return nil, api.Missing(req.GetEmployment().GetName())
	} else if err != nil {
		return nil, err
	}
	next, err := api.ApplyMask(ctx, req, employmentProto(row))
	if err != nil {
		return nil, err
	}
	start, err := api.Day("employment.startDate", next.StartDate)
	if err != nil {
		return nil, err
	}
	end, err := api.OptionalDay("employment.endDate", next.EndDate)
	if err != nil {
		return nil, err
	}
	if err := s.checkSchool(ctx, tx, next); err != nil {
		return nil, err
	}
	update := row.Update().SetTitle(next.Title).SetStartDate(start).SetUpdateTime(tx.Now).AddVersion(1)
	// ent writes a column twice that is cleared and set.
	if end != nil {
		update.SetEndDate(*end)
	} else {
		update.ClearEndDate()
	}
	if next.School != "" {
		update.SetSchoolID(api.LastUUID(next.School))
	} else {
		update.ClearSchoolID()
	}
	if row, err = update.Save(ctx); err != nil {
		return nil, employmentConflicts.Translate(err)
	}
	return employmentProto(row), nil
}
