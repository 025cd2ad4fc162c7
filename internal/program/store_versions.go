package program

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/competency"
	"github.com/btlc/btlc/ent/coreskill"
	"github.com/btlc/btlc/ent/performanceassessment"
	"github.com/btlc/btlc/ent/policyversion"
	"github.com/btlc/btlc/ent/schema"
	"github.com/btlc/btlc/internal/database"
)

// StoredID is the id under which this version of the framework is stored: `btlc-1`.
func (f *Framework) StoredID() string { return fmt.Sprintf("%s-%d", f.ID, f.Version) }

func storeFramework(ctx context.Context, tx *database.Tx, p *Program) error {
	f := &p.Framework
	id := f.StoredID()
	row, err := tx.Framework.Get(ctx, id)
	switch {
	case ent.IsNotFound(err):
		return createFramework(ctx, tx, f)
	case err != nil:
		return err
	}
	stored, err := storedFramework(ctx, tx, row)
	if err != nil {
		return err
	}
	return unchanged("framework "+id, stored, f.content())
}

func createFramework(ctx context.Context, tx *database.Tx, f *Framework) error {
	id := f.StoredID()
	if err := tx.Framework.Create().SetID(id).SetTitle(f.Title).SetVersionNumber(int32(f.Version)).SetAlignments(f.alignments()).
		SetSources(sources(f.Trace)).SetCreateTime(tx.Now).Exec(ctx); err != nil {
		return err
	}
	var skills []*ent.CoreSkillCreate
	var competencies []*ent.CompetencyCreate
	var assessments []*ent.PerformanceAssessmentCreate
	for i, s := range f.CoreSkills {
		skill, ids := newID(), map[string]uuid.UUID{}
		skills = append(skills, tx.CoreSkill.Create().SetID(skill).SetFrameworkID(id).SetCode(s.ID).SetTitle(s.Title).SetPosition(int32(i+1)))
		for _, c := range s.Competencies {
			ids[c.ID] = newID()
			competencies = append(competencies, tx.Competency.Create().SetID(ids[c.ID]).SetFrameworkID(id).SetCoreSkillID(skill).SetCode(c.ID).
				SetCompetencyNumber(int32(c.Number)).SetStatement(c.Title).SetFoundational(c.Foundational))
		}
		for _, a := range s.Assessments {
			assessments = append(assessments, tx.PerformanceAssessment.Create().SetFrameworkID(id).SetCoreSkillID(skill).SetCompetencyID(ids[a.Competency]).SetCode(a.ID).
				SetAssessmentNumber(int32(a.Number)).SetStatement(a.Title).SetSlots(a.slots()))
		}
	}
	if err := tx.CoreSkill.CreateBulk(skills...).Exec(ctx); err != nil {
		return err
	}
	if err := tx.Competency.CreateBulk(competencies...).Exec(ctx); err != nil {
		return err
	}
	return tx.PerformanceAssessment.CreateBulk(assessments...).Exec(ctx)
}

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

func (f *Framework) alignments() []string {
	titles := []string{}
	for _, a := range f.Alignments {
		titles = append(titles, a.Title)
	}
	return titles
}

func (a *Assessment) slots() []schema.EvidenceSlot {
	slots := []schema.EvidenceSlot{}
	for _, s := range a.Slots {
		slot := schema.EvidenceSlot{
			ID: s.ID, Title: s.Title, Kind: string(s.Kind), MinItems: int32(s.Min), MaxItems: int32(s.Max),
			NeedsAudience: s.NeedsAudience, NeedsColleague: s.NeedsPerson, AlternativeGroup: s.AlternativeGroup,
		}
		if s.SameAs != nil {
			slot.SameColleagueAs = s.SameAs.Assessment
		}
		slots = append(slots, slot)
	}
	return slots
}

