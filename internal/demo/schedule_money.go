package demo

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/genproto/googleapis/type/money"

	enrollmentpb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	ledgerpb "github.com/btlc/btlc/gen/go/btlc/ledger/v1"
)

// payer says who pays for the nth seat of a section: the person, their school, or their district by a purchase order.
func (p *person) payer(n int) *enrollmentpb.Payer {
	switch n % 5 {
	case 1:
		return &enrollmentpb.Payer{Kind: enrollmentpb.Payer_KIND_SCHOOL, Sponsor: p.school.name}
	case 3:
		return &enrollmentpb.Payer{Kind: enrollmentpb.Payer_KIND_PURCHASE_ORDER, Sponsor: p.school.district.name(), PurchaseOrder: fmt.Sprintf("PO-%05d", 40000+n*13)}
	default:
		return &enrollmentpb.Payer{Kind: enrollmentpb.Payer_KIND_SELF}
	}
}

// schedulePayment lets the nth seat of a section be paid for some days after it was taken; every sixth still owes, and one
// has a part waived. Who has given the seat back by then owes nothing.
func (l *loader) schedulePayment(t *timeline, c *catalog, s *section, seat *seat, n int) {
	pays := seat.registers.AddDate(0, 0, 12).Add(time.Duration(n) * time.Minute)
	if gone := seat.withdraws; !gone.IsZero() && !gone.After(pays) || !s.cancelled.IsZero() && !s.cancelled.After(pays) || n%6 == 5 {
		return
	}
	fee := c.courses[s.course].fee
	enter := func(ctx context.Context, kind ledgerpb.LedgerEntry_Kind, amount int64, reference, reason string) error {
		_, err := l.ledger.CreateLedgerEntry(l.staff.as(ctx), &ledgerpb.CreateLedgerEntryRequest{Parent: seat.name, LedgerEntry: &ledgerpb.LedgerEntry{
			Kind: kind, Amount: &money.Money{CurrencyCode: fee.CurrencyCode, Units: amount}, Payee: "program", Reference: reference, Reason: reason,
		}})
		return err
	}
	waived := int64(0)
	if n == 2 {
		waived = fee.Units / 4
	}
	t.at(pays, func(ctx context.Context) error {
		if waived > 0 {
			if err := enter(ctx, ledgerpb.LedgerEntry_KIND_WAIVER, waived, "", "The principal asked for it: three of the school take part."); err != nil {
				return err
			}
		}
		return enter(ctx, ledgerpb.LedgerEntry_KIND_PAYMENT, fee.Units-waived, fmt.Sprintf("transfer %d", 7000+n), "")
	})
}
