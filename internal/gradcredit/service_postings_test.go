package gradcredit

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/protobuf/proto"

	"github.com/btlc/btlc/ent/creditposting"
	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	pb "github.com/btlc/btlc/gen/go/btlc/gradcredit/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/record/recordtest"
)

func postingOf(institution, request string) *pb.CreateCreditPostingRequest {
	return &pb.CreateCreditPostingRequest{Parent: institution, CreditPosting: &pb.CreditPosting{CreditRequest: request, PostDate: &date.Date{Year: 2026, Month: 11, Day: 19}}}
}

func post(t testing.TB, s *Service, as *access.Caller, request string) *pb.CreditPosting {
	t.Helper()
	return must[*pb.CreateCreditPostingResponse](t)(do(t, as, s.CreateCreditPosting, postingOf(umass, request))).CreditPosting
}

func withdraw(t testing.TB, s *Service, educator uuid.UUID, r *pb.CreditRequest) {
	t.Helper()
	must[*pb.WithdrawCreditRequestResponse](t)(do(t, self(educator), s.WithdrawCreditRequest, &pb.WithdrawCreditRequestRequest{Name: r.Name}))
}

// asksAndConsents makes a graduate who asks for credit and consents that the institution sees it.
func asksAndConsents(t testing.TB, w *recordtest.World, s *Service, number string) (educator uuid.UUID, r *pb.CreditRequest, c *pb.Consent) {
	t.Helper()
	educator, registration := w.Graduate(number)
	return educator, request(t, s, educator, registration), give(t, s, educator)
}

func TestPostings(t *testing.T) {
	w, s := open(t)
	educator, r, _ := asksAndConsents(t, w, s, "B1")
	p := post(t, s, registrar(umass), r.Name)
	if p.CreditRequest != r.Name || p.Educator != r.Educator || p.Course != "courses/using-data" || p.Credits != 3 || p.PostDate.GetDay() != 19 ||
		p.State != pb.CreditPostingState_CREDIT_POSTING_STATE_POSTED || !strings.HasPrefix(p.Name, umass+"/creditPostings/") {
		t.Errorf("made %v", p)
	}
	_, err := do(t, registrar(umass), s.CreateCreditPosting, postingOf(umass, r.Name))
	refused(t, err, api.CreditPosted)
	_, err = do(t, recordtest.Staff(), s.CreateCreditPosting, postingOf(umass, r.Name))
	refused(t, err, api.CreditPosted)

	retract := &pb.RetractCreditPostingRequest{Name: p.Name, Reason: "Posted for somebody else."}
	_, err = do(t, self(educator), s.RetractCreditPosting, retract)
	refused(t, err, api.PermissionDenied)
	_, err = do(t, registrar(cambridge), s.RetractCreditPosting, retract)
	refused(t, err, api.NotFound)
	_, err = do(t, registrar(umass), s.RetractCreditPosting, &pb.RetractCreditPostingRequest{Name: p.Name, Etag: "v9", Reason: "x"})
	refused(t, err, api.EtagMismatch)
	retracted := must[*pb.RetractCreditPostingResponse](t)(do(t, registrar(umass), s.RetractCreditPosting, retract)).CreditPosting
	if retracted.State != pb.CreditPostingState_CREDIT_POSTING_STATE_RETRACTED || retracted.Reason != retract.Reason || retracted.Etag != "v2" || retracted.Credits != 3 {
		t.Errorf("retracted %v", retracted)
	}
	_, err = do(t, recordtest.Staff(), s.RetractCreditPosting, retract)
	refused(t, err, api.StateConflict)
	fewer := postingOf(umass, r.Name)
	fewer.CreditPosting.Credits = 2
	again := must[*pb.CreateCreditPostingResponse](t)(do(t, registrar(umass), s.CreateCreditPosting, fewer)).CreditPosting
	if again.Credits != 2 || again.Name == p.Name {
		t.Errorf("posted again %v", again)
	}
	list := must[*pb.ListCreditPostingsResponse](t)(do(t, self(educator), s.ListCreditPostings, &pb.ListCreditPostingsRequest{Parent: "institutions/-", OrderBy: "create_time"})).CreditPostings
	if len(list) != 2 || !proto.Equal(list[0], retracted) || !proto.Equal(list[1], again) {
		t.Errorf("listed %v", list)
	}
}

