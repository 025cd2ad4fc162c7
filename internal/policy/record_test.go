package policy

import (
	"context"
	"slices"
	"time"
)

var (
	now        = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	registered = time.Date(2025, 9, 2, 9, 0, 0, 0, time.UTC)
	recorded   = registered.Add(48 * time.Hour)
)

// record is an educator's record for tests: what is not in it is missing. It counts how often it
// is asked, and fails for the ids in broken.
type record struct {
	yes       map[string]bool // "demonstrated using-data-1"
	lists     map[string][]string
	minutes   map[string]int
	dates     map[string]time.Time
	held      []string
	trainings []Training
	broken    map[string]error
	asked     int
	onAsk     func()
}

func (r *record) has(verb, kind, id, value string) (bool, []Fact, error) {
	r.asked++
	if r.onAsk != nil {
		r.onAsk()
	}
	if err := r.broken[id]; err != nil {
		return false, nil, err
	}
	if !r.yes[verb+" "+id] {
		return false, nil, nil
	}
	return true, []Fact{{Kind: kind, ID: id, Value: value, OccurredAt: registered, RecordedAt: recorded}}, nil
}

func (r *record) Demonstrated(_ context.Context, id string) (bool, []Fact, error) {
	return r.has("demonstrated", "assessment", id, "demonstrated")
}
func (r *record) Attained(_ context.Context, id string) (bool, []Fact, error) {
	return r.has("attained", "competency", id, "attained")
}
func (r *record) Enrolled(_ context.Context, id string) (bool, []Fact, error) {
	return r.has("enrolled", "enrollment", id, "enrolled")
}
func (r *record) Completed(_ context.Context, id string) (bool, []Fact, error) {
	return r.has("completed", "completion", id, "completed")
}
func (r *record) Holds(_ context.Context, id string) (bool, []Fact, error) {
	return r.has("holds", "credential", id, "held")
}
func (r *record) Certified(_ context.Context, id string) (bool, []Fact, error) {
	return r.has("certified", "certificate", id, "certified")
}
func (r *record) Trainings(context.Context) ([]Training, []Fact, error) {
	r.asked++
	if err := r.broken["trainings"]; err != nil {
		return nil, nil, err
	}
	var facts []Fact
	for _, t := range r.trainings {
		facts = append(facts, Fact{Kind: "training", ID: t.RoleFamily, Value: minutes(t.Minutes), OccurredAt: t.Date, RecordedAt: recorded})
	}
	return r.trainings, facts, nil
}
func (r *record) CreditRequested(_ context.Context, id string) (bool, []Fact, error) {
	return r.has("creditRequested", "creditRequest", id, "requested")
}
func (r *record) Agreement(_ context.Context, id string) (bool, []Fact, error) {
	return r.has("agreement", "agreement", id, "in force")
}
func (r *record) Consented(_ context.Context, id string) (bool, []Fact, error) {
	return r.has("consented", "consent", id, "consented")
}
func (r *record) Assessments(_ context.Context, course string) ([]string, []Fact, error) {
	r.asked++
	return r.lists["assessments "+course], nil, nil
}
func (r *record) Competencies(_ context.Context, course string) ([]string, []Fact, error) {
	r.asked++
	return r.lists["competencies "+course], nil, nil
}
func (r *record) Minutes(_ context.Context, course string) (int, []Fact, error) {
	r.asked++
	return r.minutes[course], nil, nil
}
func (r *record) RegistrationDate(_ context.Context, course string) (time.Time, []Fact, error) {
	r.asked++
	return r.dates[course], nil, nil
}
func (r *record) Held(_ context.Context, family string, date time.Time) (bool, []Fact, error) {
	r.asked++
	anyFamily := family == "" || family == "any"
	held := (anyFamily && len(r.held) > 0 || slices.Contains(r.held, family)) && !date.Before(registered)
	return held, nil, nil
}

// sample has one educator well on the way in Using Data: three of four assessments.
func sample() *record {
	return &record{
		yes: map[string]bool{
			"demonstrated using-data-1": true, "demonstrated using-data-2": true, "demonstrated using-data-4": true,
			"attained using-data-1": true, "enrolled using-data": true, "holds using-data-certificate": true, "certified using-data": true,
			"creditRequested using-data": true, "consented umass-boston": true,
		},
		lists: map[string][]string{
			"assessments using-data":  {"using-data-1", "using-data-2", "using-data-3", "using-data-4"},
			"competencies using-data": {"using-data-1", "using-data-2", "using-data-3", "using-data-4"},
		},
		minutes:   map[string]int{"using-data": 1980},
		dates:     map[string]time.Time{"using-data": registered},
		held:      []string{"mentor"},
		trainings: []Training{{Minutes: 120, RoleFamily: "mentor", Date: registered.AddDate(0, 1, 0)}, {Minutes: 30, RoleFamily: "team-leader", Date: registered}},
	}
}

func input() Input {
	return Input{Now: now, Subject: "educators/1", Course: "using-data", Institution: "umass-boston"}
}

// policyOf wraps expressions into a policy with requirements r0, r1, …
func policyOf(expressions ...string) Source {
	source := Source{ID: "test", Version: 3, Title: "Test"}
	for i, expression := range expressions {
		source.Requirements = append(source.Requirements, Requirement{
			ID: "r" + string(rune('0'+i)), Title: "Title", Citation: "S0, page 2", Expression: expression,
		})
	}
	return source
}
