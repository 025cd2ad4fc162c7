package enrollment

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/seating"
)

// sectionCancelled is the reason that registrations are withdrawn for when their section does not take place, and
// sectionBegun the one for which who waits gets no seat any more.
const (
	sectionCancelled = "section cancelled"
	sectionBegun     = "the section has begun"
)

// cancelSeats withdraws all who have a place in a section that is held by lockedSection, or wait for one.
func (s *Service) cancelSeats(ctx context.Context, tx *database.Tx, of *section) error {
	return s.wholeSection(ctx, tx, of, func(t *turn) error {
		t.cancelled = true
		if err := t.happen(seating.Event{Kind: seating.Cancelled}); err != nil {
			return err
		}
		for _, one := range t.known {
			if one.state == "WITHDRAWN" || one.state == "AWAITING_ROLE" {
				end("WITHDRAWN", sectionCancelled, one)
			}
		}
		return nil
	})
}

// startSeats ends all waiting for seats of a section that is held by lockedSection.
func (s *Service) startSeats(ctx context.Context, tx *database.Tx, of *section) error {
	return s.wholeSection(ctx, tx, of, func(t *turn) error {
		for _, one := range t.known {
			if one.state == "AWAITING_ROLE" {
				end("EXPIRED", sectionBegun, one)
			}
		}
		return t.happen(seating.Event{Kind: seating.Started})
	})
}

func (s *Service) wholeSection(ctx context.Context, tx *database.Tx, of *section, do func(*turn) error) error {
	rules, err := s.rulesOn(tx.Now)
	if err != nil {
		return err
	}
	t, err := s.store.turnOfAll(ctx, tx, of, rules, access.CallerOf(ctx).Principal)
	if err != nil {
		return err
	}
	if err := do(t); err != nil {
		return err
	}
	_, err = s.settle(ctx, tx, t, admission{})
	return err
}

// resize puts another number of seats than before, which the section's row has already, into the log, and offers what came
// to be free. A section without a log has nothing to add to one.
func (s *Service) resize(ctx context.Context, tx *database.Tx, of *section, before int32) error {
	capacity := of.row.Capacity
	if capacity == before || of.row.SeatingNumber == 0 || of.row.State == "CANCELLED" {
		return nil
	}
	return s.wholeSection(ctx, tx, of, func(t *turn) error {
		t.state.Capacity = before
		if capacity < before { // first of all, so that no seat is offered again that is there no more
			if err := t.happen(seating.Event{Kind: seating.Resized, Capacity: capacity}); err != nil {
				return err
			}
			return t.expire()
		}
		if err := t.expire(); err != nil {
			return err
		}
		return t.happen(seating.Event{Kind: seating.Resized, Capacity: capacity})
	})
}

// RoleConfirmed moves a person's registrations on that wait for a role, in the transaction in which one is confirmed: to a
// seat or to the waitlist, by the time when they were made. One by whose application others came waits for them as well.
func (s *Service) RoleConfirmed(ctx context.Context, tx *database.Tx, educator uuid.UUID) error {
	names, err := s.store.awaitingRole(ctx, tx, educator)
	if err != nil || len(names) == 0 {
		return err
	}
	rules, err := s.rulesOn(tx.Now)
	if err != nil {
		return err
	}
	if err := s.store.holdSeats(ctx, tx, names); err != nil {
		return err
	}
	for _, name := range names {
		t, _, one, err := s.store.turnOf(ctx, tx, name, rules, access.CallerOf(ctx).Principal)
		if err != nil {
			return err
		}
		if err := t.expire(); err != nil {
			return err
		}
		if err := s.release(ctx, tx, t, one.party); err != nil {
			return err
		}
		if _, err := s.settle(ctx, tx, t, admission{}); err != nil {
			return err
		}
	}
	return nil
}

