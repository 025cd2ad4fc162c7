package policy

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// evaluate compiles and evaluates expressions on the sample record.
func evaluate(t *testing.T, facts Facts, expressions ...string) (Result, error) {
	t.Helper()
	program, err := Compile(policyOf(expressions...))
	if err != nil {
		t.Fatal(err)
	}
	return program.Evaluate(t.Context(), facts, input())
}

// said shortens facts to "kind id: value".
func said(facts []Fact) []string {
	var lines []string
	for _, fact := range facts {
		lines = append(lines, fact.Kind+" "+fact.ID+": "+fact.Value)
	}
	return lines
}

func TestEvaluate(t *testing.T) {
	const (
		one = "assessment using-data-1: demonstrated"
		two = "assessment using-data-2: demonstrated"
		not = "assessment using-data-3: not demonstrated"
		fur = "assessment using-data-4: demonstrated"
		all = "assessments using-data: using-data-1, using-data-2, using-data-3, using-data-4"
	)
	tests := []struct {
		expression string
		met        bool
		facts      []string
	}{
		{"demonstrated('using-data-1')", true, []string{one}},
		{"demonstrated('using-data-3')", false, []string{not}},
		{"demonstrated('no-such-thing')", false, []string{"assessment no-such-thing: not demonstrated"}},
		{"attained('using-data-1')", true, []string{"competency using-data-1: attained"}},
		{"enrolled(course)", true, []string{"enrollment using-data: enrolled"}},
		{"completed(course)", false, []string{"completion using-data: not completed"}},
		{"minutes(course) >= 36 * 60", false, []string{"attendance using-data: 1980 minutes"}},
		{"minutes('other') == 0", true, []string{"attendance other: 0 minutes"}},
		{"holds('using-data-certificate')", true, []string{"credential using-data-certificate: held"}},
		{"held('mentor', registrationDate(course))", true, []string{
			"registration using-data: 2025-09-02T09:00:00Z", "role mentor: held on 2025-09-02"}},
		{"held('any', now) && held('', now)", true, []string{
			"role any: held on 2026-03-01", "role : held on 2026-03-01"}},
		{"certified(course)", true, []string{"certificate using-data: certified"}},
		{"certified('shared-leadership')", false, []string{"certificate shared-leadership: not certified"}},
		{"trainings().exists(t, t.minutes >= 60 && held(t.roleFamily, t.date))", true, []string{
			"training mentor: 120 minutes", "training team-leader: 30 minutes", "role mentor: held on 2025-10-02", "role team-leader: not held on 2025-09-02"}},
		{"trainings().exists(t, t.minutes > 120)", false, []string{"training mentor: 120 minutes", "training team-leader: 30 minutes"}},
		{"trainings().all(t, t.date < now) && trainings().map(t, t.roleFamily) == ['mentor', 'team-leader']", true, []string{
			"training mentor: 120 minutes", "training team-leader: 30 minutes"}},
		{"held('mentor', registrationDate('other'))", false, []string{
			"registration other: never", "role mentor: not held on 0001-01-01"}},
		{"creditRequested(course)", true, []string{"creditRequest using-data: requested"}},
		{"agreement(course)", false, []string{"agreement using-data: none in force"}},
		{"consented(institution)", true, []string{"consent umass-boston: consented"}},
		{"subject == 'educators/1' && now == timestamp('2026-03-01T12:00:00Z')", true, nil},
		{"competencies(course).size() == 4", true, []string{
			"competencies using-data: using-data-1, using-data-2, using-data-3, using-data-4"}},

		// Nothing is skipped.
		{"demonstrated('using-data-3') && demonstrated('using-data-1')", false, []string{not, one}},
		{"demonstrated('using-data-1') || demonstrated('using-data-3')", true, []string{one, not}},
		{"demonstrated('using-data-1') ? true : demonstrated('using-data-3')", true, []string{one, not}},
		{"demonstrated('using-data-1') ? demonstrated('using-data-2') : demonstrated('using-data-3')", true,
			[]string{one, two, not}},
		{"assessments(course).all(a, demonstrated(a))", false, []string{all, one, two, not, fur}},
		{"assessments(course).exists(a, demonstrated(a))", true, []string{all, one, two, not, fur}},
		{"assessments(course).exists_one(a, demonstrated(a))", false, []string{all, one, two, not, fur}},
		{"assessments(course).filter(a, demonstrated(a)).size() >= 3", true, []string{all, one, two, not, fur}},
		{"assessments(course).map(a, demonstrated(a)).all(d, d)", false, []string{all, one, two, not, fur}},
		{"false && assessments(course).all(a, demonstrated(a))", false, []string{all, one, two, not, fur}},
		{"['using-data-3', 'using-data-1'].all(a, demonstrated(a) && demonstrated(a))", false, []string{not, one}},
		{"assessments(course).all(a, assessments(course).exists(b, a == b && demonstrated(b)))", false,
			[]string{all, one, two, not, fur}},
	}
	for _, test := range tests {
		t.Run(test.expression, func(t *testing.T) {
			result, err := evaluate(t, sample(), test.expression)
			if err != nil {
				t.Fatal(err)
			}
			if outcome := result.Requirements[0]; result.Met != test.met || outcome.Met != test.met {
				t.Errorf("met = %v, requirement %v, want %v", result.Met, outcome.Met, test.met)
			}
			if got := said(result.Requirements[0].Facts); !slices.Equal(got, test.facts) {
				t.Errorf("facts\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.facts, "\n"))
			}
		})
	}
}

func TestFactsBelongToTheirRequirement(t *testing.T) {
	facts := sample()
	result, err := evaluate(t, facts,
		"demonstrated('using-data-1')",
		"demonstrated('using-data-3')",
		"demonstrated('using-data-1') && demonstrated('using-data-1')")
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"using-data-1", "using-data-3", "using-data-1"} {
		if got := result.Requirements[i].Facts; len(got) != 1 || got[0].ID != want {
			t.Errorf("requirement %d rests on %v, want %s alone", i, got, want)
		}
	}
	if fact := result.Requirements[0].Facts[0]; !fact.OccurredAt.Equal(registered) || !fact.RecordedAt.Equal(recorded) {
		t.Errorf("times are lost: %+v", fact)
	}
	if facts.asked != 2 {
		t.Errorf("the record was asked %d times for 2 different questions", facts.asked)
	}
}

