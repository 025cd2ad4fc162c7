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

// ClosedDay is a day, or several on end, without meetings; kept inside the calendar's row. Days are `2026-11-26`.
type ClosedDay struct {
	Title string `json:"title"`
	First string `json:"first"`
	Last  string `json:"last"`
}

// SchoolCalendar says on which days there are no meetings.
type SchoolCalendar struct{ ent.Schema }

func (SchoolCalendar) Mixin() []ent.Mixin { return []ent.Mixin{wordID{}, versioned{}} }
func (SchoolCalendar) Fields() []ent.Field {
	return []ent.Field{field.String("display_name"), field.JSON("closed_days", []ClosedDay{}), field.String("source").Default("")}
}

// CalendarLink is an address at which calendar programs read meetings. Of the address only a hash is kept.
type CalendarLink struct{ ent.Schema }

func (CalendarLink) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, created{}} }
func (CalendarLink) Fields() []ent.Field {
	return []ent.Field{
		field.Bytes("token_hash").Immutable().Sensitive(), field.UUID("section_id", uuid.UUID{}).Optional().Nillable().Immutable(), field.UUID("educator_id", uuid.UUID{}).Optional().Nillable().Immutable(), field.String("recorded_by").Immutable(),
	}
}
func (CalendarLink) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("section", Section.Type).Unique().Immutable().Field("section_id").Annotations(entsql.OnDelete(entsql.NoAction)),
		edge.To("educator", Educator.Type).Unique().Immutable().Field("educator_id").Annotations(entsql.OnDelete(entsql.NoAction)),
	}
}
func (CalendarLink) Indexes() []ent.Index {
	return []ent.Index{index.Fields("token_hash").Unique(), index.Fields("educator_id"), index.Fields("section_id")}
}
func (CalendarLink) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{"calendar_link_of": "(section_id IS NULL) <> (educator_id IS NULL)"})}
}

// SeatingEntry is a line of a section's seating log: what happened, and what was decided. Append-only, by trigger; numbered
// without gaps under the lock of the section.
type SeatingEntry struct{ ent.Schema }

func (SeatingEntry) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, created{}} }
func (SeatingEntry) Fields() []ent.Field {
	return []ent.Field{
		ref("section"), field.Int32("entry_number").Immutable(), field.JSON("event", map[string]any{}).Immutable().Comment("as internal/seating has it"),
		field.JSON("decisions", []map[string]any{}).Immutable().Comment("as internal/seating has them"), field.String("rules").Immutable(), field.String("recorded_by").Immutable(),
	}
}
func (SeatingEntry) Edges() []ent.Edge { return []ent.Edge{belongsTo("section", Section.Type)} }
func (SeatingEntry) Indexes() []ent.Index {
	return []ent.Index{index.Fields("section_id", "entry_number").Unique().StorageKey("seating_entry_number_once")}
}

// Application is what a person or a group of partners asks for in a term.
type Application struct{ ent.Schema }

func (Application) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, versioned{}} }
func (Application) Fields() []ent.Field {
	return []ent.Field{
		wordRef("term"), wordRef("course"), field.UUID("section_id", uuid.UUID{}).Optional().Nillable().Immutable(), field.Ints("evenings").Default([]int{}).Comment("ISO days of the week"), field.Strings("sites").Default([]string{}),
		field.String("state").Default("FORMING"), field.String("reason").Default(""), field.Time("submit_time").Optional().Nillable(),
	}
}
func (Application) Edges() []ent.Edge {
	return []ent.Edge{
		belongsTo("term", Term.Type), belongsTo("course", Course.Type),
		edge.To("section", Section.Type).Unique().Immutable().Field("section_id").Annotations(entsql.OnDelete(entsql.NoAction)),
	}
}
func (Application) Indexes() []ent.Index {
	return []ent.Index{index.Fields("term_id", "state", "course_id"), index.Fields("create_time", "id")}
}
func (Application) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{"application_state": oneOf("state", "FORMING", "SUBMITTED", "PLACED", "WITHDRAWN")})}
}

// ApplicationMember is one of those who apply together.
type ApplicationMember struct{ ent.Schema }

