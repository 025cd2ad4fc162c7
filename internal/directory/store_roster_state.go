package directory

import (
	"context"
	"strings"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/lib/pq"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/district"
	"github.com/btlc/btlc/ent/educator"
	"github.com/btlc/btlc/ent/educatoremail"
	"github.com/btlc/btlc/ent/employment"
	"github.com/btlc/btlc/ent/externalid"
	"github.com/btlc/btlc/ent/school"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/oneroster"
)

// rosterKeys are the numbers and addresses that a roster knows people by.
type rosterKeys struct {
	numbers   map[string]bool
	addresses []string
}

func keysOfRoster(roster *oneroster.Roster) rosterKeys {
	keys := rosterKeys{numbers: map[string]bool{}}
	for _, s := range roster.Staff {
		keys.numbers[s.EmployeeNumber] = true
		if s.Email != "" {
			keys.addresses = append(keys.addresses, strings.ToLower(s.Email))
		}
	}
	return keys
}

// keysOfActions are the keys of what actions would change.
func keysOfActions(actions []rosterAction) rosterKeys {
	keys := rosterKeys{numbers: map[string]bool{}}
	for _, a := range actions {
		for _, c := range a.changes {
			if c.Person != nil {
				keys.numbers[c.Person.After.EmployeeNumber] = true
				for _, address := range c.Person.After.Emails {
					keys.addresses = append(keys.addresses, strings.ToLower(address))
				}
			}
		}
	}
	return keys
}

// districtState is what is on record of a district, as rosters are compared with it.
type districtState struct {
	oneroster.State
	// versions are those of schools, persons and employments, by id.
	versions map[string]int32
	// rows are the educators' rows, by id.
	rows map[string]*ent.Educator
}

// held locks rows against changes by others, but not against others' references to them.
func held(lock bool) func(*sql.Selector) {
	return func(s *sql.Selector) {
		if lock {
			s.For(sql.LockUpdate, sql.WithLockClause("FOR NO KEY UPDATE"))
		}
	}
}

// concerned restricts a query to the people of a district and the owners of addresses; column holds the educator's id.
func concerned(column, district string, addresses []string) func(*sql.Selector) {
	return func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) {
			b.WriteString(s.C(column) + " IN (SELECT educator_id FROM external_ids WHERE kind = 'EMPLOYEE_ID' AND district_id = ").Arg(district)
			b.WriteString(" UNION SELECT educator_id FROM employments WHERE district_id = ").Arg(district)
			b.WriteString(" UNION SELECT educator_id FROM educator_emails WHERE address_key = ANY (").Arg(pq.Array(addresses)).WriteString("))")
		}))
	}
}

// districtState reads a district's schools, people and employments; with lock, they stay as they are until the transaction
// ends, and no other roster of the district is applied meanwhile.
func (s store) districtState(ctx context.Context, tx *database.Tx, id string, keys rosterKeys, lock bool) (*districtState, error) {
	now := &districtState{versions: map[string]int32{}, rows: map[string]*ent.Educator{}}
	if _, err := tx.District.Query().Where(district.ID(id), held(lock)).Only(ctx); err != nil {
		return nil, err
	}
	schools, err := tx.School.Query().Where(school.DistrictID(id), held(lock)).All(ctx)
	if err != nil {
		return nil, err
	}
	for _, row := range schools {
		one := oneroster.School{ID: row.ID.String(), Name: row.DisplayName, Code: row.LocalCode}
		now.Schools, now.versions[one.ID] = append(now.Schools, one), row.Version
	}
	if now.People, err = s.districtPeople(ctx, tx, id, keys, lock, now); err != nil {
		return nil, err
	}
	employments, err := tx.Employment.Query().Where(employment.DistrictID(id), held(lock)).All(ctx)
	if err != nil {
		return nil, err
	}
	for _, row := range employments {
		one := oneroster.Employment{ID: row.ID.String(), PersonID: row.EducatorID.String(), Start: dateOf(&row.StartDate), End: dateOf(row.EndDate)}
		if row.SchoolID != nil {
			one.SchoolID = row.SchoolID.String()
		}
		now.Employments, now.versions[one.ID] = append(now.Employments, one), row.Version
	}
	return now, nil
}

func dateOf(day *time.Time) oneroster.Date {
	if day == nil {
		return ""
	}
	return oneroster.Date(day.Format(time.DateOnly))
}

func (s store) districtPeople(ctx context.Context, tx *database.Tx, id string, keys rosterKeys, lock bool, now *districtState) ([]oneroster.Person, error) {
	rows, err := tx.Educator.Query().Where(concerned(educator.FieldID, id, keys.addresses), held(lock)).Order(ent.Asc(educator.FieldID)).All(ctx)
	if err != nil {
		return nil, err
	}
	emails, err := tx.EducatorEmail.Query().Where(concerned(educatoremail.FieldEducatorID, id, keys.addresses)).Order(ent.Asc(educatoremail.FieldID)).All(ctx)
	if err != nil {
		return nil, err
	}
	addresses := map[string][]string{}
	for _, e := range emails {
		addresses[e.EducatorID.String()] = append(addresses[e.EducatorID.String()], e.Address)
	}
	externals, err := tx.ExternalID.Query().Where(externalid.Kind("EMPLOYEE_ID"), externalid.DistrictID(id)).Order(ent.Asc(externalid.FieldID)).All(ctx)
	if err != nil {
		return nil, err
	}
	numbers := map[string]string{} // of several, the first that the roster knows, else the first
	now.OtherNumbers = map[string]string{}
	for _, x := range externals {
		one := x.EducatorID.String()
		switch had := numbers[one]; {
		case had == "":
			numbers[one] = x.Value
		case !keys.numbers[had] && keys.numbers[x.Value]:
			numbers[one], now.OtherNumbers[had] = x.Value, one
		default:
			now.OtherNumbers[x.Value] = one
		}
	}
	people := make([]oneroster.Person, len(rows))
	for i, row := range rows {
		one := row.ID.String()
		people[i] = oneroster.Person{ID: one, GivenName: row.GivenName, FamilyName: row.FamilyName, Emails: addresses[one], EmployeeNumber: numbers[one]}
		now.versions[one], now.rows[one] = row.Version, row
	}
	return people, nil
}
