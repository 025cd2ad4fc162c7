package program

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"
)

// Course is one of the program's courses, on one core skill.
type Course struct {
	ID           string        `yaml:"id"`
	CoreSkill    string        `yaml:"coreSkill"`
	Title        string        `yaml:"title"`
	Description  string        `yaml:"description"`
	FirstOffered *Term         `yaml:"firstOffered"` // nil: unknown
	Version      CourseVersion `yaml:"version"`
	Trace        `yaml:",inline"`
}

// Term is a season of a year.
type Term struct {
	Season string `yaml:"season"`
	Year   int    `yaml:"year"`
}

// Seasons are those in which courses are offered.
var Seasons = []string{"spring", "fall"}

// CourseVersion is how a course is held.
type CourseVersion struct {
	Number              int         `yaml:"number"`
	Dated               time.Time   `yaml:"dated"` // the day this version was written down
	Hours               int         `yaml:"hours"`
	Weeks               int         `yaml:"weeks"`
	Seasons             []string    `yaml:"seasons"`
	Meetings            []Meetings  `yaml:"meetings"`
	TimeZone            string      `yaml:"timeZone"` // IANA name
	Location            string      `yaml:"location"`
	Fee                 Money       `yaml:"fee"`             // the cost of graduate credits comes on top
	GraduateCredits     int         `yaml:"graduateCredits"` // optional for the participant
	AttendanceEntryDays Traced[int] `yaml:"attendanceEntryDays"`
	Trace               `yaml:",inline"`
}

// Meetings are some of a course's meetings, alike in kind and hours.
type Meetings struct {
	Kind  string `yaml:"kind"` // evening, saturday
	Count int    `yaml:"count"`
	Start Clock  `yaml:"start"`
	End   Clock  `yaml:"end"`
}

// MeetingKinds are the kinds of meetings. Which weekday an evening is on, each section decides.
var MeetingKinds = []string{"evening", "saturday"}

// Minutes is the length of all these meetings together.
func (m Meetings) Minutes() int { return m.Count * int(m.End-m.Start) }

// Minutes is the length of all meetings together.
func (v CourseVersion) Minutes() int {
	sum := 0
	for _, m := range v.Meetings {
		sum += m.Minutes()
	}
	return sum
}

// Money is an amount in whole units of a currency.
type Money struct {
	Amount   int    `yaml:"amount"`
	Currency string `yaml:"currency"` // ISO 4217
}

// Clock is a time of day in minutes since midnight, written "16:30".
type Clock int

// UnmarshalYAML reads "16:30".
func (c *Clock) UnmarshalYAML(node *yaml.Node) error {
	t, err := time.Parse("15:04", node.Value)
	if err != nil {
		return &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: %q is not a time of day like 16:30", node.Line, node.Value)}}
	}
	*c = Clock(t.Hour()*60 + t.Minute())
	return nil
}

func (c Clock) String() string { return fmt.Sprintf("%02d:%02d", c/60, c%60) }

var currencyPattern = regexp.MustCompile(`^[A-Z]{3}$`)

func (c *checker) checkCourses() {
	for i, course := range c.Courses {
		path := at("courses", i, course.ID)
		refer(c, path+".coreSkill", "core skill", c.Framework.CoreSkills, course.CoreSkill)
		c.check(course.Description != "", path+".description", "empty")
		if first := course.FirstOffered; first != nil {
			c.check(slices.Contains(Seasons, first.Season), path+".firstOffered.season", "unknown season %q", first.Season)
			c.check(first.Year > 0, path+".firstOffered.year", "empty")
		}
		c.checkCourseVersion(path+".version", &course.Version)
	}
	for i, skill := range c.Framework.CoreSkills {
		n := 0
		for _, course := range c.Courses {
			if course.CoreSkill == skill.ID {
				n++
			}
		}
		c.check(n == 1, at("framework.coreSkills", i, skill.ID), "has %d courses, not 1", n)
	}
}

func (c *checker) checkCourseVersion(path string, v *CourseVersion) {
	c.check(v.Number >= 1, path+".number", "is %d, but versions begin with 1", v.Number)
	c.check(!v.Dated.IsZero(), path+".dated", "empty")
	c.check(v.Weeks >= 1, path+".weeks", "is %d", v.Weeks)
	c.check(v.TimeZone != "", path+".timeZone", "empty")
	c.check(v.Fee.Amount >= 0, path+".fee.amount", "is %d", v.Fee.Amount)
	c.check(currencyPattern.MatchString(v.Fee.Currency), path+".fee.currency", "%q is not a currency code", v.Fee.Currency)
	c.check(v.GraduateCredits >= 0, path+".graduateCredits", "is %d", v.GraduateCredits)
	c.check(v.AttendanceEntryDays.Value >= 0, path+".attendanceEntryDays", "is %d", v.AttendanceEntryDays.Value)
	c.check(len(v.Seasons) > 0, path+".seasons", "empty")
	for _, season := range v.Seasons {
		c.check(slices.Contains(Seasons, season), path+".seasons", "unknown season %q", season)
	}
	for i, m := range v.Meetings {
		path := at(path+".meetings", i, "")
		c.check(slices.Contains(MeetingKinds, m.Kind), path+".kind", "unknown kind of meeting %q", m.Kind)
		c.check(m.Count >= 1, path+".count", "is %d", m.Count)
		c.check(m.Start < m.End, path, "ends at %s, not after %s", m.End, m.Start)
	}
	c.check(v.Hours > 0 && v.Minutes() == v.Hours*60, path+".hours", "is %d, but the meetings take %d minutes", v.Hours, v.Minutes())
}
