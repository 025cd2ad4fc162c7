package record_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/internal/policy"
	"github.com/btlc/btlc/internal/record"
	"github.com/btlc/btlc/internal/record/recordtest"
)

func factsOf(w *recordtest.World, educator uuid.UUID) policy.Facts {
	return factsWith(w, educator, "umass-boston")
}

func factsWith(w *recordtest.World, educator uuid.UUID, institution string) policy.Facts {
	return record.FactsOf(w.Ent(), record.About{Educator: educator, Institution: institution, Now: w.Now()})
}

// answer is what a question was answered: the value, and the one fact that it rests on.
type answer[T any] struct {
	value T
	fact  policy.Fact
}

func ask[T any](t *testing.T) func(T, []policy.Fact, error) answer[T] {
	return func(value T, facts []policy.Fact, err error) answer[T] {
		t.Helper()
		recordtest.Must(t, err)
		if len(facts) > 1 {
			t.Fatalf("%d facts", len(facts))
		}
		a := answer[T]{value: value}
		if len(facts) == 1 {
			a.fact = facts[0]
		}
		return a
	}
}

func (a answer[T]) on(t *testing.T, kind, id, value string) {
	t.Helper()
	if a.fact.Kind != kind || a.fact.ID != id || a.fact.Value != value || a.fact.OccurredAt.IsZero() || a.fact.RecordedAt.IsZero() {
		t.Errorf("fact %+v, want %s %s %q with both times", a.fact, kind, id, value)
	}
}

func yes(t *testing.T, a answer[bool], kind, id, value string) {
	t.Helper()
	if !a.value {
		t.Errorf("%s %s: no, want yes", kind, id)
	}
	a.on(t, kind, id, value)
}

func no(t *testing.T, a answer[bool]) {
	t.Helper()
	if a.value || a.fact.Kind != "" {
		t.Errorf("yes (%+v), want no and no fact", a.fact)
	}
}

func TestFactsOfAnEmptyRecord(t *testing.T) {
	w := recordtest.New(t)
	w.Graduate("B1") // somebody else's record
	f, ctx := factsOf(w, w.Educator("bps", "B2")), t.Context()
	for _, unknown := range []string{"using-data", "nonsense", ""} {
		no(t, ask[bool](t)(f.Demonstrated(ctx, "using-data-assessment-1")))
		no(t, ask[bool](t)(f.Attained(ctx, "using-data-1")))
		no(t, ask[bool](t)(f.Enrolled(ctx, unknown)))
		no(t, ask[bool](t)(f.Completed(ctx, unknown)))
		no(t, ask[bool](t)(f.Holds(ctx, unknown)))
		no(t, ask[bool](t)(f.Certified(ctx, unknown)))
		no(t, ask[bool](t)(f.Held(ctx, "any", w.Now())))
		no(t, ask[bool](t)(f.CreditRequested(ctx, unknown)))
		no(t, ask[bool](t)(f.Consented(ctx, unknown)))
		if a := ask[int](t)(f.Minutes(ctx, unknown)); a.value != 0 {
			t.Errorf("%d minutes", a.value)
		}
		if a := ask[time.Time](t)(f.RegistrationDate(ctx, unknown)); !a.value.IsZero() {
			t.Errorf("registered on %v", a.value)
		}
	}
	if a := ask[[]policy.Training](t)(f.Trainings(ctx)); len(a.value) != 0 || a.fact.Kind != "" {
		t.Errorf("trainings %v", a)
	}
	if a := ask[[]string](t)(f.Assessments(ctx, "nonsense")); len(a.value) != 0 {
		t.Errorf("assessments %v of no course", a.value)
	}
	no(t, ask[bool](t)(f.Agreement(ctx, "nonsense")))
}

func TestFactsOfTheFramework(t *testing.T) {
	w := recordtest.New(t)
	educator, _ := w.Graduate("B1")
	f, ctx := factsOf(w, educator), t.Context()
	assessments := ask[[]string](t)(f.Assessments(ctx, "using-data"))
	if !slices.Equal(assessments.value, recordtest.UsingData()) {
		t.Errorf("assessments %v", assessments.value)
	}
	// Supporting Instruction has a fifth competency, which no assessment attains.
	competencies := ask[[]string](t)(f.Competencies(ctx, "supporting-instruction"))
	if want := []string{"supporting-instruction-1", "supporting-instruction-2", "supporting-instruction-3", "supporting-instruction-4"}; !slices.Equal(competencies.value, want) {
		t.Errorf("competencies %v", competencies.value)
	}
	yes(t, ask[bool](t)(f.Demonstrated(ctx, "using-data-assessment-4")), "assessment", "using-data-assessment-4", "demonstrated")
	yes(t, ask[bool](t)(f.Attained(ctx, "using-data-4")), "competency", "using-data-4", "attained")

	// What was shown in one version says nothing about the next.
	recordtest.Must(t, w.Ent().Framework.Create().SetID("btlc-2").SetTitle("Next").SetVersionNumber(2).SetAlignments(nil).SetSources(nil).Exec(ctx))
	no(t, ask[bool](t)(factsOf(w, educator).Demonstrated(ctx, "using-data-assessment-4")))
	no(t, ask[bool](t)(factsOf(w, educator).Attained(ctx, "using-data-4")))
}

