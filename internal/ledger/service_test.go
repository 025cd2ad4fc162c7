package ledger

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/type/date"
	moneypb "google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/protobuf/proto"

	"github.com/btlc/btlc/ent/courseversion"
	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	pb "github.com/btlc/btlc/gen/go/btlc/ledger/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/database/databasetest"
	"github.com/btlc/btlc/internal/program"
	"github.com/btlc/btlc/internal/record"
	"github.com/btlc/btlc/internal/record/recordtest"
)

func TestMain(m *testing.M) { databasetest.Main(m) }

// office is a service over the program's data, with a section whose registration closes in five days and whose two
// meetings begin in ten and in seventeen.
type office struct {
	*recordtest.World
	t       *testing.T
	service *Service
	section uuid.UUID
	people  int
}

func newOffice(t *testing.T) *office {
	t.Helper()
	w := recordtest.New(t)
	data, err := program.Load()
	recordtest.Must(t, err)
	zone, err := time.LoadLocation("America/New_York")
	recordtest.Must(t, err)
	service, err := NewService(w.DB, zone, data.EnrollmentRules)
	recordtest.Must(t, err)
	version, err := w.Ent().CourseVersion.Query().Where(courseversion.CourseID("using-data")).Only(t.Context())
	recordtest.Must(t, err)
	section, err := w.Ent().Section.Create().SetCourseVersionID(version.ID).SetTermID("fall-2026").SetState("OPEN").SetCapacity(24).SetTimeZone("America/New_York").
		SetRegistrationOpenTime(recordtest.Start.AddDate(0, -1, 0)).SetRegistrationCloseTime(recordtest.Start.AddDate(0, 0, 5)).Save(t.Context())
	recordtest.Must(t, err)
	for n, in := range []int{10, 17} {
		start := recordtest.Start.AddDate(0, 0, in)
		recordtest.Must(t, w.Ent().Meeting.Create().SetSectionID(section.ID).SetMeetingNumber(int32(n+1)).SetStartTime(start).SetEndTime(start.Add(time.Hour)).Exec(t.Context()))
	}
	return &office{World: w, t: t, service: service, section: section.ID}
}

// applicant is a registration of a new person that has no seat yet; change makes it another than one of a person who pays
// for themselves.
func (o *office) applicant(change func(*seat)) *seat {
	o.t.Helper()
	o.people++
	educator := o.Educator("bps", fmt.Sprint("B", o.people))
	of := &seat{section: o.section, educator: educator, payerKind: "SELF", registered: recordtest.Day("2026-11-20")}
	if change != nil {
		change(of)
	}
	create := o.Ent().Registration.Create().SetSectionID(of.section).SetEducatorID(educator).SetRoleAssignmentID(o.Mentor(educator)).SetFrameworkID("btlc-1").
		SetState("AWAITING_ROLE").SetRegisterDate(of.registered).SetStateTime(o.Now()).SetPayerKind(of.payerKind).SetSponsor(of.sponsor).SetPurchaseOrder(of.purchaseOrder)
	if of.imported {
		create.SetImportedSource("a list of 2019")
	}
	row, err := create.Save(o.t.Context())
	recordtest.Must(o.t, err)
	of.id = row.ID
	return of
}

// move has seats come from one state into another.
func (o *office) move(from, to string, cancelled bool, seats ...*seat) error {
	changes := make([]record.SeatChange, len(seats))
	for i, of := range seats {
		changes[i] = record.SeatChange{Registration: of.id, Section: of.section, Educator: of.educator, From: from, To: to, SectionCancelled: cancelled}
	}
	return o.InTx(o.t.Context(), false, func(ctx context.Context, tx *database.Tx) error {
		for _, of := range seats {
			if err := tx.Registration.UpdateOneID(of.id).SetState(to).Exec(ctx); err != nil {
				return err
			}
		}
		return o.service.SeatsChanged(ctx, tx, changes)
	})
}

