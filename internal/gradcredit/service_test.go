package gradcredit

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/btlc/btlc/ent/educatoremail"
	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	pb "github.com/btlc/btlc/gen/go/btlc/gradcredit/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/database/databasetest"
	"github.com/btlc/btlc/internal/record/recordtest"
)

func TestMain(m *testing.M) { databasetest.Main(m) }

const umass, cambridge = "institutions/umass-boston", "institutions/cambridge-college"

func open(t *testing.T) (*recordtest.World, *Service) {
	t.Helper()
	w := recordtest.New(t)
	return w, New(w.DB, must[*time.Location](t)(time.LoadLocation("America/New_York")))
}

func do[Q, A proto.Message](t testing.TB, caller *access.Caller, handler recordtest.Handler[Q, A], req Q) (A, error) {
	t.Helper()
	answer, _, err := recordtest.Call(t, pb.File_btlc_gradcredit_v1_service_proto.Services().Get(0), caller, handler, req)
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

func self(id uuid.UUID) *access.Caller {
	return recordtest.Caller(accesspb.Role_ROLE_EDUCATOR, api.Name("btlc/Educator", id))
}

func registrar(institution string) *access.Caller {
	return recordtest.Caller(accesspb.Role_ROLE_REGISTRAR, institution)
}

func request(t testing.TB, s *Service, educator uuid.UUID, r recordtest.Registration) *pb.CreditRequest {
	t.Helper()
	return must[*pb.CreateCreditRequestResponse](t)(do(t, self(educator), s.CreateCreditRequest, asking(r, umass))).CreditRequest
}

func asking(r recordtest.Registration, institution string) *pb.CreateCreditRequestRequest {
	return &pb.CreateCreditRequestRequest{CreditRequest: &pb.CreditRequest{Registration: r.Name(), Institution: institution}}
}

func give(t testing.TB, s *Service, educator uuid.UUID) *pb.Consent {
	t.Helper()
	return must[*pb.CreateConsentResponse](t)(do(t, self(educator), s.CreateConsent, consenting(educator, umass))).Consent
}

func consenting(educator uuid.UUID, institution string) *pb.CreateConsentRequest {
	return &pb.CreateConsentRequest{Parent: api.Name("btlc/Educator", educator), Consent: &pb.Consent{Institution: institution}}
}

func revokeConsent(t testing.TB, s *Service, educator uuid.UUID, c *pb.Consent) *pb.Consent {
	t.Helper()
	return must[*pb.RevokeConsentResponse](t)(do(t, self(educator), s.RevokeConsent, &pb.RevokeConsentRequest{Name: c.Name})).Consent
}

func feed(t testing.TB, w *recordtest.World, stream string) []database.FeedRow {
	t.Helper()
	return must[database.FeedPage](t)(w.ReadFeed(t.Context(), stream, 0, 100)).Rows
}

func TestAgreements(t *testing.T) {
	w, s := open(t)
	staff := recordtest.Staff()
	in := &pb.Agreement{Institution: cambridge, Courses: []string{"courses/using-data", "courses/shared-leadership"}, Credits: 3, DegreeEligibility: pb.DegreeEligibility_DEGREE_ELIGIBILITY_UNKNOWN, StartDate: &date.Date{Year: 2026, Month: 1, Day: 1}}
	made := must[*pb.CreateAgreementResponse](t)(do(t, staff, s.CreateAgreement, &pb.CreateAgreementRequest{Agreement: in})).Agreement
	if got := must[*pb.GetAgreementResponse](t)(do(t, registrar(umass), s.GetAgreement, &pb.GetAgreementRequest{Name: made.Name})).Agreement; !proto.Equal(got, made) || !slices.Equal(got.Courses, in.Courses) {
		t.Errorf("got %v, want %v", got, made)
	}
	change := proto.Clone(made).(*pb.Agreement)
	change.Courses, change.Credits, change.EndDate = []string{"courses/using-data"}, 4, &date.Date{Year: 2026, Month: 12, Day: 31}
	changed := must[*pb.UpdateAgreementResponse](t)(do(t, staff, s.UpdateAgreement, &pb.UpdateAgreementRequest{Agreement: change})).Agreement
	if !slices.Equal(changed.Courses, change.Courses) || changed.Credits != 4 || changed.EndDate.GetDay() != 31 {
		t.Errorf("changed %v", changed)
	}
	_, err := do(t, staff, s.UpdateAgreement, &pb.UpdateAgreementRequest{Agreement: change})
	refused(t, err, api.EtagMismatch)
	changed.EndDate = nil
	again := must[*pb.UpdateAgreementResponse](t)(do(t, staff, s.UpdateAgreement, &pb.UpdateAgreementRequest{Agreement: changed, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"end_date"}}})).Agreement
	if again.EndDate != nil || again.Credits != 4 || len(again.Courses) != 1 {
		t.Errorf("changed again %v", again)
	}
	if list := must[*pb.ListAgreementsResponse](t)(do(t, staff, s.ListAgreements, &pb.ListAgreementsRequest{Filter: `institution = "` + cambridge + `"`})).Agreements; len(list) != 1 || !proto.Equal(list[0], again) {
		t.Errorf("listed %v", list)
	}
	if rows := feed(t, w, cambridge); len(rows) != 3 || rows[2].Version != 3 || rows[0].Kind != "CREATED" {
		t.Errorf("feed %v", rows)
	}

	bad := proto.Clone(in).(*pb.Agreement)
	bad.EndDate = &date.Date{Year: 2025, Month: 12, Day: 31}
	_, err = do(t, staff, s.CreateAgreement, &pb.CreateAgreementRequest{Agreement: bad})
	refused(t, err, api.InvalidRequest)
	for _, unknown := range []func(*pb.Agreement){func(a *pb.Agreement) { a.Institution = "institutions/nonsense" }, func(a *pb.Agreement) { a.Courses = []string{"courses/nonsense"} }} {
		bad := proto.Clone(in).(*pb.Agreement)
		unknown(bad)
		_, err = do(t, staff, s.CreateAgreement, &pb.CreateAgreementRequest{Agreement: bad})
		refused(t, err, api.ReferenceNotFound)
	}
	_, err = do(t, registrar(cambridge), s.CreateAgreement, &pb.CreateAgreementRequest{Agreement: in})
	refused(t, err, api.PermissionDenied)
}

