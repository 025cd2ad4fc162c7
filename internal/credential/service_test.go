package credential

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/btlc/btlc/ent/educatoremail"
	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/database/databasetest"
	"github.com/btlc/btlc/internal/record/recordtest"
)

func TestMain(m *testing.M) { databasetest.Main(m) }

const usingData = "credentialTypes/using-data-certificate"

func open(t *testing.T) (*recordtest.World, *Service) {
	t.Helper()
	w := recordtest.New(t)
	s, err := New(w.DB, testIssuer(t))
	recordtest.Must(t, err)
	return w, s
}

func do[Q, A proto.Message](t testing.TB, caller *access.Caller, handler recordtest.Handler[Q, A], req Q) (A, error) {
	t.Helper()
	answer, _, err := recordtest.Call(t, pb.File_btlc_credential_v1_service_proto.Services().Get(0), caller, handler, req)
	return answer, err
}

func must[A any](t testing.TB) func(A, error) A {
	return func(answer A, err error) A {
		t.Helper()
		recordtest.Must(t, err)
		return answer
	}
}

func refused(t testing.TB, err error, want api.Reason) {
	t.Helper()
	if got := recordtest.Reason(err); got != want {
		t.Errorf("got %q (%v), want %s", got, err, want)
	}
}

func educatorName(id uuid.UUID) string { return api.Name("btlc/Educator", id) }

func issue(t testing.TB, s *Service, educator uuid.UUID) *pb.Credential {
	t.Helper()
	return must[*pb.IssueCredentialResponse](t)(do(t, recordtest.Staff(), s.IssueCredential, &pb.IssueCredentialRequest{Educator: educatorName(educator), CredentialType: usingData})).Credential
}

func feed(t testing.TB, w *recordtest.World, stream string) []database.FeedRow {
	t.Helper()
	return must[database.FeedPage](t)(w.ReadFeed(t.Context(), stream, 0, 100)).Rows
}

func TestIssue(t *testing.T) {
	w, s := open(t)
	educator, _ := w.Graduate("B1")
	c := issue(t, s, educator)
	if c.Educator != educatorName(educator) || c.CredentialType != usingData || c.Status != pb.CredentialStatus_CREDENTIAL_STATUS_ACTIVE || c.Version != 1 ||
		c.PolicyVersion != "policies/course-certificate/versions/1" || c.Framework != "frameworks/btlc-1" || !c.IssueTime.AsTime().Equal(w.Now()) || c.StatusReason != "ISSUED" {
		t.Errorf("issued %v", c)
	}
	recordtest.Must(t, verify(t, s.store.issuer, c.Document))
	if !strings.Contains(c.Document, `"identityType":"emailAddress"`) || strings.Contains(strings.ToLower(c.Document), "b1@example.org") || strings.Count(c.Document, `"status":"Completed"`) != 4 {
		t.Errorf("document: %s", c.Document)
	}

	published, found, err := s.Published(t.Context(), api.LastWord(c.Name))
	if err != nil || !found || string(published.Document) != c.Document {
		t.Errorf("document by id: %v, %v, %s", err, found, published.Document)
	}
	for _, id := range []string{uuid.NewString(), "nonsense"} {
		if _, found, err := s.Published(t.Context(), id); err != nil || found {
			t.Errorf("document of %s: %v, %v", id, err, found)
		}
	}
	if got := must[*pb.GetCredentialResponse](t)(do(t, recordtest.Staff(), s.GetCredential, &pb.GetCredentialRequest{Name: c.Name})).Credential; !proto.Equal(got, c) {
		t.Errorf("read back %v, want %v", got, c)
	}
	if list := must[*pb.ListCredentialsResponse](t)(do(t, recordtest.Staff(), s.ListCredentials, &pb.ListCredentialsRequest{})).Credentials; len(list) != 1 || list[0].Document != "" || list[0].Name != c.Name {
		t.Errorf("listed %v", list)
	}
	events := must[*pb.ListCredentialEventsResponse](t)(do(t, recordtest.Staff(), s.ListCredentialEvents, &pb.ListCredentialEventsRequest{Parent: c.Name})).CredentialEvents
	if len(events) != 1 || events[0].Version != 1 || events[0].ReasonCode != "ISSUED" || events[0].Authority != "policy course-certificate version 1" || events[0].RecordedBy != recordtest.Staff().Principal {
		t.Errorf("history %v", events)
	}
	for stream, keys := range map[string]map[string]string{"program": {"educator": educatorName(educator)}, "districts/bps": {"employeeId": "B1"}} {
		rows := feed(t, w, stream)
		if len(rows) != 1 || rows[0].Resource != c.Name || rows[0].Version != 1 || rows[0].Kind != "CREATED" || len(rows[0].NaturalKeys) != 1 {
			t.Fatalf("feed of %s: %v", stream, rows)
		}
		for key, value := range keys {
			if rows[0].NaturalKeys[key] != value {
				t.Errorf("feed of %s: keys %v", stream, rows[0].NaturalKeys)
			}
		}
		if state := string(rows[0].State); !strings.Contains(state, `"status": "ACTIVE"`) || !strings.Contains(state, usingData) {
			t.Errorf("feed of %s: state %s", stream, state)
		}
	}

	_, err = do(t, recordtest.Staff(), s.IssueCredential, &pb.IssueCredentialRequest{Educator: educatorName(educator), CredentialType: usingData})
	refused(t, err, api.CredentialHeld)
}

