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

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/webhooksubscription"
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
	ranged             bool  // there was a range when the lease was read
	token              time.Time
	deadline           time.Time // by this process's clock: no attempt begins later
}

const (
	leaseColumns = `id, stream, url, state, resource_types, secret, previous_secret, previous_secret_expire_time,
		epoch, delivered_number, attempts, redeliver_from, redeliver_to, next_attempt_time`

	claimSQL = `UPDATE webhook_subscriptions SET next_attempt_time = clock_timestamp() + $1 * interval '1 microsecond' WHERE id = (
			SELECT w.id FROM webhook_subscriptions w CROSS JOIN feed_epoch e LEFT JOIN feed_streams f ON f.stream = w.stream
			WHERE w.state = 'ENABLED' AND w.next_attempt_time <= clock_timestamp()
				AND (w.delivered_number <> coalesce(f.newest, 0) OR w.epoch <> e.epoch OR w.redeliver_to > 0)
			ORDER BY w.next_attempt_time LIMIT 1 FOR UPDATE OF w SKIP LOCKED)
		RETURNING ` + leaseColumns

	// The range is whoever's asks for it while there is none, and the holder's while there is one.
	saveSQL = `UPDATE webhook_subscriptions SET next_attempt_time = clock_timestamp() + $1 * interval '1 microsecond',
			epoch = $4, delivered_number = $5, attempts = $6, failing_since_time = CASE WHEN $6 > 0 THEN coalesce(failing_since_time, clock_timestamp()) END,
			redeliver_from = CASE WHEN $7 THEN $8 ELSE redeliver_from END, redeliver_to = CASE WHEN $7 THEN $9 ELSE redeliver_to END
		WHERE id = $2 AND next_attempt_time = $3 RETURNING ` + leaseColumns

	insertDelivery = `INSERT INTO webhook_deliveries (attempt_time, id, subscription_id, message_id, number, attempt, outcome, status_code, detail, duration_ms, redelivery)
		VALUES (coalesce($1, clock_timestamp() - $9::integer * interval '1 millisecond'), $2, $3, $4, $5, $6, $7, $8, $10, $9, $11)`
)

// saveAttemptSQL is saveSQL with the attempt that is saved, whose parameters come after its own. In one statement: a lease
// that was lost does not keep the attempt from the record.
var saveAttemptSQL = `WITH attempt AS (` + regexp.MustCompile(`\$\d+`).ReplaceAllStringFunc(insertDelivery, func(parameter string) string {
	number, _ := strconv.Atoi(parameter[1:])
	return "$" + strconv.Itoa(number+9)
}) + `) ` + saveSQL

func deliveryValues(subscription uuid.UUID, d *deliveryRow) []any {
	at := sql.NullTime{Time: d.AttemptTime, Valid: !d.AttemptTime.IsZero()}
	return []any{at, d.ID, subscription, d.MessageID, d.Number, d.Attempt, d.Outcome, d.StatusCode, d.DurationMS, d.Detail, d.Redelivery}
}

// claim takes a subscription that has something to deliver for so long; nil when there is none.
func (s store) claim(ctx context.Context, hold time.Duration) (*lease, error) {
	l, asked := &lease{}, time.Now()
	err := l.scan(s.db.SQL().QueryRowContext(ctx, claimSQL, hold.Microseconds()), s.db.Now(), asked.Add(hold/2))
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
	err := row.Scan(&l.id, &l.stream, &l.url, &l.state, &types, &secret, &previous, &expire, &l.epoch, &l.delivered, &l.attempts, &l.again, &l.until, &l.token)
	if err != nil {
		return err
	}
	l.deadline, l.ranged, l.types = deadline, l.until > 0, nil
	if l.secrets, err = secretsOf(secret, previous, expire, now); err != nil {
		return err
	}
	return json.Unmarshal(types, &l.types)
}

// save writes down how far the subscription has come, with the attempt that led there, if any, and holds it for so long, or
// lets it rest. held is false when the lease was lost: then the attempt alone is on record.
func (s store) save(ctx context.Context, l *lease, hold time.Duration, d *deliveryRow) (held bool, err error) {
	statement, values := saveSQL, []any{hold.Microseconds(), l.id, l.token, l.epoch, l.delivered, l.attempts, l.ranged, l.again, l.until}
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

// fail ends the deliveries of a subscription, with the attempt that showed it, and tells its stream.
func (s store) fail(ctx context.Context, l *lease, failure string, d *deliveryRow) error {
	return s.db.InTx(ctx, false, func(ctx context.Context, tx *database.Tx) error {
		if _, err := tx.ExecContext(ctx, insertDelivery, deliveryValues(l.id, d)...); err != nil {
			return err
		}
		row, err := tx.WebhookSubscription.Query().Where(webhooksubscription.ID(l.id), webhooksubscription.NextAttemptTime(l.token)).ForUpdate().Only(ctx)
		if err != nil {
			return ent.MaskNotFound(err) // somebody else's by now
		}
		// What was passed over before the change that failed counts; nothing is under way any more.
		if row, err = row.Update().SetDeliveredNumber(l.delivered).SetAttempts(l.attempts).SetNextAttemptTime(time.Unix(0, 0)).Save(ctx); err != nil || row.State != subscriptionLife.First() {
			return err
		}
		_, err = s.move(ctx, tx, row, "fail", failure)
		return err
	})
}
