package feedback

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/btlc/btlc/ent/courseversion"
	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	_ "github.com/btlc/btlc/gen/go/btlc/directory/v1" // patterns of names
	_ "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	pb "github.com/btlc/btlc/gen/go/btlc/feedback/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database/databasetest"
	"github.com/btlc/btlc/internal/program"
	"github.com/btlc/btlc/internal/record/recordtest"
)

func TestMain(m *testing.M) { databasetest.Main(m) }

const (
	mid = pb.FeedbackRound_KIND_MID
	end = pb.FeedbackRound_KIND_END
)

// class is a service over a database with people who take courses and one who leads them.
type class struct {
	*recordtest.World
	t       testing.TB
	service *Service
	lead    uuid.UUID
	people  []uuid.UUID
	roles   []uuid.UUID
}

func newClass(t testing.TB, people int) *class {
	t.Helper()
	w := recordtest.New(t)
	data, err := program.Load()
	recordtest.Must(t, err)
	c := &class{World: w, t: t, service: New(w.DB, w.Now().Location(), data.EnrollmentRules), lead: w.Educator("bps", "lead")}
	for i := range people {
		c.people = append(c.people, w.Educator("bps", fmt.Sprint("P", i)))
		c.roles = append(c.roles, w.Mentor(c.people[i]))
	}
	return c
}

// version makes a version of Using Data, if there is none of this number.
func (c *class) version(number int32) uuid.UUID {
	c.t.Helper()
	ctx := c.t.Context()
	first, err := c.Ent().CourseVersion.Query().Where(courseversion.CourseID("using-data"), courseversion.VersionNumber(1)).Only(ctx)
	recordtest.Must(c.t, err)
	if number == 1 {
		return first.ID
	}
	made, err := c.Ent().CourseVersion.Create().SetCourseID("using-data").SetVersionNumber(number).SetContactMinutes(first.ContactMinutes).SetWeeks(first.Weeks).
		SetMeetingCount(first.MeetingCount).SetFeeCurrency(first.FeeCurrency).SetFeeUnits(first.FeeUnits).SetCredits(first.Credits).
		SetAttendanceEntryDays(first.AttendanceEntryDays).SetSources(first.Sources).SetChangeNote(fmt.Sprintf("Changed to %d", number)).Save(ctx)
	recordtest.Must(c.t, err)
	return made.ID
}

// section makes a section that everybody takes.
func (c *class) section(version uuid.UUID, state string) string {
	c.t.Helper()
	ctx := c.t.Context()
	row, err := c.Ent().Section.Create().SetCourseVersionID(version).SetTermID("fall-2026").SetState(state).SetCapacity(40).SetSeatsTaken(int32(len(c.people))).
		SetTimeZone("America/New_York").SetRegistrationOpenTime(c.Now().AddDate(0, -6, 0)).SetRegistrationCloseTime(c.Now().AddDate(0, -2, 0)).Save(ctx)
	recordtest.Must(c.t, err)
	recordtest.Must(c.t, c.Ent().SectionFacilitator.Create().SetSectionID(row.ID).SetEducatorID(c.lead).Exec(ctx))
	for i, person := range c.people {
		recordtest.Must(c.t, c.Ent().Registration.Create().SetSectionID(row.ID).SetEducatorID(person).SetRoleAssignmentID(c.roles[i]).SetFrameworkID("btlc-1").
			SetState([]string{"ENROLLED", "COMPLETED"}[i%2]).SetRegisterDate(recordtest.Day("2026-09-02")).SetStateTime(c.Now()).Exec(ctx))
	}
	return api.Name("btlc/Section", row.ID)
}

func do[Q, A proto.Message](t testing.TB, caller *access.Caller, handler recordtest.Handler[Q, A], req Q) (A, error) {
	t.Helper()
	answer, _, err := recordtest.Call(t, pb.File_btlc_feedback_v1_service_proto.Services().Get(0), caller, handler, req)
	return answer, err
}

func (c *class) facilitator() *access.Caller {
	return recordtest.Caller(accesspb.Role_ROLE_FACILITATOR, api.Name("btlc/Educator", c.lead))
}

func (c *class) person(i int) *access.Caller {
	return recordtest.Caller(accesspb.Role_ROLE_EDUCATOR, api.Name("btlc/Educator", c.people[i]))
}

// open opens a round, as the facilitator.
func (c *class) open(section string, kind pb.FeedbackRound_Kind) *pb.FeedbackRound {
	c.t.Helper()
	made, err := do(c.t, c.facilitator(), c.service.CreateFeedbackRound, &pb.CreateFeedbackRoundRequest{Parent: section, FeedbackRound: &pb.FeedbackRound{Kind: kind}})
	recordtest.Must(c.t, err)
	return made.FeedbackRound
}

func (c *class) close(round string) error {
	_, err := do(c.t, c.facilitator(), c.service.CloseFeedbackRound, &pb.CloseFeedbackRoundRequest{Name: round})
	return err
}

// submit answers, with an idempotency key, as the project's own client sends it with every write.
func (c *class) submit(round string, person int, answers ...*pb.FeedbackAnswer) error {
	handler := func(ctx context.Context, req *pb.SubmitFeedbackRequest) (*pb.SubmitFeedbackResponse, error) {
		api.CallOf(ctx).IdempotencyKey = "mine"
		return c.service.SubmitFeedback(ctx, req)
	}
	_, err := do(c.t, c.person(person), handler, &pb.SubmitFeedbackRequest{Name: round, Answers: answers})
	return err
}

func (c *class) results(round string) *pb.GetFeedbackResultsResponse {
	c.t.Helper()
	answer, err := do(c.t, c.facilitator(), c.service.GetFeedbackResults, &pb.GetFeedbackResultsRequest{Name: round})
	recordtest.Must(c.t, err)
	return answer
}

func (c *class) compared(kind pb.FeedbackRound_Kind) *pb.CompareFeedbackResponse {
	c.t.Helper()
	answer, err := do(c.t, c.facilitator(), c.service.CompareFeedback, &pb.CompareFeedbackRequest{Name: "courses/using-data", Kind: kind})
	recordtest.Must(c.t, err)
	return answer
}

func rates(question string, rating int32) *pb.FeedbackAnswer {
	return &pb.FeedbackAnswer{Question: question, Rating: rating}
}

func writes(question, text string) *pb.FeedbackAnswer {
	return &pb.FeedbackAnswer{Question: question, Text: text}
}

func refused(t testing.TB, err error, want api.Reason) {
	t.Helper()
	if got := recordtest.Reason(err); got != want {
		t.Errorf("got %q (%v), want %q", got, err, want)
	}
}

// count counts rows of a table.
func (c *class) count(table string) (n int) {
	c.t.Helper()
	recordtest.Must(c.t, c.SQL().QueryRowContext(c.t.Context(), `SELECT count(*) FROM `+table).Scan(&n))
	return n
}
