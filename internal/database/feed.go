package database

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lib/pq"
)

// Change is one change of one resource, for the streams of all whom it concerns.
type Change struct {
	// Streams are `program`, `districts/{district}` and `institutions/{institution}`.
	Streams []string
	// Resource and Type name what changed: `credentials/…`, `btlc/Credential`.
	Resource, Type string
	// Version goes up with each change of the resource: a consumer applies a change when it is higher than what it has.
	Version int32
	// Kind is CREATED, UPDATED, DELETED or MERGED.
	Kind string
	// NaturalKeys are, for each stream, the numbers by which its consumer knows the person; PreviousNaturalKeys those by
	// which it knew the person before, where they changed.
	NaturalKeys, PreviousNaturalKeys map[string]map[string]string
	// State is what a consumer needs to know. It holds no names.
	State map[string]any
	// state is State as JSON, made once for all streams.
	state string
}

// FeedRow is a change as it stands in one stream.
type FeedRow struct {
	Number                           int64
	Resource, Type, Kind             string
	Version                          int32
	NaturalKeys, PreviousNaturalKeys map[string]string
	State                            json.RawMessage
	CommitTime                       time.Time
}

// FeedPage is a stretch of one stream. Epoch changes when numbers could repeat, after a restore.
type FeedPage struct {
	FeedBounds
	Rows []FeedRow
}

// Emit puts a change on the feed of this transaction.
func (tx *Tx) Emit(change Change) { tx.changes = append(tx.changes, change) }

// publish is the last statement of a transaction: it raises each stream's counter, which serializes the stream's
// commits from here on, and writes the rows under those numbers. Streams are taken in sorted order, so that two
// transactions never wait for each other in a circle.
func (tx *Tx) publish(ctx context.Context) error {
	byStream := map[string][]*Change{}
	for i := range tx.changes {
		change := &tx.changes[i]
		state, err := json.Marshal(change.State)
		if err != nil {
			return fmt.Errorf("change of %s: %w", change.Resource, err)
		}
		change.state = string(state)
		for _, stream := range slices.Compact(slices.Sorted(slices.Values(change.Streams))) {
			byStream[stream] = append(byStream[stream], change)
		}
	}
	for _, stream := range slices.Sorted(mapKeys(byStream)) {
		if err := tx.append(ctx, stream, byStream[stream]); err != nil {
			return fmt.Errorf("change feed %s: %w", stream, err)
		}
	}
	return nil
}

