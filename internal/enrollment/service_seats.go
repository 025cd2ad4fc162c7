package enrollment

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/program"
	"github.com/btlc/btlc/internal/record"
	"github.com/btlc/btlc/internal/seating"
)

// joining is a person who asks for a seat, and what the registration is to say. Of the details, those count that callers
// may give.
type joining struct {
	educator uuid.UUID
	details  *pb.Registration
}

// admission is how people ask for seats.
type admission struct {
	// application is what they came by: they are seated, waitlisted and offered seats as one. One person may come without.
	application *uuid.UUID
	// joinWaitlist has them wait when there are too few seats, and awaitRole until a role that is reported is confirmed;
	// without, they are refused.
	joinWaitlist, awaitRole bool
	// placed is whether staff place them: also after registration has closed, but past nobody who waits.
	placed bool
	// moves is whether staff register one whom they name: they may move a person who has a registration for the course in
	// another section of the term, by making this one first.
	moves bool
	// as says who somebody is by the application; nil for one person without.
	as func(educator uuid.UUID) member
}

// about is an error that is about one of those who ask.
func (a admission) about(educator uuid.UUID, err error) error {
	if a.as == nil || err == nil {
		return err
	}
	return a.as(educator).refusal(err)
}

// seatConflicts are those of who was to have a seat anyway: under the person among several, under the request's name else.
func (a admission) seatConflicts() api.Conflicts {
	if a.as != nil {
		return bookingConflicts
	}
	return seatConflicts
}

// rulesOn are the rules in force at a time. Their version is their place in the list of all.
func (s *Service) rulesOn(now time.Time) (inForce, error) {
	of := program.InForce(s.rules, now.In(s.store.zone))
	if of == nil {
		return inForce{}, fmt.Errorf("no rules of enrollment are in force on %s", now.Format(time.DateOnly))
	}
	version := slices.IndexFunc(s.rules, func(r program.EnrollmentRules) bool { return r.ID == of.ID }) + 1
	w := of.Waitlist
	return inForce{of.ID, seating.Rules{Version: int32(version), Order: w.Order.Value, OfferHours: int32(w.OfferHours.Value), MemberLeaves: w.MemberLeaves.Value}, w.RoleWaitDays.Value}, nil
}

// admit is the one way to a seat in a section, which is held by sharedSection or lockedSection: it registers who comes
// together, enrolled, waitlisted or awaiting a role, with all that goes with it. Errors: REGISTRATION_CLOSED, OWN_WORK,
// ROLE_NOT_HELD, REQUIREMENTS_UNMET, INVALID_REQUEST and REFERENCE_NOT_FOUND for the details, ALREADY_REGISTERED,
// SCHEDULE_CONFLICT, SEAT_UNAVAILABLE.
func (s *Service) admit(ctx context.Context, tx *database.Tx, of *section, who []joining, how admission) ([]*registration, error) {
	rules, err := s.rulesOn(tx.Now)
	if err != nil {
		return nil, err
	}
	if err := of.offer(how).takes(tx.Now); err != nil {
		return nil, err
	}
	people := educatorsOf(who)
	if err := s.store.holdPeople(ctx, tx, people); err != nil {
		return nil, err
	}
	day := api.LocalDay(tx.Now, of.zone)
	newcomers := make([]newcomer, len(who))
	awaiting := false
	for i, j := range who {
		if newcomers[i], err = s.qualified(ctx, tx, of, j, how, day); err != nil {
			return nil, how.about(j.educator, err)
		}
		awaiting = awaiting || newcomers[i].awaits
	}
	if err := s.store.notRegistered(ctx, tx, of, people, how); err != nil {
		return nil, err
	}
	if awaiting {
		return s.hold(ctx, tx, of, newcomers, how, day)
	}
	if !how.joinWaitlist {
		if err := s.store.roomFor(ctx, tx, of, int32(len(who))); err != nil {
			return nil, err
		}
	}
	// The lock comes as late as can be: from here on others who want a seat wait until this one is decided.
	audiences, err := record.Audiences(ctx, tx.Client, people, tx.Now)
	if err != nil {
		return nil, err
	}
	t, err := s.store.takeTurn(ctx, tx, of, rules, access.CallerOf(ctx).Principal)
	if err != nil {
		return nil, err
	}
	t.audiences = audiences
	if err := s.seat(ctx, tx, t, newcomers, how, day); err != nil {
		return nil, err
	}
	return s.settle(ctx, tx, t, how)
}

