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

// Requirement is one condition of a policy; kept inside the version's row.
type Requirement struct {
	ID         string `json:"id"`
	Title      string `json:"title"`
	Citation   string `json:"citation"`
	Expression string `json:"expression"`
	Unmet      string `json:"unmet"`
	Assumption bool   `json:"assumption,omitempty"`
}

// PolicyVersion is a set of requirements; a version never changes. Program data.
type PolicyVersion struct{ ent.Schema }

func (PolicyVersion) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, created{}} }
func (PolicyVersion) Fields() []ent.Field {
	return []ent.Field{field.String("policy").Match(word).Immutable(), field.Int32("version_number").Immutable(), field.String("title").Immutable(), field.JSON("requirements", []Requirement{}).Immutable()}
}
func (PolicyVersion) Indexes() []ent.Index {
	return []ent.Index{index.Fields("policy", "version_number").Unique()}
}

// CredentialType is a certificate that can be earned. Program data.
type CredentialType struct{ ent.Schema }

func (CredentialType) Mixin() []ent.Mixin { return []ent.Mixin{wordID{}, created{}} }
func (CredentialType) Fields() []ent.Field {
	return []ent.Field{field.String("title"), wordRef("course"), field.String("achievement_type"), field.String("criteria"), field.UUID("policy_version_id", uuid.UUID{}), field.Strings("sources")}
}
func (CredentialType) Edges() []ent.Edge {
	return []ent.Edge{belongsTo("course", Course.Type), edge.To("policy_version", PolicyVersion.Type).Unique().Required().Field("policy_version_id")}
}

// Credential is a certificate that was issued to a person.
type Credential struct{ ent.Schema }

func (Credential) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, versioned{}} }
func (Credential) Fields() []ent.Field {
	return []ent.Field{
		ref("educator"), wordRef("credential_type"), ref("policy_version"), wordRef("framework"), field.String("status").Default("ACTIVE"),
		field.Time("issue_time").Immutable(), field.Time("status_time"), field.String("status_reason").Default(""),
		field.Text("document").Immutable().Comment("text, not jsonb: the signature holds for these bytes"), field.String("key_id").Immutable(),
	}
}
func (Credential) Edges() []ent.Edge {
	return []ent.Edge{belongsTo("educator", Educator.Type), belongsTo("credential_type", CredentialType.Type), belongsTo("policy_version", PolicyVersion.Type), belongsTo("framework", Framework.Type)}
}
func (Credential) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("educator_id", "credential_type_id").Unique().StorageKey("credential_held_once").Annotations(entsql.IndexWhere("status <> 'REVOKED'")),
		index.Fields("educator_id", "issue_time"), index.Fields("issue_time", "id"),
	}
}
func (Credential) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{"credential_status": oneOf("status", "ACTIVE", "SUSPENDED", "REVOKED")})}
}

// CredentialEvent is a change of a credential's status: append-only, by trigger.
type CredentialEvent struct{ ent.Schema }

func (CredentialEvent) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, created{}} }
func (CredentialEvent) Fields() []ent.Field {
	return []ent.Field{
		ref("credential"), field.Int32("version").Immutable(), field.String("status").Immutable(), field.String("reason_code").Immutable(),
		field.String("authority").Immutable(), field.String("note").Default("").Immutable(), field.String("recorded_by").Immutable(),
	}
}
func (CredentialEvent) Edges() []ent.Edge {
	return []ent.Edge{belongsTo("credential", Credential.Type)}
}
func (CredentialEvent) Indexes() []ent.Index {
	return []ent.Index{index.Fields("credential_id", "version").Unique().StorageKey("credential_event_once")}
}
func (CredentialEvent) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{"credential_event_status": oneOf("status", "ACTIVE", "SUSPENDED", "REVOKED")})}
}
