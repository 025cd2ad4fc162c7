package program

import (
	"testing"
	"time"
)

func load(t *testing.T) *Program {
	t.Helper()
	p, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func TestCertificatesPoliciesRoles(t *testing.T) {
	p := load(t)
	equal(t, "number of credential types", len(p.CredentialTypes), 5)
	full := p.CredentialTypes[4]
	equal(t, "the full credential", full.ID+" "+full.Course+" "+full.Policy, "btlc-credential  full-credential")
	for _, credential := range p.CredentialTypes[:4] {
		equal(t, "id", credential.ID, credential.Course+"-certificate")
		equal(t, "policy", credential.Policy, "course-certificate")
	}
	equal(t, "number of policies", len(p.Policies), 6)
	equal(t, "number of role families", len(p.RoleFamilies), 4)
	equal(t, "number of informal ways", len(p.InformalWays), 3)
	equal(t, "number of institutions", len(p.Institutions), 2)
	equal(t, "number of resources", len(p.Resources), 7)
	for _, role := range p.Roles {
		if role.Assumption {
			t.Errorf("role %s: the catalogue holds only roles that a source names", role.ID)
		}
	}
}

func TestUnknownIsEmpty(t *testing.T) {
	p := load(t)
	for _, agreement := range p.Agreements {
		if agreement.EndYear != nil || agreement.DegreeEligible != nil || !agreement.StartYear.Assumption {
			t.Errorf("agreement %s: the sources give neither dates nor degree eligibility", agreement.ID)
		}
		if known := agreement.Credits != nil; known != (agreement.Institution == "umass-boston") {
			t.Errorf("agreement %s: only UMass Boston's number of credits is known", agreement.ID)
		}
	}
}

func TestCourses(t *testing.T) {
	p := load(t)
	equal(t, "number of courses", len(p.Courses), 4)
	for _, course := range p.Courses {
		equal(t, "id", course.ID, course.CoreSkill)
		v := course.Version
		equal(t, "hours", v.Hours, 36)
		equal(t, "minutes of all meetings", v.Minutes(), 36*60)
		equal(t, "weeks", v.Weeks, 12)
		equal(t, "kinds of meetings", len(v.Meetings), 2)
		equal(t, "evenings", v.Meetings[0], Meetings{"evening", 8, 16*60 + 30, 19*60 + 30})
		equal(t, "minutes of evenings", v.Meetings[0].Minutes(), 24*60)
		equal(t, "Saturdays", v.Meetings[1], Meetings{"saturday", 3, 8*60 + 30, 12*60 + 30})
		equal(t, "minutes of Saturdays", v.Meetings[1].Minutes(), 12*60)
		equal(t, "meetings", v.Meetings[0].Count+v.Meetings[1].Count, 11)
		equal(t, "fee", v.Fee, Money{1000, "USD"})
		equal(t, "graduate credits", v.GraduateCredits, 3)
		equal(t, "days for entering attendance", v.AttendanceEntryDays.Value, 1)
		equal(t, "that is an assumption", v.AttendanceEntryDays.Assumption, true)
		if _, err := time.LoadLocation(v.TimeZone); err != nil {
			t.Error(err)
		}
		equal(t, "is the first term known", course.FirstOffered != nil, course.ID == "using-data")
	}
	equal(t, "first term of Using Data", *p.Courses[0].FirstOffered, Term{"spring", 2011})
}

func TestEveryDataFileIsRead(t *testing.T) {
	entries, err := data.ReadDir("data")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "number of data files", len(entries), len(files))
}
