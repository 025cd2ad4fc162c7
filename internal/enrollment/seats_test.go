package enrollment_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent/roleassignment"
	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/enrollment"
	"github.com/btlc/btlc/internal/program"
	"github.com/btlc/btlc/internal/record"
)

// keepOpen has the section take registrations for a year.
func (w *world) keepOpen(t *testing.T) {
	t.Helper()
	w.db.Ent().Section.UpdateOneID(w.section).SetRegistrationCloseTime(now.AddDate(1, 0, 0)).ExecX(t.Context())
}

// apply has people come by one application, in the order of their names.
func (w *world) apply(t *testing.T, awaitRole bool, educators ...string) []*pb.Registration {
	t.Helper()
	w.later.Add(1)
	application := w.db.Ent().Application.Create().SetTermID("fall-2026").SetCourseID("using-data").SaveX(t.Context()).ID
	made, err := w.service.Admit(t.Context(), w.parent(), &application, false, awaitRole, educators...)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// stand is how registrations stand, in words.
func (w *world) stand(t *testing.T, all ...*pb.Registration) string {
	t.Helper()
	var words []string
	for _, r := range all {
		words = append(words, w.db.Ent().Registration.GetX(t.Context(), api.LastUUID(r.Name)).State)
	}
	return strings.Join(words, " ")
}

func (w *world) expect(t *testing.T, want string, all ...*pb.Registration) {
	t.Helper()
	if got := w.stand(t, all...); got != want {
		t.Errorf("they are %s, want %s", got, want)
	}
}

// confirm confirms all roles of a person, as the role inventory does.
func (w *world) confirm(t *testing.T, educator string) {
	t.Helper()
	id := api.LastUUID(educator)
	if err := w.db.InTx(t.Context(), false, func(ctx context.Context, tx *database.Tx) error {
		tx.RoleAssignment.Update().Where(roleassignment.EducatorID(id)).SetState("CONFIRMED").SetConfirmTime(tx.Now).SetConfirmedBy("people/principal").ExecX(ctx)
		return w.service.RoleConfirmed(ctx, tx, id)
	}); err != nil {
		t.Fatal(err)
	}
}

func (w *world) withdraw(t *testing.T, r *pb.Registration) {
	t.Helper()
	if _, err := call(t.Context(), w, staff, "WithdrawRegistration", w.service.WithdrawRegistration, &pb.WithdrawRegistrationRequest{Name: r.Name}); err != nil {
		t.Fatal(err)
	}
}

func (w *world) settle(t *testing.T, later time.Duration) {
	t.Helper()
	w.later.Add(later.Microseconds())
	for range 2 { // safe to do twice
		if err := w.service.SettleDue(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func (w *world) must(t *testing.T, educator string) *pb.Registration {
	t.Helper()
	r, err := w.ask(t, w.service, educator, true)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Whoever waits for a role keeps the time of asking, and goes before those who came later.
func TestARoleIsAwaited(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 2)
	reported := w.employ(t, w.role, "REPORTED", 3)
	early := w.apply(t, true, reported[0])[0]
	w.expect(t, "AWAITING_ROLE", early)
	page, err := w.db.ReadFeed(t.Context(), "districts/bps", 0, 10)
	if err != nil || len(page.Rows) != 1 || !strings.Contains(string(page.Rows[0].State), "AWAITING_ROLE") {
		t.Errorf("the district reads %v, %v", page.Rows, err)
	}
	first, second := w.must(t, w.educators[0]), w.must(t, w.educators[1])
	w.expect(t, "AWAITING_ROLE ENROLLED WAITLISTED", early, first, second)
	w.confirm(t, reported[0])
	w.expect(t, "WAITLISTED ENROLLED WAITLISTED", early, first, second)
	w.withdraw(t, first)
	w.expect(t, "OFFERED WAITLISTED", early, second)
	w.checkLog(t)

	// A group waits for the last of its roles.
	group := w.apply(t, true, reported[1], reported[2])
	w.confirm(t, reported[1])
	w.expect(t, "AWAITING_ROLE AWAITING_ROLE", group...)
	w.confirm(t, reported[2])
	w.expect(t, "WAITLISTED WAITLISTED", group...)
	w.checkLog(t)
}

// A role that nobody confirms in time is waited for no more, and the others of the group go on without.
func TestARoleIsAwaitedForSoLong(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3, 1)
	reported := w.employ(t, w.role, "REPORTED", 2)
	group, alone := w.apply(t, true, w.educators[0], reported[0]), w.apply(t, true, reported[1])
	w.settle(t, 7*24*time.Hour-time.Minute)
	w.expect(t, "AWAITING_ROLE AWAITING_ROLE AWAITING_ROLE", group[0], group[1], alone[0])
	w.settle(t, time.Minute)
	w.expect(t, "ENROLLED WITHDRAWN WITHDRAWN", group[0], group[1], alone[0])
	if got := w.db.Ent().Registration.GetX(t.Context(), api.LastUUID(alone[0].Name)).Reason; got != "the role was not confirmed within 7 days" {
		t.Errorf("the reason is %q", got)
	}
	w.checkLog(t)
}

// Whoever is at another meeting by the time their role is confirmed gets no seat by it, and the role is confirmed all the same.
func TestARoleIsConfirmedTooLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3, 0)
	reported := w.employ(t, w.role, "REPORTED", 1)
	r := w.apply(t, true, reported[0])[0]
	to := w.db.Ent()
	other := to.Section.Create().SetCourseVersionID(to.Section.GetX(t.Context(), w.section).CourseVersionID).SetTermID("fall-2026").SetState("OPEN").SetCapacity(1).SetTimeZone("America/New_York").
		SetRegistrationOpenTime(now).SetRegistrationCloseTime(now.Add(time.Hour)).SaveX(t.Context()).ID
	for _, section := range []uuid.UUID{w.section, other} {
		to.Meeting.Create().SetSectionID(section).SetMeetingNumber(1).SetStartTime(now.AddDate(0, 1, 0)).SetEndTime(now.AddDate(0, 1, 0).Add(time.Hour)).ExecX(t.Context())
	}
	to.SectionFacilitator.Create().SetSectionID(other).SetEducatorID(api.LastUUID(reported[0])).ExecX(t.Context())
	w.confirm(t, reported[0])
	w.expect(t, "WITHDRAWN", r)
	w.checkLog(t)
}

func TestOffersAreAcceptedDeclinedAndPassOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2, 8)
	w.keepOpen(t)
	first, second := w.must(t, w.educators[0]), w.must(t, w.educators[1])
	group := w.apply(t, false, w.educators[2], w.educators[3])
	third, fourth := w.must(t, w.educators[4]), w.must(t, w.educators[5])
	w.withdraw(t, first)
	w.expect(t, "WAITLISTED WAITLISTED OFFERED WAITLISTED", group[0], group[1], third, fourth)
	w.settle(t, 24*time.Hour-time.Microsecond)
	w.expect(t, "OFFERED", third)
	w.settle(t, time.Microsecond)
	w.expect(t, "EXPIRED OFFERED", third, fourth)
	if _, err := call(t.Context(), w, staff, "DeclineOffer", w.service.DeclineOffer, &pb.DeclineOfferRequest{Name: fourth.Name}); err != nil {
		t.Fatal(err)
	}
	w.withdraw(t, second)
	w.expect(t, "DECLINED OFFERED OFFERED", fourth, group[0], group[1])
	accept := func(r *pb.Registration) error {
		_, err := call(t.Context(), w, staff, "AcceptOffer", w.service.AcceptOffer, &pb.AcceptOfferRequest{Name: r.Name})
		return err
	}
	if err := accept(group[1]); err != nil {
		t.Fatal(err)
	}
	w.expect(t, "ENROLLED ENROLLED", group...)
	// Whoever's offer was not taken may ask again, and is the last.
	again := w.must(t, w.educators[4])
	w.withdraw(t, group[0])
	w.expect(t, "WITHDRAWN ENROLLED OFFERED", group[0], group[1], again)
	// Nobody has looked yet, but the offer is over.
	w.later.Add((24 * time.Hour).Microseconds())
	if err := accept(again); reason(err) != api.StateConflict {
		t.Errorf("accepted late: %v", err)
	}
	if r, err := w.ask(t, w.service, w.educators[6], false); err != nil || r.State != pb.RegistrationState_REGISTRATION_STATE_ENROLLED {
		t.Errorf("the seat of an offer that is over: %v, %v", r, err)
	}
	w.expect(t, "EXPIRED", again)
	w.checkLog(t)
}

