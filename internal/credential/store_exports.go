package credential

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

// employedSQL is whom the district $1 employs on the day $2.
const employedSQL = `SELECT DISTINCT educator_id FROM employments WHERE district_id = $1 AND start_date <= $2::date AND (end_date IS NULL OR end_date >= $2::date)`

// holdingRow is a credential c with what it is worth at $3, as a row of a packed query, for holding.with.
var holdingRow = database.SendTime(`c.expire_time`) + ` || ` + heldRow(heldStatusSQL, heldSinceSQL, `c.version`)

// credentialKey is the key of a credential's row in the reconciliation, as internal/merkle has it.
const credentialKey = `sha256(convert_to('credentials/' || c.id, 'UTF8'))`

// digestSQL is those whose key begins with the bytes $4, in the order of their keys.
var digestSQL = `WITH people AS MATERIALIZED (` + employedSQL + `)
	SELECT c.educator_id, ` + holdingRow + ` FROM credentials c JOIN people p ON p.educator_id = c.educator_id ` + endedSQL + `
	WHERE substring(` + credentialKey + ` FROM 1 FOR length($4::bytea)) = $4::bytea ORDER BY ` + credentialKey

// exportSQL is the district's people in the order of their ids, from $4 on, who have credentials: the numbers that they were
// given there and by the state, and the credentials, each of the two packed. Person by person the indexes give all of
// it in that order: nothing is sorted, so that the first rows come at once and what is in memory is of one person.
var exportSQL = `SELECT e.educator_id, numbers.*, held.*
	FROM (` + employedSQL + ` AND educator_id >= $4::uuid ORDER BY educator_id) e
		CROSS JOIN LATERAL (` + database.Packed(`FROM credentials c `+endedSQL+` WHERE c.educator_id = e.educator_id`, holdingRow) + `) held(count, rows)
		CROSS JOIN LATERAL (` + database.Packed(`FROM external_ids x WHERE x.educator_id = e.educator_id AND (x.kind = 'STATE_EDUCATOR_ID' OR x.district_id = $1)`,
	database.SendWords(`x.kind`), database.SendUUID(`x.id`), database.SendText(`x.value`)) + `) numbers(count, rows)
	WHERE held.count > 0`

// holding is a credential of a person whom a district employs.
type holding struct {
	credential, educator uuid.UUID
	// employeeID and stateID are the person's numbers; empty for none.
	employeeID, stateID    string
	credentialType, status string
	issued, since          time.Time
	// expires is when it ends; zero for never.
	expires time.Time
	version int32
}

// How many snapshots of districts are read at a time, for exports and for digests, and how long one more waits for its turn.
const (
	maxExports, maxExportsOfOne = 4, 2
	maxDigests, maxDigestsOfOne = 2, 1
	turnPatience                = 5 * time.Second
)

// snapshot is a district's data as they stood at one moment.
type snapshot struct {
	tx       *sql.Tx
	district string
	now      time.Time
	zone     *time.Location
	// today is the day of its calendar, and not before the one that its stream was told of.
	today string
	// bounds are what the district's stream of the change feed held then.
	bounds database.FeedBounds
}

// snapshotOf has read see all that a district has at one moment, by its name, when it is its turn.
func (s store) snapshotOf(ctx context.Context, turns *api.Turns, name string, read func(*snapshot) error) error {
	end, err := turns.Take(ctx, name)
	if err != nil {
		return err
	}
	defer end()
	return s.db.InFeedSnapshot(ctx, func(tx *sql.Tx) error {
		of := &snapshot{tx: tx, district: api.LastWord(name), now: s.db.Now()}
		var zone string
		err := tx.QueryRowContext(ctx, `SELECT time_zone, greatest(told_day, ($2::timestamptz AT TIME ZONE time_zone)::date)::text FROM districts WHERE id = $1`,
			of.district, of.now).Scan(&zone, &of.today)
		if errors.Is(err, sql.ErrNoRows) {
			return api.Missing(name)
		} else if err != nil {
			return err
		}
		if of.zone, err = time.LoadLocation(zone); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if of.bounds, err = s.db.ReadFeedBounds(ctx, tx, name, database.Cursor{}); err != nil {
			return err
		}
		// One statement follows, whose expressions are simple: compiling them takes longer than it saves.
		if _, err := tx.ExecContext(ctx, `SET LOCAL jit = off`); err != nil {
			return err
		}
		return read(of)
	})
}

