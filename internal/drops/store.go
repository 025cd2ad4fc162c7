package drops

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrNoDistrict says that the district of a drop does not exist.
var ErrNoDistrict = errors.New("there is no such district")

// Store is the table of runs.
type Store struct{ pool *sql.DB }

// NewStore is the table of runs in a database.
func NewStore(pool *sql.DB) Store { return Store{pool} }

// zone is the time zone of a district. The error is ErrNoDistrict, or the database's.
func (s Store) zone(ctx context.Context, district string) (*time.Location, error) {
	var name string
	err := s.pool.QueryRowContext(ctx, `SELECT time_zone FROM districts WHERE id = $1`, strings.TrimPrefix(district, "districts/")).Scan(&name)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("%s: %w", district, ErrNoDistrict)
	} else if err != nil {
		return nil, err
	}
	return time.LoadLocation(name)
}

// claim takes a run for the caller, if nobody has made it or is making it. Of several who ask at once, one gets it.
func (s Store) claim(ctx context.Context, name string, due, now time.Time) (Run, bool, error) {
	run := Run{Name: name, Due: due, Begin: now, Attempts: 1}
	first, err := s.changed(ctx, `INSERT INTO drop_runs (name, due_time, begin_time) VALUES ($1, $2, $3) ON CONFLICT (name, due_time) DO NOTHING`, name, due, now)
	if err != nil || first {
		return run, first, err
	}
	found := Run{Name: name, Due: due}
	var end sql.NullTime
	err = s.pool.QueryRowContext(ctx, `SELECT begin_time, end_time, attempts, failure FROM drop_runs WHERE name = $1 AND due_time = $2`, name, due).
		Scan(&found.Begin, &end, &found.Attempts, &found.Failure)
	if err != nil {
		return Run{}, false, err
	}
	if found.End = end.Time; !found.Open(now) {
		return Run{}, false, nil
	}
	run.Attempts = found.Attempts + 1
	taken, err := s.changed(ctx, `UPDATE drop_runs SET begin_time = $3, end_time = NULL, failure = '', attempts = attempts + 1
		WHERE name = $1 AND due_time = $2 AND attempts = $4`, name, due, now, found.Attempts)
	return run, taken, err
}

// finish records how an attempt ended. One that others have taken over meanwhile is theirs to record.
func (s Store) finish(ctx context.Context, run Run, now time.Time, file string, rows int64, failure string) error {
	_, err := s.changed(ctx, `UPDATE drop_runs SET end_time = $4, file = $5, row_count = $6, failure = $7
		WHERE name = $1 AND due_time = $2 AND attempts = $3`, run.Name, run.Due, run.Attempts, now, file, rows, failure)
	return err
}

// changed tells whether a statement changed a row.
func (s Store) changed(ctx context.Context, statement string, values ...any) (bool, error) {
	result, err := s.pool.ExecContext(ctx, statement, values...)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}
