package database_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	schema "github.com/btlc/btlc/ent/migrate/migrations"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/database/databasetest"
)

// putBack makes the database what it was when its streams had so many changes, as files that are put back do.
func putBack(t *testing.T, address string, newest int) {
	t.Helper()
	execute(t, open(t, address), fmt.Sprintf(`ALTER TABLE feed_rows DISABLE TRIGGER USER; DELETE FROM feed_rows WHERE number > %d;
		ALTER TABLE feed_rows ENABLE TRIGGER USER; UPDATE feed_streams SET newest = least(newest, %[1]d)`, newest))
}

// logged is a database whose log is kept.
func logged(t *testing.T, address string) (*database.DB, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	return openFeed(t, address).Serving("https://btlc.example.org", slog.New(slog.NewTextHandler(&log, nil))), &log
}

// What this process has read and is not there any more begins another epoch, however far the stream has come since and whatever
// was read of it, and says so in the log; else nothing does.
func TestLooksBack(t *testing.T) {
	for name, c := range map[string]struct {
		reads       bool // this process has read all that is lost
		back, since int
		read        bool // what was made since
		want        bool
	}{
		"nothing happened":                       {reads: true, back: 5},
		"more was made":                          {reads: true, back: 5, since: 3, read: true},
		"less is there":                          {reads: true, back: 3, want: true},
		"nothing is there":                       {reads: true, back: 0, want: true},
		"as much is there again":                 {reads: true, back: 3, since: 2, want: true},
		"more is there":                          {reads: true, back: 3, since: 9, want: true},
		"more is there, and was read":            {reads: true, back: 3, since: 9, read: true, want: true},
		"what is not there was read by others":   {back: 2, since: 1},
		"what is not there was read by no one":   {back: 4},
		"the first of what was read is not here": {back: 1, want: true},
	} {
		t.Run(name, func(t *testing.T) {
			address := databasetest.New(t, schema.FS)
			writer := openFeed(t, address)
			db, log := logged(t, address)
			emitOne(t, writer, things("program", "districts/a"))
			emitOne(t, writer, things("program", "districts/a"))
			before := readFeed(t, db, "program", 0).Epoch
			check(t, db.LookBack(t.Context()))
			for range 3 {
				emitOne(t, writer, things("program"))
			}
			if c.reads {
				readFeed(t, db, "program", 0)
			}
			putBack(t, address, c.back)
			for range c.since {
				emitOne(t, writer, things("program"))
			}
			if c.read {
				readFeed(t, db, "program", 0)
			}
			for range 2 {
				check(t, db.LookBack(t.Context()))
			}
			if after := readFeed(t, writer, "program", 0).Epoch; (after != before) != c.want {
				t.Errorf("epoch %s comes after %s", after, before)
			}
			if told := strings.Count(log.String(), "all its consumers are told to start again"); (told == 1) != c.want || told > 1 {
				t.Errorf("the log says %s", log)
			}
		})
	}
}

// All who find at once that the database went back, with what they hold of any of its streams, begin one epoch together.
func TestOneEpochForAllWhoFindIt(t *testing.T) {
	address := databasetest.New(t, schema.FS)
	writer := openFeed(t, address)
	streams := []string{"program", "districts/a", "districts/b"}
	for range 5 {
		emitOne(t, writer, things(streams...))
	}
	servers := []*database.DB{openFeed(t, address), openFeed(t, address)}
	var cursors []database.Cursor
	for _, stream := range streams {
		page := readFeed(t, servers[0], stream, 0)
		for _, row := range page.Rows[2:] {
			cursors = append(cursors, page.After(stream, row))
		}
	}
	putBack(t, address, 2)
	for range 4 {
		emitOne(t, writer, things(streams...))
	}
	begin := make(chan struct{})
	var all sync.WaitGroup
	for i, c := range cursors {
		all.Go(func() {
			<-begin
			page, err := servers[i%2].FollowFeed(t.Context(), c, 10)
			if err != nil || page.Epoch == c.Epoch || page.Reaches(c) {
				t.Errorf("with %+v %+v is read, %v", c, page, err)
			}
		})
	}
	all.Go(func() {
		<-begin
		if err := servers[0].LookBack(t.Context()); err != nil {
			t.Error(err)
		}
	})
	close(begin)
	all.Wait()
	var generation int
	check(t, open(t, address).QueryRowContext(t.Context(), `SELECT generation FROM feed_epoch`).Scan(&generation))
	if generation != 1 {
		t.Errorf("the epoch is of generation %d", generation)
	}
}

// A cursor that was changed, or made, leads nowhere and begins nothing; one of a server without seals is read as ever.
func TestForgedCursorsBeginNothing(t *testing.T) {
	address := databasetest.New(t, schema.FS)
	db, log := logged(t, address)
	for range 5 {
		emitOne(t, db, things("program"))
	}
	page := readFeed(t, db, "program", 0)
	elsewhere := openFeed(t, address).Serving("https://staging.example.org", nil)
	theirs, err := elsewhere.ReadFeed(t.Context(), "program", 0, 100)
	check(t, err)
	for name, forge := range map[string]func() database.Cursor{
		"above all":      func() database.Cursor { c := page.After("program", page.Rows[4]); c.Number = 6; return c },
		"another change": func() database.Cursor { c := page.After("program", page.Rows[4]); c.Number = 4; return c },
		"of elsewhere": func() database.Cursor {
			row := theirs.Rows[4]
			row.Version++
			return theirs.After("program", row)
		},
		"a later epoch": func() database.Cursor {
			c := page.After("program", page.Rows[4])
			c.Generation++
			c.Epoch = "later"
			return c
		},
		"a number only": func() database.Cursor { return database.NewCursor(page.Epoch, "program", 6) },
	} {
		c := forge()
		got, err := db.FollowFeed(t.Context(), c, 10)
		if err != nil || got.Reaches(c) || got.Epoch != page.Epoch {
			t.Errorf("%s: with %+v %+v is read, %v", name, c, got.FeedBounds, err)
		}
	}
	old := database.NewCursor(page.Epoch, "program", 3)
	if got, err := db.FollowFeed(t.Context(), old, 10); err != nil || !got.Reaches(old) || len(got.Rows) != 2 || got.Next(old) != page.After("program", page.Rows[4]) {
		t.Errorf("with %+v %+v is read, %v", old, got, err)
	}
	if log.Len() > 0 {
		t.Errorf("the log says %s", log)
	}
}
