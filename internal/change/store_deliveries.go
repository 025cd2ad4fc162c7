package change

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"regexp"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/webhook"
)

// lease is a subscription in one server's hands. Until next_attempt_time, which every save moves, nobody else takes it, and
// nobody who has lost it can save: so one change is posted at a time, and none before the one of before it is on record.
// Times are the database's, which all servers share.
type lease struct {
	id                 uuid.UUID
	stream, url, state string
	types              []string
	secrets            []webhook.Secret
	epoch              string
	delivered          int64
	attempts           int32
	again, until       int64 // the range that is delivered again; 0 for none
	asked              int64 // until, as it was when the lease was read
	slow               bool  // took all the time of its last turn for a few changes
	token              time.Time
	deadline           time.Time // by this process's clock: no attempt begins later
	began              time.Time // when the turn began, by the same clock
	posted             int       // how many attempts there were in it
}

const (
	leaseColumns = `id, stream, url, state, resource_types, secret, previous_secret, previous_secret_expire_time,
		epoch, delivered_number, attempts, redeliver_from, redeliver_to, slow, next_attempt_time`

	claimSQL = `UPDATE webhook_subscriptions SET next_attempt_time = clock_timestamp() + $1 * interval '1 microsecond' WHERE id = (
			SELECT w.id FROM webhook_subscriptions w CROSS JOIN feed_epoch e LEFT JOIN feed_streams f ON f.stream = w.stream
			WHERE w.state = 'ENABLED' AND w.next_attempt_time <= clock_timestamp() AND ($2 OR NOT w.slow)
				AND (w.delivered_number <> coalesce(f.newest, 0) OR w.epoch <> e.epoch OR w.redeliver_to > 0)
			ORDER BY w.next_attempt_time LIMIT 1 FOR UPDATE OF w SKIP LOCKED)
		RETURNING ` + leaseColumns

	// The range is the holder's while it is the one that the holder has read: what was asked for since, or called off, stays so.
	saveSQL = `UPDATE webhook_subscriptions SET next_attempt_time = clock_timestamp() + $1 * interval '1 microsecond',
			epoch = $4, delivered_number = $5, attempts = $6, failing_since_time = CASE WHEN $6 > 0 THEN coalesce(failing_since_time, clock_timestamp()) END,
			warn_time = CASE WHEN $6 > 0 THEN warn_time END, slow = $10,
			redeliver_from = CASE WHEN redeliver_to = $7 THEN $8 ELSE redeliver_from END, redeliver_to = CASE WHEN redeliver_to = $7 THEN $9 ELSE redeliver_to END
		WHERE id = $2 AND next_attempt_time = $3 RETURNING ` + leaseColumns

	// It is warned once while it fails, whoever delivers.
	warnSQL = `UPDATE webhook_subscriptions SET warn_time = clock_timestamp()
		WHERE id = $1 AND state = 'ENABLED' AND contact_email <> '' AND warn_time IS NULL AND failing_since_time <= clock_timestamp() - $2 * interval '1 microsecond'
		RETURNING failing_since_time`

	// What was passed over before the change that failed counts; nothing is under way any more.
	failSQL = `UPDATE webhook_subscriptions SET next_attempt_time = 'epoch', delivered_number = $3, attempts = $4, failing_since_time = coalesce(failing_since_time, clock_timestamp())
		WHERE id = $1 AND next_attempt_time = $2`

	insertDelivery = `INSERT INTO webhook_deliveries (attempt_time, id, subscription_id, message_id, number, attempt, outcome, status_code, detail, duration_ms, redelivery)
		VALUES (coalesce($1, clock_timestamp() - $9::integer * interval '1 millisecond'), $2, $3, $4, $5, $6, $7, $8, $10, $9, $11)`
)

// saveAttemptSQL is saveSQL with the attempt that is saved, whose parameters come after its own. In one statement: a lease
// that was lost does not keep the attempt from the record.
var saveAttemptSQL = `WITH attempt AS (` + regexp.MustCompile(`\$\d+`).ReplaceAllStringFunc(insertDelivery, func(parameter string) string {
	number, _ := strconv.Atoi(parameter[1:])
	return "$" + strconv.Itoa(number+10)
}) + `) ` + saveSQL

func deliveryValues(subscription uuid.UUID, d *deliveryRow) []any {
	at := sql.NullTime{Time: d.AttemptTime, Valid: !d.AttemptTime.IsZero()}
	return []any{at, d.ID, subscription, d.MessageID, d.Number, d.Attempt, d.Outcome, d.StatusCode, d.DurationMS, d.Detail, d.Redelivery}
}

