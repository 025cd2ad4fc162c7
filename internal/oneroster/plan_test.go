package oneroster

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

const today Date = "2026-09-01"

// onRecord is a district as the export example12 has it, but for what a test changes.
func onRecord() State {
	return State{
		Schools: []School{{"north", "North School", "0100"}, {"south", "South School, upper", "0200"}},
		People: []Person{
			{"p1", "Person", "One", []string{"One@example.org"}, "E1"}, {"p2", "Person", "Two", nil, "E2"},
			{"p3", "Person", "Three", []string{"three@example.org"}, "E3"}, {"p4", "Person", "Four", []string{"old@example.org", "four@example.org"}, "E4"},
		},
		Employments: []Employment{
			{"e1", "p1", "north", "2020-08-25", ""}, {"e2", "p2", "south", "2021-01-01", ""}, {"e3", "p3", "north", "2020-01-01", "2026-06-20"},
			{"e4", "p4", "south", "2020-01-01", "2027-06-30"}, {"e5", "p4", "", "2020-01-01", ""},
		},
	}
}

func lenient() Options { return Options{On: today, MostEndings: 1000, MostEndingsPercent: 100} }

// told writes a plan in short, one line a change or question.
func told(p Plan) string {
	var lines []string
	for _, c := range p.Changes {
		line := fmt.Sprintf("%s %s:%d", c.Kind, c.Source.File, c.Source.Line)
		switch {
		case c.School != nil:
			line += pair(c.School, func(s School) string { return s.Code + " " + s.Name })
		case c.Person != nil:
			line += pair(c.Person, func(p Person) string {
				return p.EmployeeNumber + " " + p.GivenName + " " + p.FamilyName + " " + strings.Join(p.Emails, " ")
			})
		case c.Employment != nil:
			line += pair(c.Employment, func(e Employment) string {
				return fmt.Sprintf("%s %s %s..%s", e.PersonID, either(e.SchoolID, "district"), e.Start, e.End)
			})
		}
		lines = append(lines, strings.TrimSuffix(strings.Replace(line, " :0", "", 1), " "))
	}
	for _, s := range p.MissingSchools {
		lines = append(lines, "missing "+s.ID)
	}
	for _, q := range p.Questions {
		line := fmt.Sprintf("%s? %s %s", q.Kind, q.EmployeeNumber, q.RecordID)
		if q.Held {
			line += " held"
		}
		lines = append(lines, line)
	}
	if p.Blocked != "" {
		lines = append(lines, "blocked: "+p.Blocked)
	}
	return strings.Join(lines, "\n")
}

func pair[T any](p *Pair[T], write func(T) string) string {
	out := ""
	if p.Before != nil {
		out += " [" + write(*p.Before) + "]"
	}
	if p.After != nil {
		out += " -> [" + write(*p.After) + "]"
	}
	return out
}

func TestPlanOfNothingChanged(t *testing.T) {
	plan := MakePlan(onRecord(), mustRead(t, example12(), ReadOptions{}), Options{On: today})
	want := Plan{Counts: Counts{SchoolsUnchanged: 2, PeopleUnchanged: 3, EmploymentsUnchanged: 4, EmploymentsRunning: 4}}
	if !reflect.DeepEqual(plan, want) {
		t.Errorf("got  %+v\nwant %+v", plan, want)
	}
}

