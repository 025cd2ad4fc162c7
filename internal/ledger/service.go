package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	pb "github.com/btlc/btlc/gen/go/btlc/ledger/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/money"
	"github.com/btlc/btlc/internal/program"
)

// Service answers for the ledger, and follows seats: who takes one is charged, who gives one back gets a refund.
//
// Educators see the lines of their own accounts, and not those of a sponsor who pays for them: what a sponsor pays, and
// what is remitted to it, is between the program and the sponsor.
type Service struct {
	pb.UnimplementedLedgerServiceServer
	store   store
	zone    *time.Location
	refunds []RefundRule
	// exports has a word in it for each export that is under way.
	exports chan struct{}
}

// NewService makes the service. zone is the program's calendar: it says which day it is. rules are the program's rules of
// enrollment, which say what is refunded. Errors: ErrRule.
func NewService(db *database.DB, zone *time.Location, rules []program.EnrollmentRules) (*Service, error) {
	refunds := refundRules(rules)
	if err := CheckRules(refunds); err != nil {
		return nil, err
	}
	return &Service{store: store{db}, zone: zone, refunds: refunds, exports: make(chan struct{}, maxExports)}, nil
}

// refundRules are what the rules of enrollment say of refunds.
func refundRules(rules []program.EnrollmentRules) []RefundRule {
	refunds := make([]RefundRule, len(rules))
	for i, r := range rules {
		said := r.Refunds
		refunds[i] = RefundRule{
			ID: r.ID, Effective: r.Effective, Citation: strings.TrimSpace(strings.Join(said.Sources, ", ") + " " + said.Note), Assumption: said.Assumption, OnCancellation: said.Value.OnCancellation,
		}
		for _, step := range said.Value.Steps {
			refunds[i].Steps = append(refunds[i].Steps, RefundStep{Until: step.Until, Percent: step.Percent})
		}
	}
	return refunds
}

// rule is the refund rule of a seat: that of the day when it was registered.
func (s *Service) rule(of *seat) (RefundRule, error) {
	rule, ok := InForce(s.refunds, of.registered)
	if !ok {
		return RefundRule{}, fmt.Errorf("%w: none was in force on %s", ErrRule, of.registered.Format(time.DateOnly))
	}
	return rule, nil
}

