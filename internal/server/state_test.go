package server_test

import (
	"context"
	"database/sql"
	"slices"
	"testing"
)

// state is a digest of the rows of each table.
type state map[string]string

// changed are the tables that are not the same in another state.
func (s state) changed(other state) (tables []string) {
	for table := range s {
		if s[table] != other[table] {
			tables = append(tables, table)
		}
	}
	slices.Sort(tables)
	return tables
}

// state reads all tables, when no write is under way any more. The history of the feed's epoch is noted by the server itself,
// some time after its start.
func (w *world) state(t testing.TB) state {
	t.Helper()
	s := state{}
	w.holdWrites(t, func(held *sql.Tx) {
		rows, err := held.QueryContext(t.Context(), `SELECT relname, query_to_xml(format(
			'SELECT count(*), sum(hashtextextended(r::text, 0)) FROM %I r', relname), false, true, '')::text
			FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace AND relname <> 'feed_epoch'`)
		must(t, err)
		defer rows.Close()
		for rows.Next() {
			var table, digest string
			must(t, rows.Scan(&table, &digest))
			s[table] = digest
		}
		must(t, rows.Err())
	})
	return s
}

// holdWrites waits for the writes that are under way. Those that come while do runs stop short of their end, at the audit
// record: their rows are written and not committed.
func (w *world) holdWrites(t testing.TB, do func(held *sql.Tx)) {
	t.Helper()
	held, err := w.owner.BeginTx(t.Context(), nil)
	must(t, err)
	defer func() { _ = held.Rollback() }() // it has written nothing
	_, err = held.ExecContext(t.Context(), `LOCK TABLE audit_entries IN SHARE MODE`)
	must(t, err)
	do(held)
}

// awaitHeld returns when a write stands at the hold, or none does any more; false when the context ends before that.
func awaitHeld(ctx context.Context, held *sql.Tx, wanted bool) bool {
	for {
		var waiting bool
		if err := held.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM pg_locks JOIN pg_database d ON d.oid = database
			WHERE datname = current_database() AND relation = 'audit_entries'::regclass AND NOT granted)`).Scan(&waiting); err != nil {
			return false
		}
		if waiting == wanted {
			return true
		}
	}
}
