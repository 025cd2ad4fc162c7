package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"

	credentialpb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	enrollmentpb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
)

const district = "districts/bps"

// batch is how many persons a batch look-up asks for.
const batch = 100

func (p *place) operations() []operation {
	people := p.settings.credentials / 4
	one := fmt.Sprintf("\\set n random(1, %d)\n%s;\n", people, lookedUp(":n::text"))
	audit := `INSERT INTO audit_entries (time, id, principal, method, action, resource, request_id, subjects)
		VALUES (clock_timestamp(), gen_random_uuid(), 'bench', 'bench', 'READ', '', 'bench', ARRAY[gen_random_uuid()]);`
	many := fmt.Sprintf("\\set n random(1, %d)\n%s;\n", people-batch, lookedUp(fmt.Sprintf("ANY (ARRAY(SELECT i::text FROM generate_series(:n, :n + %d) i))", batch-1)))
	list := fmt.Sprintf("\\set n random(1, %d)\nSELECT * FROM credentials WHERE (issue_time, id) < (timestamptz '2020-01-01' + :n * interval '1 minute', 'ffffffff-ffff-ffff-ffff-ffffffffffff') ORDER BY issue_time DESC, id DESC LIMIT 1001;\n", people)
	return []operation{
		{name: "status of one person", script: one, work: 1, calls: map[string]call{"gRPC": p.lookupGRPC(p.plain, people), "REST": p.lookupREST(p.plain, people)}},
		{name: "status of one person, on record", script: "BEGIN;\n" + one + "SET LOCAL synchronous_commit = off;\n" + audit + "\nCOMMIT;\n", work: 1,
			calls: map[string]call{"gRPC": p.lookupGRPC(p.audited, people), "REST": p.lookupREST(p.audited, people)}},
		{name: "status of 100 persons", script: many, work: batch, calls: map[string]call{"gRPC": p.batchGRPC(p.plain, people), "REST": p.batchREST(p.plain, people)}},
		{name: "page of 1000 credentials", script: list, work: 1000, calls: map[string]call{"gRPC": p.listGRPC(p.plain, people), "REST": p.listREST(p.plain, people)}},
		{name: "registration, one seat, durable", script: strings.NewReplacer("$first", strconv.Itoa(people+newcomers(people)/2+1), "$last", strconv.Itoa(people+newcomers(people))).Replace(registrationScript), work: 1, calls: map[string]call{"gRPC": p.registerGRPC(p.audited), "REST": p.registerREST(p.audited)}},
	}
}

// lookedUp is what a look-up finds, as rows: of all those, by their employee ids, whom the district employs or has employed.
func lookedUp(ids string) string {
	return strings.NewReplacer("\n", " ", "\t", " ").Replace(`WITH today AS MATERIALIZED (SELECT (now() AT TIME ZONE time_zone)::date AS day FROM districts WHERE id = 'bps')
		SELECT x.value, x.educator_id, CASE WHEN NOT m.employed THEN m.last_day END,
			c.id, c.credential_type_id, CASE WHEN ended THEN 'EXPIRED' ELSE c.status END,
			c.issue_time, CASE WHEN ended THEN c.expire_time ELSE c.status_time END, c.version
		FROM external_ids x
			CROSS JOIN LATERAL (SELECT bool_or(e.end_date IS NULL OR e.end_date >= (SELECT day FROM today)) AS employed, max(e.end_date) AS last_day
				FROM employments e WHERE e.educator_id = x.educator_id AND e.district_id = 'bps' AND e.start_date <= (SELECT day FROM today)) m
			LEFT JOIN credentials c ON c.educator_id = x.educator_id AND m.employed
			CROSS JOIN LATERAL (SELECT c.expire_time <= now() AND c.status IN ('ACTIVE', 'SUSPENDED') AS ended) validity
		WHERE m.employed IS NOT NULL AND x.kind = 'EMPLOYEE_ID' AND x.district_id = 'bps' AND x.value = ` + ids)
}

func someone(people int) string { return strconv.Itoa(1 + rand.IntN(people)) } // #nosec G404 -- load, not secrets

func (p *place) lookupGRPC(c *client, people int) call {
	return func(ctx context.Context, _ int) error {
		return c.invoke(ctx, credentialpb.CredentialService_LookupCredentialStatus_FullMethodName, &credentialpb.LookupCredentialStatusRequest{Parent: district, EmployeeId: someone(people)})
	}
}

func (p *place) lookupREST(c *client, people int) call {
	return func(_ context.Context, caller int) error {
		return c.send(caller, http.MethodPost, "/v1/districts/bps/credentialStatuses:lookup", `{"employeeId":"`+someone(people)+`"}`)
	}
}

