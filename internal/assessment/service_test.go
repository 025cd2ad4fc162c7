package assessment_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"google.golang.org/protobuf/proto"

	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	pb "github.com/btlc/btlc/gen/go/btlc/assessment/v1"
	_ "github.com/btlc/btlc/gen/go/btlc/directory/v1" // what people and places are called
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/assessment"
	"github.com/btlc/btlc/internal/database/databasetest"
	"github.com/btlc/btlc/internal/record/recordtest"
)

func TestMain(m *testing.M) { databasetest.Main(m) }

type world struct {
	*recordtest.World
	service             *assessment.Service
	educator, colleague string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := recordtest.New(t)
	return &world{
		World: w, service: assessment.New(w.DB),
		educator: api.Name("btlc/Educator", w.Educator("bps", "E1")), colleague: api.Name("btlc/Educator", w.Educator("ncs", "E2")),
	}
}

var service = pb.File_btlc_assessment_v1_service_proto.Services().ByName("AssessmentService")

// do makes a call and wants it to end for this reason; none for an answer.
func do[Q, A proto.Message](t *testing.T, caller *access.Caller, handler func(context.Context, Q) (A, error), req Q, reason api.Reason) A {
	t.Helper()
	answer, _, err := recordtest.Call(t, service, caller, handler, req)
	if got := recordtest.Reason(err); got != reason {
		t.Fatalf("%s of %s: %v, want %q", req.ProtoReflect().Descriptor().Name(), caller.Principal, err, reason)
	}
	return answer
}

func assessor(name string) *access.Caller {
	return &access.Caller{Principal: "apiClients/" + name, Grants: []access.Grant{{Role: accesspb.Role_ROLE_ASSESSOR}}}
}

func (w *world) draft(t *testing.T, assessment string, evidence ...*pb.Evidence) *pb.Submission {
	t.Helper()
	return do(t, recordtest.Staff(), w.service.CreateSubmission, &pb.CreateSubmissionRequest{Submission: &pb.Submission{
		Educator: w.educator, Framework: "frameworks/btlc-1", Assessment: assessment, Evidence: evidence,
	}}, "").GetSubmission()
}

func (w *world) submit(t *testing.T, name string) {
	t.Helper()
	do(t, recordtest.Staff(), w.service.SubmitSubmission, &pb.SubmitSubmissionRequest{Name: name}, "")
}

func sheet(submission string, outcome pb.ScoreOutcome) *pb.SubmitScoreSheetRequest {
	return &pb.SubmitScoreSheetRequest{Parent: submission, ScoreSheet: &pb.ScoreSheet{Outcome: outcome, Rationale: "the plan was carried out"}}
}

// atOnce makes calls at the same moment and counts how they end.
func atOnce(calls int, call func(i int) error) map[api.Reason]int {
	var mu sync.Mutex
	var callers sync.WaitGroup
	ended := map[api.Reason]int{}
	for i := range calls {
		callers.Go(func() {
			reason := recordtest.Reason(call(i))
			mu.Lock()
			defer mu.Unlock()
			ended[reason]++
		})
	}
	callers.Wait()
	return ended
}

func TestOneAttemptIsOpenAtATime(t *testing.T) {
	w := newWorld(t)
	ended := atOnce(8, func(int) error {
		_, _, err := recordtest.Call(t, service, recordtest.Staff(), w.service.CreateSubmission, &pb.CreateSubmissionRequest{Submission: &pb.Submission{
			Educator: w.educator, Framework: "frameworks/btlc-1", Assessment: "using-data-assessment-4",
		}})
		return err
	})
	if ended[""] != 1 || ended[api.StateConflict] != 7 {
		t.Errorf("ended %v, want one attempt", ended)
	}
}

func TestOneScoreCounts(t *testing.T) {
	w := newWorld(t)
	s := w.draft(t, "using-data-assessment-4", &pb.Evidence{Slot: "assessment", Title: "Survey"}, &pb.Evidence{Slot: "plan", Title: "Plan"})
	w.submit(t, s.Name)
	outcomes := []pb.ScoreOutcome{pb.ScoreOutcome_SCORE_OUTCOME_DEMONSTRATED, pb.ScoreOutcome_SCORE_OUTCOME_NOT_YET}
	ended := atOnce(8, func(i int) error {
		_, _, err := recordtest.Call(t, service, assessor(fmt.Sprint(i)), w.service.SubmitScoreSheet, sheet(s.Name, outcomes[i%2]))
		return err
	})
	// An assessor who comes when it is scored does not see the submission any more.
	if ended[""] != 1 || ended[api.StateConflict]+ended[api.NotFound] != 7 {
		t.Errorf("ended %v, want one score", ended)
	}
	sheets := do(t, recordtest.Staff(), w.service.ListScoreSheets, &pb.ListScoreSheetsRequest{Parent: s.Name}, "").GetScoreSheets()
	attained := do(t, recordtest.Staff(), w.service.ListAttainments, &pb.ListAttainmentsRequest{Parent: w.educator}, "").GetAttainments()
	if len(sheets) != 1 || len(attained) == 1 != (sheets[0].Outcome == outcomes[0]) {
		t.Errorf("sheets %v, attainments %v", sheets, attained)
	}
}

