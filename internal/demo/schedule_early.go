package demo

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/genproto/googleapis/type/dayofweek"
	"google.golang.org/protobuf/types/known/timestamppb"

	enrollmentpb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
)

// scheduleEarly lets people register for the term to come in the days before now: a section fills, some wait, two seats
// are given back and offered, and partners apply for a place in the sections of another course, which staff have a
// proposal for.
func (l *loader) scheduleEarly(t *timeline, c *catalog, w *world) {
	e := w.early
	before := func(days int, moment time.Duration) time.Time { return w.now.AddDate(0, 0, -days).Add(moment) }
	t.at(before(30, 0), func(ctx context.Context) error { return l.createTerm(ctx, e.term) })
	for i, s := range append([]*section{e.full}, e.open...) {
		seats := int32(seatsEarly)
		if s == e.full {
			seats = int32(len(e.full.seats))
		}
		t.at(before(20, time.Duration(i)*time.Minute), func(ctx context.Context) error {
			return l.createSection(ctx, c, s, func(in *enrollmentpb.Section) {
				in.Capacity, in.RegistrationOpenTime = seats, timestamppb.New(before(15, 0))
			})
		})
		t.at(before(16, time.Duration(i)*time.Minute), func(ctx context.Context) error {
			_, err := l.enrollment.OpenSection(l.staff.as(ctx), &enrollmentpb.OpenSectionRequest{Name: s.name})
			return err
		})
	}
	l.scheduleWaitlist(t, c, e, before)
	l.scheduleApplications(t, c, e, before)
}

func (l *loader) scheduleWaitlist(t *timeline, c *catalog, e *early, before func(int, time.Duration) time.Time) {
	register := func(ctx context.Context, seat *seat, waits bool) error {
		made, err := l.enrollment.CreateRegistration(l.portal.as(ctx), &enrollmentpb.CreateRegistrationRequest{
			Parent: e.full.name, Registration: c.registration(seat), JoinWaitlist: waits, AwaitRole: waits,
		})
		seat.name = made.GetRegistration().GetName()
		return err
	}
	for i, s := range e.full.seats {
		t.at(before(14, time.Duration(i)*time.Hour), func(ctx context.Context) error { return register(ctx, s, false) })
	}
	var waiting []*seat
	for i, p := range e.waits {
		s := &seat{person: p, goals: goals[i%len(goals)]}
		waiting = append(waiting, s)
		t.at(before(9, time.Duration(i)*time.Hour), func(ctx context.Context) error { return register(ctx, s, true) })
	}
	if e.reported != nil {
		t.at(before(6, 0), func(ctx context.Context) error { return register(ctx, &seat{person: e.reported}, true) })
	}
	giveBack := func(ctx context.Context, of *seat) error {
		_, err := l.enrollment.WithdrawRegistration(l.portal.as(ctx), &enrollmentpb.WithdrawRegistrationRequest{Name: of.name, Reason: "Another course fits better."})
		return err
	}
	if len(waiting) < 2 || len(e.full.seats) < 2 {
		return
	}
	// The first seat is accepted by whom it is offered to; the second is still on offer.
	t.at(before(3, 0), func(ctx context.Context) error { return giveBack(ctx, e.full.seats[0]) })
	t.at(before(2, 0), func(ctx context.Context) error {
		offered, err := l.enrollment.ListRegistrations(l.staff.as(ctx), &enrollmentpb.ListRegistrationsRequest{Parent: e.full.name, Filter: `state = "OFFERED"`})
		for _, r := range offered.GetRegistrations() {
			if _, err := l.enrollment.AcceptOffer(l.portal.as(ctx), &enrollmentpb.AcceptOfferRequest{Name: r.Name}); err != nil {
				return err
			}
		}
		return err
	})
	t.at(before(1, 0), func(ctx context.Context) error { return giveBack(ctx, e.full.seats[1]) })
}

func (l *loader) scheduleApplications(t *timeline, c *catalog, e *early, before func(int, time.Duration) time.Time) {
	for i, party := range e.parties {
		t.at(before(10, time.Duration(i)*time.Hour), func(ctx context.Context) error {
			name, err := l.apply(ctx, c, e, i, party, len(party))
			if err != nil {
				return err
			}
			_, err = l.enrollment.SubmitApplication(l.portal.as(ctx), &enrollmentpb.SubmitApplicationRequest{Name: name})
			return err
		})
	}
	if len(e.invites) > 1 {
		t.at(before(2, time.Hour), func(ctx context.Context) error {
			_, err := l.apply(ctx, c, e, 0, e.invites, len(e.invites)-1)
			return err
		})
	}
	if len(e.parties) > 0 {
		t.at(before(1, time.Hour), func(ctx context.Context) error {
			_, err := l.enrollment.ProposePlacements(l.staff.as(ctx), &enrollmentpb.ProposePlacementsRequest{Parent: "terms/" + e.term.id})
			return err
		})
	}
}

// apply makes an application of partners, of whom so many take part. Every second one can come on one evening only, every
// third one would go to one site first.
func (l *loader) apply(ctx context.Context, c *catalog, e *early, n int, party []*person, accept int) (string, error) {
	in := &enrollmentpb.Application{Course: "courses/" + e.open[0].course}
	if n%2 == 1 {
		in.Evenings = []dayofweek.DayOfWeek{dayofweek.DayOfWeek(e.open[n/2%2].evenings)}
	} else if n%3 == 0 {
		in.Sites = []string{e.open[n/3%2].site}
	}
	for i, p := range party {
		member := &enrollmentpb.ApplicationMember{Educator: p.name}
		if i == 0 {
			member.Registration = c.registration(&seat{person: p, goals: goals[n%len(goals)]})
		}
		in.Members = append(in.Members, member)
	}
	made, err := l.enrollment.CreateApplication(l.portal.as(ctx), &enrollmentpb.CreateApplicationRequest{Parent: "terms/" + e.term.id, Application: in})
	if err != nil {
		return "", err
	}
	name := made.Application.Name
	for i, p := range party[1:accept] {
		_, err := l.enrollment.AcceptInvitation(l.portal.as(ctx), &enrollmentpb.AcceptInvitationRequest{Name: name, Educator: p.name, Registration: c.registration(&seat{person: p, goals: goals[i%len(goals)]})})
		if err != nil {
			return "", fmt.Errorf("partner %d: %w", i+1, err)
		}
	}
	return name, nil
}
