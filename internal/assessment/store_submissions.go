package assessment

import (
	"context"
	"slices"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/educator"
	"github.com/btlc/btlc/ent/evidence"
	"github.com/btlc/btlc/ent/performanceassessment"
	"github.com/btlc/btlc/ent/predicate"
	"github.com/btlc/btlc/ent/scoresheet"
	"github.com/btlc/btlc/ent/submission"
	pb "github.com/btlc/btlc/gen/go/btlc/assessment/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/record"
)

var (
	submissionList = &api.ListSpec{Default: "create_time desc", Columns: map[string]api.Column{
		"state": api.EnumColumn[pb.SubmissionState](submission.FieldState), "educator": {Name: submission.FieldEducatorID, Kind: api.UUIDNameColumn, FilterOnly: true},
		"assessment": {Name: `"assessment"."code"`, FilterOnly: true}, "create_time": {Name: submission.FieldCreateTime, Kind: api.InstantColumn},
	}}
)

// attempt is a submission with its assessment and evidence.
type attempt struct {
	row      *ent.Submission
	evidence []*ent.Evidence
}

func (a *attempt) name() string     { return api.Name("btlc/Submission", a.row.ID) }
func (a *attempt) educator() string { return api.Name("btlc/Educator", a.row.EducatorID) }

// assessment is the id of the assessment in its framework.
func (a *attempt) assessment() string { return a.row.Edges.Assessment.Code }

func (a *attempt) proto() *pb.Submission {
	out := &pb.Submission{
		Name: a.name(), Educator: a.educator(), Framework: api.Name("btlc/Framework", a.row.Edges.Assessment.FrameworkID), Assessment: a.assessment(),
		Attempt: a.row.Attempt, State: api.EnumOf[pb.SubmissionState](a.row.State), SubmitTime: api.OptionalTimestamp(a.row.SubmitTime),
		DecideTime: api.OptionalTimestamp(a.row.DecideTime), CreateTime: api.Timestamp(a.row.CreateTime), UpdateTime: api.Timestamp(a.row.UpdateTime),
		Etag: api.Etag(a.row.Version),
	}
	for _, e := range a.evidence {
		item := &pb.Evidence{Slot: e.Slot, Title: e.Title, Uri: e.URI, Sha256: e.Sha256, Audience: e.Audience, ColleagueConsents: e.ColleagueConsents}
		if e.ColleagueID != nil {
			item.Colleague = api.Name("btlc/Educator", *e.ColleagueID)
		}
		out.Evidence = append(out.Evidence, item)
	}
	return out
}

// colleagues are those whom the evidence names.
func (a *attempt) colleagues() []uuid.UUID {
	var ids []uuid.UUID
	for _, e := range a.evidence {
		if e.ColleagueID != nil && !slices.Contains(ids, *e.ColleagueID) {
			ids = append(ids, *e.ColleagueID)
		}
	}
	return ids
}

// attempts loads the evidence of submissions: one query, however many they are.
func (s store) attempts(ctx context.Context, db *ent.Client, rows []*ent.Submission) ([]*attempt, error) {
	all, byID, ids := make([]*attempt, len(rows)), map[uuid.UUID]*attempt{}, make([]uuid.UUID, len(rows))
	for i, row := range rows {
		all[i], ids[i] = &attempt{row: row}, row.ID
		byID[row.ID] = all[i]
	}
	items, err := db.Evidence.Query().Where(evidence.SubmissionIDIn(ids...)).Order(ent.Asc(evidence.FieldPosition)).All(ctx)
	if err != nil {
		return nil, err
	}
	for _, e := range items {
		byID[e.SubmissionID].evidence = append(byID[e.SubmissionID].evidence, e)
	}
	return all, nil
}

