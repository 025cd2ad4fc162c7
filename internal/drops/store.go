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

// forget deletes the runs that were due before a time, but for the last keptRuns of each drop, and the last that left a file:
// however long a drop fails, it can be told since when.
func (s Store) forget(ctx context.Context, before time.Time) (int64, error) {
	result, err := s.pool.ExecContext(ctx, `DELETE FROM drop_runs AS r WHERE r.due_time < $1
		AND (SELECT count(*) FROM (SELECT FROM drop_runs l WHERE l.name = r.name AND l.due_time > r.due_time LIMIT $2) later) >= $2
		AND (r.failure <> '' OR r.end_time IS NULL OR EXISTS (SELECT FROM drop_runs l WHERE l.name = r.name AND l.end_time > r.end_time AND l.failure = ''))`, before, keptRuns)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// lastSuccesses are when the file of each drop was left last, by its name; a drop that was never made is not there.
func (s Store) lastSuccesses(ctx context.Context) (map[string]time.Time, error) {
	rows, err := s.pool.QueryContext(ctx, `SELECT name, max(end_time) FROM drop_runs WHERE failure = '' AND end_time IS NOT NULL GROUP BY name`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	made := map[string]time.Time{}
	for rows.Next() {
		var name string
		var at time.Time
		if err := rows.Scan(&name, &at); err != nil {
			return nil, err
		}
		made[name] = at
	}
	return made, rows.Err()
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
