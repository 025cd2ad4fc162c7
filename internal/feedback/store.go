package feedback

import (
	"context"
	"strings"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/course"
	"github.com/btlc/btlc/ent/courseversion"
	"github.com/btlc/btlc/ent/feedbackround"
	"github.com/btlc/btlc/ent/predicate"
	"github.com/btlc/btlc/ent/registration"
	"github.com/btlc/btlc/ent/schema"
	"github.com/btlc/btlc/ent/section"
	"github.com/btlc/btlc/ent/sectionfacilitator"
	pb "github.com/btlc/btlc/gen/go/btlc/feedback/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/program"
)

type store struct{ db *database.DB }

func orMissing(err error, name string) error {
	if ent.IsNotFound(err) {
		return api.Missing(name)
	}
	return err
}

// facilitators are those who lead a section; none of one that is not there.
func (s store) facilitators(ctx context.Context, section uuid.UUID) ([]uuid.UUID, error) {
	var ids []uuid.UUID
	err := s.db.Ent().SectionFacilitator.Query().Where(sectionfacilitator.SectionID(section)).Select(sectionfacilitator.FieldEducatorID).Scan(ctx, &ids)
	return ids, err
}

// heldState is the state of a section, which it keeps until the transaction ends.
func (s store) heldState(ctx context.Context, tx *database.Tx, name string) (string, error) {
	row, err := tx.Section.Query().Where(section.ID(api.LastUUID(name))).ForShare().Only(ctx)
	if err != nil {
		return "", orMissing(err, name)
	}
	return row.State, nil
}

// takers are those of the educators who take, or took, a section.
func (s store) takers(ctx context.Context, section uuid.UUID, educators []uuid.UUID) ([]uuid.UUID, error) {
	var ids []uuid.UUID
	err := s.db.Ent().Registration.Query().Where(registration.SectionID(section), registration.EducatorIDIn(educators...), registration.StateIn("ENROLLED", "COMPLETED")).
		Unique(true).Select(registration.FieldEducatorID).Scan(ctx, &ids)
	return ids, err
}

// held is a round as it is kept.
type held struct{ row *ent.FeedbackRound }

func (h *held) name() string { return api.Name("btlc/FeedbackRound", h.row.SectionID, h.row.ID) }

func (h *held) proto() *pb.FeedbackRound { return roundProto(h.row) }

// questions are what the round asks.
func (h *held) questions() []Question {
	questions := make([]Question, len(h.row.Questions))
	for i, q := range h.row.Questions {
		questions[i] = Question{ID: q.ID, Kind: Kind(q.Kind)}
	}
	return questions
}

// wordings are how the round asks, by the ids of its questions.
func (h *held) wordings() map[string]string {
	texts := map[string]string{}
	for _, q := range h.row.Questions {
		texts[q.ID] = q.Text
	}
	return texts
}

func roundProto(row *ent.FeedbackRound) *pb.FeedbackRound {
	out := &pb.FeedbackRound{
		Name: api.Name("btlc/FeedbackRound", row.SectionID, row.ID), Kind: api.EnumOf[pb.FeedbackRound_Kind](row.Kind), State: api.EnumOf[pb.FeedbackRound_State](row.State),
		CloseTime: api.OptionalTimestamp(row.CloseTime), CreateTime: api.Timestamp(row.CreateTime), UpdateTime: api.Timestamp(row.UpdateTime), Etag: api.Etag(row.Version),
	}
	for _, q := range row.Questions {
		out.Questions = append(out.Questions, &pb.FeedbackQuestion{Id: q.ID, Kind: api.EnumOf[pb.FeedbackQuestion_Kind](strings.ToUpper(q.Kind)), Text: q.Text})
	}
	return out
}

func one(ctx context.Context, query *ent.FeedbackRoundQuery, name string) (*held, error) {
	row, err := query.Where(feedbackround.ID(api.LastUUID(name)), feedbackround.SectionID(api.PartUUID(name, 0))).Only(ctx)
	if err != nil {
		return nil, orMissing(err, name)
	}
	return &held{row}, nil
}

// round is a round, with its section and the version of its course as edges.
func (s store) round(ctx context.Context, name string) (*held, error) {
	return one(ctx, withCourse(s.db.Ent().FeedbackRound.Query()), name)
}

func withCourse(query *ent.FeedbackRoundQuery) *ent.FeedbackRoundQuery {
	return query.WithSection(func(of *ent.SectionQuery) { of.WithCourseVersion() })
}

