package demo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"google.golang.org/genproto/googleapis/type/money"

	assessmentpb "github.com/btlc/btlc/gen/go/btlc/assessment/v1"
	credentialpb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	enrollmentpb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
)

// catalog is what of the program's data the courses go by.
type catalog struct {
	framework   string
	courses     map[string]offering // by id
	institution string
	// fullCredential is the type of the credential that rests on the certificates of all courses.
	fullCredential string
}

// offering is a course as it is offered.
type offering struct {
	title, version, credentialType string
	fee                            *money.Money
	assessments                    []*assessmentpb.PerformanceAssessment
}

func (l *loader) readCatalog(ctx context.Context) (*catalog, error) {
	c := &catalog{courses: map[string]offering{}, institution: keyInstitution}
	ctx = l.staff.as(ctx)
	frameworks, err := l.assessment.ListFrameworks(ctx, &assessmentpb.ListFrameworksRequest{OrderBy: "version_number desc", PageSize: 1})
	if err != nil {
		return nil, err
	}
	types, err := l.credential.ListCredentialTypes(ctx, &credentialpb.ListCredentialTypesRequest{PageSize: 1000})
	if err != nil {
		return nil, err
	}
	for _, ct := range types.CredentialTypes {
		if ct.Course == "" {
			c.fullCredential = ct.Name
		}
	}
	for _, id := range courses {
		course, err := l.enrollment.GetCourse(ctx, &enrollmentpb.GetCourseRequest{Name: "courses/" + id})
		if err != nil {
			return nil, err
		}
		version, err := l.enrollment.GetCourseVersion(ctx, &enrollmentpb.GetCourseVersionRequest{Name: course.Course.LatestVersion})
		if err != nil {
			return nil, err
		}
		offered := offering{title: course.Course.Title, version: course.Course.LatestVersion, fee: version.CourseVersion.Fee}
		for _, f := range frameworks.Frameworks {
			c.framework = f.Name
			for _, skill := range f.CoreSkills {
				if skill.Id == course.Course.CoreSkill {
					offered.assessments = skill.PerformanceAssessments
				}
			}
		}
		for _, ct := range types.CredentialTypes {
			if ct.Course == course.Course.Name {
				offered.credentialType = ct.Name
			}
		}
		c.courses[id] = offered
	}
	return c, nil
}

// registration is what somebody says when they ask for a seat.
func (c *catalog) registration(of *seat) *enrollmentpb.Registration {
	return &enrollmentpb.Registration{Educator: of.person.name, AcknowledgedFramework: c.framework, Strengths: of.strengths, LearningGoals: of.goals, Payer: of.person.payer(of.number)}
}

var audiences = []string{"The grade level team", "Families at the open evening", "The school's leadership team", "The whole faculty"}

// evidence fills the slots of an assessment: as many items as each asks for, and one of the alternatives.
func evidence(a *assessmentpb.PerformanceAssessment, of *person, attempt int) []*assessmentpb.Evidence {
	var items []*assessmentpb.Evidence
	chosen := map[string]bool{}
	for _, slot := range a.Slots {
		if slot.AlternativeGroup != "" {
			if chosen[slot.AlternativeGroup] {
				continue
			}
			chosen[slot.AlternativeGroup] = true
		}
		for i := range int(slot.MinItems) {
			file := fmt.Sprintf("%s/%d/%s-%d", a.Id, attempt, slot.Id, i+1)
			sum := sha256.Sum256([]byte(of.email + "/" + file))
			item := &assessmentpb.Evidence{Slot: slot.Id, Title: slot.Title, Uri: "https://files.example.org/" + hex.EncodeToString(sum[:8]), Sha256: hex.EncodeToString(sum[:])}
			if slot.NeedsAudience {
				item.Audience = audiences[i%len(audiences)]
			}
			if slot.NeedsColleague {
				item.Colleague, item.ColleagueConsents = of.colleague().name, true
			}
			items = append(items, item)
		}
	}
	return items
}

// colleague is the one at the school whose teaching the person observes.
func (p *person) colleague() *person {
	for i, other := range p.school.staff {
		if other == p {
			return p.school.staff[(i+1)%len(p.school.staff)]
		}
	}
	return p
}