// enrolled is a seat that was taken, and charged.
func (o *office) enrolled(change func(*seat)) *seat {
	o.t.Helper()
	of := o.applicant(change)
	recordtest.Must(o.t, o.move("", "ENROLLED", false, of))
	return of
}

func sponsored(by string) func(*seat) {
	return func(of *seat) { of.payerKind, of.sponsor = "DISTRICT", by }
}

func ask[Q, A proto.Message](t *testing.T, caller *access.Caller, handler func(context.Context, Q) (A, error), req Q) (A, error) {
	t.Helper()
	answer, _, err := recordtest.Call(t, pb.File_btlc_ledger_v1_service_proto.Services().Get(0), caller, handler, req)
	return answer, err
}

func usd(units int64) *moneypb.Money { return &moneypb.Money{CurrencyCode: "USD", Units: units} }

// enter enters a line, as staff.
func (o *office) enter(of *seat, in *pb.LedgerEntry) (*pb.LedgerEntry, error) {
	o.t.Helper()
	answer, err := ask(o.t, recordtest.Staff(), o.service.CreateLedgerEntry, &pb.CreateLedgerEntryRequest{Parent: of.name(), LedgerEntry: in})
	return answer.GetLedgerEntry(), err
}

func (o *office) mustEnter(of *seat, in *pb.LedgerEntry) *pb.LedgerEntry {
	o.t.Helper()
	made, err := o.enter(of, in)
	recordtest.Must(o.t, err)
	return made
}

// lines are those of a seat, as kind and amount, in order: "CHARGE 1000.00".
func (o *office) lines(of *seat) string {
	o.t.Helper()
	answer, err := ask(o.t, recordtest.Staff(), o.service.ListLedgerEntries, &pb.ListLedgerEntriesRequest{Parent: of.name(), PageSize: 1000})
	recordtest.Must(o.t, err)
	var texts []string
	for _, e := range answer.LedgerEntries {
		texts = append(texts, fmt.Sprintf("%s %d", api.EnumWord(e.Kind), e.Amount.Units))
	}
	return strings.Join(texts, ", ")
}

func refusedAs(t *testing.T, what string, err error, reason api.Reason, field string) {
	t.Helper()
	if got := recordtest.Reason(err); got != reason {
		t.Errorf("%s: %v, want %q", what, err, reason)
		return
	}
	if known := recordtest.Known(err); field != "" && (len(known.Violations) == 0 || known.Violations[0].Field != field) {
		t.Errorf("%s: violations %v, want %s", what, known.Violations, field)
	}
}

func TestDefaultsOfEntries(t *testing.T) {
	o := newOffice(t)
	// It is the 21st in UTC, and still the 20th in Boston.
	o.Travel(time.Date(2026, 11, 21, 1, 0, 0, 0, time.UTC))
	of := o.applicant(nil)
	made := o.mustEnter(of, &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_CHARGE, Amount: &moneypb.Money{Units: 275, Nanos: 500_000_000}})
	payer := api.Name("btlc/Educator", of.educator)
	want := &pb.LedgerEntry{
		Name: made.Name, Kind: pb.LedgerEntry_KIND_CHARGE, Amount: &moneypb.Money{CurrencyCode: "USD", Units: 275, Nanos: 500_000_000}, Payer: payer, Payee: "program",
		EffectiveDate: &date.Date{Year: 2026, Month: 11, Day: 20}, DebitAccount: "receivable:" + payer + ":program", CreditAccount: "income:program",
		RecordedBy: recordtest.Staff().Principal, CreateTime: api.Timestamp(o.Now()),
	}
	if !proto.Equal(made, want) {
		t.Errorf("made %v\nwant %v", made, want)
	}
	if !strings.HasPrefix(made.Name, of.name()+"/ledgerEntries/") {
		t.Errorf("its name is %s", made.Name)
	}
	got, err := ask(t, recordtest.Staff(), o.service.GetLedgerEntry, &pb.GetLedgerEntryRequest{Name: made.Name})
	recordtest.Must(t, err)
	if !proto.Equal(got.LedgerEntry, made) {
		t.Errorf("got %v", got.LedgerEntry)
	}
	credit := o.mustEnter(of, &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_CHARGE, Payee: "institutions/umass-boston", Amount: usd(100)})
	if credit.CreditAccount != "income:institutions/umass-boston" {
		t.Errorf("graduate credits are %v", credit)
	}
	back := o.mustEnter(of, &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_REVERSAL, Reverses: made.Name, Reason: "entered twice"})
	if back.Reverses != made.Name || !proto.Equal(back.Amount, made.Amount) || back.DebitAccount != made.CreditAccount || back.CreditAccount != made.DebitAccount || back.Payer != payer {
		t.Errorf("reversed by %v", back)
	}
}