func TestRequests(t *testing.T) {
	w, s := open(t)
	educator, registration := w.Graduate("B1")
	stranger, foreign := w.Graduate("B2")

	_, err := do(t, self(educator), s.CreateCreditRequest, asking(foreign, umass))
	refused(t, err, api.NotFound)
	_, err = do(t, self(educator), s.CreateCreditRequest, asking(recordtest.Registration{ID: uuid.New(), Section: registration.Section}, umass))
	refused(t, err, api.NotFound)
	_, err = do(t, self(educator), s.CreateCreditRequest, asking(registration, cambridge))
	refused(t, err, api.AgreementAbsent)
	_, err = do(t, self(educator), s.CreateCreditRequest, asking(registration, "institutions/nonsense"))
	refused(t, err, api.AgreementAbsent)

	r := request(t, s, educator, registration)
	if r.State != pb.CreditRequestState_CREDIT_REQUEST_STATE_REQUESTED || r.Educator != api.Name("btlc/Educator", educator) || r.Registration != registration.Name() || r.Agreement == "" {
		t.Errorf("made %v", r)
	}
	_, err = do(t, self(educator), s.CreateCreditRequest, asking(registration, umass))
	refused(t, err, api.AlreadyExists)
	_, err = do(t, self(stranger), s.WithdrawCreditRequest, &pb.WithdrawCreditRequestRequest{Name: r.Name})
	refused(t, err, api.NotFound)
	_, err = do(t, self(educator), s.WithdrawCreditRequest, &pb.WithdrawCreditRequestRequest{Name: r.Name, Etag: "v7"})
	refused(t, err, api.EtagMismatch)
	withdrawn := must[*pb.WithdrawCreditRequestResponse](t)(do(t, self(educator), s.WithdrawCreditRequest, &pb.WithdrawCreditRequestRequest{Name: r.Name, Etag: r.Etag})).CreditRequest
	if withdrawn.State != pb.CreditRequestState_CREDIT_REQUEST_STATE_WITHDRAWN {
		t.Errorf("withdrawn %v", withdrawn)
	}
	_, err = do(t, self(educator), s.WithdrawCreditRequest, &pb.WithdrawCreditRequestRequest{Name: r.Name})
	refused(t, err, api.StateConflict)
	request(t, s, educator, registration) // asking again is another request
}

