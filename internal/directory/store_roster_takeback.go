package directory

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/oneroster"
)

// takeBack deletes the persons and schools that were added, but for those to whom something refers.
func (w *rosterWriter) takeBack(ctx context.Context) error {
	people, err := w.unreferred(ctx, "educators", removed(w.peopleOrder, w.people), "educator_emails", "external_ids", "educator_names")
	if err != nil {
		return err
	}
	for _, statement := range []string{
		`DELETE FROM educator_emails WHERE educator_id = ANY ($1::uuid[])`, `DELETE FROM external_ids WHERE educator_id = ANY ($1::uuid[])`,
		`DELETE FROM key_periods WHERE record_id = ANY ($1::uuid[])`, `DELETE FROM educators WHERE id = ANY ($1::uuid[])`,
	} {
		if _, err := w.tx.ExecContext(ctx, statement, pq.Array(people)); err != nil {
			return err
		}
	}
	schools, err := w.unreferred(ctx, "schools", removed(w.schoolOrder, w.schools))
	if err != nil {
		return err
	}
	_, err = w.tx.ExecContext(ctx, `DELETE FROM schools WHERE id = ANY ($1::uuid[])`, pq.Array(schools))
	return err
}

func removed[T any](order []string, pairs map[string]oneroster.Pair[T]) (ids []string) {
	for _, id := range order {
		if pairs[id].After == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// unreferred are the rows of a table to which no row refers, by a foreign key or as the scope of a role, but of the tables
// that are its own. It locks them all, so that none comes to be referred to any more, and notes the others as kept.
func (w *rosterWriter) unreferred(ctx context.Context, table string, ids []string, own ...string) (free []string, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	if _, err := w.tx.ExecContext(ctx, `SELECT FROM `+table+` WHERE id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE`, pq.Array(ids)); err != nil { // #nosec G202 -- a table of ours
		return nil, err
	}
	references, err := texts(w.tx.QueryContext(ctx, `SELECT format('SELECT %I::text FROM %s WHERE %I = ANY ($1::uuid[])', a.attname, c.conrelid::regclass, a.attname)
		FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
		WHERE c.contype = 'f' AND c.confrelid = $1::regclass AND NOT c.conrelid::regclass::text = ANY ($2)`, table, pq.Array(own)))
	if err != nil {
		return nil, err
	}
	// A scope's last word is compared as a whole, by which the two can be joined: LIKE would try each with each.
	references = append(references, `SELECT u.id::text FROM unnest($1::uuid[]) AS u(id) JOIN role_bindings b ON substring(b.scope FROM '/([^/]*)$') = u.id::text`)
	referred, err := texts(w.tx.QueryContext(ctx, strings.Join(references, " UNION "), pq.Array(ids)))
	if err != nil {
		return nil, err
	}
	for _, id := range referred {
		w.kept[id] = true
	}
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return w.kept[id] }), nil
}

// texts reads rows of one text.
func texts(rows *sql.Rows, err error) (all []string, _ error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// announce puts all changes on the feeds of those whom they concern; the district hears of all, also of whom it has left.
func (w *rosterWriter) announce(ctx context.Context) error {
	zone, err := zoneOf(ctx, w.tx, w.district)
	if err != nil {
		return err
	}
	stream, today := api.Name("btlc/District", w.district), api.LocalDay(w.tx.Now, zone).Format(time.DateOnly)
	var people []educatorNews
	for _, id := range w.peopleOrder {
		p := w.people[id]
		if p.After == nil && w.kept[id] {
			continue
		}
		people = append(people, educatorNews{
			educator: uuidOf(id), version: w.now.versions[id] + 1, kind: kindOf(p), changed: changedFields(p),
			also: stream, keys: employeeKeys(w.numbers[id]), nobodyElse: p.Before == nil || p.After == nil,
		})
	}
	if err := announceEducators(ctx, w.tx, people); err != nil {
		return err
	}
	for _, id := range w.employmentOrder {
		p := w.employments[id]
		one := p.After
		if one == nil {
			one = p.Before
		}
		e := employmentNews{
			id: uuidOf(id), educator: uuidOf(one.PersonID), district: stream, start: string(one.Start), end: string(one.End),
			version: w.now.versions[id] + 1, kind: kindOf(p), keys: employeeKeys(w.numbers[one.PersonID]),
			known: p.Before != nil && string(p.Before.Start) <= today,
		}
		if one.SchoolID != "" {
			e.school = api.Name("btlc/School", w.district, one.SchoolID)
		}
		e.announce(w.tx, today)
	}
	return nil
}

// zoneOf is the time zone of a district, by whose calendar its employments begin and end.
func zoneOf(ctx context.Context, tx *database.Tx, district string) (*time.Location, error) {
	row, err := tx.District.Get(ctx, district)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(row.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("district %s: %w", district, err)
	}
	return zone, nil
}

func kindOf[T any](p oneroster.Pair[T]) string {
	switch {
	case p.Before == nil:
		return "CREATED"
	case p.After == nil:
		return "DELETED"
	}
	return "UPDATED"
}

// changedFields names what has changed of a person who was there before and is.
func changedFields(p oneroster.Pair[oneroster.Person]) (fields []string) {
	if p.Before == nil || p.After == nil {
		return nil
	}
	if p.Before.GivenName != p.After.GivenName {
		fields = append(fields, "givenName")
	}
	if p.Before.FamilyName != p.After.FamilyName {
		fields = append(fields, "familyName")
	}
	if !slices.Equal(p.Before.Emails, p.After.Emails) {
		fields = append(fields, "emails")
	}
	return fields
}

// employeeID is the number by which a district knows somebody, whether it employs them still or not: the first that was
// given; empty for none.
func (s store) employeeID(ctx context.Context, tx *database.Tx, educator uuid.UUID, district string) (string, error) {
	found, err := texts(tx.QueryContext(ctx, `SELECT value FROM external_ids WHERE educator_id = $1 AND district_id = $2 AND kind = 'EMPLOYEE_ID' ORDER BY id LIMIT 1`, educator, district))
	if err != nil || len(found) == 0 {
		return "", err
	}
	return found[0], nil
}
