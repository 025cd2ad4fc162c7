package record

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/attainment"
	"github.com/btlc/btlc/ent/competency"
	"github.com/btlc/btlc/ent/consent"
	"github.com/btlc/btlc/ent/coreskill"
	"github.com/btlc/btlc/ent/course"
	"github.com/btlc/btlc/ent/credential"
	"github.com/btlc/btlc/ent/framework"
	"github.com/btlc/btlc/ent/performanceassessment"
	"github.com/btlc/btlc/ent/submission"
	"github.com/btlc/btlc/internal/policy"
)

// FactsOf is what the tables say of an educator, for one evaluation: each answer says when it was true and when it was
// recorded. institution is the one that questions about credit are about; empty for none. Things of one kind are read
// by one query, by the first question that needs them.
func FactsOf(db *ent.Client, educator uuid.UUID, institution string, now time.Time) policy.Facts {
	return &facts{db: db, educator: educator, institution: institution, now: now}
}

type facts struct {
	db          *ent.Client
	educator    uuid.UUID
	institution string
	now         time.Time

	framework     once[*ent.Framework]
	demonstrated  once[map[string]policy.Fact]
	attained      once[map[string]policy.Fact]
	registrations once[map[string][]*ent.Registration]
	assignments   once[[]assignment]
}

// once keeps what was read. An evaluation asks from one goroutine.
type once[T any] struct {
	value T
	done  bool
}

func (o *once[T]) get(read func() (T, error)) (T, error) {
	if o.done {
		return o.value, nil
	}
	value, err := read()
	if err == nil {
		o.value, o.done = value, true
	}
	return value, err
}

// LatestFramework is the framework version that evaluations and awards go by; nil when there is none.
func LatestFramework(ctx context.Context, db *ent.Client) (*ent.Framework, error) {
	row, err := db.Framework.Query().Order(ent.Desc(framework.FieldVersionNumber, framework.FieldID)).First(ctx)
	return row, ent.MaskNotFound(err)
}

func (f *facts) latest(ctx context.Context) (*ent.Framework, error) {
	return f.framework.get(func() (*ent.Framework, error) { return LatestFramework(ctx, f.db) })
}

// Demonstrated implements policy.Facts.
func (f *facts) Demonstrated(ctx context.Context, code string) (bool, []policy.Fact, error) {
	all, err := f.demonstrated.get(func() (map[string]policy.Fact, error) { return f.readDemonstrated(ctx) })
	return among(all, code, err)
}

// Attained implements policy.Facts.
func (f *facts) Attained(ctx context.Context, code string) (bool, []policy.Fact, error) {
	all, err := f.attained.get(func() (map[string]policy.Fact, error) { return f.readAttained(ctx) })
	return among(all, code, err)
}

func among(all map[string]policy.Fact, id string, err error) (bool, []policy.Fact, error) {
	if fact, ok := all[id]; ok && err == nil {
		return true, []policy.Fact{fact}, nil
	}
	return false, nil, err
}

func (f *facts) readDemonstrated(ctx context.Context) (map[string]policy.Fact, error) {
	latest, err := f.latest(ctx)
	if err != nil || latest == nil {
		return nil, err
	}
	rows, err := f.db.Submission.Query().Where(submission.EducatorID(f.educator), submission.State("DEMONSTRATED"),
		submission.HasAssessmentWith(performanceassessment.FrameworkID(latest.ID))).WithAssessment().All(ctx)
	if err != nil {
		return nil, err
	}
	all := map[string]policy.Fact{}
	for _, row := range rows {
		decided := row.UpdateTime
		if row.DecideTime != nil {
			decided = *row.DecideTime
		}
		code := row.Edges.Assessment.Code
		all[code] = policy.Fact{Kind: "assessment", ID: code, Value: "demonstrated", OccurredAt: decided, RecordedAt: decided}
	}
	return all, nil
}