func TestIssueRefusals(t *testing.T) {
	w, s := open(t)
	educator := w.Educator("bps", "B1")
	w.Register(educator, w.Mentor(educator), "using-data", "ENROLLED", "2026-09-02")
	w.Demonstrate(educator, recordtest.UsingData()[:3]...)
	_, err := do(t, recordtest.Staff(), s.IssueCredential, &pb.IssueCredentialRequest{Educator: educatorName(educator), CredentialType: usingData})
	refused(t, err, api.RequirementsUnmet)
	if violations := recordtest.Known(err).Violations; len(violations) != 1 || violations[0].Field != "performance-assessments" || violations[0].Description == "" {
		t.Errorf("violations %v", violations)
	}
	_, err = do(t, recordtest.Staff(), s.IssueCredential, &pb.IssueCredentialRequest{Educator: educatorName(uuid.New()), CredentialType: usingData})
	refused(t, err, api.ReferenceNotFound)
	_, err = do(t, recordtest.Staff(), s.IssueCredential, &pb.IssueCredentialRequest{Educator: educatorName(educator), CredentialType: "credentialTypes/nonsense"})
	refused(t, err, api.ReferenceNotFound)
	for _, caller := range []*access.Caller{recordtest.Caller(accesspb.Role_ROLE_EDUCATOR, educatorName(educator)), recordtest.Caller(accesspb.Role_ROLE_DISTRICT_HR, "districts/bps"), recordtest.Caller(accesspb.Role_ROLE_AUDITOR, "")} {
		_, err = do(t, caller, s.IssueCredential, &pb.IssueCredentialRequest{Educator: educatorName(educator), CredentialType: usingData})
		refused(t, err, api.PermissionDenied)
	}
}

// A trial says what would be, and gives away nothing that is signed.
func TestIssueOnTrial(t *testing.T) {
	w, s := open(t)
	educator, _ := w.Graduate("B1")
	trial := must[*pb.IssueCredentialResponse](t)(do(t, recordtest.Staff(), s.IssueCredential, &pb.IssueCredentialRequest{Educator: educatorName(educator), CredentialType: usingData, ValidateOnly: true})).Credential
	if trial.CredentialType != usingData || trial.Document != "" {
		t.Errorf("trial %v", trial)
	}
	if n := w.Ent().Credential.Query().CountX(t.Context()); n != 0 {
		t.Errorf("%d credentials", n)
	}
}