// Who does not say whose entry it is means those who owe, who need not be the registration's payer any more.
func TestDefaultPayer(t *testing.T) {
	o := newOffice(t)
	of := o.enrolled(nil)
	self, credits := api.Name("btlc/Educator", of.educator), "institutions/umass-boston"
	recordtest.Must(t, o.Ent().Registration.UpdateOneID(of.id).SetPayerKind("DISTRICT").SetSponsor("districts/bps").Exec(t.Context()))
	payer := func(what, want string, in *pb.LedgerEntry) {
		t.Helper()
		in.Amount, in.Reason = usd(100), what
		if made := o.mustEnter(of, in); made.Payer != want {
			t.Errorf("%s: it is of %s, want %s", what, made.Payer, want)
		}
	}
	payer("one owes", self, &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_PAYMENT})
	payer("hardship", self, &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_WAIVER})
	payer("nobody owes this payee", "districts/bps", &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_PAYMENT, Payee: credits})
	payer("one more charge", "districts/bps", &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_CHARGE})
	for _, kind := range []pb.LedgerEntry_Kind{pb.LedgerEntry_KIND_PAYMENT, pb.LedgerEntry_KIND_REFUND, pb.LedgerEntry_KIND_PAYOUT} {
		_, err := o.enter(of, &pb.LedgerEntry{Kind: kind, Amount: usd(100), Reason: "whose"})
		refusedAs(t, kind.String(), err, api.InvalidRequest, "ledgerEntry.payer")
		if said := recordtest.Known(err).Violations[0].Description; !strings.Contains(said, self) || !strings.Contains(said, "districts/bps") {
			t.Errorf("%v: it says %q", kind, said)
		}
	}
	payer("of those who owe", "districts/bps", &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_WAIVER, Payer: "districts/bps"})
	payer("one owes again", self, &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_PAYMENT})
}

