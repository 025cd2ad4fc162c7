package database_test

import (
	"bytes"
	"context"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	schema "github.com/btlc/btlc/ent/migrate/migrations"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/database/databasetest"
)

// openFeed is the database at an address as a server has it.
func openFeed(t *testing.T, address string) *database.DB {
	t.Helper()
	pool, err := database.Open(t.Context(), address, database.PoolOptions{MaxConns: 4, ServerRole: true})
	check(t, err)
	db := database.NewDB(pool, nil)
	t.Cleanup(func() {
		db.Close()
		_ = pool.Close()
	})
	return db
}

func emitOne(t *testing.T, db *database.DB, change database.Change) {
	t.Helper()
	check(t, db.InTx(t.Context(), false, func(_ context.Context, tx *database.Tx) error {
		tx.Emit(change)
		return nil
	}))
}

func things(streams ...string) database.Change {
	return database.Change{Streams: streams, Resource: "things/1", Type: "btlc/Thing", Version: 1, Kind: "CREATED"}
}

func readFeed(t *testing.T, db *database.DB, stream string, after int64) database.FeedPage {
	t.Helper()
	page, err := db.ReadFeed(t.Context(), stream, after, 100)
	check(t, err)
	return page
}

// What a change says of natural keys is each stream's own.
func TestFeedKeys(t *testing.T) {
	db := openFeed(t, databasetest.New(t, schema.FS))
	emitOne(t, db, database.Change{
		Streams: []string{"districts/a", "program"}, Resource: "educators/1", Type: "btlc/Educator", Version: 2, Kind: "MERGED",
		NaturalKeys:         map[string]map[string]string{"districts/a": {"employeeId": "2"}},
		PreviousNaturalKeys: map[string]map[string]string{"districts/a": {"employeeId": "1"}},
	})
	row := readFeed(t, db, "districts/a", 0).Rows[0]
	if row.Kind != "MERGED" || row.NaturalKeys["employeeId"] != "2" || row.PreviousNaturalKeys["employeeId"] != "1" {
		t.Errorf("the district reads %+v", row)
	}
	if row := readFeed(t, db, "program", 0).Rows[0]; len(row.NaturalKeys) != 0 || len(row.PreviousNaturalKeys) != 0 {
		t.Errorf("the program reads %+v", row)
	}
}

// program is one of PostgreSQL's own, from the PATH or where distributions have them.
func program(t *testing.T, name string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	check(t, err)
	if len(found) == 0 {
		t.Fatalf("there is no %s: it comes with PostgreSQL", name)
	}
	return found[len(found)-1]
}