func TestIssueToSomebodyWithoutAddress(t *testing.T) {
	w, s := open(t)
	educator, _ := w.Graduate("B1")
	recordtest.Must(t, w.Ent().EducatorEmail.Update().Where(educatoremail.EducatorID(educator)).SetVerified(false).Exec(t.Context()))
	if c := issue(t, s, educator); !strings.Contains(c.Document, `"identityType":"identifier"`) {
		t.Errorf("document: %s", c.Document)
	}
}

func TestIssueOnceHoweverManyAsk(t *testing.T) {
	w, s := open(t)
	educator, _ := w.Graduate("B1")
	reasons := make([]api.Reason, 6)
	var clerks sync.WaitGroup
	for i := range reasons {
		clerks.Go(func() {
			_, err := do(t, recordtest.Staff(), s.IssueCredential, &pb.IssueCredentialRequest{Educator: educatorName(educator), CredentialType: usingData})
			reasons[i] = recordtest.Reason(err)
		})
	}
	clerks.Wait()
	slices.Sort(reasons)
	if reasons[0] != "" || reasons[1] != api.CredentialHeld || reasons[5] != api.CredentialHeld {
		t.Errorf("answers %q", reasons)
	}
	if rows := feed(t, w, "program"); len(rows) != 1 {
		t.Errorf("%d changes", len(rows))
	}
}

func TestStatusHasAHistory(t *testing.T) {
	w, s := open(t)
	educator, _ := w.Graduate("B1")
	c := issue(t, s, educator)
	staff := recordtest.Staff()

	suspended := must[*pb.SuspendCredentialResponse](t)(do(t, staff, s.SuspendCredential, &pb.SuspendCredentialRequest{Name: c.Name, ReasonCode: "UNDER_REVIEW", Authority: "Director", Note: "In confidence", Etag: c.Etag})).Credential
	if suspended.Status != pb.CredentialStatus_CREDENTIAL_STATUS_SUSPENDED || suspended.Version != 2 || suspended.StatusReason != "UNDER_REVIEW" || suspended.Document != c.Document {
		t.Errorf("suspended %v", suspended)
	}
	_, err := do(t, staff, s.RevokeCredential, &pb.RevokeCredentialRequest{Name: c.Name, ReasonCode: "WRONG", Authority: "Director", Etag: c.Etag})
	refused(t, err, api.EtagMismatch)
	_, err = do(t, staff, s.SuspendCredential, &pb.SuspendCredentialRequest{Name: c.Name, ReasonCode: "AGAIN", Authority: "Director"})
	refused(t, err, api.StateConflict)
	_, err = do(t, staff, s.IssueCredential, &pb.IssueCredentialRequest{Educator: c.Educator, CredentialType: usingData})
	refused(t, err, api.CredentialHeld)
	must[*pb.ReinstateCredentialResponse](t)(do(t, staff, s.ReinstateCredential, &pb.ReinstateCredentialRequest{Name: c.Name, ReasonCode: "CLEARED", Authority: "Director"}))
	must[*pb.RevokeCredentialResponse](t)(do(t, staff, s.RevokeCredential, &pb.RevokeCredentialRequest{Name: c.Name, ReasonCode: "ISSUED_IN_ERROR", Authority: "Director"}))
	_, err = do(t, staff, s.ReinstateCredential, &pb.ReinstateCredentialRequest{Name: c.Name, ReasonCode: "MERCY", Authority: "Director"})
	refused(t, err, api.StateConflict)
	_, err = do(t, staff, s.RevokeCredential, &pb.RevokeCredentialRequest{Name: "credentials/" + uuid.NewString(), ReasonCode: "WRONG", Authority: "Director"})
	refused(t, err, api.NotFound)
	if again := issue(t, s, educator); again.Name == c.Name { // after revocation there may be another
		t.Error("the same credential again")
	}

	events := must[*pb.ListCredentialEventsResponse](t)(do(t, staff, s.ListCredentialEvents, &pb.ListCredentialEventsRequest{Parent: c.Name})).CredentialEvents
	var reasons []string
	for i, e := range events {
		reasons = append(reasons, e.ReasonCode)
		if e.Version != int32(i+1) {
			t.Errorf("event %d has version %d", i, e.Version)
		}
	}
	if !slices.Equal(reasons, []string{"ISSUED", "UNDER_REVIEW", "CLEARED", "ISSUED_IN_ERROR"}) {
		t.Errorf("history %v", reasons)
	}
	if rows := feed(t, w, "districts/bps"); len(rows) != 5 || rows[3].Version != 4 || rows[3].Kind != "UPDATED" || !strings.Contains(string(rows[3].State), "REVOKED") {
		t.Errorf("feed %v", rows)
	}
}

