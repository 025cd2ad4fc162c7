package ledger

import (
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/btlc/btlc/internal/money"
)

const (
	educator  = "educators/01993f2e-7c40-7d3a-9b1e-5a6f7c8d9e0f"
	school    = "districts/bps/schools/01993f2e-7c40-7d3a-9b1e-000000000001"
	district  = "districts/bps"
	institute = "institutions/umass-boston"
	aSeat     = "sections/1/registrations/1"
)

var today = time.Date(2026, 9, 14, 0, 0, 0, 0, time.UTC)

func dollars(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "USD"} }

// book is a ledger of a test: it numbers entries, and stops the test at what it does not take.
type book struct {
	t interface {
		Helper()
		Fatal(...any)
	}
	entries []Entry
}

func (b *book) draft(kind Kind, payer string, minor int64) Draft {
	d := Draft{
		ID: strconv.Itoa(len(b.entries) + 1), Date: today, Kind: kind, Payer: payer, Payee: money.Program,
		Amount: dollars(minor), Registration: aSeat, Reason: "as agreed",
	}
	if kind == Reassignment {
		d.NewPayer = district
	}
	return d
}

func (b *book) enter(kind Kind, payer string, minor int64) Entry {
	b.t.Helper()
	e, err := New(b.entries, b.draft(kind, payer, minor))
	if err != nil {
		b.t.Fatal(err)
	}
	b.entries = append(b.entries, e)
	return e
}

func (b *book) correction(wrong Entry) Correction {
	return Correction{ID: strconv.Itoa(len(b.entries) + 1), Date: today, Reverses: wrong.ID, Reason: "entered twice"}
}

func (b *book) reverse(wrong Entry) Entry {
	b.t.Helper()
	e, err := Reverse(b.entries, b.correction(wrong))
	if err != nil {
		b.t.Fatal(err)
	}
	b.entries = append(b.entries, e)
	return e
}

// refused checks that an error is of a kind and a field.
func refused(t *testing.T, err error, kind error, field string) {
	t.Helper()
	var fault *FieldError
	if !errors.Is(err, kind) || !errors.As(err, &fault) || fault.Field != field {
		t.Errorf("got %v, want %v of %q", err, kind, field)
	}
}

func TestEntries(t *testing.T) {
	owes, credit := Receivable(educator, money.Program), Receivable(district, money.Program)
	for kind, want := range map[Kind][2]Account{
		Charge:       {owes, Income(money.Program)},
		Payment:      {Cash(money.Program), owes},
		Waiver:       {Waived(money.Program), owes},
		Refund:       {Income(money.Program), owes},
		Payout:       {owes, Cash(money.Program)},
		Reassignment: {credit, owes},
	} {
		b := &book{t: t}
		b.enter(Charge, educator, 100_000)
		b.enter(Payment, educator, 200_000)
		e := b.enter(kind, educator, 25_000)
		if got := [2]Account{e.Debit, e.Credit}; got != want || e.Amount != dollars(25_000) || e.Kind != kind {
			t.Errorf("%s: %+v", kind, e)
		}
		if e.Payer() != educator || e.Payee() != money.Program {
			t.Errorf("%s is of %s and %s", kind, e.Payer(), e.Payee())
		}
		back := b.reverse(e)
		if got := [2]Account{back.Credit, back.Debit}; got != want || back.Amount != e.Amount || back.Reverses != e.ID || back.Registration != aSeat {
			t.Errorf("%s is reversed by %+v", kind, back)
		}
	}
}

// A course with two payees, a sponsor who takes over what was paid already, and a withdrawal.
func TestSponsoredCourse(t *testing.T) {
	b := &book{t: t}
	b.enter(Charge, educator, 100_000)
	credit := b.draft(Charge, educator, 27_500)
	credit.Payee = institute
	e, err := New(b.entries, credit)
	if err != nil {
		t.Fatal(err)
	}
	b.entries = append(b.entries, e)
	b.enter(Payment, educator, 100_000)
	b.enter(Reassignment, educator, 100_000)
	b.enter(Payout, educator, 100_000)
	b.enter(Refund, district, 50_000)
	b.enter(Waiver, district, 10_000)

	owed := Owed(b.entries)
	for debt, want := range map[Debt]int64{
		{educator, money.Program, "USD"}: 0,
		{district, money.Program, "USD"}: 40_000,
		{educator, institute, "USD"}:     27_500,
	} {
		if owed[debt] != want {
			t.Errorf("%v: %d, want %d", debt, owed[debt], want)
		}
	}
	balances := Balances(b.entries)
	for account, want := range map[Account]int64{Income(money.Program): -50_000, Cash(money.Program): 0, Waived(money.Program): 10_000, Income(institute): -27_500} {
		if got := balances[Holding{account, "USD"}]; got != want {
			t.Errorf("%v: %d, want %d", account, got, want)
		}
	}
}

