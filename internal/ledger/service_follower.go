package ledger

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/money"
	"github.com/btlc/btlc/internal/record"
)

var _ record.SeatFollower = (*Service)(nil)

// seated are the states of those who have, or had until the end, a seat: who comes from one of them into another was
// charged before.
var seated = []string{"ENROLLED", "COMPLETED", "NOT_COMPLETED"}

func takesSeat(c record.SeatChange) bool {
	return c.To == "ENROLLED" && !slices.Contains(seated, c.From)
}

func givesSeatBack(c record.SeatChange) bool { return c.From == "ENROLLED" && c.To == "WITHDRAWN" }

// SeatsChanged charges who takes a seat with the fee of the course, and refunds who gives it back what the rule of their
// registration date gives: of what is left of the charge, to each payer. Past courses that are imported are not charged.
// What graduate credits cost is the institution's to say: the staff records it.
func (s *Service) SeatsChanged(ctx context.Context, tx *database.Tx, changes []record.SeatChange) error {
	var ids []uuid.UUID
	refunds := false
	for _, c := range changes {
		if c.From == "" || takesSeat(c) || givesSeatBack(c) {
			ids = append(ids, c.Registration)
		}
		refunds = refunds || givesSeatBack(c)
	}
	if ids == nil {
		return nil
	}
	found, err := s.store.seats(ctx, tx, heldSeatsSQL, ids...)
	if err != nil {
		return err
	}
	seats, sections := map[uuid.UUID]*seat{}, []uuid.UUID{}
	for _, of := range found {
		seats[of.id], sections = of, append(sections, of.section)
	}
	var histories map[uuid.UUID][]Entry
	var begin map[uuid.UUID][]time.Time
	if refunds {
		if histories, err = s.store.history(ctx, tx.Client, found...); err != nil {
			return err
		}
		if begin, err = s.store.meetings(ctx, tx, sections...); err != nil {
			return err
		}
	}
	var postings []posting
	for _, c := range changes {
		of := seats[c.Registration]
		var made []posting
		switch {
		case of == nil:
		case takesSeat(c):
			made, err = s.charge(tx, of)
		case givesSeatBack(c):
			made, err = s.refund(tx, of, histories[of.id], begin[of.section], c.SectionCancelled)
		case money.ContainsCardNumber(of.purchaseOrder):
			err = cardInPurchaseOrder()
		}
		if err != nil {
			return feeRefusal(of.course, err)
		}
		postings = append(postings, made...)
	}
	if postings == nil {
		return nil
	}
	lines, err := s.store.post(ctx, tx, postings)
	announce(tx, lines...)
	return err
}

// MeetingsMoved implements record.SeatFollower: it costs nothing.
func (s *Service) MeetingsMoved(context.Context, *database.Tx, []record.MeetingMove) error {
	return nil
}

func cardInPurchaseOrder() error {
	return api.InvalidField("registration.payer.purchaseOrder", "holds a card number: none is ever taken")
}

// feeRefusal is what the ledger cannot hold of a course's fee, as callers see it: they did not write the entry, so that none
// of their fields is to blame.
func feeRefusal(course string, err error) error {
	fault, ok := errors.AsType[*FieldError](err)
	if !ok {
		return err
	}
	return api.Errorf(api.StateConflict, "The ledger cannot hold what the fee of %s comes to: %s %s.", course, fault.Field, fault.Description).With("courseVersion", course)
}

// draft is an entry of the program for a seat, of today.
func (s *Service) draft(tx *database.Tx, of *seat, kind Kind, payer string, amount money.Amount, reason string) Draft {
	return Draft{
		ID: newID(), Date: api.LocalDay(tx.Now, s.zone), Kind: kind, Payer: payer, Payee: money.Program,
		Amount: amount, Section: api.Name("btlc/Section", of.section), Registration: of.name(), Reason: reason,
	}
}

// charge is the charge of a seat: none for a course without a fee. By a purchase order, it bears the order's number.
func (s *Service) charge(tx *database.Tx, of *seat) ([]posting, error) {
	if money.ContainsCardNumber(of.purchaseOrder) {
		return nil, cardInPurchaseOrder()
	}
	if of.imported || of.fee.Minor == 0 {
		return nil, nil
	}
	if !money.ValidPayer(of.payer()) {
		return nil, api.InvalidField("registration.payer.sponsor", "has to be the name of a district or a school")
	}
	rule, err := s.rule(of)
	if err != nil {
		return nil, err
	}
	d := s.draft(tx, of, Charge, of.payer(), of.fee, "fee of "+of.course)
	d.Reference = of.purchaseOrder
	made, err := New(nil, d) // a charge has no bound, so that what was before is of no matter
	return []posting{{made, of, rule.ID}}, err
}

// refund is what each payer of a seat gets back.
func (s *Service) refund(tx *database.Tx, of *seat, history []Entry, meetings []time.Time, cancelled bool) ([]posting, error) {
	rule, err := s.rule(of)
	if err != nil {
		return nil, err
	}
	var postings []posting
	for _, claim := range Claims(history, money.Program, of.name()) {
		q := rule.Quote(money.Amount{Minor: Charged(history, claim), Currency: claim.Currency}, Withdrawal{Time: tx.Now, RegistrationClose: of.closes, Meetings: meetings, SectionCancelled: cancelled})
		if q.Amount.Minor == 0 {
			continue
		}
		made, err := New(history, s.draft(tx, of, Refund, claim.Payer, q.Amount, q.Reason()))
		if err != nil {
			return nil, err
		}
		postings = append(postings, posting{made, of, rule.ID})
	}
	return postings, nil
}
