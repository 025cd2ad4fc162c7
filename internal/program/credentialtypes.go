package program

import (
	"slices"

	"github.com/btlc/btlc/internal/badge"
)

// CredentialType is a credential that the program awards.
type CredentialType struct {
	ID              string       `yaml:"id"`
	Course          string       `yaml:"course"` // empty for a credential that rests on those of courses
	Policy          string       `yaml:"policy"`
	Title           string       `yaml:"title"`
	AchievementType string       `yaml:"achievementType"` // a word of Open Badges 3.0
	Criteria        string       `yaml:"criteria"`        // how it is earned, for people
	Badge           badge.Design `yaml:"badge"`
	Trace           `yaml:",inline"`
}

// AchievementTypes are the words of Open Badges 3.0 that the program uses.
var AchievementTypes = []string{"Certificate"}

func (c *checker) checkCredentialTypes() {
	for i, credential := range c.CredentialTypes {
		path := at("credentialTypes", i, credential.ID)
		if credential.Course != "" {
			refer(c, path+".course", "course", c.Courses, credential.Course)
		}
		refer(c, path+".policy", "policy", c.Policies, credential.Policy)
		c.check(slices.Contains(AchievementTypes, credential.AchievementType),
			path+".achievementType", "unknown type of achievement %q", credential.AchievementType)
		c.check(credential.Criteria != "", path+".criteria", "empty")
		c.check(credential.Badge.Check() == nil, path+".badge", "cannot be drawn: %v", credential.Badge.Check())
	}
}
