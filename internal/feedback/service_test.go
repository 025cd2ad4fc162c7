package feedback

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent/registration"
	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	pb "github.com/btlc/btlc/gen/go/btlc/feedback/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/program"
	"github.com/btlc/btlc/internal/record/recordtest"
)

func TestCheckMoment(t *testing.T) {
	for _, c := range []struct {
		moment  Moment
		allowed []string
	}{{Mid, []string{"IN_SESSION"}}, {End, []string{"IN_SESSION", "COMPLETED"}}} {
		for _, state := range []string{"DRAFT", "OPEN", "CLOSED", "IN_SESSION", "COMPLETED", "CANCELLED"} {
			if err := checkMoment(c.moment, state); (err == nil) != slices.Contains(c.allowed, state) {
				t.Errorf("%s in a section that is %s: %v", c.moment, state, err)
			}
		}
	}
}

func TestAnswerOf(t *testing.T) {
	got, err := answerOf(asked, []answered{{"useful", 4, ""}, {"better", 0, "More examples"}})
	if err != nil || len(got.Ratings) != 1 || got.Ratings["useful"] != 4 || len(got.Texts) != 1 || got.Texts["better"] != "More examples" {
		t.Errorf("got %+v, %v", got, err)
	}
	_, err = answerOf(asked, []answered{{"useful", 4, ""}, {"useful", 5, ""}, {"useful", 0, "secret"}, {"better", 3, ""}, {"room", 0, "secret"}, {"better", 0, "  "}, {"better", 0, "fine"}})
	var fields []string
	for _, v := range recordtest.Known(err).Violations {
		if strings.Contains(v.Description, "secret") {
			t.Errorf("it repeats what was said: %s", v.Description)
		}
		fields = append(fields, v.Field)
	}
	if !slices.Equal(fields, []string{"answers[1]", "answers[2]", "answers[3]", "answers[4]", "answers[5]", "answers[6]"}) {
		t.Errorf("violations of %v", fields)
	}
}

// What is asked is what the rules of the day ask, by the program's calendar; and no rule makes a group smaller than Minimum.
func TestRulesOfTheDay(t *testing.T) {
	boston, err := time.LoadLocation("America/New_York")
	recordtest.Must(t, err)
	rules := func(id string, effective time.Time, minimum int, moments ...string) program.EnrollmentRules {
		r := program.EnrollmentRules{ID: id, Effective: effective}
		r.Feedback.MinimumAnswers.Value = minimum
		for _, m := range moments {
			r.Feedback.Rounds.Value = append(r.Feedback.Rounds.Value, program.FeedbackRound{ID: m, Questions: []program.FeedbackQuestion{{ID: id + m, Kind: program.QuestionText}}})
		}
		return r
	}
	s := New(nil, boston, []program.EnrollmentRules{rules("first-", time.Time{}, 3, "mid", "end"), rules("second-", recordtest.Day("2026-11-20"), 7, "end")})
	for _, c := range []struct {
		moment   Moment
		at, want string
		minimum  int
	}{
		{Mid, "2026-11-20T04:59:59Z", "first-mid", 5}, {End, "2026-11-20T04:59:59Z", "first-end", 5}, {End, "2026-11-20T05:00:00Z", "second-end", 7}, {Mid, "2026-11-20T05:00:00Z", "", 7},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		recordtest.Must(t, err)
		questions, minimum := s.asked(c.moment, at)
		id := ""
		if len(questions) == 1 {
			id = questions[0].ID
		}
		if id != c.want || minimum != c.minimum {
			t.Errorf("%s at %s: %q and %d, want %q and %d", c.moment, c.at, id, minimum, c.want, c.minimum)
		}
	}
	if questions, _ := New(nil, boston, nil).asked(End, recordtest.Start); questions != nil {
		t.Errorf("without rules: %v", questions)
	}
}

func TestRoundFromBeginToEnd(t *testing.T) {
	c := newClass(t, 6)
	section := c.section(c.version(1), "IN_SESSION")
	round := c.open(section, end)
	if round.State != pb.FeedbackRound_STATE_OPEN || len(round.Questions) != 6 || round.Questions[0].Id != "role" || round.Questions[0].Kind != pb.FeedbackQuestion_KIND_SCALE ||
		round.Questions[0].Text == "" || round.Questions[5].Kind != pb.FeedbackQuestion_KIND_TEXT || round.CloseTime != nil || !round.CreateTime.AsTime().Equal(c.Now()) {
		t.Errorf("opened %v", round)
	}
	for i := range 5 {
		answers := []*pb.FeedbackAnswer{rates("role", int32(i+1)), writes("keep", "The cases")}
		if i > 0 {
			answers = append(answers, rates("goals", 5))
		}
		recordtest.Must(t, c.submit(round.Name, i, answers...))
		if got := c.results(round.Name); got.AnswerCount != 0 || got.MinimumAnswers != 5 || got.Questions != nil {
			t.Errorf("while it is open: %v", got)
		}
	}
	refused(t, c.submit(round.Name, 0, rates("role", 1)), api.AlreadyRecorded)
	recordtest.Must(t, c.close(round.Name))
	refused(t, c.close(round.Name), api.StateConflict)
	refused(t, c.submit(round.Name, 5, rates("role", 1)), api.StateConflict)
	got := c.results(round.Name)
	if got.AnswerCount != 5 || len(got.Questions) != 2 {
		t.Fatalf("results %v", got)
	}
	role, keep := got.Questions[0], got.Questions[1]
	if role.Question != "role" || role.Text != round.Questions[0].Text || role.AnswerCount != 5 || role.Mean != 3 || !slices.Equal(role.Ratings, []int32{1, 1, 1, 1, 1}) {
		t.Errorf("results %v", role)
	}
	if keep.Question != "keep" || keep.AnswerCount != 5 || len(keep.Comments) != 5 || keep.Ratings != nil {
		t.Errorf("results %v", keep)
	}
	if rows, err := c.ReadFeed(t.Context(), "program", 0, 100); err != nil || len(rows.Rows) != 0 {
		t.Errorf("the change feed tells %v, %v", rows.Rows, err)
	}
}

