package ledger

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"
	moneypb "google.golang.org/genproto/googleapis/type/money"

	pb "github.com/btlc/btlc/gen/go/btlc/ledger/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/money"
)

// CreateLedgerEntry appends a line to the ledger.
//
// What was charged for a seat bounds what is waived, refunded and reassigned of it: so whoever enters something of a
// registration holds its row. What is to a payer's credit bounds what is paid out: so payouts to one payer wait for each
// other as well. Other entries that lower a credit have no bound, so that it is as if they came after the payout.
func (s *Service) CreateLedgerEntry(ctx context.Context, req *pb.CreateLedgerEntryRequest) (*pb.CreateLedgerEntryResponse, error) {
	in := req.GetLedgerEntry()
	if err := checkCards(in); err != nil {
		return nil, err
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.CreateLedgerEntryResponse, error) {
		of, err := s.store.seat(ctx, tx, heldSeatsSQL, req.GetParent())
		if err != nil {
			return nil, err
		}
		histories, err := s.store.history(ctx, tx.Client, of)
		if err != nil {
			return nil, err
		}
		day, err := s.day(tx, in)
		if err != nil {
			return nil, err
		}
		enter := s.enter
		if in.GetKind() == pb.LedgerEntry_KIND_REVERSAL {
			enter = s.reverse
		}
		made, err := enter(ctx, tx, of, histories[of.id], in, day)
		if err != nil {
			return nil, refusal(err)
		}
		lines, err := s.store.post(ctx, tx, []posting{{Entry: made, seat: of}})
		if err != nil {
			return nil, err
		}
		tx.Wrote(lines[0].name())
		announce(tx, lines...)
		return &pb.CreateLedgerEntryResponse{LedgerEntry: lines[0].proto()}, nil
	})
}

// checkCards refuses card numbers before anything else looks at the request.
func checkCards(in *pb.LedgerEntry) error {
	var found []api.Violation
	for _, text := range []struct{ field, value string }{
		{"reason", in.GetReason()}, {"reference", in.GetReference()}, {"payer", in.GetPayer()}, {"payee", in.GetPayee()}, {"newPayer", in.GetNewPayer()},
	} {
		if money.ContainsCardNumber(text.value) {
			found = append(found, api.Violation{Field: "ledgerEntry." + text.field, Description: "holds a card number: none is ever taken"})
		}
	}
	if found == nil {
		return nil
	}
	return api.Invalid(found...)
}

// day is the day that a line is of: today, by the program's calendar, or an earlier one.
func (s *Service) day(tx *database.Tx, in *pb.LedgerEntry) (time.Time, error) {
	today := api.LocalDay(tx.Now, s.zone)
	if in.GetEffectiveDate() == nil {
		return today, nil
	}
	day, err := api.Day("ledgerEntry.effectiveDate", in.GetEffectiveDate())
	if err != nil {
		return time.Time{}, err
	}
	if day.After(today) {
		return time.Time{}, api.InvalidField("ledgerEntry.effectiveDate", "is not after today, %s", today.Format(time.DateOnly))
	}
	return day, nil
}

// enter makes an entry of any kind but a reversal.
func (s *Service) enter(ctx context.Context, tx *database.Tx, of *seat, history []Entry, in *pb.LedgerEntry, day time.Time) (Entry, error) {
	if in.GetReverses() != "" {
		return Entry{}, api.InvalidField("ledgerEntry.reverses", "is for a REVERSAL alone")
	}
	amount, err := amountOf(in.GetAmount(), of)
	if err != nil {
		return Entry{}, err
	}
	draft := Draft{
		Date: day, Kind: Kind(api.EnumWord(in.GetKind())), Payer: in.GetPayer(), Payee: in.GetPayee(), NewPayer: in.GetNewPayer(),
		Amount: amount, Section: api.Name("btlc/Section", of.section), Registration: of.name(), Reference: in.GetReference(), Reason: in.GetReason(),
	}
	if draft.Payee == "" {
		draft.Payee = money.Program
	}
	claims := Claims(history, draft.Payee, draft.Registration)
	if draft.Payer == "" {
		if draft.Payer, err = defaultPayer(of, draft, history, claims); err != nil {
			return Entry{}, err
		}
	}
	names, err := s.store.survivors(ctx, tx.Client, draft.Payer, draft.NewPayer)
	if err != nil {
		return Entry{}, err
	}
	draft.Payer, draft.NewPayer = survivor(names, draft.Payer), survivor(names, draft.NewPayer)
	if draft.Kind == Charge && draft.Reason == "" && len(claims) > 0 {
		return Entry{}, api.Errorf(api.AlreadyRecorded, "%s has charged this registration. Say in `reason` why it charges once more.", draft.Payee).With("payee", draft.Payee)
	}
	if draft.Kind == Payout {
		if err := s.store.lockPayouts(ctx, tx, draft.Payer, draft.Payee); err != nil {
			return Entry{}, err
		}
		if history, err = s.store.receivable(ctx, tx, draft.Payer, draft.Payee); err != nil {
			return Entry{}, err
		}
	}
	draft.ID = newID()
	made, err := New(history, draft)
	if err != nil {
		return Entry{}, err
	}
	return made, s.checkNames(ctx, tx, made)
}

