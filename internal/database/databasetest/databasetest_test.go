package databasetest_test

import (
	"database/sql"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/database/databasetest"
)

func TestMain(m *testing.M) { databasetest.Main(m) }

var migrations = fstest.MapFS{
	"00001_notes.sql": {Data: []byte("-- +goose Up\nCREATE TABLE notes (body text);\n")},
}

func open(t *testing.T, address string) *sql.DB {
	t.Helper()
	db, err := database.Open(t.Context(), address, database.PoolOptions{MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func count(t *testing.T, db *sql.DB, query string, arguments ...any) (number int) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), query, arguments...).Scan(&number); err != nil {
		t.Fatal(err)
	}
	return number
}

func TestNewIsolates(t *testing.T) {
	one, other := open(t, databasetest.New(t, migrations)), open(t, databasetest.New(t, migrations))
	if _, err := one.ExecContext(t.Context(), "INSERT INTO notes VALUES ('mine')"); err != nil {
		t.Fatal(err)
	}
	if got := count(t, one, "SELECT count(*) FROM notes"); got != 1 {
		t.Errorf("in the one: got %d rows, want 1", got)
	}
	if got := count(t, other, "SELECT count(*) FROM notes"); got != 0 {
		t.Errorf("in the other: got %d rows, want none", got)
	}
}

func TestNewMigrates(t *testing.T) {
	more := fstest.MapFS{
		"00001_notes.sql": migrations["00001_notes.sql"],
		"00002_tags.sql":  {Data: []byte("-- +goose Up\nCREATE TABLE tags (word text);\n")},
	}
	for want, these := range map[int64]fstest.MapFS{1: migrations, 2: more} {
		db := open(t, databasetest.New(t, these))
		if version, err := database.SchemaVersion(t.Context(), db); err != nil || version != want {
			t.Errorf("got version %d, %v, want %d", version, err, want)
		}
	}
}

func TestNewCleansUp(t *testing.T) {
	var name string
	t.Run("a test", func(t *testing.T) {
		// Left open, as a careless test does.
		db, err := database.Open(t.Context(), databasetest.New(t, migrations), database.PoolOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.QueryRowContext(t.Context(), "SELECT current_database()").Scan(&name); err != nil {
			t.Fatal(err)
		}
	})
	db := open(t, databasetest.New(t, migrations))
	if !strings.HasPrefix(name, "btlc_test_") {
		t.Errorf("the database's name is %q", name)
	}
	if got := count(t, db, "SELECT count(*) FROM pg_database WHERE datname = $1", name); got != 0 {
		t.Error("the database is still there")
	}
}

// Parallel tests that are the first to want a template wait for the one that makes it.
func TestNewByManyAtOnce(t *testing.T) {
	fresh := fstest.MapFS{"00001_words.sql": {Data: []byte("-- +goose Up\nCREATE TABLE words (word text);\n")}}
	for range 8 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			if got := count(t, open(t, databasetest.New(t, fresh)), "SELECT count(*) FROM words"); got != 0 {
				t.Errorf("got %d rows, want none", got)
			}
		})
	}
}
