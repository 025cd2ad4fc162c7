package enrollment_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
)

// detailed is what a registration of somebody is to say.
func detailed(educator string) *pb.Registration {
	return &pb.Registration{Educator: educator, AcknowledgedFramework: "frameworks/btlc-1", LearningGoals: "To lead."}
}

func educatorCaller(name string) *access.Caller {
	return grant(accesspb.Role_ROLE_EDUCATOR, name)
}

// invite makes an application by the first of the members; section is empty for any.
func (w *world) invite(t *testing.T, section string, members ...string) *pb.Application {
	t.Helper()
	in := &pb.Application{Course: "courses/using-data", Section: section}
	for i, m := range members {
		member := &pb.ApplicationMember{Educator: m}
		if i == 0 {
			member.Registration = detailed(m)
		}
		in.Members = append(in.Members, member)
	}
	answer, err := call(t.Context(), w, educatorCaller(members[0]), "CreateApplication", w.service.CreateApplication, &pb.CreateApplicationRequest{Parent: "terms/fall-2026", Application: in})
	if err != nil {
		t.Fatal(err)
	}
	return answer.Application
}

func (w *world) accept(ctx context.Context, application, educator string) error {
	_, err := call(ctx, w, educatorCaller(educator), "AcceptInvitation", w.service.AcceptInvitation,
		&pb.AcceptInvitationRequest{Name: application, Educator: educator, Registration: detailed(educator)})
	return err
}

func (w *world) submit(ctx context.Context, application, educator string, wait bool) (*pb.Application, error) {
	answer, err := call(ctx, w, educatorCaller(educator), "SubmitApplication", w.service.SubmitApplication, &pb.SubmitApplicationRequest{Name: application, JoinWaitlist: wait})
	return answer.GetApplication(), err
}

// group makes an application of people who have all accepted.
func (w *world) group(t *testing.T, section string, members ...string) *pb.Application {
	t.Helper()
	made := w.invite(t, section, members...)
	for _, m := range members[1:] {
		if err := w.accept(t.Context(), made.Name, m); err != nil {
			t.Fatal(err)
		}
	}
	return made
}

// outcome is the states of the registrations of an application, sorted.
func (w *world) outcome(t *testing.T, application string) (states []string) {
	t.Helper()
	rows, err := w.db.SQL().QueryContext(t.Context(), `SELECT state FROM registrations WHERE application_id = $1 ORDER BY state`, api.LastUUID(application))
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var state string
		if err := rows.Scan(&state); err != nil {
			t.Fatal(err)
		}
		states = append(states, state)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return states
}

func TestPartnersAreSeatedAsOneOrNotAtAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 4, 9)
	three := w.group(t, w.parent(), w.educators[:3]...)
	placed, err := w.submit(t.Context(), three.Name, w.educators[1], false)
	if err != nil {
		t.Fatal(err)
	}
	if placed.State != pb.Application_STATE_PLACED || placed.SubmitTime == nil {
		t.Errorf("it is %v", placed.State)
	}
	for _, m := range placed.Members {
		if api.Part(m.RegistrationName, 0) != api.LastWord(w.parent()) {
			t.Errorf("%s has the registration %q", m.Educator, m.RegistrationName)
		}
		if own := m.Educator == w.educators[1]; own != (m.Registration != nil) {
			t.Errorf("who submits is shown what the registration of %s says", m.Educator)
		}
	}
	w.checkSeats(t, 3)

	// One seat is left, for two.
	two := w.group(t, w.parent(), w.educators[3:5]...)
	if _, err := w.submit(t.Context(), two.Name, w.educators[3], false); reason(err) != api.SeatUnavailable {
		t.Errorf("two for one seat: %v", err)
	}
	if got := w.outcome(t, two.Name); len(got) > 0 {
		t.Errorf("refused, and %v", got)
	}
	if _, err := w.submit(t.Context(), two.Name, w.educators[3], true); err != nil {
		t.Fatal(err)
	}
	if got := w.outcome(t, two.Name); !slices.Equal(got, []string{"WAITLISTED", "WAITLISTED"}) {
		t.Errorf("two who wait are %v", got)
	}
	w.checkSeats(t, 3)
}

