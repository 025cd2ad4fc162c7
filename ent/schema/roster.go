package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// RosterCounts says how much a roster would change; kept inside the import's row.
type RosterCounts struct {
	SchoolsAdded     int32 `json:"schoolsAdded"`
	SchoolsRenamed   int32 `json:"schoolsRenamed"`
	SchoolsMissing   int32 `json:"schoolsMissing"`
	PeopleAdded      int32 `json:"peopleAdded"`
	PeopleChanged    int32 `json:"peopleChanged"`
	EmploymentsAdded int32 `json:"employmentsAdded"`
	EmploymentsMoved int32 `json:"employmentsMoved"`
	EmploymentsEnded int32 `json:"employmentsEnded"`
	Unchanged        int32 `json:"unchanged"`
	Ignored          int32 `json:"ignored"`
	Ambiguous        int32 `json:"ambiguous"`
}

// RosterFault is what is wrong at one place of a roster; kept inside the import's row.
type RosterFault struct {
	File        string `json:"file"`
	Line        int32  `json:"line"`
	Column      string `json:"column"`
	Description string `json:"description"`
}

// RosterImport is a roster of a district and what it would change, or has changed.
type RosterImport struct{ ent.Schema }

func (RosterImport) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, versioned{}} }
func (RosterImport) Fields() []ent.Field {
	return []ent.Field{
		wordRef("district"), field.String("file_name").Immutable(), field.String("file_digest").Immutable(), field.String("state"),
		field.JSON("counts", RosterCounts{}), field.String("blocked_reason").Default(""), field.Int32("fault_count").Default(0), field.JSON("faults", []RosterFault{}),
		field.Time("apply_time").Optional().Nillable(), field.Time("undo_time").Optional().Nillable(),
	}
}
func (RosterImport) Edges() []ent.Edge { return []ent.Edge{belongsTo("district", District.Type)} }
func (RosterImport) Indexes() []ent.Index {
	return []ent.Index{index.Fields("district_id", "create_time")}
}
func (RosterImport) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{"roster_import_state": oneOf("state", "FAULTY", "BLOCKED", "PLANNED", "APPLIED", "UNDONE")})}
}

// RosterAction is one change of a roster: what it would do, and once applied what it did, so that it can be undone.
type RosterAction struct{ ent.Schema }

func (RosterAction) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}} }
func (RosterAction) Fields() []ent.Field {
	return []ent.Field{
		ref("roster_import"), field.Int32("ordinal").Immutable(), field.String("kind").Immutable(), field.Int32("line").Immutable(), field.String("key").Immutable(),
		field.String("resource").Default("").Comment("the person or school; of what is added, known once it is applied"),
		field.String("before").Immutable(), field.String("after").Immutable(),
		field.JSON("plan", map[string]any{}).Immutable().Comment("the action as internal/oneroster has it"),
		field.JSON("done", map[string]any{}).Optional().Comment("what undoing it needs"),
	}
}
func (RosterAction) Edges() []ent.Edge {
	return []ent.Edge{belongsTo("roster_import", RosterImport.Type)}
}
func (RosterAction) Indexes() []ent.Index {
	return []ent.Index{index.Fields("roster_import_id", "ordinal").Unique().StorageKey("roster_action_ordinal_once")}
}
