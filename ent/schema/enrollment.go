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

// SessionPattern says how many meetings of a course are held on what days (EVENING, SATURDAY) and hours, in minutes since
// midnight; kept inside the version's row, as are the next three.
type SessionPattern struct {
	Kind        string `json:"kind"`
	Count       int32  `json:"count"`
	StartMinute int32  `json:"startMinute"`
	EndMinute   int32  `json:"endMinute"`
}

// SyllabusUnit is a part of what a course goes through.
type SyllabusUnit struct {
	Title       string           `json:"title"`
	Description string           `json:"description,omitempty"`
	Resources   []CourseResource `json:"resources,omitempty"`
}

// CourseResource is something that participants are given or asked to read.
type CourseResource struct {
	Title string `json:"title"`
	URL   string `json:"url,omitempty"`
}

// ServedGoal is a learning goal that a version was made to serve, by the id of its competency.
type ServedGoal struct {
	Competency string `json:"competency"`
	Note       string `json:"note,omitempty"`
}

// CourseVersion is a course as it was offered from some time on. The first is program data.
type CourseVersion struct{ ent.Schema }

func (CourseVersion) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, created{}} }
func (CourseVersion) Fields() []ent.Field {
	return []ent.Field{
		wordRef("course"), field.Int32("version_number").Immutable(), field.Int32("contact_minutes"), field.Int32("weeks"), field.Int32("meeting_count"),
		field.String("fee_currency"), field.Int64("fee_units"), field.Int32("credits"), field.Int32("attendance_entry_days"),
		list("session_pattern", []SessionPattern{}), list("syllabus", []SyllabusUnit{}),
		list("resources", []CourseResource{}), list("served_goals", []ServedGoal{}),
		field.String("change_note").Default(""), field.Strings("sources"), field.Strings("assumptions").Optional(),
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
		optionalRef("school"), field.String("language").Default(""), field.String("accessibility").Default(""), field.Bool("by_arrangement").Default(false),
		field.Int32("waiting_count").Default(0).Comment("persons who wait for a seat"), field.Int32("seating_number").Default(0).Comment("of the newest line of the seating log"),
		field.String("imported_source").Default("").Immutable(),
	}
}
func (Section) Edges() []ent.Edge {
	return []ent.Edge{belongsTo("course_version", CourseVersion.Type), belongsTo("term", Term.Type), mayBelongTo("role_family", RoleFamily.Type), mayBelongTo("school", School.Type)}
}
func (Section) Indexes() []ent.Index {
	return []ent.Index{index.Fields("term_id", "state"), index.Fields("course_version_id"), index.Fields("create_time", "id")}
}
func (Section) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"section_state":   oneOf("state", "DRAFT", "OPEN", "CLOSED", "IN_SESSION", "COMPLETED", "CANCELLED"),
		"section_seats":   "seats_taken >= 0 AND seats_taken <= capacity",
		"section_window":  "registration_close_time > registration_open_time",
		"section_waiting": "waiting_count >= 0",
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
	return []ent.Field{ref("section"), field.Int32("meeting_number").Immutable(), field.Time("start_time"), field.Time("end_time"), field.String("location").Default(""), field.String("room").Default(""), field.Bytes("sign_in_key").Optional().Sensitive(), list("resources", []CourseResource{})}
}
func (Meeting) Edges() []ent.Edge { return []ent.Edge{belongsTo("section", Section.Type)} }
func (Meeting) Indexes() []ent.Index {
	return []ent.Index{index.Fields("section_id", "meeting_number").Unique().StorageKey("meeting_number_once")}
}
func (Meeting) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{"meeting_times": "end_time > start_time AND end_time <= start_time + interval '24 hours'"})}
}

// Booking keeps a person, or a room, from being at two meetings at once: an exclusion constraint for each, written by hand in
// the migrations, by whose triggers it is kept. The educator is no edge: a merge of two records rebooks by the rows that it moves.
type Booking struct{ ent.Schema }

func (Booking) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}} }
func (Booking) Fields() []ent.Field {
	return []ent.Field{ref("meeting"), field.UUID("educator_id", uuid.UUID{}).Optional().Nillable().Immutable(), field.String("room").Default(""), field.Time("start_time"), field.Time("end_time")}
}
func (Booking) Edges() []ent.Edge {
	return []ent.Edge{belongsTo("meeting", Meeting.Type)}
}
func (Booking) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("meeting_id", "educator_id").Unique().StorageKey("booked_once").Annotations(entsql.IndexWhere("educator_id IS NOT NULL")),
		index.Fields("meeting_id"), index.Fields("meeting_id").Unique().StorageKey("room_booked_once").Annotations(entsql.IndexWhere("educator_id IS NULL")),
	}
}
func (Booking) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{"booking_of": "(educator_id IS NULL) = (room <> '')"})}
}

// Registration is a person's seat in a section, or the wish for one.
type Registration struct{ ent.Schema }