// Those who answer are those who take the section, each for themselves.
func TestWhoAnswers(t *testing.T) {
	c := newClass(t, 3)
	section := c.section(c.version(1), "IN_SESSION")
	round := c.open(section, mid).Name
	if err := c.Ent().Registration.Update().Where(registration.EducatorID(c.people[2])).SetState("WITHDRAWN").Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	request := func() *pb.SubmitFeedbackRequest {
		return &pb.SubmitFeedbackRequest{Name: round, Answers: []*pb.FeedbackAnswer{rates("role", 5)}}
	}
	both := c.person(0)
	both.Grants = append(both.Grants, c.person(1).Grants...)
	for name, caller := range map[string]struct {
		caller *access.Caller
		want   api.Reason
	}{
		"withdrawn": {c.person(2), api.NotFound}, "somebody else": {recordtest.Caller(accesspb.Role_ROLE_EDUCATOR, api.Name("btlc/Educator", uuid.New())), api.NotFound},
		"two at once": {both, api.PermissionDenied}, "facilitator": {c.facilitator(), api.PermissionDenied}, "staff": {recordtest.Staff(), api.PermissionDenied},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := do(t, caller.caller, c.service.SubmitFeedback, request())
			refused(t, err, caller.want)
		})
	}
	if n := c.count("feedback_participations") + c.count("feedback_answers"); n != 0 {
		t.Errorf("%d rows of those who may not", n)
	}
	// A grant for somebody who takes another section only does not come in the way.
	alone := c.person(0)
	alone.Grants = append(alone.Grants, c.person(2).Grants...)
	_, err := do(t, alone, c.service.SubmitFeedback, request())
	recordtest.Must(t, err)
}

func TestCompareFeedback(t *testing.T) {
	c := newClass(t, 5)
	for version, rating := range map[int32]int32{1: 2, 2: 5} {
		section := c.section(c.version(version), "COMPLETED")
		round := c.open(section, end).Name
		for i := range c.people {
			recordtest.Must(t, c.submit(round, i, rates("role", rating-int32(i/4)), writes("keep", "Everything")))
		}
		recordtest.Must(t, c.close(round))
	}
	got := c.compared(pb.FeedbackRound_KIND_UNSPECIFIED)
	if len(got.Versions) != 2 || len(got.Changes) != 1 {
		t.Fatalf("compared %v", got)
	}
	for i, v := range got.Versions {
		q := v.Questions[0]
		if v.CourseVersion != api.Name("btlc/CourseVersion", "using-data", i+1) || v.RoundCount != 1 || v.AnswerCount != 5 || len(v.Questions) != 1 ||
			q.Question != "role" || q.Text == "" || q.AnswerCount != 5 || len(q.Ratings) != 5 || q.Comments != nil {
			t.Errorf("version %v", v)
		}
	}
	change := got.Changes[0]
	if change.CourseVersion != "courses/using-data/versions/2" || change.ChangeNote != "Changed to 2" || change.Question != "role" || math.Abs(change.Difference-3) > 1e-9 ||
		change.Lower <= 0 || change.Upper > 4 || !strings.HasPrefix(change.Statement, "The mean is higher") || !strings.HasSuffix(change.Statement, Caveat) {
		t.Errorf("change %v", change)
	}
	if other := c.compared(mid); len(other.Versions) != 0 || len(other.Changes) != 0 {
		t.Errorf("of the middle: %v", other)
	}
	for role, want := range map[accesspb.Role]api.Reason{accesspb.Role_ROLE_AUDITOR: "", accesspb.Role_ROLE_PROGRAM_STAFF: "", accesspb.Role_ROLE_BOARD_MEMBER: api.PermissionDenied} {
		_, err := do(t, recordtest.Caller(role, ""), c.service.CompareFeedback, &pb.CompareFeedbackRequest{Name: "courses/using-data"})
		refused(t, err, want)
	}
	_, err := do(t, recordtest.Staff(), c.service.CompareFeedback, &pb.CompareFeedbackRequest{Name: "courses/none"})
	refused(t, err, api.NotFound)
}
