// Package ledger is the money of the program: who owes what to whom, and how it came to that.
//
// Every entry is one transfer of a positive amount between two accounts: it debits one and credits the other. So the
// balances of all accounts, debits less credits, add up to zero whatever is entered. Entries are never changed; a
// wrong one is reversed by another that names it, once, and a reversal is final.
//
//	CHARGE        debits receivable (payer, payee)      credits income (payee)
//	PAYMENT       debits cash (payee)                   credits receivable (payer, payee)
//	WAIVER        debits waived (payee)                 credits receivable (payer, payee)
//	REFUND        debits income (payee)                 credits receivable (payer, payee)
//	PAYOUT        debits receivable (payer, payee)      credits cash (payee)
//	REASSIGNMENT  debits receivable (new payer, payee)  credits receivable (payer, payee)
//	REVERSAL      the accounts of the entry that it reverses, changed about
//
// A refund is a credit note, by a dated RefundRule: it lowers what is owed. Money goes back by a payout, and only as
// much as the payer has to their credit. A payment may be more than what is owed, or come first: it is then to the
// payer's credit. What is waived, refunded and reassigned of a registration is never more than what it was charged.
//
// What is entered, owed and refunded is computed of plain values, without clock or table. The service keeps the entries,
// charges and refunds when seats change hands, and takes no card numbers.
package ledger

import (
	"errors"
	"fmt"
	"time"

	"github.com/btlc/btlc/internal/money"
)

// Kind is what happened.
type Kind string

// The kinds of entries.
const (
	Charge       Kind = "CHARGE"       // a payer owes a payee
	Payment      Kind = "PAYMENT"      // money came in
	Waiver       Kind = "WAIVER"       // the payee does without, for a reason
	Refund       Kind = "REFUND"       // a credit note, by a rule
	Payout       Kind = "PAYOUT"       // money went back
	Reassignment Kind = "REASSIGNMENT" // another payer takes over, such as a sponsor
	Reversal     Kind = "REVERSAL"     // an earlier entry was wrong
)

// Entry is one transfer. New and Reverse make it.
type Entry struct {
	// ID is unique in the ledger.
	ID string
	// Date is the day that accounting books it on: the calendar day, in the location of the value.
	Date time.Time
	Kind Kind
	// Debit and Credit are the accounts that gain and lose the amount.
	Debit, Credit Account
	// Amount is positive.
	Amount money.Amount
	// Section and Registration are resource names of what it is about; empty when it is about none.
	Section, Registration string
	// Reference is what others know it by: a purchase order number, an invoice, a check.
	Reference string
	// Reason says why, for people.
	Reason string
	// Reverses is the ID of the entry that a REVERSAL takes back.
	Reverses string
}

// Payer is whom the entry is about; of a reassignment, or the reversal of one, the one who is relieved.
func (e Entry) Payer() string {
	if e.Credit.Kind == ReceivableAccount {
		return e.Credit.Payer
	}
	return e.Debit.Payer
}

// newPayer is who takes over by a reassignment, or takes back by the reversal of one; empty for other entries.
func (e Entry) newPayer() string {
	if e.Credit.Kind == ReceivableAccount {
		return e.Debit.Payer
	}
	return ""
}

// Payee is whose money it is.
func (e Entry) Payee() string { return e.Debit.Payee }

// claim is what the entry adds to or takes from when its side is debited or credited.
func (e Entry) claim(side Account) Claim {
	return Claim{Payer: side.Payer, Payee: side.Payee, Registration: e.Registration, Currency: e.Amount.Currency}
}

// settles tells whether money changes hands, so that what is charged stays as it is.
func (e Entry) settles() bool { return e.Debit.Kind == CashAccount || e.Credit.Kind == CashAccount }

// What is wrong with an entry: each FieldError is one of these.
var (
	// ErrInvalid: it could not be entered in any ledger.
	ErrInvalid = errors.New("ledger: not an entry")
	// ErrConflict: what is in the ledger does not allow it.
	ErrConflict = errors.New("ledger: the entries before do not allow this")
)

// FieldError says which field is not right, and what would be. It never repeats what was in the field.
type FieldError struct {
	// Field is a path in lowerCamelCase, such as "amount.currencyCode".
	Field, Description string
	kind               error
}

// Error is for logs.
func (e *FieldError) Error() string { return fmt.Sprintf("%v: %s: %s", e.kind, e.Field, e.Description) }

// Unwrap is ErrInvalid or ErrConflict.
func (e *FieldError) Unwrap() error { return e.kind }

func invalid(field, format string, args ...any) error {
	return &FieldError{Field: field, Description: fmt.Sprintf(format, args...), kind: ErrInvalid}
}

func conflict(field, format string, args ...any) error {
	return &FieldError{Field: field, Description: fmt.Sprintf(format, args...), kind: ErrConflict}
}
