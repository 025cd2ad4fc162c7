package enrollment

import (
	"context"
	"slices"

	"github.com/google/uuid"

	entregistration "github.com/btlc/btlc/ent/registration"
	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/seating"
)

// Admit has people come by one application, or one without, as staff.
func (s *Service) Admit(ctx context.Context, section string, application *uuid.UUID, placed, awaitRole bool, educators ...string) (made []*pb.Registration, err error) {
	err = s.store.db.InTx(ctx, false, func(ctx context.Context, tx *database.Tx) error {
		of, err := s.store.sharedSection(ctx, tx, section, viewer{staff: true})
		if err != nil {
			return err
		}
		who := make([]joining, len(educators))
		for i, e := range educators {
			who[i] = joining{api.LastUUID(e), &pb.Registration{Educator: e, AcknowledgedFramework: "frameworks/btlc-1"}}
		}
		all, err := s.admit(ctx, tx, of, who, admission{application: application, joinWaitlist: true, awaitRole: awaitRole, placed: placed})
		made = nil
		for _, r := range all {
			made = append(made, r.proto())
		}
		return err
	})
	return made, err
}

// RoomAfter says whether there is room for one more, to somebody who read the section before other things happened.
func (s *Service) RoomAfter(ctx context.Context, section string, happen func()) error {
	return s.store.db.InTx(ctx, false, func(ctx context.Context, tx *database.Tx) error {
		of, err := s.store.sharedSection(ctx, tx, section, viewer{staff: true})
		if err != nil {
			return err
		}
		happen()
		return s.store.roomFor(ctx, tx, of, 1)
	})
}

// SeatsOf are the seats of a section by its tables, and the log that has led to them.
func (s *Service) SeatsOf(ctx context.Context, section string) (state seating.State, events []seating.Event, decisions []seating.Decision, waiting int32, err error) {
	of, err := s.store.section(ctx, section, viewer{staff: true})
	if err != nil {
		return state, nil, nil, 0, err
	}
	log, err := s.store.seatingLog(ctx, of, inForce{})
	if err != nil {
		return state, nil, nil, 0, err
	}
	for _, e := range log {
		events, decisions = append(events, e.event), append(decisions, e.decisions...)
	}
	rows, err := s.store.db.Ent().Registration.Query().Where(entregistration.SectionID(of.row.ID)).All(ctx)
	var known []*seat
	for _, row := range rows {
		known = append(known, seatOf(row))
	}
	state = seating.State{Sequence: int64(of.row.SeatingNumber), Capacity: of.row.Capacity, Taken: of.row.SeatsTaken, Cancelled: of.row.State == "CANCELLED", Parties: places(known)}
	slices.SortFunc(state.Parties, func(a, b seating.Place) int { return slices.Compare([]byte(a.ID), []byte(b.ID)) })
	return state, events, decisions, of.row.WaitingCount, err
}