func TestPostingsThatDoNotFit(t *testing.T) {
	w, s := open(t)
	_, r, _ := asksAndConsents(t, w, s, "B1")
	for name, c := range map[string]struct {
		change func(*pb.CreateCreditPostingRequest)
		as     *access.Caller
		want   api.Reason
	}{
		"more than agreed": {func(q *pb.CreateCreditPostingRequest) { q.CreditPosting.Credits = 4 }, registrar(umass), api.InvalidRequest},
		"tomorrow":         {func(q *pb.CreateCreditPostingRequest) { q.CreditPosting.PostDate.Day = 21 }, registrar(umass), api.InvalidRequest},
		"before the registration": {func(q *pb.CreateCreditPostingRequest) {
			q.CreditPosting.PostDate = &date.Date{Year: 2026, Month: 9, Day: 1}
		}, registrar(umass), api.StateConflict},
		"no day": {func(q *pb.CreateCreditPostingRequest) {
			q.CreditPosting.PostDate = &date.Date{Year: 2026, Month: 2, Day: 30}
		}, registrar(umass), api.InvalidRequest},
		"no request":                  {func(q *pb.CreateCreditPostingRequest) { q.CreditPosting.CreditRequest = "" }, registrar(umass), api.InvalidRequest},
		"for another institution":     {func(q *pb.CreateCreditPostingRequest) { q.Parent = cambridge }, registrar(umass), api.NotFound},
		"of a request to another":     {func(q *pb.CreateCreditPostingRequest) { q.Parent = cambridge }, registrar(cambridge), api.NotFound},
		"by staff for another's":      {func(q *pb.CreateCreditPostingRequest) { q.Parent = cambridge }, recordtest.Staff(), api.NotFound},
		"by a district":               {func(*pb.CreateCreditPostingRequest) {}, recordtest.Caller(accesspb.Role_ROLE_DISTRICT_HR, "districts/bps"), api.PermissionDenied},
		"by an auditor":               {func(*pb.CreateCreditPostingRequest) {}, recordtest.Caller(accesspb.Role_ROLE_AUDITOR, ""), api.PermissionDenied},
		"and it would do (dry)":       {func(q *pb.CreateCreditPostingRequest) { q.ValidateOnly = true }, registrar(umass), ""},
		"and it would do today (dry)": {func(q *pb.CreateCreditPostingRequest) { q.ValidateOnly, q.CreditPosting.PostDate.Day = true, 20 }, registrar(umass), ""},
	} {
		q := postingOf(umass, r.Name)
		c.change(q)
		if _, err := do(t, c.as, s.CreateCreditPosting, q); recordtest.Reason(err) != c.want {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
	// In UTC it is tomorrow already.
	w.Travel(time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC))
	ahead := postingOf(umass, r.Name)
	ahead.CreditPosting.PostDate.Day = 21
	_, err := do(t, registrar(umass), s.CreateCreditPosting, ahead)
	refused(t, err, api.InvalidRequest)
	if n := w.Ent().CreditPosting.Query().CountX(t.Context()); n != 0 {
		t.Errorf("%d postings were written", n)
	}
}

// No request, no consent, a request that was made to another: the institution cannot tell which, whatever else is wrong.
func TestPostingForWhomTheInstitutionMayNotSee(t *testing.T) {
	w, s := open(t)
	hidden := map[string]string{}
	educator, registration := w.Graduate("B1")
	hidden["no consent"] = request(t, s, educator, registration).Name
	educator, r, c := asksAndConsents(t, w, s, "B2")
	revokeConsent(t, s, educator, c)
	hidden["consent taken back"] = r.Name
	educator, registration = w.Graduate("B3")
	withdrawn := request(t, s, educator, registration)
	withdraw(t, s, educator, withdrawn)
	hidden["withdrawn, no consent"] = withdrawn.Name
	educator, registration = w.Graduate("B4")
	posted := request(t, s, educator, registration)
	post(t, s, recordtest.Staff(), posted.Name)
	hidden["posted by a transcript, no consent"] = posted.Name

	for what, change := range map[string]func(*pb.CreditPosting){
		"right": func(*pb.CreditPosting) {}, "too many credits": func(p *pb.CreditPosting) { p.Credits = 30 },
		"too early": func(p *pb.CreditPosting) { p.PostDate = &date.Date{Year: 2000, Month: 1, Day: 1} },
		"ahead":     func(p *pb.CreditPosting) { p.PostDate = &date.Date{Year: 2030, Month: 1, Day: 1} },
	} {
		ask := func(name string) string {
			q := postingOf(umass, name)
			change(q.CreditPosting)
			_, err := do(t, registrar(umass), s.CreateCreditPosting, q)
			if err == nil {
				t.Fatalf("%s: posted", what)
			}
			body, marshalled := proto.MarshalOptions{Deterministic: true}.Marshal(recordtest.Known(err).GRPCStatus().Proto())
			recordtest.Must(t, marshalled)
			return strings.ReplaceAll(string(body), name, "…")
		}
		nothing := ask(api.Name("btlc/CreditRequest", uuid.New()))
		for why, name := range hidden {
			if got := ask(name); got != nothing {
				t.Errorf("%s, %s: %q, of none %q", why, what, got, nothing)
			}
		}
	}
}

func TestPostingForAWithdrawnRequest(t *testing.T) {
	w, s := open(t)
	educator, r, _ := asksAndConsents(t, w, s, "B1")
	withdraw(t, s, educator, r)
	for _, as := range []*access.Caller{registrar(umass), recordtest.Staff()} {
		_, err := do(t, as, s.CreateCreditPosting, postingOf(umass, r.Name))
		refused(t, err, api.StateConflict)
	}
}

// Nobody withdraws the registration between the look at its state and the posting, nor the request, to ask again and have it
// posted a second time.
func TestAPostingHoldsTheRegistrationAndThePerson(t *testing.T) {
	w, s := open(t)
	educator, registration := w.Graduate("B1")
	r := request(t, s, educator, registration)
	recordtest.Must(t, w.InTx(t.Context(), false, func(ctx context.Context, tx *database.Tx) error {
		if _, err := s.store.createPosting(ctx, tx, postingOf(umass, r.Name), educator, recordtest.Day("2026-11-19"), true); err != nil {
			return err
		}
		for table, id := range map[string]uuid.UUID{"registrations": registration.ID, "educators": educator} {
			_, err := w.SQL().ExecContext(ctx, `SELECT FROM `+table+` WHERE id = $1 FOR NO KEY UPDATE NOWAIT`, id)
			if lacking, ok := errors.AsType[*pq.Error](err); !ok || lacking.Code != "55P03" {
				t.Errorf("meanwhile another gets of %s: %v", table, err)
			}
		}
		return nil
	}))
}

func TestAPostingOnceHoweverManyPost(t *testing.T) {
	w, s := open(t)
	_, r, _ := asksAndConsents(t, w, s, "B1")
	reasons := make([]api.Reason, 5)
	var clicks sync.WaitGroup
	for i := range reasons {
		clicks.Go(func() {
			_, err := do(t, registrar(umass), s.CreateCreditPosting, postingOf(umass, r.Name))
			reasons[i] = recordtest.Reason(err)
		})
	}
	clicks.Wait()
	slices.Sort(reasons)
	if reasons[0] != "" || reasons[1] != api.CreditPosted || reasons[4] != api.CreditPosted {
		t.Errorf("answers %q", reasons)
	}
}

// Who withdraws a request and asks again has one registration and one posting for it: the institution sees the one that it has
// made, and is told of it. What another institution posts is credit of its own.
func TestCreditIsPostedOnceForARegistration(t *testing.T) {
	w, s := open(t)
	educator, registration := w.Graduate("B1")
	first := request(t, s, educator, registration)
	give(t, s, educator)
	p := post(t, s, registrar(umass), first.Name)
	withdraw(t, s, educator, first)
	again := request(t, s, educator, registration)
	stands := func(request string) {
		t.Helper()
		for _, as := range []*access.Caller{registrar(umass), recordtest.Staff()} {
			_, err := do(t, as, s.CreateCreditPosting, postingOf(umass, request))
			if known := recordtest.Known(err); known.Reason != api.CreditPosted || known.Metadata["creditPosting"] != p.Name || !strings.Contains(known.Detail, p.Name) {
				t.Errorf("got %v, want CREDIT_POSTED and %s", err, p.Name)
			}
		}
	}
	stands(again.Name)
	if list := must[*pb.ListCreditPostingsResponse](t)(do(t, registrar(umass), s.ListCreditPostings, &pb.ListCreditPostingsRequest{Parent: umass})).CreditPostings; len(list) != 1 || list[0].Name != p.Name {
		t.Errorf("the registrar sees %v", list)
	}

	withdraw(t, s, educator, again)
	agreed(t, s, cambridge)
	elsewhere := must[*pb.CreateCreditRequestResponse](t)(do(t, self(educator), s.CreateCreditRequest, asking(registration, cambridge))).CreditRequest
	must[*pb.CreateCreditPostingResponse](t)(do(t, recordtest.Staff(), s.CreateCreditPosting, postingOf(cambridge, elsewhere.Name)))
	withdraw(t, s, educator, elsewhere)
	third := request(t, s, educator, registration)
	stands(third.Name)

	must[*pb.RetractCreditPostingResponse](t)(do(t, registrar(umass), s.RetractCreditPosting, &pb.RetractCreditPostingRequest{Name: p.Name, Reason: "The request was withdrawn."}))
	if in := post(t, s, registrar(umass), third.Name); in.Name == p.Name || in.Credits != 3 {
		t.Errorf("posted anew %v", in)
	}
	other := w.Register(educator, w.Mentor(educator), "using-data", "ENROLLED", "2026-09-03")
	withdraw(t, s, educator, third)
	post(t, s, registrar(umass), request(t, s, educator, other).Name) // of another registration
}

// agreed makes an agreement with an institution on Using Data.
func agreed(t testing.TB, s *Service, institution string) {
	t.Helper()
	terms := &pb.Agreement{Institution: institution, Courses: []string{"courses/using-data"}, Credits: 3, DegreeEligibility: pb.DegreeEligibility_DEGREE_ELIGIBILITY_UNKNOWN, StartDate: &date.Date{Year: 2020, Month: 1, Day: 1}}
	must[*pb.CreateAgreementResponse](t)(do(t, recordtest.Staff(), s.CreateAgreement, &pb.CreateAgreementRequest{Agreement: terms}))
}

// Registrars post, again and again, while the person withdraws and asks anew: one posting stands at the end.
func TestAPostingOnceHoweverOftenItIsAskedFor(t *testing.T) {
	w, s := open(t)
	for _, number := range []string{"B1", "B2", "B3", "B4"} {
		educator, registration := w.Graduate(number)
		var live atomic.Pointer[pb.CreditRequest]
		live.Store(request(t, s, educator, registration))
		var asked atomic.Bool
		var meanwhile sync.WaitGroup
		for range 3 {
			meanwhile.Go(func() {
				for last := false; !last; {
					last = asked.Load() // the one that is asked for last is tried as well
					_, err := do(t, recordtest.Staff(), s.CreateCreditPosting, postingOf(umass, live.Load().Name))
					if why := recordtest.Reason(err); !slices.Contains([]api.Reason{"", api.CreditPosted, api.StateConflict}, why) {
						t.Errorf("posting: %v", err)
						return
					}
				}
			})
		}
		for range 4 {
			withdraw(t, s, educator, live.Load())
			live.Store(request(t, s, educator, registration))
		}
		asked.Store(true)
		meanwhile.Wait()
		if n := w.Ent().CreditPosting.Query().Where(creditposting.EducatorID(educator), creditposting.State("POSTED")).CountX(t.Context()); n != 1 {
			t.Errorf("%d postings stand for one registration", n)
		}
	}
}

// Whose request it is was read before the record was held: a merge in between has given it to a record that is not held.
func TestAPostingBesideAMerge(t *testing.T) {
	w, s := open(t)
	_, r, _ := asksAndConsents(t, w, s, "B1")
	duplicate := w.Educator("bps", "B2")
	err := w.InTx(t.Context(), false, func(ctx context.Context, tx *database.Tx) error {
		_, err := s.store.createPosting(ctx, tx, postingOf(umass, r.Name), duplicate, recordtest.Day("2026-11-19"), true)
		return err
	})
	refused(t, err, api.Contention)
}

// What was posted stays on record; the institution sees it while the person consents, whatever became of the request, and
// learns on its feed when that begins and ends.
func TestAnInstitutionSeesPostingsByConsent(t *testing.T) {
	w, s := open(t)
	educator, registration := w.Graduate("B1")
	r := request(t, s, educator, registration)
	other, _ := w.Graduate("B2")
	p := post(t, s, recordtest.Staff(), r.Name) // from a transcript
	sees := func(caller *access.Caller, parent string, want bool) {
		t.Helper()
		_, err := do(t, caller, s.GetCreditPosting, &pb.GetCreditPostingRequest{Name: p.Name})
		list := must[*pb.ListCreditPostingsResponse](t)(do(t, caller, s.ListCreditPostings, &pb.ListCreditPostingsRequest{Parent: parent})).CreditPostings
		if (err == nil) != want || (len(list) == 1) != want || !want && recordtest.Reason(err) != api.NotFound {
			t.Errorf("%s: got %v and a list of %d, want it seen: %v", caller.Grants[0].Scope, err, len(list), want)
		}
	}
	sees(registrar(umass), umass, false)
	c := give(t, s, educator)
	sees(registrar(umass), umass, true)
	sees(registrar(umass), "institutions/-", true)
	sees(registrar(cambridge), umass, false)
	sees(self(educator), umass, true)
	sees(self(other), "institutions/-", false)
	sees(recordtest.Staff(), umass, true)
	sees(recordtest.Caller(accesspb.Role_ROLE_AUDITOR, ""), "institutions/-", true)
	if list := must[*pb.ListCreditPostingsResponse](t)(do(t, recordtest.Staff(), s.ListCreditPostings, &pb.ListCreditPostingsRequest{Parent: cambridge})).CreditPostings; len(list) != 0 {
		t.Errorf("of another institution: %v", list)
	}
	foreign := strings.Replace(p.Name, umass, cambridge, 1)
	_, err := do(t, recordtest.Staff(), s.GetCreditPosting, &pb.GetCreditPostingRequest{Name: foreign})
	refused(t, err, api.NotFound)

	revokeConsent(t, s, educator, c)
	sees(registrar(umass), umass, false)
	_, err = do(t, registrar(umass), s.RetractCreditPosting, &pb.RetractCreditPostingRequest{Name: p.Name, Reason: "x"})
	refused(t, err, api.NotFound)
	sees(self(educator), umass, true)
	give(t, s, educator)
	must[*pb.RetractCreditPostingResponse](t)(do(t, registrar(umass), s.RetractCreditPosting, &pb.RetractCreditPostingRequest{Name: p.Name, Reason: "x"}))
	sees(registrar(umass), umass, true)
	withdraw(t, s, educator, r)
	sees(registrar(umass), umass, true)
	sees(self(educator), umass, true)
	sees(recordtest.Staff(), umass, true)

	var kinds []string
	last := int32(0)
	for _, row := range feed(t, w, umass) {
		if row.Resource != p.Name {
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
		kinds = nil
		for _, row := range feed(t, w, stream) {
			if row.Resource == p.Name {
				kinds = append(kinds, row.Kind)
			}
		}
		if !slices.Equal(kinds, []string{"CREATED", "UPDATED"}) {
			t.Errorf("%s: changes %v", stream, kinds)
		}
	}
}
