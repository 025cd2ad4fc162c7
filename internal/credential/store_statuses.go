package credential

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/api"
)

// The look-ups of districts are the hot path: a prepared statement beside ent, one trip, shared by callers who come at the
// same time. database/sql keeps it prepared on every connection that has run it. A row is a credential of a
// person whom the district employs today by its own calendar; a person without credentials has one row without one, and so
// has one whom it employed before, with the last day. What is over counts no more, even while the record has not come to
// say so.
const (
	lookupFrom = `WITH today AS MATERIALIZED (SELECT ($3::timestamptz AT TIME ZONE time_zone)::date AS day FROM districts WHERE id = $1)
		SELECT x.value, x.educator_id, CASE WHEN NOT m.employed THEN m.last_day END,
			'credentials/' || c.id, 'credentialTypes/' || c.credential_type_id, CASE WHEN ended THEN 'EXPIRED' ELSE c.status END,
			c.issue_time, CASE WHEN ended THEN c.expire_time ELSE c.status_time END, c.version
		FROM external_ids x
			CROSS JOIN LATERAL (SELECT bool_or(e.end_date IS NULL OR e.end_date >= (SELECT day FROM today)) AS employed, max(e.end_date) AS last_day
				FROM employments e WHERE e.educator_id = x.educator_id AND e.district_id = $1 AND e.start_date <= (SELECT day FROM today)) m
			LEFT JOIN credentials c ON c.educator_id = x.educator_id AND m.employed
			CROSS JOIN LATERAL (SELECT c.expire_time <= $3 AND c.status IN ('ACTIVE', 'SUSPENDED') AS ended) validity
		WHERE m.employed IS NOT NULL AND x.kind = 'EMPLOYEE_ID' AND x.district_id = $1 AND x.value = `

	// LookupSQL asks for the status of persons: the district, their employee ids, and the time.
	// The array goes through a subquery, so that the planner cannot count it: else it finds a plan for three ids cheaper than
	// one for any number, and plans anew at every execution, which costs more than the look-up.
	LookupSQL = lookupFrom + `ANY (ARRAY(SELECT unnest($2::text[]))) ORDER BY x.value, c.issue_time, c.id`
)

// statusOf is api.EnumOf for the statuses that there are, without reflection.
var statusOf = map[string]pb.CredentialStatus{
	"ACTIVE": pb.CredentialStatus_CREDENTIAL_STATUS_ACTIVE, "SUSPENDED": pb.CredentialStatus_CREDENTIAL_STATUS_SUSPENDED,
	"REVOKED": pb.CredentialStatus_CREDENTIAL_STATUS_REVOKED, "SUPERSEDED": pb.CredentialStatus_CREDENTIAL_STATUS_SUPERSEDED,
	"EXPIRED": pb.CredentialStatus_CREDENTIAL_STATUS_EXPIRED,
}

// statusRow is where the rows of a look-up are read to.
type statusRow struct {
	key                   string
	educator              uuid.UUID
	lastDay               sql.NullTime
	name, credentialType  sql.NullString
	status                sql.RawBytes
	issueTime, statusTime sql.NullTime
	version               sql.NullInt32
}

func (r *statusRow) scan(rows *sql.Rows) error {
	return rows.Scan(&r.key, &r.educator, &r.lastDay, &r.name, &r.credentialType, &r.status, &r.issueTime, &r.statusTime, &r.version)
}

// record is the credential of the row; nil for none.
func (r *statusRow) record() *pb.CredentialStatusRecord {
	if !r.name.Valid {
		return nil
	}
	return &pb.CredentialStatusRecord{
		Credential: r.name.String, CredentialType: r.credentialType.String, Status: statusOf[string(r.status)],
		IssueTime: api.Timestamp(r.issueTime.Time), StatusTime: api.Timestamp(r.statusTime.Time), Version: r.version.Int32,
	}
}

// person is what a district learns of somebody whom it employs or has employed. The zero person is nobody.
type person struct {
	outcome  string
	educator uuid.UUID
	lastDay  *time.Time // set for one who has moved
	statuses []*pb.CredentialStatusRecord
}

// with is the person after one more row of theirs.
func (p person) with(r *statusRow) person {
	p.educator, p.outcome = r.educator, outcomeFound
	if r.lastDay.Valid {
		day := r.lastDay.Time
		p.lastDay, p.outcome = &day, outcomeMoved
	}
	if status := r.record(); status != nil {
		p.statuses = append(p.statuses, status)
	}
	return p
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
	rows, err := s.statuses.QueryContext(ctx, district, pq.StringArray(employeeIDs), now)
	if err != nil {
		return nil, err
	}
	return peopleIn(rows, len(employeeIDs))
}

// peopleIn reads the rows of a look-up, by the keys that were asked.
func peopleIn(rows *sql.Rows, asked int) (map[string]person, error) {
	defer rows.Close()
	found := make(map[string]person, asked)
	var row statusRow
	for rows.Next() {
		if err := row.scan(rows); err != nil {
			return nil, err
		}
		found[row.key] = found[row.key].with(&row)
	}
	return found, rows.Err()
}
