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

// District is a school district.
type District struct{ ent.Schema }

func (District) Mixin() []ent.Mixin { return []ent.Mixin{wordID{}, versioned{}} }
func (District) Fields() []ent.Field {
	return []ent.Field{
		field.String("display_name"), field.String("state_code").Default(""), field.String("time_zone"),
		optionalDate("told_day"), // the day of its calendar whose people its stream of the change feed was told of; null before the first
	}
}

// School is a school of a district.
type School struct{ ent.Schema }

func (School) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, versioned{}} }
func (School) Fields() []ent.Field {
	return []ent.Field{wordRef("district"), field.String("display_name"), field.String("local_code").Default(""), field.String("principal_email").Default("").Sensitive().Comment("asked to confirm roles")}
}
func (School) Edges() []ent.Edge { return []ent.Edge{belongsTo("district", District.Type)} }
func (School) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("district_id", "local_code").Unique().StorageKey("school_local_code_once").Annotations(entsql.IndexWhere("local_code <> ''")),
		index.Fields("district_id", "display_name", "id"),
	}
}

// Institution grants graduate credit.
type Institution struct{ ent.Schema }

func (Institution) Mixin() []ent.Mixin  { return []ent.Mixin{wordID{}, versioned{}} }
func (Institution) Fields() []ent.Field { return []ent.Field{field.String("display_name")} }

// Educator is a person. Only this table and the three after it hold names, addresses and numbers.
type Educator struct{ ent.Schema }

func (Educator) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, versioned{}} }
func (Educator) Fields() []ent.Field {
	return []ent.Field{field.String("given_name"), field.String("family_name"), field.UUID("merged_into_id", uuid.UUID{}).Optional().Nillable()}
}
func (Educator) Edges() []ent.Edge {
	return []ent.Edge{edge.To("merged_from", Educator.Type).Annotations(entsql.OnDelete(entsql.NoAction)).From("merged_into").Unique().Field("merged_into_id")}
}
func (Educator) Indexes() []ent.Index {
	return []ent.Index{index.Fields("family_name", "id"), whereSet("merged_into_id")}
}

// EducatorMerge is two records of one person made one: what was moved, by table, so that it can be undone.
type EducatorMerge struct{ ent.Schema }

func (EducatorMerge) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, created{}} }
func (EducatorMerge) Fields() []ent.Field {
	return []ent.Field{ref("survivor"), ref("duplicate"), field.JSON("moved", map[string][]uuid.UUID{}).Immutable(), field.String("recorded_by").Immutable(), field.Time("undo_time").Optional().Nillable()}
}
func (EducatorMerge) Edges() []ent.Edge {
	return []ent.Edge{belongsTo("survivor", Educator.Type), belongsTo("duplicate", Educator.Type)}
}
func (EducatorMerge) Indexes() []ent.Index {
	return []ent.Index{index.Fields("duplicate_id").Unique().StorageKey("educator_merged_once").Annotations(entsql.IndexWhere("undo_time IS NULL")), index.Fields("survivor_id")}
}

// EducatorName is an earlier name of a person.
type EducatorName struct{ ent.Schema }

func (EducatorName) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, created{}} }
func (EducatorName) Fields() []ent.Field {
	return []ent.Field{ref("educator"), field.String("given_name"), field.String("family_name"), field.Time("record_time").Comment("when the name was first recorded")}
}
func (EducatorName) Edges() []ent.Edge    { return []ent.Edge{belongsTo("educator", Educator.Type)} }
func (EducatorName) Indexes() []ent.Index { return []ent.Index{index.Fields("educator_id")} }

// EducatorEmail is an address of a person.
type EducatorEmail struct{ ent.Schema }

func (EducatorEmail) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, created{}} }
func (EducatorEmail) Fields() []ent.Field {
	return []ent.Field{ref("educator"), field.String("address"), field.String("address_key").Comment("the address in small letters"), field.Bool("verified").Default(false)}
}
func (EducatorEmail) Edges() []ent.Edge { return []ent.Edge{belongsTo("educator", Educator.Type)} }
func (EducatorEmail) Indexes() []ent.Index {
	// What is not verified may be several people's: refusing it would tell a district that somebody elsewhere has it.
	return []ent.Index{index.Fields("address_key").Unique().StorageKey("educator_email_once").Annotations(entsql.IndexWhere("verified")), index.Fields("educator_id")}
}

// ExternalID is a number by which somebody else knows a person.
type ExternalID struct{ ent.Schema }

func (ExternalID) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, created{}} }
func (ExternalID) Fields() []ent.Field {
	return []ent.Field{ref("educator"), field.String("kind"), optionalWordRef("district"), field.String("value")}
}
func (ExternalID) Edges() []ent.Edge {
	return []ent.Edge{belongsTo("educator", Educator.Type), mayBelongTo("district", District.Type)}
}
func (ExternalID) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("district_id", "value").Unique().StorageKey("employee_id_once").Annotations(entsql.IndexWhere("kind = 'EMPLOYEE_ID'")),
		index.Fields("value").Unique().StorageKey("state_educator_id_once").Annotations(entsql.IndexWhere("kind = 'STATE_EDUCATOR_ID'")),
		index.Fields("educator_id"),
	}
}
func (ExternalID) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"external_id_kind":     oneOf("kind", "EMPLOYEE_ID", "STATE_EDUCATOR_ID"),
		"external_id_district": "(kind = 'EMPLOYEE_ID') = (district_id IS NOT NULL)",
	})}
}

// Employment is a stretch of time that a person works in a district.
type Employment struct{ ent.Schema }

func (Employment) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, versioned{}} }
func (Employment) Fields() []ent.Field {
	return []ent.Field{ref("educator"), wordRef("district"), optionalRef("school"), field.String("title").Default(""), date("start_date"), optionalDate("end_date")}
}
func (Employment) Edges() []ent.Edge {
	return []ent.Edge{belongsTo("educator", Educator.Type), belongsTo("district", District.Type), mayBelongTo("school", School.Type)}
}
func (Employment) Indexes() []ent.Index {
	return []ent.Index{index.Fields("educator_id", "start_date"), index.Fields("district_id", "educator_id"), whereSet("school_id")}
}
func (Employment) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{"employment_dates": "end_date >= start_date"})}
}
