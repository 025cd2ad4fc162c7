package directory

import (
	"context"
	"database/sql"
	"time"

	"github.com/lib/pq"

	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/oneroster"
)

// numbersOfRoster are the employee numbers that a roster knows people by.
func numbersOfRoster(roster *oneroster.Roster) map[string]bool {
	numbers := map[string]bool{}
	for _, s := range roster.Staff {
		numbers[s.EmployeeNumber] = true
	}
	return numbers
}

// numbersOfActions are those of the people whom actions would change.
func numbersOfActions(actions []keptAction) map[string]bool {
	numbers := map[string]bool{}
	for _, a := range actions {
		for _, c := range a.changes {
			if c.Person != nil {
				numbers[c.Person.After.EmployeeNumber] = true
			}
		}
	}
	return numbers
}

// districtState is what is on record of a district, those too of whom it may not know: see known.
type districtState struct {
	oneroster.State
	// versions are those of schools, persons and employments, by id.
	versions map[string]int32
}

// concerned are the people of a district, $1.
const concerned = `SELECT educator_id FROM external_ids WHERE kind = 'EMPLOYEE_ID' AND district_id = $1
	UNION SELECT educator_id FROM employments WHERE district_id = $1`

// elsewhere are those of a district's people, $1, who work in another one at a time, $2, by that one's calendar.
const elsewhere = `SELECT DISTINCT e.educator_id FROM employments e JOIN districts d ON d.id = e.district_id
	WHERE e.district_id <> $1 AND e.educator_id IN (SELECT educator_id FROM employments WHERE district_id = $1)
	AND e.start_date <= ($2::timestamptz AT TIME ZONE d.time_zone)::date AND coalesce(e.end_date, 'infinity'::date) >= ($2::timestamptz AT TIME ZONE d.time_zone)::date`

// districtState reads a district's schools, people and employments; with lock, they stay as they are until the transaction
// ends, and no other roster of the district is applied meanwhile. It reads rows of many thousands, and of each only what is
// compared. What is locked is read by statements of their own, in this order: after waiting for a row, a statement sees that
// row as it is now, and all else as it was.
func (s store) districtState(ctx context.Context, tx *database.Tx, id string, numbers map[string]bool, lock bool) (*districtState, error) {
	now, held := &districtState{versions: map[string]int32{}}, ""
	if lock {
		held = " FOR NO KEY UPDATE" // against changes by others, but not against others' references
	}
	if _, err := tx.ExecContext(ctx, `SELECT FROM districts WHERE id = $1`+held, id); err != nil {
		return nil, err
	}
	schools, err := tx.QueryContext(ctx, `SELECT id, display_name, local_code, version FROM schools WHERE district_id = $1`+held, id)
	if err := eachRow(schools, err, func(scan scanner) error {
		one, version := oneroster.School{}, int32(0)
		err := scan(&one.ID, &one.Name, &one.Code, &version)
		now.Schools, now.versions[one.ID] = append(now.Schools, one), version
		return err
	}); err != nil {
		return nil, err
	}
	if err := now.readPeople(ctx, tx, id, numbers, held); err != nil {
		return nil, err
	}
	employments, err := tx.QueryContext(ctx, `SELECT id, educator_id, coalesce(school_id::text, ''), start_date::text, coalesce(end_date::text, ''), version
		FROM employments WHERE district_id = $1`+held, id)
	return now, eachRow(employments, err, func(scan scanner) error {
		one, version := oneroster.Employment{}, int32(0)
		err := scan(&one.ID, &one.PersonID, &one.SchoolID, &one.Start, &one.End, &version)
		now.Employments, now.versions[one.ID] = append(now.Employments, one), version
		return err
	})
}

