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
)

// keyKind is a kind of key that persons are known by.
type keyKind int

const (
	byEmployeeID keyKind = iota
	byStateEducatorID
	byEmail
	byEducator
	byRecord  // a name that the database has led to
	byNothing // of what is no key: nobody is asked for
)

// personOf is the SQL of the person to whom the key q.key leads, one at most. $1 is the district. An address and a number of the
// state's find those whom it employs now. A name finds whoever had it when they worked there last.
var personOf = map[keyKind]string{
	byEmployeeID:      `SELECT x.educator_id FROM external_ids x WHERE x.kind = 'EMPLOYEE_ID' AND x.district_id = $1 AND x.value = q.key`,
	byStateEducatorID: `SELECT x.educator_id FROM external_ids x WHERE x.kind = 'STATE_EDUCATOR_ID' AND x.value = q.key AND ` + employedNow,
	byEmail:           `SELECT x.educator_id FROM educator_emails x WHERE x.verified AND x.address_key = q.key AND ` + employedNow,
	byEducator:        `SELECT x.educator_id FROM (` + workedAs("q.key::uuid") + `) x LIMIT 1`,
	byRecord:          `SELECT q.key::uuid AS educator_id`,
}

// workedAs is the SQL of the employments in the district of whoever had a record when they worked there last, whatever merges
// came after.
func workedAs(record string) string {
	return `SELECT e.educator_id, e.end_date, e.create_time FROM (
			SELECT id, educator_id, end_date, create_time FROM employments WHERE educator_id = ` + record + ` AND district_id = $1
			UNION ALL
			SELECT e.id, e.educator_id, e.end_date, e.create_time FROM educator_merges g CROSS JOIN LATERAL jsonb_array_elements_text(g.moved -> 'employments') brought(id)
				JOIN employments e ON e.id = brought.id::uuid
				WHERE g.duplicate_id = ` + record + ` AND g.undo_time IS NULL AND e.district_id = $1 AND g.create_time > ` + dayAfter("e.end_date") + `) e
		WHERE NOT EXISTS (SELECT FROM educator_merges g WHERE g.survivor_id = ` + record + ` AND g.undo_time IS NULL
			AND g.create_time > ` + dayAfter("e.end_date") + ` AND g.moved -> 'employments' ? e.id::text)`
}

// employedNow says whether the district employs x.educator_id on its present day.
const employedNow = `EXISTS (SELECT FROM employments e WHERE e.educator_id = x.educator_id AND e.district_id = $1
	AND e.start_date <= (SELECT present FROM today) AND (e.end_date IS NULL OR e.end_date >= (SELECT present FROM today)))`

// dayAfter is when a day is over in the district; NULL for one that is NULL.
func dayAfter(day string) string {
	return `((` + day + ` + 1)::timestamp AT TIME ZONE (SELECT time_zone FROM today))`
}

// recordAt is the record of which a row of a table, now p.educator_id's, was at a time: that of the first merge which has moved it
// since, if any; their ids tell their order.
func recordAt(time, table, id string) string {
	return `coalesce((SELECT duplicate_id FROM brought WHERE survivor = p.educator_id AND create_time > ` + time + ` AND moved -> '` + table + `' ? ` + id + `::text ORDER BY id LIMIT 1), p.educator_id)`
}

// broughtSQL is a part of a WITH: the merges by which records came to another one, at once or through one between. Longer chains
// are not followed: a recursion here would cost every look-up more than all the rest.
const broughtSQL = `brought AS NOT MATERIALIZED (
		SELECT g.survivor_id AS survivor, g.duplicate_id, g.id, g.create_time, g.moved FROM educator_merges g WHERE g.undo_time IS NULL
		UNION ALL
		SELECT h.survivor_id, g.duplicate_id, g.id, g.create_time, g.moved FROM educator_merges h JOIN educator_merges g ON g.survivor_id = h.duplicate_id
			WHERE h.undo_time IS NULL AND g.undo_time IS NULL)`

