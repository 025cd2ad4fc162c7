package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/btlc/btlc/ent/migrate/migrations"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/database/databasetest"
	"github.com/btlc/btlc/internal/program"
)

func TestImportPastRecords(t *testing.T) {
	t.Parallel()
	url := databasetest.New(t, migrations.FS)
	pool, err := database.Open(t.Context(), url, database.PoolOptions{MaxConns: 2})
	check(t, err)
	defer pool.Close()
	data, err := program.Load()
	check(t, err)
	db := database.NewDB(pool, nil)
	defer db.Close()
	check(t, program.Store(t.Context(), db, data))
	for _, statement := range []string{
		`INSERT INTO educators (id, create_time, update_time, given_name, family_name) VALUES ('0190a8a4-7c1e-7b7a-9d51-3f0c2f5d9a10', now(), now(), 'Given', 'Family')`,
		`INSERT INTO external_ids (id, create_time, educator_id, kind, value) VALUES (gen_random_uuid(), now(), '0190a8a4-7c1e-7b7a-9d51-3f0c2f5d9a10', 'STATE_EDUCATOR_ID', '00000001')`,
	} {
		_, err := pool.ExecContext(t.Context(), statement)
		check(t, err)
	}
	path := filepath.Join(t.TempDir(), "binder.csv")
	write := func(rows string) {
		t.Helper()
		check(t, os.WriteFile(path, []byte("term,course,section,site,state_educator_id,given_name,family_name,completed,source\n"+rows), 0o600))
	}
	var a *account
	run := func(code int, says string, registrations int, arguments ...string) {
		t.Helper()
		stdout, stderr, got := a.btlc(t, []string{"BTLC_DATABASE_URL=" + url, "BTLC_MIGRATE_DATABASE_URL=" + url}, append([]string{"import", "past-records", path}, arguments...)...)
		if got != code || !strings.Contains(stdout+stderr, says) {
			t.Errorf("%v: got exit code %d, %s%s; want %d and %q", arguments, got, stdout, stderr, code, says)
		}
		var there int
		check(t, pool.QueryRowContext(t.Context(), "SELECT count(*) FROM registrations").Scan(&there))
		if there != registrations {
			t.Errorf("%v: there are %d registrations, want %d", arguments, there, registrations)
		}
	}
	write("spring-2011,using-data,A,North School,00000001,Given,Family,yes,binder\nspring-2011,using-data,A,North School,00000002,Given,Other,perhaps,binder\n")
	run(failed, "line 3, completed: want yes or no", 0, "--apply")
	write("spring-2011,using-data,A,North School,00000001,Given,Family,yes,binder\n")
	run(0, "1 sections and 1 registrations are new", 0)
	run(0, "all of it was imported", 1, "--apply")
	run(0, "1 rows are on record already", 1, "--apply")
}
