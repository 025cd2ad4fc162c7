package enrollment_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/type/timeofday"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/btlc/btlc/ent/schema"
	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/enrollment"
	"github.com/btlc/btlc/internal/program"
)

func clock(hours, minutes int32) *timeofday.TimeOfDay {
	return &timeofday.TimeOfDay{Hours: hours, Minutes: minutes}
}

// The profile is of those who registered first, those who left included, is told of five people at least, and only when
// nobody's answer changes any more.
func TestCohortProfile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 30, 8)
	w.service = enrollment.New(w.db, time.UTC, []program.EnrollmentRules{{Cohort: program.CohortRules{MinimumAnswers: traced(5)}}})
	section := w.offered(t, "OPEN", "", firstMeeting, w.educators[7])
	answer := func(educator string, at int, state string, ratings ...schema.CompetencyRating) {
		w.db.Ent().Registration.Create().SetSectionID(sectionID(section)).SetEducatorID(api.LastUUID(educator)).SetFrameworkID("btlc-1").SetState(state).
			SetRegisterDate(now).SetStateTime(now).SetImportedSource("").SetCompetencyRatings(ratings).SetCreateTime(now.Add(time.Duration(at) * time.Second)).ExecX(t.Context())
	}
	profile := func(caller *access.Caller) (*pb.GetCohortProfileResponse, error) {
		return call(t.Context(), w, caller, "GetCohortProfile", w.service.GetCohortProfile, &pb.GetCohortProfileRequest{Name: section})
	}
	check := func(when string, want *pb.GetCohortProfileResponse) {
		t.Helper()
		got, err := profile(grant(accesspb.Role_ROLE_FACILITATOR, w.educators[7]))
		if err != nil || !proto.Equal(got, want) {
			t.Errorf("%s: got %v, %v\nwant %v", when, got, err, want)
		}
	}
	for i := range 4 {
		answer(w.educators[i], i, "WITHDRAWN", schema.CompetencyRating{Competency: "using-data-1", Rating: 2, LearningGoal: true})
	}
	answer(w.educators[4], 4, "AWAITING_ROLE") // said nothing
	state := func(to string) {
		w.db.Ent().Section.UpdateOneID(sectionID(section)).SetState(to).ExecX(t.Context())
	}
	nothing := &pb.GetCohortProfileResponse{MinimumAnswers: 5}
	state("CLOSED")
	check("four answers", nothing)
	answer(w.educators[5], 5, "AWAITING_ROLE", schema.CompetencyRating{Competency: "using-data-1", Rating: 2, LearningGoal: true})
	five := &pb.GetCohortProfileResponse{AnswerCount: 5, MinimumAnswers: 5, Competencies: []*pb.CompetencyProfile{
		{Competency: "using-data-1", RatingCount: 5, MeanRating: 2, Ratings: []int32{0, 5, 0, 0, 0}, GoalCount: 5},
	}}
	check("five answers", five)
	answer(w.educators[6], 6, "AWAITING_ROLE", schema.CompetencyRating{Competency: "using-data-1", Rating: 5})
	check("six answers", five)
	for caller, want := range map[*access.Caller]api.Reason{
		staff: "", grant(accesspb.Role_ROLE_FACILITATOR, w.educators[0]): api.NotFound, grant(accesspb.Role_ROLE_EDUCATOR, w.educators[5]): api.NotFound,
		grant(accesspb.Role_ROLE_PRINCIPAL, "districts/bps"): api.PermissionDenied,
	} {
		if _, err := profile(caller); reason(err) != want {
			t.Errorf("as %s: %v, want %q", caller.Principal, err, want)
		}
	}
	for _, to := range []string{"OPEN", "CANCELLED", "DRAFT"} {
		state(to)
		check(fmt.Sprint("while it is ", to), nothing)
	}
}

// Ratings change while a section takes registrations, and stay when the group is told of them.
func TestRatingsStay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 30, 1)
	r, err := w.register(t.Context(), w.educators[0])
	if err != nil {
		t.Fatal(err)
	}
	skill := w.db.Ent().CoreSkill.Create().SetID(uuid.New()).SetFrameworkID("btlc-1").SetCode("using-data").SetTitle("Using Data").SetPosition(1).SaveX(t.Context())
	w.db.Ent().Competency.Create().SetID(uuid.New()).SetFrameworkID("btlc-1").SetCoreSkillID(skill.ID).SetCode("using-data-1").SetCompetencyNumber(1).
		SetStatement("Understanding data").SetFoundational(false).ExecX(t.Context())
	w.db.Ent().Registration.UpdateOneID(api.LastUUID(r.Name)).SetCompetencyRatings([]schema.CompetencyRating{{Competency: "using-data-1", Rating: 2}}).ExecX(t.Context())
	update := func(field string, in *pb.Registration) error {
		in.Name = r.Name
		req := &pb.UpdateRegistrationRequest{Registration: in, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{field}}}
		_, err := call(t.Context(), w, staff, "UpdateRegistration", w.service.UpdateRegistration, req)
		return err
	}
	if _, err := call(t.Context(), w, staff, "CloseSection", w.service.CloseSection, &pb.CloseSectionRequest{Name: w.parent()}); err != nil {
		t.Fatal(err)
	}
	if err := update("competency_ratings", &pb.Registration{}); reason(err) != api.StateConflict {
		t.Errorf("taking ratings back: %v", err)
	}
	if err := update("strengths", &pb.Registration{Strengths: "Facilitating"}); err != nil {
		t.Errorf("another field: %v", err)
	}
}
