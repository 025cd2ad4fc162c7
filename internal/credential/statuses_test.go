package credential

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/protobuf/proto"

	"github.com/btlc/btlc/ent/employment"
	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/record/recordtest"
)

func hr(district string) *access.Caller {
	return recordtest.Caller(accesspb.Role_ROLE_DISTRICT_HR, "districts/"+district)
}

func ask(district, number string) *pb.LookupCredentialStatusRequest {
	return &pb.LookupCredentialStatusRequest{Parent: "districts/" + district, EmployeeId: number}
}

func TestLookup(t *testing.T) {
	w, s := open(t)
	educator, _ := w.Graduate("B1")
	w.Educator("bps", "B2")
	c := issue(t, s, educator)
	revoked := must[*pb.RevokeCredentialResponse](t)(do(t, recordtest.Staff(), s.RevokeCredential, &pb.RevokeCredentialRequest{Name: c.Name, ReasonCode: "WRONG", Authority: "Director"})).Credential
	w.Travel(recordtest.Start.Add(time.Hour))
	second := issue(t, s, educator)

	service := pb.File_btlc_credential_v1_service_proto.Services().Get(0)
	answer, call, err := recordtest.Call(t, service, hr("bps"), s.LookupCredentialStatus, ask("bps", "B1"))
	recordtest.Must(t, err)
	want := &pb.LookupCredentialStatusResponse{Statuses: []*pb.CredentialStatusRecord{statusRecord(revoked), statusRecord(second)}}
	if !proto.Equal(answer, want) {
		t.Errorf("got %v, want %v", answer, want)
	}
	if !slices.Equal(call.Seen(), []uuid.UUID{educator}) {
		t.Errorf("seen %v", call.Seen())
	}
	if answer := must[*pb.LookupCredentialStatusResponse](t)(do(t, hr("bps"), s.LookupCredentialStatus, ask("bps", "B2"))); len(answer.Statuses) != 0 {
		t.Errorf("statuses %v of somebody without credentials", answer.Statuses)
	}
	_, err = do(t, hr("ncs"), s.LookupCredentialStatus, ask("bps", "B1"))
	refused(t, err, api.NotFound)
}

func statusRecord(c *pb.Credential) *pb.CredentialStatusRecord {
	return &pb.CredentialStatusRecord{
		Credential: c.Name, CredentialType: c.CredentialType, Status: c.Status, IssueTime: c.IssueTime, StatusTime: c.StatusTime, Version: c.Version,
	}
}

// Of those who are gone a district learns when, and nothing else; of those who are to come nothing, by its own calendar.
func TestLookupIsOfTodaysPeople(t *testing.T) {
	w, s := open(t)
	educator, _ := w.Graduate("B1")
	issue(t, s, educator)
	_, unknown := do(t, hr("bps"), s.LookupCredentialStatus, ask("bps", "nobody"))
	refused(t, unknown, api.NotFound)
	recordtest.Must(t, w.Ent().Employment.Update().Where(employment.EducatorID(educator)).SetEndDate(recordtest.Day("2026-11-20")).Exec(t.Context()))
	w.Travel(time.Date(2026, 11, 21, 4, 59, 0, 0, time.UTC)) // still the 20th in Boston
	if answer := must[*pb.LookupCredentialStatusResponse](t)(do(t, hr("bps"), s.LookupCredentialStatus, ask("bps", "B1"))); len(answer.Statuses) != 1 || answer.MovedDate != nil {
		t.Errorf("on the last day: %v", answer)
	}
	w.Travel(time.Date(2026, 11, 21, 5, 0, 0, 0, time.UTC))
	gone := &pb.LookupCredentialStatusResponse{MovedDate: &date.Date{Year: 2026, Month: 11, Day: 20}}
	if answer := must[*pb.LookupCredentialStatusResponse](t)(do(t, hr("bps"), s.LookupCredentialStatus, ask("bps", "B1"))); !proto.Equal(answer, gone) {
		t.Errorf("after the last day: %v", answer)
	}
	// Of several stretches the last one tells, and one that is to come does not.
	for _, stretch := range [][2]string{{"2012-09-01", "2014-06-30"}, {"2026-12-01", "2026-12-31"}} {
		recordtest.Must(t, w.Ent().Employment.Create().SetEducatorID(educator).SetDistrictID("bps").SetStartDate(recordtest.Day(stretch[0])).SetEndDate(recordtest.Day(stretch[1])).Exec(t.Context()))
	}
	if answer := must[*pb.LookupCredentialStatusResponse](t)(do(t, hr("bps"), s.LookupCredentialStatus, ask("bps", "B1"))); !proto.Equal(answer, gone) {
		t.Errorf("with other stretches: %v", answer)
	}

	// The new district knows them under another number, from the first day on.
	recordtest.Must(t, w.Ent().ExternalID.Create().SetEducatorID(educator).SetKind("EMPLOYEE_ID").SetDistrictID("ncs").SetValue("B1").Exec(t.Context()))
	recordtest.Must(t, w.Ent().Employment.Create().SetEducatorID(educator).SetDistrictID("ncs").SetStartDate(recordtest.Day("2026-11-22")).Exec(t.Context()))
	_, nobody := do(t, hr("ncs"), s.LookupCredentialStatus, ask("ncs", "nobody"))
	_, early := do(t, hr("ncs"), s.LookupCredentialStatus, ask("ncs", "B1"))
	refused(t, early, api.NotFound)
	if a, b := must[[]byte](t)(json.Marshal(early)), must[[]byte](t)(json.Marshal(nobody)); string(a) != string(b) {
		t.Errorf("of somebody who is to come: %s, of nobody: %s", a, b)
	}
	w.Travel(time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC))
	if answer := must[*pb.LookupCredentialStatusResponse](t)(do(t, hr("ncs"), s.LookupCredentialStatus, ask("ncs", "B1"))); len(answer.Statuses) != 1 {
		t.Errorf("statuses %v", answer.Statuses)
	}
}