// Who read that an offer holds the last seat, before it ended, is not told that there is none.
func TestRoomThatAnOfferLeaves(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 3)
	w.keepOpen(t)
	first, second := w.must(t, w.educators[0]), w.must(t, w.educators[1])
	if err := w.service.RoomAfter(t.Context(), w.parent(), func() {}); reason(err) != api.SeatUnavailable {
		t.Fatalf("no seat is free: %v", err)
	}
	w.withdraw(t, first)
	w.expect(t, "OFFERED", second)
	w.later.Add((24 * time.Hour).Microseconds())
	if err := w.service.RoomAfter(t.Context(), w.parent(), func() { w.settle(t, 0) }); err != nil {
		t.Errorf("the seat that was offered: %v", err)
	}
	w.expect(t, "EXPIRED", second)
}

func TestSectionsGrowBeginAndEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 8)
	reported := w.employ(t, w.role, "REPORTED", 1)
	first, second, third := w.must(t, w.educators[0]), w.must(t, w.educators[1]), w.must(t, w.educators[2])
	waits := w.apply(t, true, reported[0])[0]
	if _, err := call(t.Context(), w, staff, "UpdateSection", w.service.UpdateSection, &pb.UpdateSectionRequest{Section: &pb.Section{Name: w.parent(), Capacity: 2}}); err != nil {
		t.Fatal(err)
	}
	w.expect(t, "ENROLLED OFFERED WAITLISTED AWAITING_ROLE", first, second, third, waits)
	w.checkLog(t)
	if _, err := call(t.Context(), w, staff, "StartSection", w.service.StartSection, &pb.StartSectionRequest{Name: w.parent()}); err != nil {
		t.Fatal(err)
	}
	w.expect(t, "ENROLLED EXPIRED EXPIRED EXPIRED", first, second, third, waits)
	if state := w.checkLog(t); state.Taken != 1 {
		t.Errorf("%d seats are taken", state.Taken)
	}
	if _, err := call(t.Context(), w, staff, "CancelSection", w.service.CancelSection, &pb.CancelSectionRequest{Name: w.parent(), Reason: "no room"}); err != nil {
		t.Fatal(err)
	}
	w.expect(t, "WITHDRAWN EXPIRED", first, second)
	w.checkLog(t)
}

