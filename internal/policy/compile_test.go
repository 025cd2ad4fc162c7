package policy

import (
	"errors"
	"strings"
	"testing"
)

func TestCompileReportsEveryFault(t *testing.T) {
	source := Source{ID: "", Version: 0, Requirements: []Requirement{
		{ID: "", Citation: "S0", Expression: "true"},
		{ID: "twice", Citation: "S0", Expression: "true"},
		{ID: "twice", Citation: "S0", Expression: "true"},
		{ID: "uncited", Citation: " ", Expression: "true"},
		{ID: "unsaid", Citation: "S0", Assumption: true, Expression: "true"},
		{ID: "unmarked", Citation: "assumption: nine in ten meetings", Expression: "true"},
		{ID: "bare", Citation: "assumption: ", Assumption: true, Expression: "true"},
		{ID: "syntax", Citation: "S0", Expression: "true &&"},
		{ID: "unknown", Citation: "S0", Expression: "graduated('using-data') && now > later"},
		{ID: "type", Citation: "S0", Expression: "completed(1)"},
		{ID: "number", Citation: "S0", Expression: "minutes(course)"},
		{ID: "dynamic", Citation: "S0", Expression: "dyn(true)"},
		{ID: "field", Citation: "S0", Expression: "trainings().exists(t, t.hours > 1)"},
		{ID: "field type", Citation: "S0", Expression: "trainings().exists(t, t.minutes == '60')"},
		{ID: "empty", Citation: "S0", Expression: " "},
		{ID: "literal", Citation: "S0", Expression: "now > timestamp('2026-13-01T00:00:00Z')"},
		{ID: "long", Citation: "S0", Expression: strings.Repeat("true && ", 1000) + "true"},
		{ID: "deep", Citation: "S0", Expression: "[1].all(a, [1].all(b, [1].all(c, [1].all(d, true))))"},
		{ID: "doubling", Citation: "S0", Expression: "['x'].map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x) != []"},
	}}
	want := []string{
		": id", ": version", "requirements[0]: id", "twice: id", "uncited: citation", "unsaid: citation",
		"unmarked: assumption", "bare: citation", "syntax: expression", "unknown: expression", "unknown: expression",
		"type: expression", "number: expression", "dynamic: expression", "field: expression", "field type: expression", "empty: expression", "literal: expression",
		"long: expression", "deep: expression", "doubling: expression",
	}

	_, err := Compile(source)
	var refused *CompileError
	if !errors.As(err, &refused) {
		t.Fatalf("got %v, want a *CompileError", err)
	}
	var got []string
	for _, fault := range refused.Faults {
		got = append(got, fault.Requirement+": "+fault.Field)
		if !strings.Contains(err.Error(), fault.Message) {
			t.Errorf("the error text lacks %q", fault.Message)
		}
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("faults:\n%v\nwant:\n%s", err, strings.Join(want, "\n"))
	}
}

func TestCompileRefusesAPolicyThatAsksNothing(t *testing.T) {
	if _, err := Compile(Source{ID: "empty", Version: 1}); err == nil {
		t.Error("a policy without requirements would be met by everyone")
	}
}

func TestAnAssumptionNeedsNoCitation(t *testing.T) {
	source := policyOf("true")
	source.Requirements[0].Citation, source.Requirements[0].Assumption = "", true
	if _, err := Compile(source); err != nil {
		t.Error(err)
	}
}

func TestFaultsSayTheirPlace(t *testing.T) {
	source := policyOf("true", "nonsense")
	source.Requirements[1].ID = source.Requirements[0].ID
	_, err := Compile(source)
	refused, ok := errors.AsType[*CompileError](err)
	if !ok || len(refused.Faults) != 2 || refused.Faults[0].Index != 1 || refused.Faults[1].Index != 1 || !strings.HasPrefix(refused.Faults[1].Message, "line 1, column 1: ") {
		t.Errorf("got %+v", err)
	}
	_, err = Compile(Source{ID: "empty", Version: 1})
	if refused, ok = errors.AsType[*CompileError](err); !ok || len(refused.Faults) != 1 || refused.Faults[0].Index != -1 {
		t.Errorf("got %+v", err)
	}
}

func TestProgramKeepsItsOwnSource(t *testing.T) {
	source := policyOf("true")
	program, err := Compile(source)
	if err != nil {
		t.Fatal(err)
	}
	source.Requirements[0].ID = "changed"
	program.Source().Requirements[0].ID = "changed"
	if id := program.Source().Requirements[0].ID; id != "r0" {
		t.Errorf("a caller changed the program's policy: %q", id)
	}
}

// FuzzCompile: no text makes the compiler panic, and what it accepts can be evaluated without one.
func FuzzCompile(f *testing.F) {
	for _, seed := range []string{
		"true", "completed(course)", "assessments('using-data').all(a, demonstrated(a))",
		"held('any', registrationDate(course)) && minutes(course) >= 36 * 60",
		"[1, 2].map(x, x * 2).exists(x, x > 3) ? holds('a') : !consented(institution)",
		"'a'.matches('(')", "duration('x') > duration('1s')", "((((", "\x00", "now - now == duration('0s')",
		"{'a': 1}['b'] == 1", "1 / 0 == 1", "[][0]", "'x' in assessments(course)",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, expression string) {
		program, err := Compile(policyOf(expression))
		if err != nil {
			var refused *CompileError
			if !errors.As(err, &refused) || len(refused.Faults) == 0 {
				t.Fatalf("a refusal without a fault: %v", err)
			}
			return
		}
		result, err := program.Evaluate(t.Context(), sample(), input())
		if err != nil && strings.Contains(err.Error(), "internal error") {
			t.Fatalf("a panic inside CEL: %v", err)
		}
		if err != nil && (result.Met || result.Requirements != nil) {
			t.Fatal("an error came with a result")
		}
	})
}
