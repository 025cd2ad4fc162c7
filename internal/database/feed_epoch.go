package database

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/lib/pq"
)

// ErrNewHistory says that the database is in another history than the one in which the feed's epoch began: it was restored,
// copied, or promoted from a replica. Numbers may repeat, so no cursor of that epoch can be trusted.
var ErrNewHistory = errors.New("the database is in another history than the change feed's epoch")

// RenewFeedEpoch begins another epoch of the change feed if the database is in another history, or always: then every
// cursor given out before has expired. It returns the epoch that holds.
func (db *DB) RenewFeedEpoch(ctx context.Context, always bool) (epoch string, err error) {
	err = db.sql.QueryRowContext(ctx, `SELECT renew_feed_epoch($1)`, always).Scan(&epoch)
	return epoch, err
}

// InFeedSnapshot runs read in a read-only transaction that sees one moment of the database. When ErrNewHistory comes back,
// it begins the new epoch and reads once more.
func (db *DB) InFeedSnapshot(ctx context.Context, read func(tx *sql.Tx) error) error {
	err := db.inSnapshot(ctx, read)
	if !errors.Is(err, ErrNewHistory) {
		return err
	}
	if _, err := db.RenewFeedEpoch(ctx, false); err != nil {
		return err
	}
	return db.inSnapshot(ctx, read)
}

func (db *DB) inSnapshot(ctx context.Context, read func(tx *sql.Tx) error) error {
	tx, err := db.sql.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // read-only: there is nothing to keep
	return read(tx)
}

// FeedMark is how far a stream has come: another mark is news.
type FeedMark struct {
	Epoch  string
	Newest int64
}

// ReadFeedMarks reads how far streams have come, all in one query; one without changes yet has come to 0.
func (db *DB) ReadFeedMarks(ctx context.Context, streams []string) (map[string]FeedMark, error) {
	rows, err := db.sql.QueryContext(ctx, `SELECT w.stream, coalesce(s.newest, 0), CASE WHEN e.history = feed_history() THEN e.epoch ELSE '' END
		FROM unnest($1::text[]) AS w(stream) CROSS JOIN feed_epoch e LEFT JOIN feed_streams s ON s.stream = w.stream`, pq.Array(streams))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	marks := make(map[string]FeedMark, len(streams))
	for rows.Next() {
		var stream string
		var mark FeedMark
		if err := rows.Scan(&stream, &mark.Newest, &mark.Epoch); err != nil {
			return nil, err
		}
		marks[stream] = mark
	}
	return marks, rows.Err()
}

// ForgetFeed drops the months of the change feed that end before a time, at least seven days ago, and says how many. What
// was dropped of a stream is its floor from the same moment on.
func (db *DB) ForgetFeed(ctx context.Context, before time.Time) (months int, err error) {
	return db.forgetMonths(ctx, "feed_rows", before)
}

// ForgetWebhookLog is ForgetFeed for the log of webhooks.
func (db *DB) ForgetWebhookLog(ctx context.Context, before time.Time) (months int, err error) {
	return db.forgetMonths(ctx, "webhook_deliveries", before)
}

func (db *DB) forgetMonths(ctx context.Context, parent string, before time.Time) (months int, err error) {
	err = db.sql.QueryRowContext(ctx, `SELECT forget_months($1, $2)`, parent, before).Scan(&months)
	return months, err
}
