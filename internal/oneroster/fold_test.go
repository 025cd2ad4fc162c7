package oneroster

import "testing"

// Somebody whose two records were merged has two numbers, and the roster may have both, or the other one alone.
func TestPlanOfSomebodyWithTwoNumbers(t *testing.T) {
	state := onRecord()
	state.OtherNumbers = map[string]string{"X1": "p1"}
	row := func(number, given string, active bool, line int, roles ...Role) Staff {
		return Staff{EmployeeNumber: number, GivenName: given, FamilyName: "One", Active: active, Roles: roles, Source: Source{"users.csv", line}}
	}
	at := func(school string) Role { return Role{School: school, Name: "teacher", Source: Source{"roles.csv", 9}} }
	for name, c := range map[string]struct {
		staff []Staff
		want  string
	}{
		"both, at two places": {[]Staff{row("X1", "Other", true, 2, at("0200")), row("E1", "Person", true, 3, at("0100"))}, "EMPLOYMENT_ADDED roles.csv:9 -> [p1 south 2026-09-01..]"},
		"the other alone":     {[]Staff{row("X1", "Person", true, 2, at("0100"))}, ""},
		"the other, renamed":  {[]Staff{row("X1", "New", true, 2, at("0100"))}, "NAME_CHANGED users.csv:2 [E1 Person One One@example.org] -> [E1 New One One@example.org]"},
		"one of them gone":    {[]Staff{row("X1", "Person", false, 2, at("0200")), row("E1", "Person", true, 3, at("0100"))}, ""},
		"the first one gone":  {[]Staff{row("E1", "Person", false, 2, at("0200")), row("X1", "Person", true, 3, at("0100"))}, ""},
		"both gone": {[]Staff{row("X1", "Person", false, 2, at("0100")), row("E1", "Person", false, 3, at("0100"))},
			"EMPLOYMENT_ENDED [p1 north 2020-08-25..] -> [p1 north 2020-08-25..2026-09-01]"},
		"an end is told by the one that is gone": {[]Staff{row("X1", "Person", false, 2, Role{School: "0100", Name: "teacher", End: "2026-08-15"}), row("E1", "Person", true, 3, at("0200"))},
			"MOVED_FROM [p1 north 2020-08-25..] -> [p1 north 2020-08-25..2026-08-15]\nMOVED_TO roles.csv:9 -> [p1 south 2026-09-01..]"},
	} {
		current := State{Schools: state.Schools, People: state.People[:1], Employments: state.Employments[:1], OtherNumbers: state.OtherNumbers}
		roster := &Roster{Version: "1.2", Staff: c.staff, Schools: []RosterSchool{{"0100", "North School", Source{}}, {"0200", "South School, upper", Source{}}}}
		if got := told(MakePlan(current, roster, lenient())); got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, c.want)
		}
	}
}
