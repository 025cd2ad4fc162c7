package ledger

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/ledgerentry"
	pb "github.com/btlc/btlc/gen/go/btlc/ledger/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/money"
	"github.com/btlc/btlc/internal/record/recordtest"
)

// entries are all that the ledger has, in the order of entry.
func (o *office) entries() []Entry {
	o.t.Helper()
	rows, err := o.Ent().LedgerEntry.Query().WithRegistration().Order(ent.Asc(ledgerentry.FieldID)).All(o.t.Context())
	recordtest.Must(o.t, err)
	entries := make([]Entry, len(rows))
	for i, row := range rows {
		of := row.Edges.Registration
		entries[i], err = entryOf(row, api.Name("btlc/Registration", of.SectionID, of.ID), api.Name("btlc/Section", of.SectionID))
		recordtest.Must(o.t, err)
	}
	return entries
}

// balances are what the service lists, page by page.
func (o *office) balances() []*pb.Balance {
	o.t.Helper()
	var all []*pb.Balance
	req := &pb.ListBalancesRequest{PageSize: 2}
	for {
		answer, err := ask(o.t, recordtest.Staff(), o.service.ListBalances, req)
		recordtest.Must(o.t, err)
		if all = append(all, answer.Balances...); answer.NextPageToken == "" {
			return all
		}
		req.PageToken = answer.NextPageToken
	}
}

// check compares what the database sums up with what the rules compute of its lines, which have to allow each other.
func (o *office) check(when string) {
	o.t.Helper()
	entries := o.entries()
	sum, accounts := int64(0), Balances(entries)
	for _, balance := range accounts {
		sum += balance
	}
	if sum != 0 {
		o.t.Errorf("%s: the accounts add up to %d", when, sum)
	}
	owed, listed := Owed(entries), o.balances()
	if len(listed) != len(owed) {
		o.t.Errorf("%s: %d balances, want %d", when, len(listed), len(owed))
	}
	if !slices.IsSortedFunc(listed, func(a, b *pb.Balance) int { return strings.Compare(a.Payer+" "+a.Payee, b.Payer+" "+b.Payee) }) {
		o.t.Errorf("%s: balances are in no order: %v", when, listed)
	}
	for _, b := range listed {
		debt := owed[Debt{b.Payer, b.Payee, "USD"}]
		if b.Owed.Units*100 != debt || b.Owed.Units != b.Charged.Units-b.Paid.Units-b.Waived.Units {
			o.t.Errorf("%s: %v, want %d owed", when, b, debt)
		}
		accounts[Holding{Income(b.Payee), "USD"}] += b.Charged.Units * 100
		accounts[Holding{Cash(b.Payee), "USD"}] -= b.Paid.Units * 100
		accounts[Holding{Waived(b.Payee), "USD"}] -= b.Waived.Units * 100
	}
	for account, left := range accounts {
		if account.Account.Kind != ReceivableAccount && left != 0 {
			o.t.Errorf("%s: the balances leave %d of %s", when, left, account.Account)
		}
	}
	for i, e := range entries {
		if err := again(entries[:i], e); err != nil {
			o.t.Fatalf("%s: entry %d, %+v: %v", when, i, e, err)
		}
	}
}

// again enters an entry of the ledger as if it were new.
func again(before []Entry, e Entry) error {
	if e.Kind == Reversal {
		_, err := Reverse(before, Correction{ID: e.ID, Date: e.Date, Reverses: e.Reverses, Reference: e.Reference, Reason: e.Reason})
		return err
	}
	_, err := New(before, Draft{
		ID: e.ID, Date: e.Date, Kind: e.Kind, Payer: e.Payer(), Payee: e.Payee(), NewPayer: e.newPayer(), Amount: e.Amount,
		Section: e.Section, Registration: e.Registration, Reference: e.Reference, Reason: e.Reason,
	})
	return err
}

var kinds = []pb.LedgerEntry_Kind{
	pb.LedgerEntry_KIND_CHARGE, pb.LedgerEntry_KIND_PAYMENT, pb.LedgerEntry_KIND_PAYMENT, pb.LedgerEntry_KIND_WAIVER, pb.LedgerEntry_KIND_REFUND,
	pb.LedgerEntry_KIND_PAYOUT, pb.LedgerEntry_KIND_PAYOUT, pb.LedgerEntry_KIND_REASSIGNMENT, pb.LedgerEntry_KIND_REVERSAL, pb.LedgerEntry_KIND_REVERSAL,
}