func (Registration) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, versioned{}} }
func (Registration) Fields() []ent.Field {
	return []ent.Field{
		ref("section"), ref("educator"), optionalRef("role_assignment"), field.String("framework_id").Optional().Nillable().Immutable(), field.String("state").Default("ENROLLED"), date("register_date"),
		field.String("strengths").Default(""), field.String("learning_goals").Default(""), field.String("reason").Default(""),
		field.Time("state_time").Comment("since when the state is what it is"),
		field.UUID("application_id", uuid.UUID{}).Optional().Nillable().Immutable(), list("competency_ratings", []CompetencyRating{}), optionalWordRef("credit_institution"),
		field.String("payer_kind").Default("SELF"), field.String("sponsor").Default(""), field.String("purchase_order").Default(""),
		field.String("accessibility_needs").Default(""), field.String("needs_answer").Default(""), field.Bool("role_alike").Default(false).Comment("of the section's role family when it was registered"),
		field.Time("offer_expire_time").Optional().Nillable(), field.String("completion_exception").Default(""), field.String("imported_source").Default("").Immutable(),
	}
}
func (Registration) Edges() []ent.Edge {
	return []ent.Edge{
		belongsTo("section", Section.Type), belongsTo("educator", Educator.Type), mayBelongTo("role_assignment", RoleAssignment.Type), mayBelongTo("credit_institution", Institution.Type),
		edge.To("framework", Framework.Type).Unique().Immutable().Field("framework_id").Annotations(entsql.OnDelete(entsql.NoAction)),
		edge.To("application", Application.Type).Unique().Immutable().Field("application_id").Annotations(entsql.OnDelete(entsql.NoAction)),
	}
}
func (Registration) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("section_id", "educator_id").Unique().StorageKey("registration_once").Annotations(entsql.IndexWhere("state <> 'WITHDRAWN' AND state <> 'DECLINED' AND state <> 'EXPIRED'")),
		index.Fields("section_id", "create_time"), index.Fields("educator_id"), index.Fields("create_time", "id"), index.Fields("application_id"),
		index.Fields("offer_expire_time").StorageKey("registration_offers").Annotations(entsql.IndexWhere("state = 'OFFERED'")),
		index.Fields("educator_id").StorageKey("registration_awaiting_role").Annotations(entsql.IndexWhere("state = 'AWAITING_ROLE'")),
	}
}
func (Registration) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"registration_state":  oneOf("state", "ENROLLED", "WITHDRAWN", "COMPLETED", "NOT_COMPLETED", "AWAITING_ROLE", "WAITLISTED", "OFFERED", "DECLINED", "EXPIRED"),
		"registration_origin": "imported_source <> '' OR framework_id IS NOT NULL",
		"registration_role":   "imported_source <> '' OR role_assignment_id IS NOT NULL OR state NOT IN ('ENROLLED', 'COMPLETED', 'NOT_COMPLETED', 'OFFERED', 'WAITLISTED')",
		"registration_offer":  "(state = 'OFFERED') = (offer_expire_time IS NOT NULL)",
		"registration_payer":  oneOf("payer_kind", "SELF", "SCHOOL", "DISTRICT", "PURCHASE_ORDER"),
	})}
}

// CompetencyRating is what a person says of the own skill in a competency; kept inside the registration's row.
type CompetencyRating struct {
	Competency   string `json:"competency"`
	Rating       int32  `json:"rating,omitempty"`
	LearningGoal bool   `json:"learningGoal,omitempty"`
}

// AttendanceEntry is a line of the attendance ledger: append-only, by trigger.
type AttendanceEntry struct{ ent.Schema }

func (AttendanceEntry) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, created{}} }
func (AttendanceEntry) Fields() []ent.Field {
	return []ent.Field{
		ref("meeting"), ref("registration"), field.String("kind").Immutable(), field.Int32("minutes").Immutable(),
		field.UUID("corrects_id", uuid.UUID{}).Optional().Nillable().Immutable(), field.String("note").Default("").Immutable(), field.Bool("late").Immutable(), field.String("recorded_by").Immutable(),
		field.Time("arrive_time").Optional().Nillable().Immutable(), field.Time("leave_time").Optional().Nillable().Immutable(), field.UUID("make_up_meeting_id", uuid.UUID{}).Optional().Nillable().Immutable(),
	}
}
func (AttendanceEntry) Edges() []ent.Edge {
	return []ent.Edge{belongsTo("meeting", Meeting.Type), belongsTo("registration", Registration.Type),
		edge.To("make_up_meeting", Meeting.Type).Unique().Immutable().Field("make_up_meeting_id").Annotations(entsql.OnDelete(entsql.NoAction)),
		// Spelled from the other end, so that ent writes the key into the new row and leaves the corrected one alone.
		edge.To("correction", AttendanceEntry.Type).Unique().Annotations(entsql.OnDelete(entsql.NoAction)).From("corrects").Unique().Immutable().Field("corrects_id"),
	}
}
func (AttendanceEntry) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("meeting_id", "registration_id").Unique().StorageKey("attendance_entry_once").Annotations(entsql.IndexWhere("corrects_id IS NULL")),
		index.Fields("registration_id"), index.Fields("meeting_id", "create_time"),
		index.Fields("make_up_meeting_id").Annotations(entsql.IndexWhere("make_up_meeting_id IS NOT NULL")),
	}
}
func (AttendanceEntry) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"attendance_kind":    oneOf("kind", "PRESENT", "EXCUSED", "ABSENT", "MAKE_UP"),
		"attendance_minutes": "minutes >= 0 AND (kind IN ('PRESENT', 'MAKE_UP') OR minutes = 0)",
		"attendance_make_up": "(kind = 'MAKE_UP') = (make_up_meeting_id IS NOT NULL)",
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