// restored dumps a database and restores it into a new one on the same server, as an operator does.
func restored(t *testing.T, address string) string {
	t.Helper()
	into := databasetest.New(t, fstest.MapFS{"00001_nothing.sql": {Data: []byte("-- +goose Up\nSELECT 1;\n")}})
	empty := open(t, into)
	execute(t, empty, "DROP TABLE goose_db_version")
	dump, err := exec.CommandContext(t.Context(), program(t, "pg_dump"), "--dbname", address).Output()
	check(t, err)
	psql := exec.CommandContext(t.Context(), program(t, "psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname", into)
	psql.Stdin = bytes.NewReader(dump)
	if said, err := psql.CombinedOutput(); err != nil {
		t.Fatalf("restore: %v: %s", err, said)
	}
	return into
}

// Nobody's cursor leads into a restored database, whose numbers go on differently: not to a reader, not to those who
// look at marks, and whether or not anybody has seen to the epoch.
func TestRestoresBeginAnotherEpoch(t *testing.T) {
	address := databasetest.New(t, schema.FS)
	first := openFeed(t, address)
	for range 3 {
		emitOne(t, first, things("program", "districts/a"))
	}
	before := map[string]database.FeedBounds{}
	for _, stream := range []string{"program", "districts/a", "districts/b"} {
		before[stream] = readFeed(t, first, stream, 0).FeedBounds
	}
	original, copied := openFeed(t, address), openFeed(t, restored(t, address))
	for stream, bounds := range before {
		cursor := bounds.End(stream)
		if now := readFeed(t, original, stream, 0).FeedBounds; now != bounds {
			t.Errorf("%s was %+v, is %+v after its server started again", stream, bounds, now)
		}
		marks, err := copied.ReadFeedMarks(t.Context(), []string{stream})
		check(t, err)
		if marks[stream].Epoch == bounds.Epoch {
			t.Errorf("%s: after the restore the mark is %+v", stream, marks[stream])
		}
		now := readFeed(t, copied, stream, 0)
		if now.Epoch == bounds.Epoch || now.Reaches(cursor) || now.Newest != bounds.Newest || int64(len(now.Rows)) != bounds.Newest {
			t.Errorf("%s: after the restore a reader finds %+v, from %+v", stream, now, cursor)
		}
	}
	epoch := readFeed(t, copied, "program", 0).Epoch
	check(t, copied.LookBack(t.Context()))
	if again := readFeed(t, copied, "program", 0).Epoch; again != epoch {
		t.Errorf("when nothing has happened: epoch %s after %s", again, epoch)
	}
	renewed, err := copied.RenewFeedEpoch(t.Context())
	check(t, err)
	if renewed == epoch {
		t.Errorf("renewed: epoch %s after %s", renewed, epoch)
	}
}

// What has been forgotten is the floor, and what is young is kept.
func TestForgetFeed(t *testing.T) {
	address := databasetest.New(t, schema.FS)
	now := time.Now().UTC()
	clock := now.AddDate(0, 0, -430)
	pool, err := database.Open(t.Context(), address, database.PoolOptions{MaxConns: 4, ServerRole: true})
	check(t, err)
	defer pool.Close()
	db := database.NewDB(pool, func() time.Time { return clock })
	defer db.Close()
	_, err = db.EnsurePartitionsOf(t.Context(), clock, clock)
	check(t, err)
	emitOne(t, db, things("program"))
	emitOne(t, db, things("program", "districts/a"))
	clock = now
	emitOne(t, db, things("program"))
	months, err := db.ForgetFeed(t.Context(), now.AddDate(0, 0, -400+1))
	check(t, err)
	if months == 0 {
		t.Error("nothing was forgotten")
	}
	program := readFeed(t, db, "program", 2)
	if program.Oldest != 3 || len(program.Rows) != 1 || program.Rows[0].Number != 3 {
		t.Errorf("the program is %+v", program)
	}
	for number, want := range map[int64]bool{0: false, 1: false, 2: true, 3: true, 4: false} {
		if got := program.Reaches(database.NewCursor(program.Epoch, "program", number)); got != want {
			t.Errorf("after change %d: %v", number, got)
		}
	}
	if district := readFeed(t, db, "districts/a", 0); district.Oldest != 2 || district.Newest != 1 || len(district.Rows) != 0 {
		t.Errorf("the district, of which nothing is left, is %+v", district)
	}
	if _, err := db.ForgetFeed(t.Context(), now); err == nil {
		t.Error("what is of this week was forgotten")
	}
	months, err = db.ForgetWebhookLog(t.Context(), now.AddDate(0, 0, -40))
	check(t, err)
	if months == 0 {
		t.Error("the log of webhooks has no month of then")
	}
}

// Of what is deleted on an institution's stream, the changes before say nothing any more, though each is there; what comes
// afterwards does, and other streams are as they were.
func TestWhatEndedOnAnInstitutionsStream(t *testing.T) {
	db := openFeed(t, databasetest.New(t, schema.FS))
	streams := []string{"institutions/a", "institutions/b", "districts/a", "program"}
	for _, c := range []struct {
		resource, kind string
		streams        []string
	}{
		{"things/1", "CREATED", streams}, {"things/2", "CREATED", streams}, {"things/1", "UPDATED", streams}, {"things/1", "DELETED", []string{"institutions/a", "districts/a"}},
		{"things/2", "UPDATED", streams}, {"things/1", "CREATED", streams}, {"things/1", "UPDATED", streams},
	} {
		keys := map[string]map[string]string{}
		for _, stream := range c.streams {
			keys[stream] = map[string]string{"educator": "educators/1"}
		}
		emitOne(t, db, database.Change{Streams: c.streams, Resource: c.resource, Type: "btlc/Thing", Version: 1, Kind: c.kind, NaturalKeys: keys, State: map[string]any{"told": true}})
	}
	for stream, want := range map[string]string{
		"institutions/a": "1 CREATED - 2 CREATED told 1 UPDATED - 1 DELETED told 2 UPDATED told 1 CREATED told 1 UPDATED told",
		"institutions/b": "1 CREATED told 2 CREATED told 1 UPDATED told 2 UPDATED told 1 CREATED told 1 UPDATED told",
		"districts/a":    "1 CREATED told 2 CREATED told 1 UPDATED told 1 DELETED told 2 UPDATED told 1 CREATED told 1 UPDATED told",
		"program":        "1 CREATED told 2 CREATED told 1 UPDATED told 2 UPDATED told 1 CREATED told 1 UPDATED told",
	} {
		words := strings.Fields(want)
		for after := range int64(len(words) / 3) { // also where the end is on a later page
			page, err := db.ReadFeed(t.Context(), stream, after, 2)
			check(t, err)
			var got []string
			for i, row := range page.Rows {
				told := "-"
				if string(row.State) != "null" {
					told = "told"
				}
				if got = append(got, strings.TrimPrefix(row.Resource, "things/"), row.Kind, told); row.Number != after+1+int64(i) || row.NaturalKeys["educator"] != "educators/1" || row.Version != 1 {
					t.Errorf("%s: after %d comes %+v", stream, after, row)
				}
			}
			if wanted := words[3*after : min(3*after+6, int64(len(words)))]; !slices.Equal(got, wanted) {
				t.Errorf("%s: after %d come %v, want %v", stream, after, got, wanted)
			}
		}
	}
}
