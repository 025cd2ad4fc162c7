package database_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	btlc "github.com/btlc/btlc/ent/migrate/migrations"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/database/databasetest"
)

const insertOfTime = `INSERT INTO audit_entries (time, id, principal, method, action, resource, request_id, subjects)
	VALUES ($1, gen_random_uuid(), 'system', 'test', 'WRITE', '', '', '{}')`

func TestEnsurePartitions(t *testing.T) {
	address := databasetest.New(t, btlc.FS)
	owner := open(t, address)
	pool, err := database.Open(t.Context(), address, database.PoolOptions{MaxConns: 4, ServerRole: true})
	check(t, err)
	defer pool.Close()
	db := database.NewDB(pool, nil)
	defer db.Close()
	// partitionOf is where a record of this time is put.
	partitionOf := func(moment time.Time) string {
		t.Helper()
		_, err := owner.ExecContext(t.Context(), insertOfTime, moment)
		check(t, err)
		var partition string
		check(t, owner.QueryRowContext(t.Context(), "SELECT tableoid::regclass::text FROM audit_entries WHERE time = $1", moment).Scan(&partition))
		return partition
	}

	since, until := time.Date(2021, 3, 31, 23, 0, 0, 0, time.FixedZone("", -5*3600)), time.Date(2022, 1, 15, 0, 0, 0, 0, time.UTC)
	for range 2 { // again is fine
		if strays, err := db.EnsurePartitionsOf(t.Context(), since, until); err != nil || strays != 0 {
			t.Fatalf("got %d strays, %v", strays, err)
		}
	}
	now := time.Now().UTC()
	for moment, want := range map[time.Time]string{
		time.Date(2021, 3, 1, 0, 0, 0, 0, time.UTC):                    "audit_entries_202103", // the month before since, which is April in UTC
		time.Date(2021, 2, 28, 23, 59, 59, 0, time.UTC):                "audit_entries_default",
		time.Date(2021, 12, 31, 23, 59, 59, 0, time.UTC):               "audit_entries_202112",
		time.Date(2022, 4, 30, 23, 59, 59, 0, time.UTC):                "audit_entries_202204",
		time.Date(2022, 5, 1, 0, 0, 0, 0, time.UTC):                    "audit_entries_default",
		time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC):    "audit_entries_" + now.Format("200601"),
		time.Date(now.Year(), now.Month()+3, 1, 0, 0, 0, 0, time.UTC):  "audit_entries_" + time.Date(now.Year(), now.Month()+3, 1, 0, 0, 0, 0, time.UTC).Format("200601"),
		time.Date(now.Year(), now.Month()+4, 1, 0, 0, 0, 0, time.UTC):  "audit_entries_default",
		time.Date(now.Year(), now.Month()-1, 1, 0, 0, 0, 0, time.UTC):  "audit_entries_" + time.Date(now.Year(), now.Month()-1, 1, 0, 0, 0, 0, time.UTC).Format("200601"),
		time.Date(now.Year(), now.Month()-2, 28, 0, 0, 0, 0, time.UTC): "audit_entries_default",
	} {
		if got := partitionOf(moment); got != want {
			t.Errorf("a record of %s: got %s, want %s", moment, got, want)
		}
	}

	// What is in a default partition is reported, by either way, until somebody moves it.
	for range 2 {
		if strays, err := db.EnsurePartitions(t.Context()); err != nil || strays != 4 {
			t.Errorf("got %d strays, %v, want 4", strays, err)
		}
	}
	if strays, err := db.EnsurePartitionsOf(t.Context(), since.AddDate(0, -6, 0), until); err != nil || strays != 4 {
		t.Errorf("got %d strays, %v, want 4", strays, err)
	}
	for _, partition := range []string{"audit_entries_202009", "feed_rows_202009"} {
		want := strings.HasPrefix(partition, "feed") // which has no strays
		if got := queryString(t, owner, "SELECT to_regclass('"+partition+"') IS NOT NULL"); (got == "true") != want {
			t.Errorf("there is %s: %s", partition, got)
		}
	}
}

func TestEnsurePartitionsHasAnEnd(t *testing.T) {
	pool, err := database.Open(t.Context(), databasetest.New(t, btlc.FS), database.PoolOptions{MaxConns: 4, ServerRole: true})
	check(t, err)
	defer pool.Close()
	db := database.NewDB(pool, nil)
	defer db.Close()
	if _, err := db.EnsurePartitionsOf(t.Context(), time.Time{}, time.Now()); pq.As(err, pqerror.InvalidParameterValue) == nil {
		t.Errorf("two thousand years: got %v, want a refusal", err)
	}
	if got := queryString(t, pool, "SELECT to_regclass('audit_entries_000101') IS NULL"); got != "true" {
		t.Error("a partition was made all the same")
	}
}
