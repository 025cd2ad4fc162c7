package enrollment_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	entplacement "github.com/btlc/btlc/ent/placement"
	"github.com/btlc/btlc/ent/placementproposal"
	"github.com/btlc/btlc/ent/roleassignment"
	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/enrollment"
	"github.com/btlc/btlc/internal/program"
)

// another makes another section of the course, in a term that is there already.
func (w *world) another(t *testing.T, term string, seats int32) string {
	t.Helper()
	to := w.db.Ent()
	made := to.Section.Create().SetCourseVersionID(to.Section.GetX(t.Context(), w.section).CourseVersionID).SetTermID(term).SetState("OPEN").SetCapacity(seats).SetTimeZone("America/New_York").
		SetRegistrationOpenTime(now.Add(-time.Hour)).SetRegistrationCloseTime(now.Add(time.Hour)).SaveX(t.Context())
	return api.Name("btlc/Section", made.ID)
}

func (w *world) registerIn(t *testing.T, caller *access.Caller, section, educator string) (string, error) {
	t.Helper()
	answer, err := call(t.Context(), w, caller, "CreateRegistration", w.service.CreateRegistration, &pb.CreateRegistrationRequest{Parent: section, Registration: detailed(educator)})
	return answer.GetRegistration().GetName(), err
}

func TestOneRegistrationForACourseInATerm(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 5, 2)
	w.db.Ent().Term.Create().SetID("spring-2027").SetDisplayName("Spring 2027").SetStartDate(now).SetEndDate(now).ExecX(t.Context())
	who, second, later := w.educators[0], w.another(t, "fall-2026", 5), w.another(t, "spring-2027", 5)
	alike := w.another(t, "fall-2026", 5)
	for section, start := range map[string]time.Time{w.parent(): firstMeeting, second: firstMeeting.AddDate(0, 0, 1), alike: firstMeeting.AddDate(0, 0, 1), later: firstMeeting.AddDate(0, 6, 0)} {
		w.db.Ent().Meeting.Create().SetSectionID(sectionID(section)).SetMeetingNumber(1).SetStartTime(start).SetEndTime(start.Add(time.Hour)).ExecX(t.Context())
	}
	first, err := w.registerIn(t, educatorCaller(who), w.parent(), who)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.registerIn(t, educatorCaller(who), second, who)
	e, ok := errors.AsType[*api.Error](err)
	if !ok || e.Reason != api.AlreadyRegistered || e.Metadata["registration"] != first || len(e.Violations) != 1 || e.Violations[0].Field != "registration.educator" {
		t.Errorf("in another section: %+v", err)
	}
	if _, err := w.registerIn(t, educatorCaller(who), later, who); err != nil {
		t.Errorf("in another term: %v", err)
	}
	if _, err := w.registerIn(t, staff, w.parent(), who); reason(err) != api.AlreadyRegistered {
		t.Errorf("in the same section, by staff: %v", err)
	}
	moved, err := w.registerIn(t, staff, second, who)
	if err != nil {
		t.Fatalf("staff move somebody: %v", err)
	}
	w.withdraw(t, &pb.Registration{Name: first})
	// To a section at the same time, a seat in the other one stands against it.
	if _, err := w.registerIn(t, staff, alike, who); reason(err) != api.ScheduleConflict {
		t.Errorf("staff move somebody to the same time: %v", err)
	}
	w.withdraw(t, &pb.Registration{Name: moved})
	if moved, err = w.registerIn(t, staff, alike, who); err != nil {
		t.Fatalf("staff move somebody to the same time, after withdrawing: %v", err)
	}
	w.withdraw(t, &pb.Registration{Name: moved})
	if _, err := w.registerIn(t, educatorCaller(who), second, who); err != nil {
		t.Errorf("after withdrawing: %v", err)
	}
}

func TestOneRegistrationOfManyAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 30, 1)
	who := w.educators[0]
	sections := []string{w.parent(), w.another(t, "fall-2026", 30), w.another(t, "fall-2026", 30)}
	got := atOnce(18, func(i int) error {
		_, err := w.registerIn(t, educatorCaller(who), sections[i%len(sections)], who)
		return err
	})
	if got[""] != 1 || got[api.AlreadyRegistered] != 17 {
		t.Errorf("%v", got)
	}
}