// from are the credentials of the district's people in the order of the persons' ids, from that person on, and of each in
// the order of their own. They are read from the connection as they are asked for.
func (of *snapshot) from(ctx context.Context, educator uuid.UUID) iter.Seq2[holding, error] {
	names := map[string]string{}
	var held []holding
	return of.read(ctx, exportSQL, educator, func(rows *sql.Rows, yield func(holding) bool) error {
		var person holding
		var numbers, credentials int
		var numberRows, credentialRows sql.RawBytes
		if err := rows.Scan(&person.educator, &numbers, &numberRows, &credentials, &credentialRows); err != nil {
			return err
		}
		if err := person.readNumbers(database.ReadPacked(numbers, numberRows)); err != nil {
			return err
		}
		held = held[:0]
		each := database.ReadPacked(credentials, credentialRows)
		for each.Next() {
			held = append(held, person.with(&each, names))
		}
		if err := each.Err(); err != nil {
			return err
		}
		slices.SortFunc(held, func(a, b holding) int { return bytes.Compare(a.credential[:], b.credential[:]) })
		for i := range held {
			if !yield(held[i]) {
				break
			}
		}
		return nil
	})
}

// readNumbers reads a person's numbers, of each kind the one that was given first.
func (h *holding) readNumbers(rows database.PackedRows) error {
	var first [2]uuid.UUID
	for rows.Next() {
		kind, id, value := rows.Word(), rows.UUID(), rows.Text()
		number, at := &h.employeeID, &first[0]
		if string(kind) == "STATE_EDUCATOR_ID" {
			number, at = &h.stateID, &first[1]
		} else if string(kind) != "EMPLOYEE_ID" {
			continue
		}
		if *at == uuid.Nil || bytes.Compare(id[:], at[:]) < 0 {
			*number, *at = string(value), id
		}
	}
	return rows.Err()
}

// with is a credential of the person, a holdingRow. Types and statuses are few: their names are kept.
func (h *holding) with(rows *database.PackedRows, names map[string]string) holding {
	name := func(text []byte) string {
		kept, ok := names[string(text)]
		if !ok {
			kept = string(text)
			names[kept] = kept
		}
		return kept
	}
	held := *h
	held.expires, held.credential, held.issued, held.since, held.version = rows.Time(), rows.UUID(), rows.Time(), rows.Time(), rows.Int32()
	held.credentialType, held.status = name(rows.Word()), name(rows.Word())
	return held
}

// below are those whose key in the reconciliation begins with the bytes, in the order of their keys, without the persons'
// numbers.
func (of *snapshot) below(ctx context.Context, prefix []byte) iter.Seq2[holding, error] {
	names := map[string]string{}
	return of.read(ctx, digestSQL, prefix, func(rows *sql.Rows, yield func(holding) bool) error {
		var h holding
		var row sql.RawBytes
		if err := rows.Scan(&h.educator, &row); err != nil {
			return err
		}
		packed := database.ReadPacked(1, row)
		packed.Next()
		h = h.with(&packed, names)
		if err := packed.Err(); err != nil {
			return err
		}
		yield(h)
		return nil
	})
}

// read asks for what the district has today, and has each row read into what it is of, as long as somebody wants more.
func (of *snapshot) read(ctx context.Context, statement string, from any, row func(*sql.Rows, func(holding) bool) error) iter.Seq2[holding, error] {
	return func(yield func(holding, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		rows, err := of.tx.QueryContext(ctx, statement, of.district, of.today, of.now, from)
		if err != nil {
			yield(holding{}, err)
			return
		}
		defer rows.Close()
		wanted := true
		for wanted && rows.Next() {
			if err := row(rows, func(h holding) bool {
				wanted = yield(h, nil)
				return wanted
			}); err != nil {
				yield(holding{}, err)
				wanted = false
			}
		}
		if !wanted {
			cancel() // else what is left would be read to its end
		} else if err := rows.Err(); err != nil {
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
