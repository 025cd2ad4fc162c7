package credential

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lib/pq"
	"google.golang.org/genproto/googleapis/type/date"

	"github.com/btlc/btlc/ent"
	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

// keyKind is a kind of key that persons are known by.
type keyKind int

const (
	byEmployeeID keyKind = iota
	byStateEducatorID
	byEmail
	byEducator
	byNothing // of what is no key: nobody is asked for
)

// personOf is the SQL of the person to whom the key q.key leads, one at most. $1 is the district.
var personOf = map[keyKind]string{
	byEmployeeID:      `SELECT x.educator_id FROM external_ids x WHERE x.kind = 'EMPLOYEE_ID' AND x.district_id = $1 AND x.value = q.key`,
	byStateEducatorID: `SELECT x.educator_id FROM external_ids x WHERE x.kind = 'STATE_EDUCATOR_ID' AND x.value = q.key`,
	byEmail:           `SELECT x.educator_id FROM educator_emails x WHERE x.verified AND x.address_key = q.key`,
	byEducator:        `SELECT q.key::uuid AS educator_id`,
}

// lookupBySQL is lookupSQL for any key and any moment. The district is $1, the keys $2, the day of employment $3, the time
// by which validity ends $4, until when changes of status count $5 and what was recorded $6, the day of which is $7. The
// history of statuses is only added to; of an employment the table knows when it was recorded and when it changed last,
// so a last day recorded later was not known then. One before $7 stays: else a district would be told what became of
// people after it had let them go. What a merge brought later was not known either.
func lookupBySQL(kind keyKind) string {
	held := `SELECT c.id, c.credential_type_id, CASE WHEN ended THEN 'EXPIRED' ELSE s.status END,
			c.issue_time, CASE WHEN ended OR s.status = 'EXPIRED' THEN c.expire_time ELSE s.since END, c.expire_time, s.version
		FROM credentials c CROSS JOIN LATERAL (SELECT e.status, e.create_time AS since, e.version FROM credential_events e
				WHERE e.credential_id = c.id AND ($5::timestamptz IS NULL OR e.create_time <= $5::timestamptz) ORDER BY e.version DESC LIMIT 1) s
			CROSS JOIN LATERAL (SELECT c.expire_time <= $4 AND s.status IN ('ACTIVE', 'SUSPENDED') AS ended) validity
		WHERE c.educator_id = p.educator_id AND m.employed AND ($6::timestamptz IS NULL OR NOT EXISTS (SELECT FROM educator_merges g
			WHERE g.survivor_id = p.educator_id AND g.undo_time IS NULL AND g.create_time > $6::timestamptz AND g.moved -> 'credentials' ? c.id::text))`
	return `WITH today AS MATERIALIZED (SELECT coalesce($3::date, ($4::timestamptz AT TIME ZONE time_zone)::date) AS day FROM districts WHERE id = $1)
		SELECT q.key, p.educator_id, CASE WHEN NOT m.employed THEN m.last_day END, held.count::int, held.rows
		FROM unnest($2::text[]) q(key)
			CROSS JOIN LATERAL (` + personOf[kind] + `) p
			CROSS JOIN LATERAL (SELECT bool_or(until IS NULL OR until >= (SELECT day FROM today)) AS employed, max(until) AS last_day
				FROM (SELECT CASE WHEN e.update_time > $6::timestamptz AND e.end_date >= $7::date THEN NULL ELSE e.end_date END AS until FROM employments e
					WHERE e.educator_id = p.educator_id AND e.district_id = $1 AND e.start_date <= (SELECT day FROM today)
						AND ($6::timestamptz IS NULL OR e.create_time <= $6::timestamptz)) known) m
			CROSS JOIN LATERAL (` + database.Packed(held) + `) held(count, rows)
		WHERE m.employed IS NOT NULL`
}

// lookupBy finds those whom the district employs, or employed before, by their keys of one kind.
func (s store) lookupBy(ctx context.Context, kind keyKind, district string, keys []string, at moment) (map[string]person, error) {
	return peopleIn(s.db.SQL().QueryRowContext(ctx, database.Packed(lookupBySQL(kind)),
		district, pq.StringArray(keys), dateOf(at.day), at.time, at.status, at.known, dateOf(at.knownDay)), len(keys))
}

// alikeSQL is who has an employee id in the district $1 that differs from one of $2 by capital letters and spaces alone, and
// was employed there up to the day $3, or else that of $4: nobody else may make the look-up take longer. The
// limit, which nothing comes near to, has the index read for each id: of an expression that the index of a part of a
// table is on, the planner knows nothing, and takes it for one of hundreds of rows.
const alikeSQL = `SELECT q.key, p.educator_id FROM unnest($2::text[]) q(key) CROSS JOIN LATERAL (SELECT x.educator_id FROM external_ids x
	WHERE x.kind = 'EMPLOYEE_ID' AND x.district_id = $1 AND lower(btrim(x.value)) = lower(btrim(q.key)) LIMIT 20) p
	WHERE EXISTS (SELECT FROM employments e JOIN districts d ON d.id = e.district_id WHERE e.educator_id = p.educator_id AND e.district_id = $1
		AND e.start_date <= coalesce($3::date, ($4::timestamptz AT TIME ZONE d.time_zone)::date))`

