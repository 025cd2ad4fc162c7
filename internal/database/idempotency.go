package database

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"time"
)

// IdempotencyWindow is how long a key is remembered.
const IdempotencyWindow = 24 * time.Hour

// ErrKeyReused is returned when a key comes again with another request.
var ErrKeyReused = errors.New("the idempotency key was used with another request")

// Claim takes an idempotency key for this transaction, as its first statement. If a rival with the same key is under
// way, it waits for the rival's end. replay is true when the request was carried out before: answer is what was
// answered then (nil when it held a secret that is not kept).
func (tx *Tx) Claim(ctx context.Context, principal, method, key string, requestHash []byte) (answer []byte, replay bool, err error) {
	result, err := tx.ExecContext(ctx, `
		INSERT INTO idempotency_keys AS k (principal, method, key, request_hash, create_time) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (principal, method, key) DO UPDATE SET request_hash = excluded.request_hash, create_time = excluded.create_time, answer = NULL
		WHERE k.create_time < $6`, principal, method, key, requestHash, tx.Now, tx.Now.Add(-IdempotencyWindow))
	if err != nil {
		return nil, false, err
	}
	if taken, err := result.RowsAffected(); err != nil || taken == 1 {
		return nil, false, err
	}
	rows, err := tx.QueryContext(ctx, `SELECT request_hash, answer FROM idempotency_keys WHERE principal = $1 AND method = $2 AND key = $3`, principal, method, key)
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	if !rows.Next() {
		return nil, false, errors.Join(rows.Err(), sql.ErrNoRows)
	}
	var hash []byte
	if err := rows.Scan(&hash, &answer); err != nil {
		return nil, false, err
	}
	if !bytes.Equal(hash, requestHash) {
		return nil, false, ErrKeyReused
	}
	return answer, true, rows.Err()
}

// Remember stores what is answered, for whoever repeats the request.
func (tx *Tx) Remember(ctx context.Context, principal, method, key string, answer []byte) error {
	_, err := tx.ExecContext(ctx, `UPDATE idempotency_keys SET answer = $4 WHERE principal = $1 AND method = $2 AND key = $3`, principal, method, key, answer)
	return err
}

// ForgetKeys deletes keys older than the window, a bounded number at a time, and says how many it deleted.
func (db *DB) ForgetKeys(ctx context.Context, limit int) (int64, error) {
	result, err := db.sql.ExecContext(ctx, `DELETE FROM idempotency_keys WHERE ctid = ANY (ARRAY(
		SELECT ctid FROM idempotency_keys WHERE create_time < $1 LIMIT $2))`, db.Now().Add(-IdempotencyWindow), limit)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}