// What is found, posted and asked for of a registration, in each state that it may come into.
func TestCreditByTheStateOfTheRegistration(t *testing.T) {
	w, s := open(t)
	for state, may := range everyRegistration {
		number := "B-" + strings.ToLower(state)
		refusedUnless := func(ok bool, err error, want api.Reason) {
			t.Helper()
			if ok {
				want = ""
			}
			if got := recordtest.Reason(err); got != want {
				t.Errorf("%s: got %q (%v), want %q", state, got, err, want)
			}
		}
		educator, registration := w.Graduate(number)
		asked := request(t, s, educator, registration)
		give(t, s, educator)
		come := w.Ent().Registration.UpdateOneID(registration.ID).SetState(state)
		if state == "OFFERED" {
			come.SetOfferExpireTime(recordtest.Start.AddDate(0, 0, 1))
		}
		recordtest.Must(t, come.Exec(t.Context()))
		_, err := do(t, registrar(umass), s.CheckGraduateCreditEligibility, check(number+"@example.org"))
		refusedUnless(may.requested, err, api.NotFound)
		_, err = do(t, registrar(umass), s.CreateCreditPosting, postingOf(umass, asked.Name))
		refusedUnless(may.posted, err, api.StateConflict)
		must[*pb.WithdrawCreditRequestResponse](t)(do(t, self(educator), s.WithdrawCreditRequest, &pb.WithdrawCreditRequestRequest{Name: asked.Name}))
		_, err = do(t, self(educator), s.CreateCreditRequest, asking(registration, umass))
		refusedUnless(may.requested, err, api.StateConflict)
	}
}

func TestARequestOnceHoweverManyAsk(t *testing.T) {
	w, s := open(t)
	educator, registration := w.Graduate("B1")
	reasons := make([]api.Reason, 5)
	var clicks sync.WaitGroup
	for i := range reasons {
		clicks.Go(func() {
			_, err := do(t, self(educator), s.CreateCreditRequest, asking(registration, umass))
			reasons[i] = recordtest.Reason(err)
		})
	}
	clicks.Wait()
	slices.Sort(reasons)
	if reasons[0] != "" || reasons[1] != api.AlreadyExists || reasons[4] != api.AlreadyExists {
		t.Errorf("answers %q", reasons)
	}
}

// An institution sees the requests made to it, of those who consent, while they do.
func TestAnInstitutionSeesByConsent(t *testing.T) {
	w, s := open(t)
	educator, registration := w.Graduate("B1")
	r := request(t, s, educator, registration)
	sees := func(caller *access.Caller, want bool) {
		t.Helper()
		_, err := do(t, caller, s.GetCreditRequest, &pb.GetCreditRequestRequest{Name: r.Name})
		list := must[*pb.ListCreditRequestsResponse](t)(do(t, caller, s.ListCreditRequests, &pb.ListCreditRequestsRequest{})).CreditRequests
		if (err == nil) != want || (len(list) == 1) != want || !want && recordtest.Reason(err) != api.NotFound {
			t.Errorf("%s: got %v and a list of %d, want it seen: %v", caller.Grants[0].Scope, err, len(list), want)
		}
	}
	other, _ := w.Graduate("B2")
	sees(registrar(umass), false)
	c := give(t, s, educator)
	sees(registrar(umass), true)
	sees(registrar(cambridge), false)
	sees(self(educator), true)
	sees(self(other), false)
	sees(recordtest.Staff(), true)
	revokeConsent(t, s, educator, c)
	sees(registrar(umass), false)
	sees(self(educator), true)
}