// lockedRound is a round, held against whoever would answer or close it until the transaction ends.
func (s store) lockedRound(ctx context.Context, tx *database.Tx, name string) (*held, error) {
	return one(ctx, tx.FeedbackRound.Query().ForUpdate(), name)
}

// closedRounds are the closed rounds of a kind of all sections of a course, in the order in which they were opened.
func (s store) closedRounds(ctx context.Context, name, kind string) ([]*held, error) {
	id := api.LastWord(name)
	if found, err := s.db.Ent().Course.Query().Where(course.ID(id)).Exist(ctx); err != nil {
		return nil, err
	} else if !found {
		return nil, api.Missing(name)
	}
	rows, err := withCourse(s.db.Ent().FeedbackRound.Query()).Where(
		feedbackround.Kind(kind), feedbackround.State("CLOSED"), feedbackround.HasSectionWith(section.HasCourseVersionWith(courseversion.CourseID(id))),
	).Order(ent.Asc(feedbackround.FieldID)).All(ctx)
	if err != nil {
		return nil, err
	}
	rounds := make([]*held, len(rows))
	for i, row := range rows {
		rounds[i] = &held{row}
	}
	return rounds, nil
}

var roundList = &api.ListSpec{Default: "create_time", Columns: map[string]api.Column{
	"kind": api.EnumColumn[pb.FeedbackRound_Kind](feedbackround.FieldKind), "state": api.EnumColumn[pb.FeedbackRound_State](feedbackround.FieldState),
	"create_time": {Name: feedbackround.FieldCreateTime, Kind: api.InstantColumn},
}}

// listRounds lists the rounds of a section; one that is a draft is there for those alone who may see drafts.
func (s store) listRounds(ctx context.Context, req *pb.ListFeedbackRoundsRequest, allDrafts bool, leading []uuid.UUID) (*pb.ListFeedbackRoundsResponse, error) {
	q, err := api.ParseList(req, roundList)
	if err != nil {
		return nil, err
	}
	query := s.db.Ent().FeedbackRound.Query()
	if api.LastWord(req.GetParent()) != "-" {
		id := api.LastUUID(req.GetParent())
		parent := s.db.Ent().Section.Query().Where(section.ID(id))
		if !allDrafts {
			parent.Where(section.Or(section.StateNEQ("DRAFT"), ledBy(leading)))
		}
		if found, err := parent.Exist(ctx); err != nil {
			return nil, err
		} else if !found {
			return nil, api.Missing(req.GetParent())
		}
		query.Where(feedbackround.SectionID(id))
	}
	rows, err := query.Where(predicate.FeedbackRound(q.Apply)).All(ctx)
	if err != nil {
		return nil, err
	}
	items, next := api.Page(q, rows, roundProto)
	return &pb.ListFeedbackRoundsResponse{FeedbackRounds: items, NextPageToken: next}, nil
}

func ledBy(educators []uuid.UUID) predicate.Section {
	return func(of *sql.Selector) {
		ids := make([]any, len(educators))
		for i, id := range educators {
			ids[i] = id
		}
		leads := sql.Table(sectionfacilitator.Table)
		of.Where(sql.In(of.C(section.FieldID), sql.Select(leads.C(sectionfacilitator.FieldSectionID)).From(leads).Where(sql.In(leads.C(sectionfacilitator.FieldEducatorID), ids...))))
	}
}

var roundConflicts = api.Conflicts{
	"feedback_round_once": func() *api.Error {
		return api.Errorf(api.AlreadyExists, "The section has a round of this kind; there is one of each.")
	},
	"feedback_once": func() *api.Error {
		return api.Errorf(api.AlreadyRecorded, "You have answered in this round. What you answered cannot be found again, so nothing of it can be changed.")
	},
}

func (s store) createRound(ctx context.Context, tx *database.Tx, of uuid.UUID, kind string, asked []program.FeedbackQuestion, minimum int) (*held, error) {
	questions := make([]schema.FeedbackQuestion, len(asked))
	for i, q := range asked {
		questions[i] = schema.FeedbackQuestion{ID: q.ID, Kind: q.Kind, Text: q.Wording}
	}
	row, err := tx.FeedbackRound.Create().SetSectionID(of).SetKind(kind).SetState(roundLife.First()).SetQuestions(questions).SetMinimumAnswers(int32(minimum)).
		SetCreateTime(tx.Now).SetUpdateTime(tx.Now).Save(ctx)
	if err != nil {
		return nil, roundConflicts.Translate(err)
	}
	return &held{row}, nil
}
