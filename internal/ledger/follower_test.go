package ledger

import (
	"slices"
	"strings"
	"testing"

	"github.com/btlc/btlc/ent/ledgerentry"
	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	pb "github.com/btlc/btlc/gen/go/btlc/ledger/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/money"
	"github.com/btlc/btlc/internal/record/recordtest"
)

func TestSeatsAreCharged(t *testing.T) {
	o := newOffice(t)
	self, order, past := o.applicant(nil), o.applicant(func(of *seat) {
		of.payerKind, of.sponsor, of.purchaseOrder = "PURCHASE_ORDER", "districts/bps", "4500012345"
	}), o.applicant(func(of *seat) { of.imported = true })
	recordtest.Must(t, o.move("", "WAITLISTED", false, self, order, past))
	recordtest.Must(t, o.move("WAITLISTED", "AWAITING_ROLE", false, self))
	if n, err := o.Ent().LedgerEntry.Query().Count(t.Context()); err != nil || n != 0 {
		t.Errorf("those who wait are charged %d times, %v", n, err)
	}
	recordtest.Must(t, o.move("OFFERED", "ENROLLED", false, self, order, past))
	for of, want := range map[*seat][2]string{self: {api.Name("btlc/Educator", self.educator), ""}, order: {"districts/bps", "4500012345"}} {
		row, err := o.Ent().LedgerEntry.Query().Where(ledgerentry.RegistrationID(of.id)).Only(t.Context())
		recordtest.Must(t, err)
		if row.Kind != "CHARGE" || row.AmountMinor != 100_000 || row.Currency != "USD" || row.Payer != want[0] || row.Payee != money.Program || row.Reference != want[1] ||
			row.Rule != "enrollment-1" || row.Reason != "fee of courses/using-data/versions/1" {
			t.Errorf("charged: %v", row)
		}
	}
	recordtest.Must(t, o.move("ENROLLED", "COMPLETED", false, self))
	recordtest.Must(t, o.move("COMPLETED", "ENROLLED", false, self))
	recordtest.Must(t, o.move("ENROLLED", "NOT_COMPLETED", false, self))
	recordtest.Must(t, o.move("ENROLLED", "WITHDRAWN", false, past))
	if got := o.lines(self) + o.lines(past); got != "CHARGE 1000" {
		t.Errorf("then there is %s", got)
	}
	unpaid := o.applicant(sponsored("somebody"))
	refusedAs(t, "no sponsor", o.move("OFFERED", "ENROLLED", false, unpaid), api.InvalidRequest, "registration.payer.sponsor")
	free := o.applicant(nil)
	recordtest.Must(t, o.Ent().CourseVersion.Update().SetFeeUnits(0).Exec(t.Context()))
	recordtest.Must(t, o.move("", "ENROLLED", false, free))
	if got := o.lines(free); got != "" {
		t.Errorf("a course without a fee has %s", got)
	}
}

// The fees were entered before the ledger was asked whether it can hold them.
func TestFeesThatTheLedgerCannotHold(t *testing.T) {
	o := newOffice(t)
	of, seated := o.applicant(nil), o.enrolled(nil)
	for what, c := range map[string]struct {
		currency string
		units    int64
	}{"no hundredths": {"JPY", 1000}, "too much": {"USD", money.MaxMinor}} {
		recordtest.Must(t, o.Ent().CourseVersion.Update().SetFeeCurrency(c.currency).SetFeeUnits(c.units).Exec(t.Context()))
		err := o.move("AWAITING_ROLE", "ENROLLED", false, of)
		refusedAs(t, what, err, api.StateConflict, "")
		if err == nil || !strings.Contains(err.Error(), "the fee of courses/using-data/versions/1") {
			t.Errorf("%s: it says %v", what, err)
		}
	}
	recordtest.Must(t, o.Ent().CourseVersion.Update().SetFeeCurrency("JPY").Exec(t.Context()))
	_, err := o.enter(seated, &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_PAYMENT, Amount: usd(1)})
	refusedAs(t, "a payment", err, api.StateConflict, "")
}

// The feed says that there is a line, to the program alone and without money.
func TestMoneyOnTheFeed(t *testing.T) {
	o := newOffice(t)
	of := o.enrolled(sponsored("districts/bps"))
	page, err := o.ReadFeed(t.Context(), "program", 0, 10)
	recordtest.Must(t, err)
	if len(page.Rows) != 1 || page.Rows[0].Type != "btlc/LedgerEntry" || page.Rows[0].Kind != "CREATED" || string(page.Rows[0].State) != `{"kind": "CHARGE", "registration": "`+of.name()+`"}` {
		t.Errorf("the program's feed has %v", page.Rows)
	}
	page, err = o.ReadFeed(t.Context(), "districts/bps", 0, 10)
	recordtest.Must(t, err)
	if len(page.Rows) != 0 {
		t.Errorf("the district's feed has %v", page.Rows)
	}
}