// GetLedgerEntry gets a line of the ledger.
func (s *Service) GetLedgerEntry(ctx context.Context, req *pb.GetLedgerEntryRequest) (*pb.GetLedgerEntryResponse, error) {
	found, err := s.store.line(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	everywhere, payers, err := s.reach(ctx)
	if err != nil {
		return nil, err
	}
	if !everywhere && !slices.ContainsFunc(payers, func(payer string) bool { return slices.Contains(found.payers(), payer) }) {
		return nil, api.Missing(req.GetName())
	}
	api.Saw(ctx, found.people()...)
	return &pb.GetLedgerEntryResponse{LedgerEntry: found.proto()}, nil
}

// reach is whose accounts the caller may see: everybody's, or those of these payers.
func (s *Service) reach(ctx context.Context) (everywhere bool, payers []string, err error) {
	everywhere, scopes := access.Reach(ctx)
	if everywhere {
		return true, nil, nil
	}
	payers, err = s.store.payersWithin(ctx, s.store.db.Ent(), scopes)
	return false, payers, err
}

// ListLedgerEntries lists the lines that the caller may see.
func (s *Service) ListLedgerEntries(ctx context.Context, req *pb.ListLedgerEntriesRequest) (*pb.ListLedgerEntriesResponse, error) {
	everywhere, payers, err := s.reach(ctx)
	if err != nil {
		return nil, err
	}
	if parent := req.GetParent(); api.PartUUID(parent, 1) != uuid.Nil && api.PartUUID(parent, 0) != uuid.Nil {
		of, err := s.store.seat(ctx, s.store.db.SQL(), seatsSQL, parent)
		if err != nil {
			return nil, err
		}
		if err := access.Authorize(ctx, parent, api.Name("btlc/Educator", of.educator)); err != nil {
			return nil, err
		}
	}
	answer, people, err := s.store.list(ctx, req, everywhere, payers)
	api.Saw(ctx, people...)
	return answer, err
}

// ListBalances lists what payers owe.
func (s *Service) ListBalances(ctx context.Context, req *pb.ListBalancesRequest) (*pb.ListBalancesResponse, error) {
	asked := req.GetPayer()
	if asked != "" && !money.ValidPayer(asked) {
		return nil, api.InvalidField("payer", "has to be the name of an educator, a district or a school")
	}
	everywhere, payers, err := s.reach(ctx)
	if err != nil {
		return nil, err
	}
	if asked != "" {
		if !everywhere && !slices.Contains(payers, asked) {
			return nil, api.Missing(asked)
		}
		everywhere = false
		names, err := s.store.survivors(ctx, s.store.db.Ent(), asked)
		if err != nil {
			return nil, err
		}
		if payers, err = s.store.payersWithin(ctx, s.store.db.Ent(), []string{survivor(names, asked)}); err != nil {
			return nil, err
		}
	}
	return s.store.balances(ctx, req, everywhere, payers)
}

// QuoteRefund says what would be refunded to the payers whose accounts the caller may see.
func (s *Service) QuoteRefund(ctx context.Context, req *pb.QuoteRefundRequest) (*pb.QuoteRefundResponse, error) {
	db := s.store.db
	of, err := s.store.seat(ctx, db.SQL(), seatsSQL, req.GetName())
	if err != nil {
		return nil, err
	}
	if err := access.Authorize(ctx, req.GetName(), api.Name("btlc/Educator", of.educator)); err != nil {
		return nil, err
	}
	api.Saw(ctx, of.educator)
	everywhere, payers, err := s.reach(ctx)
	if err != nil {
		return nil, err
	}
	if of.state != "ENROLLED" {
		return nil, api.Errorf(api.StateConflict, "Only who has a seat can give it back.").With("state", of.state)
	}
	history, err := s.store.history(ctx, db.Ent(), of)
	if err != nil {
		return nil, err
	}
	begin, err := s.store.meetings(ctx, db.SQL(), of.section)
	if err != nil {
		return nil, err
	}
	rule, err := s.rule(of)
	if err != nil {
		return nil, err
	}
	left := Withdrawal{Time: db.Now(), RegistrationClose: of.closes, Meetings: begin[of.section]}
	total := rule.Quote(money.Amount{Currency: of.fee.Currency}, left)
	for _, claim := range Claims(history[of.id], money.Program, of.name()) {
		if everywhere || slices.Contains(payers, claim.Payer) {
			total.Amount.Minor += rule.Quote(money.Amount{Minor: Charged(history[of.id], claim), Currency: claim.Currency}, left).Amount.Minor
		}
	}
	return &pb.QuoteRefundResponse{
		Amount: moneyProto(total.Amount), Percent: int32(total.Percent), Rule: total.Rule, Assumption: total.Assumption, Explanation: total.Reason(), // #nosec G115 -- 0 to 100
	}, nil
}

// announce puts new lines on the program's feed alone, and there without amounts, payers or texts: who may read the ledger
// learns that there is something to read; to districts, whose people it is about, money is no news.
func announce(tx *database.Tx, lines ...line) {
	for _, l := range lines {
		tx.Concerns(l.people()...)
		tx.Emit(database.Change{
			Streams: []string{"program"}, Resource: l.name(), Type: "btlc/LedgerEntry", Version: 1, Kind: "CREATED",
			State: map[string]any{"registration": api.Name("btlc/Registration", l.section, l.row.RegistrationID), "kind": l.row.Kind},
		})
	}
}

// refusal is what the ledger does not take, as callers see it.
func refusal(err error) error {
	fault, ok := errors.AsType[*FieldError](err)
	if !ok {
		return err
	}
	field := fault.Field
	if field == "date" {
		field = "effectiveDate"
	}
	violation := api.Violation{Field: "ledgerEntry." + field, Description: fault.Description}
	if errors.Is(err, ErrInvalid) {
		return api.Invalid(violation)
	}
	e := api.Errorf(api.StateConflict, "What is in the ledger does not allow this entry.")
	e.Violations = []api.Violation{violation}
	return e
}
