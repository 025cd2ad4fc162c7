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
	return []ent.Field{field.String("policy").Match(word).Immutable(), field.Int32("version_number").Immutable(), field.String("title").Immutable(), field.JSON("requirements", []Requirement{}).Immutable(),
		field.Int32("validity_months").Optional().Nillable().Immutable().Comment("how long an award counts; null for always")}
}
func (PolicyVersion) Indexes() []ent.Index {
	return []ent.Index{index.Fields("policy", "version_number").Unique()}
}

// Badge says how a credential type's badge is drawn, in the words of internal/badge.
type Badge struct {
	Shape  string `json:"shape"`
	Colour string `json:"colour"`
	Glyph  string `json:"glyph"`
}

// CredentialType is a certificate that can be earned. Program data.
type CredentialType struct{ ent.Schema }

func (CredentialType) Mixin() []ent.Mixin { return []ent.Mixin{wordID{}, created{}} }
func (CredentialType) Fields() []ent.Field {
	return []ent.Field{field.String("title"), field.String("course_id").Optional().Immutable(), field.String("achievement_type"), field.String("criteria"), field.UUID("policy_version_id", uuid.UUID{}), field.Strings("sources"), field.JSON("badge", Badge{}).Optional()}
}
func (CredentialType) Edges() []ent.Edge {
	return []ent.Edge{edge.To("course", Course.Type).Unique().Immutable().Field("course_id").Annotations(entsql.OnDelete(entsql.NoAction)), edge.To("policy_version", PolicyVersion.Type).Unique().Required().Field("policy_version_id")}
}

// Credential is a certificate that was issued to a person.
type Credential struct{ ent.Schema }

func (Credential) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, versioned{}} }
func (Credential) Fields() []ent.Field {
	return []ent.Field{
		ref("educator"), wordRef("credential_type"), ref("policy_version"), wordRef("framework"), field.String("status").Default("ACTIVE"),
		field.Time("issue_time").Immutable(), field.Time("status_time"), field.String("status_reason").Default(""),
		field.Text("document").Immutable().Comment("text, not jsonb: the signature holds for these bytes"), field.String("key_id").Immutable(),
		field.UUID("status_list_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("null for what was signed before there were lists"),
		field.Int32("status_list_index").Optional().Nillable().Immutable(),
		field.Time("expire_time").Optional().Nillable().Immutable(), field.UUID("supersedes_id", uuid.UUID{}).Optional().Nillable().Immutable().Unique(),
		field.Text("learner_record").Default("").Immutable().Comment("the Comprehensive Learner Record as a JWT, for types that have one"),
	}
}
func (Credential) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("superseded_by", Credential.Type).Unique().Annotations(entsql.OnDelete(entsql.NoAction)).
			From("supersedes").Unique().Immutable().Field("supersedes_id"),
		edge.To("status_list", StatusList.Type).Unique().Immutable().Field("status_list_id").Annotations(entsql.OnDelete(entsql.NoAction)), belongsTo("educator", Educator.Type), belongsTo("credential_type", CredentialType.Type), belongsTo("policy_version", PolicyVersion.Type), belongsTo("framework", Framework.Type)}
}
func (Credential) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("educator_id", "credential_type_id").Unique().StorageKey("credential_held_once").Annotations(entsql.IndexWhere("status = 'ACTIVE' OR status = 'SUSPENDED'")),
		index.Fields("expire_time").StorageKey("credential_expiring").Annotations(entsql.IndexWhere("status = 'ACTIVE' OR status = 'SUSPENDED'")),
		index.Fields("educator_id", "issue_time"), index.Fields("issue_time", "id"),
		index.Fields("status_list_id", "status_list_index").Unique().StorageKey("credential_status_bit_once"),
		index.Fields("status_list_id").StorageKey("credential_status_bits").Annotations(entsql.IndexWhere("status <> 'ACTIVE'")),
	}
}
func (Credential) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"credential_status":     oneOf("status", "ACTIVE", "SUSPENDED", "REVOKED", "SUPERSEDED", "EXPIRED"),
		"credential_status_bit": "(status_list_id IS NULL) = (status_list_index IS NULL)",
	})}
}

