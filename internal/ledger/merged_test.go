package ledger

import (
	"testing"

	"github.com/google/uuid"

	pb "github.com/btlc/btlc/gen/go/btlc/ledger/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/money"
	"github.com/btlc/btlc/internal/record/recordtest"
)

// merge merges records of persons, each into the next, as the directory does as far as it matters here.
func (o *office) merge(of *seat, into ...uuid.UUID) {
	o.t.Helper()
	for _, survivor := range into {
		recordtest.Must(o.t, o.Ent().Educator.UpdateOneID(of.educator).SetMergedIntoID(survivor).Exec(o.t.Context()))
		_, err := o.SQL().ExecContext(o.t.Context(), `UPDATE registrations SET educator_id = $2 WHERE id = $1`, of.id, survivor)
		recordtest.Must(o.t, err)
		of.educator = survivor
	}
}

// What was charged and paid under the name of a record that was merged, twice over, is the person's who stays.
func TestMoneyOfAMergedRecord(t *testing.T) {
	o := newOffice(t)
	of, next, stays := o.enrolled(nil), o.Educator("bps", "M1"), o.Educator("bps", "M2")
	before, self := api.Name("btlc/Educator", of.educator), api.Name("btlc/Educator", stays)
	o.mustEnter(of, &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_PAYMENT, Amount: usd(1000)})
	o.merge(of, next, stays)
	balance := func(want *pb.Balance) {
		t.Helper()
		all := o.balances()
		if len(all) != 1 || all[0].Payer != self || all[0].Owed.Units != want.Owed.Units || all[0].Paid.Units != want.Paid.Units || all[0].Charged.Units != want.Charged.Units {
			t.Errorf("balances: %v, want %v", all, want)
		}
	}
	balance(&pb.Balance{Owed: usd(0), Paid: usd(1000), Charged: usd(1000)})
	recordtest.Must(t, o.move("ENROLLED", "WITHDRAWN", false, of))
	balance(&pb.Balance{Owed: usd(-1000), Paid: usd(1000), Charged: usd(0)})
	refused, err := o.enter(of, &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_PAYOUT, Amount: usd(1001)})
	refusedAs(t, "more than there is", err, api.StateConflict, "ledgerEntry.amount")
	if refused != nil {
		t.Errorf("refused, and %v", refused)
	}
	// By its name of before or of now, or by none: it is one person.
	for _, payer := range []string{before, self, ""} {
		made := o.mustEnter(of, &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_PAYOUT, Amount: usd(300), Payer: payer})
		if made.Payer != self {
			t.Errorf("asked to pay out to %q: to %s", payer, made.Payer)
		}
	}
	balance(&pb.Balance{Owed: usd(-100), Paid: usd(100), Charged: usd(0)})
	_, err = o.enter(of, &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_PAYOUT, Amount: usd(300)})
	refusedAs(t, "the rest, thrice", err, api.StateConflict, "ledgerEntry.amount")
}

// What one record took over from another cannot be taken back once both are one person's: no account would change.
func TestAReassignmentBetweenMergedRecords(t *testing.T) {
	o := newOffice(t)
	of, other := o.enrolled(nil), o.Educator("bps", "M1")
	taken := o.mustEnter(of, &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_REASSIGNMENT, Amount: usd(1000), NewPayer: api.Name("btlc/Educator", other), Reason: "A colleague pays."})
	o.merge(of, other)
	_, err := o.enter(of, &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_REVERSAL, Reverses: taken.Name, Reason: "A mistake."})
	refusedAs(t, "between one person's records", err, api.StateConflict, "ledgerEntry.reverses")
	o.mustEnter(of, &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_WAIVER, Amount: usd(1000), Reason: "The charge itself stands as it was."})
}

// Who pays may have changed since: money goes back to whom it is owed.
func TestAPayoutGoesToWhomItIsOwed(t *testing.T) {
	o := newOffice(t)
	refunded := o.enrolled(nil)
	first := api.Name("btlc/Educator", refunded.educator)
	o.mustEnter(refunded, &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_PAYMENT, Amount: usd(1000)})
	recordtest.Must(t, o.move("ENROLLED", "WITHDRAWN", false, refunded))
	recordtest.Must(t, o.Ent().Registration.UpdateOneID(refunded.id).SetPayerKind("DISTRICT").SetSponsor("districts/bps").Exec(t.Context()))
	if made := o.mustEnter(refunded, &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_PAYOUT, Amount: usd(1000)}); made.Payer != first {
		t.Errorf("after a full refund it goes to %s", made.Payer)
	}

	taken := o.enrolled(nil)
	self := api.Name("btlc/Educator", taken.educator)
	o.mustEnter(taken, &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_PAYMENT, Amount: usd(1000)})
	o.mustEnter(taken, &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_REASSIGNMENT, Amount: usd(1000), NewPayer: "districts/bps", Reason: "The district pays."})
	if made := o.mustEnter(taken, &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_PAYOUT, Amount: usd(400)}); made.Payer != self {
		t.Errorf("after somebody else took over it goes to %s", made.Payer)
	}
	o.mustEnter(taken, &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_PAYMENT, Amount: usd(1200), Payer: "districts/bps"})
	_, err := o.enter(taken, &pb.LedgerEntry{Kind: pb.LedgerEntry_KIND_PAYOUT, Amount: usd(100)})
	refusedAs(t, "owed to two", err, api.InvalidRequest, "ledgerEntry.payer")
}

func TestRenamed(t *testing.T) {
	b := &book{t: t}
	b.enter(Charge, educator, 1000)
	b.enter(Reassignment, educator, 1000)
	names := map[string]string{educator: school}
	got := Renamed(b.entries, names)
	if got[0].Payer() != school || got[1].Payer() != school || got[1].newPayer() != district || got[0].Credit != Income(money.Program) {
		t.Errorf("renamed: %v", got)
	}
	if b.entries[0].Payer() != educator {
		t.Error("the entries themselves are changed")
	}
}