// claim takes a subscription that has something to deliver for so long, a slow one only if slowToo; nil when there is none.
func (s store) claim(ctx context.Context, hold time.Duration, slowToo bool) (*lease, error) {
	now := time.Now()
	l := &lease{began: now}
	err := l.scan(s.db.SQL().QueryRowContext(ctx, claimSQL, hold.Microseconds(), slowToo), s.db.Now(), now.Add(hold/2))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return l, err
}

// scan reads a lease.
func (l *lease) scan(row *sql.Row, now, deadline time.Time) error {
	var types, secret []byte
	var previous *[]byte
	var expire *time.Time
	err := row.Scan(&l.id, &l.stream, &l.url, &l.state, &types, &secret, &previous, &expire, &l.epoch, &l.delivered, &l.attempts, &l.again, &l.until, &l.slow, &l.token)
	if err != nil {
		return err
	}
	l.deadline, l.asked, l.types = deadline, l.until, nil
	if l.secrets, err = secretsOf(secret, previous, expire, now); err != nil {
		return err
	}
	return json.Unmarshal(types, &l.types)
}

// values are the parameters of saveSQL.
func (l *lease) values(hold time.Duration) []any {
	return []any{hold.Microseconds(), l.id, l.token, l.epoch, l.delivered, l.attempts, l.asked, l.again, l.until, l.slow}
}

// save writes down how far the subscription has come, with the attempt that led there, if any, and holds it for so long, or
// lets it rest. held is false when the lease was lost: then the attempt alone is on record.
func (s store) save(ctx context.Context, l *lease, hold time.Duration, d *deliveryRow) (held bool, err error) {
	statement, values := saveSQL, l.values(hold)
	if d != nil {
		statement, values = saveAttemptSQL, append(values, deliveryValues(l.id, d)...)
	}
	asked := time.Now()
	err = l.scan(s.db.SQL().QueryRowContext(ctx, statement, values...), s.db.Now(), asked.Add(hold/2))
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// alarm tells the contact of a subscription that it has been failing since then.
type alarm func(ctx context.Context, tx *database.Tx, since time.Time) error

// postpone writes down an attempt that failed and is followed by another one after the delay, and lets go of the subscription.
// Its contact is warned once it has been failing for long enough.
func (s store) postpone(ctx context.Context, l *lease, delay time.Duration, d *deliveryRow, warn alarm) error {
	return s.db.InTx(ctx, false, func(ctx context.Context, tx *database.Tx) error {
		saved, err := tx.ExecContext(ctx, saveAttemptSQL, append(l.values(delay), deliveryValues(l.id, d)...)...)
		if err != nil {
			return err
		}
		if held, err := saved.RowsAffected(); err != nil || held == 0 {
			return err // somebody else's by now
		}
		since, err := warned(ctx, tx, l.id)
		if err != nil || since.IsZero() {
			return err
		}
		return warn(ctx, tx, since)
	})
}

// warned puts on record that the contact of a subscription is warned, and says since when it has been failing; zero when there
// is nothing to warn of, or nobody.
func warned(ctx context.Context, tx *database.Tx, id uuid.UUID) (since time.Time, err error) {
	rows, err := tx.QueryContext(ctx, warnSQL, id, webhook.WarnAfter.Microseconds())
	if err != nil {
		return since, err
	}
	defer rows.Close()
	if rows.Next() {
		err = rows.Scan(&since)
	}
	return since, errors.Join(err, rows.Err())
}

// fail ends the deliveries of a subscription, with the attempt that showed it, and tells its stream and its contact.
func (s store) fail(ctx context.Context, l *lease, failure string, d *deliveryRow, tell alarm) error {
	return s.db.InTx(ctx, false, func(ctx context.Context, tx *database.Tx) error {
		if _, err := tx.ExecContext(ctx, insertDelivery, deliveryValues(l.id, d)...); err != nil {
			return err
		}
		saved, err := tx.ExecContext(ctx, failSQL, l.id, l.token, l.delivered, l.attempts)
		if err != nil {
			return err
		}
		if held, err := saved.RowsAffected(); err != nil || held == 0 {
			return err // somebody else's by now
		}
		row, err := tx.WebhookSubscription.Get(ctx, l.id)
		if err != nil || row.State != subscriptionLife.First() {
			return err
		}
		if row, err = s.move(ctx, tx, row, "fail", failure); err != nil || row.ContactEmail == "" {
			return err
		}
		return tell(ctx, tx, *row.FailingSinceTime)
	})
}
