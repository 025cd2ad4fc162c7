package credential

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

// employedSQL is whom the district $1 employs on the day $2, and heldSQL their credentials, with what each is worth at $3.
const (
	employedSQL = `(SELECT DISTINCT educator_id FROM employments WHERE district_id = $1 AND start_date <= $2::date AND (end_date IS NULL OR end_date >= $2::date))`

	heldSQL = `c.credential_type_id, CASE WHEN ended THEN 'EXPIRED' ELSE c.status END,
			c.issue_time, CASE WHEN ended THEN c.expire_time ELSE c.status_time END, c.expire_time, c.version
		FROM people p JOIN credentials c ON c.educator_id = p.educator_id
			CROSS JOIN LATERAL (SELECT c.expire_time <= $3::timestamptz AND c.status IN ('ACTIVE', 'SUSPENDED') AS ended) validity
		WHERE `

	// ExportSQL is all credentials of a district's people in the order of their ids, after $4, each with the first number that
	// the person was given there, and the state's.
	ExportSQL = `WITH people AS MATERIALIZED (
			SELECT e.educator_id, (array_agg(x.value ORDER BY x.id) FILTER (WHERE x.kind = 'EMPLOYEE_ID'))[1] AS employee_id,
				(array_agg(x.value ORDER BY x.id) FILTER (WHERE x.kind = 'STATE_EDUCATOR_ID'))[1] AS state_id
			FROM ` + employedSQL + ` e LEFT JOIN external_ids x ON x.educator_id = e.educator_id AND (x.kind = 'STATE_EDUCATOR_ID' OR x.district_id = $1)
			GROUP BY e.educator_id)
		SELECT c.id, c.educator_id, coalesce(p.employee_id, ''), coalesce(p.state_id, ''), ` + heldSQL + `c.id > $4::uuid ORDER BY c.id`

	// credentialKey is the key of a credential's row in the reconciliation, as internal/merkle has it.
	credentialKey = `sha256(convert_to('credentials/' || c.id, 'UTF8'))`

	// DigestSQL is those whose key begins with the bytes $4, in the order of their keys, without the persons' numbers.
	DigestSQL = `WITH people AS MATERIALIZED ` + employedSQL + `
		SELECT c.id, c.educator_id, '', '', ` + heldSQL + `substring(` + credentialKey + ` FROM 1 FOR length($4::bytea)) = $4::bytea ORDER BY ` + credentialKey
)

// holding is a credential of a person whom a district employs.
type holding struct {
	credential, educator uuid.UUID
	// employeeID and stateID are the person's numbers; empty for none.
	employeeID, stateID    string
	credentialType, status string
	issued, since          time.Time
	expires                sql.NullTime
	version                int32
}

// maxExports is how many snapshots of districts are read at a time. A reader may be slow, and each holds a connection for as long as it reads.
const maxExports = 4

// exportPatience is how long one more waits for its turn.
const exportPatience = 5 * time.Second

// snapshot is a district's data as they stood at one moment.
type snapshot struct {
	tx       *sql.Tx
	district string
	now      time.Time
	zone     *time.Location
	// bounds are what the district's stream of the change feed held then.
	bounds database.FeedBounds
}

// snapshotOf has read see all that a district has at one moment, by its name.
func (s store) snapshotOf(ctx context.Context, name string, read func(*snapshot) error) error {
	if err := s.takeTurn(ctx); err != nil {
		return err
	}
	defer func() { <-s.exports }()
	return s.db.InFeedSnapshot(ctx, func(tx *sql.Tx) error {
		of := &snapshot{tx: tx, district: api.LastWord(name), now: s.db.Now()}
		var zone string
		err := tx.QueryRowContext(ctx, `SELECT time_zone FROM districts WHERE id = $1`, of.district).Scan(&zone)
		if errors.Is(err, sql.ErrNoRows) {
			return api.Missing(name)
		} else if err != nil {
			return err
		}
		if of.zone, err = time.LoadLocation(zone); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if of.bounds, err = database.ReadFeedBounds(ctx, tx, name); err != nil {
			return err
		}
		// One statement follows, whose expressions are simple: compiling them takes longer than it saves.
		if _, err := tx.ExecContext(ctx, `SET LOCAL jit = off`); err != nil {
			return err
		}
		return read(of)
	})
}

// takeTurn waits until fewer than maxExports snapshots are read.
func (s store) takeTurn(ctx context.Context) error {
	select {
	case s.exports <- struct{}{}:
		return nil
	default:
	}
	select {
	case s.exports <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(exportPatience):
		return api.Errorf(api.Unavailable, "%d exports are under way: try again when one has ended.", maxExports)
	}
}

// after are the credentials of the district's people in the order of their ids, from the one after that id on. They are
// read from the connection as they are asked for.
func (of *snapshot) after(ctx context.Context, id uuid.UUID) iter.Seq2[holding, error] {
	return of.rows(ctx, ExportSQL, id)
}

// below are those whose key in the reconciliation begins with the bytes, in the order of their keys.
func (of *snapshot) below(ctx context.Context, prefix []byte) iter.Seq2[holding, error] {
	return of.rows(ctx, DigestSQL, prefix)
}

func (of *snapshot) rows(ctx context.Context, statement string, from any) iter.Seq2[holding, error] {
	return func(yield func(holding, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		today := api.LocalDay(of.now, of.zone)
		rows, err := of.tx.QueryContext(ctx, statement, of.district, dateOf(&today), of.now, from)
		if err != nil {
			yield(holding{}, err)
			return
		}
		defer rows.Close()
		var h holding
		into := []any{&h.credential, &h.educator, &h.employeeID, &h.stateID, &h.credentialType, &h.status, &h.issued, &h.since, &h.expires, &h.version}
		for rows.Next() {
			err := rows.Scan(into...)
			if !yield(h, err) || err != nil {
				cancel() // else what is left would be read to its end
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(holding{}, err)
		}
	}
}

// titles are the titles of all credential types.
func (of *snapshot) titles(ctx context.Context) (map[string]string, error) {
	rows, err := of.tx.QueryContext(ctx, `SELECT id, title FROM credential_types`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	titles := map[string]string{}
	for rows.Next() {
		var id, title string
		if err := rows.Scan(&id, &title); err != nil {
			return nil, err
		}
		titles[id] = title
	}
	return titles, rows.Err()
}
