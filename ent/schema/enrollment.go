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

// Course is a collaborative course. Program data.
type Course struct{ ent.Schema }

func (Course) Mixin() []ent.Mixin { return []ent.Mixin{wordID{}, created{}} }
func (Course) Fields() []ent.Field {
	return []ent.Field{field.String("title"), field.String("description").Default(""), field.String("core_skill"), field.Strings("sources")}
}

// CourseVersion is a course as it was offered from some time on. Program data.
type CourseVersion struct{ ent.Schema }

func (CourseVersion) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, created{}} }
func (CourseVersion) Fields() []ent.Field {
	return []ent.Field{
		wordRef("course"), field.Int32("version_number").Immutable(), field.Int32("contact_minutes"), field.Int32("weeks"), field.Int32("meeting_count"),
		field.String("fee_currency"), field.Int64("fee_units"), field.Int32("credits"), field.Int32("attendance_entry_days"),
		field.Strings("sources"), field.Strings("assumptions").Optional(),
	}
}
func (CourseVersion) Edges() []ent.Edge { return []ent.Edge{belongsTo("course", Course.Type)} }
func (CourseVersion) Indexes() []ent.Index {
	return []ent.Index{index.Fields("course_id", "version_number").Unique()}
}

// Term is a fall or spring.
type Term struct{ ent.Schema }

func (Term) Mixin() []ent.Mixin { return []ent.Mixin{wordID{}, versioned{}} }
func (Term) Fields() []ent.Field {
	return []ent.Field{field.String("display_name"), date("start_date"), date("end_date")}
}
func (Term) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{"term_dates": "end_date >= start_date"})}
}

// Section is one offering of a course.
type Section struct{ ent.Schema }

func (Section) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, versioned{}} }
func (Section) Fields() []ent.Field {
	return []ent.Field{
		ref("course_version"), wordRef("term"), optionalWordRef("role_family"), field.String("display_name").Default(""), field.String("state").Default("DRAFT"),
		field.Int32("capacity"), field.Int32("seats_taken").Default(0), field.String("site").Default(""), field.String("time_zone"),
		field.Time("registration_open_time"), field.Time("registration_close_time"), field.String("reason").Default(""),
	}
}
func (Section) Edges() []ent.Edge {
	return []ent.Edge{belongsTo("course_version", CourseVersion.Type), belongsTo("term", Term.Type), mayBelongTo("role_family", RoleFamily.Type)}
}
func (Section) Indexes() []ent.Index {
	return []ent.Index{index.Fields("term_id", "state"), index.Fields("course_version_id"), index.Fields("create_time", "id")}
}
func (Section) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"section_state":  oneOf("state", "DRAFT", "OPEN", "CLOSED", "IN_SESSION", "COMPLETED", "CANCELLED"),
		"section_seats":  "seats_taken >= 0 AND seats_taken <= capacity",
		"section_window": "registration_close_time > registration_open_time",
	})}
}

// SectionFacilitator says who leads a section.
type SectionFacilitator struct{ ent.Schema }

func (SectionFacilitator) Mixin() []ent.Mixin  { return []ent.Mixin{uuidID{}, created{}} }
func (SectionFacilitator) Fields() []ent.Field { return []ent.Field{ref("section"), ref("educator")} }
func (SectionFacilitator) Edges() []ent.Edge {
	return []ent.Edge{belongsTo("section", Section.Type), belongsTo("educator", Educator.Type)}
}
func (SectionFacilitator) Indexes() []ent.Index {
	return []ent.Index{index.Fields("section_id", "educator_id").Unique(), index.Fields("educator_id")}
}

// Meeting is one meeting of a section.
type Meeting struct{ ent.Schema }

func (Meeting) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, versioned{}} }
func (Meeting) Fields() []ent.Field {
	return []ent.Field{ref("section"), field.Int32("meeting_number").Immutable(), field.Time("start_time"), field.Time("end_time"), field.String("location").Default("")}
}
func (Meeting) Edges() []ent.Edge { return []ent.Edge{belongsTo("section", Section.Type)} }
func (Meeting) Indexes() []ent.Index {
	return []ent.Index{index.Fields("section_id", "meeting_number").Unique().StorageKey("meeting_number_once")}
}
func (Meeting) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{"meeting_times": "end_time > start_time AND end_time <= start_time + interval '24 hours'"})}
}

