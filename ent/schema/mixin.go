// Package schema declares the tables: what they hold, and the constraints that hold whatever code runs.
package schema

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"entgo.io/ent/schema/mixin"
	"github.com/google/uuid"
)

// uuidID gives a table UUIDv7 keys: unique without asking anybody, and in the order of creation.
type uuidID struct{ mixin.Schema }

func (uuidID) Fields() []ent.Field {
	return []ent.Field{field.UUID("id", uuid.UUID{}).Immutable().Default(newUUID)}
}

func newUUID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

var word = regexp.MustCompile(`^[a-z][a-z0-9-]{1,62}$`)

// wordID gives a catalogue table keys that people read, such as `using-data`.
type wordID struct{ mixin.Schema }

func (wordID) Fields() []ent.Field {
	return []ent.Field{field.String("id").Immutable().Match(word)}
}

// created says when a row was made; rows of a ledger have no more times than that.
type created struct{ mixin.Schema }

func (created) Fields() []ent.Field {
	return []ent.Field{field.Time("create_time").Immutable().Default(time.Now)}
}

// versioned counts the changes of a row: its etag, and the order in which a consumer of the change feed applies them.
type versioned struct{ mixin.Schema }

func (versioned) Fields() []ent.Field {
	return []ent.Field{
		field.Time("create_time").Immutable().Default(time.Now),
		field.Time("update_time").Default(time.Now),
		field.Int32("version").Default(1),
	}
}

func date(name string) ent.Field {
	return field.Time(name).SchemaType(map[string]string{dialect.Postgres: "date"})
}

// list is a JSON column that is an empty list for whoever gives none, rows of before included.
func list[T any](name string, none []T) ent.Field {
	return field.JSON(name, none).Default(none).Annotations(entsql.DefaultExpr("'[]'"))
}

func optionalDate(name string) ent.Field {
	return field.Time(name).Optional().Nillable().SchemaType(map[string]string{dialect.Postgres: "date"})
}

// belongsTo is a foreign key column `<name>_id` that has been declared as a field of the table.
func belongsTo(name string, target any) ent.Edge {
	return edge.To(name, target).Unique().Required().Immutable().Field(name + "_id").Annotations(entsql.OnDelete(entsql.NoAction))
}

func mayBelongTo(name string, target any) ent.Edge {
	return edge.To(name, target).Unique().Field(name + "_id").Annotations(entsql.OnDelete(entsql.NoAction))
}

func ref(name string) ent.Field { return field.UUID(name+"_id", uuid.UUID{}).Immutable() }

func optionalRef(name string) ent.Field {
	return field.UUID(name+"_id", uuid.UUID{}).Optional().Nillable()
}

func wordRef(name string) ent.Field { return field.String(name + "_id").Immutable() }

func optionalWordRef(name string) ent.Field { return field.String(name + "_id").Optional().Nillable() }

// timeZero is the beginning of Unix time: before anything that can be due.
func timeZero() time.Time { return time.Unix(0, 0).UTC() }

// oneOf is a check that a text column holds one of the words.
func oneOf(column string, words ...string) string {
	return fmt.Sprintf("%s IN ('%s')", column, strings.Join(words, "', '"))
}

func checks(byName map[string]string) schema.Annotation { return entsql.Checks(byName) }

// whereSet is an index for a reference that most rows have not: by it a row that is referred to is deleted without reading
// the whole table.
func whereSet(field string) ent.Index {
	return index.Fields(field).Annotations(entsql.IndexWhere(field + " IS NOT NULL"))
}
