package directory

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/educator"
	"github.com/btlc/btlc/ent/educatormerge"
	"github.com/btlc/btlc/ent/holderdid"
	"github.com/btlc/btlc/ent/noticepreference"
	"github.com/btlc/btlc/ent/registration"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

// lockedPair is two educators, held against others until the transaction ends. They are locked in the order of their ids, so
// that two merges never wait for each other in a circle. Whoever writes something for the duplicate waits as well, for what
// came now would be left with a record that is no more.
func (s store) lockedPair(ctx context.Context, tx *database.Tx, survivor, duplicate string) (a, b *person, err error) {
	names := []string{survivor, duplicate}
	found := map[string]*person{}
	for _, name := range slices.Sorted(slices.Values(names)) {
		if found[name], err = s.lockedEducator(ctx, tx, name, name == duplicate); err != nil {
			return nil, nil, err
		}
	}
	return found[survivor], found[duplicate], nil
}

// lockedMerge is a record that is merged into another, as lockedPair.
func (s store) lockedMerge(ctx context.Context, tx *database.Tx, name string) (survivor, duplicate *person, err error) {
	seen, err := s.educator(ctx, tx.Client, api.LastUUID(name), name)
	if err != nil {
		return nil, nil, err
	}
	into := seen.row.MergedIntoID
	if into != nil {
		if survivor, duplicate, err = s.lockedPair(ctx, tx, api.Name("btlc/Educator", *into), name); err != nil {
			return nil, nil, err
		}
	}
	// Until it was locked, somebody else may have taken the merge back.
	if into == nil || duplicate.row.MergedIntoID == nil || *duplicate.row.MergedIntoID != *into {
		return nil, nil, api.Errorf(api.StateConflict, "%s is not merged into another record.", name)
	}
	if survivor.row.MergedIntoID != nil { // what is to go back is with the third by now
		return nil, nil, api.Errorf(api.StateConflict, "The record that it is merged into is itself merged into %s: take that back first.", api.Name("btlc/Educator", *survivor.row.MergedIntoID))
	}
	return survivor, duplicate, nil
}

// addedNames is where a merge notes the name that it gave the survivor as an earlier one.
const addedNames = "educator_names added"

// merge moves every row of the duplicate to the survivor, whatever table it is in, and keeps which they were.
func (s store) merge(ctx context.Context, tx *database.Tx, survivor, duplicate *person, by string) (*person, error) {
	tables, err := tablesOfEducators(ctx, tx)
	if err != nil {
		return nil, err
	}
	from, to := duplicate.row.ID, survivor.row.ID
	moved := map[string][]uuid.UUID{}
	for _, table := range tables {
		move := `UPDATE ` + table + ` SET educator_id = $1 WHERE educator_id = $2`
		if slices.Contains(survivorsCount, table) {
			move += ` AND NOT EXISTS (SELECT FROM ` + table + ` WHERE educator_id = $1)`
		}
		rows, err := changedRows(ctx, tx, move+` RETURNING id`, to, from)
		if err != nil {
			return nil, bothHave(err)
		}
		if len(rows) > 0 {
			moved[table] = rows
		}
	}
	if moved[bindings], err = changedRows(ctx, tx, rebind, api.Name("btlc/Educator", to), api.Name("btlc/Educator", from), nil); err != nil {
		return nil, bothHave(err)
	}
	if duplicate.row.GivenName != survivor.row.GivenName || duplicate.row.FamilyName != survivor.row.FamilyName {
		name, err := tx.EducatorName.Create().SetEducatorID(to).SetGivenName(duplicate.row.GivenName).SetFamilyName(duplicate.row.FamilyName).
			SetRecordTime(duplicate.row.CreateTime).SetCreateTime(tx.Now).Save(ctx)
		if err != nil {
			return nil, err
		}
		moved[addedNames] = []uuid.UUID{name.ID}
	}
	if err := tx.EducatorMerge.Create().SetSurvivorID(to).SetDuplicateID(from).SetMoved(moved).SetRecordedBy(by).SetCreateTime(tx.Now).Exec(ctx); err != nil {
		return nil, err
	}
	if err := tx.Educator.UpdateOneID(from).SetMergedIntoID(to).SetUpdateTime(tx.Now).AddVersion(1).Exec(ctx); err != nil {
		return nil, err
	}
	if err := keepKeyPeriods(ctx, tx, from, to); err != nil {
		return nil, err
	}
	return s.touched(ctx, tx, to)
}

