package enrollment

import (
	"context"
	"regexp"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/course"
	"github.com/btlc/btlc/ent/courseversion"
	"github.com/btlc/btlc/ent/predicate"
	"github.com/btlc/btlc/ent/term"
	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

type store struct {
	db   *database.DB
	zone *time.Location
}

// absent says that a field of a request names something that is not there.
func absent(field, what string) func() *api.Error {
	return func() *api.Error {
		e := api.Errorf(api.ReferenceNotFound, "The request names a %s that is not there.", what)
		e.Violations = []api.Violation{{Field: field, Description: "is a " + what + " that is there"}}
		return e
	}
}

func orMissing(err error, name string) error {
	if err == nil || ent.IsNotFound(err) {
		return api.Missing(name)
	}
	return err
}

var courseList = &api.ListSpec{Default: "name", Columns: map[string]api.Column{
	"name": {Name: course.FieldID, Kind: api.WordNameColumn}, "title": {Name: course.FieldTitle}, "create_time": {Name: course.FieldCreateTime, Kind: api.InstantColumn},
}}

// courseProtos are courses with the version that new sections take: one query, however many they are.
func (s store) courseProtos(ctx context.Context, rows []*ent.Course) ([]*pb.Course, error) {
	ids, out := make([]string, len(rows)), make([]*pb.Course, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	versions, err := s.db.Ent().CourseVersion.Query().Where(courseversion.CourseIDIn(ids...)).Order(ent.Asc(courseversion.FieldVersionNumber)).All(ctx)
	if err != nil {
		return nil, err
	}
	latest := map[string]string{}
	for _, v := range versions {
		latest[v.CourseID] = versionName(v)
	}
	for i, row := range rows {
		out[i] = &pb.Course{
			Name: api.Name("btlc/Course", row.ID), Title: row.Title, Description: row.Description, CoreSkill: row.CoreSkill,
			LatestVersion: latest[row.ID], CreateTime: api.Timestamp(row.CreateTime),
		}
	}
	return out, nil
}

func (s store) course(ctx context.Context, name string) (*pb.Course, error) {
	row, err := s.db.Ent().Course.Get(ctx, api.LastWord(name))
	if err != nil {
		return nil, orMissing(err, name)
	}
	out, err := s.courseProtos(ctx, []*ent.Course{row})
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

func (s store) listCourses(ctx context.Context, req *pb.ListCoursesRequest) (*pb.ListCoursesResponse, error) {
	q, err := api.ParseList(req, courseList)
	if err != nil {
		return nil, err
	}
	rows, err := s.db.Ent().Course.Query().Where(predicate.Course(q.Apply)).All(ctx)
	if err != nil {
		return nil, err
	}
	page, next := api.Page(q, rows, func(row *ent.Course) *ent.Course { return row })
	items, err := s.courseProtos(ctx, page)
	return &pb.ListCoursesResponse{Courses: items, NextPageToken: next}, err
}

var versionNames = regexp.MustCompile(`courses/[a-z0-9-]+/versions/[0-9]+`)

// withVersionIDs puts, in a filter, the ids of course versions for their names, which is what the sections' table keeps.
// A name of none becomes an id of none.
func (s store) withVersionIDs(ctx context.Context, filter string) (string, error) {
	if !versionNames.MatchString(filter) {
		return filter, nil
	}
	versions, err := s.db.Ent().CourseVersion.Query().All(ctx)
	if err != nil {
		return "", err
	}
	return versionNames.ReplaceAllStringFunc(filter, func(name string) string {
		for _, v := range versions {
			if versionName(v) == name {
				return v.ID.String()
			}
		}
		return uuid.Nil.String()
	}), nil
}

var termList = &api.ListSpec{Default: "start_date desc", Columns: map[string]api.Column{
	"name": {Name: term.FieldID, Kind: api.WordNameColumn}, "display_name": {Name: term.FieldDisplayName},
	"start_date": {Name: term.FieldStartDate, Kind: api.DayColumn}, "end_date": {Name: term.FieldEndDate, Kind: api.DayColumn},
	"create_time": {Name: term.FieldCreateTime, Kind: api.InstantColumn},
}}

func termProto(row *ent.Term) *pb.Term {
	return &pb.Term{
		Name: api.Name("btlc/Term", row.ID), DisplayName: row.DisplayName, StartDate: api.Date(row.StartDate), EndDate: api.Date(row.EndDate),
		CreateTime: api.Timestamp(row.CreateTime), UpdateTime: api.Timestamp(row.UpdateTime), Etag: api.Etag(row.Version),
	}
}

func (s store) term(ctx context.Context, name string) (*pb.Term, error) {
	row, err := s.db.Ent().Term.Get(ctx, api.LastWord(name))
	if err != nil {
		return nil, orMissing(err, name)
	}
	return termProto(row), nil
}

func (s store) listTerms(ctx context.Context, req *pb.ListTermsRequest) (*pb.ListTermsResponse, error) {
	q, err := api.ParseList(req, termList)
	if err != nil {
		return nil, err
	}
	rows, err := s.db.Ent().Term.Query().Where(predicate.Term(q.Apply)).All(ctx)
	if err != nil {
		return nil, err
	}
	items, next := api.Page(q, rows, termProto)
	return &pb.ListTermsResponse{Terms: items, NextPageToken: next}, nil
}

var termConflicts = api.Conflicts{
	"terms_pkey": func() *api.Error { return api.Errorf(api.AlreadyExists, "There is a term with this id already.") },
	"term_dates": func() *api.Error { return api.InvalidField("term.endDate", "is not before the first day") },
}

func (s store) createTerm(ctx context.Context, tx *database.Tx, id string, in *pb.Term) (*pb.Term, error) {
	start, err := api.Day("term.startDate", in.GetStartDate())
	if err != nil {
		return nil, err
	}
	end, err := api.Day("term.endDate", in.GetEndDate())
	if err != nil {
		return nil, err
	}
	row, err := tx.Term.Create().SetID(id).SetDisplayName(in.GetDisplayName()).SetStartDate(start).SetEndDate(end).
		SetCreateTime(tx.Now).SetUpdateTime(tx.Now).Save(ctx)
	if err != nil {
		return nil, termConflicts.Translate(err)
	}
	return termProto(row), nil
}

func (s store) updateTerm(ctx context.Context, tx *database.Tx, req *pb.UpdateTermRequest) (*pb.Term, error) {
	name := req.GetTerm().GetName()
	row, err := tx.Term.Query().Where(term.ID(api.LastWord(name))).ForUpdate().Only(ctx)
	if err != nil {
		return nil, orMissing(err, name)
	}
	next, err := api.ApplyMask(ctx, req, termProto(row))
	if err != nil {
		return nil, err
	}
	start, err := api.Day("term.startDate", next.StartDate)
	if err != nil {
		return nil, err
	}
	end, err := api.Day("term.endDate", next.EndDate)
	if err != nil {
		return nil, err
	}
	row, err = row.Update().SetDisplayName(next.DisplayName).SetStartDate(start).SetEndDate(end).SetUpdateTime(tx.Now).AddVersion(1).Save(ctx)
	if err != nil {
		return nil, termConflicts.Translate(err)
	}
	return termProto(row), nil
}