func TestEqualFactsAreRecordedOnce(t *testing.T) {
	r := &reading{seen: map[Fact]bool{}}
	here := time.Now()
	r.record(Fact{Kind: "role", ID: "mentor", OccurredAt: here})
	r.record(Fact{Kind: "role", ID: "mentor", OccurredAt: here.In(time.FixedZone("EST", -5*3600))})
	r.record(Fact{Kind: "role", ID: "mentor", OccurredAt: here.Add(1)})
	if len(r.recorded) != 2 {
		t.Errorf("recorded %v", r.recorded)
	}
}

func TestAFailureToReadIsNeverAbsorbed(t *testing.T) {
	lost := errors.New("connection lost")
	for _, expression := range []string{
		"demonstrated('x')", "!demonstrated('x')",
		"false && demonstrated('x')", "demonstrated('x') && false",
		"true || demonstrated('x')", "demonstrated('x') || true",
		"true ? true : demonstrated('x')", "['x', 'using-data-1'].exists(a, demonstrated(a))",
		"['using-data-3', 'x'].all(a, demonstrated(a))",
	} {
		facts := sample()
		facts.broken = map[string]error{"x": lost}
		result, err := evaluate(t, facts, "true", expression)
		var failed *EvaluationError
		if !errors.Is(err, lost) || !errors.As(err, &failed) || failed.Requirement != "r1" || failed.Policy != "test" {
			t.Errorf("%s: got %v", expression, err)
		}
		if result.Met || result.Requirements != nil {
			t.Errorf("%s: a result came with the error", expression)
		}
	}
}

func TestNoTrainingAtAll(t *testing.T) {
	facts := sample()
	facts.trainings = nil
	result, err := evaluate(t, facts, "trainings().exists(t, t.minutes >= 1)")
	if err != nil || result.Met {
		t.Fatalf("met = %v, %v", result.Met, err)
	}
	if got := said(result.Requirements[0].Facts); !slices.Equal(got, []string{"training : 0 completed"}) {
		t.Errorf("facts %v", got)
	}
	lost := errors.New("connection lost")
	facts.broken = map[string]error{"trainings": lost}
	_, err = evaluate(t, facts, "true || trainings().exists(t, t.minutes >= 1)")
	if !errors.Is(err, lost) || !strings.Contains(err.Error(), "trainings(): ") {
		t.Errorf("got %v", err)
	}
}