func TestWhoSeesACredential(t *testing.T) {
	w, s := open(t)
	educator, _ := w.Graduate("B1")
	other, _ := w.Graduate("B2")
	c := issue(t, s, educator)
	issue(t, s, other)
	must[*pb.SuspendCredentialResponse](t)(do(t, recordtest.Staff(), s.SuspendCredential, &pb.SuspendCredentialRequest{Name: c.Name, ReasonCode: "UNDER_REVIEW", Authority: "Director", Note: "In confidence"}))
	self := recordtest.Caller(accesspb.Role_ROLE_EDUCATOR, educatorName(educator))
	stranger := recordtest.Caller(accesspb.Role_ROLE_EDUCATOR, educatorName(other))
	auditor := recordtest.Caller(accesspb.Role_ROLE_AUDITOR, "")

	for _, caller := range []*access.Caller{self, auditor, recordtest.Staff()} {
		must[*pb.GetCredentialResponse](t)(do(t, caller, s.GetCredential, &pb.GetCredentialRequest{Name: c.Name}))
		events := must[*pb.ListCredentialEventsResponse](t)(do(t, caller, s.ListCredentialEvents, &pb.ListCredentialEventsRequest{Parent: c.Name})).CredentialEvents
		event := must[*pb.GetCredentialEventResponse](t)(do(t, caller, s.GetCredentialEvent, &pb.GetCredentialEventRequest{Name: events[1].Name})).CredentialEvent
		for _, e := range []*pb.CredentialEvent{events[1], event} {
			if hidden := caller == auditor; (e.Note == "") != hidden || (e.RecordedBy == "") != hidden {
				t.Errorf("%s sees %v", caller.Principal, e)
			}
		}
	}
	if list := must[*pb.ListCredentialsResponse](t)(do(t, self, s.ListCredentials, &pb.ListCredentialsRequest{})).Credentials; len(list) != 1 || list[0].Name != c.Name {
		t.Errorf("the educator lists %v", list)
	}

	nothing := "credentials/" + uuid.NewString()
	_, unseen := do(t, stranger, s.GetCredential, &pb.GetCredentialRequest{Name: c.Name})
	_, absent := do(t, stranger, s.GetCredential, &pb.GetCredentialRequest{Name: nothing})
	refused(t, unseen, api.NotFound)
	if strings.ReplaceAll(unseen.Error(), c.Name, "") != strings.ReplaceAll(absent.Error(), nothing, "") {
		t.Errorf("%v, but of nothing %v", unseen, absent)
	}
	_, err := do(t, stranger, s.ListCredentialEvents, &pb.ListCredentialEventsRequest{Parent: c.Name})
	refused(t, err, api.NotFound)
	_, err = do(t, recordtest.Caller(accesspb.Role_ROLE_DISTRICT_HR, "districts/bps"), s.GetCredential, &pb.GetCredentialRequest{Name: c.Name})
	refused(t, err, api.PermissionDenied)
}

