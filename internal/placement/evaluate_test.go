package placement

import (
	"reflect"
	"testing"
	"time"
)

// example is a term of two courses. Ana and Ben are partners; Cho takes both courses; Dee facilitates s2.
func example() Problem {
	one := func(id, family string) Person { return Person{ID: id, Family: family, School: "north"} }
	return Problem{
		Parties: []Party{
			{ID: "ana-ben", Course: "data", Members: []Person{one("ana", "mentor"), one("ben", "leader")}, Weekdays: []time.Weekday{time.Tuesday}},
			{ID: "cho", Course: "data", Members: []Person{one("cho", "mentor")}, Sites: []string{"east", "west"}},
			{ID: "dee", Course: "data", Members: []Person{{ID: "dee", Family: "mentor", School: "south"}}},
			{ID: "eve", Course: "data", Members: []Person{{ID: "eve"}}, Weekdays: []time.Weekday{time.Friday}},
			{ID: "cho-2", Course: "inquiry", Members: []Person{one("cho", "mentor")}},
			{ID: "fay", Course: "none", Members: []Person{one("fay", "")}},
		},
		Sections: []Section{
			{ID: "s1", Course: "data", Site: "west", Weekday: time.Tuesday, Capacity: 3},
			{ID: "s2", Course: "data", Site: "east", Weekday: time.Thursday, Capacity: 3, Family: "leader", Facilitators: []string{"dee"}},
			{ID: "s3", Course: "inquiry", Site: "east", Weekday: time.Thursday, Capacity: 1},
		},
		Weights: Weights{Placed: 100, RoleAlike: 30, Sites: []int64{20, 10}},
	}
}

func TestEvaluate(t *testing.T) {
	for name, c := range map[string]struct {
		assignment Assignment
		fixed      Assignment
		value      int64
		violations []Violation
	}{
		"nobody": {},
		"good": {
			assignment: Assignment{"ana-ben": "s1", "dee": "s1", "cho": "s2"},
			// Four seats, two mentors of the three in s1 and none of family leader in s2, four first choices.
			value: 400 + 60 + 80,
		},
		"evening and facilitator": {
			assignment: Assignment{"ana-ben": "s2", "dee": "s2"},
			value:      300 + 30 + 60,
			violations: []Violation{
				{Party: "ana-ben", Section: "s2", Reason: Reason{Code: WeekdayImpossible, Weekday: time.Thursday}},
				{Party: "dee", Section: "s2", Reason: Reason{Code: Facilitates, Person: "dee"}},
			},
		},
		"seats": {
			assignment: Assignment{"ana-ben": "s1", "dee": "s1", "cho": "s1"},
			value:      400 + 90 + 70,
			violations: []Violation{{Section: "s1", Reason: Reason{Code: OverCapacity, Seats: 1}}},
		},
		"two sections on one evening, one of them accepted": {
			assignment: Assignment{"cho": "s2", "cho-2": "s3"},
			fixed:      Assignment{"cho-2": "s3"},
			value:      200 + 30 + 40,
			violations: []Violation{
				{Party: "cho", Section: "s2", Reason: Reason{Code: Clash, Section: "s3", Weekday: time.Thursday, Person: "cho"}},
				{Party: "cho-2", Section: "s3", Reason: Reason{Code: Clash, Section: "s2", Weekday: time.Thursday, Person: "cho"}},
			},
		},
		"two sections on one evening, both accepted": {
			assignment: Assignment{"cho": "s2", "cho-2": "s3"},
			fixed:      Assignment{"cho-2": "s3", "cho": "s2"},
			value:      200 + 30 + 40,
			violations: []Violation{
				{Party: "cho", Section: "s2", Reason: Reason{Code: Clash, Section: "s3", Weekday: time.Thursday, Person: "cho"}, Accepted: true},
				{Party: "cho-2", Section: "s3", Reason: Reason{Code: Clash, Section: "s2", Weekday: time.Thursday, Person: "cho"}, Accepted: true},
			},
		},
		"pinned by staff, against the rule": {
			assignment: Assignment{"dee": "s2"},
			fixed:      Assignment{"dee": "s2"},
			value:      120,
			violations: []Violation{{Party: "dee", Section: "s2", Reason: Reason{Code: Facilitates, Person: "dee"}, Accepted: true}},
		},
		"pinned elsewhere": {
			assignment: Assignment{"dee": "s1"},
			fixed:      Assignment{"dee": "s2"},
			value:      150,
			violations: []Violation{{Party: "dee", Section: "s1", Reason: Reason{Code: Pinned, Section: "s2"}}},
		},
		"unknown, and of another course": {
			assignment: Assignment{"zoe": "s1", "dee": "s9", "cho": "s3"},
			violations: []Violation{
				{Party: "cho", Section: "s3", Reason: Reason{Code: OtherCourse, Course: "inquiry"}},
				{Party: "dee", Section: "s9", Reason: Reason{Code: Unknown}},
				{Party: "zoe", Section: "s1", Reason: Reason{Code: Unknown}},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := example()
			p.Fixed = c.fixed
			got, err := Evaluate(p, c.assignment)
			if err != nil {
				t.Fatal(err)
			}
			if got.Value != c.value || got.Placed+got.RoleAlike+got.Site != c.value {
				t.Errorf("the value is %d (%d, %d, %d), not %d", got.Value, got.Placed, got.RoleAlike, got.Site, c.value)
			}
			if !reflect.DeepEqual(got.Violations, c.violations) {
				t.Errorf("violations:\n%+v\nnot\n%+v", got.Violations, c.violations)
			}
		})
	}
}

func TestCohorts(t *testing.T) {
	got, err := Evaluate(example(), Assignment{"ana-ben": "s1", "dee": "s1", "cho": "s2"})
	if err != nil {
		t.Fatal(err)
	}
	want := []Cohort{
		{Section: "s1", Family: "mentor", Seated: 3, RoleAlike: 2, WithColleague: 2},
		{Section: "s2", Family: "leader", Seated: 1, Free: 2},
		{Section: "s3", Free: 1},
	}
	if !reflect.DeepEqual(got.Sections, want) {
		t.Errorf("%+v", got.Sections)
	}
}
