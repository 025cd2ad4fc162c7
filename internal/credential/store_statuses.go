package credential

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/database"
)

// The look-ups of districts are the hot path: a prepared statement beside ent, one trip, shared by callers who come at the
// same time. database/sql keeps it prepared on every connection that has run it. It gives those whom the district employs
// today by its own calendar, and their credentials; one whom it employed before has the last day and none. What is over
// counts no more, even while the record has not come to say so.

// lookupSQL asks for the status of persons: the district, their employee ids, and the time.
// The array goes through a subquery, so that the planner cannot count it: else it finds a plan for three ids cheaper than
// one for any number, and plans anew at every execution, which costs more than the look-up.
var lookupSQL = foundSQL(`today AS MATERIALIZED (SELECT ($3::timestamptz AT TIME ZONE time_zone)::date AS day FROM districts WHERE id = $1)`,
	`x.value AS key, x.educator_id, m.employed, m.last_day
	FROM external_ids x
		CROSS JOIN LATERAL (SELECT bool_or(e.end_date IS NULL OR e.end_date >= (SELECT day FROM today)) AS employed, max(e.end_date) AS last_day
			FROM employments e WHERE e.educator_id = x.educator_id AND e.district_id = $1 AND e.start_date <= (SELECT day FROM today)) m
	WHERE m.employed IS NOT NULL AND x.kind = 'EMPLOYEE_ID' AND x.district_id = $1 AND x.value = ANY (ARRAY(SELECT unnest($2::text[])))`,
	`JOIN credentials c ON c.educator_id = p.educator_id AND p.employed `+endedSQL, heldRow(heldStatusSQL, heldSinceSQL, `c.version`))

// foundSQL is what peopleIn reads, for queries that may be asked with others: people are whom the keys lead to, held joins the
// credentials c of those who are employed.
func foundSQL(with, people, held, row string) string {
	return `WITH ` + with + `, people AS MATERIALIZED (SELECT row_number() OVER ()::int AS n, ` + people + `)
		SELECT people.*, held.* FROM (` +
		database.Packed(`FROM people`, database.SendInt32(`n`), database.SendText(`key`), database.SendUUID(`educator_id`), database.SendDate(`CASE WHEN NOT employed THEN last_day END`)) + `) people,
			(` + database.Packed(`FROM people p `+held, database.SendInt32(`p.n`), row) + `) held`
}

// What a credential c is worth at $3: time ends it.
const (
	endedSQL      = `CROSS JOIN LATERAL (SELECT c.expire_time <= $3::timestamptz AND c.status IN ('ACTIVE', 'SUSPENDED') AS ended) validity`
	heldStatusSQL = `CASE WHEN ended THEN 'EXPIRED' ELSE c.status END`
	heldSinceSQL  = `CASE WHEN ended THEN c.expire_time ELSE c.status_time END`
)

// heldRow is a credential c as a row of a packed query, for heldStatus.read.
func heldRow(status, since, version string) string {
	return strings.Join([]string{database.SendUUID(`c.id`), database.SendMicros(`c.issue_time`), database.SendMicros(since), database.SendInt32(version),
		database.SendWords(`c.credential_type_id`, status)}, ` || `)
}

// statusOf is api.EnumOf for the statuses that there are, without reflection.
var statusOf = map[string]pb.CredentialStatus{
	"ACTIVE": pb.CredentialStatus_CREDENTIAL_STATUS_ACTIVE, "SUSPENDED": pb.CredentialStatus_CREDENTIAL_STATUS_SUSPENDED,
	"REVOKED": pb.CredentialStatus_CREDENTIAL_STATUS_REVOKED, "SUPERSEDED": pb.CredentialStatus_CREDENTIAL_STATUS_SUPERSEDED,
	"EXPIRED": pb.CredentialStatus_CREDENTIAL_STATUS_EXPIRED,
}

// heldStatus is a credential with its times, in one piece of memory.
type heldStatus struct {
	pb.CredentialStatusRecord
	issueTime, statusTime timestamppb.Timestamp
}

// read reads a heldRow. types are the names of the types that were read before.
func (h *heldStatus) read(rows *database.PackedRows, names *manyNames, types map[string]string) {
	h.Credential = names.of(credentialNames, rows.UUID())
	setMicros(&h.issueTime, rows.Micros())
	setMicros(&h.statusTime, rows.Micros())
	h.IssueTime, h.StatusTime, h.Version = &h.issueTime, &h.statusTime, rows.Int32()
	credentialType := rows.Word()
	name, ok := types[string(credentialType)]
	if !ok {
		name = "credentialTypes/" + string(credentialType)
		types[string(credentialType)] = name
	}
	h.CredentialType, h.Status = name, statusOf[string(rows.Word())]
}

