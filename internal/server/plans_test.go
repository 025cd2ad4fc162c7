package server_test

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lib/pq"

	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
)

// planned is how many rows the planner takes the large tables for; loaded is how many they have. Their pages are as full
// as a tenth of the rows leaves them (fillfactor 10), so that there are as many as a million rows need. That leaves the
// planner's other number, and PostgreSQL 15 takes the density of a table from pg_class, which a superuser may write.
const (
	planned = 1_000_000
	loaded  = planned / 10
)

// id is the SQL of a row's id by its number.
func id(number string) string { return "lpad(to_hex(" + number + "), 32, '0')::uuid" }

// largeTables are filled with what a large program keeps: four of everything for each person, and twenty people in each
// section. $1 is loaded.
var largeTables = []struct{ table, insert string }{
	{"educators", `(id, create_time, update_time, given_name, family_name) SELECT ` + id("n") + `, now(), now(), 'Given', 'Family ' || n FROM generate_series(1, $1 / 4) n`},
	{"educator_emails", `(id, create_time, address, address_key, verified, educator_id)
		SELECT ` + id("n") + `, now(), 'm' || n || '@example.org', 'm' || n || '@example.org', true, ` + id("n") + ` FROM generate_series(1, $1 / 4) n`},
	{"external_ids", `(id, create_time, kind, value, educator_id, district_id)
		SELECT ` + id("n") + `, now(), 'EMPLOYEE_ID', 'M' || n, ` + id("n") + `, 'bps' FROM generate_series(1, $1 / 4) n`},
	{"key_periods", `(record_id, digest, since_time) SELECT ` + id("n") + `, key_digest('EMAIL', 'm' || n || '@example.org'), now() FROM generate_series(1, $1 / 4) n`},
	{"employments", `(id, create_time, update_time, start_date, educator_id, district_id)
		SELECT ` + id("n") + `, now(), now(), '2020-09-01', ` + id("n") + `, 'bps' FROM generate_series(1, $1 / 4) n`},
	{"sections", `(id, create_time, update_time, state, capacity, seats_taken, time_zone, registration_open_time, registration_close_time, course_version_id, term_id)
		SELECT ` + id("n") + `, now(), now(), 'COMPLETED', 20, 20, 'America/New_York', now() - interval '300 days', now() - interval '200 days', (SELECT id FROM course_versions WHERE course_id = 'using-data' LIMIT 1), 'spring'
		FROM generate_series(1, $1 / 20) n`},
	{"meetings", `(id, create_time, update_time, meeting_number, start_time, end_time, section_id)
		SELECT ` + id("n") + `, now(), now(), 1, now() - interval '150 days', now() - interval '149.9 days', ` + id("n") + ` FROM generate_series(1, $1 / 20) n`},
	{"credentials", `(id, create_time, update_time, issue_time, status_time, document, key_id, educator_id, credential_type_id, policy_version_id, framework_id)
		SELECT ` + id("n") + `, now(), now(), now() - n * interval '1 minute', now(), '', 'key', ` + id("1 + n / 4") + `, (ARRAY(SELECT id FROM credential_types ORDER BY id))[1 + n % 4],
			(SELECT id FROM policy_versions LIMIT 1), 'btlc-1' FROM generate_series(0, $1 - 1) n`},
	{"registrations", `(id, create_time, update_time, state, register_date, state_time, section_id, educator_id, role_assignment_id, framework_id)
		SELECT ` + id("n") + `, now() - n * interval '1 minute', now(), 'COMPLETED', '2026-01-05', now(), ` + id("1 + n / 20") + `, ` + id("1 + n * 7919::bigint % ($1 / 4)") + `, ` + id("1 + n / 4") + `, 'btlc-1'
		FROM generate_series(0, $1 - 1) n`},
	{"attendance_entries", `(id, create_time, kind, minutes, late, recorded_by, meeting_id, registration_id)
		SELECT ` + id("n") + `, now(), 'PRESENT', 180, false, 'somebody', ` + id("1 + n / 20") + `, ` + id("n") + ` FROM generate_series(0, $1 - 1) n`},
	{"submissions", `(id, create_time, update_time, attempt, state, submit_time, decide_time, educator_id, assessment_id)
		SELECT ` + id("n") + `, now() - n * interval '1 minute', now(), 1, 'DEMONSTRATED', now(), now(), ` + id("1 + n / 4") + `, (ARRAY(SELECT id FROM performance_assessments ORDER BY id))[1 + n % 4]
		FROM generate_series(0, $1 - 1) n`},
	{"attainments", `(id, create_time, attain_time, educator_id, competency_id, submission_id)
		SELECT ` + id("n") + `, now(), now(), ` + id("1 + n / 4") + `, (ARRAY(SELECT id FROM competencies ORDER BY id))[1 + n % 4], ` + id("n") + ` FROM generate_series(0, $1 - 1) n`},
	{"role_assignments", `(id, create_time, update_time, state, start_date, confirm_time, confirmed_by, reported_by, educator_id, role_id, district_id)
		SELECT ` + id("n") + `, now(), now(), 'CONFIRMED', '2020-09-01', now(), 'somebody', 'somebody', ` + id("n") + `, (SELECT id FROM roles LIMIT 1), 'bps' FROM generate_series(1, $1 / 4) n`},
	{"consents", `(id, create_time, update_time, educator_id, institution_id) SELECT ` + id("n") + `, now(), now(), ` + id("n") + `, 'umass-boston' FROM generate_series(1, $1 / 4) n`},
	{"credit_requests", `(id, create_time, update_time, registration_id, educator_id, institution_id, agreement_id)
		SELECT ` + id("n") + `, now() - n * interval '1 minute', now(), ` + id("n") + `, ` + id("1 + n * 7919::bigint % ($1 / 4)") + `, 'umass-boston', (SELECT id FROM agreements WHERE institution_id = 'umass-boston' LIMIT 1)
		FROM generate_series(1, $1 / 4) n`},
	{"feed_rows", `(commit_time, stream, number, resource, resource_type, kind, version, natural_keys, state)
		SELECT now() - ($1 - n) * interval '1 second', (ARRAY['districts/bps', 'institutions/umass-boston', 'program'])[1 + n % 3], 1000 + n / 3, 'creditRequests/' || n % 1000, 'btlc/CreditRequest',
			CASE n % 7 WHEN 0 THEN 'DELETED' ELSE 'UPDATED' END, 1, '{}', '{}' FROM generate_series(1, $1) n`},
	{"audit_entries", `(time, id, principal, method, action, resource, request_id, subjects)
		SELECT now() - ($1 - n) * interval '1 second', ` + id("n") + `, 'somebody', '/btlc.directory.v1.DirectoryService/GetEducator', 'READ', '', '', ARRAY[` + id("1 + n % ($1 / 4)") + `] FROM generate_series(1, $1) n`},
}

