package change_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/uuid"

	migrations "github.com/btlc/btlc/ent/migrate/migrations"
	pb "github.com/btlc/btlc/gen/go/btlc/change/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/change"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/database/databasetest"
)

func TestMain(m *testing.M) { databasetest.Main(m) }

// newFeed is a database with a district whose stream holds n changes.
func newFeed(t testing.TB, n int) (*database.DB, *change.Service) {
	t.Helper()
	ctx, db := t.Context(), open(t, databasetest.New(t, migrations.FS))
	db.Ent().District.Create().SetID("bps").SetDisplayName("District").SetStateCode("MA").SetTimeZone("America/New_York").SaveX(ctx)
	emitMany(t, db, 1, n)
	return db, change.New(db, change.Options{})
}

func open(t testing.TB, address string) *database.DB {
	t.Helper()
	pool, err := database.Open(t.Context(), address, database.PoolOptions{MaxConns: 8})
	if err != nil {
		t.Fatal(err)
	}
	db := database.NewDB(pool, nil)
	t.Cleanup(func() {
		db.Close()
		_ = pool.Close()
	})
	return db
}

func emit(t *testing.T, db *database.DB, i int) {
	t.Helper()
	emitMany(t, db, i, i)
}

// emitMany makes changes in one transaction, each of another thing.
func emitMany(t testing.TB, db *database.DB, first, last int) {
	t.Helper()
	err := db.InTx(t.Context(), false, func(_ context.Context, tx *database.Tx) error {
		for i := first; i <= last; i++ {
			tx.Emit(database.Change{Streams: []string{"districts/bps"}, Resource: fmt.Sprintf("things/%d", i), Type: "btlc/Thing", Version: 1, Kind: "CREATED"})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func list(t *testing.T, s *change.Service, cursor string, size int32) (*pb.ListChangesResponse, error) {
	t.Helper()
	return s.ListChanges(t.Context(), &pb.ListChangesRequest{Parent: "districts/bps", Cursor: cursor, PageSize: size})
}

func mustList(t *testing.T, s *change.Service, cursor string, size int32) *pb.ListChangesResponse {
	t.Helper()
	answer, err := list(t, s, cursor, size)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func mustExec(t *testing.T, db *database.DB, statement string) {
	t.Helper()
	if _, err := db.SQL().ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

func checkExpired(t *testing.T, err error, oldest, newest string) {
	t.Helper()
	var known *api.Error
	if !errors.As(err, &known) || known.Reason != api.CursorExpired {
		t.Fatalf("got %v, want CURSOR_EXPIRED", err)
	}
	if m := known.Metadata; m["startAgain"] == "" || m["oldestSequence"] != oldest || m["newestSequence"] != newest {
		t.Errorf("the metadata are %v", m)
	}
}

func TestPages(t *testing.T) {
	db, s := newFeed(t, 5)
	cursor, got := "", []int32(nil)
	for range 3 {
		answer := mustList(t, s, cursor, 2)
		if answer.OldestSequence != 1 || answer.NewestSequence != 5 {
			t.Errorf("the bounds are %d and %d", answer.OldestSequence, answer.NewestSequence)
		}
		for _, c := range answer.Changes {
			got = append(got, c.Sequence)
			if want := fmt.Sprintf("things/%d", c.Sequence); c.Resource != want || c.Kind != pb.ChangeKind_CHANGE_KIND_CREATED || c.CommitTime == nil {
				t.Errorf("got %v, want %s", c, want)
			}
		}
		cursor = answer.NextCursor
	}
	if fmt.Sprint(got) != "[1 2 3 4 5]" {
		t.Errorf("got %v", got)
	}
	if again := mustList(t, s, cursor, 2); len(again.Changes) != 0 || again.NextCursor != cursor {
		t.Errorf("with nothing new: got %v", again)
	}
	emit(t, db, 6)
	if more := mustList(t, s, cursor, 2); len(more.Changes) != 1 || more.Changes[0].Sequence != 6 {
		t.Errorf("with something new: got %v", more)
	}
}

func TestAfterRetention(t *testing.T) {
	db, s := newFeed(t, 6)
	at2, at3 := mustList(t, s, "", 2).NextCursor, mustList(t, s, "", 3).NextCursor
	// The floor is raised first; the rows go a moment later.
	mustExec(t, db, `UPDATE feed_streams SET floor = 3`)
	if first := mustList(t, s, "", 1); first.Changes[0].Sequence != 4 || first.OldestSequence != 4 {
		t.Errorf("the oldest that is kept: got %v", first)
	}
	if next := mustList(t, s, at3, 1); next.Changes[0].Sequence != 4 {
		t.Errorf("exactly at the floor: got %v", next)
	}
	_, err := list(t, s, at2, 1)
	checkExpired(t, err, "4", "6")
}

func TestAfterRestore(t *testing.T) {
	db, s := newFeed(t, 3)
	at2, at3 := mustList(t, s, "", 2).NextCursor, mustList(t, s, "", 3).NextCursor
	mustExec(t, db, `UPDATE feed_streams SET newest = 2`) // as an older backup has it, before its epoch is told apart
	_, err := list(t, s, at3, 1)
	checkExpired(t, err, "1", "2")
	mustExec(t, db, `UPDATE feed_epoch SET epoch = 'another'`)
	_, err = list(t, s, at2, 1)
	checkExpired(t, err, "1", "2")
}

// A stream that has lost rows says so.
func TestHole(t *testing.T) {
	db, s := newFeed(t, 4)
	at1 := mustList(t, s, "", 1).NextCursor
	mustExec(t, db, `ALTER TABLE feed_rows DISABLE TRIGGER USER`)
	mustExec(t, db, `DELETE FROM feed_rows WHERE number = 2`)
	_, err := list(t, s, at1, 10)
	checkExpired(t, err, "1", "4")
	mustExec(t, db, `DELETE FROM feed_rows WHERE number = 1`)
	if answer, err := list(t, s, "", 10); err == nil {
		t.Errorf("from the beginning: got %v", answer)
	}
}

// Whom changes are about is on the audit record, wherever a change names them.
func TestWhomItShows(t *testing.T) {
	db, s := newFeed(t, 0)
	inName, inKeys, inState := uuid.New(), uuid.New(), uuid.New()
	err := db.InTx(t.Context(), false, func(_ context.Context, tx *database.Tx) error {
		tx.Emit(database.Change{
			Streams: []string{"districts/bps"}, Resource: "educators/" + inName.String() + "/things/1", Type: "btlc/Thing", Version: 1, Kind: "UPDATED",
			NaturalKeys: map[string]map[string]string{"districts/bps": {"educator": "educators/" + inKeys.String()}},
			State:       map[string]any{"educator": "educators/" + inState.String(), "state": "CONFIRMED", "current": true},
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx := api.WithCall(t.Context(), &api.Call{})
	answer, err := s.ListChanges(ctx, &pb.ListChangesRequest{Parent: "districts/bps"})
	if err != nil {
		t.Fatal(err)
	}
	if state := answer.Changes[0].State.AsMap(); state["state"] != "CONFIRMED" || state["current"] != true {
		t.Errorf("the state is %v", state)
	}
	seen := api.CallOf(ctx).Seen()
	if len(seen) != 3 {
		t.Fatalf("got %v", seen)
	}
	for i, want := range []uuid.UUID{inName, inKeys, inState} {
		if seen[i] != want {
			t.Errorf("got %v, want %v", seen[i], want)
		}
	}
}
