package credential

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/statuslist"
	"github.com/btlc/btlc/internal/database"
	bitstring "github.com/btlc/btlc/internal/statuslist"
)

// drawSQL takes the next place of the open list, and closes the list with its last one. Its lock on the row makes others
// who draw wait for this transaction's end, and look then at what it left.
const drawSQL = `UPDATE status_lists SET next_ordinal = next_ordinal + 1, open = next_ordinal + 1 < size WHERE open
	RETURNING id, next_ordinal - 1, size, secret`

// openListSQL makes a list unless there is an open one. It waits for others who make one (status_list_open_once).
const openListSQL = `INSERT INTO status_lists (id, create_time, size, secret, change_time) VALUES ($1, $2, $3, $4, $2) ON CONFLICT DO NOTHING`

// draw gives a place on the open list, and makes a list when none is open. What a transaction draws nobody else gets, and
// is free again when it rolls back. Others who draw wait for its end, so it is called as late as can be. When what takes
// the place of another credential was drawn, that one's list is raised: in the other order two transactions could wait for
// each other, and one of them would have to be run again.
func draw(ctx context.Context, tx *database.Tx) (statusBit, error) {
	for {
		bit, drawn, err := drawOnce(ctx, tx)
		if err != nil || drawn {
			return bit, err
		}
		secret := make([]byte, bitstring.SecretSize)
		_, _ = rand.Read(secret) // it never fails
		if _, err := tx.ExecContext(ctx, openListSQL, uuid.Must(uuid.NewV7()), tx.Now, listLength, secret); err != nil {
			return statusBit{}, err
		}
	}
}

func drawOnce(ctx context.Context, tx *database.Tx) (bit statusBit, drawn bool, err error) {
	rows, err := tx.QueryContext(ctx, drawSQL)
	if err != nil {
		return bit, false, err
	}
	defer rows.Close()
	if !rows.Next() {
		return bit, false, rows.Err()
	}
	var ordinal, size int
	var secret []byte
	if err := rows.Scan(&bit.list, &ordinal, &size, &secret); err != nil {
		return bit, false, err
	}
	order, err := bitstring.NewAllocation(secret, size)
	if err != nil {
		return bit, false, err
	}
	bit.index, err = order.Index(ordinal)
	return bit, true, errors.Join(err, rows.Close())
}

// raiseList gives a list a new version when a credential's change from one status to another changes a bit; a new
// credential comes from no status, "". The list is nil for what was signed before there were lists. The row's lock comes
// before those of the feeds' counters, as with draw.
func raiseList(ctx context.Context, tx *database.Tx, list *uuid.UUID, from, to string) error {
	if list == nil || !bitChanges(from, to) {
		return nil
	}
	// A transaction that began earlier may come later: the time never goes back.
	_, err := tx.ExecContext(ctx, `UPDATE status_lists SET version = version + 1, change_time = greatest(change_time, $2) WHERE id = $1`, *list, tx.Now)
	return err
}

// listVersion is how often the bits of a list changed.
func (s store) listVersion(ctx context.Context, id uuid.UUID) (version int32, found bool, err error) {
	row, err := s.db.Ent().StatusList.Query().Where(statuslist.ID(id)).Select(statuslist.FieldVersion).Only(ctx)
	if ent.IsNotFound(err) {
		return 0, false, nil
	} else if err != nil {
		return 0, false, err
	}
	return row.Version, true, nil
}

// listSQL reads a list and its bits in one statement, so that they belong together. What the index credential_status_bits
// leaves out is said, so that it is used.
const listSQL = `SELECT version, change_time, size, array(SELECT c.status_list_index FROM credentials c
	WHERE c.status_list_id = l.id AND c.status <> 'ACTIVE' AND c.status = ANY ($2)) FROM status_lists l WHERE l.id = $1`

// publishedList reads a list with the bits of a purpose.
func (s store) publishedList(ctx context.Context, id uuid.UUID, purpose bitstring.Purpose) (list publishedList, found bool, err error) {
	var set pq.Int64Array
	err = s.db.SQL().QueryRowContext(ctx, listSQL, id, pq.Array(statusesWithBit[purpose])).Scan(&list.version, &list.changed, &list.length, &set)
	if errors.Is(err, sql.ErrNoRows) {
		return list, false, nil
	} else if err != nil {
		return list, false, err
	}
	list.id, list.set = id.String(), make([]int, len(set))
	for i, index := range set {
		list.set[i] = int(index)
	}
	return list, true, nil
}
