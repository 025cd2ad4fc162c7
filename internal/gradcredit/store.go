package gradcredit

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/agreement"
	"github.com/btlc/btlc/ent/agreementcourse"
	"github.com/btlc/btlc/ent/predicate"
	pb "github.com/btlc/btlc/gen/go/btlc/gradcredit/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/record"
)

type store struct {
	db       *database.DB
	policies *record.Policies
}

var conflicts = api.Conflicts{
	"agreement_dates": func() *api.Error {
		return api.InvalidField("agreement.endDate", "is not before the first day")
	},
	"agreements_institutions_institution": absent("an institution"),
	"agreement_courses_courses_course":    absent("a course"),
	"consents_institutions_institution":   absent("an institution"),
	"credit_request_once": func() *api.Error {
		return api.Errorf(api.AlreadyExists, "Credit has been requested for this registration: withdraw that request first to ask another institution.")
	},
	"credit_posted_once": func() *api.Error {
		return api.Errorf(api.CreditPosted, "A posting for this request stands: retract that first if it was wrong.")
	},
	"consent_once": func() *api.Error {
		return api.Errorf(api.AlreadyExists, "There is a consent to this institution already.")
	},
}

func absent(what string) func() *api.Error {
	return func() *api.Error { return api.Errorf(api.ReferenceNotFound, "It names %s that is not there.", what) }
}

var agreementList = &api.ListSpec{Default: "start_date", Columns: map[string]api.Column{
	"institution": {Name: agreement.FieldInstitutionID, Kind: api.WordNameColumn}, "start_date": {Name: agreement.FieldStartDate, Kind: api.DayColumn},
	"end_date": {Name: agreement.FieldEndDate, Kind: api.DayColumn}, "create_time": {Name: agreement.FieldCreateTime, Kind: api.InstantColumn},
}}

func agreementProto(row *ent.Agreement, courses []string) *pb.Agreement {
	out := &pb.Agreement{
		Name: api.Name("btlc/Agreement", row.ID), Institution: api.Name("btlc/Institution", row.InstitutionID), Credits: row.Credits,
		DegreeEligibility: api.EnumOf[pb.DegreeEligibility](row.DegreeEligibility), StartDate: api.Date(row.StartDate), EndDate: api.OptionalDate(row.EndDate),
		Assumption: row.Assumption, CreateTime: api.Timestamp(row.CreateTime), UpdateTime: api.Timestamp(row.UpdateTime), Etag: api.Etag(row.Version),
	}
	for _, course := range courses {
		out.Courses = append(out.Courses, api.Name("btlc/Course", course))
	}
	return out
}

// coursesOf are the courses of agreements, in the order they were named: one query, however many agreements.
func coursesOf(ctx context.Context, db *ent.Client, agreements ...*ent.Agreement) (map[uuid.UUID][]string, error) {
	ids := make([]uuid.UUID, len(agreements))
	for i, a := range agreements {
		ids[i] = a.ID
	}
	rows, err := db.AgreementCourse.Query().Where(agreementcourse.AgreementIDIn(ids...)).Order(ent.Asc(agreementcourse.FieldID)).All(ctx)
	if err != nil {
		return nil, err
	}
	courses := map[uuid.UUID][]string{}
	for _, row := range rows {
		courses[row.AgreementID] = append(courses[row.AgreementID], row.CourseID)
	}
	return courses, nil
}

func (s store) agreement(ctx context.Context, name string) (*pb.Agreement, error) {
	row, err := s.db.Ent().Agreement.Get(ctx, api.LastUUID(name))
	if ent.IsNotFound(err) {
		return nil, api.Missing(name)
	} else if err != nil {
		return nil, err
	}
	courses, err := coursesOf(ctx, s.db.Ent(), row)
	return agreementProto(row, courses[row.ID]), err
}

