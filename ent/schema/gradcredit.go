package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Agreement says for which courses an institution grants credit, and when.
type Agreement struct{ ent.Schema }

func (Agreement) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, versioned{}} }
func (Agreement) Fields() []ent.Field {
	return []ent.Field{wordRef("institution"), field.Int32("credits"), field.String("degree_eligibility"), date("start_date"), optionalDate("end_date"), field.String("assumption").Default("")}
}
func (Agreement) Edges() []ent.Edge { return []ent.Edge{belongsTo("institution", Institution.Type)} }
func (Agreement) Indexes() []ent.Index {
	return []ent.Index{index.Fields("institution_id", "start_date")}
}
func (Agreement) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"agreement_dates":   "end_date >= start_date",
		"agreement_degree":  oneOf("degree_eligibility", "DEGREE_ELIGIBLE", "NOT_DEGREE_ELIGIBLE", "UNKNOWN"),
		"agreement_credits": "credits > 0",
	})}
}

// AgreementCourse is a course of an agreement.
type AgreementCourse struct{ ent.Schema }

func (AgreementCourse) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, created{}} }
func (AgreementCourse) Fields() []ent.Field {
	return []ent.Field{ref("agreement"), wordRef("course")}
}
func (AgreementCourse) Edges() []ent.Edge {
	return []ent.Edge{belongsTo("agreement", Agreement.Type), belongsTo("course", Course.Type)}
}
func (AgreementCourse) Indexes() []ent.Index {
	return []ent.Index{index.Fields("agreement_id", "course_id").Unique()}
}

// CreditRequest is a participant's wish to have graduate credit.
type CreditRequest struct{ ent.Schema }

func (CreditRequest) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, versioned{}} }
func (CreditRequest) Fields() []ent.Field {
	return []ent.Field{ref("registration"), ref("educator"), wordRef("institution"), ref("agreement"), field.String("state").Default("REQUESTED")}
}
func (CreditRequest) Edges() []ent.Edge {
	return []ent.Edge{belongsTo("registration", Registration.Type), belongsTo("educator", Educator.Type), belongsTo("institution", Institution.Type), belongsTo("agreement", Agreement.Type)}
}
func (CreditRequest) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("registration_id").Unique().StorageKey("credit_request_once").Annotations(entsql.IndexWhere("state = 'REQUESTED'")),
		index.Fields("educator_id"), index.Fields("institution_id", "create_time"),
	}
}
func (CreditRequest) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{"credit_request_state": oneOf("state", "REQUESTED", "WITHDRAWN")})}
}

// Consent is a person's agreement that an institution may see their credit facts.
type Consent struct{ ent.Schema }

func (Consent) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, versioned{}} }
func (Consent) Fields() []ent.Field {
	return []ent.Field{ref("educator"), wordRef("institution"), field.Time("revoke_time").Optional().Nillable()}
}
func (Consent) Edges() []ent.Edge {
	return []ent.Edge{belongsTo("educator", Educator.Type), belongsTo("institution", Institution.Type)}
}
func (Consent) Indexes() []ent.Index {
	return []ent.Index{index.Fields("educator_id", "institution_id").Unique().StorageKey("consent_once").Annotations(entsql.IndexWhere("revoke_time IS NULL"))}
}

// CreditPosting is credit that an institution has put on a transcript. One that stands keeps others of its request out.
type CreditPosting struct{ ent.Schema }

func (CreditPosting) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, versioned{}} }
func (CreditPosting) Fields() []ent.Field {
	return []ent.Field{
		ref("credit_request"), ref("educator"), wordRef("institution"), wordRef("course"), field.Int32("credits").Immutable(), date("post_date"),
		field.String("state").Default("POSTED"), field.String("reason").Default(""),
	}
}
func (CreditPosting) Edges() []ent.Edge {
	return []ent.Edge{
		belongsTo("credit_request", CreditRequest.Type), belongsTo("educator", Educator.Type), belongsTo("institution", Institution.Type), belongsTo("course", Course.Type),
	}
}
func (CreditPosting) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("credit_request_id").Unique().StorageKey("credit_posted_once").Annotations(entsql.IndexWhere("state = 'POSTED'")),
		index.Fields("educator_id"), index.Fields("institution_id", "post_date"), index.Fields("institution_id", "create_time"),
	}
}
func (CreditPosting) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"credit_posting_state": oneOf("state", "POSTED", "RETRACTED"), "credit_posting_credits": "credits > 0",
	})}
}