// lookupAlike finds those whose employee ids read like the ones that are asked, for ids that are nobody's. A person who is
// alone with it is meant; of several, nobody.
func (s store) lookupAlike(ctx context.Context, district string, employeeIDs []string, at moment) (map[string]person, error) {
	alike, err := s.alike(ctx, district, employeeIDs, at)
	if err != nil || len(alike) == 0 {
		return nil, err
	}
	var educators []string
	for _, people := range alike {
		educators = append(educators, people...)
	}
	slices.Sort(educators)
	employed, err := s.lookupBy(ctx, byEducator, district, slices.Compact(educators), at)
	if err != nil {
		return nil, err
	}
	found := make(map[string]person, len(alike))
	for id, people := range alike {
		slices.Sort(people)
		for _, educator := range slices.Compact(people) { // one may have two such ids
			p, ok := employed[educator]
			if _, another := found[id]; ok && another {
				p = person{outcome: outcomeAmbiguous}
			}
			if ok {
				found[id] = p
			}
		}
	}
	return found, nil
}

func (s store) alike(ctx context.Context, district string, employeeIDs []string, at moment) (map[string][]string, error) {
	rows, err := s.db.SQL().QueryContext(ctx, alikeSQL, district, pq.StringArray(employeeIDs), dateOf(at.day), at.time)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	alike := map[string][]string{}
	for rows.Next() {
		var id, educator string
		if err := rows.Scan(&id, &educator); err != nil {
			return nil, err
		}
		alike[id] = append(alike[id], educator)
	}
	return alike, rows.Err()
}

// dateOf is a day as a date parameter, which knows no zone.
func dateOf(day *time.Time) any {
	if day == nil {
		return nil
	}
	return day.Format(time.DateOnly)
}

// momentOf is the moment that a question names, in the calendar of the district.
func (s store) momentOf(ctx context.Context, districtID string, asOf, knownAsOf *date.Date) (moment, error) {
	now := s.db.Now()
	if asOf == nil && knownAsOf == nil {
		return moment{time: now}, nil
	}
	first, err := api.OptionalDay("asOf", asOf)
	if err != nil {
		return moment{}, err
	}
	second, err := api.OptionalDay("knownAsOf", knownAsOf)
	if err != nil {
		return moment{}, err
	}
	zone, err := s.zoneOf(ctx, districtID)
	if err != nil {
		return moment{}, err
	}
	return momentOf(now, zone, first, second)
}

// zoneOf is the time zone of a district. One that does not exist has nobody to be found at any time: UTC is as good as any.
func (s store) zoneOf(ctx context.Context, districtID string) (*time.Location, error) {
	row, err := s.db.Ent().District.Get(ctx, districtID)
	if ent.IsNotFound(err) {
		return time.UTC, nil
	} else if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(row.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("district %s: %w", districtID, err)
	}
	return zone, nil
}

// question is whom a district asks for.
type question struct {
	kind keyKind
	key  string
}

// questionOf is a person's key as the tables have it.
func questionOf(key *pb.PersonKey) question {
	switch k := key.GetKey().(type) {
	case *pb.PersonKey_StateEducatorId:
		return question{byStateEducatorID, k.StateEducatorId}
	case *pb.PersonKey_Email:
		return question{byEmail, strings.ToLower(k.Email)}
	case *pb.PersonKey_Educator:
		return question{byEducator, api.LastUUID(k.Educator).String()}
	default:
		return question{byEmployeeID, key.GetEmployeeId()}
	}
}

// anyQuestion is questionOf for what may be no key at all.
func anyQuestion(key *pb.PersonKey) question {
	if api.Validate(key) != nil {
		return question{kind: byNothing}
	}
	return questionOf(key)
}

// ordinary says of nearly all employee ids, without looking them up in the contract, that they can be one.
func ordinary(id string) bool {
	return id != "" && len(id) <= 32 && !strings.ContainsFunc(id, func(r rune) bool { return r < ' ' || r > '~' })
}

// find answers questions, a statement for each kind of key and none in a loop over persons.
func (s store) find(ctx context.Context, district string, questions []question, at moment) (map[question]person, error) {
	byKind := map[keyKind][]string{}
	for _, q := range questions {
		if q.kind != byNothing {
			byKind[q.kind] = append(byKind[q.kind], q.key)
		}
	}
	found := make(map[question]person, len(questions))
	for kind, keys := range byKind {
		people, err := s.findBy(ctx, kind, district, keys, at)
		if err != nil {
			return nil, err
		}
		for key, p := range people {
			found[question{kind, key}] = p
		}
	}
	return found, nil
}

// findBy answers questions by one kind of key; those who are not found are not there. What no employee id is equal to is asked
// for once more, by what reads alike.
func (s store) findBy(ctx context.Context, kind keyKind, district string, keys []string, at moment) (found map[string]person, err error) {
	keys = slices.Compact(slices.Sorted(slices.Values(keys)))
	if kind != byEmployeeID {
		return s.lookupBy(ctx, kind, district, keys, at)
	}
	if at.dated() {
		found, err = s.lookupBy(ctx, kind, district, keys, at)
	} else {
		found, err = s.lookupToday(ctx, district, keys, at.time)
	}
	if err != nil {
		return nil, err
	}
	missing := slices.DeleteFunc(keys, func(key string) bool { _, ok := found[key]; return ok })
	if len(missing) == 0 {
		return found, nil
	}
	alike, err := s.lookupAlike(ctx, district, missing, at)
	maps.Copy(found, alike)
	return found, err
}

// findOne is find for one question. By employee id and of today, those who ask at the same time share a statement.
func (s store) findOne(ctx context.Context, district string, q question, at moment) (person, error) {
	if q.kind == byEmployeeID && !at.dated() {
		p, _, err := s.lookups.Find(ctx, asked(district, q.key))
		return p, err
	}
	found, err := s.findBy(ctx, q.kind, district, []string{q.key}, at)
	return found[q.key], err
}
