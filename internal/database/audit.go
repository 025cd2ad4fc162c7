package database

import (
	"context"
	"database/sql"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"
)

// AuditEntry says that somebody read personal data or wrote something.
type AuditEntry struct {
	ID                                             uuid.UUID
	Time                                           time.Time
	Principal, Method, Action, Resource, RequestID string
	Subjects                                       []uuid.UUID
}

const insertAudit = `INSERT INTO audit_entries (time, id, principal, method, action, resource, request_id, subjects) `

// AuditWrite puts this write on the record, in its own transaction: both are there or neither.
func (tx *Tx) AuditWrite(ctx context.Context, principal, method, requestID string) error {
	_, err := tx.ExecContext(ctx, insertAudit+`VALUES ($1, $2, $3, $4, 'WRITE', $5, $6, $7::uuid[])`,
		tx.Now, uuid.Must(uuid.NewV7()), principal, method, tx.resource, requestID, pq.Array(uuidTexts(tx.subjects)))
	return err
}

func uuidTexts(ids []uuid.UUID) []string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = id.String()
	}
	return texts
}

// AuditRead puts a read of personal data on the record and returns when it is there. Reads that come together share a
// transaction: a durable row of its own for each would cost most of the throughput.
func (db *DB) AuditRead(ctx context.Context, entry AuditEntry) error {
	if entry.ID == uuid.Nil {
		entry.ID = uuid.Must(uuid.NewV7())
	}
	entry.Time, entry.Action = db.Now(), "READ"
	return db.reads.write(ctx, entry)
}

// maxAuditGroup is how many reads share a transaction at most.
const maxAuditGroup = 256

type pendingAudit struct {
	entry AuditEntry
	done  chan error
}

// readAudit writes reads in groups: while one group is being written, the next one gathers.
type readAudit struct {
	pool    *sql.DB
	pending chan pendingAudit
	stop    chan struct{}
	writers sync.WaitGroup
	// statement is prepared by the writer at its first group.
	statement *sql.Stmt
}

// insertReads is one trip and one transaction, which need not wait for the disk: what a crash takes with it are the reads of
// the last fraction of a second.
const insertReads = `WITH soon AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)) ` + insertAudit + `
	SELECT r.time, r.id, r.principal, r.method, 'READ', '', r.request_id, r.subjects::uuid[]
	FROM soon, unnest($1::timestamptz[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[]) AS r(time, id, principal, method, request_id, subjects)`

func newReadAudit(pool *sql.DB) *readAudit {
	a := &readAudit{pool: pool, pending: make(chan pendingAudit, maxAuditGroup), stop: make(chan struct{})}
	a.writers.Add(1)
	go a.run()
	return a
}

func (a *readAudit) close() {
	close(a.stop)
	a.writers.Wait()
	if a.statement != nil {
		_ = a.statement.Close() // the pool is about to be closed anyway
	}
}

func (a *readAudit) write(ctx context.Context, entry AuditEntry) error {
	p := pendingAudit{entry: entry, done: make(chan error, 1)}
	select {
	case a.pending <- p:
	case <-ctx.Done():
		return ctx.Err()
	case <-a.stop:
		return sql.ErrConnDone
	}
	select {
	case err := <-p.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (a *readAudit) run() {
	defer a.writers.Done()
	for {
		select {
		case first := <-a.pending:
			a.flush(a.gather(first))
		case <-a.stop:
			for {
				select {
				case p := <-a.pending:
					a.flush(a.gather(p))
				default:
					return
				}
			}
		}
	}
}

func (a *readAudit) gather(first pendingAudit) []pendingAudit {
	group := []pendingAudit{first}
	for len(group) < maxAuditGroup {
		select {
		case p := <-a.pending:
			group = append(group, p)
		default:
			return group
		}
	}
	return group
}

func (a *readAudit) flush(group []pendingAudit) {
	// Not the callers' contexts: one that gives up must not undo what the others wait for.
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err := a.insert(ctx, group)
	for _, p := range group {
		p.done <- err
	}
}

func (a *readAudit) insert(ctx context.Context, group []pendingAudit) (err error) {
	n := len(group)
	times, ids, principals := make([]string, n), make([]string, n), make([]string, n)
	methods, requests, subjects := make([]string, n), make([]string, n), make([]string, n)
	for i, p := range group {
		e := p.entry
		times[i], ids[i], principals[i] = e.Time.Format(time.RFC3339Nano), e.ID.String(), e.Principal
		methods[i], requests[i] = e.Method, e.RequestID
		subjects[i] = "{" + strings.Join(uuidTexts(e.Subjects), ",") + "}"
	}
	if a.statement == nil {
		if a.statement, err = a.pool.PrepareContext(ctx, insertReads); err != nil {
			return err
		}
	}
	_, err = a.statement.ExecContext(ctx, pq.Array(times), pq.Array(ids), pq.Array(principals), pq.Array(methods), pq.Array(requests), pq.Array(subjects))
	return err
}

// AuditQuery says which entries to read, newest first: those before (Time, ID) of Before, when it is set.
type AuditQuery struct {
	Subject    uuid.UUID
	Start, End time.Time
	Before     *AuditEntry
	Limit      int
}

// ReadAudit reads the record.
func (db *DB) ReadAudit(ctx context.Context, q AuditQuery) ([]AuditEntry, error) {
	end, id := q.End, uuid.Max
	if q.Before != nil {
		end, id = q.Before.Time, q.Before.ID
	} else if end.IsZero() {
		end = db.Now().Add(time.Hour)
	}
	var subjects any
	if q.Subject != uuid.Nil {
		subjects = pq.Array([]string{q.Subject.String()})
	}
	rows, err := db.sql.QueryContext(ctx, `SELECT time, id, principal, method, action, resource, request_id, subjects::text[] FROM audit_entries
		WHERE time >= $1 AND (time, id) < ($2, $3) AND ($4::uuid[] IS NULL OR subjects @> $4::uuid[]) ORDER BY time DESC, id DESC LIMIT $5`,
		q.Start, end, id, subjects, q.Limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var entries []AuditEntry
	for rows.Next() {
		var e AuditEntry
		var texts []string
		if err := rows.Scan(&e.Time, &e.ID, &e.Principal, &e.Method, &e.Action, &e.Resource, &e.RequestID, pq.Array(&texts)); err != nil {
			return nil, err
		}
		for _, text := range texts {
			subject, err := uuid.Parse(text)
			if err != nil {
				return nil, err
			}
			e.Subjects = append(e.Subjects, subject)
		}
		entries = append(entries, e)
	}
	return entries, rows.Err()
}
