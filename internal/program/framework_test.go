package program

import (
	"fmt"
	"testing"
)

// The table of page 2 of S0, typed again. A star marks the foundational competency.
var table = []struct {
	id, title    string
	competencies []string
	assessments  []string
}{
	{"using-data", "Using Data", []string{
		"Understanding and analyzing data",
		"Using data to inform decisions",
		"Communicating with data",
		"Creating and sustaining a data culture",
	}, []string{
		"Identify a priority problem using multiple data sources",
		"Implement or lead a team through a data-based inquiry cycle",
		"Communicate cycle results to three audiences",
		"Assess school or team data culture and create a plan to strengthen it",
	}},
	{"supporting-instruction", "Supporting Instruction", []string{
		"*Understanding educators as adult learners",
		"Observing and analyzing instruction",
		"Providing growth-oriented feedback on instruction",
		"Evaluating and adapting instructional resources",
		"Planning and implementing effective professional learning experiences",
	}, []string{
		"Observe a) your own teaching and b) a colleague's teaching, then analyze both",
		"Conference with observed colleague",
		"Evaluate an instructional resource and adapt for use in your context",
		"Plan and implement a professional learning experience",
	}},
	{"shared-leadership", "Shared Leadership", []string{
		"Strengthening unity of vision on a team",
		"Managing an effective team",
		"Understanding self and team as part of a system",
	}, []string{
		"Assess the unity of vision on a team and implement a plan to strengthen it",
		"Assess team functioning; implement strategies to improve team management",
		"Create a map illustrating the team's theory of action that includes its relationship to other relevant teams and systems and identifies opportunities for sharing team learning",
	}},
	{"professional-expertise", "Professional Expertise", []string{
		"Guiding reflection for professional growth",
		"Harnessing professional expertise within a school",
		"Tapping the professional knowledge base",
		"Applying expertise to systemic improvement",
	}, []string{
		"Lead a reflective dialogue and reflect on your leadership of it",
		"Establish or improve a routine that supports team members to be aware of and share their relevant expertise",
		"Identify and evaluate professional literature relevant to a specific problem of practice",
		"Make research-based recommendations regarding a local policy or practice that needs improvement",
	}},
}

func TestFrameworkCounts(t *testing.T) {
	f := load(t).Framework
	equal(t, "id", f.ID, "btlc")
	equal(t, "version", f.Version, 1)
	equal(t, "number of core skills", len(f.CoreSkills), 4)
	equal(t, "number of competencies", len(f.Competencies()), 16)
	equal(t, "number of assessments", len(f.Assessments()), 15)
	equal(t, "number of alignments", len(f.Alignments), 8)
	for i, counts := range [][2]int{{4, 4}, {5, 4}, {3, 3}, {4, 4}} {
		got := [2]int{len(f.CoreSkills[i].Competencies), len(f.CoreSkills[i].Assessments)}
		equal(t, "competencies and assessments of "+f.CoreSkills[i].ID, got, counts)
	}
}

func TestFrameworkWordings(t *testing.T) {
	for i, skill := range load(t).Framework.CoreSkills {
		want := table[i]
		equal(t, "core skill", skill.ID+" "+skill.Title, want.id+" "+want.title)
		for j, competency := range skill.Competencies {
			title, id := competency.Title, fmt.Sprintf("%s-%d", skill.ID, competency.Number)
			if competency.Foundational {
				title, id = "*"+title, "supporting-instruction-adult-learners"
			}
			equal(t, "competency", title, want.competencies[j])
			equal(t, "competency id", competency.ID, id)
		}
		for j, assessment := range skill.Assessments {
			equal(t, "assessment", assessment.Title, want.assessments[j])
			equal(t, "assessment id", assessment.ID, fmt.Sprintf("%s-assessment-%d", skill.ID, j+1))
			equal(t, "competency", assessment.Competency, fmt.Sprintf("%s-%d", skill.ID, j+1))
		}
	}
}

func TestAlignments(t *testing.T) {
	want := []string{
		`The "Teacher Leadership Skills Framework" from the Center for Strengthening the Teaching Profession`,
		`The "Model Teacher Leaders Standards" (2010) from the Teacher Leadership Exploratory Consortium`,
		`The "Five-State Leadership Consortium" of the Council of Chief State School Officers (CCSSO)`,
		`The "New Teacher Center Mentor Academy" at University of California, Santa Cruz`,
		`The "BPS Dimensions of Effective Teaching" and "BPS Dimensions of Effective Leadership" from the Boston Public Schools`,
		`The "MA Professional Standards for Administrators" used for licensure in Massachusetts`,
		`The "National Board Certification for Educational Leaders" from the National Board for Professional Teaching Standards (NBPTS)`,
		`The "National Educational Technology Standards for Administrators (NETS-A)" from the International Society for Technology in Education (ISTE)`,
	}
	for i, alignment := range load(t).Framework.Alignments {
		equal(t, "alignment", alignment.Title, want[i])
	}
}