// Who accepts seats for a group learns whose other meeting stands against it, and of a partner's not that it is one.
func TestAPartnerWhoIsBookedByNow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 4)
	section, other := w.offered(t, "OPEN", "", firstMeeting), w.offered(t, "OPEN", "", firstMeeting)
	w.db.Ent().Section.UpdateOneID(sectionID(section)).SetCapacity(2).ExecX(t.Context())
	var before []string
	for _, who := range w.educators[2:] {
		r, err := w.registerIn(t, staff, section, who)
		if err != nil {
			t.Fatal(err)
		}
		before = append(before, r)
	}
	two := w.group(t, section, w.educators[:2]...)
	placed, err := w.submit(t.Context(), two.Name, w.educators[0], true)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range before {
		w.withdraw(t, &pb.Registration{Name: r})
	}
	if got := w.outcome(t, two.Name); !slices.Equal(got, []string{"OFFERED", "OFFERED"}) {
		t.Fatalf("they are %v", got)
	}
	partner := w.educators[1]
	if err := w.take(t.Context(), other, partner); err != nil {
		t.Fatal(err)
	}
	for caller, told := range map[*access.Caller]bool{educatorCaller(w.educators[0]): false, staff: true} {
		_, err := call(t.Context(), w, caller, "AcceptOffer", w.service.AcceptOffer, &pb.AcceptOfferRequest{Name: placed.Members[0].RegistrationName})
		e, ok := errors.AsType[*api.Error](err)
		if !ok || e.Reason != api.ScheduleConflict || e.Metadata["educator"] != partner || len(e.Violations) != 1 || e.Violations[0].Field != "application.members[1].educator" {
			t.Errorf("%s is told: %+v", caller.Principal, err)
		} else if strings.Contains(e.Detail+e.Violations[0].Description, "meeting") != told {
			t.Errorf("%s is told: %s", caller.Principal, e.Detail)
		}
	}
}

func TestWhoDeclinesOrDoesNotAnswerIsLeftOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 9, 4)
	made := w.invite(t, w.parent(), w.educators...)
	if err := w.accept(t.Context(), made.Name, w.educators[1]); err != nil {
		t.Fatal(err)
	}
	decline := func(educator string) error {
		_, err := call(t.Context(), w, educatorCaller(educator), "DeclineInvitation", w.service.DeclineInvitation, &pb.DeclineInvitationRequest{Name: made.Name, Educator: educator})
		return err
	}
	if err := decline(w.educators[2]); err != nil {
		t.Fatal(err)
	}
	if err := decline(w.educators[2]); reason(err) != api.StateConflict {
		t.Errorf("declines again: %v", err)
	}
	if err := w.accept(t.Context(), made.Name, w.educators[2]); reason(err) != api.StateConflict {
		t.Errorf("accepts after all: %v", err)
	}
	if _, err := w.submit(t.Context(), made.Name, w.educators[3], false); reason(err) != api.NotFound {
		t.Errorf("one who did not answer submits: %v", err)
	}
	if _, err := w.submit(t.Context(), made.Name, w.educators[0], false); err != nil {
		t.Fatal(err)
	}
	w.checkSeats(t, 2)
	if err := w.accept(t.Context(), made.Name, w.educators[3]); reason(err) != api.StateConflict {
		t.Errorf("accepts too late: %v", err)
	}
}

func TestPartnersOfWhomOneLacksTheRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 9, 2)
	reported := w.employ(t, w.role, "REPORTED", 1)
	made := w.group(t, w.parent(), w.educators[0], w.educators[1], reported[0])
	if _, err := w.submit(t.Context(), made.Name, w.educators[0], true); reason(err) != api.RoleNotHeld {
		t.Errorf("got %v", err)
	}
	if got := w.outcome(t, made.Name); len(got) > 0 {
		t.Errorf("refused, and %v", got)
	}
	w.checkSeats(t, 0)
}