func TestRefusedEntries(t *testing.T) {
	o := newOffice(t)
	of, other := o.enrolled(nil), o.enrolled(nil)
	foreign := o.mustEnter(other, &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_PAYMENT, Amount: usd(1000)})
	paid := o.mustEnter(of, &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_PAYMENT, Amount: usd(400)})
	nobody := "educators/0190a8a4-7c1e-7b7a-9d51-3f0c2f5d9a10"
	for what, c := range map[string]struct {
		entry *pb.LedgerEntry
		want  api.Reason
		field string
	}{
		"no amount":           {&pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_PAYMENT}, api.InvalidRequest, "ledgerEntry.amount"},
		"nothing":             {&pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_PAYMENT, Amount: usd(0)}, api.InvalidRequest, "ledgerEntry.amount"},
		"less than nothing":   {&pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_PAYMENT, Amount: usd(-1)}, api.InvalidRequest, "ledgerEntry.amount.units"},
		"half a cent":         {&pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_PAYMENT, Amount: &moneypb.Money{Nanos: 5_000_000}}, api.InvalidRequest, "ledgerEntry.amount.nanos"},
		"another currency":    {&pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_PAYMENT, Amount: &moneypb.Money{CurrencyCode: "CAD", Units: 1}}, api.InvalidRequest, "ledgerEntry.amount.currencyCode"},
		"no reason":           {&pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_WAIVER, Amount: usd(1)}, api.InvalidRequest, "ledgerEntry.reason"},
		"tomorrow":            {&pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_PAYMENT, Amount: usd(1), EffectiveDate: &date.Date{Year: 2026, Month: 11, Day: 21}}, api.InvalidRequest, "ledgerEntry.effectiveDate"},
		"no payer's name":     {&pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_PAYMENT, Amount: usd(1), Payer: "somebody"}, api.InvalidRequest, "ledgerEntry.payer"},
		"unknown payer":       {&pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_PAYMENT, Amount: usd(1), Payer: nobody}, api.ReferenceNotFound, "ledgerEntry.payer"},
		"unknown district":    {&pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_PAYMENT, Amount: usd(1), Payer: "districts/atlantis"}, api.ReferenceNotFound, "ledgerEntry.payer"},
		"unknown school":      {&pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_PAYMENT, Amount: usd(1), Payer: "districts/bps/schools/" + of.id.String()}, api.ReferenceNotFound, "ledgerEntry.payer"},
		"unknown new payer":   {&pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_REASSIGNMENT, Amount: usd(1), NewPayer: nobody, Reason: "moved"}, api.ReferenceNotFound, "ledgerEntry.newPayer"},
		"unknown payee":       {&pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_CHARGE, Amount: usd(1), Payee: "institutions/atlantis"}, api.ReferenceNotFound, "ledgerEntry.payee"},
		"charged again":       {&pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_CHARGE, Amount: usd(1)}, api.AlreadyRecorded, ""},
		"to another, again":   {&pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_CHARGE, Amount: usd(1), Payer: "districts/bps"}, api.AlreadyRecorded, ""},
		"waived too much":     {&pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_WAIVER, Amount: usd(1001), Reason: "hardship"}, api.StateConflict, "ledgerEntry.amount"},
		"paid out too much":   {&pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_PAYOUT, Amount: usd(1)}, api.StateConflict, "ledgerEntry.amount"},
		"reverses, no kind":   {&pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_PAYMENT, Amount: usd(1), Reverses: paid.Name}, api.InvalidRequest, "ledgerEntry.reverses"},
		"reverses nothing":    {&pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_REVERSAL, Reason: "wrong"}, api.InvalidRequest, "ledgerEntry.reverses"},
		"reverses another's":  {&pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_REVERSAL, Reason: "wrong", Reverses: foreign.Name}, api.InvalidRequest, "ledgerEntry.reverses"},
		"reverses what isn't": {&pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_REVERSAL, Reason: "wrong", Reverses: of.name() + "/ledgerEntries/" + of.id.String()}, api.StateConflict, "ledgerEntry.reverses"},
		"reversal's amount":   {&pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_REVERSAL, Reason: "wrong", Reverses: paid.Name, Amount: usd(1)}, api.InvalidRequest, "ledgerEntry.amount"},
		"reversal's day":      {&pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_REVERSAL, Reason: "wrong", Reverses: paid.Name, EffectiveDate: &date.Date{Year: 2026, Month: 11, Day: 19}}, api.StateConflict, "ledgerEntry.effectiveDate"},
	} {
		_, err := o.enter(of, c.entry)
		refusedAs(t, what, err, c.want, c.field)
	}
	_, err := ask(t, recordtest.Staff(), o.service.CreateLedgerEntry, &pb.CreateLedgerEntryRequest{
		Parent: "sections/" + of.id.String() + "/registrations/" + of.id.String(), LedgerEntry: &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_CHARGE, Amount: usd(1)},
	})
	refusedAs(t, "no registration", err, api.NotFound, "")
	if got := o.lines(of); got != "CHARGE 1000, PAYMENT 400" {
		t.Errorf("the ledger has %s", got)
	}
	o.mustEnter(of, &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_CHARGE, Amount: usd(50), Reason: "a lost book"})
}