func TestFactsOfRegistrations(t *testing.T) {
	w := recordtest.New(t)
	ctx := t.Context()
	educator := w.Educator("bps", "B1")
	role := w.Mentor(educator)
	w.Register(educator, role, "using-data", "WITHDRAWN", "2026-09-09")
	no(t, ask[bool](t)(factsOf(w, educator).Enrolled(ctx, "using-data")))

	w.Register(educator, role, "using-data", "NOT_COMPLETED", "2026-09-03")
	f := factsOf(w, educator)
	yes(t, ask[bool](t)(f.Enrolled(ctx, "using-data")), "enrollment", "using-data", "enrolled")
	if a := ask[bool](t)(f.Completed(ctx, "using-data")); a.value || a.fact.Value != "not completed" {
		t.Errorf("completed: %+v", a)
	}

	w.Register(educator, role, "using-data", "ENROLLED", "2026-09-02")
	no(t, ask[bool](t)(factsOf(w, educator).Completed(ctx, "using-data")))

	w.Register(educator, role, "using-data", "COMPLETED", "2026-09-01")
	f = factsOf(w, educator)
	yes(t, ask[bool](t)(f.Completed(ctx, "using-data")), "completion", "using-data", "completed")
	date := ask[time.Time](t)(f.RegistrationDate(ctx, "using-data"))
	date.on(t, "registration", "using-data", "2026-09-01")
	if zone, _ := time.LoadLocation("America/New_York"); date.value.In(zone).Format(time.DateTime) != "2026-09-01 12:00:00" {
		t.Errorf("registered at %v", date.value)
	}
}

func TestFactsOfAttendance(t *testing.T) {
	w := recordtest.New(t)
	educator := w.Educator("bps", "B1")
	role := w.Mentor(educator)
	first := w.Register(educator, role, "using-data", "NOT_COMPLETED", "2026-09-01")
	second := w.Register(educator, role, "using-data", "ENROLLED", "2026-09-02")
	withdrawn := w.Register(educator, role, "using-data", "WITHDRAWN", "2026-09-03")
	w.Attend(first, 1, 100)
	w.Attend(withdrawn, 1, 700)
	w.Attend(second, 3, 60) // nobody is at two meetings at once
	mistaken := w.Attend(second, 2, 18)
	mistaken = w.Correct(second, mistaken, 81)
	w.Correct(second, mistaken, 180)
	a := ask[int](t)(factsOf(w, educator).Minutes(t.Context(), "using-data"))
	if a.value != 240 {
		t.Errorf("%d minutes, want 240", a.value)
	}
	a.on(t, "attendance", "using-data", "240 minutes")
}

