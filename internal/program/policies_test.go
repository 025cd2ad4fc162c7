package program

import (
	"context"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/btlc/btlc/internal/policy"
)

func compile(t *testing.T, p Policy) *policy.Program {
	t.Helper()
	source := policy.Source{ID: p.ID, Version: p.Version, Title: p.Title}
	for _, r := range p.Requirements {
		source.Requirements = append(source.Requirements, policy.Requirement{
			ID: r.ID, Title: r.Title, Citation: r.Citation, Expression: r.Expression, Unmet: r.Unmet, Assumption: r.Assumption,
		})
	}
	compiled, err := policy.Compile(source)
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

func TestPoliciesCompile(t *testing.T) {
	for _, p := range load(t).Policies {
		t.Run(keyOf(reflect.ValueOf(p)), func(t *testing.T) { compile(t, p) })
	}
}

// participant is what is on record of somebody, for one course.
type participant struct {
	policy.Facts
	role, enrolled, certified bool
	minutes                   int
}

const course = "using-data"

func (p participant) Held(_ context.Context, family string, _ time.Time) (bool, []policy.Fact, error) {
	return p.role && family == "any", nil, nil
}

func (p participant) Enrolled(_ context.Context, of string) (bool, []policy.Fact, error) {
	return p.enrolled && of == course, nil, nil
}

func (p participant) Certified(_ context.Context, of string) (bool, []policy.Fact, error) {
	return p.certified && of == course, nil, nil
}

func (p participant) Minutes(_ context.Context, of string) (int, []policy.Fact, error) {
	if of != course {
		return 0, nil, nil
	}
	return p.minutes, nil, nil
}

func TestRegistrationAndCompletion(t *testing.T) {
	policies := load(t).Policies
	for name, c := range map[string]struct {
		policy  string
		version int
		who     participant
		unmet   []string
	}{
		"registers":                         {RegistrationPolicy, 2, participant{role: true}, nil},
		"registers without a role":          {RegistrationPolicy, 2, participant{}, []string{"leadership-role"}},
		"registers with the certificate":    {RegistrationPolicy, 2, participant{role: true, certified: true}, []string{"certificate-not-held"}},
		"registered with it once":           {RegistrationPolicy, 1, participant{role: true, certified: true}, nil},
		"completes":                         {CourseCompletionPolicy, 1, participant{enrolled: true, minutes: 1728}, nil},
		"completes without a minute":        {CourseCompletionPolicy, 1, participant{enrolled: true, minutes: 1727}, []string{"attendance"}},
		"completes without a place":         {CourseCompletionPolicy, 1, participant{minutes: 2160}, []string{"participation"}},
		"completes without being certified": {CourseCompletionPolicy, 1, participant{enrolled: true, minutes: 2160}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			at := slices.IndexFunc(policies, func(p Policy) bool { return p.ID == c.policy && p.Version == c.version })
			if at < 0 {
				t.Fatalf("no policy %s version %d", c.policy, c.version)
			}
			result, err := compile(t, policies[at]).Evaluate(t.Context(), c.who, policy.Input{Now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), Course: course})
			if err != nil {
				t.Fatal(err)
			}
			var unmet []string
			for _, r := range result.Requirements {
				if !r.Met {
					unmet = append(unmet, r.ID)
				}
			}
			if !slices.Equal(unmet, c.unmet) || result.Met != (len(unmet) == 0) {
				t.Errorf("unmet: %v, want %v", unmet, c.unmet)
			}
		})
	}
}

// The share of attendance is of the hours that the courses have.
func TestCompletionAsksFourFifthsOfTheHours(t *testing.T) {
	for _, c := range load(t).Courses {
		equal(t, "minutes of "+c.ID, c.Version.Minutes()*80/100, 1728)
	}
}
