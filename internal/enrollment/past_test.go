package enrollment

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/btlc/btlc/internal/legacy"
)

const pastHeader = "term,course,section,site,employee_id,state_educator_id,email,given_name,family_name,completed,complete_date,source\n"

func readPast(t *testing.T, rows ...string) *legacy.Plan {
	t.Helper()
	file, err := legacy.Read(strings.NewReader(pastHeader+strings.Join(rows, "\n")), legacy.Options{Today: time.Date(2026, time.November, 20, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func faultsOf(plan pastPlan) []string {
	var all []string
	for _, f := range plan.faults {
		all = append(all, fmt.Sprintf("%d %s", f.Line, f.Column))
	}
	return all
}

func TestWhomARowMeans(t *testing.T) {
	one, two := uuid.UUID{1}, uuid.UUID{2}
	on := onFile{employeeIDs: map[string][]uuid.UUID{"E1": {one}, "E2": {one, two}}, stateIDs: map[string][]uuid.UUID{"S1": {one}, "S2": {two}}, emails: map[string][]uuid.UUID{"two@example.org": {two}}}
	for _, c := range []struct {
		employee, state, email string
		want                   []uuid.UUID
	}{
		{"E1", "", "", []uuid.UUID{one}},
		{"", "S2", "", []uuid.UUID{two}},
		{"", "", "Two@Example.org", []uuid.UUID{two}},
		{"E9", "", "", nil},
		{"E9", "", "two@example.org", []uuid.UUID{two}},
		{"E2", "", "", []uuid.UUID{one, two}},
		{"E2", "S2", "", []uuid.UUID{two}},
		{"E1", "S1", "", []uuid.UUID{one}},
		{"E1", "", "two@example.org", []uuid.UUID{one, two}},
		{"E2", "S1", "two@example.org", []uuid.UUID{one, two}},
	} {
		if got := on.people(legacy.Person{EmployeeID: c.employee, StateEducatorID: c.state, Email: c.email}); !slices.Equal(got, c.want) {
			t.Errorf("%+v: got %v", c, got)
		}
	}
}

func TestPlanOfPastRecords(t *testing.T) {
	one, two, known := uuid.UUID{1}, uuid.UUID{2}, uuid.UUID{3}
	section := uuid.UUID{9}
	on := onFile{
		employeeIDs: map[string][]uuid.UUID{"E1": {one}, "E2": {two}, "E3": {known}}, emails: map[string][]uuid.UUID{"one@example.org": {one}},
		names: map[pastName]bool{nameOf(one, "Given", "One"): true, nameOf(two, "Given", "Two"): true, nameOf(known, "Given", "Three"): true},
		terms: map[string]bool{"fall-2011": true}, sections: map[pastPlace]uuid.UUID{{"fall-2011", "using-data", "A"}: section},
		completed: map[pastSeat]bool{{section, known}: true},
	}
	plan := planPast(readPast(t,
		"spring-2011,using-data,A,North,E1,,,Given,One,yes,2011-05-31,binder",
		"spring-2011,using-data,A,North,E2,,,Given,Two,no,,list",
		"fall-2011,using-data,A,North,E1,,,Given,One,yes,,binder",
		"fall-2011,using-data,A,North,E3,,,Given,Three,yes,,binder",
	), on)
	if plan.faultCount != 0 || plan.known != 1 || len(plan.terms) != 1 || plan.terms[0].String() != "spring-2011" || len(plan.sections) != 2 {
		t.Fatalf("got %+v", plan)
	}
	if sections, completed, people := plan.size(); sections != 1 || completed != 2 || people != 3 {
		t.Errorf("got %d sections, %d of %d completed", sections, completed, people)
	}
	spring, fall := plan.sections[0], plan.sections[1]
	if spring.id != uuid.Nil || spring.source() != "binder; list" || fall.id != section || len(fall.people) != 1 || fall.people[0].educator != one {
		t.Errorf("got %+v", plan.sections)
	}
	today := time.Date(2012, time.January, 15, 0, 0, 0, 0, time.UTC)
	for day, got := range map[string]time.Time{"2011-05-31": spring.until(spring.people[0], today), "2011-08-31": spring.until(spring.people[1], today), "2012-01-15": fall.until(fall.people[0], today)} {
		if got.Format(time.DateOnly) != day {
			t.Errorf("got %s, want %s", got, day)
		}
	}

	plan = planPast(readPast(t,
		"spring-2011,using-data,A,North,E1,,,Given,One,yes,,binder",
		"spring-2011,using-data,A,North,,,one@example.org,Given,One,yes,,binder",
		"spring-2011,using-data,A,North,E9,,,Given,Nine,yes,,binder",
		"fall-2011,using-data,A,North,E3,,,Given,Three,no,,binder",
		"spring-2011,using-data,A,North,E2,,,Given,Two,perhaps,,binder",
	), on)
	if want := []string{"3 ", "4 ", "5 completed", "6 completed"}; plan.faultCount != 4 || !slices.Equal(faultsOf(plan), want) {
		t.Errorf("got %v, want %v", plan.faults, want)
	}
	if !strings.Contains(plan.faults[1].Problem, "is nobody on record") {
		t.Errorf("got %v", plan.faults[1])
	}
}

// An employee id says who is meant only together with another key, or with a name that the person has or had.
func TestNamesOfPastRecords(t *testing.T) {
	one := uuid.UUID{1}
	by := map[string][]uuid.UUID{"E1": {one}, "S1": {one}, "one@example.org": {one}}
	on := onFile{employeeIDs: by, stateIDs: by, emails: by, names: map[pastName]bool{nameOf(one, "Ana", "One"): true, nameOf(one, "Ana", "Before"): true, nameOf(uuid.UUID{2}, "Ben", "Two"): true}}
	for _, c := range []struct {
		person legacy.Person
		want   bool
	}{
		{legacy.Person{EmployeeID: "E1", GivenName: "Ana", FamilyName: "One"}, false},
		{legacy.Person{EmployeeID: "E1", GivenName: " ANA", FamilyName: "before "}, false},
		{legacy.Person{EmployeeID: "E1", GivenName: "Ben", FamilyName: "Two"}, true},
		{legacy.Person{EmployeeID: "E1", GivenName: "One", FamilyName: "Ana"}, true},
		{legacy.Person{EmployeeID: "E1", StateEducatorID: "S9", Email: "nobody@example.org", GivenName: "Ben", FamilyName: "Two"}, true},
		{legacy.Person{EmployeeID: "E1", StateEducatorID: "S1", GivenName: "Ben", FamilyName: "Two"}, false},
		{legacy.Person{EmployeeID: "E1", Email: "One@example.org", GivenName: "Ben", FamilyName: "Two"}, false},
	} {
		if got := on.misnamed(c.person, one); got != c.want {
			t.Errorf("%+v: got %v", c.person, got)
		}
	}
	plan := planPast(readPast(t, "spring-2011,using-data,A,North,E1,,,Ben,Two,yes,,binder"), on)
	if !slices.Equal(faultsOf(plan), []string{"2 "}) || plan.faults[0].Problem != "is on record under another name: give the state educator id or the e-mail too" || len(plan.sections) > 0 {
		t.Errorf("got %+v", plan)
	}
}

// Whatever was imported: imported again, all of it is known and nothing is entered.
func TestImportedTwice(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		on := onFile{employeeIDs: map[string][]uuid.UUID{}, names: map[pastName]bool{}, terms: map[string]bool{}, sections: map[pastPlace]uuid.UUID{}, completed: map[pastSeat]bool{}}
		var rows []string
		for i := range rapid.IntRange(1, 20).Draw(rt, "people") {
			id := fmt.Sprintf("E%d", i)
			on.employeeIDs[id], on.names[nameOf(uuid.UUID{1, byte(i)}, "Given", "Family")] = []uuid.UUID{{1, byte(i)}}, true
			rows = append(rows, strings.Join([]string{
				rapid.SampledFrom([]string{"spring-2011", "fall-2011"}).Draw(rt, "term"), "using-data", rapid.SampledFrom([]string{"A", "B"}).Draw(rt, "label"), "North", id,
				"", "", "Given", "Family", rapid.SampledFrom([]string{"yes", "no"}).Draw(rt, "completed"), "", "binder",
			}, ","))
		}
		file := readPast(t, rows...)
		first := planPast(file, on)
		if _, _, people := first.size(); first.faultCount > 0 || people != len(rows) || first.known > 0 {
			rt.Fatalf("got %+v", first)
		}
		for i, s := range first.sections {
			on.terms[s.pastPlace.term], on.sections[s.pastPlace] = true, uuid.UUID{2, byte(i)}
			for _, p := range s.people {
				on.completed[pastSeat{uuid.UUID{2, byte(i)}, p.educator}] = p.Completed
			}
		}
		again := planPast(file, on)
		if again.faultCount > 0 || again.known != len(rows) || len(again.sections) > 0 || len(again.terms) > 0 {
			rt.Fatalf("again: got %+v", again)
		}
	})
}
