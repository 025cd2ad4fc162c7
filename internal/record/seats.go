package record

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/internal/database"
)

// SeatChange is a registration that came into another state.
type SeatChange struct {
	Registration, Section, Educator uuid.UUID
	// From is empty for a registration that is new. Both are states of registrations, such as ENROLLED.
	From, To string
	// SectionCancelled is whether it changed because its section does not take place.
	SectionCancelled bool
	// OfferExpireTime is until when a seat is held, when To is OFFERED; zero otherwise.
	OfferExpireTime time.Time
	// Reason is what whoever changed it said, for people.
	Reason string
}

// MeetingMove is a meeting of a section that was announced already and takes place at another time or place.
type MeetingMove struct {
	Section, Meeting                           uuid.UUID
	MeetingNumber                              int32
	OldStart, OldEnd, NewStart, NewEnd         time.Time
	OldRoom, NewRoom, OldLocation, NewLocation string
}

// SeatFollower is a context that has something to do when seats change hands: money, notices. It does it in the
// transaction that changes them, so that neither is without the other; its error undoes both.
type SeatFollower interface {
	SeatsChanged(ctx context.Context, tx *database.Tx, changes []SeatChange) error
	// MeetingsMoved is told at once of all that one call moves.
	MeetingsMoved(ctx context.Context, tx *database.Tx, moves []MeetingMove) error
}