func TestEligibilityIsExplained(t *testing.T) {
	w, s := open(t)
	educator := w.Educator("bps", "B1")
	w.Register(educator, w.Mentor(educator), "using-data", "ENROLLED", "2026-09-02")
	w.Demonstrate(educator, recordtest.UsingData()[:3]...)
	self := recordtest.Caller(accesspb.Role_ROLE_EDUCATOR, educatorName(educator))
	answer := must[*pb.EvaluateEligibilityResponse](t)(do(t, self, s.EvaluateEligibility, &pb.EvaluateEligibilityRequest{Name: usingData, Educator: educatorName(educator)}))
	if answer.Eligible || answer.PolicyVersion != "policies/course-certificate/versions/1" || len(answer.Outcomes) != 3 {
		t.Fatalf("answer %v", answer)
	}
	last := answer.Outcomes[2]
	if last.Met || last.Message == "" || !answer.Outcomes[0].Met || answer.Outcomes[0].Message != "" || len(last.Facts) != 5 {
		t.Errorf("outcomes %v", answer.Outcomes)
	}
	for _, fact := range last.Facts[1:] {
		if demonstrated := fact.Id != "using-data-assessment-4"; (fact.Value == "demonstrated") != demonstrated || (fact.OccurTime != nil) != demonstrated {
			t.Errorf("fact %v", fact)
		}
	}

	other := w.Educator("bps", "B2")
	_, err := do(t, self, s.EvaluateEligibility, &pb.EvaluateEligibilityRequest{Name: usingData, Educator: educatorName(other)})
	refused(t, err, api.NotFound)
	_, err = do(t, recordtest.Staff(), s.EvaluateEligibility, &pb.EvaluateEligibilityRequest{Name: usingData, Educator: educatorName(uuid.New())})
	refused(t, err, api.NotFound)
	_, err = do(t, recordtest.Staff(), s.EvaluateEligibility, &pb.EvaluateEligibilityRequest{Name: "credentialTypes/nonsense", Educator: educatorName(other)})
	refused(t, err, api.NotFound)
}

func TestCatalogue(t *testing.T) {
	_, s := open(t)
	anybody := &access.Caller{Principal: access.Anonymous}
	types := must[*pb.ListCredentialTypesResponse](t)(do(t, anybody, s.ListCredentialTypes, &pb.ListCredentialTypesRequest{Filter: `course = "courses/using-data"`})).CredentialTypes
	if len(types) != 1 || types[0].Name != usingData || types[0].PolicyVersion != "policies/course-certificate/versions/1" {
		t.Errorf("types %v", types)
	}
	must[*pb.GetCredentialTypeResponse](t)(do(t, anybody, s.GetCredentialType, &pb.GetCredentialTypeRequest{Name: usingData}))
	_, err := do(t, anybody, s.GetCredentialType, &pb.GetCredentialTypeRequest{Name: "credentialTypes/nonsense"})
	refused(t, err, api.NotFound)
	if v := must[*pb.GetPolicyVersionResponse](t)(do(t, anybody, s.GetPolicyVersion, &pb.GetPolicyVersionRequest{Name: "policies/course-certificate/versions/1"})).PolicyVersion; len(v.Requirements) != 3 || v.Requirements[0].UnmetMessage == "" {
		t.Errorf("policy %v", v)
	}
	for _, name := range []string{"policies/course-certificate/versions/2", "policies/course-certificate/versions/01", "policies/course-certificate/versions/one", "policies/nonsense/versions/1"} {
		_, err := do(t, anybody, s.GetPolicyVersion, &pb.GetPolicyVersionRequest{Name: name})
		refused(t, err, api.NotFound)
	}
	for parent, n := range map[string]int{"policies/course-certificate": 1, "policies/-": 6} {
		if got := must[*pb.ListPolicyVersionsResponse](t)(do(t, anybody, s.ListPolicyVersions, &pb.ListPolicyVersionsRequest{Parent: parent})).PolicyVersions; len(got) != n {
			t.Errorf("%s: %v", parent, got)
		}
	}
	_, err = do(t, anybody, s.ListPolicyVersions, &pb.ListPolicyVersionsRequest{Parent: "policies/nonsense"})
	refused(t, err, api.NotFound)
}