// A database from before there was a log gets one when something happens next.
func TestTheLogBeginsLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3, 4)
	to := w.db.Ent()
	var before []*pb.Registration
	for i, state := range []string{"ENROLLED", "COMPLETED"} {
		role := to.RoleAssignment.Query().Where(roleassignment.EducatorID(api.LastUUID(w.educators[i]))).OnlyX(t.Context())
		row := to.Registration.Create().SetSectionID(w.section).SetEducatorID(role.EducatorID).SetRoleAssignmentID(role.ID).SetFrameworkID("btlc-1").SetState(state).
			SetRegisterDate(now).SetStateTime(now).SetCreateTime(now.Add(-time.Duration(2-i) * time.Minute)).SaveX(t.Context())
		before = append(before, &pb.Registration{Name: api.Name("btlc/Registration", w.section, row.ID)})
	}
	to.Section.UpdateOneID(w.section).SetSeatsTaken(2).ExecX(t.Context())
	explain := func(r *pb.Registration) []string {
		answer, err := call(t.Context(), w, staff, "ExplainPlacement", w.service.ExplainPlacement, &pb.ExplainPlacementRequest{Name: r.Name})
		if err != nil {
			t.Fatal(err)
		}
		return answer.Sentences
	}
	want := []string{"On 20 November 2026 at 09:58 EST the section had 3 seats, 3 free: seated; on record from before the log; nobody was waiting.", "Now: enrolled, with 1 seat."}
	if got := explain(before[0]); !slices.Equal(got, want) {
		t.Errorf("told %q", got)
	}
	third := w.must(t, w.educators[2])
	w.expect(t, "ENROLLED COMPLETED ENROLLED", before[0], before[1], third)
	if got := explain(before[0]); !slices.Equal(got, want) {
		t.Errorf("told %q", got)
	}
	if state := w.checkLog(t); state.Sequence != 4 || state.Taken != 3 {
		t.Errorf("the log has %d lines, and %d seats are taken", state.Sequence, state.Taken)
	}
	w.withdraw(t, before[0])
	w.expect(t, "WITHDRAWN COMPLETED ENROLLED", before[0], before[1], third)
	w.checkLog(t)
}

