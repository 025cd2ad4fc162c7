package openbadge

import "strings"

// Achievement is what was achieved.
type Achievement struct {
	ID          string // URI
	Name        string
	Description string
	// CriteriaNarrative is what it takes to earn it; Markdown. CriteriaURL is a page that says so;
	// may be empty.
	CriteriaNarrative, CriteriaURL string
	AchievementType                string   // a term of Open Badges, or "ext:…" for one of our own; may be empty
	Creator                        *Profile // who defined it, when it is not the issuer
	Image                          Image
	Tags                           []string
	FieldOfStudy, Specialization   string  // may be empty
	CreditsAvailable               float64 // the number of credits that it can bring; 0 when none is known
	Alignments                     []Alignment
	ResultDescriptions             []ResultDescription
}

// Alignment ties something to an item of a framework, or to a standard. Name and URL are required.
type Alignment struct {
	TargetName        string
	TargetURL         string
	TargetDescription string
	TargetFramework   string
	TargetCode        string
	TargetType        string
}

// The vocabularies of Open Badges 3.0: AchievementType and AlignmentTargetType.
var (
	achievementTypes = strings.Fields(`Achievement ApprenticeshipCertificate Assessment Assignment
		AssociateDegree Award Badge BachelorDegree Certificate CertificateOfCompletion Certification
		CommunityService Competency Course CoCurricular Degree Diploma DoctoralDegree Fieldwork
		GeneralEducationDevelopment JourneymanCertificate LearningProgram License Membership
		ProfessionalDoctorate QualityAssuranceCredential MasterCertificate MasterDegree
		MicroCredential ResearchDoctorate SecondarySchoolDiploma`)
	targetTypes = strings.Fields(`ceasn:Competency ceterms:Credential CFItem CFRubric
		CFRubricCriterion CFRubricCriterionLevel CTDL`)
)

func (a Achievement) object() map[string]any {
	criteria := map[string]any{"narrative": a.CriteriaNarrative}
	set(criteria, "id", a.CriteriaURL)
	object := map[string]any{
		"id":          a.ID,
		"type":        []any{"Achievement"},
		"name":        a.Name,
		"description": a.Description,
		"criteria":    criteria,
	}
	set(object, "achievementType", a.AchievementType)
	if a.Creator != nil {
		object["creator"] = a.Creator.object()
	}
	a.Image.setIn(object)
	setStrings(object, "tag", a.Tags)
	set(object, "fieldOfStudy", a.FieldOfStudy)
	set(object, "specialization", a.Specialization)
	setNumber(object, "creditsAvailable", a.CreditsAvailable)
	setList(object, "alignment", a.Alignments)
	setList(object, "resultDescription", a.ResultDescriptions)
	return object
}

func (a Alignment) object() map[string]any {
	object := map[string]any{
		"type":       []any{"Alignment"},
		"targetName": a.TargetName,
		"targetUrl":  a.TargetURL,
	}
	set(object, "targetDescription", a.TargetDescription)
	set(object, "targetFramework", a.TargetFramework)
	set(object, "targetCode", a.TargetCode)
	set(object, "targetType", a.TargetType)
	return object
}

// check finds the faults of an achievement that stands at a place of the document.
func (a Achievement) check(f *faults, at string) {
	f.member(isURI(a.ID), at, ".id", notURI)
	f.member(a.Name != "", at, ".name", empty)
	f.member(a.Description != "", at, ".description", empty)
	f.member(a.CriteriaNarrative != "", at, ".criteria.narrative", empty)
	f.member(a.CriteriaURL == "" || isURL(a.CriteriaURL), at, ".criteria.id", notURL)
	f.member(isTerm(a.AchievementType, achievementTypes), at, ".achievementType", notTerm)
	if a.Creator != nil {
		a.Creator.check(f, at+".creator")
	}
	a.Image.check(f, at+".image")
	for i, tag := range a.Tags {
		f.require(tag != "", item(at+".tag", i), empty)
	}
	f.member(isCredits(a.CreditsAvailable), at, ".creditsAvailable", notCredits)
	checkAlignments(f, at, a.Alignments)
	ids := map[string]bool{}
	for i, description := range a.ResultDescriptions {
		description.check(f, item(at+".resultDescription", i), ids)
	}
}

func checkAlignments(f *faults, at string, alignments []Alignment) {
	for i, alignment := range alignments {
		at := item(at+".alignment", i)
		f.member(alignment.TargetName != "", at, ".targetName", empty)
		f.member(isURL(alignment.TargetURL), at, ".targetUrl", notURL)
		f.member(isTerm(alignment.TargetType, targetTypes), at, ".targetType", notTerm)
	}
}
