package database

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// branch is a stream as it can be put back to what it was: the fingerprint of each change, the first with number 1.
type branch struct {
	bounds FeedBounds
	rows   []FeedRow
}

// with is what is read with a cursor.
func (b branch) with(c Cursor) FeedBounds {
	bounds := b.bounds
	bounds.Oldest, bounds.Newest = 1, int64(len(b.rows))
	if c.Number > 0 && c.Number <= bounds.Newest {
		bounds.asked = b.rows[c.Number-1].print()
	}
	return bounds
}

// Whatever is put back and goes on from there, as often as it may be: a cursor of a change that is lost proves it unless another
// epoch has begun since, one of a change that is not leads on, and none leads on that is of a change that is lost.
func TestCursorsAreWitnesses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type held struct {
			cursor Cursor
			row    FeedRow
		}
		var backups []branch
		var cursors []held
		made := 0
		now := branch{bounds: FeedBounds{Epoch: "e0", sealer: sealer{key: "k", site: "s"}}}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			switch rapid.SampledFrom([]string{"write", "write", "write", "read", "read", "back up", "put back", "come back"}).Draw(t, "step") {
			case "write":
				made++
				row := FeedRow{Number: int64(len(now.rows)) + 1, Resource: fmt.Sprint("things/", made)}
				now.rows = append(now.rows[:len(now.rows):len(now.rows)], row)
			case "read":
				if n := len(now.rows); n > 0 {
					row := now.rows[rapid.IntRange(0, n-1).Draw(t, "row")]
					cursors = append(cursors, held{now.with(Cursor{}).After("program", row), row})
				}
			case "back up":
				backups = append(backups, now)
			case "put back":
				if n := len(backups); n > 0 {
					now = backups[rapid.IntRange(0, n-1).Draw(t, "backup")]
				}
			case "come back":
				if len(cursors) == 0 {
					continue
				}
				c := cursors[rapid.IntRange(0, len(cursors)-1).Draw(t, "cursor")]
				bounds := now.with(c.cursor)
				there := c.row.Number <= bounds.Newest && now.rows[c.row.Number-1].Resource == c.row.Resource
				var lost *LostHistory
				proves := errors.As(bounds.check(c.cursor), &lost)
				if reaches := bounds.Reaches(c.cursor); reaches != (there && c.cursor.Epoch == bounds.Epoch) {
					t.Fatalf("%+v leads on in %+v: %v", c.cursor, bounds, reaches)
				}
				later := c.cursor.Generation > bounds.generation
				if want := later || !there && c.cursor.Epoch == bounds.Epoch; proves != want {
					t.Fatalf("%+v proves in %+v: %v", c.cursor, bounds, proves)
				}
				if proves { // as renew_feed_epoch does
					if lost.epoch != bounds.Epoch {
						t.Fatalf("epoch %s is over, and it is %s", lost.epoch, bounds.Epoch)
					}
					made++
					now.bounds.Epoch, now.bounds.generation = fmt.Sprint("e", made), max(now.bounds.generation, lost.above)+1
					if bounds := now.with(c.cursor); bounds.check(c.cursor) != nil || bounds.Reaches(c.cursor) {
						t.Fatalf("%+v is not just told to start again in the new epoch %+v", c.cursor, bounds)
					}
				}
			}
		}
	})
}

// What somebody made or changed proves nothing, whatever it says; nor does what another site or another database gave out.
func TestForgedCursorsProveNothing(t *testing.T) {
	const stream = "districts/bps"
	bounds := FeedBounds{Epoch: "e1", Oldest: 3, Newest: 9, generation: 3, sealer: sealer{key: "k", site: "https://btlc.example.org"}}
	row := FeedRow{Number: 7, Resource: "things/7", Version: 1, Kind: "CREATED", CommitTime: time.UnixMicro(1)}
	bounds.asked = row.print()
	ours := bounds.After(stream, row)
	if !bounds.Reaches(ours) || bounds.check(ours) != nil {
		t.Fatalf("%+v does not lead into %+v", ours, bounds)
	}
	for name, forge := range map[string]func(*Cursor){
		"another change":          func(c *Cursor) { c.Print = "another" },
		"a number above":          func(c *Cursor) { c.Number = 10 },
		"a later epoch":           func(c *Cursor) { c.Generation = 4 },
		"another epoch, a later":  func(c *Cursor) { c.Epoch, c.Generation = "e2", 4 },
		"another stream":          func(c *Cursor) { c.Stream, c.Number = "districts/ncs", 10 },
		"no seal":                 func(c *Cursor) { c.Number, c.Seal = 10, "" },
		"somebody else's seal":    func(c *Cursor) { c.Number = 10; *c = sealer{"another", bounds.sealer.site}.seal(*c) },
		"the seal of other sites": func(c *Cursor) { c.Number = 10; *c = sealer{bounds.sealer.key, "https://staging.example.org"}.seal(*c) },
	} {
		c := ours
		forge(&c)
		if err := bounds.check(c); err != nil {
			t.Errorf("%s: %+v is taken for a proof: %v", name, c, err)
		}
		if bounds.wentBack(c) == nil {
			t.Errorf("%s: it would prove nothing with a seal either", name)
		}
		if name != "a later epoch" && c.Stream == stream && bounds.Reaches(c) {
			t.Errorf("%s: %+v leads on", name, c)
		}
		if bounds.sealer.seal(c) == c {
			t.Errorf("%s: it has the seal", name)
		}
		if err := bounds.check(bounds.sealer.seal(c)); err == nil {
			t.Errorf("%s: sealed, it is not taken for a proof", name)
		}
	}
	for name, c := range map[string]Cursor{
		"what is kept no more": bounds.cursor(stream, 1, "another"),
		"an epoch of before":   FeedBounds{Epoch: "e0", generation: 2, sealer: bounds.sealer}.cursor(stream, 70, "another"),
		"a place of version 1": NewCursor("e1", stream, 10),
	} {
		if err := (FeedBounds{Epoch: "e1", Oldest: 3, Newest: 9, generation: 3, sealer: bounds.sealer}).check(c); err != nil {
			t.Errorf("%s is taken for a proof: %v", name, err)
		}
	}
}

// The fingerprint tells changes apart by each thing that they differ in, and not by how they are read.
func TestFingerprints(t *testing.T) {
	at := time.Date(2027, 3, 1, 12, 0, 0, 1000, time.UTC)
	row := FeedRow{Number: 7, Resource: "things/7", Version: 1, Kind: "CREATED", CommitTime: at}
	same := row
	same.CommitTime, same.State = at.In(time.FixedZone("", 3600)), []byte("null") // as an institution reads what ended
	if same.print() != row.print() {
		t.Error("it depends on how the change is read")
	}
	for _, differ := range []func(*FeedRow){
		func(r *FeedRow) { r.Resource = "things/8" }, func(r *FeedRow) { r.Version++ }, func(r *FeedRow) { r.Kind = "UPDATED" },
		func(r *FeedRow) { r.CommitTime = at.Add(time.Microsecond) },
	} {
		other := row
		if differ(&other); other.print() == row.print() {
			t.Errorf("%+v has the fingerprint of %+v", other, row)
		}
	}
}
