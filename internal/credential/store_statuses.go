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
// same time. database/sql keeps it prepared on every connection that has run it. A row is a person whom the district employs
// today by its own calendar, with their credentials packed; one whom it employed before has the last day and none. What is
// over counts no more, even while the record has not come to say so.

// lookupSQL asks for the status of persons: the district, their employee ids, and the time.
// The array goes through a subquery, so that the planner cannot count it: else it finds a plan for three ids cheaper than
// one for any number, and plans anew at every execution, which costs more than the look-up.
var lookupSQL = database.Packed(`WITH today AS MATERIALIZED (SELECT ($3::timestamptz AT TIME ZONE time_zone)::date AS day FROM districts WHERE id = $1)
	SELECT x.value, x.educator_id, CASE WHEN NOT m.employed THEN m.last_day END, held.count::int, held.rows
	FROM external_ids x
		CROSS JOIN LATERAL (SELECT bool_or(e.end_date IS NULL OR e.end_date >= (SELECT day FROM today)) AS employed, max(e.end_date) AS last_day
			FROM employments e WHERE e.educator_id = x.educator_id AND e.district_id = $1 AND e.start_date <= (SELECT day FROM today)) m
		CROSS JOIN LATERAL (` + database.Packed(`SELECT `+heldSQL+` WHERE c.educator_id = x.educator_id AND m.employed`) + `) held(count, rows)
	WHERE m.employed IS NOT NULL AND x.kind = 'EMPLOYEE_ID' AND x.district_id = $1 AND x.value = ANY (ARRAY(SELECT unnest($2::text[])))`)

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

// read reads a credential of heldSQL. types are the names of the types that were read before.
func (h *heldStatus) read(rows *database.PackedRows, names *manyNames, types map[string]string) {
	id, credentialType, status := rows.UUID(), rows.Text(), rows.Text()
	issued, since, _, version := rows.Time(), rows.Time(), rows.Time(), rows.Int32()
	name, ok := types[string(credentialType)]
	if !ok {
		name = "credentialTypes/" + string(credentialType)
		types[string(credentialType)] = name
	}
	h.Credential, h.CredentialType, h.Status, h.Version = names.of(credentialNames, id), name, statusOf[string(status)], version
	h.issueTime.Seconds, h.issueTime.Nanos = issued.Unix(), int32(issued.Nanosecond()) // #nosec G115 -- below a second
	h.statusTime.Seconds, h.statusTime.Nanos = since.Unix(), int32(since.Nanosecond()) // #nosec G115 -- below a second
	h.IssueTime, h.StatusTime = &h.issueTime, &h.statusTime
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
	return peopleIn(s.statuses.QueryRowContext(ctx, district, pq.StringArray(employeeIDs), now), len(employeeIDs))
}

// peopleIn reads the persons of a look-up, packed, by the keys that were asked.
func peopleIn(packed *sql.Row, asked int) (map[string]person, error) {
	var count int
	var raw []byte
	if err := packed.Scan(&count, &raw); err != nil {
		return nil, err
	}
	found, types := make(map[string]person, asked), map[string]string{}
	rows := database.ReadPacked(raw)
	for rows.Next() {
		key, p := string(rows.Text()), person{outcome: outcomeFound, educator: rows.UUID()}
		if day := rows.Date(); !day.IsZero() {
			p.outcome, p.lastDay = outcomeMoved, new(day)
		}
		var err error
		if p.statuses, err = statusesIn(int(rows.Int32()), rows.Text(), types); err != nil {
			return nil, err
		}
		found[key] = p
	}
	return found, rows.Err()
}

// statusesIn reads so many credentials of a person, packed, into the order of their issue.
func statusesIn(count int, packed []byte, types map[string]string) ([]*pb.CredentialStatusRecord, error) {
	held, names, statuses := make([]heldStatus, count), roomFor(count), make([]*pb.CredentialStatusRecord, count)
	rows := database.ReadPacked(packed)
	for i := range held {
		if !rows.Next() {
			return nil, database.ErrPacked
		}
		held[i].read(&rows, names, types)
		statuses[i] = &held[i].CredentialStatusRecord
	}
	slices.SortFunc(statuses, inOrderOfIssue)
	return statuses, rows.Err()
}
