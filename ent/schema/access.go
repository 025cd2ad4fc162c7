package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// APIClient is a machine that calls.
type APIClient struct{ ent.Schema }

func (APIClient) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, versioned{}} }
func (APIClient) Fields() []ent.Field {
	return []ent.Field{field.String("display_name"), field.String("state").Default("ACTIVE")}
}
func (APIClient) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{"api_client_state": oneOf("state", "ACTIVE", "DISABLED")})}
}

// APIKey is a secret of a client; only its SHA-256 is kept.
type APIKey struct{ ent.Schema }

func (APIKey) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, created{}} }
func (APIKey) Fields() []ent.Field {
	return []ent.Field{ref("api_client"), field.String("prefix").Immutable(), field.Bytes("hash").Immutable().Sensitive(), field.Time("expire_time").Immutable(), field.Time("revoke_time").Optional().Nillable()}
}
func (APIKey) Edges() []ent.Edge { return []ent.Edge{belongsTo("api_client", APIClient.Type)} }
func (APIKey) Indexes() []ent.Index {
	return []ent.Index{index.Fields("hash").Unique(), index.Fields("api_client_id", "create_time")}
}

// RoleBinding gives a caller a role within a scope.
type RoleBinding struct{ ent.Schema }

func (RoleBinding) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, versioned{}} }
func (RoleBinding) Fields() []ent.Field {
	return []ent.Field{optionalRef("api_client"), field.String("issuer").Default(""), field.String("subject").Default(""), field.String("role").Immutable(), field.String("scope").Default("").Immutable()}
}
func (RoleBinding) Edges() []ent.Edge { return []ent.Edge{mayBelongTo("api_client", APIClient.Type)} }
func (RoleBinding) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("api_client_id", "issuer", "subject", "role", "scope").Unique().StorageKey("role_binding_once"), index.Fields("issuer", "subject"),
	}
}
func (RoleBinding) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{"role_binding_principal": "(api_client_id IS NULL) = (issuer <> '' AND subject <> '')"})}
}
