package credential

import (
	"context"
	"database/sql"
	"errors"

	"github.com/google/uuid"
	"github.com/lib/pq"

	bitstring "github.com/btlc/btlc/internal/statuslist"
)

// revokedSQL reads the version of a list and which of its credentials are revoked, by their addresses below /credentials,
// with those of their learner records ($3), in one statement, so that they belong together. Only those count whose documents
// name a revocation list of 1EdTech: nobody looks for the others there. It is read by the index of what is not active, as
// listSQL is.
const revokedSQL = `SELECT version, array(SELECT a.path FROM credentials c
	CROSS JOIN LATERAL (VALUES (c.id::text), (CASE WHEN c.learner_record <> '' THEN c.id || $3 END)) a (path)
	WHERE c.status_list_id = l.id AND c.status <> 'ACTIVE' AND c.status = ANY ($2) AND strpos(c.document, '"1EdTechRevocationList"') > 0
		AND a.path IS NOT NULL ORDER BY a.path) FROM status_lists l WHERE l.id = $1`

// revoked are the paths of what is revoked on a list.
func (s store) revoked(ctx context.Context, list uuid.UUID) (version int32, paths []string, found bool, err error) {
	err = s.db.SQL().QueryRowContext(ctx, revokedSQL, list, pq.Array(statusesWithBit[bitstring.Revocation]), learnerRecordPath).
		Scan(&version, (*pq.StringArray)(&paths))
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil, false, nil
	}
	return version, paths, err == nil, err
}