// readPeople reads the people of a district; numbers are those that the roster knows them by.
func (now *districtState) readPeople(ctx context.Context, tx *database.Tx, district string, listed map[string]bool, held string) error {
	places, ids := map[string]int{}, []string(nil)
	people, err := tx.QueryContext(ctx, `SELECT id, given_name, family_name, version FROM educators WHERE id IN (`+concerned+`) ORDER BY id`+held, district)
	if err := eachRow(people, err, func(scan scanner) error {
		one, version := oneroster.Person{}, int32(0)
		err := scan(&one.ID, &one.GivenName, &one.FamilyName, &version)
		places[one.ID], ids = len(ids), append(ids, one.ID)
		now.People, now.versions[one.ID] = append(now.People, one), version
		return err
	}); err != nil {
		return err
	}
	emails, err := tx.QueryContext(ctx, `SELECT e.educator_id, e.address FROM unnest($1::uuid[]) AS u(id) JOIN educator_emails e ON e.educator_id = u.id ORDER BY e.id`, pq.Array(ids))
	if err := eachRow(emails, err, func(scan scanner) error {
		var of, address string
		err := scan(&of, &address)
		one := &now.People[places[of]]
		one.Emails = append(one.Emails, address)
		return err
	}); err != nil {
		return err
	}
	now.Elsewhere = map[string]bool{}
	others, err := texts(tx.QueryContext(ctx, elsewhere, district, tx.Now))
	if err != nil {
		return err
	}
	for _, id := range others {
		now.Elsewhere[id] = true
	}
	now.OtherNumbers = map[string]string{}
	numbers, err := tx.QueryContext(ctx, `SELECT educator_id, value FROM external_ids WHERE kind = 'EMPLOYEE_ID' AND district_id = $1 ORDER BY id`, district)
	return eachRow(numbers, err, func(scan scanner) error {
		var of, number string
		if err := scan(&of, &number); err != nil {
			return err
		}
		place, there := places[of]
		if !there { // came on record since the people were read
			now.OtherNumbers[number] = of
			return nil
		}
		// Of several, the first that the roster knows, else the first.
		switch one := &now.People[place]; {
		case one.EmployeeNumber == "":
			one.EmployeeNumber = number
		case !listed[one.EmployeeNumber] && listed[number]:
			now.OtherNumbers[one.EmployeeNumber], one.EmployeeNumber = of, number
		default:
			now.OtherNumbers[number] = of
		}
		return nil
	})
}

// known is what of a district's state it may know on a day, and those of whom it may not, by their numbers.
func (now *districtState) known(ctx context.Context, tx *database.Tx, district string, on oneroster.Date) (oneroster.State, map[string]*hiddenPerson, error) {
	never := neverHere(now.State, on)
	if len(never) == 0 {
		return now.State, nil, nil
	}
	// The rosters that are applied have told of whom they put on record or employed.
	numbers, err := texts(tx.QueryContext(ctx, `SELECT DISTINCT a.key FROM roster_imports i JOIN roster_actions a ON a.roster_import_id = i.id
		WHERE i.district_id = $1 AND i.state = 'APPLIED' AND a.kind IN ('PERSON_ADDED', 'EMPLOYMENT_ADDED', 'EMPLOYMENT_MOVED') AND a.key = ANY ($2)`,
		district, pq.Array(numbersOf(now.State, never))))
	if err != nil {
		return oneroster.State{}, nil, err
	}
	told := map[string]bool{}
	for _, number := range numbers {
		told[number] = true
	}
	known, hidden := withoutHidden(now.State, never, told)
	return known, hidden, nil
}

// todayOf is a district's day, by its own calendar.
func todayOf(ctx context.Context, tx *database.Tx, district string) (oneroster.Date, error) {
	zone, err := zoneOf(ctx, tx, district)
	if err != nil {
		return "", err
	}
	return oneroster.Date(api.LocalDay(tx.Now, zone).Format(time.DateOnly)), nil
}

// scanner reads the columns of a row.
type scanner func(columns ...any) error

// eachRow visits the rows of a query, to read each.
func eachRow(rows *sql.Rows, err error, visit func(scanner) error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := visit(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}
