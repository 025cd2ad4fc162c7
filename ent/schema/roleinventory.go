package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// RoleFamily is a kind of leadership role. Program data.
type RoleFamily struct{ ent.Schema }

func (RoleFamily) Mixin() []ent.Mixin { return []ent.Mixin{wordID{}, created{}} }
func (RoleFamily) Fields() []ent.Field {
	return []ent.Field{field.String("title"), field.String("description").Default(""), field.Strings("sources")}
}

// Role is a leadership role that a district knows.
type Role struct{ ent.Schema }

func (Role) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, versioned{}} }
func (Role) Fields() []ent.Field {
	return []ent.Field{wordRef("district"), optionalWordRef("role_family"), field.String("display_name"), field.String("kind"), field.String("description").Default(""), field.Strings("sources").Optional()}
}
func (Role) Edges() []ent.Edge {
	return []ent.Edge{belongsTo("district", District.Type), mayBelongTo("role_family", RoleFamily.Type)}
}
func (Role) Indexes() []ent.Index {
	return []ent.Index{index.Fields("district_id", "display_name").Unique().StorageKey("role_name_once")}
}
func (Role) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{"role_kind": oneOf("kind", "FORMAL", "INFORMAL")})}
}

// RoleAssignment says that a person holds a role.
type RoleAssignment struct{ ent.Schema }

func (RoleAssignment) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, versioned{}} }
func (RoleAssignment) Fields() []ent.Field {
	return []ent.Field{
		ref("educator"), ref("role"), optionalRef("school"), wordRef("district"),
		field.String("state").Default("REPORTED"), date("start_date"), optionalDate("end_date"), field.String("note").Default(""),
		field.Time("confirm_time").Optional().Nillable(), field.String("confirmed_by").Default(""), field.String("reason").Default(""), field.String("reported_by"),
	}
}
func (RoleAssignment) Edges() []ent.Edge {
	return []ent.Edge{belongsTo("educator", Educator.Type), belongsTo("role", Role.Type), mayBelongTo("school", School.Type), belongsTo("district", District.Type)}
}
func (RoleAssignment) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("educator_id", "role_id", "school_id").Unique().StorageKey("role_assignment_once").Annotations(entsql.IndexWhere("state <> 'DISPUTED' AND state <> 'ENDED' AND end_date IS NULL")),
		// NULLs are not equal to an index: a district-level role has one of its own.
		index.Fields("educator_id", "role_id").Unique().StorageKey("role_assignment_district_once").Annotations(entsql.IndexWhere("school_id IS NULL AND state <> 'DISPUTED' AND state <> 'ENDED' AND end_date IS NULL")),
		index.Fields("educator_id", "start_date"), index.Fields("school_id", "state"), index.Fields("district_id", "state"),
	}
}
func (RoleAssignment) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"role_assignment_state":     oneOf("state", "REPORTED", "CONFIRMED", "DISPUTED", "ENDED"),
		"role_assignment_dates":     "end_date >= start_date",
		"role_assignment_confirmed": "state <> 'CONFIRMED' OR (confirm_time IS NOT NULL AND confirmed_by <> '')",
	})}
}
