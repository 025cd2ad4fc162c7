package database

import (
	"cmp"
	"context"
	"database/sql"
	"errors"

	"github.com/lib/pq"
)

// FeedBounds are what a stream holds at a moment: from the oldest change that is kept to the newest, of an epoch.
type FeedBounds struct {
	Epoch          string
	Oldest, Newest int64

	generation int64
	sealer     sealer
	// asked is the fingerprint of the change that a cursor was read with, and last that of the newest; empty for one that is
	// not there or was not looked at.
	asked, last string
}

// Reaches says whether all changes after the cursor are there, for the cursor that was read with. If not, numbers were given
// out anew since, or changes that the consumer has not seen are gone.
func (b FeedBounds) Reaches(c Cursor) bool {
	return c.Epoch == b.Epoch && c.Number >= b.Oldest-1 && c.Number <= b.Newest && !b.other(c)
}

// other says that the change that the cursor names is not the one that has its number.
func (b FeedBounds) other(c Cursor) bool { return c.Print != "" && b.asked != "" && c.Print != b.asked }

// After is the cursor after a change of the stream.
func (b FeedBounds) After(stream string, row FeedRow) Cursor {
	return b.cursor(stream, row.Number, row.print())
}

// Again is the cursor that was read with, as it is given out now.
func (b FeedBounds) Again(c Cursor) Cursor { return b.cursor(c.Stream, c.Number, b.asked) }

// Begin is the cursor before the oldest change.
func (b FeedBounds) Begin(stream string) Cursor { return b.cursor(stream, b.Oldest-1, "") }

// End is the cursor after the newest change, of bounds that ReadFeedBounds has read.
func (b FeedBounds) End(stream string) Cursor { return b.cursor(stream, b.Newest, b.last) }

func (b FeedBounds) cursor(stream string, number int64, print string) Cursor {
	return b.sealer.seal(Cursor{Version: cursorVersion, Epoch: b.Epoch, Stream: stream, Number: number, Generation: b.generation, Print: print})
}

// wentBack returns a LostHistory when the cursor, which is known to have been given out like this, shows that the database
// went back since: it is of a later epoch, or names a change that is not there.
func (b FeedBounds) wentBack(c Cursor) error {
	switch {
	case c.Generation > b.generation:
		return &LostHistory{epoch: b.Epoch, above: c.Generation, why: "there was a later epoch"}
	case c.Epoch == b.Epoch && c.Number > b.Newest:
		return &LostHistory{epoch: b.Epoch, above: c.Generation, why: "there were more changes"}
	case c.Epoch == b.Epoch && b.other(c):
		return &LostHistory{epoch: b.Epoch, above: c.Generation, why: "there was another change with a number"}
	}
	return nil
}

// check is wentBack for what somebody says to be a cursor.
func (b FeedBounds) check(c Cursor) error {
	if err := b.wentBack(c); err != nil && b.sealer.sealed(c) {
		return err
	}
	return nil
}

// Querier is a transaction: one of database/sql that reads, or a Tx that writes.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// ReadFeedBounds reads what a stream holds, in the caller's transaction: of its snapshot, if it keeps one. A cursor, if there
// is one, is held against it. Errors: LostHistory, with which InFeedSnapshot and InTx deal.
func (db *DB) ReadFeedBounds(ctx context.Context, tx Querier, stream string, from Cursor) (bounds FeedBounds, err error) {
	if bounds, err = db.readBounds(ctx, tx, stream); err != nil {
		return FeedBounds{}, err
	}
	rows, err := tx.QueryContext(ctx, `SELECT number, resource, kind, version, commit_time FROM feed_rows WHERE stream = $1 AND number = ANY ($2)`,
		stream, pq.Array([]int64{from.Number, bounds.Newest}))
	if err != nil {
		return FeedBounds{}, err
	}
	defer rows.Close()
	for rows.Next() {
		var r FeedRow
		if err := rows.Scan(&r.Number, &r.Resource, &r.Kind, &r.Version, &r.CommitTime); err != nil {
			return FeedBounds{}, err
		}
		if r.Number == from.Number {
			bounds.asked = r.print()
		}
		if r.Number == bounds.Newest {
			bounds.last = r.print()
		}
	}
	if err := cmp.Or(rows.Err(), bounds.check(from)); err != nil {
		return FeedBounds{}, err
	}
	db.seen.note(bounds.End(stream))
	return bounds, nil
}

// readBounds is ReadFeedBounds without a look at the changes.
func (db *DB) readBounds(ctx context.Context, tx Querier, stream string) (bounds FeedBounds, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT e.epoch, e.generation, e.seal_key, coalesce(s.newest, 0), coalesce(s.floor, 0) + 1, e.history = feed_history()
		FROM feed_epoch e LEFT JOIN feed_streams s ON s.stream = $1`, stream)
	if err != nil {
		return FeedBounds{}, err
	}
	defer rows.Close()
	if !rows.Next() {
		return FeedBounds{}, cmp.Or(rows.Err(), errors.New("the change feed has no epoch: the migrations were not applied"))
	}
	same := false
	bounds.sealer.site = db.site
	if err := errors.Join(rows.Scan(&bounds.Epoch, &bounds.generation, &bounds.sealer.key, &bounds.Newest, &bounds.Oldest, &same), rows.Close()); err != nil {
		return FeedBounds{}, err
	}
	if !same {
		return FeedBounds{}, errOtherHistory
	}
	return bounds, nil
}