func TestConsents(t *testing.T) {
	w, s := open(t)
	educator, _ := w.Graduate("B1")
	other, _ := w.Graduate("B2")
	parent := api.Name("btlc/Educator", educator)
	for caller, want := range map[*access.Caller]api.Reason{self(other): api.NotFound, recordtest.Staff(): api.PermissionDenied, registrar(umass): api.PermissionDenied} {
		_, err := do(t, caller, s.CreateConsent, consenting(educator, umass))
		refused(t, err, want)
	}
	c := give(t, s, educator)
	_, err := do(t, self(educator), s.CreateConsent, consenting(educator, umass))
	refused(t, err, api.AlreadyExists)
	_, err = do(t, self(educator), s.CreateConsent, consenting(educator, "institutions/nonsense"))
	refused(t, err, api.ReferenceNotFound)
	_, err = do(t, self(educator), s.RevokeConsent, &pb.RevokeConsentRequest{Name: c.Name, Etag: "v9"})
	refused(t, err, api.EtagMismatch)
	_, err = do(t, self(other), s.RevokeConsent, &pb.RevokeConsentRequest{Name: c.Name})
	refused(t, err, api.NotFound)
	_, err = do(t, self(educator), s.RevokeConsent, &pb.RevokeConsentRequest{Name: parent + "/consents/" + uuid.NewString()})
	refused(t, err, api.NotFound)
	if revoked := revokeConsent(t, s, educator, c); revoked.RevokeTime == nil {
		t.Errorf("revoked %v", revoked)
	}
	_, err = do(t, self(educator), s.RevokeConsent, &pb.RevokeConsentRequest{Name: c.Name})
	refused(t, err, api.StateConflict)
	again := give(t, s, educator)

	for _, caller := range []*access.Caller{self(educator), recordtest.Staff(), recordtest.Caller(accesspb.Role_ROLE_AUDITOR, "")} {
		list := must[*pb.ListConsentsResponse](t)(do(t, caller, s.ListConsents, &pb.ListConsentsRequest{Parent: parent})).Consents
		if len(list) != 2 || list[0].RevokeTime == nil || list[1].Name != again.Name {
			t.Errorf("listed %v", list)
		}
		must[*pb.GetConsentResponse](t)(do(t, caller, s.GetConsent, &pb.GetConsentRequest{Name: c.Name}))
	}
	for _, lookup := range []*pb.ListConsentsRequest{{Parent: parent}, {Parent: api.Name("btlc/Educator", uuid.New())}} {
		_, err := do(t, self(other), s.ListConsents, lookup)
		refused(t, err, api.NotFound)
	}
	_, err = do(t, recordtest.Staff(), s.ListConsents, &pb.ListConsentsRequest{Parent: api.Name("btlc/Educator", uuid.New())})
	refused(t, err, api.NotFound)
	_, err = do(t, self(other), s.GetConsent, &pb.GetConsentRequest{Name: c.Name})
	refused(t, err, api.NotFound)
}

// What an institution is told of a request rises in version through consent, revocation and consent again, and ends in
// what it may see now.
func TestTheInstitutionsFeedFollowsConsent(t *testing.T) {
	w, s := open(t)
	educator, registration := w.Graduate("B1")
	r := request(t, s, educator, registration)
	if rows := feed(t, w, umass); len(rows) != 0 {
		t.Errorf("feed before consent: %v", rows)
	}
	c := give(t, s, educator)
	revokeConsent(t, s, educator, c)
	give(t, s, educator)
	must[*pb.WithdrawCreditRequestResponse](t)(do(t, self(educator), s.WithdrawCreditRequest, &pb.WithdrawCreditRequestRequest{Name: r.Name}))

	var kinds []string
	last := int32(0)
	for _, row := range feed(t, w, umass) {
		if row.Resource != r.Name {
			continue
		}
		kinds = append(kinds, row.Kind)
		if row.Version <= last || row.NaturalKeys["educator"] != r.Educator || (string(row.State) == "{}") != (row.Kind == "DELETED") {
			t.Errorf("row %v %s after version %d", row, row.State, last)
		}
		last = row.Version
	}
	if !slices.Equal(kinds, []string{"CREATED", "DELETED", "CREATED", "UPDATED"}) {
		t.Errorf("changes %v", kinds)
	}
	for _, stream := range []string{"program", "districts/bps"} {
		for _, row := range feed(t, w, stream) {
			if row.Kind == "DELETED" || strings.Contains(string(row.State)+row.Resource, "example.org") {
				t.Errorf("%s is told %v", stream, row)
			}
		}
	}
}

