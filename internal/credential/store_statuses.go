package credential

import (
	"context"
	"database/sql"
	"strings"

	"github.com/google/uuid"
	"github.com/lib/pq"

	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/api"
)

// The look-ups of districts are the hot path: a prepared statement beside ent, one trip, shared by callers who come at the
// same time. database/sql keeps it prepared on every connection that has run it. A row is a credential of a
// person whom the district employs today by its own calendar; a person without credentials has one row without one. What is
// over counts no more, even while the record has not come to say so.
const (
	lookupFrom = `WITH today AS MATERIALIZED (SELECT ($3::timestamptz AT TIME ZONE time_zone)::date AS day FROM districts WHERE id = $1)
		SELECT x.value, x.educator_id, 'credentials/' || c.id, 'credentialTypes/' || c.credential_type_id, CASE WHEN ended THEN 'EXPIRED' ELSE c.status END,
			c.issue_time, CASE WHEN ended THEN c.expire_time ELSE c.status_time END, c.version
		FROM external_ids x LEFT JOIN credentials c ON c.educator_id = x.educator_id
			CROSS JOIN LATERAL (SELECT c.expire_time <= $3 AND c.status IN ('ACTIVE', 'SUSPENDED') AS ended) validity
		WHERE EXISTS (SELECT FROM employments e WHERE e.educator_id = x.educator_id AND e.district_id = $1
				AND e.start_date <= (SELECT day FROM today) AND (e.end_date IS NULL OR e.end_date >= (SELECT day FROM today)))
			AND x.kind = 'EMPLOYEE_ID' AND x.district_id = $1 AND x.value = `

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
	employeeID            string
	educator              uuid.UUID
	name, credentialType  sql.NullString
	status                sql.RawBytes
	issueTime, statusTime sql.NullTime
	version               sql.NullInt32
}

func (r *statusRow) scan(rows *sql.Rows) error {
	return rows.Scan(&r.employeeID, &r.educator, &r.name, &r.credentialType, &r.status, &r.issueTime, &r.statusTime, &r.version)
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

// person is what a district learns of somebody whom it employs.
type person struct {
	educator uuid.UUID
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

// lookup finds those whom the district employs today, by their employee ids.
func (s store) lookup(ctx context.Context, district string, employeeIDs []string) (found map[string]person, err error) {
	rows, err := s.statuses.QueryContext(ctx, district, pq.StringArray(employeeIDs), s.db.Now())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found = make(map[string]person, len(employeeIDs))
	var row statusRow
	for rows.Next() {
		if err := row.scan(rows); err != nil {
			return nil, err
		}
		p := found[row.employeeID]
		p.educator = row.educator
		if status := row.record(); status != nil {
			p.statuses = append(p.statuses, status)
		}
		found[row.employeeID] = p
	}
	return found, rows.Err()
}
