package credential

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/btlc/btlc/ent/performanceassessment"
	"github.com/btlc/btlc/ent/submission"
	"github.com/btlc/btlc/internal/record/recordtest"
)

// What the tables say of an award is in its document: the framework's standards and all competencies of the course, a
// result for each that was attained, the course's credits, and evidence by digest and by the framework's words alone.
func TestAwardSaysWhatIsOnRecord(t *testing.T) {
	w, s := open(t)
	educator, _ := w.Graduate("B1")
	w.Demonstrate(educator, "shared-leadership-assessment-1") // of another course
	put := func(assessment string, position int32, slot, sha256 string) {
		t.Helper()
		id, err := w.Ent().Submission.Query().Where(submission.HasAssessmentWith(performanceassessment.Code(assessment))).OnlyID(t.Context())
		recordtest.Must(t, err)
		recordtest.Must(t, w.Ent().Evidence.Create().SetSubmissionID(id).SetPosition(position).SetSlot(slot).SetTitle("Scores of my own class").
			SetURI("https://files.example/scores").SetSha256(sha256).Exec(t.Context()))
	}
	put("using-data-assessment-4", 1, "plan", strings.Repeat("cc", 32))
	put("using-data-assessment-1", 2, "problem", strings.Repeat("bb", 32))
	put("using-data-assessment-1", 1, "data-sources", strings.Repeat("aa", 32))
	put("using-data-assessment-2", 1, "lead", "") // known by its address alone
	put("shared-leadership-assessment-1", 1, "assessment", strings.Repeat("dd", 32))

	var got struct {
		Evidence          []struct{ DigestMultibase, Name, Genre string }
		CredentialSubject struct {
			Result      []struct{ ResultDescription, Status string }
			Achievement struct {
				CreditsAvailable int
				Alignment        []struct{ TargetCode string }
			}
		}
	}
	document := issue(t, s, educator).Document
	recordtest.Must(t, json.Unmarshal([]byte(document), &got))
	if strings.Contains(document, "own class") || strings.Contains(document, "files.example") {
		t.Errorf("the document tells of the evidence: %s", document)
	}
	var names []string
	for _, e := range got.Evidence {
		names = append(names, e.Genre)
	}
	if strings.Join(names, " ") != "data_source analysis plan" || got.Evidence[0].Name != "Data sources used" || got.Evidence[0].DigestMultibase != "uEiCqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqg" {
		t.Errorf("evidence %+v", got.Evidence)
	}
	subject := got.CredentialSubject
	if len(subject.Result) != 4 || subject.Result[3].Status != "Completed" || !strings.HasSuffix(subject.Result[3].ResultDescription, "using-data-certificate#using-data-4") {
		t.Errorf("results %+v", subject.Result)
	}
	if subject.Achievement.CreditsAvailable != 3 || len(subject.Achievement.Alignment) != 4+8 || subject.Achievement.Alignment[3].TargetCode != "using-data-4" {
		t.Errorf("achievement %+v", subject.Achievement)
	}
}
