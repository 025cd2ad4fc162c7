package program

import (
	"errors"
	"slices"
	"testing"
)

// Each case breaks one thing in the good data, and tells the fault that must come of it.
func TestValidateFaults(t *testing.T) {
	const skill = "framework.yaml: framework.coreSkills[using-data]"
	slots := func(p *Program, assessment int) []Slot {
		return p.Framework.CoreSkills[0].Assessments[assessment].Slots
	}
	seven := 7
	no := 0

	cases := []struct {
		name   string
		damage func(p *Program)
		fault  string
	}{
		{"no trace", func(p *Program) { p.Roles[0].Sources = nil },
			"roles.yaml: roles[mentor]: has no sources and is no assumption"},
		{"unknown source", func(p *Program) { p.Framework.Alignments[0].Sources = []string{"S9"} },
			`framework.yaml: framework.alignments[cstp-teacher-leadership-skills-framework].sources: no source "S9"`},
		{"source twice", func(p *Program) { p.InformalWays[0].Sources = []string{"S1", "S1"} },
			"roles.yaml: informalWays[asking-critical-questions].sources: names a source twice"},
		{"silent assumption", func(p *Program) { p.Courses[0].Version.AttendanceEntryDays.Note = "one day" },
			"courses.yaml: courses[using-data].version.attendanceEntryDays: is an assumption, but its text does not say so"},
		{"silent requirement", func(p *Program) { p.Policies[5].Requirements[3].Citation = "S4" },
			"policies.yaml: policies[graduate-credit@1].requirements[contact-hours]: is an assumption, but its text does not say so"},
		{"bad id", func(p *Program) { p.Resources[0].ID = "The Template" },
			`resources.yaml: resources[The Template].id: "The Template" is not an id: lower-case words joined by hyphens`},
		{"no id", func(p *Program) { p.Resources[0].ID = "" },
			`resources.yaml: resources[0].id: "" is not an id: lower-case words joined by hyphens`},
		{"id twice", func(p *Program) { p.Roles[1].ID = "mentor" },
			`roles.yaml: roles: id "mentor" is used twice`},
		{"no title", func(p *Program) { p.Institutions[1].Title = "" },
			"institutions.yaml: institutions[cambridge-college].title: empty"},

		{"framework version", func(p *Program) { p.Framework.Version = 0 },
			"framework.yaml: framework.version: is 0, but versions begin with 1"},
		{"no core skills", func(p *Program) { p.Framework.CoreSkills = nil },
			"framework.yaml: framework.coreSkills: empty"},
		{"competency of two skills", func(p *Program) {
			p.Framework.CoreSkills[1].Competencies[4].ID = "using-data-1"
		}, `framework.yaml: framework.coreSkills: id "using-data-1" is used twice`},
		{"competency number", func(p *Program) { p.Framework.CoreSkills[0].Competencies[1].Number = 3 },
			skill + ".competencies[using-data-2].number: is 3, but 2 is next"},
		{"foundational number", func(p *Program) { p.Framework.CoreSkills[1].Competencies[0].Number = 1 },
			"framework.yaml: framework.coreSkills[supporting-instruction].competencies[supporting-instruction-adult-learners].number: is 1, but a foundational competency has number 0"},
		{"foundational assessed", func(p *Program) {
			p.Framework.CoreSkills[1].Assessments[0].Competency = "supporting-instruction-adult-learners"
		}, "framework.yaml: framework.coreSkills[supporting-instruction].competencies[supporting-instruction-adult-learners]: is foundational, but has an assessment"},
		{"competency not assessed", func(p *Program) { p.Framework.CoreSkills[0].Assessments[0].Competency = "using-data-2" },
			skill + ".competencies[using-data-1]: no assessment demonstrates it"},
		{"competency of another skill", func(p *Program) { p.Framework.CoreSkills[0].Assessments[0].Competency = "shared-leadership-1" },
			skill + `.assessments[using-data-assessment-1].competency: no competency of this core skill "shared-leadership-1"`},
		{"assessment number", func(p *Program) { p.Framework.CoreSkills[0].Assessments[3].Number = 5 },
			skill + ".assessments[using-data-assessment-4].number: is 5, but 4 is next"},

		{"no slots", func(p *Program) { p.Framework.CoreSkills[0].Assessments[0].Slots = nil },
			skill + ".assessments[using-data-assessment-1].slots: empty: nothing says what completes the assessment"},
		{"slot kind", func(p *Program) { slots(p, 0)[1].Kind = "data" },
			skill + `.assessments[using-data-assessment-1].slots[data-sources].kind: unknown kind of evidence "data"`},
		{"slot wording", func(p *Program) { slots(p, 0)[1].Wording = "two data sources" },
			skill + `.assessments[using-data-assessment-1].slots[data-sources].wording: "two data sources" is not in the assessment's title`},
		{"slot min", func(p *Program) { slots(p, 0)[1].Min = 0 },
			skill + ".assessments[using-data-assessment-1].slots[data-sources].min: is 0, but a slot asks for 1 at least"},
		{"slot max", func(p *Program) { slots(p, 0)[1].Max = 1 },
			skill + ".assessments[using-data-assessment-1].slots[data-sources].max: is 1, below min 2"},
		{"lone alternative", func(p *Program) { slots(p, 1)[1].AlternativeGroup = "" },
			skill + `.assessments[using-data-assessment-2].slots[implement].alternativeGroup: no other slot is in "implement-or-lead", so there is no alternative`},
		{"sameAs without person", func(p *Program) {
			slots(p, 0)[0].SameAs = &SlotRef{"supporting-instruction-assessment-1", "colleague-teaching"}
		}, skill + ".assessments[using-data-assessment-1].slots[problem].sameAs: the slot itself names no person"},
		{"sameAs nobody", func(p *Program) {
			slots(p, 0)[0].NeedsPerson = true
			slots(p, 0)[0].SameAs = &SlotRef{"supporting-instruction-assessment-1", "own-teaching"}
		}, skill + `.assessments[using-data-assessment-1].slots[problem].sameAs: slot "own-teaching" of "supporting-instruction-assessment-1" does not name exactly one person`},
		{"sameAs nowhere", func(p *Program) {
			slots(p, 0)[0].NeedsPerson = true
			slots(p, 0)[0].SameAs = &SlotRef{"using-data-assessment-1", "x"}
		}, skill + `.assessments[using-data-assessment-1].slots[problem].sameAs: no slot "x" of an assessment "using-data-assessment-1"`},
		{"sameAs itself", func(p *Program) {
			slots(p, 0)[0].NeedsPerson = true
			slots(p, 0)[0].SameAs = &SlotRef{"using-data-assessment-1", "problem"}
		}, skill + ".assessments[using-data-assessment-1].slots[problem].sameAs: names the slot itself"},

		{"hours", func(p *Program) { p.Courses[0].Version.Hours = 40 },
			"courses.yaml: courses[using-data].version.hours: is 40, but the meetings take 2160 minutes"},
		{"meeting backwards", func(p *Program) {
			p.Courses[0].Version.Meetings = []Meetings{{"evening", 1, 0, 48 * 60}, {"evening", 2, 720, 360}}
		}, "courses.yaml: courses[using-data].version.meetings[1]: ends at 06:00, not after 12:00"},
		{"core skill of a course", func(p *Program) { p.Courses[0].CoreSkill = "cooking" },
			`courses.yaml: courses[using-data].coreSkill: no core skill "cooking"`},
		{"core skill without course", func(p *Program) { p.Courses[1].CoreSkill = "shared-leadership" },
			"framework.yaml: framework.coreSkills[supporting-instruction]: has 0 courses, not 1"},
		{"season", func(p *Program) { p.Courses[0].FirstOffered = &Term{"summer", 2011} },
			`courses.yaml: courses[using-data].firstOffered.season: unknown season "summer"`},
		{"currency", func(p *Program) { p.Courses[0].Version.Fee.Currency = "$" },
			`courses.yaml: courses[using-data].version.fee.currency: "$" is not a currency code`},

		{"course of a certificate", func(p *Program) { p.CredentialTypes[0].Course = "x" },
			`credentialtypes.yaml: credentialTypes[using-data-certificate].course: no course "x"`},
		{"policy of a certificate", func(p *Program) { p.CredentialTypes[0].Policy = "x" },
			`credentialtypes.yaml: credentialTypes[using-data-certificate].policy: no policy "x"`},
		{"achievement type", func(p *Program) { p.CredentialTypes[0].AchievementType = "Certificat" },
			`credentialtypes.yaml: credentialTypes[using-data-certificate].achievementType: unknown type of achievement "Certificat"`},
		{"no requirements", func(p *Program) { p.Policies[0].Requirements = nil },
			"policies.yaml: policies[registration@1].requirements: empty: everybody would meet the policy"},
		{"no expression", func(p *Program) { p.Policies[0].Requirements[0].Expression = "" },
			"policies.yaml: policies[registration@1].requirements[leadership-role].expression: empty"},
		{"policy gone", func(p *Program) { p.Policies = p.Policies[2:] },
			`policies.yaml: policies: no policy "registration"`},
		{"version twice", func(p *Program) { p.Policies[1].Version = 1 },
			`policies.yaml: policies: id "registration@1" is used twice`},
		{"version before the last one", func(p *Program) { p.Policies[0], p.Policies[1] = p.Policies[1], p.Policies[0] },
			"policies.yaml: policies[registration@1]: comes after version 2, dated 2026-11-23: versions are listed as they came"},
		{"version older than the last one", func(p *Program) { p.Policies[1].Dated = p.Policies[0].Dated.AddDate(-1, 0, 0) },
			"policies.yaml: policies[registration@2]: comes after version 1, dated 2026-11-22: versions are listed as they came"},

		{"role family", func(p *Program) { p.Roles[0].Family = "x" },
			`roles.yaml: roles[mentor].family: no role family "x"`},
		{"family any", func(p *Program) { p.RoleFamilies[0].ID = "any" },
			`rolefamilies.yaml: roleFamilies[any].id: "any" means every family`},
		{"institution", func(p *Program) { p.Agreements[0].Institution = "x" },
			`institutions.yaml: agreements[umass-boston].institution: no institution "x"`},
		{"course of an agreement", func(p *Program) { p.Agreements[0].Courses[0] = "x" },
			`institutions.yaml: agreements[umass-boston].courses: no course "x"`},
		{"end before start", func(p *Program) { p.Agreements[0].EndYear = &seven },
			"institutions.yaml: agreements[umass-boston].endYear: is before the start"},
		{"credits zero", func(p *Program) { p.Agreements[0].Credits = &no },
			"institutions.yaml: agreements[umass-boston].credits: must be above 0, or null when unknown"},
		{"core skill of a resource", func(p *Program) { p.Resources[2].CoreSkills[0] = "x" },
			`resources.yaml: resources[chart-of-key-principal-moves].coreSkills: no core skill "x"`},
		{"minutes of a point", func(p *Program) { p.PDPRules[0].MinutesPerPoint = 0 },
			`pdps.yaml: pdpRules[clock-hours].minutesPerPoint: must be positive`},
		{"resource kind", func(p *Program) { p.Resources[0].Kind = "x" },
			`resources.yaml: resources[role-job-description-template].kind: unknown kind of resource "x"`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { wantFault(t, c.damage, c.fault) })
	}
}

// wantFault breaks one thing in the good data, of which the fault must come.
func wantFault(t *testing.T, damage func(p *Program), fault string) {
	t.Helper()
	p := load(t)
	damage(p)
	var faults Faults
	if !errors.As(p.Validate(), &faults) {
		t.Fatal("found nothing wrong")
	}
	if !slices.ContainsFunc(faults, func(f Fault) bool { return f.String() == fault }) {
		t.Errorf("got\n%v\nwant\n%s", faults, fault)
	}
}

func TestValidateReportsAll(t *testing.T) {
	p := load(t)
	p.Roles[0].Family = "x"
	p.Resources[0].Kind = "x"
	p.Courses[0].Version.Weeks = 0
	want := `courses.yaml: courses[using-data].version.weeks: is 0
roles.yaml: roles[mentor].family: no role family "x"
resources.yaml: resources[role-job-description-template].kind: unknown kind of resource "x"`
	equal(t, "error", p.Validate().Error(), want)
}