func TestBatchLookup(t *testing.T) {
	w, s := open(t)
	first, _ := w.Graduate("B1")
	second, _ := w.Graduate("B2")
	w.Educator("ncs", "N1")
	one, two := issue(t, s, first), issue(t, s, second)
	asked := []string{"B2", "nobody", "B1", "N1", "B2"}
	answer, call, err := recordtest.Call(t, pb.File_btlc_credential_v1_service_proto.Services().Get(0), hr("bps"), s.BatchLookupCredentialStatuses,
		&pb.BatchLookupCredentialStatusesRequest{Parent: "districts/bps", EmployeeIds: asked})
	recordtest.Must(t, err)
	found := func(id string, c *pb.Credential) *pb.CredentialStatusResult {
		return &pb.CredentialStatusResult{EmployeeId: id, Found: true, Outcome: pb.LookupOutcome_LOOKUP_OUTCOME_FOUND, Statuses: []*pb.CredentialStatusRecord{statusRecord(c)}}
	}
	missing := func(id string) *pb.CredentialStatusResult {
		return &pb.CredentialStatusResult{EmployeeId: id, Outcome: pb.LookupOutcome_LOOKUP_OUTCOME_NOT_FOUND}
	}
	want := &pb.BatchLookupCredentialStatusesResponse{Results: []*pb.CredentialStatusResult{
		found("B2", two), missing("nobody"), found("B1", one), missing("N1"), found("B2", two),
	}}
	if !proto.Equal(answer, want) {
		t.Errorf("got %v, want %v", answer, want)
	}
	if seen := call.Seen(); len(seen) != 2 || !slices.Contains(seen, first) || !slices.Contains(seen, second) {
		t.Errorf("seen %v", seen)
	}
}

// many fills the tables with the people of a large district: with too few, reading all of a table is the better plan.
func many(t testing.TB, w *recordtest.World, people int) {
	t.Helper()
	for _, statement := range []string{
		`INSERT INTO educators (id, create_time, update_time, given_name, family_name)
			SELECT md5('e' || n)::uuid, now(), now(), 'Given', 'Family' FROM generate_series(1, $1::int) n`,
		`INSERT INTO external_ids (id, create_time, kind, value, educator_id, district_id)
			SELECT md5('x' || n)::uuid, now(), 'EMPLOYEE_ID', 'M' || n, md5('e' || n)::uuid, 'bps' FROM generate_series(1, $1::int) n`,
		`INSERT INTO employments (id, create_time, update_time, title, start_date, educator_id, district_id)
			SELECT md5('m' || n)::uuid, now(), now(), '', '2020-09-01', md5('e' || n)::uuid, 'bps' FROM generate_series(1, $1::int) n`,
		`INSERT INTO credentials (id, create_time, update_time, status, issue_time, status_time, document, key_id, educator_id, credential_type_id, policy_version_id, framework_id)
			SELECT md5('c' || n)::uuid, now(), now(), 'ACTIVE', now(), now(), repeat('x', 2000), 'key', md5('e' || n)::uuid, 'using-data-certificate', v.id, 'btlc-1'
			FROM generate_series(1, $1::int) n, policy_versions v WHERE v.policy = 'course-certificate'`,
	} {
		_, err := w.SQL().ExecContext(t.Context(), statement, people)
		recordtest.Must(t, err)
	}
	_, err := w.SQL().ExecContext(t.Context(), `ANALYZE`)
	recordtest.Must(t, err)
}

func BenchmarkLookup(b *testing.B) {
	w := recordtest.New(b)
	s, err := New(w.DB, testIssuer(b))
	recordtest.Must(b, err)
	many(b, w, 20_000)
	ctx, i := b.Context(), 0
	b.ReportAllocs()
	for b.Loop() {
		i = i*7919%20_000 + 1
		if found, err := s.store.lookup(ctx, "bps", []string{fmt.Sprintf("M%d", i)}); err != nil || len(found) != 1 {
			b.Fatal(err, found)
		}
	}
}

func BenchmarkLookupMany(b *testing.B) {
	w := recordtest.New(b)
	s, err := New(w.DB, testIssuer(b))
	recordtest.Must(b, err)
	many(b, w, 20_000)
	asked := make([]string, 100)
	for i := range asked {
		asked[i] = fmt.Sprintf("M%d", 7*i+1)
	}
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if found, err := s.store.lookup(ctx, "bps", asked); err != nil || len(found) != len(asked) {
			b.Fatal(err, len(found))
		}
	}
}