func TestPlan(t *testing.T) {
	e := example12()
	record := func(edit func(*State)) State {
		s := onRecord()
		edit(&s)
		return s
	}
	for name, c := range map[string]struct {
		state State
		export
		want string
	}{
		"an empty district": {State{}, e, `SCHOOL_ADDED orgs.csv:3 -> [0100 North School]
SCHOOL_ADDED orgs.csv:4 -> [0200 South School, upper]
PERSON_ADDED users.csv:2 -> [E1 Person One one@example.org]
PERSON_ADDED users.csv:3 -> [E2 Person Two ]
PERSON_ADDED users.csv:5 -> [E4 Person Four four@example.org]
EMPLOYMENT_ADDED roles.csv:2 -> [person:E1 school:0100 2020-08-25..]
EMPLOYMENT_ADDED roles.csv:3 -> [person:E2 school:0200 2026-09-01..]
EMPLOYMENT_ADDED roles.csv:6 -> [person:E4 district 2026-09-01..]
EMPLOYMENT_ADDED roles.csv:5 -> [person:E4 school:0200 2026-09-01..]`},
		"a school renamed": {onRecord(), e.with(t, "orgs.csv", "North", "Northern"), `SCHOOL_RENAMED orgs.csv:3 [0100 North School] -> [0100 Northern School]`},
		"a school missing": {record(func(s *State) { s.Schools = append(s.Schools, School{"west", "West School", "0300"}) }), e, `missing west`},
		"a school without a code": {record(func(s *State) { s.Schools[0].Code = "" }), e, `missing north
SCHOOL_WITHOUT_CODE?  north held`},
		"a name and an address": {onRecord(), e.with(t, "users.csv", "One,,E1,one@", "Married,,E1,married@"), `NAME_CHANGED users.csv:2 [E1 Person One One@example.org] -> [E1 Person Married One@example.org]
EMAIL_ADDED users.csv:2 [E1 Person Married One@example.org] -> [E1 Person Married One@example.org married@example.org]`},
		"somebody moved": {onRecord(), e.with(t, "roles.csv", "2020-08-25,,n", ",,s"), `MOVED_FROM [p1 north 2020-08-25..] -> [p1 north 2020-08-25..2026-08-31]
MOVED_TO roles.csv:2 -> [p1 south 2026-09-01..]`},
		"somebody moved on a day that is told": {onRecord(), e.with(t, "roles.csv", "2020-08-25,,n", "2026-08-20,,s"), `MOVED_FROM [p1 north 2020-08-25..] -> [p1 north 2020-08-25..2026-08-19]
MOVED_TO roles.csv:2 -> [p1 south 2026-08-20..]`},
		"somebody will move": {onRecord(), e.with(t, "roles.csv", "r1,,,u1,primary,teacher,2020-08-25,,n,\n", "r1,,,u1,primary,teacher,2020-08-25,2026-12-31,n,\nr6,,,u1,secondary,teacher,2027-01-01,,s,\n"),
			`EMPLOYMENT_ADDED roles.csv:3 -> [p1 south 2027-01-01..]`},
		"somebody moves months later": {onRecord(), e.with(t, "roles.csv", "2020-08-25,,n", "2027-09-01,,s"), `EMPLOYMENT_ADDED roles.csv:2 -> [p1 south 2027-09-01..]
EMPLOYMENT_ENDED [p1 north 2020-08-25..] -> [p1 north 2020-08-25..2026-09-01]`},
		"somebody has begun earlier":                       {record(func(s *State) { s.Employments[0].Start = "2026-10-01" }), e, `EMPLOYMENT_ADDED roles.csv:2 -> [p1 north 2020-08-25..]`},
		"somebody will begin, and the roster tells no day": {record(func(s *State) { s.Employments[0].Start = "2026-10-01" }), e.with(t, "roles.csv", "2020-08-25", ""), ``},
		"somebody back":                                    {onRecord(), e.with(t, "users.csv", "false", "true").with(t, "roles.csv", ",,2026-06-20", ",2020-01-01,"), `EMPLOYMENT_ADDED roles.csv:4 -> [p3 north 2026-06-21..]`},
		"somebody back with another name and address": {onRecord(), e.with(t, "users.csv", "false", "true").with(t, "users.csv", "Three,,E3,three@", "Other,,E3,other@").with(t, "roles.csv", ",,2026-06-20", ",2020-01-01,"),
			`EMPLOYMENT_ADDED roles.csv:4 -> [p3 north 2026-06-21..]`},
		"a name of one who works elsewhere too": {record(func(s *State) { s.Elsewhere = map[string]bool{"p1": true} }), e.with(t, "users.csv", "One,,E1,one@", "Married,,E1,married@"),
			`EMAIL_ADDED users.csv:2 [E1 Person One One@example.org] -> [E1 Person One One@example.org married@example.org]
NAME_OF_SHARED? E1 p1`},
		"the address of one who has left": {record(func(s *State) { s.People[2].Emails = []string{"two@example.org"} }), e.with(t, "users.csv", "E2,", "E2,two@example.org"),
			`EMAIL_ADDED users.csv:3 [E2 Person Two ] -> [E2 Person Two two@example.org]`},
		"a role that ends":              {onRecord(), e.with(t, "roles.csv", "2020-08-25,,", "2020-08-25,2026-08-15,"), `EMPLOYMENT_ENDED [p1 north 2020-08-25..] -> [p1 north 2020-08-25..2026-08-15]`},
		"a role that will end":          {onRecord(), e.with(t, "roles.csv", "2020-08-25,,", "2020-08-25,2027-06-30,"), ``},
		"a role that ends as on record": {record(func(s *State) { s.Employments[0].End = today }), e.with(t, "roles.csv", "2020-08-25,,", "2020-08-25,2026-09-01,"), ``},
		"two roles at one place": {record(func(s *State) { s.Employments = s.Employments[1:] }), e.with(t, "roles.csv", "r1,,,u1,primary,teacher,2020-08-25,,n,\n", "r1,,,u1,primary,teacher,,2026-12-31,n,\nr6,,,u1,secondary,aide,2026-08-20,,n,\nr7,,,u1,secondary,proctor,2026-08-25,,n,\n"),
			`EMPLOYMENT_ADDED roles.csv:2 -> [p1 north 2026-08-20..]`},
		"somebody disabled": {onRecord(), e.with(t, "users.csv", "true", "false"), `EMPLOYMENT_ENDED [p1 north 2020-08-25..] -> [p1 north 2020-08-25..2026-09-01]`},
		"somebody not there": {record(func(s *State) {
			s.People = append(s.People, Person{"p5", "Person", "Five", nil, "E5"})
			s.Employments = append(s.Employments, Employment{"e6", "p5", "north", "2026-09-01", ""}, Employment{"e7", "p5", "north", "2026-10-01", ""})
		}), e, `EMPLOYMENT_ENDED [p5 north 2026-09-01..] -> [p5 north 2026-09-01..2026-09-01]`},
		"somebody without a number": {record(func(s *State) { s.People[1].EmployeeNumber = "" }), e, `PERSON_ADDED users.csv:3 -> [E2 Person Two ]
EMPLOYMENT_ADDED roles.csv:3 -> [person:E2 south 2026-09-01..]
PERSON_WITHOUT_NUMBER?  p2`},
		"a number that changed":     {record(func(s *State) { s.People[0].EmployeeNumber = "E0" }), e, `EMAIL_OF_ANOTHER? E1 p1 held`},
		"a number in other letters": {onRecord(), e.with(t, "users.csv", "E1,one@", "e1,new@"), `NUMBER_IN_OTHER_LETTERS? e1 p1 held`},
		"a number in other letters beside the one": {onRecord(), e.with(t, "users.csv", "E4,four@", "e1,new@"), `PERSON_ADDED users.csv:5 -> [e1 Person Four new@example.org]
EMPLOYMENT_ADDED roles.csv:6 -> [person:e1 district 2026-09-01..]
EMPLOYMENT_ADDED roles.csv:5 -> [person:e1 south 2026-09-01..]
EMPLOYMENT_ENDED [p4 district 2020-01-01..] -> [p4 district 2020-01-01..2026-09-01]
EMPLOYMENT_ENDED [p4 south 2020-01-01..2027-06-30] -> [p4 south 2020-01-01..2026-09-01]`},
		"an address of another": {onRecord(), e.with(t, "users.csv", "E2,", "E2,ONE@example.org"), `EMAIL_OF_ANOTHER? E2 p1`},
		"an address of two": {record(func(s *State) { s.People[0].Emails = nil }), e.with(t, "users.csv", "E2,", "E2,one@example.org"), `EMAIL_SHARED? E1 p1
EMAIL_SHARED? E2 p2`},
		"an address of two who are new": {State{}, e.with(t, "users.csv", "E2,", "E2,one@example.org").with(t, "users.csv", "E4,four@", "E4,one@"), `SCHOOL_ADDED orgs.csv:3 -> [0100 North School]
SCHOOL_ADDED orgs.csv:4 -> [0200 South School, upper]
EMAIL_SHARED? E1  held
EMAIL_SHARED? E2  held
EMAIL_SHARED? E4  held`},
	} {
		t.Run(name, func(t *testing.T) {
			plan := MakePlan(c.state, mustRead(t, c.export, ReadOptions{}), lenient())
			if got := told(plan); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestMassEndingsAreBlocked(t *testing.T) {
	state, staff := State{Schools: onRecord().Schools}, []Staff(nil)
	for i := range 100 {
		id := fmt.Sprint(i)
		state.People = append(state.People, Person{ID: id, GivenName: "Person", FamilyName: id, EmployeeNumber: id})
		state.Employments = append(state.Employments, Employment{ID: id, PersonID: id, SchoolID: "north", Start: "2020-01-01"})
		staff = append(staff, Staff{EmployeeNumber: id, GivenName: "Person", FamilyName: id, Active: true, Roles: []Role{{School: "0100"}}})
	}
	usual := Options{On: today, MostEndings: DefaultMostEndings, MostEndingsPercent: DefaultMostEndingsPercent}
	confirmed := func(endings int) Options {
		opts := usual
		opts.ConfirmEndings = endings
		return opts
	}
	for _, c := range []struct {
		left    int
		opts    Options
		blocked string
	}{
		{10, usual, ""}, {11, usual, "11 of 100 employments would end, more than 5 and more than 10 %"},
		{100, usual, "100 of 100 employments would end, more than 5 and more than 10 %"},
		{11, confirmed(11), ""}, {12, confirmed(11), "12 of 100 employments would end, more than 5 and more than 10 %; confirmed are 11"},
		{1, Options{On: today}, "1 of 100 employments would end, more than 0 and more than 0 %"}, {0, Options{On: today}, ""},
		{11, Options{On: today, MostEndings: 11}, ""},
	} {
		plan := MakePlan(state, &Roster{Schools: []RosterSchool{{Code: "0100", Name: "North School"}}, Staff: staff[c.left:]}, c.opts)
		if plan.Blocked != c.blocked || plan.Counts.EmploymentsEnded != c.left {
			t.Errorf("%d left: got %q, %d; want %q", c.left, plan.Blocked, plan.Counts.EmploymentsEnded, c.blocked)
		}
		if _, err := Apply(state, plan); (c.blocked != "") != errors.Is(err, ErrBlocked) || c.blocked == "" && err != nil {
			t.Errorf("%d left: applied with %v", c.left, err)
		}
	}
}

func TestAStalePlanIsNotApplied(t *testing.T) {
	roster := mustRead(t, example12().with(t, "users.csv", "One", "Married"), ReadOptions{})
	plan := MakePlan(onRecord(), roster, lenient())
	added := MakePlan(State{}, roster, lenient())
	for name, c := range map[string]struct {
		plan  Plan
		state State
	}{
		"done twice": {plan, apply(t, onRecord(), plan)},
		"gone":       {plan, State{}},
		"added too":  {added, apply(t, State{}, added)},
		"undone":     {Undo(plan), onRecord()},
	} {
		before := fmt.Sprint(c.state)
		if after, err := Apply(c.state, c.plan); !errors.Is(err, ErrStale) || !reflect.DeepEqual(after, State{}) || fmt.Sprint(c.state) != before {
			t.Errorf("%s: got %v, %v", name, after, err)
		}
	}
}

func TestUndoIsTold(t *testing.T) {
	plan := MakePlan(onRecord(), mustRead(t, example12().with(t, "users.csv", "E1,one", "E1,other").with(t, "roles.csv", "2020-08-25,,n", ",,s"), ReadOptions{}), lenient())
	want := `EMPLOYMENT_TAKEN_BACK roles.csv:2 [p1 south 2026-09-01..]
EMPLOYMENT_REOPENED [p1 north 2020-08-25..2026-08-31] -> [p1 north 2020-08-25..]
EMAIL_TAKEN_BACK users.csv:2 [E1 Person One One@example.org other@example.org] -> [E1 Person One One@example.org]`
	if got := told(Undo(plan)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, kind := range []Kind{SchoolAdded, SchoolRenamed, PersonAdded, NameChanged, EmailAdded, EmploymentAdded, EmploymentEnded, MovedFrom, MovedTo} {
		if back := Undo(Plan{Changes: []Change{{Kind: kind}}}); !slices.ContainsFunc(back.Changes, func(c Change) bool { return c.Kind != "" }) {
			t.Errorf("%s has no opposite", kind)
		}
	}
}

func apply(t testing.TB, state State, plan Plan) State {
	t.Helper()
	after, err := Apply(state, plan)
	if err != nil {
		t.Fatal(err)
	}
	return after
}