// attempt enters something at random.
func (o *office) attempt(random *rand.Rand, seats []*seat, known []*pb.LedgerEntry) (*pb.LedgerEntry, error) {
	of := seats[random.IntN(len(seats))]
	payers := []string{"", "districts/bps", "districts/ncs", api.Name("btlc/Educator", seats[0].educator)}
	in := &pb.LedgerEntry{Kind: kinds[random.IntN(len(kinds))], Reason: "at random"}
	if in.Kind == pb.LedgerEntry_KIND_REVERSAL && len(known) > 0 {
		in.Reverses = known[random.IntN(len(known))].Name
		return o.enter(&seat{id: api.PartUUID(in.Reverses, 1), section: api.PartUUID(in.Reverses, 0)}, in)
	}
	in.Amount, in.Payer, in.Payee = usd(int64(random.IntN(900))), payers[random.IntN(len(payers))], []string{"", "institutions/umass-boston"}[random.IntN(8)/7]
	if in.Kind == pb.LedgerEntry_KIND_REASSIGNMENT {
		in.NewPayer = payers[1+random.IntN(len(payers)-1)]
	}
	return o.enter(of, in)
}

var histories = flag.Uint64("histories", 4, "how many random histories the ledger goes through")

func TestRandomHistories(t *testing.T) {
	o := newOffice(t)
	for seed := range *histories {
		random := rand.New(rand.NewPCG(seed, 7)) // #nosec G404 -- the same at every run
		seats := []*seat{o.enrolled(nil), o.enrolled(nil), o.enrolled(sponsored("districts/bps"))}
		var made []*pb.LedgerEntry
		refused := 0
		for range 60 {
			switch e, err := o.attempt(random, seats, made); recordtest.Reason(err) {
			case "":
				made = append(made, e)
			case api.StateConflict, api.InvalidRequest: // over a limit, or an amount of nothing
				refused++
			default:
				t.Fatal(err)
			}
		}
		if len(made) < 20 || refused < 5 {
			t.Errorf("%d were entered and %d refused: too few to tell", len(made), refused)
		}
		recordtest.Must(t, o.move("ENROLLED", "WITHDRAWN", false, seats...))
		for _, of := range seats {
			if left := Claims(o.entries(), money.Program, of.name()); len(left) > 0 {
				t.Errorf("who withdrew at once is left with %v", left)
			}
		}
		o.check(fmt.Sprintf("history %d", seed))
	}
}

// Many write at once, each more than is left if all were let through.
func TestLimitsHoldAtOnce(t *testing.T) {
	o := newOffice(t)
	of := o.enrolled(nil)
	waiver := func(int) error {
		_, err := o.enter(of, &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_WAIVER, Amount: usd(300), Reason: "hardship"})
		return err
	}
	if counts := atOnce(8, waiver); counts[""] != 3 || counts[api.StateConflict] != 5 {
		t.Errorf("waived of 1000 by 300 each: %v", counts)
	}

	// What is paid for one seat is to the credit of a sponsor of many: payouts of any of them draw on it.
	many := make([]*seat, 8)
	for i := range many {
		many[i] = o.enrolled(sponsored("districts/bps"))
	}
	o.mustEnter(many[0], &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_PAYMENT, Amount: usd(9000)})
	payout := func(i int) error {
		_, err := o.enter(many[i], &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_PAYOUT, Amount: usd(300)})
		return err
	}
	if counts := atOnce(8, payout); counts[""] != 3 || counts[api.StateConflict] != 5 {
		t.Errorf("paid out of 1000 by 300 each: %v", counts)
	}

	blank := o.applicant(nil)
	payers := []string{"", "districts/bps", "districts/ncs"}
	charge := func(i int) error {
		_, err := o.enter(blank, &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_CHARGE, Payer: payers[i%3], Amount: usd(1000)})
		return err
	}
	if counts := atOnce(6, charge); counts[""] != 1 || counts[api.AlreadyRecorded] != 5 {
		t.Errorf("charged: %v", counts)
	}

	paid := o.mustEnter(of, &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_PAYMENT, Amount: usd(100)})
	reversal := func(int) error {
		_, err := o.enter(of, &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_REVERSAL, Reverses: paid.Name, Reason: "the cheque bounced"})
		return err
	}
	if counts := atOnce(6, reversal); counts[""] != 1 || counts[api.StateConflict] != 5 {
		t.Errorf("reversed: %v", counts)
	}

	// Who withdraws while others write gets back what is left, and no more.
	leaving := o.enrolled(nil)
	counts := atOnce(6, func(i int) error {
		if i == 0 {
			return o.move("ENROLLED", "WITHDRAWN", false, leaving)
		}
		_, err := o.enter(leaving, &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_WAIVER, Amount: usd(300), Reason: "hardship"})
		return err
	})
	if counts[""] < 1 || counts[""]+counts[api.StateConflict] != 6 {
		t.Errorf("withdrawn and waived: %v", counts)
	}
	if left := Claims(o.entries(), money.Program, leaving.name()); len(left) > 0 {
		t.Errorf("who withdrew is left with %v", left)
	}
	o.check("at once")
}

