package main

import (
	"strings"
	"testing"

	"github.com/btlc/btlc/ent/migrate/migrations"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/database/databasetest"
)

// TestFeedRestart has every cursor expire, also when the database is in the history that it was in.
func TestFeedRestart(t *testing.T) {
	t.Parallel()
	var a *account
	address := databasetest.New(t, migrations.FS)
	pool, err := database.Open(t.Context(), address, database.PoolOptions{MaxConns: 1, ServerRole: true})
	check(t, err)
	defer pool.Close()
	db := database.NewDB(pool, nil)
	defer db.Close()
	before, err := db.ReadFeed(t.Context(), "program", 0, 1)
	check(t, err)
	out, stderr, code := a.btlc(t, []string{"BTLC_DATABASE_URL=" + address}, "feed", "restart")
	if code != 0 {
		t.Fatalf("got exit code %d, %s", code, stderr)
	}
	after, err := db.ReadFeed(t.Context(), "program", 0, 1)
	check(t, err)
	if after.Epoch == before.Epoch || !strings.Contains(out, after.Epoch) {
		t.Errorf("the epoch was %s and is %s; it says %s", before.Epoch, after.Epoch, out)
	}
	if after.Reaches(before.End("program")) {
		t.Error("a cursor of before leads somewhere")
	}
}