func mapKeys[K comparable, V any](m map[K]V) func(yield func(K) bool) {
	return func(yield func(K) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func (tx *Tx) append(ctx context.Context, stream string, changes []*Change) error {
	n := len(changes)
	resources, types, kinds := make([]string, n), make([]string, n), make([]string, n)
	versions, keys, before, states := make([]int64, n), make([]string, n), make([]string, n), make([]string, n)
	for i, c := range changes {
		natural, err := json.Marshal(nonNil(c.NaturalKeys[stream]))
		if err != nil {
			return err
		}
		previous, err := json.Marshal(nonNil(c.PreviousNaturalKeys[stream]))
		if err != nil {
			return err
		}
		resources[i], types[i], kinds[i], versions[i] = c.Resource, c.Type, c.Kind, int64(c.Version)
		keys[i], before[i], states[i] = string(natural), string(previous), c.state
	}
	_, err := tx.ExecContext(ctx, `
		WITH counter AS (
			INSERT INTO feed_streams AS s (stream, newest) VALUES ($1, $2)
			ON CONFLICT (stream) DO UPDATE SET newest = s.newest + $2 RETURNING newest - $2 AS base)
		INSERT INTO feed_rows (commit_time, stream, number, resource, resource_type, kind, version, natural_keys, previous_natural_keys, state)
		SELECT $3, $1, counter.base + r.ordinality, r.resource, r.resource_type, r.kind, r.version, r.natural_keys::jsonb, r.previous_natural_keys::jsonb, r.state::jsonb
		FROM counter, unnest($4::text[], $5::text[], $6::text[], $7::int[], $8::text[], $9::text[], $10::text[])
			WITH ORDINALITY AS r(resource, resource_type, kind, version, natural_keys, previous_natural_keys, state, ordinality)`,
		stream, n, tx.Now, pq.Array(resources), pq.Array(types), pq.Array(kinds), pq.Array(versions), pq.Array(keys), pq.Array(before), pq.Array(states))
	return err
}

func nonNil(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

// Querier is a transaction: one of database/sql that reads, or a Tx that writes.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// ReadFeedBounds reads what a stream holds, in the caller's transaction: of its snapshot, if it keeps one. Errors:
// ErrNewHistory, with which InFeedSnapshot and InTx deal.
func ReadFeedBounds(ctx context.Context, tx Querier, stream string) (bounds FeedBounds, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT e.epoch, coalesce(s.newest, 0), coalesce(s.floor, 0) + 1, e.history = feed_history()
		FROM feed_epoch e LEFT JOIN feed_streams s ON s.stream = $1`, stream)
	if err != nil {
		return FeedBounds{}, err
	}
	defer rows.Close()
	if !rows.Next() {
		return FeedBounds{}, cmp.Or(rows.Err(), errors.New("the change feed has no epoch: the migrations were not applied"))
	}
	same := false
	if err := errors.Join(rows.Scan(&bounds.Epoch, &bounds.Newest, &bounds.Oldest, &same), rows.Close()); err != nil {
		return FeedBounds{}, err
	}
	if !same {
		return FeedBounds{}, ErrNewHistory
	}
	return bounds, nil
}

// ReadFeed reads at most limit changes of a stream with a number above after, from one snapshot with the stream's bounds.
func (db *DB) ReadFeed(ctx context.Context, stream string, after int64, limit int) (page FeedPage, err error) {
	err = db.InFeedSnapshot(ctx, func(tx *sql.Tx) (err error) {
		page = FeedPage{}
		if page.FeedBounds, err = ReadFeedBounds(ctx, tx, stream); err != nil {
			return err
		}
		page.Rows, err = readFeedRows(ctx, tx, stream, after, limit)
		return err
	})
	return page, err
}

const (
	feedRows = `SELECT number, resource, resource_type, kind, version, natural_keys, previous_natural_keys, state, commit_time
		FROM feed_rows WHERE stream = $1 AND number > $2 ORDER BY number LIMIT $3`

	// An institution sees what people consent to, and what it may see no more is DELETED on its stream: from then on the
	// changes of it that came before say what they were about, so that none is missing, and not what it was.
	consentedRows = `WITH page AS MATERIALIZED (` + feedRows + `),
		ended AS MATERIALIZED (SELECT resource, max(number) AS number FROM feed_rows
			WHERE stream = $1 AND stream LIKE 'institutions/%' AND kind = 'DELETED' AND resource = ANY (ARRAY(SELECT resource FROM page)) GROUP BY resource)
		SELECT p.number, p.resource, p.resource_type, p.kind, p.version, p.natural_keys, p.previous_natural_keys,
			CASE WHEN p.number < e.number THEN 'null' ELSE p.state END, p.commit_time
		FROM page p LEFT JOIN ended e USING (resource) ORDER BY p.number`
)

func readFeedRows(ctx context.Context, tx *sql.Tx, stream string, after int64, limit int) (found []FeedRow, err error) {
	statement := feedRows
	if strings.HasPrefix(stream, "institutions/") {
		statement = consentedRows
	}
	rows, err := tx.QueryContext(ctx, statement, stream, after, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var r FeedRow
		var keys, before []byte
		if err := rows.Scan(&r.Number, &r.Resource, &r.Type, &r.Kind, &r.Version, &keys, &before, &r.State, &r.CommitTime); err != nil {
			return nil, err
		}
		if err := errors.Join(json.Unmarshal(keys, &r.NaturalKeys), json.Unmarshal(before, &r.PreviousNaturalKeys)); err != nil {
			return nil, err
		}
		found = append(found, r)
	}
	return found, rows.Err()
}
