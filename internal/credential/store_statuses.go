package credential

import (
	"context"
	"database/sql"
	"errors"

	"github.com/google/uuid"
	"github.com/lib/pq"

	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/api"
)

// The look-ups of districts are the hot path: prepared statements beside ent, one trip each. A row is a credential of a
// person whom the district employs today by its own calendar; a person without credentials has one row without one.
const (
	lookupFrom = `WITH today AS MATERIALIZED (SELECT ($3::timestamptz AT TIME ZONE time_zone)::date AS day FROM districts WHERE id = $1)
		SELECT x.value, x.educator_id, 'credentials/' || c.id, 'credentialTypes/' || c.credential_type_id, c.status, c.issue_time, c.status_time, c.version
		FROM external_ids x LEFT JOIN credentials c ON c.educator_id = x.educator_id
		WHERE EXISTS (SELECT FROM employments e WHERE e.educator_id = x.educator_id AND e.district_id = $1
				AND e.start_date <= (SELECT day FROM today) AND (e.end_date IS NULL OR e.end_date >= (SELECT day FROM today)))
			AND x.kind = 'EMPLOYEE_ID' AND x.district_id = $1 AND x.value = `

	LookupOneSQL  = lookupFrom + `$2 ORDER BY c.issue_time, c.id`
	LookupManySQL = lookupFrom + `ANY ($2::text[]) ORDER BY x.value, c.issue_time, c.id`
)

// prepared are the look-ups; database/sql keeps each on every connection that has run it.
type prepared struct{ one, many *sql.Stmt }

func prepare(pool *sql.DB) (p prepared, err error) {
	var errs [2]error
	p.one, errs[0] = pool.PrepareContext(context.Background(), LookupOneSQL)
	p.many, errs[1] = pool.PrepareContext(context.Background(), LookupManySQL)
	return p, errors.Join(errs[:]...)
}

// statusOf is api.EnumOf for the statuses that there are, without reflection.
var statusOf = map[string]pb.CredentialStatus{
	"ACTIVE": pb.CredentialStatus_CREDENTIAL_STATUS_ACTIVE, "SUSPENDED": pb.CredentialStatus_CREDENTIAL_STATUS_SUSPENDED,
	"REVOKED": pb.CredentialStatus_CREDENTIAL_STATUS_REVOKED,
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

func (s store) lookup(ctx context.Context, district, employeeID string) (statuses []*pb.CredentialStatusRecord, educator uuid.UUID, found bool, err error) {
	rows, err := s.prepared.one.QueryContext(ctx, district, employeeID, s.db.Now())
	if err != nil {
		return nil, uuid.Nil, false, err
	}
	defer rows.Close()
	var row statusRow
	for rows.Next() {
		if err := row.scan(rows); err != nil {
			return nil, uuid.Nil, false, err
		}
		found = true
		if status := row.record(); status != nil {
			statuses = append(statuses, status)
		}
	}
	return statuses, row.educator, found, rows.Err()
}

// lookupMany finds those whom the district employs, by their employee ids.
func (s store) lookupMany(ctx context.Context, district string, employeeIDs []string) (found map[string]*pb.CredentialStatusResult, educators []uuid.UUID, err error) {
	rows, err := s.prepared.many.QueryContext(ctx, district, pq.StringArray(employeeIDs), s.db.Now())
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	found = make(map[string]*pb.CredentialStatusResult, len(employeeIDs))
	var row statusRow
	var last *pb.CredentialStatusResult
	for rows.Next() {
		if err := row.scan(rows); err != nil {
			return nil, nil, err
		}
		if last == nil || last.EmployeeId != row.employeeID {
			last = &pb.CredentialStatusResult{EmployeeId: row.employeeID, Found: true}
			found[row.employeeID] = last
			educators = append(educators, row.educator)
		}
		if status := row.record(); status != nil {
			last.Statuses = append(last.Statuses, status)
		}
	}
	return found, educators, rows.Err()
}