func (f *Framework) content() content {
	c := content{}
	c.framework(f.Title, f.alignments(), f.Sources)
	for i, s := range f.CoreSkills {
		c.coreSkill(s.ID, s.Title, int32(i+1))
		for _, k := range s.Competencies {
			c.competency(k.ID, s.ID, k.Title, int32(k.Number), k.Foundational)
		}
		for _, a := range s.Assessments {
			c.assessment(a.ID, s.ID, a.Competency, a.Title, int32(a.Number), a.slots())
		}
	}
	return c
}

func storedFramework(ctx context.Context, tx *database.Tx, row *ent.Framework) (content, error) {
	skills, err := tx.CoreSkill.Query().Where(coreskill.FrameworkID(row.ID)).All(ctx)
	if err != nil {
		return nil, err
	}
	competencies, err := tx.Competency.Query().Where(competency.FrameworkID(row.ID)).WithCoreSkill().All(ctx)
	if err != nil {
		return nil, err
	}
	assessments, err := tx.PerformanceAssessment.Query().Where(performanceassessment.FrameworkID(row.ID)).WithCoreSkill().WithCompetency().All(ctx)
	if err != nil {
		return nil, err
	}
	c := content{}
	c.framework(row.Title, row.Alignments, row.Sources)
	for _, s := range skills {
		c.coreSkill(s.Code, s.Title, s.Position)
	}
	for _, k := range competencies {
		c.competency(k.Code, k.Edges.CoreSkill.Code, k.Statement, k.CompetencyNumber, k.Foundational)
	}
	for _, a := range assessments {
		c.assessment(a.Code, a.Edges.CoreSkill.Code, a.Edges.Competency.Code, a.Statement, a.AssessmentNumber, a.Slots)
	}
	return c, nil
}

func (c content) framework(title string, alignments, sources []string) {
	c.put("title", title)
	c.put("alignments", alignments)
	c.put("sources", sources)
}

func (c content) coreSkill(id, title string, position int32) {
	c.put("core skill "+id, title, position)
}

func (c content) competency(id, skill, statement string, number int32, foundational bool) {
	c.put("competency "+id, skill, statement, number, foundational)
}

func (c content) assessment(id, skill, competency, statement string, number int32, slots []schema.EvidenceSlot) {
	c.put("assessment "+id, skill, competency, statement, number)
	for i, s := range slots {
		c.put("assessment "+id+" slot "+s.ID, i, s)
	}
}

