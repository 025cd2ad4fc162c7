package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
)

// maxAttempts bounds how often a transaction that lost against another is run again.
const maxAttempts = 5

// ErrContention is returned when a transaction lost against others as often as it was tried.
var ErrContention = errors.New("the transaction lost against others at every attempt")

// DB is the database as the contexts see it.
type DB struct {
	sql   *sql.DB
	ent   *ent.Client
	clock func() time.Time
	reads *readAudit
	seen  seenFeed
	site  string
	log   *slog.Logger
}

// NewDB wraps an open pool. The clock gives the time that is recorded with what is written; nil is the system's.
func NewDB(pool *sql.DB, clock func() time.Time) *DB {
	if clock == nil {
		clock = time.Now
	}
	db := &DB{sql: pool, ent: ent.NewClient(ent.Driver(entsql.OpenDB(dialect.Postgres, pool))), clock: clock}
	db.reads = newReadAudit(pool)
	return db
}

// Serving has cursors belong to the site at a public URL, and a log told when the change feed begins another epoch.
func (db *DB) Serving(publicURL string, log *slog.Logger) *DB {
	db.site, db.log = publicURL, log
	return db
}

// Close ends what runs in the background; the pool is the caller's to close.
func (db *DB) Close() { db.reads.close() }

// Ent reads outside of a transaction.
func (db *DB) Ent() *ent.Client { return db.ent }

// SQL is the pool, for prepared statements beside ent.
func (db *DB) SQL() *sql.DB { return db.sql }

// Now is the time by the clock that records are stamped with, in microseconds as Postgres keeps it.
func (db *DB) Now() time.Time { return db.clock().UTC().Truncate(time.Microsecond) }

// Tx is one transaction, with what it will put on the change feed and on the audit record.
type Tx struct {
	*ent.Client
	// Now is the time of the transaction: one for all that it writes.
	Now      time.Time
	changes  []Change
	subjects []uuid.UUID
	resource string
}

// Concerns puts educators on the audit record of this write.
func (tx *Tx) Concerns(educators ...uuid.UUID) { tx.subjects = append(tx.subjects, educators...) }

// Wrote names the resource that this write is about, for the audit record.
func (tx *Tx) Wrote(resource string) { tx.resource = resource }

// InTx runs fn in a transaction and commits; with dryRun it rolls back instead. A transaction that lost against another
// (40001, 40P01) is run again whole, with jitter, so fn has no effects but through tx. So is one that ended with
// a LostHistory, in the new epoch that InTx begins: it is another transaction's, so that it stays if this one is refused.
func (db *DB) InTx(ctx context.Context, dryRun bool, fn func(ctx context.Context, tx *Tx) error) error {
	for attempt := 1; ; attempt++ {
		err := db.try(ctx, dryRun, fn)
		if lost, ok := errors.AsType[*LostHistory](err); ok {
			if _, err := db.renew(ctx, lost); err != nil {
				return err
			}
		} else if err == nil || !IsRetryable(err) {
			return err
		}
		if attempt == maxAttempts {
			return fmt.Errorf("%w: %w", ErrContention, err)
		}
		pause := time.Duration(rand.Int64N(int64(5*time.Millisecond) << attempt))
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (db *DB) try(ctx context.Context, dryRun bool, fn func(ctx context.Context, tx *Tx) error) (err error) {
	raw, err := db.ent.Tx(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = raw.Rollback() // the connection is gone or the transaction is over: nothing more to undo
		}
	}()
	tx := &Tx{Client: raw.Client(), Now: db.Now()}
	if err := fn(ctx, tx); err != nil {
		return err
	}
	if dryRun {
		return raw.Rollback()
	}
	if err := tx.publish(ctx); err != nil {
		return err
	}
	return raw.Commit()
}

// EnsurePartitions makes the partitions of the months to come, and says how many rows stand in default partitions: none
// should, or a partition was missing when they were written. Until they are moved, their table gets no new partition.
func (db *DB) EnsurePartitions(ctx context.Context) (strays int64, err error) {
	err = db.sql.QueryRowContext(ctx, `SELECT ensure_partitions()`).Scan(&strays)
	return strays, err
}

// EnsurePartitionsOf is EnsurePartitions for records of other times than the present, from the one to the other.
func (db *DB) EnsurePartitionsOf(ctx context.Context, since, until time.Time) (strays int64, err error) {
	err = db.sql.QueryRowContext(ctx, `SELECT ensure_partitions($1, $2)`, since, until).Scan(&strays)
	return strays, err
}
