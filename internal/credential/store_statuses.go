package credential

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/database"
)

// The look-ups of districts are the hot path: a prepared statement beside ent, one trip, shared by callers who come at the
// same time. database/sql keeps it prepared on every connection that has run it. A row is a credential of a
// person whom the district employs today by its own calendar; a person without credentials has one row without one, and so
// has one whom it employed before, with the last day. What is over counts no more, even while the record has not come to
// say so.
const (
	lookupFrom = `WITH today AS MATERIALIZED (SELECT ($3::timestamptz AT TIME ZONE time_zone)::date AS day FROM districts WHERE id = $1)
		SELECT x.value, x.educator_id, CASE WHEN NOT m.employed THEN m.last_day END,
			c.id, c.credential_type_id, CASE WHEN ended THEN 'EXPIRED' ELSE c.status END,
			c.issue_time, CASE WHEN ended THEN c.expire_time ELSE c.status_time END, c.version
		FROM external_ids x
			CROSS JOIN LATERAL (SELECT bool_or(e.end_date IS NULL OR e.end_date >= (SELECT day FROM today)) AS employed, max(e.end_date) AS last_day
				FROM employments e WHERE e.educator_id = x.educator_id AND e.district_id = $1 AND e.start_date <= (SELECT day FROM today)) m
			LEFT JOIN credentials c ON c.educator_id = x.educator_id AND m.employed
			CROSS JOIN LATERAL (SELECT c.expire_time <= $3 AND c.status IN ('ACTIVE', 'SUSPENDED') AS ended) validity
		WHERE m.employed IS NOT NULL AND x.kind = 'EMPLOYEE_ID' AND x.district_id = $1 AND x.value = `

	// lookupSQL asks for the status of persons: the district, their employee ids, and the time.
	// The array goes through a subquery, so that the planner cannot count it: else it finds a plan for three ids cheaper than
	// one for any number, and plans anew at every execution, which costs more than the look-up.
	lookupSQL = lookupFrom + `ANY (ARRAY(SELECT unnest($2::text[]))) ORDER BY x.value, c.issue_time, c.id`
)

// LookupSQL is lookupSQL as it is sent.
var LookupSQL = database.Packed(lookupSQL)

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

// read reads the credential of a row; false for none. types are the names of the types that were read before.
func (h *heldStatus) read(rows *database.PackedRows, types map[string]string) bool {
	id, credentialType, status := rows.UUID(), rows.Text(), rows.Text()
	issued, since, version := rows.Time(), rows.Time(), rows.Int32()
	if id == uuid.Nil {
		return false
	}
	name, ok := types[string(credentialType)]
	if !ok {
		name = "credentialTypes/" + string(credentialType)
		types[string(credentialType)] = name
	}
	h.Credential, h.CredentialType, h.Status, h.Version = "credentials/"+id.String(), name, statusOf[string(status)], version
	h.issueTime.Seconds, h.issueTime.Nanos = issued.Unix(), int32(issued.Nanosecond()) // #nosec G115 -- below a second
	h.statusTime.Seconds, h.statusTime.Nanos = since.Unix(), int32(since.Nanosecond()) // #nosec G115 -- below a second
	h.IssueTime, h.StatusTime = &h.issueTime, &h.statusTime
	return true
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
	return peopleIn(s.statuses.QueryRowContext(ctx, district, pq.StringArray(employeeIDs), now), len(employeeIDs))
}

// peopleIn reads the rows of a look-up, packed, by the keys that were asked. The rows of a person follow each other.
func peopleIn(packed *sql.Row, asked int) (map[string]person, error) {
	var count int
	var raw []byte
	if err := packed.Scan(&count, &raw); err != nil {
		return nil, err
	}
	found := make(map[string]person, asked)
	held, statuses := make([]heldStatus, count), make([]*pb.CredentialStatusRecord, 0, count)
	types := map[string]string{}
	key, first := "", 0 // whose rows they are, and where that person's statuses begin
	rows := database.ReadPacked(raw)
	for rows.Next() {
		if next := rows.Text(); string(next) != key {
			key, first = string(next), len(statuses)
		}
		p := person{outcome: outcomeFound, educator: rows.UUID()}
		if day := rows.Date(); !day.IsZero() {
			p.outcome, p.lastDay = outcomeMoved, new(day)
		}
		status := &held[len(statuses)]
		if status.read(&rows, types) {
			statuses = append(statuses, &status.CredentialStatusRecord)
		}
		p.statuses = statuses[first:len(statuses):len(statuses)]
		found[key] = p
	}
	return found, rows.Err()
}