// qualified checks one who asks for a seat.
func (s *Service) qualified(ctx context.Context, tx *database.Tx, of *section, j joining, how admission, day time.Time) (newcomer, error) {
	n := newcomer{joining: j}
	assignments, err := s.store.assignments(ctx, tx, j.educator)
	if err != nil {
		return n, err
	}
	asked := of.offer(how)
	n.role, err = register(asked, j.educator, assignments, tx.Now, day)
	if refusal, ok := errors.AsType[*api.Error](err); ok && how.awaitRole && refusal.Reason == api.RoleNotHeld {
		// Whoever confirms one at this moment is waited for, or finds the registration that waits for it.
		if assignments, err = s.store.heldAssignments(ctx, tx, j.educator); err != nil {
			return n, err
		}
		if n.role, err = qualify(assignments, asked.family, day); err != nil {
			if reported, found := awaited(assignments, asked.family, day); found {
				n.role, n.awaits, err = reported, true, nil
			}
		}
	}
	if err != nil {
		return n, err
	}
	n.alike = asked.family != "" && n.role.family == asked.family
	if err := s.store.meets(ctx, tx, s.policies, j.educator, of); err != nil {
		return n, err
	}
	return n, s.store.checkDetails(ctx, tx, of.row.Edges.CourseVersion.CourseID, api.LastWord(j.details.GetAcknowledgedFramework()), j.details)
}

// hold registers people of whom at least one waits for a role: seats come when all roles are confirmed.
func (s *Service) hold(ctx context.Context, tx *database.Tx, of *section, newcomers []newcomer, how admission, day time.Time) ([]*registration, error) {
	var all []moved
	for _, n := range newcomers {
		row, err := s.store.newRegistration(tx, of, n, how, day).SetState("AWAITING_ROLE").Save(ctx)
		if err != nil {
			return nil, how.about(n.educator, registrationConflicts.Translate(err))
		}
		all = append(all, moved{&registration{row: row, section: of}, ""})
	}
	return s.tell(ctx, tx, all, nil, false)
}

// seat has newcomers, who are one party, ask for seats.
func (s *Service) seat(ctx context.Context, tx *database.Tx, t *turn, newcomers []newcomer, how admission, day time.Time) error {
	alike := slices.ContainsFunc(newcomers, func(n newcomer) bool { return n.alike })
	asking := make([]*seat, len(newcomers))
	for i, n := range newcomers {
		n.alike = alike
		builder := s.store.newRegistration(tx, t.section, n, how, day)
		asking[i] = t.make(builder, how, alike)
	}
	kind := seating.Registered
	if how.placed {
		kind = seating.Placed
	}
	if seating.Admit(t.state.Capacity, t.state.Taken, t.waiting(), int32(len(asking))) != seating.Seated {
		// Offers that ended hold seats until somebody looks.
		if late, err := s.store.overdue(ctx, tx, t.section.row.ID); err != nil {
			return err
		} else if late > 0 {
			if err := s.store.learnUnsettled(ctx, tx, t); err != nil {
				return err
			}
			if err := t.expire(); err != nil {
				return err
			}
		}
		if !how.joinWaitlist && seating.Admit(t.state.Capacity, t.state.Taken, t.waiting(), int32(len(asking))) != seating.Seated {
			return noSeat(t.section, int32(len(asking)))
		}
	}
	return t.enter(kind, asking)
}

func noSeat(of *section, wanted int32) error {
	capacity := of.row.Capacity
	var e *api.Error
	switch free := capacity - of.row.SeatsTaken; {
	case free == 0:
		e = api.Errorf(api.SeatUnavailable, "All %d seats of the section are taken.", capacity)
	case of.row.WaitingCount > 0:
		e = api.Errorf(api.SeatUnavailable, "Others wait for the seats of the section that are free.")
	default:
		e = api.Errorf(api.SeatUnavailable, "The section has %d free seats; %d are needed.", free, wanted)
	}
	return e.With("capacity", fmt.Sprint(capacity))
}

// settle writes what a turn has come to and tells everybody whom it concerns. It gives those who are new, who asked as how
// says.
func (s *Service) settle(ctx context.Context, tx *database.Tx, t *turn, how admission) ([]*registration, error) {
	all, err := s.store.keep(ctx, tx, t, how)
	if err != nil {
		return nil, err
	}
	return s.tell(ctx, tx, all, t.audiences, t.cancelled)
}

// tell puts changes of registrations on the feed and tells the followers, and gives those that are new. audiences are those
// that are known already.
func (s *Service) tell(ctx context.Context, tx *database.Tx, all []moved, audiences map[uuid.UUID]record.Listeners, cancelled bool) ([]*registration, error) {
	var created, updated []*registration
	var others []uuid.UUID
	for _, m := range all {
		if m.from == "" {
			created = append(created, m.registration)
		} else {
			updated = append(updated, m.registration)
		}
		if _, known := audiences[m.row.EducatorID]; !known {
			others = append(others, m.row.EducatorID)
		}
	}
	if len(others) > 0 {
		more, err := record.Audiences(ctx, tx.Client, others, tx.Now)
		if err != nil {
			return nil, err
		}
		for id, to := range audiences {
			more[id] = to
		}
		audiences = more
	}
	announceTo(tx, audiences, created, "CREATED")
	announceTo(tx, audiences, updated, "UPDATED")
	if len(all) == 0 {
		return nil, nil
	}
	changes := seatChanges(all, cancelled)
	for _, follower := range s.followers {
		if err := follower.SeatsChanged(ctx, tx, changes); err != nil {
			return nil, err
		}
	}
	return created, nil
}
