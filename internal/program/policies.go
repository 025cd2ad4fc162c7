package program

import (
	"reflect"
	"time"
)

// Policies that the server looks up by name. Those of credentials are named by their credential type.
const (
	RegistrationPolicy     = "registration"
	CourseCompletionPolicy = "course-completion"
	GraduateCreditPolicy   = "graduate-credit"
)

// Policy is one version of a set of requirements, all of which must be met. Its expressions are compiled and evaluated elsewhere.
type Policy struct {
	ID           string        `yaml:"id"`
	Version      int           `yaml:"version"`
	Dated        time.Time     `yaml:"dated"` // the day this version was written down
	Title        string        `yaml:"title"`
	Requirements []Requirement `yaml:"requirements"`
	Trace        `yaml:",inline"`
}

// Requirement is one condition of a policy.
type Requirement struct {
	ID         string `yaml:"id"`
	Title      string `yaml:"title"`
	Citation   string `yaml:"citation"`   // where the requirement comes from, for people
	Expression string `yaml:"expression"` // CEL, true when met
	Unmet      string `yaml:"unmet"`      // what is missing and what to do about it
	Trace      `yaml:",inline"`
}

func (c *checker) checkPolicies() {
	refer(c, "policies", "policy", c.Policies, RegistrationPolicy, CourseCompletionPolicy, GraduateCreditPolicy)
	before := map[string]Policy{}
	for i, policy := range c.Policies {
		path := at("policies", i, keyOf(reflect.ValueOf(policy)))
		if before, ok := before[policy.ID]; ok {
			c.check(before.Version < policy.Version && !policy.Dated.Before(before.Dated), path, "comes after version %d, dated %s: versions are listed as they came", before.Version, before.Dated.Format(time.DateOnly))
		}
		before[policy.ID] = policy
		c.check(policy.Version >= 1, path+".version", "is %d, but versions begin with 1", policy.Version)
		c.check(!policy.Dated.IsZero(), path+".dated", "empty")
		c.check(len(policy.Requirements) > 0, path+".requirements", "empty: everybody would meet the policy")
		for j, requirement := range policy.Requirements {
			path := at(path+".requirements", j, requirement.ID)
			c.check(requirement.Citation != "", path+".citation", "empty")
			c.check(requirement.Expression != "", path+".expression", "empty")
			c.check(requirement.Unmet != "", path+".unmet", "empty")
		}
	}
}
