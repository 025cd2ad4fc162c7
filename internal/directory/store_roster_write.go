package directory

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/oneroster"
	"github.com/btlc/btlc/internal/record"
)

// rosterWriter makes many changes of a district with few statements. It takes all of them first.
type rosterWriter struct {
	tx                       *database.Tx
	district                 string
	now                      *districtState
	schools                  map[string]oneroster.Pair[oneroster.School]
	people                   map[string]oneroster.Pair[oneroster.Person]
	employments              map[string]oneroster.Pair[oneroster.Employment]
	schoolOrder, peopleOrder []string
	employmentOrder          []string
	numbers                  map[string]string // of persons, by id
	// kept is what was to be taken back and is referred to.
	kept map[string]bool
}

func newRosterWriter(tx *database.Tx, district string, now *districtState) *rosterWriter {
	w := &rosterWriter{
		tx: tx, district: district, now: now, numbers: map[string]string{}, kept: map[string]bool{},
		schools: map[string]oneroster.Pair[oneroster.School]{}, people: map[string]oneroster.Pair[oneroster.Person]{}, employments: map[string]oneroster.Pair[oneroster.Employment]{},
	}
	for _, p := range now.People {
		w.numbers[p.ID] = p.EmployeeNumber
	}
	return w
}

// take takes the changes of an action up.
func (w *rosterWriter) take(changes []oneroster.Change) {
	for _, c := range changes {
		switch {
		case c.School != nil:
			merge(w.schools, &w.schoolOrder, *c.School, func(s *oneroster.School) string { return s.ID })
		case c.Person != nil:
			id := merge(w.people, &w.peopleOrder, *c.Person, func(p *oneroster.Person) string { return p.ID })
			if c.Person.After != nil {
				w.numbers[id] = c.Person.After.EmployeeNumber
			}
		case c.Employment != nil:
			merge(w.employments, &w.employmentOrder, *c.Employment, func(e *oneroster.Employment) string { return e.ID })
		}
	}
}

// merge adds a change to those of the same record, so that one is left: from the first state to the last.
func merge[T any](all map[string]oneroster.Pair[T], order *[]string, p oneroster.Pair[T], id func(*T) string) string {
	one := p.After
	if one == nil {
		one = p.Before
	}
	key := id(one)
	if earlier, found := all[key]; found {
		p.Before = earlier.Before
	} else {
		*order = append(*order, key)
	}
	all[key] = p
	return key
}