func check(email string) *pb.CheckGraduateCreditEligibilityRequest {
	return &pb.CheckGraduateCreditEligibilityRequest{Parent: umass, Email: email, Course: "courses/using-data"}
}

func TestEligibility(t *testing.T) {
	w, s := open(t)
	educator, registration := w.Graduate("B1")
	r := request(t, s, educator, registration)
	give(t, s, educator)
	for meeting := range 11 {
		w.Attend(registration, meeting+1, 190)
	}
	service := pb.File_btlc_gradcredit_v1_service_proto.Services().Get(0)
	answer, call, err := recordtest.Call(t, service, registrar(umass), s.CheckGraduateCreditEligibility, check("b1@EXAMPLE.org"))
	recordtest.Must(t, err)
	if answer.Eligible || answer.CreditRequest != r.Name || answer.Credits != 3 || answer.DegreeEligibility != pb.DegreeEligibility_DEGREE_ELIGIBILITY_UNKNOWN || len(answer.Outcomes) != 4 {
		t.Fatalf("answer %v", answer)
	}
	if hours := answer.Outcomes[3]; hours.Met || hours.Message == "" || len(hours.Facts) != 1 || hours.Facts[0].Value != "2090 minutes" || !answer.Outcomes[0].Met || !answer.Outcomes[1].Met || !answer.Outcomes[2].Met {
		t.Errorf("outcomes %v", answer.Outcomes)
	}
	if !slices.Equal(call.Seen(), []uuid.UUID{educator}) {
		t.Errorf("seen %v", call.Seen())
	}
	w.Attend(registration, 12, 70)
	if answer := must[*pb.CheckGraduateCreditEligibilityResponse](t)(do(t, registrar(umass), s.CheckGraduateCreditEligibility, check("b1@example.org"))); !answer.Eligible {
		t.Errorf("answer %v", answer)
	}
	_, err = do(t, registrar(cambridge), s.CheckGraduateCreditEligibility, check("b1@example.org"))
	refused(t, err, api.NotFound)
}

// Nobody, no request, no consent: the institution cannot tell which.
func TestEligibilityOfWhomTheInstitutionMayNotSee(t *testing.T) {
	w, s := open(t)
	_, nobody := do(t, registrar(umass), s.CheckGraduateCreditEligibility, check("nobody@example.org"))
	refused(t, nobody, api.NotFound)
	same := func(name, email string) {
		t.Helper()
		_, err := do(t, registrar(umass), s.CheckGraduateCreditEligibility, check(email))
		if err == nil || !proto.Equal(recordtest.Known(err).GRPCStatus().Proto(), recordtest.Known(nobody).GRPCStatus().Proto()) {
			t.Errorf("%s: %v, of nobody: %v", name, err, nobody)
		}
	}
	w.Graduate("B1")
	same("neither request nor consent", "b1@example.org")

	educator, registration := w.Graduate("B2")
	r := request(t, s, educator, registration)
	same("no consent", "b2@example.org")
	c := give(t, s, educator)
	must[*pb.CheckGraduateCreditEligibilityResponse](t)(do(t, registrar(umass), s.CheckGraduateCreditEligibility, check("b2@example.org")))
	revokeConsent(t, s, educator, c)
	same("consent taken back", "b2@example.org")
	give(t, s, educator)
	must[*pb.WithdrawCreditRequestResponse](t)(do(t, self(educator), s.WithdrawCreditRequest, &pb.WithdrawCreditRequestRequest{Name: r.Name}))
	same("request withdrawn", "b2@example.org")

	unrequested, _ := w.Graduate("B3")
	give(t, s, unrequested)
	same("no request", "b3@example.org")

	educator, registration = w.Graduate("B4")
	request(t, s, educator, registration)
	give(t, s, educator)
	recordtest.Must(t, w.Ent().EducatorEmail.Update().Where(educatoremail.EducatorID(educator)).SetVerified(false).Exec(t.Context()))
	same("address not verified", "b4@example.org")
}