func storeCourseVersions(ctx context.Context, tx *database.Tx, p *Program) error {
	rows, err := tx.CourseVersion.Query().All(ctx)
	if err != nil {
		return err
	}
	stored := byID(rows, func(r *ent.CourseVersion) string { return courseVersion(r.CourseID, r.VersionNumber) })
	for _, course := range p.Courses {
		v := course.Version
		name := courseVersion(course.ID, int32(v.Number))
		wanted := v.row()
		if row := stored[name]; row != nil {
			if err := keepCourseVersion(ctx, name, row, wanted); err != nil {
				return err
			}
			continue
		}
		if err := tx.CourseVersion.Create().SetCourseID(course.ID).SetVersionNumber(int32(v.Number)).SetContactMinutes(wanted.ContactMinutes).
			SetWeeks(wanted.Weeks).SetMeetingCount(wanted.MeetingCount).SetFeeCurrency(wanted.FeeCurrency).SetFeeUnits(wanted.FeeUnits).SetCredits(wanted.Credits).
			SetAttendanceEntryDays(wanted.AttendanceEntryDays).SetSessionPattern(wanted.SessionPattern).SetSources(wanted.Sources).SetAssumptions(wanted.Assumptions).
			SetCreateTime(tx.Now).Exec(ctx); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// keepCourseVersion leaves a stored version as it is. One without a session pattern is from before there were any, and
// gets what the files say.
func keepCourseVersion(ctx context.Context, name string, row, wanted *ent.CourseVersion) error {
	patternless := len(row.SessionPattern) == 0
	if patternless {
		row.SessionPattern = wanted.SessionPattern
	}
	if err := unchanged(name, courseVersionContent(row), courseVersionContent(wanted)); err != nil || !patternless {
		return err
	}
	if err := row.Update().SetSessionPattern(wanted.SessionPattern).Exec(ctx); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func courseVersion(course string, number int32) string {
	return fmt.Sprintf("course %s version %d", course, number)
}

// row is the version as the table has it.
func (v CourseVersion) row() *ent.CourseVersion {
	meetings, pattern := 0, []schema.SessionPattern{}
	for _, m := range v.Meetings {
		meetings += m.Count
		pattern = append(pattern, schema.SessionPattern{Kind: strings.ToUpper(m.Kind), Count: int32(m.Count), StartMinute: int32(m.Start), EndMinute: int32(m.End)})
	}
	return &ent.CourseVersion{
		ContactMinutes: int32(v.Minutes()), Weeks: int32(v.Weeks), MeetingCount: int32(meetings), FeeCurrency: v.Fee.Currency, FeeUnits: int64(v.Fee.Amount),
		Credits: int32(v.GraduateCredits), AttendanceEntryDays: int32(v.AttendanceEntryDays.Value), SessionPattern: pattern,
		Sources: sources(v.Trace), Assumptions: assumptions(v.Trace, v.AttendanceEntryDays.Trace),
	}
}

func courseVersionContent(row *ent.CourseVersion) content {
	c := content{}
	c.put("meetings", row.ContactMinutes, row.Weeks, row.MeetingCount)
	c.put("fee", row.FeeUnits, row.FeeCurrency)
	c.put("graduateCredits", row.Credits)
	c.put("attendanceEntryDays", row.AttendanceEntryDays)
	c.put("session pattern", row.SessionPattern)
	c.put("sources", row.Sources)
	c.put("assumptions", row.Assumptions)
	return c
}

func storePolicies(ctx context.Context, tx *database.Tx, p *Program) error {
	rows, err := tx.PolicyVersion.Query().All(ctx)
	if err != nil {
		return err
	}
	stored := byID(rows, func(r *ent.PolicyVersion) string { return policyVersion(r.Policy, r.VersionNumber) })
	for _, policy := range p.Policies {
		name, requirements := policyVersion(policy.ID, int32(policy.Version)), policy.requirements()
		if row := stored[name]; row != nil {
			if err := unchanged(name, policyContent(row.Title, row.Requirements, row.ValidityMonths), policyContent(policy.Title, requirements, nil)); err != nil {
				return err
			}
			continue
		}
		if err := tx.PolicyVersion.Create().SetPolicy(policy.ID).SetVersionNumber(int32(policy.Version)).SetTitle(policy.Title).SetRequirements(requirements).
			SetCreateTime(tx.Now).Exec(ctx); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func policyVersion(policy string, number int32) string {
	return fmt.Sprintf("policy %s version %d", policy, number)
}

func (p *Policy) requirements() []schema.Requirement {
	requirements := []schema.Requirement{}
	for _, r := range p.Requirements {
		requirements = append(requirements, schema.Requirement{ID: r.ID, Title: r.Title, Citation: r.Citation, Expression: r.Expression, Unmet: r.Unmet, Assumption: r.Assumption})
	}
	return requirements
}

// policyContent is what a version says. Awards by the files' versions always count.
func policyContent(title string, requirements []schema.Requirement, validityMonths *int32) content {
	c := content{}
	c.put("title", title)
	if validityMonths != nil {
		c.put("validity months", *validityMonths)
	}
	for i, r := range requirements {
		c.put("requirement "+r.ID, i, r)
	}
	return c
}

// latestPolicyVersions are the rows of the latest versions, by policy.
func latestPolicyVersions(ctx context.Context, tx *database.Tx) (map[string]uuid.UUID, error) {
	rows, err := tx.PolicyVersion.Query().Order(ent.Asc(policyversion.FieldVersionNumber)).All(ctx)
	ids := map[string]uuid.UUID{}
	for _, row := range rows {
		ids[row.Policy] = row.ID
	}
	return ids, err
}