// fillLarge fills the tables and has the planner take them for ten times as many rows. It gives their names, and those of
// their partitions that have any.
func fillLarge(t testing.TB, conn *sql.Conn) map[string]bool {
	t.Helper()
	execute := func(statement string, arguments ...any) {
		t.Helper()
		if _, err := conn.ExecContext(t.Context(), statement, arguments...); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	names := make([]string, len(largeTables))
	for i, large := range largeTables {
		names[i] = large.table
	}
	execute(`SET session_replication_role = replica`) // no keys are looked up in other tables: what they would name is not there
	execute(`SET synchronous_commit = off`)
	execute(`CREATE TEMPORARY VIEW large AS SELECT r.oid, r.relname, r.relkind FROM pg_class r
		WHERE r.oid IN (SELECT p.relid FROM unnest(` + pq.QuoteLiteral("{"+strings.Join(names, ",")+"}") + `::regclass[]) AS t(relid), pg_partition_tree(t.relid) p WHERE p.isleaf
			UNION ALL SELECT unnest(` + pq.QuoteLiteral("{"+strings.Join(names, ",")+"}") + `::regclass[]))`)
	execute(`DO $$ DECLARE name text; BEGIN
		FOR name IN SELECT relname FROM large WHERE relkind = 'r' LOOP
			EXECUTE format('ALTER TABLE %I SET (fillfactor = 10, autovacuum_enabled = false)', name);
		END LOOP;
	END $$`)
	for _, large := range largeTables {
		insert := strings.NewReplacer("$1", fmt.Sprint(loaded), "now()", "timestamptz "+pq.QuoteLiteral(startOfTime.Format(time.RFC3339))).Replace(large.insert)
		execute(`INSERT INTO ` + large.table + ` ` + insert)
	}
	execute(`INSERT INTO feed_streams (stream, newest) VALUES ('institutions/umass-boston', 0) ON CONFLICT DO NOTHING`)
	execute(`UPDATE feed_streams SET newest = 1000 + ` + fmt.Sprint(loaded/3) + `, floor = 1000`)
	execute(`ALTER TABLE registrations ALTER section_id SET (n_distinct = -0.05)`) // else it would be a number, for a tenth of the rows
	execute(`ALTER TABLE attendance_entries ALTER meeting_id SET (n_distinct = -0.05)`)
	execute(`VACUUM ANALYZE`) // as autovacuum would, also for what the index of the audit record has not taken in yet
	execute(`UPDATE pg_class SET reltuples = reltuples * ` + fmt.Sprint(planned/loaded) + ` WHERE reltuples > 0
		AND (oid IN (SELECT oid FROM large) OR oid IN (SELECT indexrelid FROM pg_index WHERE indrelid IN (SELECT oid FROM large)))`)
	checkSizes(t, conn)
	relations := map[string]bool{}
	rows, err := conn.QueryContext(t.Context(), `SELECT relname FROM large JOIN pg_class USING (oid, relname) WHERE reltuples >= `+fmt.Sprint(planned/20))
	must(t, err)
	defer rows.Close()
	for rows.Next() {
		var name string
		must(t, rows.Scan(&name))
		relations[name] = true
	}
	must(t, rows.Err())
	return relations
}

// checkSizes holds the planner to take each table for ten times its rows.
func checkSizes(t testing.TB, conn *sql.Conn) {
	t.Helper()
	for _, large := range largeTables {
		var told string
		var rows float64
		must(t, conn.QueryRowContext(t.Context(), "EXPLAIN (FORMAT json) SELECT FROM "+large.table).Scan(&told))
		must(t, conn.QueryRowContext(t.Context(), "SELECT count(*) FROM "+large.table).Scan(&rows))
		var made []plan
		must(t, json.Unmarshal([]byte(told), &made))
		if want := rows * planned / loaded; made[0].Plan.Rows < 0.95*want || made[0].Plan.Rows > 1.05*want {
			t.Errorf("the planner takes %s for %.0f rows, want %.0f", large.table, made[0].Plan.Rows, want)
		}
	}
}

// plan is a statement that the server made, as PostgreSQL carried it out.
type plan struct {
	Query string   `json:"Query Text"`
	Plan  planNode `json:"Plan"`
}

type planNode struct {
	Type     string     `json:"Node Type"`
	Relation string     `json:"Relation Name"`
	Cost     float64    `json:"Total Cost"`
	Rows     float64    `json:"Plan Rows"`
	Plans    []planNode `json:"Plans"`
}

// scanned are the tables that are read whole.
func (n planNode) scanned() (tables []string) {
	if n.Type == "Seq Scan" {
		tables = append(tables, n.Relation)
	}
	for _, child := range n.Plans {
		tables = append(tables, child.scanned()...)
	}
	return tables
}

// planner watches what the server's connections do.
type planner struct {
	mu    sync.Mutex
	plans []plan
}

// watch has every connection of the pool tell the plan of every statement. mode is that of prepared statements.
func (p *planner) watch(t testing.TB, pool *sql.DB, mode string) {
	t.Helper()
	const connections = 4
	pool.SetMaxOpenConns(connections)
	for range connections {
		conn, err := pool.Conn(t.Context())
		must(t, err)
		defer conn.Close() // all together, so that each is another one
		for _, statement := range []string{
			"SET ROLE NONE", "LOAD 'auto_explain'", "SET auto_explain.log_min_duration = 0", "SET auto_explain.log_level = 'notice'",
			"SET auto_explain.log_format = 'json'", "SET auto_explain.log_timing = off", "SET plan_cache_mode = " + mode, "RESET ROLE",
		} {
			_, err := conn.ExecContext(t.Context(), statement)
			must(t, err)
		}
		must(t, conn.Raw(func(connection any) error {
			pq.SetNoticeHandler(connection.(driver.Conn), p.note)
			return nil
		}))
	}
}

func (p *planner) note(notice *pq.Error) {
	_, text, found := strings.Cut(notice.Message, "plan:\n")
	if !found {
		return
	}
	var made plan
	if err := json.Unmarshal([]byte(text), &made); err != nil {
		made.Query = "unreadable: " + text
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.plans = append(p.plans, made)
}

func (p *planner) take() []plan {
	p.mu.Lock()
	defer p.mu.Unlock()
	taken := p.plans
	p.plans = nil
	return taken
}

// costliest is what no statement of a call may cost: some hundred rows, each by an index. Reading a table of a million rows
// costs 20,000 and more.
const costliest = 2000

// TestPlansAtAMillionRows makes the calls that come most, or that read most, and looks at the plans of all their statements.
func TestPlansAtAMillionRows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	conn, err := w.owner.Conn(t.Context())
	must(t, err)
	_, err = conn.ExecContext(t.Context(), "SET ROLE NONE")
	must(t, err)
	large := fillLarge(t, conn)
	for _, statement := range []string{"RESET ALL", "RESET ROLE"} {
		_, err = conn.ExecContext(t.Context(), statement)
		must(t, err)
	}
	must(t, conn.Close())

	hundred := make([]any, 100)
	for i := range hundred {
		hundred[i] = fmt.Sprintf("M%d", 7*i+1)
	}
	somebody := "educators/00000000-0000-0000-0000-000000000777"
	w.bind(t, "somebody", accesspb.Role_ROLE_EDUCATOR, somebody)
	lookups := []askedFor{
		{as: "districtHr", rpc: "LookupCredentialStatus", request: map[string]any{"parent": "districts/bps", "employeeId": "M7"}},
		{as: "districtHr", rpc: "BatchLookupCredentialStatuses", request: map[string]any{"parent": "districts/bps", "employeeIds": hundred}},
	}
	persons, names := make([]any, 50), make([]any, 50)
	for i := range persons {
		persons[i] = map[string]any{"email": fmt.Sprintf("m%d@example.org", 7*i+1)}
		names[i] = map[string]any{"educator": fmt.Sprintf("educators/00000000-0000-0000-0000-%012x", 7*i+1)}
	}
	calls := append(slices.Clone(lookups), []askedFor{
		{as: "districtHr", rpc: "BatchLookupCredentialStatuses", request: map[string]any{"parent": "districts/bps", "employeeIds": []any{"m7", " M14", "nobody"}}},
		{as: "districtHr", rpc: "BatchLookupCredentialStatuses", request: map[string]any{"parent": "districts/bps", "employeeIds": hundred[:50], "asOf": day(2026, 10, 1), "knownAsOf": day(2026, 11, 20)}},
		{as: "districtHr", rpc: "BatchLookupCredentialStatuses", request: map[string]any{"parent": "districts/bps", "persons": persons}},
		{as: "districtHr", rpc: "BatchLookupCredentialStatuses", request: map[string]any{"parent": "districts/bps", "persons": names}},
		{as: "otherDistrictHr", rpc: "BatchLookupCredentialStatuses", request: map[string]any{"parent": "districts/ncs", "persons": persons}}, // who never worked there
		{as: "districtHr", rpc: "GetCareerFacts", request: map[string]any{"parent": "districts/bps", "person": map[string]any{"email": "m777@example.org"}}},
		{as: "otherDistrictHr", rpc: "ExportCredentialStatuses", request: map[string]any{"parent": "districts/ncs"}}, // a small district among large ones
		{as: "otherDistrictHr", rpc: "ExportEdFiCredentials", request: map[string]any{"parent": "districts/ncs"}},
		{as: "otherDistrictHr", rpc: "GetReconciliationDigest", request: map[string]any{"parent": "districts/ncs"}},
		{as: "staff", rpc: "ListCredentials", pages: true},
		{as: "staff", rpc: "ListCredentials", request: map[string]any{"filter": `educator = "` + somebody + `"`}},
		{as: "somebody", rpc: "ListCredentials"},
		{as: "staff", rpc: "UpdateEducator", request: map[string]any{"updateMask": "emails", "educator": map[string]any{"name": somebody, "emails": []any{map[string]any{"address": "m777@example.org"}}}}},
		{as: "staff", rpc: "ListRegistrations", request: map[string]any{"parent": "sections/-"}, pages: true},
		{as: "staff", rpc: "ListRegistrations", request: map[string]any{"parent": "sections/00000000-0000-0000-0000-000000000777"}},
		{as: "districtHr", rpc: "ListChanges", request: map[string]any{"parent": "districts/bps"}, pages: true},
		{as: "registrar", rpc: "ListChanges", request: map[string]any{"parent": "institutions/umass-boston"}, pages: true},
		{as: "somebody", rpc: "ListSubmissions"},
		{as: "staff", rpc: "ListSubmissions", request: map[string]any{"filter": `educator = "` + somebody + `"`}},
		{as: "staff", rpc: "ListAttainments", request: map[string]any{"parent": somebody}},
		{as: "staff", rpc: "EvaluateEligibility", request: map[string]any{"name": "credentialTypes/using-data-certificate", "educator": somebody}},
		{as: "registrar", rpc: "CheckGraduateCreditEligibility", request: map[string]any{"parent": "institutions/umass-boston", "email": "m777@example.org", "course": "courses/using-data"}},
		{as: "auditor", rpc: "ListAuditEntries", request: map[string]any{"subject": somebody}},
		{as: "auditor", rpc: "ListAuditEntries", pages: true},
	}...)
	for _, c := range calls {
		t.Run(c.rpc+" as "+c.as, func(t *testing.T) { w.checkPlans(t, c, large, "auto") })
	}
	// Prepared statements get a plan for any values after a while.
	for _, c := range lookups {
		t.Run(c.rpc+" for any values", func(t *testing.T) { w.checkPlans(t, c, large, "force_generic_plan") })
	}
}

// askedFor is a call.
type askedFor struct {
	as, rpc string
	request map[string]any
	pages   bool // the second page too
}

// checkPlans makes a call and looks at the plans of all its statements.
func (w *world) checkPlans(t *testing.T, c askedFor, large map[string]bool, mode string) {
	p := &planner{}
	p.watch(t, w.pool, mode)
	request := maps.Clone(c.request)
	if request == nil {
		request = map[string]any{}
	}
	if methodNamed(t, c.rpc).Input().Fields().ByName("page_size") != nil {
		request["pageSize"] = 20
	}
	answer := w.do(t, c.as, c.rpc, request)
	if c.pages {
		page, cursor := text(answer, "nextPageToken"), text(answer, "nextCursor")
		if c.rpc == "ListChanges" {
			request["cursor"] = cursor
		} else {
			request["pageToken"] = page
		}
		w.do(t, c.as, c.rpc, request)
	}
	plans := p.take()
	if len(plans) == 0 {
		t.Fatal("no plan was told")
	}
	for _, made := range plans {
		for _, table := range made.Plan.scanned() {
			if large[table] {
				t.Errorf("reads all of %s:\n%s", table, made.Query)
			}
		}
		if made.Plan.Cost > costliest || made.Plan.Type == "" {
			t.Errorf("costs %.0f:\n%s\n%+v", made.Plan.Cost, made.Query, made.Plan)
		}
	}
}
