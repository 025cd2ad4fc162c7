package directory_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	pb "github.com/btlc/btlc/gen/go/btlc/directory/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/record/recordtest"
)

// paid is a line of 1000 that a payer has paid for a registration; reversing another, it takes that back.
func (o office) paid(t *testing.T, of recordtest.Registration, payer string, reversing *ent.LedgerEntry) *ent.LedgerEntry {
	t.Helper()
	line := o.Ent().LedgerEntry.Create().SetRegistrationID(of.ID).SetAmountMinor(100000).SetCurrency("USD").SetPayer(payer).SetPayee("program").
		SetEffectiveDate(recordtest.Day("2026-11-20")).SetRecordedBy("test")
	claim, cash := "receivable:"+payer+":program", "cash:program"
	if reversing == nil {
		line.SetKind("PAYMENT").SetDebitAccount(cash).SetCreditAccount(claim)
	} else {
		line.SetKind("REVERSAL").SetDebitAccount(claim).SetCreditAccount(cash).SetReversesID(reversing.ID)
	}
	made, err := line.Save(t.Context())
	recordtest.Must(t, err)
	return made
}

// A merge is not taken back while money that came for what goes back stands under the name of the record that stays.
func TestUnmergeWithMoneySince(t *testing.T) {
	o := newOffice(t)
	id, registration := o.Graduate("D1")
	duplicate, survivor := api.Name("btlc/Educator", id), api.Name("btlc/Educator", o.Educator("bps", "S1"))
	unmerge := func() error {
		_, err := ask(t, recordtest.Staff(), o.service.UnmergeEducator, &pb.UnmergeEducatorRequest{Name: duplicate})
		return err
	}
	isOf := func(want string) {
		t.Helper()
		var of uuid.UUID
		recordtest.Must(t, o.SQL().QueryRowContext(t.Context(), `SELECT educator_id FROM registrations WHERE id = $1`, registration.ID).Scan(&of))
		expect(t, "the registration is of", api.Name("btlc/Educator", of), want)
	}
	before := o.paid(t, registration, duplicate, nil)
	o.paid(t, registration, survivor, nil) // for a colleague, as they were then

	o.merge(t, survivor, duplicate)
	since := o.paid(t, registration, survivor, nil)
	err := unmerge()
	expect(t, "with money since", recordtest.Reason(err), api.StateConflict)
	expect(t, "with money of", recordtest.Known(err).Metadata["registration"], registration.Name())
	isOf(survivor)
	o.paid(t, registration, survivor, since)
	recordtest.Must(t, unmerge())
	isOf(duplicate)

	o.merge(t, survivor, duplicate)
	o.paid(t, registration, survivor, before)
	expect(t, "with money taken back since", recordtest.Reason(unmerge()), api.StateConflict)
	o.paid(t, registration, survivor, nil)
	recordtest.Must(t, unmerge())
	expect(t, "once more", recordtest.Reason(unmerge()), api.StateConflict)
}

// Of merges one after the other, the last is taken back first: else what came with the first would stay with the third.
func TestUnmergeInOrder(t *testing.T) {
	o := newOffice(t)
	id, registration := o.Graduate("D1")
	first, second, third := api.Name("btlc/Educator", id), api.Name("btlc/Educator", o.Educator("bps", "S1")), api.Name("btlc/Educator", o.Educator("bps", "T1"))
	unmerge := func(name string) error {
		_, err := ask(t, recordtest.Staff(), o.service.UnmergeEducator, &pb.UnmergeEducatorRequest{Name: name})
		return err
	}
	o.merge(t, second, first)
	o.merge(t, third, second)
	expect(t, "the first one first", recordtest.Reason(unmerge(first)), api.StateConflict)
	recordtest.Must(t, unmerge(second))
	recordtest.Must(t, unmerge(first))
	var of uuid.UUID
	recordtest.Must(t, o.SQL().QueryRowContext(t.Context(), `SELECT educator_id FROM registrations WHERE id = $1`, registration.ID).Scan(&of))
	expect(t, "the registration is of", api.Name("btlc/Educator", of), first)
}
