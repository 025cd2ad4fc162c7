package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// WebhookSubscription has the changes of a stream posted to a URL. The log of its deliveries is partitioned by time and
// stands in the migrations.
type WebhookSubscription struct{ ent.Schema }

func (WebhookSubscription) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, versioned{}} }
func (WebhookSubscription) Fields() []ent.Field {
	return []ent.Field{
		field.String("stream").Immutable(), field.String("url"), field.String("description").Default(""), field.Strings("resource_types"),
		field.String("contact_email").Default("").Sensitive().Comment("told when it fails"),
		field.String("state").Default("ENABLED"), field.String("failure").Default(""),
		field.Bytes("secret").Sensitive(), field.Bytes("previous_secret").Optional().Nillable().Sensitive(), field.Time("previous_secret_expire_time").Optional().Nillable(),
		field.String("epoch").Comment("of the numbers that were delivered"), field.Int64("delivered_number").Default(0),
		field.Int32("attempts").Default(0).Comment("of the change after the one delivered last"),
		field.Time("failing_since_time").Optional().Nillable(), field.Time("warn_time").Optional().Nillable().Comment("when its contact was warned that it is failing"), field.Time("next_attempt_time").Default(timeZero).Comment("not before then"),
		field.Int64("redeliver_from").Default(0).Comment("the range that is delivered again; 0 for none"), field.Int64("redeliver_to").Default(0),
		field.Bool("slow").Default(false).Comment("took all the time of its last turn for a few changes"),
	}
}
func (WebhookSubscription) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("stream", "create_time"),
		index.Fields("next_attempt_time").StorageKey("webhook_subscription_due").Annotations(entsql.IndexWhere("state = 'ENABLED'")),
	}
}
func (WebhookSubscription) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"webhook_subscription_state":  oneOf("state", "ENABLED", "DISABLED", "FAILED"),
		"webhook_subscription_range":  "redeliver_from <= redeliver_to",
		"webhook_subscription_secret": "(previous_secret IS NULL) = (previous_secret_expire_time IS NULL)",
	})}
}
