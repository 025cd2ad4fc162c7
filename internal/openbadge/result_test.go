package openbadge

import (
	"slices"
	"testing"
)

func TestResultsAreRefused(t *testing.T) {
	const described, result = "credentialSubject.achievement.resultDescription", "credentialSubject.result"
	status, grade, rubric := 0, 1, 2 // places of the descriptions in wholeClaim, and of their results
	tests := []struct {
		name   string
		change func([]ResultDescription, []Result)
		field  string
	}{
		{"id used twice", func(d []ResultDescription, _ []Result) { d[rubric].ID = d[grade].ID }, described + "[2].id"},
		{"level's id used twice", func(d []ResultDescription, _ []Result) { d[rubric].Levels[0].ID = d[rubric].Levels[1].ID }, described + "[2].rubricCriterionLevel[1].id"},
		{"level without name", func(d []ResultDescription, _ []Result) { d[rubric].Levels[0].Name = "" }, described + "[2].rubricCriterionLevel[0].name"},
		{"required level unknown", func(d []ResultDescription, _ []Result) { d[rubric].RequiredLevel = "urn:x:y" }, described + "[2].requiredLevel"},
		{"required value unknown", func(d []ResultDescription, _ []Result) { d[grade].RequiredValue = "D" }, described + "[1].requiredValue"},
		{"empty value", func(d []ResultDescription, _ []Result) { d[grade].AllowedValues[0] = "" }, described + "[1].allowedValue[0]"},
		{"unknown type", func(d []ResultDescription, _ []Result) { d[grade].ResultType = "Applause" }, described + "[1].resultType"},
		{"result of nothing", func(_ []ResultDescription, r []Result) { r[grade].ResultDescription = "urn:x:y" }, result + "[1].resultDescription"},
		{"unknown status", func(_ []ResultDescription, r []Result) { r[status].Status = "ext:Done" }, result + "[0].status"},
		{"status without status", func(_ []ResultDescription, r []Result) { r[status].Status, r[status].Value = "", "x" }, result + "[0].status"},
		{"value not allowed", func(_ []ResultDescription, r []Result) { r[grade].Value = "F" }, result + "[1].value"},
		{"unknown level", func(_ []ResultDescription, r []Result) { r[rubric].AchievedLevel = "urn:x:y" }, result + "[2].achievedLevel"},
		{"nothing reached", func(_ []ResultDescription, r []Result) { r[grade].Value = "" }, result + "[1]"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			claim := wholeClaim()
			test.change(claim.Achievement.ResultDescriptions, claim.Results)
			_, err := Build(claim)
			if got := refusedFields(t, err); !slices.Contains(got, test.field) {
				t.Errorf("refused for %v, want %s", got, test.field)
			}
		})
	}
}