// Who submits for partners is told whose role it is, and staff what is on record.
func TestARoleThatAPartnerLacks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 5, 2)
	two := w.group(t, w.parent(), w.educators...)
	partner := w.educators[1]
	w.db.Ent().RoleAssignment.Update().Where(roleassignment.EducatorID(api.LastUUID(partner))).SetState("DISPUTED").ExecX(t.Context())
	submit := func(caller *access.Caller) *api.Error {
		_, err := call(t.Context(), w, caller, "SubmitApplication", w.service.SubmitApplication, &pb.SubmitApplicationRequest{Name: two.Name})
		e, ok := errors.AsType[*api.Error](err)
		if !ok || e.Reason != api.RoleNotHeld || e.Metadata["educator"] != partner || len(e.Violations) != 1 || e.Violations[0].Field != "application.members[1].educator" {
			t.Fatalf("%+v", err)
		}
		return e
	}
	const onRecord = "one disputed"
	if e := submit(educatorCaller(w.educators[0])); strings.Contains(e.Detail, onRecord) {
		t.Errorf("the one who applied learns: %s", e.Detail)
	}
	for _, caller := range []*access.Caller{educatorCaller(partner), staff} {
		if e := submit(caller); !strings.Contains(e.Detail, onRecord) {
			t.Errorf("%s learns: %s", caller.Principal, e.Detail)
		}
	}
}

// Two proposals for other people, applied by two servers at once, may each say whom a section's cohort is for: one of them
// does, and the section is changed by it once.
func TestAFamilyIsSetOnce(t *testing.T) {
	t.Parallel()
	w := newTerm(t, 8, 60, 5)
	ctx, to := t.Context(), w.db.Ent()
	rules := rulesOfSeats[0]
	rules.Placement = traced(program.PlacementWeights{Placed: 1000, RoleAlike: 100, SiteFirst: 30, SiteOther: 10})
	services := []*enrollment.Service{w.service, enrollment.New(w.connect(t, 20), time.UTC, []program.EnrollmentRules{rules})}
	var proposals []string
	for i, family := range []string{"mentor", "coach"} {
		made := w.propose(t)
		proposals = append(proposals, made.Name)
		row := to.PlacementProposal.Query().Where(placementproposal.ID(api.LastUUID(made.Name))).OnlyX(ctx)
		for at := range row.Sections {
			row.Sections[at].RoleFamily = family
		}
		row.Update().SetSections(row.Sections).ExecX(ctx)
		// Each has half of those who go to a section.
		bySection := map[uuid.UUID]int{}
		for _, p := range to.Placement.Query().Where(entplacement.PlacementProposalID(row.ID), entplacement.SectionIDNotNil()).Order(ent.Asc(entplacement.FieldApplicationID)).AllX(ctx) {
			if bySection[*p.SectionID]++; bySection[*p.SectionID]%2 == i {
				p.Update().ClearSectionID().ExecX(ctx)
			}
		}
	}
	got := atOnce(len(services), func(i int) error {
		_, err := call(ctx, w.world, staff, "ApplyPlacementProposal", services[i].ApplyPlacementProposal, &pb.ApplyPlacementProposalRequest{Name: proposals[i]})
		return err
	})
	if got[""] != len(services) {
		t.Fatalf("%v", got)
	}
	told := 0
	for _, id := range w.sections {
		var times int
		if err := w.db.SQL().QueryRowContext(ctx, `SELECT count(*) FROM feed_rows WHERE resource = $1 AND stream = 'program'`, api.Name("btlc/Section", id)).Scan(&times); err != nil {
			t.Fatal(err)
		}
		set := to.Section.GetX(ctx, id).RoleFamilyID != nil
		if times > 1 || set != (times == 1) {
			t.Errorf("the family of section %s was told %d times", id, times)
		}
		if set {
			told++
		}
	}
	if told < 2 {
		t.Fatalf("%d sections got a family: nothing was tried", told)
	}
}