// unmerge gives the rows back that the merge moved, those that are still there.
func (s store) unmerge(ctx context.Context, tx *database.Tx, survivor, duplicate *person) (*person, *person, error) {
	kept, err := tx.EducatorMerge.Query().Where(educatormerge.DuplicateID(duplicate.row.ID), educatormerge.UndoTimeIsNil()).Only(ctx)
	if err != nil {
		return nil, nil, err
	}
	from, to := survivor.row.ID, duplicate.row.ID
	if err := tx.Educator.UpdateOneID(to).ClearMergedIntoID().Exec(ctx); err != nil {
		return nil, nil, err
	}
	known, err := tablesOfEducators(ctx, tx)
	if err != nil {
		return nil, nil, err
	}
	for _, table := range slices.Sorted(maps.Keys(kept.Moved)) {
		rows := pq.Array(kept.Moved[table])
		switch {
		case table == bindings:
			_, err = changedRows(ctx, tx, rebind, api.Name("btlc/Educator", to), api.Name("btlc/Educator", from), rows)
		case table == addedNames:
			_, err = tx.ExecContext(ctx, `DELETE FROM educator_names WHERE id = ANY ($1)`, rows)
		case slices.Contains(known, table):
			_, err = changedRows(ctx, tx, `UPDATE `+table+` SET educator_id = $1 WHERE educator_id = $2 AND id = ANY ($3) RETURNING id`, to, from, rows)
		default:
			err = fmt.Errorf("the merge moved rows of %s, which has no educators", table)
		}
		if err != nil {
			return nil, nil, bothHave(err)
		}
	}
	if err := keepKeyPeriods(ctx, tx, from, to); err != nil {
		return nil, nil, err
	}
	if err := noMoneySince(ctx, tx, kept); err != nil {
		return nil, nil, err
	}
	if err := tx.EducatorMerge.UpdateOne(kept).SetUndoTime(tx.Now).Exec(ctx); err != nil {
		return nil, nil, err
	}
	if survivor, err = s.touched(ctx, tx, from); err != nil {
		return nil, nil, err
	}
	duplicate, err = s.touched(ctx, tx, to)
	return survivor, duplicate, err
}

// moneySince is a registration that a merge moved, $2, of which lines that were entered since the merge $1 have left something
// under the survivor's name $3, of what was charged, paid or waived. The ids of lines and merges tell their order.
const moneySince = `WITH sides AS (
		SELECT registration_id, payee, currency, CASE WHEN starts_with(credit_account, 'receivable:') THEN -amount_minor ELSE amount_minor END AS minor,
			split_part(CASE WHEN starts_with(credit_account, 'receivable:') THEN debit_account ELSE credit_account END, ':', 1) AS against
		FROM ledger_entries WHERE id > $1 AND registration_id = ANY ($2) AND payer = $3
		UNION ALL
		SELECT registration_id, payee, currency, amount_minor, 'receivable'
		FROM ledger_entries WHERE id > $1 AND registration_id = ANY ($2) AND new_payer = $3
	), merged AS (
		SELECT registration_id FROM sides GROUP BY registration_id, payee, currency, replace(against, 'receivable', 'income') HAVING sum(minor) <> 0
	)
	SELECT section_id, id FROM registrations WHERE id IN (SELECT registration_id FROM merged) ORDER BY id LIMIT 1`

// noMoneySince refuses to take a merge back while money of what goes back stands under the name of the record that stays: one
// would owe what the other has paid. It looks after the registrations have moved back, for whoever enters money of one holds it.
func noMoneySince(ctx context.Context, tx *database.Tx, kept *ent.EducatorMerge) error {
	survivor := api.Name("btlc/Educator", kept.SurvivorID)
	rows, err := tx.QueryContext(ctx, moneySince, kept.ID, pq.Array(kept.Moved[registration.Table]), survivor)
	if err != nil {
		return err
	}
	defer rows.Close()
	if !rows.Next() {
		return rows.Err()
	}
	var section, id uuid.UUID
	if err := rows.Scan(&section, &id); err != nil {
		return err
	}
	name := api.Name("btlc/Registration", section, id)
	return api.Errorf(api.StateConflict, "Since the merge money was entered for %s in the name of %s. Reverse those lines (where a line is itself a reversal, enter again what it took back), "+
		"take the merge back, and enter them anew.", name, survivor).With("registration", name)
}

// touched raises the version of an educator, whose record has changed beside their row, and reads it.
func (s store) touched(ctx context.Context, tx *database.Tx, id uuid.UUID) (*person, error) {
	if err := tx.Educator.UpdateOneID(id).SetUpdateTime(tx.Now).AddVersion(1).Exec(ctx); err != nil {
		return nil, err
	}
	return s.educator(ctx, tx.Client, id, api.Name("btlc/Educator", id))
}

// survivorsCount are the tables in which what the survivor has chosen stands, whatever the duplicate had.
var survivorsCount = []string{noticepreference.Table, holderdid.Table}

const (
	// bindings give somebody a role within the scope of an educator, by the educator's name.
	bindings = "role_bindings"
	rebind   = `UPDATE ` + bindings + ` SET scope = $1 WHERE scope = $2 AND ($3::uuid[] IS NULL OR id = ANY ($3)) RETURNING id`
)

// tablesOfEducators are those whose rows belong to an educator, as the catalogue has them: a table that comes to be is merged
// like the others. Their names need no quotes.
func tablesOfEducators(ctx context.Context, tx *database.Tx) (tables []string, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT c.conrelid::regclass::text FROM pg_constraint c
		JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
		WHERE c.confrelid = '`+educator.Table+`'::regclass AND c.contype = 'f' AND a.attname = 'educator_id' ORDER BY 1`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var table string
		if err := rows.Scan(&table); err != nil {
			return nil, err
		}
		tables = append(tables, table)
	}
	return tables, rows.Err()
}

// changedRows carries out an update and gives the ids of the rows that it changed.
func changedRows(ctx context.Context, tx *database.Tx, statement string, args ...any) (changed []uuid.UUID, err error) {
	rows, err := tx.QueryContext(ctx, statement, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id uuid.UUID
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		changed = append(changed, id)
	}
	return changed, rows.Err()
}

// bothHave says what keeps two records apart: each has what a person has once.
func bothHave(err error) error {
	if name, ok := database.Constraint(err); ok {
		return api.Errorf(api.StateConflict, "Both records have what a person has once (%s): settle that first.", name).With("constraint", name)
	}
	return err
}