// A card number is refused wherever it stands, is not said again, and nothing of the request is kept.
func TestCardNumbersAreNotKept(t *testing.T) {
	o := newOffice(t)
	of := o.enrolled(nil)
	const card = "4111 1111 1111 1111"
	req := &pb.CreateLedgerEntryRequest{Parent: of.name(), RequestId: "payment-1", LedgerEntry: &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_PAYMENT, Amount: usd(1000)}}
	for field, put := range map[string]*string{"reference": &req.LedgerEntry.Reference, "reason": &req.LedgerEntry.Reason, "payer": &req.LedgerEntry.Payer, "payee": &req.LedgerEntry.Payee, "newPayer": &req.LedgerEntry.NewPayer} {
		*put = "card " + card
		_, err := ask(t, recordtest.Staff(), o.service.CreateLedgerEntry, req)
		refusedAs(t, field, err, api.InvalidRequest, "ledgerEntry."+field)
		if said := fmt.Sprintf("%+v", recordtest.Known(err)); strings.Contains(said, "1111") {
			t.Errorf("%s: the refusal says it: %s", field, said)
		}
		*put = ""
	}
	var kept int
	recordtest.Must(t, o.SQL().QueryRowContext(t.Context(), `SELECT (SELECT count(*) FROM idempotency_keys) + (SELECT count(*) FROM ledger_entries WHERE kind = 'PAYMENT') + (SELECT count(*) FROM audit_entries WHERE method LIKE '%CreateLedgerEntry')`).Scan(&kept))
	if kept != 0 {
		t.Errorf("%d rows are left of what was refused", kept)
	}
	// So the key is still free for what should have been sent.
	req.LedgerEntry.Reference = "cheque 1187"
	_, err := ask(t, recordtest.Staff(), o.service.CreateLedgerEntry, req)
	recordtest.Must(t, err)

	carded := o.applicant(func(of *seat) {
		of.payerKind, of.sponsor, of.purchaseOrder = "PURCHASE_ORDER", "districts/bps", card
	})
	for _, state := range []string{"WAITLISTED", "ENROLLED"} {
		err := o.move("", state, false, carded)
		refusedAs(t, state, err, api.InvalidRequest, "registration.payer.purchaseOrder")
	}
}

func TestLedgerIsAppendOnly(t *testing.T) {
	o := newOffice(t)
	of := o.enrolled(nil)
	for _, statement := range []string{`UPDATE ledger_entries SET amount_minor = 1`, `DELETE FROM ledger_entries`, `TRUNCATE ledger_entries CASCADE`} {
		if _, err := o.SQL().ExecContext(t.Context(), statement); err == nil {
			t.Errorf("%s is taken", statement)
		}
	}
	if got := o.lines(of); got != "CHARGE 1000" {
		t.Errorf("the ledger has %s", got)
	}
}

