package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// NoticePreference says which e-mails a person wants; a person without a row wants them all.
type NoticePreference struct{ ent.Schema }

func (NoticePreference) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, versioned{}} }
func (NoticePreference) Fields() []ent.Field {
	return []ent.Field{ref("educator"), field.Bool("muted").Default(false), field.Strings("muted_kinds").Default([]string{})}
}
func (NoticePreference) Edges() []ent.Edge { return []ent.Edge{belongsTo("educator", Educator.Type)} }
func (NoticePreference) Indexes() []ent.Index {
	return []ent.Index{index.Fields("educator_id").Unique().StorageKey("notice_preference_once")}
}

// Notice is an e-mail that is to be sent, or was: about an educator, or about a webhook subscription, with which it goes. Its
// address is looked up when it is sent, and not kept: the person's; or, when a school is named, that of its principal, who is
// asked about the person; or the contact of the subscription.
type Notice struct{ ent.Schema }

func (Notice) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, created{}} }
func (Notice) Fields() []ent.Field {
	return []ent.Field{
		optionalRef("educator"), optionalRef("school"), optionalRef("webhook_subscription"),
		field.UUID("registration_id", uuid.UUID{}).Optional().Nillable().Immutable(), field.String("kind").Immutable(), field.JSON("facts", map[string]any{}).Immutable().Comment("what the template is filled with"),
		field.String("subject").Immutable(), field.String("state").Default("PENDING"), field.Int32("attempts").Default(0), field.Time("next_attempt_time"), field.String("failure").Default(""), field.Time("send_time").Optional().Nillable(),
	}
}
func (Notice) Edges() []ent.Edge {
	return []ent.Edge{
		mayBelongTo("educator", Educator.Type), mayBelongTo("school", School.Type), edge.To("registration", Registration.Type).Unique().Immutable().Field("registration_id").Annotations(entsql.OnDelete(entsql.NoAction)),
		edge.To("webhook_subscription", WebhookSubscription.Type).Unique().Field("webhook_subscription_id").Annotations(entsql.OnDelete(entsql.Cascade)),
	}
}
func (Notice) Indexes() []ent.Index {
	return []ent.Index{index.Fields("educator_id", "create_time"), whereSet("school_id"), whereSet("webhook_subscription_id"), index.Fields("create_time").StorageKey("notices_over").Annotations(entsql.IndexWhere("state <> 'PENDING'")), index.Fields("next_attempt_time").StorageKey("notices_due").Annotations(entsql.IndexWhere("state = 'PENDING'"))}
}
func (Notice) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"notice_state": oneOf("state", "PENDING", "SENT", "SUPPRESSED", "FAILED"),
		"notice_about": "num_nonnulls(educator_id, webhook_subscription_id) = 1 AND (educator_id IS NOT NULL OR num_nonnulls(registration_id, school_id) = 0)",
	})}
}
