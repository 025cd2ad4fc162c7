package main

import (
	"archive/zip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/btlc/btlc/ent/migrate/migrations"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/database/databasetest"
)

func TestImportRoster(t *testing.T) {
	t.Parallel()
	url := databasetest.New(t, migrations.FS)
	pool, err := database.Open(t.Context(), url, database.PoolOptions{MaxConns: 2})
	check(t, err)
	defer pool.Close()
	_, err = pool.ExecContext(t.Context(), `INSERT INTO districts (id, create_time, update_time, display_name, time_zone) VALUES ('bps', now(), now(), 'A district', 'America/New_York')`)
	check(t, err)
	path := filepath.Join(t.TempDir(), "roster.zip")
	write := func(orgs, users string) {
		t.Helper()
		file, err := os.Create(path)
		check(t, err)
		w := zip.NewWriter(file)
		for name, text := range map[string]string{
			"manifest.csv": "propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\nfile.orgs,bulk\nfile.users,bulk\nfile.roles,bulk\n",
			"orgs.csv":     "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\nd,,,District,district,,\n" + orgs,
			"users.csv":    "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email\nu,,,true,u,,Given,Family,,S1,\n" + users,
			"roles.csv":    "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId\nr,,,u,primary,teacher,2020-08-25,,n,\n",
		} {
			entry, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
			check(t, err)
			_, err = entry.Write([]byte(text))
			check(t, err)
		}
		check(t, w.Close())
		check(t, file.Close())
	}
	var a *account
	run := func(code int, says string, arguments ...string) {
		t.Helper()
		stdout, stderr, got := a.btlc(t, []string{"BTLC_DATABASE_URL=" + url, "BTLC_MIGRATE_DATABASE_URL=" + url}, append([]string{"import", "roster", path}, arguments...)...)
		if got != code || !strings.Contains(stdout+stderr, says) {
			t.Errorf("%v: got exit code %d, %s%s; want %d and %q", arguments, got, stdout, stderr, code, says)
		}
	}
	persons := func(want int) {
		t.Helper()
		var got int
		check(t, pool.QueryRowContext(t.Context(), "SELECT count(*) FROM educators").Scan(&got))
		if got != want {
			t.Errorf("there are %d persons, want %d", got, want)
		}
	}
	write("n,,,North School,school,0100,d\nn,,,South School,school,0200,d\n", "")
	run(misused, "--district names the district")
	run(failed, "orgs.csv, line 4", "--district", "bps", "--apply")
	var pupils strings.Builder
	for i := range 2_000_000 {
		fmt.Fprintf(&pupils, "p%d,,,,,,,,,,\n", i)
	}
	write("n,,,North School,school,0100,d\n", pupils.String()+"p1,,,,,,,,,,\nhalf a")
	run(failed, `the roster has 3 faults:
  users.csv, line 2000002: got more rows, want at most 2000000; from here on rows are read for faults alone
  users.csv, line 2000003, sourcedId: got the id of line 4, want an id that no other row has
  users.csv, line 2000004: got 1 fields, want 11, as in the header`, "--district", "bps", "--apply")
	persons(0)
	write("n,,,North School,school,0100,d\n", "")
	run(failed, "districts/nowhere", "--district", "nowhere")
	run(0, "line 2: person added S1: Given Family", "--district", "bps")
	persons(0)
	run(0, "was applied", "--district", "bps", "--apply")
	persons(1)
}
