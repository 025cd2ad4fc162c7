package record

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/attainment"
	"github.com/btlc/btlc/ent/competency"
	"github.com/btlc/btlc/ent/coreskill"
	"github.com/btlc/btlc/ent/course"
	"github.com/btlc/btlc/ent/framework"
	"github.com/btlc/btlc/ent/performanceassessment"
	"github.com/btlc/btlc/ent/submission"
	"github.com/btlc/btlc/internal/policy"
)

// Records are the records of some people, looked at together: what is of one kind is read for all of them by one query, by
// the first question that needs it. They are for one goroutine, and for no longer than an evaluation.
type Records struct {
	times
	db     *ent.Client
	people []uuid.UUID

	framework     once[*ent.Framework]
	declared      map[declaration][]string
	demonstrated  once[map[uuid.UUID]map[string]policy.Fact]
	attained      once[map[uuid.UUID]map[string]policy.Fact]
	registrations once[map[uuid.UUID][]*ent.Registration]
	attendance    once[map[uuid.UUID][]*ent.AttendanceEntry] // by registration
	assignments   once[map[uuid.UUID][]assignment]
	credentials   once[map[uuid.UUID][]holding]
	trainings     once[map[uuid.UUID][]*ent.Training]
	consents      once[map[uuid.UUID][]*ent.Consent]
	requests      once[map[uuid.UUID][]*ent.CreditRequest]
	agreements    map[covering]*ent.Agreement
}

// RecordsOf looks at the present records of people.
func RecordsOf(db *ent.Client, people []uuid.UUID, now time.Time) *Records {
	return newRecords(db, people, times{now: now})
}

func newRecords(db *ent.Client, people []uuid.UUID, t times) *Records {
	return &Records{times: t, db: db, people: people, declared: map[declaration][]string{}, agreements: map[covering]*ent.Agreement{}}
}

// Facts are what the tables say of one of the people: each answer says when it was true and when it was recorded.
// institution is the one that questions about credit are about; empty for none.
func (r *Records) Facts(educator uuid.UUID, institution string) policy.Facts {
	return &facts{r, educator, institution, uuid.Nil}
}

// FactsOf is what the tables say, and said at the times, of the educator whom an evaluation is about.
func FactsOf(db *ent.Client, about About) policy.Facts {
	return &facts{newRecords(db, []uuid.UUID{about.Educator}, about.times()), about.Educator, about.Institution, about.Registration}
}

type facts struct {
	*Records
	educator    uuid.UUID
	institution string
	// registration is the only one that counts; uuid.Nil where all of them do.
	registration uuid.UUID
}

// once keeps what was read.
type once[T any] struct {
	value T
	done  bool
}

func (o *once[T]) get(ctx context.Context, read func(context.Context) (T, error)) (T, error) {
	if o.done {
		return o.value, nil
	}
	value, err := read(ctx)
	if err == nil {
		o.value, o.done = value, true
	}
	return value, err
}

// by gathers rows by whom they are of, in their order.
func by[R any](rows []R, whose func(R) uuid.UUID) map[uuid.UUID][]R {
	found := map[uuid.UUID][]R{}
	for _, row := range rows {
		found[whose(row)] = append(found[whose(row)], row)
	}
	return found
}

// LatestFramework is the framework version that evaluations and awards go by; nil when there is none.
func LatestFramework(ctx context.Context, db *ent.Client) (*ent.Framework, error) {
	row, err := db.Framework.Query().Order(ent.Desc(framework.FieldVersionNumber, framework.FieldID)).First(ctx)
	return row, ent.MaskNotFound(err)
}

// inForce is the framework version by which things went; nil when none is known.
func (r *Records) inForce(ctx context.Context) (*ent.Framework, error) {
	return r.framework.get(ctx, func(ctx context.Context) (*ent.Framework, error) {
		if r.present() {
			return LatestFramework(ctx, r.db)
		}
		rows, err := r.db.Framework.Query().Order(ent.Desc(framework.FieldVersionNumber, framework.FieldID)).All(ctx)
		row, _ := inForce(r.times, rows, func(f *ent.Framework) time.Time { return f.CreateTime })
		return row, err
	})
}

// Demonstrated implements policy.Facts.
func (f *facts) Demonstrated(ctx context.Context, code string) (bool, []policy.Fact, error) {
	all, err := f.demonstrated.get(ctx, f.readDemonstrated)
	return among(all[f.educator], code, err)
}

// Attained implements policy.Facts.
func (f *facts) Attained(ctx context.Context, code string) (bool, []policy.Fact, error) {
	all, err := f.attained.get(ctx, f.readAttained)
	return among(all[f.educator], code, err)
}

