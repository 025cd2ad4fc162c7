package ledger

import (
	"fmt"
	"strings"

	"github.com/btlc/btlc/internal/money"
)

// AccountKind is what an account counts.
type AccountKind string

// The kinds of accounts.
const (
	ReceivableAccount AccountKind = "receivable" // what a payer owes a payee; below zero: what is to the payer's credit
	IncomeAccount     AccountKind = "income"     // what a payee has charged; below zero, for income is credited
	CashAccount       AccountKind = "cash"       // what a payee has received
	WaivedAccount     AccountKind = "waived"     // what a payee does without
)

// Account is one account. Payer is empty except for receivables. Accounts can be compared, and be keys of maps.
type Account struct {
	Kind AccountKind
	// Payer is educators/{uuid}, districts/{word}, or districts/{word}/schools/{uuid}. A purchase order is its
	// district's, with the order's number as the entry's reference.
	Payer string
	// Payee is money.Program, or institutions/{word}.
	Payee string
}

// Receivable is what a payer owes a payee.
func Receivable(payer, payee string) Account {
	return Account{Kind: ReceivableAccount, Payer: payer, Payee: payee}
}

// Income is what a payee has charged.
func Income(payee string) Account { return Account{Kind: IncomeAccount, Payee: payee} }

// Cash is what a payee has received.
func Cash(payee string) Account { return Account{Kind: CashAccount, Payee: payee} }

// Waived is what a payee does without.
func Waived(payee string) Account { return Account{Kind: WaivedAccount, Payee: payee} }

// String is the account as text: "receivable:districts/bps:program", "income:institutions/umass-boston".
func (a Account) String() string {
	if a.Kind == ReceivableAccount {
		return fmt.Sprintf("%s:%s:%s", a.Kind, a.Payer, a.Payee)
	}
	return fmt.Sprintf("%s:%s", a.Kind, a.Payee)
}

// ParseAccount reads what String writes. Errors: ErrInvalid.
func ParseAccount(text string) (Account, error) {
	parts := strings.Split(text, ":")
	a := Account{Kind: AccountKind(parts[0]), Payee: parts[len(parts)-1]}
	want := 2
	switch a.Kind {
	case ReceivableAccount:
		want = 3
	case IncomeAccount, CashAccount, WaivedAccount:
	default:
		return Account{}, invalid("account", "is of no kind of account")
	}
	if len(parts) != want {
		return Account{}, invalid("account", "has %d parts, not %d", len(parts), want)
	}
	if a.Kind == ReceivableAccount {
		a.Payer = parts[1]
		if !money.ValidPayer(a.Payer) {
			return Account{}, invalid("account", "names no payer")
		}
	}
	if !money.ValidPayee(a.Payee) {
		return Account{}, invalid("account", "names no payee")
	}
	return a, nil
}