// setMicros sets a time, in microseconds of Unix.
func setMicros(t *timestamppb.Timestamp, micros int64) {
	const second = 1_000_000
	t.Seconds, t.Nanos = micros/second, int32(micros%second)*1000 // #nosec G115 -- below a second
	if t.Nanos < 0 {
		t.Seconds, t.Nanos = t.Seconds-1, t.Nanos+1e9
	}
}

// inOrderOfIssue compares statuses by when they were issued.
func inOrderOfIssue(a, b *pb.CredentialStatusRecord) int {
	return cmp.Or(cmp.Compare(a.IssueTime.Seconds, b.IssueTime.Seconds), cmp.Compare(a.IssueTime.Nanos, b.IssueTime.Nanos), cmp.Compare(a.Credential, b.Credential))
}

// person is what a district learns of somebody whom it employs or has employed. The zero person is nobody.
type person struct {
	outcome  string
	educator uuid.UUID
	lastDay  *time.Time // set for one who has moved
	statuses []*pb.CredentialStatusRecord
}

// asked is a question of a district about one person, as the key of a group.
func asked(district, employeeID string) string { return district + "/" + employeeID }

// lookupAsked answers questions of any districts, a statement for each district.
func (s store) lookupAsked(ctx context.Context, questions []string) (map[string]person, error) {
	byDistrict := map[string][]string{}
	for _, question := range questions {
		district, employeeID, _ := strings.Cut(question, "/")
		byDistrict[district] = append(byDistrict[district], employeeID)
	}
	answers := make(map[string]person, len(questions))
	for district, employeeIDs := range byDistrict {
		found, err := s.lookup(ctx, district, employeeIDs)
		if err != nil {
			return nil, err
		}
		for employeeID, p := range found {
			answers[asked(district, employeeID)] = p
		}
	}
	return answers, nil
}

// lookup finds those whom the district employs today, or employed before, by their employee ids.
func (s store) lookup(ctx context.Context, district string, employeeIDs []string) (map[string]person, error) {
	return s.findBy(ctx, byEmployeeID, district, employeeIDs, moment{time: s.db.Now()})
}

func (s store) lookupToday(ctx context.Context, district string, employeeIDs []string, now time.Time) (map[string]person, error) {
	return peopleIn(s.statuses.QueryContext(ctx, district, pq.StringArray(employeeIDs), now))
}

// peopleIn reads the persons of a look-up by the keys that were asked.
func peopleIn(answer *sql.Rows, err error) (map[string]person, error) {
	if err != nil {
		return nil, err
	}
	defer answer.Close()
	var found map[string]person
	for answer.Next() {
		var people, held int
		var peopleRows, heldRows sql.RawBytes
		if err := answer.Scan(&people, &peopleRows, &held, &heldRows); err != nil {
			return nil, err
		}
		statuses, err := statusesIn(people, database.ReadPacked(held, heldRows), held)
		if err != nil {
			return nil, err
		}
		if found, err = personsIn(database.ReadPacked(people, peopleRows), statuses); err != nil {
			return nil, err
		}
	}
	return found, answer.Err()
}

// personsIn reads persons, of whom the nth has the statuses n - 1.
func personsIn(rows database.PackedRows, statuses [][]*pb.CredentialStatusRecord) (map[string]person, error) {
	found := make(map[string]person, len(statuses))
	for rows.Next() {
		n, key, p := rows.Int32(), string(rows.Text()), person{outcome: outcomeFound, educator: rows.UUID()}
		if day := rows.Date(); !day.IsZero() {
			p.outcome, p.lastDay = outcomeMoved, new(day)
		}
		if n < 1 || int(n) > len(statuses) {
			return nil, database.ErrPacked
		}
		p.statuses = statuses[n-1]
		found[key] = p
	}
	return found, rows.Err()
}

// statusesIn reads so many credentials, in one piece of memory, to each of so many persons theirs in the order of their issue.
func statusesIn(people int, rows database.PackedRows, count int) ([][]*pb.CredentialStatusRecord, error) {
	held, names, types := make([]heldStatus, count), roomFor(count), map[string]string{}
	all, of := make([]*pb.CredentialStatusRecord, count), make([][]*pb.CredentialStatusRecord, people)
	for i := range held {
		if !rows.Next() {
			return nil, database.ErrPacked
		}
		n := int(rows.Int32())
		if n < 1 || n > people {
			return nil, database.ErrPacked
		}
		held[i].read(&rows, names, types)
		all[i] = &held[i].CredentialStatusRecord
		if of[n-1] == nil {
			of[n-1] = all[i : i+1 : i+1]
		} else if first := len(of[n-1]); i >= first && all[i-first] == of[n-1][0] {
			of[n-1] = all[i-first : i+1 : i+1] // they come one after the other
		} else {
			of[n-1] = append(of[n-1], all[i])
		}
	}
	for _, statuses := range of {
		slices.SortFunc(statuses, inOrderOfIssue)
	}
	return of, rows.Err()
}
