package database

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
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
	// Version goes up with each change of the resource: a consumer applies a change when it is not lower than what it has.
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

// printBytes are enough to tell any two changes with the same number apart.
const printBytes = 9

// print is the fingerprint of the change, of what never differs between two readings of it.
func (r FeedRow) print() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d\n%s\n%d\n%s", r.CommitTime.UnixMicro(), r.Resource, r.Version, r.Kind))
	return base64.RawURLEncoding.EncodeToString(sum[:printBytes])
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

// ReadFeed reads at most limit changes of a stream with a number above after, from one snapshot with the stream's bounds.
func (db *DB) ReadFeed(ctx context.Context, stream string, after int64, limit int) (page FeedPage, err error) {
	return db.FollowFeed(ctx, Cursor{Stream: stream, Number: after}, limit)
}

// FollowFeed reads at most limit changes after a cursor, from one snapshot with the stream's bounds; these say whether it is
// reached. When the cursor proves that the database went back, another epoch is begun before that.
func (db *DB) FollowFeed(ctx context.Context, from Cursor, limit int) (page FeedPage, err error) {
	err = db.InFeedSnapshot(ctx, func(tx *sql.Tx) (err error) {
		page = FeedPage{}
		if page.FeedBounds, err = db.readBounds(ctx, tx, from.Stream); err != nil {
			return err
		}
		if page.Rows, err = readFeedRows(ctx, tx, from.Stream, from.Number, limit+1); err != nil {
			return err
		}
		if len(page.Rows) > 0 && page.Rows[0].Number == from.Number {
			page.asked, page.Rows = page.Rows[0].print(), page.Rows[1:]
		}
		page.Rows = page.Rows[:min(limit, len(page.Rows))]
		return page.check(from)
	})
	if err == nil {
		db.seen.note(page.Next(from))
	}
	return page, err
}

// Next is the cursor after the page, for the one that it was read with.
func (p FeedPage) Next(from Cursor) Cursor {
	if n := len(p.Rows); n > 0 {
		return p.After(from.Stream, p.Rows[n-1])
	}
	return p.Again(from)
}

const (
	feedRows = `SELECT number, resource, resource_type, kind, version, natural_keys, previous_natural_keys, state, commit_time
		FROM feed_rows WHERE stream = $1 AND number >= $2 ORDER BY number LIMIT $3`

	// An institution sees what people consent to, and what it may see no more is DELETED on its stream: from then on the
	// changes of it that came before say what they were about, so that none is missing, and not what it was.
	consentedRows = `WITH page AS MATERIALIZED (` + feedRows + `),
		ended AS MATERIALIZED (SELECT resource, max(number) AS number FROM feed_rows
			WHERE stream = $1 AND stream LIKE 'institutions/%' AND kind = 'DELETED' AND resource = ANY (ARRAY(SELECT resource FROM page)) GROUP BY resource)
		SELECT p.number, p.resource, p.resource_type, p.kind, p.version, p.natural_keys, p.previous_natural_keys,
			CASE WHEN p.number < e.number THEN 'null' ELSE p.state END, p.commit_time
		FROM page p LEFT JOIN ended e USING (resource) ORDER BY p.number`
)

// readFeedRows reads changes from a number on.
func readFeedRows(ctx context.Context, tx *sql.Tx, stream string, from int64, limit int) (found []FeedRow, err error) {
	statement := feedRows
	if strings.HasPrefix(stream, "institutions/") {
		statement = consentedRows
	}
	rows, err := tx.QueryContext(ctx, statement, stream, from, limit)
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
