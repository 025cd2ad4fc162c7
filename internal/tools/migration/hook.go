package main

import (
	"strings"

	"slices"

	atlas "ariga.io/atlas/sql/schema"
	entschema "entgo.io/ent/dialect/sql/schema"
)

// ownTablesOnly keeps the hand-written tables and their partitions out of the comparison: ent would drop them, and stumbles
// over partitions. The same goes for indexes over expressions.
func ownTablesOnly(next entschema.Differ) entschema.Differ {
	return entschema.DiffFunc(func(current, desired *atlas.Schema) ([]atlas.Change, error) {
		current.Tables = slices.DeleteFunc(current.Tables, func(t *atlas.Table) bool {
			return slices.ContainsFunc(handWritten, func(name string) bool { return t.Name == name || strings.HasPrefix(t.Name, name+"_") })
		})
		for _, t := range current.Tables {
			t.Indexes = slices.DeleteFunc(t.Indexes, func(i *atlas.Index) bool { return slices.Contains(handWrittenIndexes, i.Name) })
		}
		return next.Diff(current, desired)
	})
}
