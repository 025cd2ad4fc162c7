package directory

import (
	"context"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"github.com/btlc/btlc/internal/database"
)

// survivors are the records that those of the persons of actions were merged into by now, by id; the others are not there. Whom
// the actions themselves put on record is not asked for: nobody can have been merged who is new, or as it was when new.
func (s store) survivors(ctx context.Context, tx *database.Tx, actions []keptAction) (map[string]string, error) {
	seen, ids := map[string]bool{}, []string(nil)
	for _, a := range actions {
		for _, c := range a.changes {
			if c.Person != nil && c.Person.Before == nil {
				seen[c.Person.After.ID] = true
			}
		}
	}
	for _, a := range actions {
		eachPerson(a.changes, func(id *string) {
			if !seen[*id] && uuidOf(*id) != uuid.Nil { // what is provisional is nobody's yet
				seen[*id], ids = true, append(ids, *id)
			}
		})
	}
	rows, err := tx.QueryContext(ctx, `WITH RECURSIVE merged(id, into_id) AS (
			SELECT id, merged_into_id FROM educators WHERE id = ANY ($1::uuid[]) AND merged_into_id IS NOT NULL
			UNION ALL SELECT m.id, e.merged_into_id FROM merged m JOIN educators e ON e.id = m.into_id WHERE e.merged_into_id IS NOT NULL)
		SELECT m.id, m.into_id FROM merged m JOIN educators e ON e.id = m.into_id WHERE e.merged_into_id IS NULL`, pq.Array(ids))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	into := map[string]string{}
	for rows.Next() {
		var from, to string
		if err := rows.Scan(&from, &to); err != nil {
			return nil, err
		}
		into[from] = to
	}
	return into, rows.Err()
}