func TestWhoSeesMoney(t *testing.T) {
	o := newOffice(t)
	of, paid, foreign := o.enrolled(nil), o.enrolled(sponsored("districts/bps")), o.enrolled(nil)
	taken := o.mustEnter(of, &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_REASSIGNMENT, Amount: usd(400), NewPayer: "districts/bps", Reason: "the district helps"})
	helped := o.mustEnter(of, &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_WAIVER, Amount: usd(100), Payer: "districts/bps", Reason: "an agreement"})
	self := api.Name("btlc/Educator", of.educator)
	staff, auditor, own := recordtest.Staff(), recordtest.Caller(accesspb.Role_ROLE_AUDITOR, ""), recordtest.Caller(accesspb.Role_ROLE_EDUCATOR, self)
	sponsee := recordtest.Caller(accesspb.Role_ROLE_EDUCATOR, api.Name("btlc/Educator", paid.educator))
	for what, c := range map[string]struct {
		caller *access.Caller
		parent string
		want   int
		reason api.Reason
	}{
		"all, as staff":        {staff, "sections/-/registrations/-", 5, ""},
		"all, as auditor":      {auditor, "sections/-/registrations/-", 5, ""},
		"of a section":         {staff, "sections/" + of.section.String() + "/registrations/-", 5, ""},
		"of one":               {staff, of.name(), 3, ""},
		"one's own":            {own, of.name(), 2, ""},
		"as far as seen":       {own, "sections/-/registrations/-", 2, ""},
		"another's":            {own, foreign.name(), 0, api.NotFound},
		"a sponsor pays":       {sponsee, paid.name(), 0, ""},
		"as the district":      {recordtest.Caller(accesspb.Role_ROLE_DISTRICT_HR, "districts/bps"), paid.name(), 0, api.PermissionDenied},
		"no such registration": {staff, api.Name("btlc/Registration", of.section, of.section), 0, api.NotFound},
	} {
		answer, err := ask(t, c.caller, o.service.ListLedgerEntries, &pb.ListLedgerEntriesRequest{Parent: c.parent})
		refusedAs(t, what, err, c.reason, "")
		if len(answer.GetLedgerEntries()) != c.want {
			t.Errorf("%s: %v", what, answer)
		}
	}
	_, err := ask(t, own, o.service.GetLedgerEntry, &pb.GetLedgerEntryRequest{Name: taken.Name})
	recordtest.Must(t, err)
	_, err = ask(t, own, o.service.GetLedgerEntry, &pb.GetLedgerEntryRequest{Name: helped.Name})
	refusedAs(t, "the sponsor's", err, api.NotFound, "")

	balances, err := ask(t, own, o.service.ListBalances, &pb.ListBalancesRequest{})
	recordtest.Must(t, err)
	if want := (&pb.Balance{Payer: self, Payee: "program", Owed: usd(600), Charged: usd(600), Paid: usd(0), Waived: usd(0)}); len(balances.Balances) != 1 || !proto.Equal(balances.Balances[0], want) {
		t.Errorf("own balances: %v", balances)
	}
	_, err = ask(t, own, o.service.ListBalances, &pb.ListBalancesRequest{Payer: "districts/bps"})
	refusedAs(t, "another's balance", err, api.NotFound, "")
	_, err = ask(t, staff, o.service.ListBalances, &pb.ListBalancesRequest{Payer: "anybody"})
	refusedAs(t, "nobody's balance", err, api.InvalidRequest, "payer")

	// Who is merged into another leaves the name on what was entered; the person sees it all the same, as one balance.
	recordtest.Must(t, o.Ent().Educator.UpdateOneID(foreign.educator).SetMergedIntoID(of.educator).Exec(t.Context()))
	balances, err = ask(t, own, o.service.ListBalances, &pb.ListBalancesRequest{})
	recordtest.Must(t, err)
	both := &pb.Balance{Payer: self, Payee: "program", Owed: usd(1600), Charged: usd(1600), Paid: usd(0), Waived: usd(0)}
	if len(balances.Balances) != 1 || !proto.Equal(balances.Balances[0], both) {
		t.Errorf("balances of both records: %v", balances)
	}
	for what, caller := range map[string]*access.Caller{"the person": own, "staff": staff, "an auditor": auditor} {
		for _, payer := range []string{self, api.Name("btlc/Educator", foreign.educator)} {
			balances, err = ask(t, caller, o.service.ListBalances, &pb.ListBalancesRequest{Payer: payer})
			recordtest.Must(t, err)
			if len(balances.Balances) != 1 || !proto.Equal(balances.Balances[0], both) {
				t.Errorf("balances of both records, asked for by %s as %s: %v", what, payer, balances)
			}
		}
	}
}

// atOnce runs n functions at the same moment and counts what becomes of them: by reason, "" for success.
func atOnce(n int, do func(i int) error) map[api.Reason]int {
	var start, done sync.WaitGroup
	start.Add(1)
	errs := make([]error, n)
	for i := range n {
		done.Go(func() {
			start.Wait()
			errs[i] = do(i)
		})
	}
	start.Done()
	done.Wait()
	counts := map[api.Reason]int{}
	for _, err := range errs {
		counts[recordtest.Reason(err)]++
	}
	return counts
}
