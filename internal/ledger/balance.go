package ledger

import (
	"cmp"
	"maps"
	"slices"
)

// Holding is an account's money of one currency.
type Holding struct {
	Account  Account
	Currency string
}

// Balances are debits less credits, in minor units, of every account that was ever used. For each currency they add up to
// zero. The order of the entries is of no matter, here and below.
func Balances(entries []Entry) map[Holding]int64 {
	balances := map[Holding]int64{}
	for _, e := range entries {
		balances[Holding{e.Debit, e.Amount.Currency}] += e.Amount.Minor
		balances[Holding{e.Credit, e.Amount.Currency}] -= e.Amount.Minor
	}
	return balances
}

// Debt is who owes whom, in which currency.
type Debt struct{ Payer, Payee, Currency string }

// Owed is what payers owe payees, in minor units; below zero it is to the payer's credit, and may be paid out.
func Owed(entries []Entry) map[Debt]int64 {
	owed := map[Debt]int64{}
	for held, balance := range Balances(entries) {
		if held.Account.Kind == ReceivableAccount {
			owed[Debt{held.Account.Payer, held.Account.Payee, held.Currency}] = balance
		}
	}
	return owed
}

// Credited are the payers who have something to their credit of a payee, in the order of their names. Given the entries of
// one registration alone, it is what came of that one.
func Credited(entries []Entry, payee string) []string {
	var payers []string
	for debt, owed := range Owed(entries) {
		if debt.Payee == payee && owed < 0 && !slices.Contains(payers, debt.Payer) {
			payers = append(payers, debt.Payer)
		}
	}
	slices.Sort(payers)
	return payers
}

// Renamed are entries with some payers under other names: those whose records were merged, under the names of the records
// that stay. It leaves the entries alone.
func Renamed(entries []Entry, names map[string]string) []Entry {
	renamed := slices.Clone(entries)
	for i := range renamed {
		for _, side := range []*Account{&renamed[i].Debit, &renamed[i].Credit} {
			if name, other := names[side.Payer]; other {
				side.Payer = name
			}
		}
	}
	return renamed
}

// Claim is what a payer was charged by a payee for one registration, in one currency; of no registration if it is empty.
type Claim struct{ Payer, Payee, Registration, Currency string }

// Charged is what is left of a claim, in minor units, never below zero: what was charged and taken over, less what
// was waived, refunded and reassigned to others, whether it is paid or not. It is what refunds are quoted of.
func Charged(entries []Entry, c Claim) int64 {
	var net int64
	for _, e := range entries {
		if e.settles() {
			continue
		}
		if e.Debit.Kind == ReceivableAccount && e.claim(e.Debit) == c {
			net += e.Amount.Minor
		}
		if e.Credit.Kind == ReceivableAccount && e.claim(e.Credit) == c {
			net -= e.Amount.Minor
		}
	}
	return net
}

// Claims are the claims of a payee for a registration of which something is left, in the order of payer and currency.
func Claims(entries []Entry, payee, registration string) []Claim {
	left := map[Claim]bool{}
	for _, e := range entries {
		for _, side := range []Account{e.Debit, e.Credit} {
			if c := e.claim(side); side.Kind == ReceivableAccount && c.Payee == payee && c.Registration == registration {
				left[c] = Charged(entries, c) > 0
			}
		}
	}
	maps.DeleteFunc(left, func(_ Claim, some bool) bool { return !some })
	return slices.SortedFunc(maps.Keys(left), func(a, b Claim) int {
		return cmp.Or(cmp.Compare(a.Payer, b.Payer), cmp.Compare(a.Currency, b.Currency))
	})
}