func TestPlacementsAreExplained(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2, 6)
	first := w.must(t, w.educators[0])
	group := w.apply(t, false, w.educators[1], w.educators[2])
	small := w.must(t, w.educators[3])
	w.withdraw(t, first)
	w.withdraw(t, group[0])
	answer, err := call(t.Context(), w, staff, "ExplainPlacement", w.service.ExplainPlacement, &pb.ExplainPlacementRequest{Name: group[1].Name})
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for i, d := range answer.Decisions {
		kinds = append(kinds, api.EnumWord(d.Kind))
		if d.Sequence <= 0 || i > 0 && d.Sequence < answer.Decisions[i-1].Sequence || d.Reason == "" || d.DecideTime == nil || d.Capacity != 2 || d.PartySize == 0 {
			t.Errorf("decided: %v", d)
		}
	}
	told := strings.Join(answer.Sentences, "\n")
	if !slices.Equal(kinds, []string{"WAITLISTED", "PASSED_OVER", "LEFT", "OFFERED"}) {
		t.Errorf("the kinds are %q: %s", kinds, told)
	}
	for _, other := range []string{group[0].Name, small.Name, w.educators[0], "Family"} {
		if strings.Contains(told, api.LastWord(other)) {
			t.Errorf("somebody else is named: %s", told)
		}
	}
	gone, err := call(t.Context(), w, staff, "ExplainPlacement", w.service.ExplainPlacement, &pb.ExplainPlacementRequest{Name: group[0].Name})
	if err != nil || gone.Sentences[len(gone.Sentences)-1] != "Now: no place in this section; asking again counts from then." || gone.Rules != "enrollment-test" {
		t.Errorf("whoever left is told %v, %v", gone, err)
	}
}

// follower remembers what it is told.
type follower struct{ told []record.SeatChange }

func (f *follower) SeatsChanged(_ context.Context, _ *database.Tx, changes []record.SeatChange) error {
	f.told = append(f.told, changes...)
	return nil
}

func (*follower) MeetingsMoved(context.Context, *database.Tx, []record.MeetingMove) error { return nil }

func TestFollowersAreTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 2)
	f := &follower{}
	w.service = enrollment.New(w.db, time.UTC, rulesOfSeats, f)
	first, second := w.must(t, w.educators[0]), w.must(t, w.educators[1])
	w.withdraw(t, first)
	if _, err := call(t.Context(), w, staff, "CancelSection", w.service.CancelSection, &pb.CancelSectionRequest{Name: w.parent(), Reason: "no room"}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range f.told {
		who := map[uuid.UUID]string{api.LastUUID(first.Name): "first", api.LastUUID(second.Name): "second"}[c.Registration]
		got = append(got, who+" "+c.From+">"+c.To)
		if c.Section != w.section || c.OfferExpireTime.IsZero() == (c.To == "OFFERED") || c.SectionCancelled != (c.From == "OFFERED") {
			t.Errorf("told %+v", c)
		}
	}
	if want := []string{"first >ENROLLED", "second >WAITLISTED", "first ENROLLED>WITHDRAWN", "second WAITLISTED>OFFERED", "second OFFERED>WITHDRAWN"}; !slices.Equal(got, want) {
		t.Errorf("told %q", got)
	}
}

// By the other rule for groups, whoever leaves takes the others along, until the section begins.
func TestAllLeave(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 4, 4)
	rules := slices.Clone(rulesOfSeats)
	rules[0].Waitlist.MemberLeaves = traced(program.AllLeave)
	w.service = enrollment.New(w.db, time.UTC, rules)
	group, other := w.apply(t, false, w.educators[:2]...), w.apply(t, false, w.educators[2:]...)
	w.withdraw(t, group[0])
	w.expect(t, "WITHDRAWN WITHDRAWN ENROLLED ENROLLED", group[0], group[1], other[0], other[1])
	if _, err := call(t.Context(), w, staff, "StartSection", w.service.StartSection, &pb.StartSectionRequest{Name: w.parent()}); err != nil {
		t.Fatal(err)
	}
	w.withdraw(t, other[0])
	w.expect(t, "WITHDRAWN ENROLLED", other...)
	w.checkLog(t)
}
