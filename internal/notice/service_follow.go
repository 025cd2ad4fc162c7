package notice

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/record"
)

// The service is told of what it has to tell.
var _ record.SeatFollower = (*Service)(nil)

// draft is a notice to be written.
type draft struct {
	educator, registration, section uuid.UUID
	kind                            Kind
	facts                           facts
}

// SeatsChanged writes a notice to each person whom a change concerns.
func (s *Service) SeatsChanged(ctx context.Context, tx *database.Tx, changes []record.SeatChange) error {
	if s.options.Sender == nil {
		return nil
	}
	var drafts []draft
	for _, c := range changes {
		if kind, ok := kindOf(c.From, c.To, c.SectionCancelled); ok {
			drafts = append(drafts, draft{c.Educator, c.Registration, c.Section, kind, facts{Deadline: c.OfferExpireTime}})
		}
	}
	return s.store.write(ctx, tx, drafts)
}

// MeetingMoved writes a notice to each person who has a seat in the section. A meeting that was over, and still is where
// it moved to, is corrected, which is no news.
func (s *Service) MeetingMoved(ctx context.Context, tx *database.Tx, move record.MeetingMove) error {
	if s.options.Sender == nil || tx.Now.After(move.OldEnd) && tx.Now.After(move.NewEnd) {
		return nil
	}
	told := facts{
		Number: move.MeetingNumber,
		Before: &place{move.OldStart.UTC(), move.OldEnd.UTC(), where(move.OldRoom, move.OldLocation)},
		After:  &place{move.NewStart.UTC(), move.NewEnd.UTC(), where(move.NewRoom, move.NewLocation)},
	}
	seated, err := s.store.seated(ctx, tx, move.Section)
	if err != nil {
		return err
	}
	drafts := make([]draft, len(seated))
	for i, of := range seated {
		drafts[i] = draft{of.EducatorID, of.ID, move.Section, MeetingMoved, told}
	}
	return s.store.write(ctx, tx, drafts)
}

// where is the room and the location of a meeting in one text.
func where(room, location string) string {
	return strings.Trim(room+", "+location, ", ")
}