func group(people int) []string {
	ids := make([]string, batch)
	first := 1 + rand.IntN(people-batch) // #nosec G404 -- load, not secrets
	for i := range ids {
		ids[i] = strconv.Itoa(first + i)
	}
	return ids
}

func (p *place) batchGRPC(c *client, people int) call {
	return func(ctx context.Context, _ int) error {
		return c.invoke(ctx, credentialpb.CredentialService_BatchLookupCredentialStatuses_FullMethodName, &credentialpb.BatchLookupCredentialStatusesRequest{Parent: district, EmployeeIds: group(people)})
	}
}

func (p *place) batchREST(c *client, people int) call {
	return func(_ context.Context, caller int) error {
		return c.send(caller, http.MethodPost, "/v1/districts/bps/credentialStatuses:batchLookup", `{"employeeIds":["`+strings.Join(group(people), `","`)+`"]}`)
	}
}

func listFilter(people int) string {
	at := 1 + rand.IntN(people) // #nosec G404 -- load, not secrets
	return fmt.Sprintf(`issue_time < "2020-%02d-%02dT00:00:00Z"`, 1+at%5, 1+at%28)
}

func (p *place) listGRPC(c *client, people int) call {
	return func(ctx context.Context, _ int) error {
		return c.invoke(ctx, credentialpb.CredentialService_ListCredentials_FullMethodName, &credentialpb.ListCredentialsRequest{PageSize: 1000, Filter: listFilter(people)})
	}
}

func (p *place) listREST(c *client, people int) call {
	return func(_ context.Context, caller int) error {
		return c.send(caller, http.MethodGet, "/v1/credentials?pageSize=1000&filter="+strings.NewReplacer(" ", "%20", `"`, "%22", "<", "%3C").Replace(listFilter(people)), "")
	}
}

// registrationScript is what a registration does: reads the section and the role, takes the seat, writes the row, the
// audit record and the two streams of the feed.
var registrationScript = `\set s random(1, 400)
\set e random($first, $last)
BEGIN;
SELECT s.* FROM sections s JOIN bench_sections b ON b.id = s.id JOIN course_versions v ON v.id = s.course_version_id WHERE b.n = :s;
SELECT a.* FROM role_assignments a JOIN bench_people p ON p.id = a.educator_id WHERE p.n = :e;
INSERT INTO registrations (id, create_time, update_time, state, register_date, state_time, section_id, educator_id, role_assignment_id, framework_id)
	SELECT gen_random_uuid(), now(), now(), 'ENROLLED', now(), now(), b.id, p.id, p.assignment, 'btlc-1' FROM bench_people p, bench_sections b WHERE p.n = :e AND b.n = :s
	ON CONFLICT DO NOTHING;
UPDATE sections SET seats_taken = seats_taken + 1, version = version + 1 WHERE id = (SELECT id FROM bench_sections WHERE n = :s) AND seats_taken < capacity;
INSERT INTO audit_entries (time, id, principal, method, action, resource, request_id, subjects)
	VALUES (clock_timestamp(), gen_random_uuid(), 'bench', 'bench', 'WRITE', '', 'bench', ARRAY[gen_random_uuid()]);
` + feedScript + `COMMIT;
`

var feedScript = feedOf("districts/bps") + feedOf("program")

func feedOf(stream string) string {
	return fmt.Sprintf(`WITH counter AS (INSERT INTO feed_streams AS s (stream, newest) VALUES ('%s', 1)
		ON CONFLICT (stream) DO UPDATE SET newest = s.newest + 1 RETURNING newest)
	INSERT INTO feed_rows (commit_time, stream, number, resource, resource_type, kind, version, natural_keys, state)
		SELECT clock_timestamp(), '%s', newest, 'sections/x/registrations/y', 'btlc/Registration', 'CREATED', 1, '{"employeeId": "1"}', '{"state": "ENROLLED"}' FROM counter;
`, stream, stream)
}

// registrations counts across rounds and ways, so that nobody registers twice.
var registrations atomic.Int64

func (p *place) next() (section, educator string) {
	n := int(registrations.Add(1))
	return p.sections[n%len(p.sections)], p.educators[n%len(p.educators)]
}

func (p *place) registerGRPC(c *client) call {
	return func(ctx context.Context, _ int) error {
		section, educator := p.next()
		return c.invoke(ctx, enrollmentpb.EnrollmentService_CreateRegistration_FullMethodName, &enrollmentpb.CreateRegistrationRequest{
			Parent: section, Registration: &enrollmentpb.Registration{Educator: educator, AcknowledgedFramework: "frameworks/btlc-1"}})
	}
}

func (p *place) registerREST(c *client) call {
	return func(_ context.Context, caller int) error {
		section, educator := p.next()
		return c.send(caller, http.MethodPost, "/v1/"+section+"/registrations", `{"educator":"`+educator+`","acknowledgedFramework":"frameworks/btlc-1"}`)
	}
}