func (s store) attempt(ctx context.Context, db *ent.Client, query *ent.SubmissionQuery, id uuid.UUID, asked string) (*attempt, error) {
	row, err := query.Where(submission.ID(id)).WithAssessment().Only(ctx)
	if ent.IsNotFound(err) {
		return nil, api.Missing(asked)
	} else if err != nil {
		return nil, err
	}
	all, err := s.attempts(ctx, db, []*ent.Submission{row})
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// submission is the one with this id; asked is the name to say that there is none, its own or of what belongs to it.
func (s store) submission(ctx context.Context, id uuid.UUID, asked string) (*attempt, error) {
	return s.attempt(ctx, s.db.Ent(), s.db.Ent().Submission.Query(), id, asked)
}

// lockedSubmission is the submission, held against others until the transaction ends.
func (s store) lockedSubmission(ctx context.Context, tx *database.Tx, name string) (*attempt, error) {
	return s.attempt(ctx, tx.Client, tx.Submission.Query().ForUpdate(), api.LastUUID(name), name)
}

// scoredBy says whether this caller has scored the submission.
func (s store) scoredBy(ctx context.Context, id uuid.UUID, principal string) (bool, error) {
	return s.db.Ent().ScoreSheet.Query().Where(scoresheet.SubmissionID(id), scoresheet.Assessor(principal)).Exist(ctx)
}

// sight is which submissions a caller may list.
type sight struct {
	everywhere bool
	scopes     []string
	// assessor is the principal of a caller who sees the program as an assessor only, apart from these scopes.
	assessor string
}

func (v sight) predicate(s store) predicate.Submission {
	own := predicate.Submission(record.Within(v.scopes, submission.FieldEducatorID, s.db.Now()))
	if v.assessor == "" {
		return own
	}
	scored := func(q *sql.Selector) {
		sheets := sql.Table(scoresheet.Table)
		q.Where(sql.In(q.C(submission.FieldID), sql.Select(sheets.C(scoresheet.FieldSubmissionID)).From(sheets).Where(sql.EQ(sheets.C(scoresheet.FieldAssessor), v.assessor))))
	}
	return submission.Or(own, submission.State(submitted), scored)
}

func (s store) listSubmissions(ctx context.Context, req *pb.ListSubmissionsRequest, v sight) (*pb.ListSubmissionsResponse, error) {
	q, err := api.ParseList(req, submissionList)
	if err != nil {
		return nil, err
	}
	query := s.db.Ent().Submission.Query().WithAssessment().Where(func(q *sql.Selector) {
		assessments := sql.Table(performanceassessment.Table).As("assessment")
		q.Join(assessments).On(q.C(submission.FieldAssessmentID), assessments.C(performanceassessment.FieldID))
	})
	if !v.everywhere || v.assessor != "" {
		query.Where(v.predicate(s))
	}
	rows, err := query.Where(predicate.Submission(q.Apply)).All(ctx)
	if err != nil {
		return nil, err
	}
	page, next := api.Page(q, rows, func(row *ent.Submission) *ent.Submission { return row })
	all, err := s.attempts(ctx, s.db.Ent(), page)
	if err != nil {
		return nil, err
	}
	answer := &pb.ListSubmissionsResponse{NextPageToken: next}
	for _, a := range all {
		answer.Submissions = append(answer.Submissions, a.proto())
	}
	return answer, nil
}

// createSubmission makes the next attempt, while the educator is held so that two calls do not make the same one.
func (s store) createSubmission(ctx context.Context, tx *database.Tx, in *pb.Submission) (*attempt, error) {
	person, err := tx.Educator.Query().Where(educator.ID(api.LastUUID(in.Educator))).ForUpdate().OnlyID(ctx)
	if ent.IsNotFound(err) {
		return nil, api.Missing(in.Educator)
	} else if err != nil {
		return nil, err
	}
	assessment, err := tx.PerformanceAssessment.Query().
		Where(performanceassessment.FrameworkID(api.LastWord(in.Framework)), performanceassessment.Code(in.Assessment)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, api.Errorf(api.ReferenceNotFound, "There is no assessment %q in %s.", in.Assessment, in.Framework)
	} else if err != nil {
		return nil, err
	}
	last, err := tx.Submission.Query().Where(submission.EducatorID(person), submission.AssessmentID(assessment.ID)).Order(ent.Desc(submission.FieldAttempt)).First(ctx)
	if ent.IsNotFound(err) {
		last = &ent.Submission{}
	} else if err != nil {
		return nil, err
	}
	number, ok := nextAttempt(last.Attempt, last.State)
	if !ok {
		open := api.Name("btlc/Submission", last.ID)
		return nil, api.Errorf(api.StateConflict, "There is %s, which is %s: another attempt is for those that were scored as not yet demonstrated.", open, last.State).
			With("submission", open).With("state", last.State)
	}
	row, err := tx.Submission.Create().SetEducatorID(person).SetAssessmentID(assessment.ID).SetAttempt(number).SetState(submissionLife.First()).
		SetCreateTime(tx.Now).SetUpdateTime(tx.Now).Save(ctx)
	if err != nil {
		return nil, err
	}
	row.Edges.Assessment = assessment
	return s.withEvidence(ctx, tx, row, in.Evidence)
}

// updateSubmission replaces the evidence.
func (s store) updateSubmission(ctx context.Context, tx *database.Tx, a *attempt, items []*pb.Evidence) (*attempt, error) {
	if _, err := tx.Evidence.Delete().Where(evidence.SubmissionID(a.row.ID)).Exec(ctx); err != nil {
		return nil, err
	}
	row, err := a.row.Update().SetUpdateTime(tx.Now).AddVersion(1).Save(ctx)
	if err != nil {
		return nil, err
	}
	row.Edges.Assessment = a.row.Edges.Assessment
	return s.withEvidence(ctx, tx, row, items)
}

// moveSubmission puts a submission into the state that it has reached.
func (s store) moveSubmission(ctx context.Context, tx *database.Tx, a *attempt, state string) error {
	update := a.row.Update().SetState(state).SetUpdateTime(tx.Now).AddVersion(1)
	if state == submitted {
		update.SetSubmitTime(tx.Now)
	} else {
		update.SetDecideTime(tx.Now)
	}
	row, err := update.Save(ctx)
	if err != nil {
		return err
	}
	row.Edges.Assessment, a.row = a.row.Edges.Assessment, row
	return nil
}