func TestFactsOfRoles(t *testing.T) {
	w := recordtest.New(t)
	ctx := t.Context()
	confirmed := recordtest.Start.AddDate(0, 0, -1)
	day := func(text string) time.Time { return recordtest.Day(text).Add(17 * time.Hour) } // noon in Boston
	for _, c := range []struct {
		name   string
		a      recordtest.Assignment
		family string
		at     time.Time
		want   bool
	}{
		{"confirmed", recordtest.Assignment{Family: "mentor", State: "CONFIRMED", Start: "2026-09-01", ConfirmedAt: confirmed}, "any", day("2026-09-01"), true},
		{"the family", recordtest.Assignment{Family: "mentor", State: "CONFIRMED", Start: "2026-09-01", ConfirmedAt: confirmed}, "mentor", day("2026-09-01"), true},
		{"any family is also the empty one", recordtest.Assignment{State: "CONFIRMED", Start: "2026-09-01", ConfirmedAt: confirmed}, "", day("2026-09-01"), true},
		{"another family", recordtest.Assignment{Family: "mentor", State: "CONFIRMED", Start: "2026-09-01", ConfirmedAt: confirmed}, "team-leader", day("2026-09-01"), false},
		{"before it began", recordtest.Assignment{State: "CONFIRMED", Start: "2026-09-01", ConfirmedAt: confirmed}, "any", day("2026-08-31"), false},
		{"the last day", recordtest.Assignment{State: "CONFIRMED", Start: "2026-09-01", End: "2026-09-30", ConfirmedAt: confirmed}, "any", day("2026-09-30"), true},
		{"after the last day", recordtest.Assignment{State: "CONFIRMED", Start: "2026-09-01", End: "2026-09-30", ConfirmedAt: confirmed}, "any", day("2026-10-01"), false},
		{"a late evening in Boston is its own day", recordtest.Assignment{State: "CONFIRMED", Start: "2026-09-01", End: "2026-09-30", ConfirmedAt: confirmed}, "any", recordtest.Day("2026-10-01").Add(2 * time.Hour), true},
		{"ended, and confirmed before", recordtest.Assignment{State: "ENDED", Start: "2026-09-01", End: "2026-09-30", ConfirmedAt: confirmed}, "any", day("2026-09-15"), true},
		{"ended, never confirmed", recordtest.Assignment{State: "ENDED", Start: "2026-09-01", End: "2026-09-30"}, "any", day("2026-09-15"), false},
		{"reported", recordtest.Assignment{State: "REPORTED", Start: "2026-09-01"}, "any", day("2026-09-15"), false},
		{"disputed", recordtest.Assignment{State: "DISPUTED", Start: "2026-09-01", ConfirmedAt: confirmed}, "any", day("2026-09-15"), false},
	} {
		c.a.Educator = w.Educator("bps", uuid.NewString())
		w.Assign(c.a)
		a := ask[bool](t)(factsOf(w, c.a.Educator).Held(ctx, c.family, c.at))
		if a.value != c.want {
			t.Errorf("%s: %v, want %v", c.name, a.value, c.want)
		}
		if a.value && (!a.fact.OccurredAt.Equal(recordtest.Day(c.a.Start)) || !a.fact.RecordedAt.Equal(confirmed)) {
			t.Errorf("%s: %+v", c.name, a.fact)
		}
	}
}

func TestFactsOfCredit(t *testing.T) {
	w := recordtest.New(t)
	ctx := t.Context()
	educator, registration := w.Graduate("B1")
	f := factsOf(w, educator)
	yes(t, ask[bool](t)(f.Agreement(ctx, "using-data")), "agreement", "using-data", "in force")
	no(t, ask[bool](t)(factsWith(w, educator, "cambridge-college").Agreement(ctx, "using-data")))
	agreement, err := record.AgreementInForce(ctx, w.Ent(), "umass-boston", "using-data", recordtest.Day("2026-11-20"))
	recordtest.Must(t, err)

	request := w.Ent().CreditRequest.Create().SetRegistrationID(registration.ID).SetEducatorID(educator).SetInstitutionID("umass-boston").SetAgreementID(agreement.ID).SaveX(ctx)
	yes(t, ask[bool](t)(f.CreditRequested(ctx, "using-data")), "creditRequest", "using-data", "requested")
	no(t, ask[bool](t)(f.CreditRequested(ctx, "shared-leadership")))
	no(t, ask[bool](t)(factsWith(w, educator, "cambridge-college").CreditRequested(ctx, "using-data")))
	yes(t, ask[bool](t)(factsWith(w, educator, "").CreditRequested(ctx, "using-data")), "creditRequest", "using-data", "requested")
	recordtest.Must(t, request.Update().SetState("WITHDRAWN").Exec(ctx))
	no(t, ask[bool](t)(factsOf(w, educator).CreditRequested(ctx, "using-data")))

	consent := w.Ent().Consent.Create().SetEducatorID(educator).SetInstitutionID("umass-boston").SaveX(ctx)
	yes(t, ask[bool](t)(f.Consented(ctx, "umass-boston")), "consent", "umass-boston", "consented")
	no(t, ask[bool](t)(f.Consented(ctx, "cambridge-college")))
	recordtest.Must(t, consent.Update().SetRevokeTime(w.Now()).Exec(ctx))
	no(t, ask[bool](t)(factsOf(w, educator).Consented(ctx, "umass-boston")))

	// The last day is one by the calendar of the section: 20 November in Boston until five in the night UTC.
	recordtest.Must(t, agreement.Update().SetEndDate(recordtest.Day("2026-11-20")).Exec(ctx))
	w.Travel(time.Date(2026, 11, 21, 4, 59, 0, 0, time.UTC))
	yes(t, ask[bool](t)(factsOf(w, educator).Agreement(ctx, "using-data")), "agreement", "using-data", "in force")
	w.Travel(time.Date(2026, 11, 21, 5, 0, 0, 0, time.UTC))
	no(t, ask[bool](t)(factsOf(w, educator).Agreement(ctx, "using-data")))
}