// exporting is a stream that keeps what is sent.
type exporting struct {
	grpc.ServerStream
	ctx  context.Context
	rows []*pb.LedgerRow
	sent int
	on   func() error
}

func (e *exporting) Context() context.Context { return e.ctx }

func (e *exporting) Send(part *pb.ExportLedgerResponse) error {
	e.rows, e.sent = append(e.rows, part.Rows...), e.sent+1
	if e.on != nil {
		return e.on()
	}
	return nil
}

func TestExport(t *testing.T) {
	o := newOffice(t)
	call := &api.Call{}
	export := func(req *pb.ExportLedgerRequest, on func() error) (*exporting, error) {
		stream := &exporting{ctx: api.WithCall(t.Context(), call), on: on}
		return stream, o.service.ExportLedger(req, stream)
	}
	nothing, err := export(&pb.ExportLedgerRequest{}, nil)
	recordtest.Must(t, err)
	if nothing.sent != 1 || len(nothing.rows) != 0 {
		t.Errorf("nothing is %d parts with %v", nothing.sent, nothing.rows)
	}
	of := o.enrolled(nil)
	o.Travel(recordtest.Start.AddDate(0, 0, 2))
	paid := o.mustEnter(of, &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_PAYMENT, Amount: usd(400), Reference: "=1+1"})
	back := o.mustEnter(of, &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_REVERSAL, Reverses: paid.Name, Reason: "the cheque bounced"})

	all, err := export(&pb.ExportLedgerRequest{}, nil)
	recordtest.Must(t, err)
	if len(all.rows) != 3 || all.rows[1].Entry != paid.Name || all.rows[2].Entry != back.Name || all.rows[2].Reverses != paid.Name {
		t.Errorf("exported %v", all.rows)
	}
	want := &pb.LedgerRow{
		Entry: paid.Name, Date: "2026-11-22", Kind: "PAYMENT", DebitAccount: "cash:program", CreditAccount: paid.CreditAccount, Amount: "400.00", Currency: "USD",
		Payer: paid.Payer, Payee: "program", Registration: of.name(), Reference: "=1+1", RecordTime: "2026-11-22T15:00:00Z",
	}
	if got := all.rows[1]; got.String() != want.String() {
		t.Errorf("exported %v\nwant %v", got, want)
	}
	if seen := call.Seen(); !slices.Contains(seen, of.educator) {
		t.Errorf("on record are %v", seen)
	}
	day := func(n int32) *pb.ExportLedgerRequest {
		return &pb.ExportLedgerRequest{StartDate: api.Date(recordtest.Day(fmt.Sprintf("2026-11-%d", n))), EndDate: api.Date(recordtest.Day("2026-11-21"))}
	}
	first, err := export(day(20), nil)
	recordtest.Must(t, err)
	if len(first.rows) != 1 || first.rows[0].Kind != "CHARGE" {
		t.Errorf("of the first days: %v", first.rows)
	}
	_, err = export(day(22), nil)
	refusedAs(t, "the end before the start", err, api.InvalidRequest, "endDate")
	// Within an export another may begin, but not a third.
	_, err = export(&pb.ExportLedgerRequest{}, func() error {
		_, err := export(&pb.ExportLedgerRequest{}, func() error {
			_, err := export(&pb.ExportLedgerRequest{}, nil)
			return err
		})
		return err
	})
	refusedAs(t, "a third", err, api.Unavailable, "")
	_, err = export(&pb.ExportLedgerRequest{}, nil)
	recordtest.Must(t, err)
}