func (f *facts) readAttained(ctx context.Context) (map[string]policy.Fact, error) {
	latest, err := f.latest(ctx)
	if err != nil || latest == nil {
		return nil, err
	}
	rows, err := f.db.Attainment.Query().Where(attainment.EducatorID(f.educator),
		attainment.HasCompetencyWith(competency.FrameworkID(latest.ID))).WithCompetency().All(ctx)
	if err != nil {
		return nil, err
	}
	all := map[string]policy.Fact{}
	for _, row := range rows {
		code := row.Edges.Competency.Code
		all[code] = policy.Fact{Kind: "competency", ID: code, Value: "attained", OccurredAt: row.AttainTime, RecordedAt: row.CreateTime}
	}
	return all, nil
}

// Assessments implements policy.Facts: those of the course's core skill, in order.
func (f *facts) Assessments(ctx context.Context, id string) ([]string, []policy.Fact, error) {
	latest, skill, err := f.skill(ctx, id)
	if err != nil || skill == "" {
		return nil, nil, err
	}
	codes, err := f.db.PerformanceAssessment.Query().Where(performanceassessment.FrameworkID(latest.ID), performanceassessment.HasCoreSkillWith(coreskill.Code(skill))).
		Order(ent.Asc(performanceassessment.FieldAssessmentNumber)).Select(performanceassessment.FieldCode).Strings(ctx)
	return codes, declared("assessments", id, codes, latest), err
}

// Competencies implements policy.Facts: those of the course's core skill, in order. The foundational ones are left out:
// no assessment attains them, so a policy that asked for them all would be met by nobody.
func (f *facts) Competencies(ctx context.Context, id string) ([]string, []policy.Fact, error) {
	latest, skill, err := f.skill(ctx, id)
	if err != nil || skill == "" {
		return nil, nil, err
	}
	codes, err := f.db.Competency.Query().Where(competency.FrameworkID(latest.ID), competency.Foundational(false), competency.HasCoreSkillWith(coreskill.Code(skill))).
		Order(ent.Asc(competency.FieldCompetencyNumber)).Select(competency.FieldCode).Strings(ctx)
	return codes, declared("competencies", id, codes, latest), err
}

// declared is what the framework says of a course: true and on record since the version is.
func declared(kind, id string, codes []string, in *ent.Framework) []policy.Fact {
	if len(codes) == 0 {
		return nil
	}
	return []policy.Fact{{Kind: kind, ID: id, Value: strings.Join(codes, ", "), OccurredAt: in.CreateTime, RecordedAt: in.CreateTime}}
}

// skill is the core skill of a course; empty when there is no such course, or no framework.
func (f *facts) skill(ctx context.Context, id string) (latest *ent.Framework, skill string, err error) {
	if latest, err = f.latest(ctx); err != nil || latest == nil {
		return nil, "", err
	}
	row, err := f.db.Course.Query().Where(course.ID(id)).Only(ctx)
	if err != nil {
		return nil, "", ent.MaskNotFound(err)
	}
	return latest, row.CoreSkill, nil
}

// Holds implements policy.Facts: a suspended credential is told, but does not count.
func (f *facts) Holds(ctx context.Context, credentialType string) (bool, []policy.Fact, error) {
	row, err := f.db.Credential.Query().Where(credential.EducatorID(f.educator), credential.CredentialTypeID(credentialType), credential.StatusNEQ("REVOKED")).
		Select(credential.FieldStatus, credential.FieldStatusTime, credential.FieldUpdateTime).First(ctx)
	if err != nil {
		return false, nil, ent.MaskNotFound(err)
	}
	held, value := row.Status == "ACTIVE", "held"
	if !held {
		value = "suspended"
	}
	return held, []policy.Fact{{Kind: "credential", ID: credentialType, Value: value, OccurredAt: row.StatusTime, RecordedAt: row.UpdateTime}}, nil
}

// Consented implements policy.Facts.
func (f *facts) Consented(ctx context.Context, institution string) (bool, []policy.Fact, error) {
	row, err := f.db.Consent.Query().Where(consent.EducatorID(f.educator), consent.InstitutionID(institution), consent.RevokeTimeIsNil()).First(ctx)
	if err != nil {
		return false, nil, ent.MaskNotFound(err)
	}
	return true, []policy.Fact{{Kind: "consent", ID: institution, Value: "consented", OccurredAt: row.CreateTime, RecordedAt: row.CreateTime}}, nil
}