// Registration is a person's seat in a section.
type Registration struct{ ent.Schema }

func (Registration) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, versioned{}} }
func (Registration) Fields() []ent.Field {
	return []ent.Field{
		ref("section"), ref("educator"), ref("role_assignment"), wordRef("framework"), field.String("state").Default("ENROLLED"), date("register_date"),
		field.String("strengths").Default(""), field.String("learning_goals").Default(""), field.String("reason").Default(""),
		field.Time("state_time").Comment("since when the state is what it is"),
	}
}
func (Registration) Edges() []ent.Edge {
	return []ent.Edge{belongsTo("section", Section.Type), belongsTo("educator", Educator.Type), belongsTo("role_assignment", RoleAssignment.Type), belongsTo("framework", Framework.Type)}
}
func (Registration) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("section_id", "educator_id").Unique().StorageKey("registration_once").Annotations(entsql.IndexWhere("state <> 'WITHDRAWN'")),
		index.Fields("section_id", "create_time"), index.Fields("educator_id"), index.Fields("create_time", "id"),
	}
}
func (Registration) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{"registration_state": oneOf("state", "ENROLLED", "WITHDRAWN", "COMPLETED", "NOT_COMPLETED")})}
}

// AttendanceEntry is a line of the attendance ledger: append-only, by trigger.
type AttendanceEntry struct{ ent.Schema }

func (AttendanceEntry) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, created{}} }
func (AttendanceEntry) Fields() []ent.Field {
	return []ent.Field{
		ref("meeting"), ref("registration"), field.String("kind").Immutable(), field.Int32("minutes").Immutable(),
		field.UUID("corrects_id", uuid.UUID{}).Optional().Nillable().Immutable(), field.String("note").Default("").Immutable(), field.Bool("late").Immutable(), field.String("recorded_by").Immutable(),
	}
}
func (AttendanceEntry) Edges() []ent.Edge {
	return []ent.Edge{belongsTo("meeting", Meeting.Type), belongsTo("registration", Registration.Type),
		// Spelled from the other end, so that ent writes the key into the new row and leaves the corrected one alone.
		edge.To("correction", AttendanceEntry.Type).Unique().Annotations(entsql.OnDelete(entsql.NoAction)).From("corrects").Unique().Immutable().Field("corrects_id"),
	}
}
func (AttendanceEntry) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("meeting_id", "registration_id").Unique().StorageKey("attendance_entry_once").Annotations(entsql.IndexWhere("corrects_id IS NULL")),
		index.Fields("registration_id"), index.Fields("meeting_id", "create_time"),
	}
}
func (AttendanceEntry) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"attendance_kind":    oneOf("kind", "PRESENT", "EXCUSED", "ABSENT"),
		"attendance_minutes": "minutes >= 0 AND (kind = 'PRESENT' OR minutes = 0)",
	})}
}

// Training is one that somebody took for a role of theirs. Only its voiding is written later.
type Training struct{ ent.Schema }

func (Training) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, versioned{}} }
func (Training) Fields() []ent.Field {
	return []ent.Field{
		ref("educator"), wordRef("role_family"), field.String("title").Immutable(), field.String("provider").Immutable(), field.Int32("minutes").Immutable(),
		date("complete_date"), field.String("note").Default("").Immutable(), field.String("recorded_by").Immutable(),
		field.Time("void_time").Optional().Nillable(), field.String("void_reason").Default(""),
	}
}
func (Training) Edges() []ent.Edge {
	return []ent.Edge{belongsTo("educator", Educator.Type), belongsTo("role_family", RoleFamily.Type)}
}
func (Training) Indexes() []ent.Index {
	return []ent.Index{index.Fields("educator_id", "complete_date")}
}
func (Training) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"training_minutes": "minutes > 0",
		"training_void":    "(void_time IS NULL) = (void_reason = '')",
	})}
}