func TestWithdrawalsAreRefunded(t *testing.T) {
	reassigned := func(o *office, of *seat) {
		o.mustEnter(of, &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_REASSIGNMENT, Amount: usd(400), NewPayer: "districts/bps", Reason: "the district helps"})
	}
	for what, c := range map[string]struct {
		days      int // after now
		cancelled bool
		before    func(*office, *seat)
		want      string // of the refunds: payer's kind, amount and reason
	}{
		"at once":                  {0, false, nil, "educators 1000.00 refund rule enrollment-1, an assumption: 100 percent (registration-close)"},
		"after the close":          {6, false, nil, "educators 500.00 refund rule enrollment-1, an assumption: 50 percent (first-meeting)"},
		"after the first meeting":  {10, false, nil, ""},
		"it is cancelled":          {12, true, nil, "educators 1000.00 refund rule enrollment-1, an assumption: 100 percent (section-cancelled)"},
		"two pay, after the close": {6, false, reassigned, "districts 200.00 refund rule enrollment-1, an assumption: 50 percent (first-meeting), educators 300.00 refund rule enrollment-1, an assumption: 50 percent (first-meeting)"},
		"a part was waived, at once": {0, false, func(o *office, of *seat) {
			o.mustEnter(of, &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_WAIVER, Amount: usd(999), Reason: "hardship"})
		}, "educators 1.00 refund rule enrollment-1, an assumption: 100 percent (registration-close)"},
		"all was waived, at once": {0, false, func(o *office, of *seat) {
			o.mustEnter(of, &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_WAIVER, Amount: usd(1000), Reason: "hardship"})
		}, ""},
		"credits are another's": {0, false, func(o *office, of *seat) {
			o.mustEnter(of, &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_CHARGE, Amount: usd(275), Payee: "institutions/umass-boston"})
		}, "educators 1000.00 refund rule enrollment-1, an assumption: 100 percent (registration-close)"},
	} {
		t.Run(what, func(t *testing.T) {
			o := newOffice(t)
			of, untouched := o.enrolled(nil), o.enrolled(nil)
			if c.before != nil {
				c.before(o, of)
			}
			o.Travel(recordtest.Start.AddDate(0, 0, c.days))
			quote, err := ask(t, recordtest.Staff(), o.service.QuoteRefund, &pb.QuoteRefundRequest{Name: of.name()})
			recordtest.Must(t, err)
			recordtest.Must(t, o.move("ENROLLED", "WITHDRAWN", c.cancelled, of))
			rows, err := o.Ent().LedgerEntry.Query().Where(ledgerentry.RegistrationID(of.id), ledgerentry.Kind("REFUND")).All(t.Context())
			recordtest.Must(t, err)
			var refunds []string
			total := int64(0)
			for _, row := range rows {
				payer, _, _ := strings.Cut(row.Payer, "/")
				refunds = append(refunds, payer+" "+money.Amount{Minor: row.AmountMinor, Currency: row.Currency}.Decimal()+" "+row.Reason)
				total += row.AmountMinor
				if row.Rule != "enrollment-1" || row.Payee != money.Program {
					t.Errorf("refunded: %v", row)
				}
			}
			slices.Sort(refunds)
			if got := strings.Join(refunds, ", "); got != c.want {
				t.Errorf("refunded:\n%s\nwant:\n%s", got, c.want)
			}
			if quoted := quote.Amount.Units * 100; !c.cancelled && quoted != total {
				t.Errorf("%d were quoted, %d refunded", quoted, total)
			}
			if got := o.lines(untouched); got != "CHARGE 1000" {
				t.Errorf("who stays has %s", got)
			}
			_, err = ask(t, recordtest.Staff(), o.service.QuoteRefund, &pb.QuoteRefundRequest{Name: of.name()})
			refusedAs(t, "quoted after", err, api.StateConflict, "")
		})
	}
}

// A person is told what comes back to them, and not what comes back to a sponsor.
func TestQuotesToThePerson(t *testing.T) {
	o := newOffice(t)
	of, other := o.enrolled(nil), o.enrolled(nil)
	o.mustEnter(of, &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_REASSIGNMENT, Amount: usd(400), NewPayer: "districts/bps", Reason: "the district helps"})
	o.Travel(recordtest.Start.AddDate(0, 0, 6))
	own := recordtest.Caller(accesspb.Role_ROLE_EDUCATOR, api.Name("btlc/Educator", of.educator))
	quote, err := ask(t, own, o.service.QuoteRefund, &pb.QuoteRefundRequest{Name: of.name()})
	recordtest.Must(t, err)
	if quote.Amount.Units != 300 || quote.Percent != 50 || quote.Rule != "enrollment-1" || !quote.Assumption || quote.Explanation != "refund rule enrollment-1, an assumption: 50 percent (first-meeting)" {
		t.Errorf("quoted %v", quote)
	}
	_, err = ask(t, own, o.service.QuoteRefund, &pb.QuoteRefundRequest{Name: other.name()})
	refusedAs(t, "another's", err, api.NotFound, "")
}

func TestSeatTakenAgain(t *testing.T) {
	o := newOffice(t)
	of := o.enrolled(nil)
	recordtest.Must(t, o.move("ENROLLED", "WITHDRAWN", false, of))
	recordtest.Must(t, o.move("WITHDRAWN", "ENROLLED", false, of))
	if got := o.lines(of); got != "CHARGE 1000, REFUND 1000, CHARGE 1000" {
		t.Errorf("the ledger has %s", got)
	}
}