// StatusList publishes the statuses of up to size credentials as bits, on two lists of the same indices: revoked and
// suspended. Which index an award gets is drawn by the secret, so that their order tells nothing.
type StatusList struct{ ent.Schema }

func (StatusList) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, created{}} }
func (StatusList) Fields() []ent.Field {
	return []ent.Field{
		field.Int32("size").Immutable(), field.Bytes("secret").Immutable().Sensitive(), field.Int32("next_ordinal").Default(0),
		field.Int32("version").Default(1).Comment("goes up with each change of a published bit"), field.Time("change_time").Comment("when a bit changed last"),
		field.Bool("open").Default(true).Comment("awards draw from the one open list"),
	}
}
func (StatusList) Indexes() []ent.Index {
	return []ent.Index{index.Fields("open").Unique().StorageKey("status_list_open_once").Annotations(entsql.IndexWhere("open"))}
}
func (StatusList) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"status_list_size":    "size BETWEEN 131072 AND 16777216 AND size % 8 = 0",
		"status_list_secret":  "length(secret) = 32",
		"status_list_ordinal": "next_ordinal BETWEEN 0 AND size",
	})}
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
	return []schema.Annotation{checks(map[string]string{"credential_event_status": oneOf("status", "ACTIVE", "SUSPENDED", "REVOKED", "SUPERSEDED", "EXPIRED")})}
}

// IssueBatch is the issuing of one credential type to many.
type IssueBatch struct{ ent.Schema }

func (IssueBatch) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, versioned{}} }
func (IssueBatch) Fields() []ent.Field {
	return []ent.Field{wordRef("credential_type"), field.String("state").Default("RUNNING"), field.String("requested_by").Immutable(), field.String("request_id").Immutable(),
		field.String("replaced_key").Default("").Immutable().Comment("the compromised key whose credentials are issued anew; empty for first awards")}
}
func (IssueBatch) Edges() []ent.Edge {
	return []ent.Edge{belongsTo("credential_type", CredentialType.Type)}
}
func (IssueBatch) Indexes() []ent.Index {
	return []ent.Index{index.Fields("create_time").StorageKey("issue_batch_running").Annotations(entsql.IndexWhere("state = 'RUNNING'"))}
}
func (IssueBatch) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{"issue_batch_state": oneOf("state", "RUNNING", "DONE")})}
}

// IssueResult is one person of a batch: pending, then issued or refused.
type IssueResult struct{ ent.Schema }

func (IssueResult) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}} }
func (IssueResult) Fields() []ent.Field {
	return []ent.Field{
		ref("issue_batch"), field.Int32("ordinal").Immutable(), ref("educator"), field.String("state").Default("PENDING"),
		optionalRef("credential"), field.String("reason").Default(""), field.String("detail").Default(""),
		field.UUID("replaces_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("the credential that is issued anew"),
	}
}
func (IssueResult) Edges() []ent.Edge {
	return []ent.Edge{belongsTo("issue_batch", IssueBatch.Type), belongsTo("educator", Educator.Type), mayBelongTo("credential", Credential.Type),
		edge.To("replaces", Credential.Type).Unique().Immutable().Field("replaces_id").Annotations(entsql.OnDelete(entsql.NoAction))}
}
func (IssueResult) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("issue_batch_id", "ordinal").Unique().StorageKey("issue_result_ordinal_once"),
		index.Fields("issue_batch_id", "educator_id").Unique().StorageKey("issue_result_person_once"), index.Fields("educator_id"),
	}
}
func (IssueResult) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"issue_result_state":      oneOf("state", "PENDING", "ISSUED", "REFUSED"),
		"issue_result_credential": "(state = 'ISSUED') = (credential_id IS NOT NULL)",
	})}
}

// HolderDid is the decentralized identifier that a person gave for credentials; a person without a row, or with an empty
// one, gave none.
type HolderDid struct{ ent.Schema }

func (HolderDid) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, versioned{}} }
func (HolderDid) Fields() []ent.Field {
	return []ent.Field{ref("educator"), field.String("did").Default("")}
}
func (HolderDid) Edges() []ent.Edge { return []ent.Edge{belongsTo("educator", Educator.Type)} }
func (HolderDid) Indexes() []ent.Index {
	return []ent.Index{index.Fields("educator_id").Unique().StorageKey("holder_did_once")}
}