func TestRefusedDrafts(t *testing.T) {
	b := &book{t: t}
	b.enter(Charge, educator, 100_000)
	b.enter(Payment, educator, 120_000)
	draft := func(kind Kind, change func(*Draft)) Draft {
		d := b.draft(kind, educator, 1)
		change(&d)
		return d
	}
	for what, c := range map[string]struct {
		draft Draft
		kind  error
		field string
	}{
		"no kind":             {draft("", func(*Draft) {}), ErrInvalid, "kind"},
		"reversal":            {draft(Reversal, func(*Draft) {}), ErrInvalid, "kind"},
		"payer unknown":       {draft(Charge, func(d *Draft) { d.Payer = "people/1" }), ErrInvalid, "payer"},
		"payer an institute":  {draft(Charge, func(d *Draft) { d.Payer = institute }), ErrInvalid, "payer"},
		"payee unknown":       {draft(Charge, func(d *Draft) { d.Payee = district }), ErrInvalid, "payee"},
		"no new payer":        {draft(Reassignment, func(d *Draft) { d.NewPayer = "" }), ErrInvalid, "newPayer"},
		"same payer":          {draft(Reassignment, func(d *Draft) { d.NewPayer = educator }), ErrInvalid, "newPayer"},
		"new payer, charge":   {draft(Charge, func(d *Draft) { d.NewPayer = district }), ErrInvalid, "newPayer"},
		"nothing":             {draft(Charge, func(d *Draft) { d.Amount.Minor = 0 }), ErrInvalid, "amount"},
		"below zero":          {draft(Charge, func(d *Draft) { d.Amount.Minor = -1 }), ErrInvalid, "amount"},
		"too much":            {draft(Charge, func(d *Draft) { d.Amount.Minor = money.MaxMinor + 1 }), ErrInvalid, "amount"},
		"no currency":         {draft(Charge, func(d *Draft) { d.Amount.Currency = "" }), ErrInvalid, "amount.currencyCode"},
		"no day":              {draft(Charge, func(d *Draft) { d.Date = time.Time{} }), ErrInvalid, "date"},
		"no id":               {draft(Charge, func(d *Draft) { d.ID = "" }), ErrInvalid, "entry"},
		"id of another":       {draft(Charge, func(d *Draft) { d.ID = "1" }), ErrConflict, "entry"},
		"waiver, no reason":   {draft(Waiver, func(d *Draft) { d.Reason = " \n" }), ErrInvalid, "reason"},
		"refund, no reason":   {draft(Refund, func(d *Draft) { d.Reason = "" }), ErrInvalid, "reason"},
		"card as reference":   {draft(Payment, func(d *Draft) { d.Reference = "4111 1111 1111 1111" }), ErrInvalid, "reference"},
		"card in reason":      {draft(Payment, func(d *Draft) { d.Reason = "by card 378282246310005." }), ErrInvalid, "reason"},
		"waiver too much":     {draft(Waiver, func(d *Draft) { d.Amount.Minor = 100_001 }), ErrConflict, "amount"},
		"refund too much":     {draft(Refund, func(d *Draft) { d.Amount.Minor = 100_001 }), ErrConflict, "amount"},
		"refund, other seat":  {draft(Refund, func(d *Draft) { d.Registration = "sections/1/registrations/2" }), ErrConflict, "amount"},
		"refund, other payee": {draft(Refund, func(d *Draft) { d.Payee = institute }), ErrConflict, "amount"},
		"refund, other money": {draft(Refund, func(d *Draft) { d.Amount.Currency = "CAD" }), ErrConflict, "amount"},
		"reassigned too much": {draft(Reassignment, func(d *Draft) { d.Amount.Minor = 100_001 }), ErrConflict, "amount"},
		"payout too much":     {draft(Payout, func(d *Draft) { d.Amount.Minor = 20_001 }), ErrConflict, "amount"},
		"payout of another":   {draft(Payout, func(d *Draft) { d.Payer = school }), ErrConflict, "amount"},
	} {
		t.Run(what, func(t *testing.T) {
			_, err := New(b.entries, c.draft)
			refused(t, err, c.kind, c.field)
		})
	}
	b.enter(Payout, educator, 20_000) // just what is to their credit
	b.enter(Waiver, educator, 40_000)
	b.enter(Refund, educator, 60_000) // just what is left of the charge
}