func TestOneOpenApplicationForACourseInATerm(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 9, 6)
	got := atOnce(8, func(int) error {
		in := &pb.Application{Course: "courses/using-data", Members: []*pb.ApplicationMember{{Educator: w.educators[0], Registration: detailed(w.educators[0])}}}
		_, err := call(t.Context(), w, educatorCaller(w.educators[0]), "CreateApplication", w.service.CreateApplication, &pb.CreateApplicationRequest{Parent: "terms/fall-2026", Application: in})
		return err
	})
	if got[""] != 1 || got[api.AlreadyExists] != 7 {
		t.Errorf("got %v, want one application", got)
	}
	// Somebody who is invited by two accepts one of them.
	first, second := w.invite(t, "", w.educators[1], w.educators[3]), w.invite(t, "", w.educators[2], w.educators[3])
	names := []string{first.Name, second.Name}
	if got := atOnce(2, func(i int) error { return w.accept(t.Context(), names[i], w.educators[3]) }); got[""] != 1 || got[api.AlreadyExists] != 1 {
		t.Errorf("got %v, want one of two", got)
	}
	if _, err := w.register(t.Context(), w.educators[4]); err != nil {
		t.Fatal(err)
	}
	third := w.invite(t, "", w.educators[5], w.educators[4])
	if err := w.accept(t.Context(), third.Name, w.educators[4]); reason(err) != api.AlreadyRegistered {
		t.Errorf("one who is registered: %v", err)
	}
}

func TestAcceptAndSubmitAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 90, 40)
	for i := range 10 {
		members := w.educators[4*i : 4*i+4]
		made := w.invite(t, w.parent(), members...)
		got := atOnce(5, func(i int) error {
			if i < 3 {
				return w.accept(t.Context(), made.Name, members[i+1])
			}
			_, err := w.submit(t.Context(), made.Name, members[0], false)
			return err
		})
		if got[""]+got[api.StateConflict] != 5 || got[""] == 0 {
			t.Fatalf("got %v", got)
		}
		answer, err := call(t.Context(), w, staff, "GetApplication", w.service.GetApplication, &pb.GetApplicationRequest{Name: made.Name})
		if err != nil {
			t.Fatal(err)
		}
		accepted := 0
		for _, m := range answer.Application.Members {
			seated := m.RegistrationName != ""
			if in := m.State == pb.ApplicationMember_STATE_ACCEPTED; in != seated {
				t.Fatalf("%s is %v and has %q", m.Educator, m.State, m.RegistrationName)
			} else if in {
				accepted++
			}
		}
		if got := w.outcome(t, made.Name); len(got) != accepted || answer.Application.State != pb.Application_STATE_PLACED {
			t.Fatalf("%d accepted, %d are registered; it is %v", accepted, len(got), answer.Application.State)
		}
	}
}

// TestNobodyElseLearnsOfAnApplication has somebody answer who was not asked: neither state nor etag is told.
func TestNobodyElseLearnsOfAnApplication(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3, 3)
	made := w.invite(t, "", w.educators[0], w.educators[1])
	outsider := w.educators[2]
	for _, etag := range []string{"", "v9"} {
		_, err := call(t.Context(), w, educatorCaller(outsider), "DeclineInvitation", w.service.DeclineInvitation, &pb.DeclineInvitationRequest{Name: made.Name, Educator: outsider, Etag: etag})
		if reason(err) != api.NotFound {
			t.Errorf("with etag %q: %v", etag, err)
		}
	}
}

// TestOneCourseOnceATerm has somebody who applied for a section take a seat elsewhere before submitting.
func TestOneCourseOnceATerm(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3, 1)
	made := w.invite(t, w.parent(), w.educators[0])
	if _, err := w.register(t.Context(), w.educators[0]); err != nil {
		t.Fatal(err)
	}
	if _, err := w.submit(t.Context(), made.Name, w.educators[0], false); reason(err) != api.AlreadyRegistered {
		t.Errorf("submitting: %v", err)
	}
}
