package enrollment

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/placement"
	"github.com/btlc/btlc/internal/program"
)

func TestEvening(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	// 01:30 UTC of a Wednesday is a Tuesday's evening in Boston.
	tuesday, saturday := time.Date(2026, 10, 7, 1, 30, 0, 0, time.UTC), time.Date(2026, 10, 10, 13, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		starts []time.Time
		want   time.Weekday
		met    bool
	}{
		"none":                    {nil, time.Sunday, false},
		"evenings and a Saturday": {[]time.Time{saturday, tuesday, tuesday.AddDate(0, 0, 7)}, time.Tuesday, true},
		"as many of both":         {[]time.Time{saturday, tuesday}, time.Tuesday, true},
	} {
		if got, met := evening(c.starts, zone); got != c.want || met != c.met {
			t.Errorf("%s: %v, %v", name, got, met)
		}
	}
}

// world of a problem: two people of a family, one of another, two sections of one course.
func TestProblemOf(t *testing.T) {
	a, b, c, lead := uuid.UUID{1}, uuid.UUID{2}, uuid.UUID{3}, uuid.UUID{4}
	people := map[uuid.UUID]registrant{
		a: {family: "roleFamilies/mentor", qualified: true, school: "districts/d/schools/s"}, b: {family: "roleFamilies/mentor", qualified: true},
		c: {qualified: true, courses: []string{"courses/x"}}, lead: {},
	}
	applicants := []applicant{
		{name: "terms/t/applications/1", course: "courses/x", members: []uuid.UUID{a, b}, evenings: []int{2, 7}, sites: []string{"A"}},
		{name: "terms/t/applications/2", course: "courses/x", members: []uuid.UUID{c}},
		{name: "terms/t/applications/3", course: "courses/y", members: []uuid.UUID{c}},
		{name: "terms/t/applications/4", course: "courses/y", members: []uuid.UUID{a, lead}},
	}
	sections := []candidate{{name: "sections/1", course: "courses/x", site: "A", free: 2, evening: time.Tuesday, facilitators: []uuid.UUID{lead}, busy: []uuid.UUID{c}}}
	problem, left := problemOf(applicants, people, sections, placement.Weights{Placed: 1})
	if len(problem.Parties) != 2 || len(left) != 2 {
		t.Fatalf("%d parties, left are %v", len(problem.Parties), left)
	}
	if !strings.Contains(left["terms/t/applications/2"], "registered for the course") || !strings.Contains(left["terms/t/applications/4"], educatorName(lead)+" holds no") {
		t.Errorf("left are %v", left)
	}
	first := problem.Parties[0]
	if !slices.Equal(first.Weekdays, []time.Weekday{time.Tuesday, time.Sunday}) || first.Members[0].School != "districts/d/schools/s" || first.Members[1].ID != educatorName(b) {
		t.Errorf("the first party is %+v", first)
	}
	if s := problem.Sections[0]; s.Capacity != 2 || s.Weekday != time.Tuesday || s.Facilitators[0] != educatorName(lead) || s.Busy[0] != educatorName(c) {
		t.Errorf("the section is %+v", s)
	}
	d := &draft{places: map[string]proposedPlace{}}
	if err := d.solve(problem, left); err != nil {
		t.Fatal(err)
	}
	if p := d.places[first.ID]; p.section != "sections/1" || d.placed() != 1 || len(d.places) != 4 {
		t.Errorf("placed are %+v", d.places)
	}
	if reasons := d.places["terms/t/applications/4"].reasons; len(reasons) != 1 {
		t.Errorf("who can be placed nowhere has the reasons %v", reasons)
	}
}

func TestObjectiveOf(t *testing.T) {
	w := objectiveOf(proposalWeights(program.PlacementWeights{Placed: 1000, RoleAlike: 100, SiteFirst: 30, SiteOther: 10}))
	if w.Placed != 1000 || w.RoleAlike != 100 || len(w.Sites) != mostSites || w.Sites[0] != 30 || w.Sites[1] != 10 || w.Sites[mostSites-1] != 10 {
		t.Errorf("got %+v", w)
	}
}

func TestEditsThatBreakRules(t *testing.T) {
	problem := placement.Problem{
		Weights:  placement.Weights{Placed: 1},
		Sections: []placement.Section{{ID: "sections/1", Course: "x", Weekday: time.Tuesday, Capacity: 1, Facilitators: []string{"educators/3"}}, {ID: "sections/2", Course: "y", Weekday: time.Tuesday, Capacity: 9}},
	}
	for _, id := range []string{"1", "2", "3"} {
		problem.Parties = append(problem.Parties, placement.Party{ID: "applications/" + id, Course: "x", Members: []placement.Person{{ID: "educators/" + id}}})
	}
	problem.Parties[1].Weekdays = []time.Weekday{time.Monday}
	for name, c := range map[string]struct {
		edit   edit
		others placement.Assignment
		want   string
	}{
		"into a free seat":       {edit{"applications/1", "sections/1"}, nil, ""},
		"out":                    {edit{"applications/1", ""}, placement.Assignment{"applications/3": "sections/1"}, ""},
		"into a section as full": {edit{"applications/1", "sections/1"}, placement.Assignment{"applications/2": "sections/1"}, "full: 1 seat more"},
		"on an impossible day":   {edit{"applications/2", "sections/1"}, nil, "Tuesday"},
		"where the person leads": {edit{"applications/3", "sections/1"}, nil, "facilitates"},
		"into another course":    {edit{"applications/1", "sections/2"}, nil, "another course"},
		"beside somebody amiss":  {edit{"applications/1", ""}, placement.Assignment{"applications/2": "sections/1"}, ""},
	} {
		assignment := placement.Assignment{}
		for k, v := range c.others {
			assignment[k] = v
		}
		if c.edit.section != "" {
			assignment[c.edit.application] = c.edit.section
		}
		evaluation, err := placement.Evaluate(problem, assignment)
		if err != nil {
			t.Fatal(err)
		}
		broken := c.edit.check(evaluation)
		switch conflict := c.edit.conflict(broken); {
		case c.want == "" && conflict != nil, c.want != "" && (len(broken) == 0 || !slices.ContainsFunc(broken, func(v api.Violation) bool { return strings.Contains(v.Description, c.want) })):
			t.Errorf("%s: %v %v, want %q", name, conflict, broken, c.want)
		}
	}
}

// What an assignment keeps are the parties and sections of the problem, and those that it had.
func TestKeepKnown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SampledFrom([]string{"a", "b", "c", "d"})
		problem := placement.Problem{}
		for _, id := range rapid.SliceOfDistinct(ids, rapid.ID[string]).Draw(t, "parties") {
			problem.Parties = append(problem.Parties, placement.Party{ID: id})
		}
		for _, id := range rapid.SliceOfDistinct(ids, rapid.ID[string]).Draw(t, "sections") {
			problem.Sections = append(problem.Sections, placement.Section{ID: id})
		}
		before := rapid.MapOf(ids, ids).Draw(t, "assignment")
		after := placement.Assignment{}
		for party, section := range before {
			after[party] = section
		}
		keepKnown(problem, after)
		for party, section := range before {
			known := slices.ContainsFunc(problem.Parties, func(p placement.Party) bool { return p.ID == party }) &&
				slices.ContainsFunc(problem.Sections, func(s placement.Section) bool { return s.ID == section })
			if got, is := after[party]; is != known || is && got != section {
				t.Fatalf("%s in %s: %v", party, section, is)
			}
		}
	})
}