func TestFaultsOfCELAreErrors(t *testing.T) {
	for _, expression := range []string{"1 / 0 == 1", "assessments(course)[9] == 'x'"} {
		if _, err := evaluate(t, sample(), expression); err == nil {
			t.Errorf("%s: no error", expression)
		}
	}
}

func TestAllOverNothingIsNotMet(t *testing.T) {
	_, err := evaluate(t, sample(), "assessments('usnig-data').all(a, demonstrated(a))")
	if err == nil || !strings.Contains(err.Error(), `assessments("usnig-data")`) {
		t.Errorf("got %v", err)
	}
	result, err := evaluate(t, sample(), "course == 'using-data' || assessments('').all(a, demonstrated(a))")
	if err != nil || !result.Met {
		t.Errorf("a guard does not guard: %v, %v", result.Met, err)
	}
}

func TestRunawaysAreAFaultOfThePolicy(t *testing.T) {
	numbers := strings.TrimSuffix(strings.Repeat("1,", 200), ",")
	for _, expression := range []string{
		"[" + numbers + "].all(a, [" + numbers + "].all(b, [" + numbers + "].all(c, a == c)))",
		"false && [" + numbers + "].all(a, [" + numbers + "].all(b, [" + numbers + "].all(c, a == c)))",
		// Cheap to CEL, dear to a database: a thousand questions.
		"[" + numbers + "].all(a, [1,2,3,4,5,6,7,8,9].all(b, !demonstrated(string(a + b))))",
	} {
		result, err := evaluate(t, sample(), "true", expression)
		var failed *EvaluationError
		if !errors.Is(err, ErrCostExceeded) || !errors.As(err, &failed) {
			t.Fatalf("got %v, %v", result.Met, err)
		}
		if failed.Policy != "test" || failed.Version != 3 || failed.Requirement != "r1" {
			t.Errorf("the error names %+v", failed)
		}
	}
}

func TestTheContextIsHonoured(t *testing.T) {
	program, err := Compile(policyOf("false && assessments(course).all(a, demonstrated(a))"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	facts := sample()
	facts.onAsk = cancel
	if _, err := program.Evaluate(ctx, facts, input()); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled in the middle: %v", err)
	}
	if facts.asked != 2 {
		t.Errorf("asked %d times, want the list and one assessment", facts.asked)
	}
	facts = sample()
	if _, err := program.Evaluate(ctx, facts, input()); !errors.Is(err, context.Canceled) || facts.asked > 0 {
		t.Errorf("cancelled before: %v, asked %d times", err, facts.asked)
	}
}

func TestTheMomentIsRequired(t *testing.T) {
	program, err := Compile(policyOf("true"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := program.Evaluate(t.Context(), sample(), Input{}); err == nil {
		t.Error("an evaluation without a moment went through")
	}
}

func TestProgramsAreSafeForConcurrentUse(t *testing.T) {
	program, err := Compile(policyOf("assessments(course).all(a, demonstrated(a))", "held('mentor', now)"))
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			facts := sample()
			facts.yes["demonstrated using-data-3"] = i%2 == 0
			for range 50 {
				result, err := program.Evaluate(t.Context(), facts, input())
				if err != nil || result.Met != (i%2 == 0) || len(result.Requirements[0].Facts) != 5 {
					t.Errorf("got %+v, %v", result, err)
					return
				}
			}
		})
	}
	group.Wait()
}

func TestResultAsJSON(t *testing.T) {
	result, err := evaluate(t, sample(), "demonstrated('using-data-3')")
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(result)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"met":false,"requirements":[{"requirement":{"id":"r0","title":"Title","citation":"S0, page 2",` +
		`"expression":"demonstrated('using-data-3')","unmet":"","assumption":false},"met":false,` +
		`"facts":[{"kind":"assessment","id":"using-data-3","value":"not demonstrated"}]}]}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func BenchmarkCompile(b *testing.B) {
	source := policyOf("assessments(course).all(a, demonstrated(a))")
	for b.Loop() {
		if _, err := Compile(source); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEvaluate(b *testing.B) {
	program, err := Compile(policyOf(
		"assessments(course).all(a, demonstrated(a))",
		"held('any', registrationDate(course))",
		"minutes(course) >= 1800 && completed(course)"))
	if err != nil {
		b.Fatal(err)
	}
	facts, in := sample(), input()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := program.Evaluate(b.Context(), facts, in); err != nil {
			b.Fatal(err)
		}
	}
}