// lookupBySQL is lookupSQL for any key and any moment. The district is $1, the keys $2, the day of employment $3, the time
// by which validity ends $4, until when changes of status count $5 and what was recorded $6, the day of which is $7; now is $8. The
// history of statuses is only added to; of an employment the table knows when it was recorded and when it changed last,
// so a last day recorded later was not known then. One before $7 stays: else a district would be told what became of
// people after it had let them go. What other records have that were merged later was not known either: not after $6, and of
// somebody who has left not after that, so that what the district may ask about them stays the same for ever.
func lookupBySQL(kind keyKind) string {
	return foundSQL(`today AS MATERIALIZED (SELECT coalesce($3::date, ($4::timestamptz AT TIME ZONE time_zone)::date) AS day,
				($8::timestamptz AT TIME ZONE time_zone)::date AS present, time_zone FROM districts WHERE id = $1), `+broughtSQL,
		`q.key, p.educator_id, m.employed, m.last_day, l.known, m.records
		FROM unnest($2::text[]) q(key)
			CROSS JOIN LATERAL (`+personOf[kind]+`) p
			CROSS JOIN LATERAL (SELECT least($6::timestamptz, CASE WHEN NOT bool_or(e.end_date IS NULL OR e.end_date >= (SELECT present FROM today)) THEN `+dayAfter("max(e.end_date)")+` END) AS known
				FROM employments e WHERE e.educator_id = p.educator_id AND e.district_id = $1 AND e.start_date <= (SELECT present FROM today)) l
			CROSS JOIN LATERAL (SELECT bool_or(until IS NULL OR until >= (SELECT day FROM today)) AS employed, max(until) AS last_day, array_agg(record) AS records
				FROM (SELECT CASE WHEN e.update_time > $6::timestamptz AND e.end_date >= $7::date THEN NULL ELSE e.end_date END AS until,
						CASE WHEN l.known IS NOT NULL THEN `+recordAt("l.known", "employments", "e.id")+` END AS record FROM employments e
					WHERE e.educator_id = p.educator_id AND e.district_id = $1 AND e.start_date <= (SELECT day FROM today)
						AND ($6::timestamptz IS NULL OR e.create_time <= $6::timestamptz)) known) m
		WHERE m.employed IS NOT NULL`,
		`JOIN credentials c ON c.educator_id = p.educator_id AND p.employed
			CROSS JOIN LATERAL (SELECT e.status, e.create_time AS since, e.version FROM credential_events e
				WHERE e.credential_id = c.id AND ($5::timestamptz IS NULL OR e.create_time <= $5::timestamptz) ORDER BY e.version DESC LIMIT 1) s
			CROSS JOIN LATERAL (SELECT c.expire_time <= $4 AND s.status IN ('ACTIVE', 'SUSPENDED') AS ended) validity
		WHERE p.known IS NULL OR `+recordAt("p.known", "credentials", "c.id")+` = ANY (p.records)`,
		heldRow(`CASE WHEN ended THEN 'EXPIRED' ELSE s.status END`, `CASE WHEN ended OR s.status = 'EXPIRED' THEN c.expire_time ELSE s.since END`, `s.version`))
}

// lookupBy finds those whom the district employs, or employed before, by their keys of one kind.
func (s store) lookupBy(ctx context.Context, kind keyKind, district string, keys []string, at moment) (map[string]person, error) {
	return peopleIn(s.db.SQL().QueryContext(ctx, lookupBySQL(kind),
		district, pq.StringArray(keys), dateOf(at.day), at.time, at.status, at.known, dateOf(at.knownDay), s.db.Now()))
}

// alikeSQL is who has an employee id in the district $1 that differs from one of $2 by capital letters and spaces alone, and
// was employed there up to the day $3, or else that of $4: nobody else may make the look-up take longer. The
// limit, which nothing comes near to, has the index read for each id: of an expression that the index of a part of a
// table is on, the planner knows nothing, and takes it for one of hundreds of rows.
const alikeSQL = `SELECT q.key, p.educator_id FROM unnest($2::text[]) q(key) CROSS JOIN LATERAL (SELECT x.educator_id FROM external_ids x
	WHERE x.kind = 'EMPLOYEE_ID' AND x.district_id = $1 AND lower(btrim(x.value)) = lower(btrim(q.key)) LIMIT 20) p
	WHERE EXISTS (SELECT FROM employments e JOIN districts d ON d.id = e.district_id WHERE e.educator_id = p.educator_id AND e.district_id = $1
		AND e.start_date <= coalesce($3::date, ($4::timestamptz AT TIME ZONE d.time_zone)::date))`

// lookupAlike finds those whose employee ids read like the ones that are asked, for ids that are nobody's.
func (s store) lookupAlike(ctx context.Context, district string, employeeIDs []string, at moment) (map[string]person, error) {
	alike, err := s.candidates(ctx, alikeSQL, district, pq.StringArray(employeeIDs), dateOf(at.day), at.time)
	if err != nil || len(alike) == 0 {
		return nil, err
	}
	return s.recordsOf(ctx, district, alike, at)
}