// An error that is logged does not tell the card number that was refused.
func TestErrorsKeepCardNumbersOut(t *testing.T) {
	b := &book{t: t}
	d := b.draft(Payment, educator, 1)
	d.Reference = "4111 1111 1111 1111"
	_, err := New(nil, d)
	if err == nil || err.Error() != "ledger: not an entry: reference: holds a card number: none is ever taken" {
		t.Errorf("got %v", err)
	}
}

func TestRefusedReversals(t *testing.T) {
	b := &book{t: t}
	charge := b.enter(Charge, educator, 100_000)
	waiver := b.enter(Waiver, educator, 1)
	payment := b.enter(Payment, educator, 100)
	back := b.reverse(payment)
	correct := func(wrong Entry, change func(*Correction)) Correction {
		c := b.correction(wrong)
		change(&c)
		return c
	}
	for what, c := range map[string]struct {
		correction Correction
		kind       error
		field      string
	}{
		"no such entry": {correct(Entry{ID: "9"}, func(*Correction) {}), ErrConflict, "reverses"},
		"none named":    {correct(Entry{}, func(*Correction) {}), ErrConflict, "reverses"},
		"twice":         {correct(payment, func(*Correction) {}), ErrConflict, "reverses"},
		"a reversal":    {correct(back, func(*Correction) {}), ErrConflict, "reverses"},
		"partly waived": {correct(charge, func(*Correction) {}), ErrConflict, "reverses"},
		"no reason":     {correct(waiver, func(c *Correction) { c.Reason = "" }), ErrInvalid, "reason"},
		"card":          {correct(waiver, func(c *Correction) { c.Reason = "5555-5555-5555-4444" }), ErrInvalid, "reason"},
		"no id":         {correct(waiver, func(c *Correction) { c.ID = "" }), ErrInvalid, "entry"},
		"its own id":    {correct(waiver, func(c *Correction) { c.ID = c.Reverses }), ErrConflict, "entry"},
		"day before":    {correct(waiver, func(c *Correction) { c.Date = today.Add(-time.Second) }), ErrConflict, "date"},
	} {
		t.Run(what, func(t *testing.T) {
			_, err := Reverse(b.entries, c.correction)
			refused(t, err, c.kind, c.field)
		})
	}
	b.reverse(waiver)
	b.reverse(charge)
}

// A check that bounces after an overpayment was paid out: what went back is owed again.
func TestBouncedAfterPayout(t *testing.T) {
	b := &book{t: t}
	payment := b.enter(Payment, educator, 5_000)
	b.enter(Payout, educator, 5_000)
	b.reverse(payment)
	if got := Owed(b.entries)[Debt{educator, money.Program, "USD"}]; got != 5_000 {
		t.Errorf("%d is owed", got)
	}
}

