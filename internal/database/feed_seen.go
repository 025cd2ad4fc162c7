package database

import (
	"context"
	"database/sql"
	"slices"
	"sync"

	"github.com/lib/pq"
)

// seenFeed is how far this process has read each stream: a witness while it runs, as the cursors of consumers are. What was
// read since the last look is kept until the next one: what is read meanwhile may be of a database that went back.
type seenFeed struct {
	mu      sync.Mutex
	cursors map[string][]Cursor
}

// note keeps the cursor if it leads further than what was read before. One that names no change is no witness.
func (s *seenFeed) note(c Cursor) {
	if c.Print == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.cursors[c.Stream]
	if n := len(known); n > 0 && (c.Generation < known[n-1].Generation || c.Epoch == known[n-1].Epoch && c.Number <= known[n-1].Number) {
		return
	}
	if s.cursors == nil {
		s.cursors = map[string][]Cursor{}
	}
	s.cursors[c.Stream] = append(known, c)
}

func (s *seenFeed) all() (cursors []Cursor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, of := range s.cursors {
		cursors = append(cursors, of...)
	}
	return cursors
}

// looked forgets of each stream what was looked at, but for the last.
func (s *seenFeed) looked(at []Cursor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	counts := map[string]int{}
	for _, c := range at {
		counts[c.Stream]++
	}
	for stream, n := range counts {
		s.cursors[stream] = slices.Clone(s.cursors[stream][n-1:])
	}
}

// LookBack looks whether what this process has read of the change feed is still there, and whether the database is still in its
// history. If not, it begins another epoch, by which all consumers learn of it. One at a time.
func (db *DB) LookBack(ctx context.Context) error {
	return db.inHistory(ctx, func() error {
		seen := db.seen.all() // before the database is asked: what was read is there by then
		streams, numbers := make([]string, len(seen)), make([]int64, len(seen))
		for i, c := range seen {
			streams[i], numbers[i] = c.Stream, c.Number
		}
		rows, err := db.sql.QueryContext(ctx, `SELECT e.epoch, e.generation, e.history = (SELECT feed_history()), coalesce(c.nth, 0), coalesce(s.newest, 0),
				r.resource, r.kind, r.version, r.commit_time
			FROM feed_epoch e LEFT JOIN unnest($1::text[], $2::bigint[]) WITH ORDINALITY AS c(stream, number, nth) ON true
				LEFT JOIN feed_streams s ON s.stream = c.stream LEFT JOIN feed_rows r ON r.stream = c.stream AND r.number = c.number`, pq.Array(streams), pq.Array(numbers))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			if err := lookAt(rows, seen); err != nil {
				return err
			}
		}
		if err := rows.Err(); err != nil {
			return err
		}
		db.seen.looked(seen)
		return nil
	})
}

// lookAt holds one of the changes that were seen against the row that has its number now.
func lookAt(rows *sql.Rows, seen []Cursor) error {
	var b FeedBounds
	var same bool
	var nth int
	var resource, kind sql.NullString
	var version sql.NullInt32
	var committed sql.NullTime
	if err := rows.Scan(&b.Epoch, &b.generation, &same, &nth, &b.Newest, &resource, &kind, &version, &committed); err != nil {
		return err
	}
	if !same {
		return errOtherHistory
	}
	if nth == 0 {
		return nil // nothing was seen yet
	}
	if resource.Valid {
		b.asked = FeedRow{Resource: resource.String, Kind: kind.String, Version: version.Int32, CommitTime: committed.Time}.print()
	}
	return b.wentBack(seen[nth-1])
}
