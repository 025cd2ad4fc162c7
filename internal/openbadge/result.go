package openbadge

import (
	"slices"
	"strings"
)

// ResultDescription is a result that an achievement can have.
type ResultDescription struct {
	ID         string // URI, of its own within the achievement
	Name       string
	ResultType string // a term of Open Badges, or "ext:…" for one of our own
	// AllowedValues are the values that a result may have, from low to high, and RequiredValue the
	// least that passes; may be empty.
	AllowedValues []string
	RequiredValue string
	// Levels are the levels that may be achieved, from low to high, and RequiredLevel the id of the
	// least that passes; may be empty.
	Levels        []RubricCriterionLevel
	RequiredLevel string
	Alignments    []Alignment
}

// RubricCriterionLevel is a level of a rubric's criterion.
type RubricCriterionLevel struct {
	ID   string // URI, of its own within the achievement
	Name string
	// May be empty: what it takes, the level's short name, its points.
	Description, Level, Points string
	Alignments                 []Alignment
}

// Result is what was reached of what a result description describes: a status, a value or a level,
// at least one of them.
type Result struct {
	ResultDescription string // its id
	Status            string // a term of Open Badges, such as Completed
	Value             string
	AchievedLevel     string // the level's id
	Alignments        []Alignment
}

// The vocabularies of Open Badges 3.0: ResultType and ResultStatusType. The second takes no
// extensions.
var (
	resultTypes = strings.Fields(`GradePointAverage LetterGrade Percent PerformanceLevel
		PredictedScore RawScore Result RubricCriterion RubricCriterionLevel RubricScore ScaledScore
		Status`)
	resultStatuses = strings.Fields(`Completed Enrolled Failed InProgress OnHold Provisional Withdrew`)
)

func (d ResultDescription) object() map[string]any {
	object := map[string]any{
		"id":         d.ID,
		"type":       []any{"ResultDescription"},
		"name":       d.Name,
		"resultType": d.ResultType,
	}
	setStrings(object, "allowedValue", d.AllowedValues)
	set(object, "requiredValue", d.RequiredValue)
	setList(object, "rubricCriterionLevel", d.Levels)
	set(object, "requiredLevel", d.RequiredLevel)
	setList(object, "alignment", d.Alignments)
	return object
}

func (l RubricCriterionLevel) object() map[string]any {
	object := map[string]any{"id": l.ID, "type": []any{"RubricCriterionLevel"}, "name": l.Name}
	set(object, "description", l.Description)
	set(object, "level", l.Level)
	set(object, "points", l.Points)
	setList(object, "alignment", l.Alignments)
	return object
}

func (r Result) object() map[string]any {
	object := map[string]any{"type": []any{"Result"}}
	set(object, "resultDescription", r.ResultDescription)
	set(object, "status", r.Status)
	set(object, "value", r.Value)
	set(object, "achievedLevel", r.AchievedLevel)
	setList(object, "alignment", r.Alignments)
	return object
}

// check finds the faults of a description and adds its ids to those that the achievement has.
func (d ResultDescription) check(f *faults, at string, ids map[string]bool) {
	own := func(id, at string) {
		f.require(isURI(id), at, notURI)
		f.require(!ids[id], at, "is used twice")
		ids[id] = true
	}
	own(d.ID, at+".id")
	f.member(d.Name != "", at, ".name", empty)
	f.member(d.ResultType != "", at, ".resultType", empty)
	f.member(isTerm(d.ResultType, resultTypes), at, ".resultType", notTerm)
	for i, value := range d.AllowedValues {
		f.require(value != "", item(at+".allowedValue", i), empty)
	}
	f.member(d.RequiredValue == "" || slices.Contains(d.AllowedValues, d.RequiredValue), at, ".requiredValue", "is not among the allowed values")
	for i, level := range d.Levels {
		at := item(at+".rubricCriterionLevel", i)
		own(level.ID, at+".id")
		f.member(level.Name != "", at, ".name", empty)
		checkAlignments(f, at, level.Alignments)
	}
	f.member(d.RequiredLevel == "" || d.hasLevel(d.RequiredLevel), at, ".requiredLevel", "is not among the levels")
	checkAlignments(f, at, d.Alignments)
}

func (d ResultDescription) hasLevel(id string) bool {
	return slices.ContainsFunc(d.Levels, func(l RubricCriterionLevel) bool { return l.ID == id })
}

// check finds the faults of a result, one of those that the achievement describes.
func (r Result) check(f *faults, at string, described []ResultDescription) {
	f.require(r.Status != "" || r.Value != "" || r.AchievedLevel != "", at, "has neither status nor value nor level")
	f.member(r.Status == "" || slices.Contains(resultStatuses, r.Status), at, ".status", "must be a status of Open Badges")
	checkAlignments(f, at, r.Alignments)
	i := slices.IndexFunc(described, func(d ResultDescription) bool { return d.ID == r.ResultDescription })
	if i < 0 {
		f.member(false, at, ".resultDescription", "is not one of the achievement's")
		return
	}
	d := described[i]
	f.member(d.ResultType != "Status" || r.Status != "", at, ".status", empty)
	f.member(r.Value == "" || len(d.AllowedValues) == 0 || slices.Contains(d.AllowedValues, r.Value), at, ".value", "is not among the allowed values")
	f.member(r.AchievedLevel == "" || d.hasLevel(r.AchievedLevel), at, ".achievedLevel", "is not among the levels")
}
