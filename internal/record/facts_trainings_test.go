package record_test

import (
	"testing"
	"time"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/internal/policy"
	"github.com/btlc/btlc/internal/record"
	"github.com/btlc/btlc/internal/record/recordtest"
)

func TestFactsOfTrainings(t *testing.T) {
	w, ctx := recordtest.New(t), t.Context()
	educator := w.Educator("bps", "B1")
	w.Assign(recordtest.Assignment{Educator: educator, Family: "mentor", State: "CONFIRMED", Start: "2026-11-23", ConfirmedAt: after(0)})
	train := func(family, date string, minutes int32, recorded time.Time) *ent.TrainingCreate {
		return w.Ent().Training.Create().SetEducatorID(educator).SetRoleFamilyID(family).SetTitle("Coaching").SetProvider("The program").SetMinutes(minutes).
			SetCompleteDate(recordtest.Day(date)).SetRecordedBy("test").SetCreateTime(recorded)
	}
	train("team-leader", "2026-11-25", 30, after(6)).ExecX(ctx)
	first := train("mentor", "2026-11-23", 90, after(5)).SaveX(ctx)
	train("mentor", "2026-11-24", 60, after(5)).SetVoidTime(after(6)).SetVoidReason("Twice").ExecX(ctx)
	w.Travel(after(9))

	taken, facts, err := factsOf(w, educator).Trainings(ctx)
	recordtest.Must(t, err)
	if len(taken) != 2 || taken[0].RoleFamily != "mentor" || taken[0].Minutes != 90 || taken[1].Minutes != 30 || len(facts) != 2 {
		t.Fatalf("trainings %+v, facts %+v", taken, facts)
	}
	answer[policy.Training]{taken[0], facts[0]}.on(t, "training", first.ID.String(), "90 minutes for mentor")
	if !facts[0].OccurredAt.Equal(recordtest.Day("2026-11-23")) || !facts[0].RecordedAt.Equal(after(5)) {
		t.Errorf("fact %+v", facts[0])
	}
	// A role counts on the day on which it began, in the calendar of its district.
	yes(t, ask[bool](t)(factsOf(w, educator).Held(ctx, "mentor", taken[0].Date)), "role", "mentor", roleTitle(t, w)+", held on 2026-11-23")

	for then, want := range map[[2]int]int{{2, 9}: 0, {3, 9}: 1, {9, 9}: 2, {9, 5}: 2, {3, 5}: 1, {9, 4}: 0} {
		about := record.About{Educator: educator, Now: w.Now(), AsOf: after(then[0]), KnownAsOf: after(then[1])}
		if taken, _, err := record.FactsOf(w.Ent(), about).Trainings(ctx); err != nil || len(taken) != want {
			t.Errorf("as of day %d, known as of day %d: %d trainings, %v, want %d", then[0], then[1], len(taken), err, want)
		}
	}
}

func roleTitle(t *testing.T, w *recordtest.World) string {
	t.Helper()
	return w.Ent().Role.Query().OnlyX(t.Context()).DisplayName
}

// A suspended certificate is told when there is none that counts.
func TestCertified(t *testing.T) {
	w, ctx := recordtest.New(t), t.Context()
	educator := w.Educator("bps", "B1")
	version, err := record.LatestPolicy(ctx, w.Ent(), "course-certificate")
	recordtest.Must(t, err)
	hold := func(kind, status string) {
		w.Ent().Credential.Create().SetEducatorID(educator).SetCredentialTypeID(kind).SetPolicyVersionID(version.ID).SetFrameworkID("btlc-1").SetStatus(status).
			SetIssueTime(after(0)).SetStatusTime(after(0)).SetDocument("{}").SetKeyID("test").SetCreateTime(after(0)).SetUpdateTime(after(0)).ExecX(ctx)
	}
	hold("using-data-certificate", "ACTIVE")
	hold("shared-leadership-certificate", "SUSPENDED")
	hold("professional-expertise-certificate", "REVOKED")
	hold("btlc-credential", "ACTIVE")
	f := factsOf(w, educator)
	yes(t, ask[bool](t)(f.Certified(ctx, "using-data")), "certificate", "using-data", "certified")
	suspended := ask[bool](t)(f.Certified(ctx, "shared-leadership"))
	if suspended.value {
		t.Error("a suspended certificate counts")
	}
	suspended.on(t, "certificate", "shared-leadership", "suspended")
	no(t, ask[bool](t)(f.Certified(ctx, "professional-expertise")))
	no(t, ask[bool](t)(f.Certified(ctx, "")))
	yes(t, ask[bool](t)(f.Holds(ctx, "btlc-credential")), "credential", "btlc-credential", "held")
}