func (ApplicationMember) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, created{}} }
func (ApplicationMember) Fields() []ent.Field {
	return []ent.Field{
		ref("application"), ref("educator"), field.Int32("position").Immutable(), field.String("state").Default("INVITED"),
		field.JSON("details", map[string]any{}).Optional().Comment("what the registration is to say, as the API has it"), optionalRef("registration"),
	}
}
func (ApplicationMember) Edges() []ent.Edge {
	return []ent.Edge{belongsTo("application", Application.Type), belongsTo("educator", Educator.Type), mayBelongTo("registration", Registration.Type)}
}
func (ApplicationMember) Indexes() []ent.Index {
	return []ent.Index{index.Fields("application_id", "educator_id").Unique().StorageKey("application_member_once"), index.Fields("educator_id")}
}
func (ApplicationMember) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{"application_member_state": oneOf("state", "INVITED", "ACCEPTED", "DECLINED")})}
}

// SectionPlan is what a proposal makes of a section; kept inside the proposal's row.
type SectionPlan struct {
	Section    uuid.UUID `json:"section"`
	RoleFamily string    `json:"roleFamily,omitempty"`
	FreeSeats  int32     `json:"freeSeats"`
	Placed     int32     `json:"placed"`
	RoleAlike  int32     `json:"roleAlike"`
}

// PlacementProposal is a proposal for the applications of a term that wait.
type PlacementProposal struct{ ent.Schema }

func (PlacementProposal) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, versioned{}} }
func (PlacementProposal) Fields() []ent.Field {
	return []ent.Field{
		wordRef("term"), field.String("course_id").Optional().Nillable().Immutable(), field.String("state").Default("DRAFT"), field.Float("value"), field.Float("bound"), field.String("rules").Immutable(),
		field.JSON("weights", map[string]int32{}).Immutable(), field.JSON("sections", []SectionPlan{}), field.Int32("placed_count"), field.Int32("unplaced_count"),
		field.String("recorded_by").Immutable(), field.Time("apply_time").Optional().Nillable(),
	}
}
func (PlacementProposal) Edges() []ent.Edge {
	return []ent.Edge{belongsTo("term", Term.Type), edge.To("course", Course.Type).Unique().Immutable().Field("course_id").Annotations(entsql.OnDelete(entsql.NoAction))}
}
func (PlacementProposal) Indexes() []ent.Index {
	return []ent.Index{index.Fields("term_id", "create_time")}
}
func (PlacementProposal) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{"placement_proposal_state": oneOf("state", "DRAFT", "APPLIED")})}
}

// PlacementAlternative is a section that would be better for those who applied; kept inside the placement's row.
type PlacementAlternative struct {
	Section   uuid.UUID `json:"section"`
	Gain      float64   `json:"gain"`
	Obstacles []string  `json:"obstacles"`
}

// Placement is where an application goes by a proposal, and why.
type Placement struct{ ent.Schema }

func (Placement) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}} }
func (Placement) Fields() []ent.Field {
	return []ent.Field{
		ref("placement_proposal"), ref("application"), optionalRef("section"), field.Bool("pinned").Default(false), field.Float("value"), field.Int32("party_size").Immutable(),
		field.Strings("reasons"), field.JSON("alternatives", []PlacementAlternative{}), field.String("state").Default("PROPOSED"), field.String("failure").Default(""),
	}
}
func (Placement) Edges() []ent.Edge {
	return []ent.Edge{belongsTo("placement_proposal", PlacementProposal.Type), belongsTo("application", Application.Type), mayBelongTo("section", Section.Type)}
}
func (Placement) Indexes() []ent.Index {
	return []ent.Index{index.Fields("placement_proposal_id", "application_id").Unique().StorageKey("placement_once"), index.Fields("application_id")}
}
func (Placement) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{"placement_state": oneOf("state", "PROPOSED", "APPLIED", "FAILED")})}
}

// SignInAttempt is a wrong code that somebody gave, so that guessing ends.
type SignInAttempt struct{ ent.Schema }

func (SignInAttempt) Mixin() []ent.Mixin  { return []ent.Mixin{uuidID{}, created{}} }
func (SignInAttempt) Fields() []ent.Field { return []ent.Field{ref("meeting"), ref("educator")} }
func (SignInAttempt) Edges() []ent.Edge {
	return []ent.Edge{belongsTo("meeting", Meeting.Type), belongsTo("educator", Educator.Type)}
}
func (SignInAttempt) Indexes() []ent.Index {
	return []ent.Index{index.Fields("meeting_id", "educator_id")}
}
