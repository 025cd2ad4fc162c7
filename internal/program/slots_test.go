package program

import (
	"fmt"
	"strings"
	"testing"
)

// shape writes an assessment's slots in short: kind, min..max, then what else the slot asks for.
func shape(a Assessment) string {
	var slots []string
	for _, s := range a.Slots {
		text := fmt.Sprintf("%s %d", s.Kind, s.Min)
		if s.Max > 0 {
			text += fmt.Sprintf("..%d", s.Max)
		}
		if s.NeedsAudience {
			text += " audience"
		}
		if s.NeedsPerson {
			text += " person"
		}
		if s.SameAs != nil {
			text += " as " + s.SameAs.Assessment + "/" + s.SameAs.Slot
		}
		if s.AlternativeGroup != "" {
			text += " or"
		}
		slots = append(slots, text)
	}
	return strings.Join(slots, ", ")
}

func TestSlots(t *testing.T) {
	want := map[string]string{
		"using-data-assessment-1":             "analysis 1, data_source 2", // multiple
		"using-data-assessment-2":             "implementation 1 or, implementation 1 or",
		"using-data-assessment-3":             "audience_report 3..3 audience", // three audiences
		"using-data-assessment-4":             "analysis 1, plan 1",
		"supporting-instruction-assessment-1": "observation 1..1, observation 1..1 person, analysis 1", // a) and b)
		"supporting-instruction-assessment-2": "conference 1..1 person as supporting-instruction-assessment-1/colleague-teaching",
		"supporting-instruction-assessment-3": "review 1, product 1",
		"supporting-instruction-assessment-4": "plan 1, implementation 1",
		"shared-leadership-assessment-1":      "analysis 1, implementation 1",
		"shared-leadership-assessment-2":      "analysis 1, implementation 1",
		"shared-leadership-assessment-3":      "map 1",
		"professional-expertise-assessment-1": "dialogue 1, reflection 1",
		"professional-expertise-assessment-2": "implementation 1 or, implementation 1 or",
		"professional-expertise-assessment-3": "literature 1, review 1",
		"professional-expertise-assessment-4": "recommendation 1",
	}
	f := load(t).Framework
	for _, assessment := range f.Assessments() {
		equal(t, assessment.ID, shape(assessment), want[assessment.ID])
	}
}
