package database

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/lib/pq"
)

// LostHistory says that the database is in another history than the one that consumers of the change feed were told of: it was
// restored, copied, promoted from a replica, or put back to what it was before. Numbers may repeat, so no cursor of its
// epoch can be trusted.
type LostHistory struct {
	// epoch is the one that is over; empty when the database itself shows which.
	epoch string
	// above is the generation that the next epoch must be above.
	above int64
	why   string
}

func (l *LostHistory) Error() string {
	return "the database is in another history than the change feed: " + l.why
}

// errOtherHistory is the LostHistory that the database itself shows.
var errOtherHistory = &LostHistory{why: "it is another cluster, timeline or database than the one in which the epoch began"}

// RenewFeedEpoch begins another epoch of the change feed, which it returns: every cursor given out before has expired.
func (db *DB) RenewFeedEpoch(ctx context.Context) (epoch string, err error) {
	if err := db.sql.QueryRowContext(ctx, `SELECT epoch FROM feed_epoch`).Scan(&epoch); err != nil {
		return "", err
	}
	return db.renew(ctx, &LostHistory{epoch: epoch, why: "somebody asked for it"})
}

// renew begins another epoch, unless somebody else has done so because of the same, and tells the log.
func (db *DB) renew(ctx context.Context, lost *LostHistory) (epoch string, err error) {
	var renewed bool
	if err := db.sql.QueryRowContext(ctx, `SELECT * FROM renew_feed_epoch($1, $2)`, lost.epoch, lost.above).Scan(&epoch, &renewed); err != nil {
		return "", err
	}
	if renewed && db.log != nil {
		db.log.ErrorContext(ctx, "the change feed begins another epoch: all its consumers are told to start again", "why", lost.why, "epoch", epoch)
	}
	return epoch, nil
}

// InFeedSnapshot runs read in a read-only transaction that sees one moment of the database. When a LostHistory comes back,
// it begins the new epoch and reads once more.
func (db *DB) InFeedSnapshot(ctx context.Context, read func(tx *sql.Tx) error) error {
	return db.inHistory(ctx, func() error { return db.inSnapshot(ctx, read) })
}

// inHistory runs read, again after each LostHistory, in the epoch that is begun then.
func (db *DB) inHistory(ctx context.Context, read func() error) error {
	for attempt := 1; ; attempt++ {
		err := read()
		lost, ok := errors.AsType[*LostHistory](err)
		if !ok || attempt == maxAttempts {
			return err
		}
		if _, err := db.renew(ctx, lost); err != nil {
			return err
		}
	}
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