// recordsOf finds the persons that keys lead to. A person who is alone with a key is meant; of several, nobody.
func (s store) recordsOf(ctx context.Context, district string, candidates map[string][]string, at moment) (map[string]person, error) {
	var educators []string
	for _, people := range candidates {
		educators = append(educators, people...)
	}
	slices.Sort(educators)
	employed, err := s.lookupBy(ctx, byRecord, district, slices.Compact(educators), at)
	if err != nil {
		return nil, err
	}
	found := make(map[string]person, len(candidates))
	for key, people := range candidates {
		slices.Sort(people)
		for _, educator := range slices.Compact(people) { // one may have two such ids
			p, ok := employed[educator]
			if _, another := found[key]; ok && another {
				p = person{outcome: outcomeAmbiguous}
			}
			if ok {
				found[key] = p
			}
		}
	}
	return found, nil
}

// candidates runs a statement that gives keys and the records that they may mean.
func (s store) candidates(ctx context.Context, statement string, args ...any) (map[string][]string, error) {
	rows, err := s.db.SQL().QueryContext(ctx, statement, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[string][]string{}
	for rows.Next() {
		var key, educator string
		if err := rows.Scan(&key, &educator); err != nil {
			return nil, err
		}
		found[key] = append(found[key], educator)
	}
	return found, rows.Err()
}

// keyWords are the kinds of keys whose times with a record are kept.
var keyWords = map[keyKind]string{byStateEducatorID: "STATE_EDUCATOR_ID", byEmail: "EMAIL"}

// formerSQL is who had one of the keys $2, of the kind $3, when they left the district $1, on which day before now, $4: what is
// new of them, or gone, after it has let somebody go, is not for it to notice. Of several it is who left last.
var formerSQL = `WITH today AS MATERIALIZED (SELECT ($4::timestamptz AT TIME ZONE time_zone)::date AS present, time_zone FROM districts WHERE id = $1)
	SELECT DISTINCT ON (q.key) q.key, p.educator_id FROM unnest($2::text[]) q(key) JOIN key_periods k ON k.digest = key_digest($3, q.key)
		CROSS JOIN LATERAL (SELECT x.educator_id, x.end_date FROM (` + workedAs("k.record_id") + `) x
			CROSS JOIN LATERAL (SELECT greatest(` + dayAfter("x.end_date") + `, x.create_time) AS time) gone
			WHERE x.end_date < (SELECT present FROM today) AND k.since_time <= gone.time AND (k.until_time IS NULL OR k.until_time > gone.time)
				AND NOT ` + employedNow + ` LIMIT 1) p
	ORDER BY q.key, p.end_date DESC, p.educator_id`

// lookupFormer finds those who had a key when they left, for keys of which nobody has one who works there now.
func (s store) lookupFormer(ctx context.Context, kind keyKind, district string, keys []string, at moment) (map[string]person, error) {
	former, err := s.candidates(ctx, formerSQL, district, pq.StringArray(keys), keyWords[kind], s.db.Now())
	if err != nil || len(former) == 0 {
		return nil, err
	}
	return s.recordsOf(ctx, district, former, at)
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

// findBy answers questions by one kind of key; those who are not found are not there. What leads to nobody is asked for once
// more: an employee id by what reads alike, an address and a number of the state's by who had it when they left.
func (s store) findBy(ctx context.Context, kind keyKind, district string, keys []string, at moment) (found map[string]person, err error) {
	keys = slices.Compact(slices.Sorted(slices.Values(keys)))
	if kind == byEmployeeID && !at.dated() {
		found, err = s.lookupToday(ctx, district, keys, at.time)
	} else {
		found, err = s.lookupBy(ctx, kind, district, keys, at)
	}
	if err != nil {
		return nil, err
	}
	missing := slices.DeleteFunc(keys, func(key string) bool { _, ok := found[key]; return ok })
	if len(missing) == 0 || kind == byEducator {
		return found, nil
	}
	var others map[string]person
	if kind == byEmployeeID {
		others, err = s.lookupAlike(ctx, district, missing, at)
	} else {
		others, err = s.lookupFormer(ctx, kind, district, missing, at)
	}
	maps.Copy(found, others)
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
