package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"entgo.io/ent/schema/mixin"
	"github.com/google/uuid"
)

// FeedbackQuestion is a question of a round; kept inside its row.
type FeedbackQuestion struct {
	ID   string `json:"id"`
	Kind string `json:"kind"`
	Text string `json:"text"`
}

// FeedbackRound is a time in which those who take a section say what they think of it.
type FeedbackRound struct{ ent.Schema }

func (FeedbackRound) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, versioned{}} }
func (FeedbackRound) Fields() []ent.Field {
	return []ent.Field{
		ref("section"), field.String("kind").Immutable(), field.String("state").Default("OPEN"), field.JSON("questions", []FeedbackQuestion{}).Immutable(),
		field.Int32("minimum_answers").Immutable(), field.Time("close_time").Optional().Nillable(),
	}
}
func (FeedbackRound) Edges() []ent.Edge { return []ent.Edge{belongsTo("section", Section.Type)} }
func (FeedbackRound) Indexes() []ent.Index {
	return []ent.Index{index.Fields("section_id", "kind").Unique().StorageKey("feedback_round_once")}
}
func (FeedbackRound) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{"feedback_round_kind": oneOf("kind", "MID", "END"), "feedback_round_state": oneOf("state", "OPEN", "CLOSED")})}
}

// FeedbackParticipation says that a person has answered, and not what or when: its id is random, so that its order tells nothing.
type FeedbackParticipation struct{ ent.Schema }

func (FeedbackParticipation) Mixin() []ent.Mixin { return []ent.Mixin{randomID{}} }
func (FeedbackParticipation) Fields() []ent.Field {
	return []ent.Field{ref("feedback_round"), ref("educator")}
}
func (FeedbackParticipation) Edges() []ent.Edge {
	return []ent.Edge{belongsTo("feedback_round", FeedbackRound.Type), belongsTo("educator", Educator.Type)}
}
func (FeedbackParticipation) Indexes() []ent.Index {
	return []ent.Index{index.Fields("feedback_round_id", "educator_id").Unique().StorageKey("feedback_once"), index.Fields("educator_id")}
}

// FeedbackAnswer is what somebody answered, with nothing that tells who or when.
type FeedbackAnswer struct{ ent.Schema }

func (FeedbackAnswer) Mixin() []ent.Mixin { return []ent.Mixin{randomID{}} }
func (FeedbackAnswer) Fields() []ent.Field {
	return []ent.Field{ref("feedback_round"), field.JSON("ratings", map[string]int32{}).Immutable(), field.JSON("texts", map[string]string{}).Immutable()}
}
func (FeedbackAnswer) Edges() []ent.Edge {
	return []ent.Edge{belongsTo("feedback_round", FeedbackRound.Type)}
}
func (FeedbackAnswer) Indexes() []ent.Index { return []ent.Index{index.Fields("feedback_round_id")} }

// randomID gives a table keys that tell nothing of when a row was made.
type randomID struct{ mixin.Schema }

func (randomID) Fields() []ent.Field {
	return []ent.Field{field.UUID("id", uuid.UUID{}).Immutable().Default(uuid.New)}
}