// write makes the changes that were taken, and tells of them.
func (w *rosterWriter) write(ctx context.Context) error {
	return record.Retell(ctx, w.tx, w.employed(), func() error {
		for _, step := range []func(context.Context) error{w.writeSchools, w.writePeople, w.writeEmployments, w.takeBack, w.announce} {
			if err := step(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

// employed are the people of the employments that change.
func (w *rosterWriter) employed() []uuid.UUID {
	seen, people := map[string]bool{}, []uuid.UUID(nil)
	for _, p := range w.employments {
		for _, e := range []*oneroster.Employment{p.Before, p.After} {
			if e != nil && !seen[e.PersonID] {
				seen[e.PersonID], people = true, append(people, uuidOf(e.PersonID))
			}
		}
	}
	return people
}

// inBulk saves rows, so many a statement.
func inBulk[C any](rows []C, save func(...C) error) error {
	for chunk := range slices.Chunk(rows, bulk) {
		if err := save(chunk...); err != nil {
			return conflicts.Translate(err)
		}
	}
	return nil
}

func (w *rosterWriter) writeSchools(ctx context.Context) error {
	var added []*ent.SchoolCreate
	var ids, names []string
	for _, id := range w.schoolOrder {
		switch p := w.schools[id]; {
		case p.Before == nil:
			added = append(added, newSchool(w.tx, w.district, p.After.Name, p.After.Code).SetID(uuidOf(id)))
		case p.After != nil:
			ids, names = append(ids, id), append(names, p.After.Name)
		}
	}
	if err := inBulk(added, func(rows ...*ent.SchoolCreate) error { return w.tx.School.CreateBulk(rows...).Exec(ctx) }); err != nil {
		return err
	}
	_, err := w.tx.ExecContext(ctx, `UPDATE schools AS s SET display_name = u.name, update_time = $3, version = version + 1
		FROM unnest($1::uuid[], $2::text[]) AS u(id, name) WHERE s.id = u.id`, pq.Array(ids), pq.Array(names), w.tx.Now)
	return err
}

func (w *rosterWriter) writePeople(ctx context.Context) error {
	var added, addedGiven, addedFamily, numberIDs, numbers []string
	var emailIDs, owners, addresses, addressKeys []string
	var changed, given, family, renamed, lessOwners, lessEmails []string
	for _, id := range w.peopleOrder {
		p := w.people[id]
		if p.After == nil {
			continue
		}
		var had []string
		if p.Before == nil {
			added, addedGiven, addedFamily = append(added, id), append(addedGiven, p.After.GivenName), append(addedFamily, p.After.FamilyName)
			numberIDs, numbers = append(numberIDs, newID()), append(numbers, p.After.EmployeeNumber)
		} else {
			changed, given, family, had = append(changed, id), append(given, p.After.GivenName), append(family, p.After.FamilyName), p.Before.Emails
			if p.Before.GivenName != p.After.GivenName || p.Before.FamilyName != p.After.FamilyName {
				renamed = append(renamed, id)
			}
			for _, address := range had {
				if !slices.Contains(p.After.Emails, address) {
					lessOwners, lessEmails = append(lessOwners, id), append(lessEmails, strings.ToLower(address))
				}
			}
		}
		for _, address := range p.After.Emails {
			if !slices.Contains(had, address) {
				// A district's word that the address is somebody's is not theirs, by which look-ups would find them.
				emailIDs, owners = append(emailIDs, newID()), append(owners, id)
				addresses, addressKeys = append(addresses, address), append(addressKeys, strings.ToLower(address))
			}
		}
	}
	if err := w.insert(ctx, `INSERT INTO educators (create_time, update_time, id, given_name, family_name)
		SELECT $1, $1, * FROM unnest($2::uuid[], $3::text[], $4::text[])`, w.tx.Now, pq.Array(added), pq.Array(addedGiven), pq.Array(addedFamily)); err != nil {
		return err
	}
	if err := w.keepNames(ctx, renamed); err != nil {
		return err
	}
	if _, err := w.tx.ExecContext(ctx, `UPDATE educators AS e SET given_name = u.given, family_name = u.family, update_time = $4, version = version + 1
		FROM unnest($1::uuid[], $2::text[], $3::text[]) AS u(id, given, family) WHERE e.id = u.id`, pq.Array(changed), pq.Array(given), pq.Array(family), w.tx.Now); err != nil {
		return err
	}
	if _, err := w.tx.ExecContext(ctx, `DELETE FROM educator_emails AS e USING unnest($1::uuid[], $2::text[]) AS u(owner, address_key)
		WHERE e.educator_id = u.owner AND e.address_key = u.address_key`, pq.Array(lessOwners), pq.Array(lessEmails)); err != nil {
		return err
	}
	if err := keepKeyPeriods(ctx, w.tx, lessOwners...); err != nil {
		return err
	}
	if err := w.insert(ctx, `INSERT INTO educator_emails (create_time, verified, id, educator_id, address, address_key)
		SELECT $1, false, * FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[])`, w.tx.Now, pq.Array(emailIDs), pq.Array(owners), pq.Array(addresses), pq.Array(addressKeys)); err != nil {
		return err
	}
	return w.insert(ctx, `INSERT INTO external_ids (create_time, kind, district_id, id, educator_id, value)
		SELECT $1, 'EMPLOYEE_ID', $2, * FROM unnest($3::uuid[], $4::uuid[], $5::text[])`, w.tx.Now, w.district, pq.Array(numberIDs), pq.Array(added), pq.Array(numbers))
}

// insert adds rows whose columns are arrays: a statement with a parameter for each value takes the database longer to read
// than the rows to write.
func (w *rosterWriter) insert(ctx context.Context, statement string, values ...any) error {
	_, err := w.tx.ExecContext(ctx, statement, values...)
	return conflicts.Translate(err)
}

// keepNames keeps the names of those who get others: each name since it was on record, which is when the one before it came to
// be kept.
func (w *rosterWriter) keepNames(ctx context.Context, renamed []string) error {
	ids := make([]string, len(renamed))
	for i := range ids {
		ids[i] = newID()
	}
	return w.insert(ctx, `INSERT INTO educator_names (create_time, id, educator_id, given_name, family_name, record_time)
		SELECT $1, u.id, e.id, e.given_name, e.family_name, coalesce(last.create_time, e.create_time)
		FROM unnest($2::uuid[], $3::uuid[]) AS u(id, educator_id) JOIN educators e ON e.id = u.educator_id
		LEFT JOIN (SELECT DISTINCT ON (educator_id) educator_id, create_time FROM educator_names WHERE educator_id = ANY ($3::uuid[])
			ORDER BY educator_id, id DESC) AS last ON last.educator_id = e.id`, w.tx.Now, pq.Array(ids), pq.Array(renamed))
}

func (w *rosterWriter) writeEmployments(ctx context.Context) error {
	var added, persons, starts, changed, taken []string
	var schools, ends []*string
	for _, id := range w.employmentOrder {
		switch p := w.employments[id]; {
		case p.Before == nil:
			added, persons, starts = append(added, id), append(persons, p.After.PersonID), append(starts, string(p.After.Start))
			schools = append(schools, api.OptionalWord(p.After.SchoolID))
		case p.After == nil:
			taken = append(taken, id)
		default:
			changed, ends = append(changed, id), append(ends, api.OptionalWord(string(p.After.End)))
		}
	}
	if err := w.insert(ctx, `INSERT INTO employments (create_time, update_time, district_id, id, educator_id, school_id, start_date)
		SELECT $1, $1, $2, * FROM unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::date[])`, w.tx.Now, w.district, pq.Array(added), pq.Array(persons), pq.Array(schools), pq.Array(starts)); err != nil {
		return err
	}
	if _, err := w.tx.ExecContext(ctx, `UPDATE employments AS e SET end_date = u.day, update_time = $3, version = version + 1
		FROM unnest($1::uuid[], $2::date[]) AS u(id, day) WHERE e.id = u.id`, pq.Array(changed), pq.Array(ends), w.tx.Now); err != nil {
		return err
	}
	_, err := w.tx.ExecContext(ctx, `DELETE FROM employments WHERE id = ANY ($1::uuid[])`, pq.Array(taken))
	return err
}
