package program

import (
	"reflect"
	"slices"
)

// Framework is a version of what teacher leaders are to know and do, and how they show it. A version that an award was
// based on never changes: other wordings are another version.
type Framework struct {
	ID         string      `yaml:"id"`
	Version    int         `yaml:"version"`
	Title      string      `yaml:"title"`
	CoreSkills []CoreSkill `yaml:"coreSkills"`
	Alignments []Alignment `yaml:"alignments"`
	Trace      `yaml:",inline"`
}

// CoreSkill is one of the framework's areas.
type CoreSkill struct {
	ID           string       `yaml:"id"`
	Title        string       `yaml:"title"`
	Competencies []Competency `yaml:"competencies"`
	Assessments  []Assessment `yaml:"assessments"`
	Trace        `yaml:",inline"`
}

// Competency is something a teacher leader is able to do. A foundational one has number 0 and no assessment.
type Competency struct {
	ID           string `yaml:"id"`
	Number       int    `yaml:"number"`
	Foundational bool   `yaml:"foundational"`
	Title        string `yaml:"title"`
	Trace        `yaml:",inline"`
}

// Assessment is a task whose performance demonstrates a competency.
type Assessment struct {
	ID         string `yaml:"id"`
	Number     int    `yaml:"number"`
	Title      string `yaml:"title"`
	Competency string `yaml:"competency"`
	Slots      []Slot `yaml:"slots"`
	Trace      `yaml:",inline"`
}

// Alignment is a standard from which the competencies were derived.
type Alignment struct {
	ID    string `yaml:"id"`
	Title string `yaml:"title"`
	Trace `yaml:",inline"`
}

// Competencies are those of all core skills.
func (f *Framework) Competencies() []Competency {
	var all []Competency
	for _, skill := range f.CoreSkills {
		all = append(all, skill.Competencies...)
	}
	return all
}

// Assessments are those of all core skills.
func (f *Framework) Assessments() []Assessment {
	var all []Assessment
	for _, skill := range f.CoreSkills {
		all = append(all, skill.Assessments...)
	}
	return all
}

func (c *checker) checkFramework() {
	f := &c.Framework
	c.check(f.Version >= 1, "framework.version", "is %d, but versions begin with 1", f.Version)
	c.check(len(f.CoreSkills) > 0, "framework.coreSkills", "empty")
	c.checkIDs("framework.coreSkills", reflect.ValueOf(f.Competencies()))
	c.checkIDs("framework.coreSkills", reflect.ValueOf(f.Assessments()))
	for i, skill := range f.CoreSkills {
		path := at("framework.coreSkills", i, skill.ID)
		c.checkCompetencies(path+".competencies", &skill)
		c.checkAssessments(path+".assessments", &skill)
	}
}

// checkCompetencies: numbered 1, 2, 3 … and each demonstrated by an assessment, the foundational ones apart.
func (c *checker) checkCompetencies(path string, skill *CoreSkill) {
	number := 0
	for i, competency := range skill.Competencies {
		path := at(path, i, competency.ID)
		assessed := slices.ContainsFunc(skill.Assessments, func(a Assessment) bool { return a.Competency == competency.ID })
		if competency.Foundational {
			c.check(competency.Number == 0, path+".number", "is %d, but a foundational competency has number 0", competency.Number)
			c.check(!assessed, path, "is foundational, but has an assessment")
			continue
		}
		number++
		c.check(competency.Number == number, path+".number", "is %d, but %d is next", competency.Number, number)
		c.check(assessed, path, "no assessment demonstrates it")
	}
	c.check(number > 0, path, "has no numbered competency")
}

func (c *checker) checkAssessments(path string, skill *CoreSkill) {
	for i, assessment := range skill.Assessments {
		path := at(path, i, assessment.ID)
		c.check(assessment.Number == i+1, path+".number", "is %d, but %d is next", assessment.Number, i+1)
		refer(c, path+".competency", "competency of this core skill", skill.Competencies, assessment.Competency)
		c.checkSlots(path+".slots", &assessment)
	}
}