func (s store) listAgreements(ctx context.Context, req *pb.ListAgreementsRequest) (*pb.ListAgreementsResponse, error) {
	q, err := api.ParseList(req, agreementList)
	if err != nil {
		return nil, err
	}
	rows, err := s.db.Ent().Agreement.Query().Where(predicate.Agreement(q.Apply)).All(ctx)
	if err != nil {
		return nil, err
	}
	courses, err := coursesOf(ctx, s.db.Ent(), rows...)
	if err != nil {
		return nil, err
	}
	items, next := api.Page(q, rows, func(row *ent.Agreement) *pb.Agreement { return agreementProto(row, courses[row.ID]) })
	return &pb.ListAgreementsResponse{Agreements: items, NextPageToken: next}, nil
}

// days are the first and the last day of an agreement.
func days(in *pb.Agreement) (start time.Time, end *time.Time, err error) {
	if start, err = api.Day("agreement.startDate", in.StartDate); err != nil {
		return start, nil, err
	}
	end, err = api.OptionalDay("agreement.endDate", in.EndDate)
	return start, end, err
}

func (s store) createAgreement(ctx context.Context, tx *database.Tx, in *pb.Agreement) (*pb.Agreement, error) {
	start, end, err := days(in)
	if err != nil {
		return nil, err
	}
	row, err := tx.Agreement.Create().SetInstitutionID(api.LastWord(in.Institution)).SetCredits(in.Credits).SetDegreeEligibility(api.EnumWord(in.DegreeEligibility)).
		SetStartDate(start).SetNillableEndDate(end).SetAssumption(in.Assumption).SetCreateTime(tx.Now).SetUpdateTime(tx.Now).Save(ctx)
	if err != nil {
		return nil, conflicts.Translate(err)
	}
	courses, err := writeCourses(ctx, tx, row.ID, in.Courses)
	return agreementProto(row, courses), err
}

func writeCourses(ctx context.Context, tx *database.Tx, id uuid.UUID, names []string) (courses []string, err error) {
	rows := make([]*ent.AgreementCourseCreate, len(names))
	for i, name := range names {
		courses = append(courses, api.LastWord(name))
		rows[i] = tx.AgreementCourse.Create().SetAgreementID(id).SetCourseID(courses[i]).SetCreateTime(tx.Now)
	}
	return courses, conflicts.Translate(tx.AgreementCourse.CreateBulk(rows...).Exec(ctx))
}

func (s store) updateAgreement(ctx context.Context, tx *database.Tx, req *pb.UpdateAgreementRequest) (*pb.Agreement, error) {
	name := req.GetAgreement().GetName()
	row, err := tx.Agreement.Query().Where(agreement.ID(api.LastUUID(name))).ForUpdate().Only(ctx)
	if ent.IsNotFound(err) {
		return nil, api.Missing(name)
	} else if err != nil {
		return nil, err
	}
	courses, err := coursesOf(ctx, tx.Client, row)
	if err != nil {
		return nil, err
	}
	current := agreementProto(row, courses[row.ID])
	next, err := api.ApplyMask(ctx, req, current)
	if err != nil {
		return nil, err
	}
	start, end, err := days(next)
	if err != nil {
		return nil, err
	}
	update := row.Update().SetCredits(next.Credits).SetDegreeEligibility(api.EnumWord(next.DegreeEligibility)).SetStartDate(start).SetNillableEndDate(end).
		SetAssumption(next.Assumption).SetUpdateTime(tx.Now).AddVersion(1)
	if end == nil {
		update.ClearEndDate()
	}
	if row, err = update.Save(ctx); err != nil {
		return nil, conflicts.Translate(err)
	}
	if slices.Equal(next.Courses, current.Courses) {
		return agreementProto(row, courses[row.ID]), nil
	}
	if _, err := tx.AgreementCourse.Delete().Where(agreementcourse.AgreementID(row.ID)).Exec(ctx); err != nil {
		return nil, err
	}
	written, err := writeCourses(ctx, tx, row.ID, next.Courses)
	return agreementProto(row, written), err
}