// Nobody decides about their own work, not even somebody who is on the staff or assesses others.
func TestOwnWork(t *testing.T) {
	w := newWorld(t)
	s := w.draft(t, "using-data-assessment-4", &pb.Evidence{Slot: "assessment", Title: "Survey"}, &pb.Evidence{Slot: "plan", Title: "Plan"})
	w.submit(t, s.Name)
	for _, role := range []accesspb.Role{accesspb.Role_ROLE_ASSESSOR, accesspb.Role_ROLE_PROGRAM_STAFF} {
		both := &access.Caller{Principal: "people/idp#self", Grants: []access.Grant{{Role: role}, {Role: accesspb.Role_ROLE_EDUCATOR, Scope: w.educator}}}
		do(t, both, w.service.SubmitScoreSheet, sheet(s.Name, pb.ScoreOutcome_SCORE_OUTCOME_DEMONSTRATED), api.OwnWork)
	}
	// An assessor who is another educator scores it, and sees their own submissions in any state.
	both := &access.Caller{Principal: "people/idp#other", Grants: []access.Grant{{Role: accesspb.Role_ROLE_ASSESSOR}, {Role: accesspb.Role_ROLE_EDUCATOR, Scope: w.colleague}}}
	do(t, both, w.service.CreateSubmission, &pb.CreateSubmissionRequest{Submission: &pb.Submission{Educator: w.educator, Framework: "frameworks/btlc-1", Assessment: "using-data-assessment-1"}}, api.NotFound)
	own := do(t, both, w.service.CreateSubmission, &pb.CreateSubmissionRequest{Submission: &pb.Submission{Educator: w.colleague, Framework: "frameworks/btlc-1", Assessment: "using-data-assessment-1"}}, "").GetSubmission()
	w.draft(t, "using-data-assessment-1")
	listed := do(t, both, w.service.ListSubmissions, &pb.ListSubmissionsRequest{}, "").GetSubmissions()
	if len(listed) != 2 || listed[0].Name != own.Name || listed[1].Name != s.Name {
		t.Errorf("listed %v, want their own draft and what waits for a score", listed)
	}
	do(t, both, w.service.SubmitScoreSheet, sheet(s.Name, pb.ScoreOutcome_SCORE_OUTCOME_DEMONSTRATED), "")
}

// A district learns of an attainment; of submissions and scores only the program does, and nobody of reasons.
func TestFeed(t *testing.T) {
	w := newWorld(t)
	s := w.draft(t, "supporting-instruction-assessment-1",
		&pb.Evidence{Slot: "own-teaching", Title: "Mine"}, &pb.Evidence{Slot: "analysis", Title: "Both"},
		&pb.Evidence{Slot: "colleague-teaching", Title: "Hers", Colleague: w.colleague, ColleagueConsents: true})
	w.submit(t, s.Name)
	do(t, assessor("a"), w.service.SubmitScoreSheet, sheet(s.Name, pb.ScoreOutcome_SCORE_OUTCOME_DEMONSTRATED), "")

	kinds := func(stream string) string {
		page, err := w.ReadFeed(t.Context(), stream, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for _, row := range page.Rows {
			var state map[string]string
			if err := json.Unmarshal(row.State, &state); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "%s %s %d %s%s;", row.Type, row.Kind, row.Version, state["state"], state["competency"])
			if state["educator"] != w.educator || len(state) > 3 {
				t.Errorf("%s: state %v", row.Type, state)
			}
		}
		return b.String()
	}
	const attained = "btlc/Attainment CREATED 1 supporting-instruction-1;"
	for stream, want := range map[string]string{
		"program":       "btlc/Submission CREATED 1 DRAFT;btlc/Submission UPDATED 2 SUBMITTED;" + attained + "btlc/Submission UPDATED 3 DEMONSTRATED;",
		"districts/bps": attained,
		"districts/ncs": "",
	} {
		if got := kinds(stream); got != want {
			t.Errorf("%s: %q, want %q", stream, got, want)
		}
	}
}

// Whose data an answer holds is on record also where the answer does not name them.
func TestReadsAreNoted(t *testing.T) {
	w := newWorld(t)
	s := w.draft(t, "using-data-assessment-4", &pb.Evidence{Slot: "assessment", Title: "Survey"}, &pb.Evidence{Slot: "plan", Title: "Plan"})
	w.submit(t, s.Name)
	scored := do(t, assessor("a"), w.service.SubmitScoreSheet, sheet(s.Name, pb.ScoreOutcome_SCORE_OUTCOME_DEMONSTRATED), "")
	attained := do(t, recordtest.Staff(), w.service.ListAttainments, &pb.ListAttainmentsRequest{Parent: w.educator}, "").GetAttainments()[0]
	saw := func(call *api.Call, err error) {
		t.Helper()
		if seen := call.Seen(); err != nil || len(seen) != 1 || api.Name("btlc/Educator", seen[0]) != w.educator {
			t.Errorf("%s noted %v, %v", call.Method, seen, err)
		}
	}
	_, call, err := recordtest.Call(t, service, recordtest.Staff(), w.service.CheckCompleteness, &pb.CheckCompletenessRequest{Name: s.Name})
	saw(call, err)
	_, call, err = recordtest.Call(t, service, recordtest.Staff(), w.service.ListScoreSheets, &pb.ListScoreSheetsRequest{Parent: s.Name})
	saw(call, err)
	_, call, err = recordtest.Call(t, service, recordtest.Staff(), w.service.GetScoreSheet, &pb.GetScoreSheetRequest{Name: scored.ScoreSheet.Name})
	saw(call, err)
	_, call, err = recordtest.Call(t, service, recordtest.Staff(), w.service.GetAttainment, &pb.GetAttainmentRequest{Name: attained.Name})
	saw(call, err)
}