// Whatever is entered, in whatever order: the books close.
func TestAnyHistory(t *testing.T) {
	payers, payees := []string{educator, school, district}, []string{money.Program, institute}
	kinds := []Kind{Charge, Charge, Payment, Payment, Waiver, Refund, Payout, Reassignment, Reversal}
	rapid.Check(t, func(t *rapid.T) {
		var entries []Entry
		want := map[Debt]int64{}    // by what each kind means, not by its accounts
		undo := map[string]func(){} // of each entry
		post := func(id string, effects map[Debt]int64) {
			undo[id] = func() {
				for debt, minor := range effects {
					want[debt] -= minor
				}
			}
			for debt, minor := range effects {
				want[debt] += minor
			}
		}
		for i := range rapid.IntRange(1, 40).Draw(t, "attempts") {
			before, held := slices.Clone(entries), Balances(entries)
			kind := rapid.SampledFrom(kinds).Draw(t, "kind")
			id := strconv.Itoa(i + 1)
			var entry Entry
			var err error
			if kind == Reversal {
				entry, err = Reverse(entries, Correction{
					ID: id, Date: today, Reason: "wrong", Reverses: strconv.Itoa(rapid.IntRange(1, i+1).Draw(t, "reverses")),
				})
			} else {
				d := Draft{
					ID: id, Date: today, Kind: kind, Reason: "so agreed",
					Payer: rapid.SampledFrom(payers).Draw(t, "payer"), Payee: rapid.SampledFrom(payees).Draw(t, "payee"),
					Amount: money.Amount{
						Minor:    rapid.Int64Range(1, 5).Draw(t, "amount"),
						Currency: rapid.SampledFrom([]string{"USD", "USD", "USD", "CAD"}).Draw(t, "currency"),
					},
					Registration: rapid.SampledFrom([]string{"", aSeat}).Draw(t, "registration"),
				}
				if kind == Reassignment {
					d.NewPayer = rapid.SampledFrom(payers).Draw(t, "new payer")
				}
				if entry, err = New(entries, d); err == nil {
					effects, debt := map[Debt]int64{}, Debt{d.Payer, d.Payee, d.Amount.Currency}
					switch kind {
					case Charge, Payout:
						effects[debt] = d.Amount.Minor
					case Payment, Waiver, Refund:
						effects[debt] = -d.Amount.Minor
					case Reassignment:
						effects[debt], effects[Debt{d.NewPayer, d.Payee, d.Amount.Currency}] = -d.Amount.Minor, d.Amount.Minor
					}
					if kind == Payout && want[debt]+d.Amount.Minor > 0 {
						t.Fatalf("%d was paid out of %d to their credit", d.Amount.Minor, -want[debt])
					}
					post(id, effects)
				}
			}
			if err != nil {
				var fault *FieldError
				if !errors.As(err, &fault) || !errors.Is(err, ErrConflict) && kind != Reassignment {
					t.Fatalf("%s: %v", kind, err)
				}
				continue
			}
			if kind == Reversal {
				undo[entry.Reverses]()
			}
			entries = append(entries, entry)
			check(t, before, held, entries, want)
		}
	})
}

// check checks what holds after every entry; held are the balances before it.
func check(t *rapid.T, before []Entry, held map[Holding]int64, entries []Entry, want map[Debt]int64) {
	last := entries[len(entries)-1]
	if !slices.Equal(before, entries[:len(before)]) {
		t.Fatal("an entry has changed")
	}
	balances := Balances(entries)
	total := map[string]int64{}
	for holding, balance := range balances {
		total[holding.Currency] += balance
		moved := balance - held[holding]
		switch holding {
		case Holding{last.Debit, last.Amount.Currency}:
			moved -= last.Amount.Minor
		case Holding{last.Credit, last.Amount.Currency}:
			moved += last.Amount.Minor
		}
		if moved != 0 {
			t.Fatalf("%v moved by %d too much", holding, moved)
		}
	}
	for currency, sum := range total {
		if sum != 0 {
			t.Fatalf("%s: all balances add up to %d", currency, sum)
		}
	}
	owed := Owed(entries)
	for debt, minor := range want {
		if owed[debt] != minor {
			t.Fatalf("%v: %d is owed, want %d", debt, owed[debt], minor)
		}
	}
	for _, e := range entries {
		for _, side := range []Account{e.Debit, e.Credit} {
			if side.Kind == ReceivableAccount && Charged(entries, e.claim(side)) < 0 {
				t.Fatalf("more than was charged is taken off %+v", e.claim(side))
			}
		}
	}
	if last.Kind != Reversal {
		reversed, err := Reverse(entries, Correction{ID: "back", Date: today, Reverses: last.ID, Reason: "wrong"})
		if err != nil {
			t.Fatalf("the last entry cannot be reversed: %v", err)
		}
		for holding, balance := range Balances(append(slices.Clone(entries), reversed)) {
			if balance != held[holding] {
				t.Fatalf("%v: %d after the reversal, %d before the entry", holding, balance, held[holding])
			}
		}
	}
}