func among(all map[string]policy.Fact, id string, err error) (bool, []policy.Fact, error) {
	if fact, ok := all[id]; ok && err == nil {
		return true, []policy.Fact{fact}, nil
	}
	return false, nil, err
}

func (r *Records) readDemonstrated(ctx context.Context) (map[uuid.UUID]map[string]policy.Fact, error) {
	in, err := r.inForce(ctx)
	if err != nil || in == nil {
		return nil, err
	}
	rows, err := r.db.Submission.Query().Where(submission.EducatorIDIn(r.people...), submission.State("DEMONSTRATED"),
		submission.HasAssessmentWith(performanceassessment.FrameworkID(in.ID))).WithAssessment().All(ctx)
	if err != nil {
		return nil, err
	}
	all := map[uuid.UUID]map[string]policy.Fact{}
	for _, row := range rows {
		decided := row.UpdateTime
		if row.DecideTime != nil {
			decided = *row.DecideTime
		}
		if r.saw(decided, decided) {
			add(all, row.EducatorID, policy.Fact{Kind: "assessment", ID: row.Edges.Assessment.Code, Value: "demonstrated", OccurredAt: decided, RecordedAt: decided})
		}
	}
	return all, nil
}

func (r *Records) readAttained(ctx context.Context) (map[uuid.UUID]map[string]policy.Fact, error) {
	in, err := r.inForce(ctx)
	if err != nil || in == nil {
		return nil, err
	}
	rows, err := r.db.Attainment.Query().Where(attainment.EducatorIDIn(r.people...), attainment.HasCompetencyWith(competency.FrameworkID(in.ID))).
		WithCompetency().All(ctx)
	if err != nil {
		return nil, err
	}
	all := map[uuid.UUID]map[string]policy.Fact{}
	for _, row := range rows {
		if r.saw(row.AttainTime, row.CreateTime) {
			add(all, row.EducatorID, policy.Fact{Kind: "competency", ID: row.Edges.Competency.Code, Value: "attained", OccurredAt: row.AttainTime, RecordedAt: row.CreateTime})
		}
	}
	return all, nil
}

func add(all map[uuid.UUID]map[string]policy.Fact, of uuid.UUID, fact policy.Fact) {
	if all[of] == nil {
		all[of] = map[string]policy.Fact{}
	}
	all[of][fact.ID] = fact
}

// Assessments implements policy.Facts: those of the course's core skill, in order.
func (f *facts) Assessments(ctx context.Context, id string) ([]string, []policy.Fact, error) {
	return f.declares(ctx, "assessments", id, func(in *ent.Framework, skill string) ([]string, error) {
		return f.db.PerformanceAssessment.Query().Where(performanceassessment.FrameworkID(in.ID), performanceassessment.HasCoreSkillWith(coreskill.Code(skill))).
			Order(ent.Asc(performanceassessment.FieldAssessmentNumber)).Select(performanceassessment.FieldCode).Strings(ctx)
	})
}

// Competencies implements policy.Facts: those of the course's core skill, in order. The foundational ones are left out:
// no assessment attains them, so a policy that asked for them all would be met by nobody.
func (f *facts) Competencies(ctx context.Context, id string) ([]string, []policy.Fact, error) {
	return f.declares(ctx, "competencies", id, func(in *ent.Framework, skill string) ([]string, error) {
		return f.db.Competency.Query().Where(competency.FrameworkID(in.ID), competency.Foundational(false), competency.HasCoreSkillWith(coreskill.Code(skill))).
			Order(ent.Asc(competency.FieldCompetencyNumber)).Select(competency.FieldCode).Strings(ctx)
	})
}

// declaration is something that the framework says of a course.
type declaration struct{ kind, course string }

// declares is what the framework says of a course: true and on record since the version is. It says nothing of a course
// that there is not.
func (r *Records) declares(ctx context.Context, kind, id string, read func(in *ent.Framework, skill string) ([]string, error)) ([]string, []policy.Fact, error) {
	in, err := r.inForce(ctx)
	if err != nil || in == nil {
		return nil, nil, err
	}
	codes, known := r.declared[declaration{kind, id}]
	if !known {
		row, err := r.db.Course.Query().Where(course.ID(id)).Only(ctx)
		if err != nil {
			return nil, nil, ent.MaskNotFound(err)
		}
		if codes, err = read(in, row.CoreSkill); err != nil {
			return nil, nil, err
		}
		r.declared[declaration{kind, id}] = codes
	}
	if len(codes) == 0 {
		return nil, nil, nil
	}
	return codes, []policy.Fact{{Kind: kind, ID: id, Value: strings.Join(codes, ", "), OccurredAt: in.CreateTime, RecordedAt: in.CreateTime}}, nil
}