// defaultPayer is whom an entry is about that does not say it: of a payout who has something to their credit, else who owes;
// for the registration's payer may have changed since it was charged. Charges, and what comes before any, are the
// registration's payer's.
func defaultPayer(of *seat, d Draft, history []Entry, claims []Claim) (string, error) {
	owing := make([]string, len(claims))
	for i, claim := range claims {
		owing[i] = claim.Payer
	}
	candidates, do := owing, "owe for this registration"
	if credited := Credited(history, d.Payee); d.Kind == Payout && len(credited) > 0 {
		candidates, do = credited, "have something to their credit"
	}
	switch {
	case d.Kind == Charge || len(candidates) == 0:
		return of.payer(), nil
	case len(candidates) == 1:
		return candidates[0], nil
	}
	return "", api.InvalidField("ledgerEntry.payer", "is required, for several %s: %s", do, strings.Join(candidates, ", "))
}

// newID is the ID of an entry that is made now. They tell the order of entry: nobody else enters what matters to it meanwhile.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// amountOf is the amount of a new entry. All that is entered of a registration is in the currency of its course's fee, so
// that charges and what is taken off them can be compared.
func amountOf(m *moneypb.Money, of *seat) (money.Amount, error) {
	const field = "ledgerEntry.amount"
	currency := m.GetCurrencyCode()
	if currency == "" {
		currency = of.fee.Currency
	}
	if m == nil {
		return money.Amount{}, api.InvalidField(field, "is required")
	}
	if currency != of.fee.Currency {
		return money.Amount{}, api.InvalidField(field+".currencyCode", "has to be %s, as the fee of the course", of.fee.Currency)
	}
	amount, err := money.Of(currency, m.GetUnits(), m.GetNanos())
	if fault, ok := errors.AsType[*money.FieldError](err); ok {
		return money.Amount{}, api.InvalidField(field+"."+fault.Field, "%s", fault.Description)
	}
	return amount, err
}

// checkNames checks that there are those whom an entry is about.
func (s *Service) checkNames(ctx context.Context, tx *database.Tx, e Entry) error {
	for _, named := range []struct{ field, what, name string }{
		{"payer", "payer", e.Payer()}, {"newPayer", "payer", e.newPayer()}, {"payee", "payee", e.Payee()},
	} {
		if named.name == "" {
			continue
		}
		found, err := s.store.exists(ctx, tx.Client, named.name)
		if err != nil {
			return err
		}
		if !found {
			e := api.Errorf(api.ReferenceNotFound, "The request names a %s that is not there.", named.what)
			e.Violations = []api.Violation{{Field: "ledgerEntry." + named.field, Description: "is a " + named.what + " that is there"}}
			return e
		}
	}
	return nil
}

// reverse makes an entry that takes another of the same registration back.
func (s *Service) reverse(_ context.Context, _ *database.Tx, of *seat, history []Entry, in *pb.LedgerEntry, day time.Time) (Entry, error) {
	var given []api.Violation
	for field, is := range map[string]bool{"amount": in.GetAmount() != nil, "payer": in.GetPayer() != "", "payee": in.GetPayee() != "", "newPayer": in.GetNewPayer() != ""} {
		if is {
			given = append(given, api.Violation{Field: "ledgerEntry." + field, Description: "is that of the line reversed, and is not given"})
		}
	}
	if given != nil {
		return Entry{}, api.Invalid(given...)
	}
	if in.GetReverses() == "" {
		return Entry{}, api.InvalidField("ledgerEntry.reverses", "is required of a REVERSAL")
	}
	wrong := in.GetReverses()
	if api.PartUUID(wrong, 0) != of.section || api.PartUUID(wrong, 1) != of.id {
		return Entry{}, api.InvalidField("ledgerEntry.reverses", "has to be a line of the same registration")
	}
	return Reverse(history, Correction{
		ID: newID(), Date: day, Reverses: api.LastUUID(wrong).String(), Reference: in.GetReference(), Reason: in.GetReason(),
	})
}
