package ledger

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/btlc/btlc/internal/money"
)

// Draft is an entry to be made; the fields are those of Entry.
type Draft struct {
	ID           string
	Date         time.Time
	Kind         Kind // any but REVERSAL
	Payer, Payee string
	// NewPayer is who takes over by a REASSIGNMENT; empty for other kinds.
	NewPayer string
	Amount   money.Amount
	// Section, Registration and Reference may be empty. Reason has to be there for a WAIVER, for a
	// REASSIGNMENT and for a REFUND: Quote.Reason.
	Section, Registration, Reference, Reason string
}

// New makes an entry. Of the entries so far it needs, in any order, all that touch the receivables of the payer and
// of the new payer at this payee; it leaves them alone. Errors: FieldError.
func New(entries []Entry, d Draft) (Entry, error) {
	if err := d.check(); err != nil {
		return Entry{}, err
	}
	debit, credit := d.accounts()
	e := Entry{
		ID: d.ID, Date: d.Date, Kind: d.Kind, Debit: debit, Credit: credit, Amount: d.Amount,
		Section: d.Section, Registration: d.Registration, Reference: d.Reference, Reason: d.Reason,
	}
	if entered(entries, d.ID) {
		return Entry{}, conflict("entry", "is in the ledger already")
	}
	if e.overdraws(entries) {
		return Entry{}, conflict("amount", "is more than what is charged")
	}
	if d.Kind == Payout && d.Amount.Minor > -Owed(entries)[Debt{d.Payer, d.Payee, d.Amount.Currency}] {
		return Entry{}, conflict("amount", "is more than what is to the payer's credit")
	}
	return e, nil
}

// accounts are those of a draft that was checked.
func (d Draft) accounts() (debit, credit Account) {
	receivable := Receivable(d.Payer, d.Payee)
	switch d.Kind {
	case Charge:
		return receivable, Income(d.Payee)
	case Payment:
		return Cash(d.Payee), receivable
	case Waiver:
		return Waived(d.Payee), receivable
	case Refund:
		return Income(d.Payee), receivable
	case Payout:
		return receivable, Cash(d.Payee)
	default:
		return Receivable(d.NewPayer, d.Payee), receivable
	}
}

func (d Draft) check() error {
	switch d.Kind {
	case Charge, Payment, Waiver, Refund, Payout, Reassignment:
	default:
		return invalid("kind", "has to be CHARGE, PAYMENT, WAIVER, REFUND, PAYOUT or REASSIGNMENT")
	}
	if !money.ValidPayer(d.Payer) {
		return invalid("payer", "has to be the name of an educator, a district or a school")
	}
	if !money.ValidPayee(d.Payee) {
		return invalid("payee", "has to be program or the name of an institution")
	}
	switch reassigns := d.Kind == Reassignment; {
	case reassigns && !money.ValidPayer(d.NewPayer):
		return invalid("newPayer", "has to be the name of an educator, a district or a school")
	case reassigns && d.NewPayer == d.Payer:
		return invalid("newPayer", "has to be another payer")
	case !reassigns && d.NewPayer != "":
		return invalid("newPayer", "is for a reassignment alone")
	}
	if d.Amount.Minor <= 0 {
		return invalid("amount", "has to be above zero")
	}
	if d.Amount.Minor > money.MaxMinor {
		return invalid("amount", "is too large")
	}
	if err := amountFault("amount.", money.CheckCurrency(d.Amount.Currency)); err != nil {
		return err
	}
	return checkNotes(d.ID, d.Date, d.Reference, d.Reason, d.Kind == Waiver || d.Kind == Refund || d.Kind == Reassignment)
}

// amountFault is what is wrong with an amount, as a fault of an entry whose fields have the path before them.
func amountFault(path string, err error) error {
	if fault, ok := errors.AsType[*money.FieldError](err); ok {
		return invalid(path+fault.Field, "%s", fault.Description)
	}
	return err
}

// Correction is a reversal to be made; the fields are those of Entry.
type Correction struct {
	ID        string
	Date      time.Time // not before the day of the entry
	Reverses  string
	Reference string // may be empty
	Reason    string
}

// Reverse takes an entry back: the same amount between the same accounts, the other way. Of the entries so far it
// needs what New does of both payers. A charge of which something was waived, refunded or reassigned is reversed
// after that is; a payment may be reversed even if it was paid out since, for checks bounce: it is then owed again.
// Entries come by the names of now, so that a reassignment between two records that were merged since moves nothing.
// Errors: FieldError.
func Reverse(entries []Entry, c Correction) (Entry, error) {
	if err := checkNotes(c.ID, c.Date, c.Reference, c.Reason, true); err != nil {
		return Entry{}, err
	}
	if entered(entries, c.ID) {
		return Entry{}, conflict("entry", "is in the ledger already")
	}
	at := slices.IndexFunc(entries, func(e Entry) bool { return e.ID == c.Reverses })
	if at < 0 {
		return Entry{}, conflict("reverses", "is no entry of this ledger")
	}
	wrong := entries[at]
	switch {
	case wrong.Kind == Reversal:
		return Entry{}, conflict("reverses", "is a reversal, which is final: make a new entry")
	case slices.ContainsFunc(entries, func(e Entry) bool { return e.Reverses == c.Reverses }):
		return Entry{}, conflict("reverses", "is reversed already")
	case wrong.Debit == wrong.Credit:
		return Entry{}, conflict("reverses", "is between two records of one person: there is nothing to take back")
	case day(c.Date).Before(day(wrong.Date)):
		return Entry{}, conflict("date", "is before that of the entry")
	}
	e := Entry{
		ID: c.ID, Date: c.Date, Kind: Reversal, Debit: wrong.Credit, Credit: wrong.Debit, Amount: wrong.Amount,
		Section: wrong.Section, Registration: wrong.Registration,
		Reference: c.Reference, Reason: c.Reason, Reverses: c.Reverses,
	}
	if e.overdraws(entries) {
		return Entry{}, conflict("reverses", "is what others rest on: reverse its waivers, refunds and reassignments first")
	}
	return e, nil
}

// overdraws tells whether an entry takes more off a claim than is left of it.
func (e Entry) overdraws(entries []Entry) bool {
	return e.Credit.Kind == ReceivableAccount && !e.settles() && e.Amount.Minor > Charged(entries, e.claim(e.Credit))
}

func entered(entries []Entry, id string) bool {
	return slices.ContainsFunc(entries, func(e Entry) bool { return e.ID == id })
}

// checkNotes checks what people write of any entry.
func checkNotes(id string, date time.Time, reference, reason string, reasoned bool) error {
	switch {
	case id == "":
		return invalid("entry", "has to be there")
	case date.IsZero():
		return invalid("date", "has to be there")
	case reasoned && strings.TrimSpace(reason) == "":
		return invalid("reason", "has to be there")
	case money.ContainsCardNumber(reference):
		return invalid("reference", "holds a card number: none is ever taken")
	case money.ContainsCardNumber(reason):
		return invalid("reason", "holds a card number: none is ever taken")
	}
	return nil
}

// day is a time's calendar day, in its own location, so that days can be compared.
func day(t time.Time) time.Time {
	year, month, date := t.Date()
	return time.Date(year, month, date, 0, 0, 0, 0, time.UTC)
}
