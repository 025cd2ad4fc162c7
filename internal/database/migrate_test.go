package database_test

import (
	"errors"
	"maps"
	"testing"
	"testing/fstest"

	"github.com/pressly/goose/v3"

	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/database/databasetest"
)

// empty makes a database without the tables of migrations: only the server's role, which all of a server's share.
func empty(t *testing.T) string {
	t.Helper()
	return databasetest.New(t, fstest.MapFS{"00001_role.sql": migrations["00001_role.sql"]})
}

func TestMigrateByManyAtOnce(t *testing.T) {
	address := empty(t)
	const servers = 4
	results := make(chan error, servers)
	for range servers {
		go func() { results <- database.Migrate(t.Context(), address, migrations) }()
	}
	for range servers {
		check(t, <-results)
	}
	db := open(t, address)
	if got := queryString(t, db, "SELECT count(*) FROM rooms"); got != "1" {
		t.Errorf("the migration that adds a room ran %s times", got)
	}
	if got := queryString(t, db, "SELECT count(*) FROM goose_db_version WHERE version_id = 3"); got != "1" {
		t.Errorf("version 3 is on record %s times", got)
	}
	check(t, database.Migrate(t.Context(), address, migrations)) // again is fine
}

func TestMigrateStopsAtAFault(t *testing.T) {
	address := empty(t)
	faulty := maps.Clone(migrations)
	faulty["00004_faulty.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE half (id int);\nSELECT 1/0;\n")}
	err := database.Migrate(t.Context(), address, faulty)
	if partial, ok := errors.AsType[*goose.PartialError](err); !ok || partial.Failed.Source.Version != 4 {
		t.Errorf("got %v, want a fault in migration 4", err)
	}
	db := open(t, address)
	if got := queryString(t, db, "SELECT to_regclass('half') IS NULL"); got != "true" {
		t.Error("a part of the faulty migration stayed")
	}
	if version, err := database.SchemaVersion(t.Context(), db); err != nil || version != 3 {
		t.Errorf("got version %d, %v, want 3", version, err)
	}
}

func TestMigrateNothing(t *testing.T) {
	if err := database.Migrate(t.Context(), empty(t), fstest.MapFS{}); !errors.Is(err, database.ErrNoMigrations) {
		t.Errorf("got %v, want ErrNoMigrations", err)
	}
}

func TestCheckSchema(t *testing.T) {
	address := empty(t)
	db := open(t, address)
	err := database.CheckSchema(t.Context(), db, migrations)
	if behind, ok := errors.AsType[database.ErrSchemaBehind](err); !ok || behind.Have != 1 || behind.Need != 3 {
		t.Errorf("got %v, want have 1, need 3", err)
	}
	execute(t, db, "DROP TABLE goose_db_version")
	err = database.CheckSchema(t.Context(), db, migrations)
	if behind, ok := errors.AsType[database.ErrSchemaBehind](err); !ok || behind.Have != 0 {
		t.Errorf("never migrated: got %v, want have 0", err)
	}

	check(t, database.CheckSchema(t.Context(), open(t, databasetest.New(t, migrations)), migrations))
	older := fstest.MapFS{"00002_tables.sql": migrations["00002_tables.sql"]}
	check(t, database.CheckSchema(t.Context(), open(t, databasetest.New(t, migrations)), older)) // a newer schema is fine
}

func TestLatestVersion(t *testing.T) {
	if version, err := database.LatestVersion(migrations); err != nil || version != 3 {
		t.Errorf("got %d, %v, want 3", version, err)
	}
	if _, err := database.LatestVersion(fstest.MapFS{}); !errors.Is(err, database.ErrNoMigrations) {
		t.Errorf("got %v, want ErrNoMigrations", err)
	}
	if _, err := database.LatestVersion(fstest.MapFS{"tables.sql": {}}); err == nil {
		t.Error("a migration without a version was taken")
	}
}
