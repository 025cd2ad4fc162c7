package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Framework is one version of the competency framework. A version that was used never changes. Program data.
type Framework struct{ ent.Schema }

func (Framework) Mixin() []ent.Mixin { return []ent.Mixin{wordID{}, created{}} }
func (Framework) Fields() []ent.Field {
	return []ent.Field{field.String("title"), field.Int32("version_number"), field.Strings("alignments"), field.Strings("sources")}
}

// CoreSkill is one of the areas of a framework.
type CoreSkill struct{ ent.Schema }

func (CoreSkill) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}} }
func (CoreSkill) Fields() []ent.Field {
	return []ent.Field{wordRef("framework"), field.String("code"), field.String("title"), field.Int32("position")}
}
func (CoreSkill) Edges() []ent.Edge { return []ent.Edge{belongsTo("framework", Framework.Type)} }
func (CoreSkill) Indexes() []ent.Index {
	return []ent.Index{index.Fields("framework_id", "code").Unique()}
}

// Competency is one thing that a teacher leader can do.
type Competency struct{ ent.Schema }

func (Competency) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}} }
func (Competency) Fields() []ent.Field {
	return []ent.Field{wordRef("framework"), ref("core_skill"), field.String("code"), field.Int32("competency_number"), field.String("statement"), field.Bool("foundational")}
}
func (Competency) Edges() []ent.Edge {
	return []ent.Edge{belongsTo("framework", Framework.Type), belongsTo("core_skill", CoreSkill.Type)}
}
func (Competency) Indexes() []ent.Index {
	return []ent.Index{index.Fields("framework_id", "code").Unique()}
}

// EvidenceSlot is a place for evidence that an assessment asks for; kept inside the assessment's row.
type EvidenceSlot struct {
	ID               string `json:"id"`
	Title            string `json:"title"`
	Kind             string `json:"kind"`
	MinItems         int32  `json:"minItems"`
	MaxItems         int32  `json:"maxItems,omitempty"`
	NeedsAudience    bool   `json:"needsAudience,omitempty"`
	NeedsColleague   bool   `json:"needsColleague,omitempty"`
	SameColleagueAs  string `json:"sameColleagueAs,omitempty"`
	AlternativeGroup string `json:"alternativeGroup,omitempty"`
}

// PerformanceAssessment is how a competency is demonstrated.
type PerformanceAssessment struct{ ent.Schema }

func (PerformanceAssessment) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}} }
func (PerformanceAssessment) Fields() []ent.Field {
	return []ent.Field{
		wordRef("framework"), ref("core_skill"), ref("competency"), field.String("code"), field.Int32("assessment_number"), field.String("statement"),
		field.JSON("slots", []EvidenceSlot{}),
	}
}
func (PerformanceAssessment) Edges() []ent.Edge {
	return []ent.Edge{belongsTo("framework", Framework.Type), belongsTo("core_skill", CoreSkill.Type), belongsTo("competency", Competency.Type)}
}
func (PerformanceAssessment) Indexes() []ent.Index {
	return []ent.Index{index.Fields("framework_id", "code").Unique()}
}

// Submission is one attempt at a performance assessment.
type Submission struct{ ent.Schema }

func (Submission) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, versioned{}} }
func (Submission) Fields() []ent.Field {
	return []ent.Field{
		ref("educator"), ref("assessment"), field.Int32("attempt").Immutable(), field.String("state").Default("DRAFT"),
		field.Time("submit_time").Optional().Nillable(), field.Time("decide_time").Optional().Nillable(),
	}
}
func (Submission) Edges() []ent.Edge {
	return []ent.Edge{belongsTo("educator", Educator.Type), belongsTo("assessment", PerformanceAssessment.Type)}
}
func (Submission) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("educator_id", "assessment_id", "attempt").Unique().StorageKey("submission_attempt_once"),
		index.Fields("educator_id", "assessment_id").Unique().StorageKey("submission_open_once").Annotations(entsql.IndexWhere("state <> 'NOT_YET'")),
		index.Fields("state", "create_time"),
	}
}
func (Submission) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{"submission_state": oneOf("state", "DRAFT", "SUBMITTED", "DEMONSTRATED", "NOT_YET")})}
}

// Evidence is one item put into a slot of a submission.
type Evidence struct{ ent.Schema }

func (Evidence) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, created{}} }
func (Evidence) Fields() []ent.Field {
	return []ent.Field{
		ref("submission"), field.Int32("position"), field.String("slot"), field.String("title"), field.String("uri").Default(""), field.String("sha256").Default(""),
		field.String("audience").Default(""), optionalRef("colleague"), field.Bool("colleague_consents").Default(false),
	}
}
func (Evidence) Edges() []ent.Edge {
	return []ent.Edge{belongsTo("submission", Submission.Type), mayBelongTo("colleague", Educator.Type)}
}
func (Evidence) Indexes() []ent.Index {
	return []ent.Index{index.Fields("submission_id", "position").Unique(), whereSet("colleague_id")}
}
func (Evidence) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{"evidence_consent": "colleague_id IS NULL OR colleague_consents"})}
}

// ScoreSheet is an assessor's finding: append-only, by trigger.
type ScoreSheet struct{ ent.Schema }

func (ScoreSheet) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, created{}} }
func (ScoreSheet) Fields() []ent.Field {
	return []ent.Field{ref("submission"), field.String("outcome").Immutable(), field.String("rationale").Immutable(), field.String("assessor").Immutable()}
}
func (ScoreSheet) Edges() []ent.Edge { return []ent.Edge{belongsTo("submission", Submission.Type)} }
func (ScoreSheet) Indexes() []ent.Index {
	return []ent.Index{index.Fields("submission_id").Unique().StorageKey("score_sheet_once")}
}
func (ScoreSheet) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{"score_sheet_outcome": oneOf("outcome", "DEMONSTRATED", "NOT_YET")})}
}

// Attainment says that a person has shown a competency.
type Attainment struct{ ent.Schema }

func (Attainment) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, created{}} }
func (Attainment) Fields() []ent.Field {
	return []ent.Field{ref("educator"), ref("competency"), ref("submission"), field.Time("attain_time").Immutable()}
}
func (Attainment) Edges() []ent.Edge {
	return []ent.Edge{belongsTo("educator", Educator.Type), belongsTo("competency", Competency.Type), belongsTo("submission", Submission.Type)}
}
func (Attainment) Indexes() []ent.Index {
	return []ent.Index{index.Fields("educator_id", "competency_id").Unique().StorageKey("attainment_once")}
}
