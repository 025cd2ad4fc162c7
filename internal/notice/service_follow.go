package notice

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/record"
	"github.com/btlc/btlc/internal/webhook"
)

// The service is told of what it has to tell.
var _ record.SeatFollower = (*Service)(nil)

// draft is a notice to be written.
type draft struct {
	educator, registration, section uuid.UUID
	kind                            Kind
	facts                           facts
	school                          *uuid.UUID // whose principal it is for; nil for one to the educator
}

// SeatsChanged writes a notice to each person whom a change concerns.
func (s *Service) SeatsChanged(ctx context.Context, tx *database.Tx, changes []record.SeatChange) error {
	if s.options.Sender == nil {
		return nil
	}
	var drafts []draft
	var awaiting []uuid.UUID
	for _, c := range changes {
		kind, ok := kindOf(c.From, c.To, c.SectionCancelled)
		if !ok {
			continue
		}
		drafts = append(drafts, draft{educator: c.Educator, registration: c.Registration, section: c.Section, kind: kind, facts: facts{Deadline: c.OfferExpireTime}})
		if kind == RoleAwaited {
			awaiting = append(awaiting, c.Registration)
		}
	}
	questions, err := s.store.questions(ctx, tx, awaiting)
	if err != nil {
		return err
	}
	return s.store.write(ctx, tx, append(drafts, questions...))
}

// MeetingsMoved writes one notice to each person who has a seat in a section, of all its meetings that moved. A meeting that
// was over, and still is where it moved to, is corrected, which is no news.
func (s *Service) MeetingsMoved(ctx context.Context, tx *database.Tx, moves []record.MeetingMove) error {
	if s.options.Sender == nil {
		return nil
	}
	told := map[uuid.UUID][]moved{}
	for _, m := range moves {
		if tx.Now.After(m.OldEnd) && tx.Now.After(m.NewEnd) {
			continue
		}
		told[m.Section] = append(told[m.Section], moved{
			m.MeetingNumber, place{m.OldStart.UTC(), m.OldEnd.UTC(), where(m.OldRoom, m.OldLocation)}, place{m.NewStart.UTC(), m.NewEnd.UTC(), where(m.NewRoom, m.NewLocation)},
		})
	}
	seated, err := s.store.seated(ctx, tx, slices.Collect(maps.Keys(told))...)
	if err != nil {
		return err
	}
	drafts := make([]draft, len(seated))
	for i, of := range seated {
		drafts[i] = draft{educator: of.EducatorID, registration: of.ID, section: of.SectionID, kind: MeetingMoved, facts: facts{Moves: told[of.SectionID]}}
	}
	return s.store.write(ctx, tx, drafts)
}

// where is the room and the location of a meeting in one text.
func where(room, location string) string {
	return strings.Trim(room+", "+location, ", ")
}

// WebhookFails writes a notice to the contact of a webhook subscription.
func (s *Service) WebhookFails(ctx context.Context, tx *database.Tx, alarm webhook.Alarm) error {
	if s.options.Sender == nil {
		return nil
	}
	kind := WebhookFailing
	if alarm.GiveUp.IsZero() {
		kind = WebhookFailed
	}
	return s.store.writeToContact(ctx, tx, alarm.Subscription, kind, facts{Since: alarm.Since.UTC(), Failure: alarm.Failure, Deadline: alarm.GiveUp})
}