// release has a party that waits for roles ask for seats, if all who wait have theirs by now.
func (s *Service) release(ctx context.Context, tx *database.Tx, t *turn, of uuid.UUID) error {
	party := t.awaiting(of)
	if len(party) == 0 {
		return nil
	}
	family, alike := t.section.offer(admission{}).family, false
	var educators []uuid.UUID
	for _, one := range party {
		row := t.rows[one.id.String()]
		assignments, err := s.store.assignments(ctx, tx, row.EducatorID)
		if err != nil {
			return err
		}
		role, err := qualify(assignments, family, row.RegisterDate)
		if err != nil {
			return nil // that a role is still missing is what is waited for
		}
		row.RoleAssignmentID = &role.id
		alike = alike || family != "" && role.family == family
		educators = append(educators, row.EducatorID)
	}
	taken, err := s.store.bookedElsewhere(ctx, tx, t.section.row.ID, educators)
	if err != nil {
		return err
	}
	if taken {
		end("WITHDRAWN", "by now the section meets at the time of another meeting of theirs", party...)
		return nil
	}
	for _, one := range party {
		one.roleAlike = alike
	}
	return t.enter(seating.Confirmed, party)
}

// SettleDue ends what is over by now: offers, which pass on, and waits for a role. It is safe to do twice, and on all servers
// at once.
func (s *Service) SettleDue(ctx context.Context) error {
	rules, err := s.rulesOn(s.store.db.Now())
	if err != nil {
		return err
	}
	sections, err := s.store.dueSections(ctx, rules.roleWaitDays)
	if err != nil {
		return err
	}
	var faults []error
	for _, id := range sections {
		// One section that cannot be settled does not keep the others from it.
		if err := s.store.db.InTx(ctx, false, func(ctx context.Context, tx *database.Tx) error { return s.settleDue(ctx, tx, id) }); err != nil {
			faults = append(faults, fmt.Errorf("section %s: %w", id, err))
		}
	}
	return errors.Join(faults...)
}

// settlingMethod is what the audit record calls it when offers and waits end.
const settlingMethod = "seats"

func (s *Service) settleDue(ctx context.Context, tx *database.Tx, id uuid.UUID) error {
	rules, err := s.rulesOn(tx.Now)
	if err != nil {
		return err
	}
	of, err := s.store.keptSection(ctx, tx, id)
	if err != nil {
		return err
	}
	t, err := s.store.turnOfAll(ctx, tx, of, rules, access.System)
	if err != nil {
		return err
	}
	if err := t.expire(); err != nil {
		return err
	}
	if err := s.endWaits(ctx, tx, t); err != nil {
		return err
	}
	if !t.changed() {
		return nil
	}
	if _, err := s.settle(ctx, tx, t, admission{}); err != nil {
		return err
	}
	tx.Wrote(api.Name("btlc/Section", id))
	return tx.AuditWrite(ctx, access.System, settlingMethod, uuid.Must(uuid.NewV7()).String())
}

// endWaits withdraws those who have waited too long for a role, and by the rule for groups those who came with them; the
// others may have all that they need.
func (s *Service) endWaits(ctx context.Context, tx *database.Tx, t *turn) error {
	since := waitsSince(tx.Now, t.rules.roleWaitDays)
	reason := fmt.Sprintf("the role was not confirmed within %d days", t.rules.roleWaitDays)
	late := map[uuid.UUID]bool{}
	for _, one := range t.known {
		if one.state == "AWAITING_ROLE" && !one.since.After(since) {
			late[one.party] = true
		}
	}
	for _, party := range slices.SortedFunc(maps.Keys(late), func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) }) {
		for _, one := range t.awaiting(party) {
			row := t.rows[one.id.String()]
			assignments, err := s.store.assignments(ctx, tx, row.EducatorID)
			if err != nil {
				return err
			}
			if _, err := qualify(assignments, "", row.RegisterDate); err != nil || t.rules.seating.MemberLeaves == seating.AllLeave {
				end("WITHDRAWN", reason, one)
			}
		}
		if err := s.release(ctx, tx, t, party); err != nil {
			return err
		}
	}
	return nil
}

// waitsSince is since when somebody waits for a role who has waited for so many days.
func waitsSince(now time.Time, days int) time.Time { return now.AddDate(0, 0, -days) }
