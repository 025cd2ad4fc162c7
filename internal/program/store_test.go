package program_test

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/agreement"
	"github.com/btlc/btlc/ent/agreementcourse"
	"github.com/btlc/btlc/ent/courseversion"
	"github.com/btlc/btlc/ent/credentialtype"
	"github.com/btlc/btlc/ent/migrate/migrations"
	"github.com/btlc/btlc/ent/performanceassessment"
	"github.com/btlc/btlc/ent/policyversion"
	"github.com/btlc/btlc/ent/role"
	"github.com/btlc/btlc/ent/schema"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/database/databasetest"
	"github.com/btlc/btlc/internal/program"
)

func TestMain(m *testing.M) { databasetest.Main(m) }

func open(t *testing.T) (*database.DB, *sql.DB) {
	t.Helper()
	pool, err := database.Open(t.Context(), databasetest.New(t, migrations.FS), database.PoolOptions{MaxConns: 8})
	if err != nil {
		t.Fatal(err)
	}
	db := database.NewDB(pool, nil)
	t.Cleanup(func() {
		db.Close()
		_ = pool.Close() // the database is dropped next
	})
	return db, pool
}

func load(t *testing.T) *program.Program {
	t.Helper()
	p, err := program.Load()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func store(t *testing.T, db *database.DB, p *program.Program) {
	t.Helper()
	if err := program.Store(t.Context(), db, p); err != nil {
		t.Fatal(err)
	}
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// dump is every row of the program's tables, as text.
func dump(t *testing.T, pool *sql.DB) string {
	t.Helper()
	var b strings.Builder
	for _, table := range []string{
		"role_families", "courses", "course_versions", "frameworks", "core_skills", "competencies", "performance_assessments",
		"policy_versions", "credential_types", "institutions", "agreements", "agreement_courses",
	} {
		var text string
		if err := pool.QueryRowContext(t.Context(), "SELECT coalesce(string_agg(r::text || ' ' || r.xmin, E'\n' ORDER BY r::text), '') FROM "+table+" r").Scan(&text); err != nil {
			t.Fatal(err)
		}
		if text == "" {
			t.Errorf("%s is empty", table)
		}
		b.WriteString(table + "\n" + text + "\n")
	}
	return b.String()
}

func TestStoreTwiceChangesNothing(t *testing.T) {
	db, pool := open(t)
	store(t, db, load(t))
	before := dump(t, pool)
	store(t, db, load(t))
	if after := dump(t, pool); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

func TestStoreByManyAtOnce(t *testing.T) {
	db, _ := open(t)
	p := load(t)
	var servers sync.WaitGroup
	for range 6 {
		servers.Go(func() {
			if err := program.Store(context.WithoutCancel(t.Context()), db, p); err != nil {
				t.Error(err)
			}
		})
	}
	servers.Wait()
	if n := must[int](t)(db.Ent().Competency.Query().Count(t.Context())); n != 16 {
		t.Errorf("%d competencies, want 16", n)
	}
}

func TestStored(t *testing.T) {
	db, _ := open(t)
	p := load(t)
	store(t, db, p)
	ctx := t.Context()

	framework := must[*ent.Framework](t)(db.Ent().Framework.Get(ctx, "btlc-1"))
	if framework.VersionNumber != 1 || len(framework.Alignments) != 8 {
		t.Errorf("framework: %v", framework)
	}
	conference := must[*ent.PerformanceAssessment](t)(db.Ent().PerformanceAssessment.Query().
		Where(performanceassessment.Code("supporting-instruction-assessment-2")).WithCompetency().Only(ctx))
	want := schema.EvidenceSlot{
		ID: "conference", Title: "Conference with the colleague whose teaching you observed", Kind: "conference", MinItems: 1, MaxItems: 1,
		NeedsColleague: true, SameColleagueAs: "supporting-instruction-assessment-1",
	}
	if len(conference.Slots) != 1 || conference.Slots[0] != want || conference.Edges.Competency.Code != "supporting-instruction-2" {
		t.Errorf("conference: %v", conference)
	}
	for _, v := range must[[]*ent.CourseVersion](t)(db.Ent().CourseVersion.Query().All(ctx)) {
		pattern := []schema.SessionPattern{{Kind: "EVENING", Count: 8, StartMinute: 990, EndMinute: 1170}, {Kind: "SATURDAY", Count: 3, StartMinute: 510, EndMinute: 750}}
		if v.ContactMinutes != 2160 || v.MeetingCount != 11 || v.FeeUnits != 1000 || len(v.Assumptions) != 1 || !slices.Equal(v.SessionPattern, pattern) {
			t.Errorf("course version: %v", v)
		}
	}
	for _, c := range must[[]*ent.CredentialType](t)(db.Ent().CredentialType.Query().WithPolicyVersion().All(ctx)) {
		policy := "course-certificate"
		if c.CourseID == "" {
			policy = "full-credential"
		}
		if v := c.Edges.PolicyVersion; v.Policy != policy || v.VersionNumber != 1 || (policy == "full-credential") != (c.ID == "btlc-credential") {
			t.Errorf("policy of %s: %v", c.ID, v)
		}
	}
}

func TestOnlyKnownAgreementsAreStored(t *testing.T) {
	db, _ := open(t)
	store(t, db, load(t))
	ctx := t.Context()
	a := must[*ent.Agreement](t)(db.Ent().Agreement.Query().Only(ctx))
	if a.InstitutionID != "umass-boston" || a.Credits != 3 || a.DegreeEligibility != "UNKNOWN" || a.EndDate != nil ||
		!a.StartDate.Equal(time.Date(2012, 1, 1, 0, 0, 0, 0, time.UTC)) || !strings.HasPrefix(a.Assumption, "assumption:") {
		t.Errorf("agreement: %v", a)
	}
	if n := must[int](t)(db.Ent().AgreementCourse.Query().Where(agreementcourse.AgreementID(a.ID)).Count(ctx)); n != 4 {
		t.Errorf("%d courses, want 4", n)
	}
}

// What staff have changed, or added, a restart leaves as it is.
func TestStoreLeavesTheStaffsWork(t *testing.T) {
	db, pool := open(t)
	p := load(t)
	store(t, db, p)
	ctx := t.Context()
	if err := db.Ent().Agreement.Update().SetAssumption("").SetCredits(4).Exec(ctx); err != nil {
		t.Fatal(err)
	}
	if err := db.Ent().Agreement.Create().SetInstitutionID("cambridge-college").SetCredits(3).SetDegreeEligibility("UNKNOWN").SetStartDate(time.Now()).Exec(ctx); err != nil {
		t.Fatal(err)
	}
	if err := db.Ent().Institution.UpdateOneID("umass-boston").SetDisplayName("University").Exec(ctx); err != nil {
		t.Fatal(err)
	}
	before := dump(t, pool)
	store(t, db, p)
	if after := dump(t, pool); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
	if n := must[int](t)(db.Ent().Agreement.Query().Where(agreement.Credits(4)).Count(ctx)); n != 1 {
		t.Errorf("%d changed agreements, want 1", n)
	}
}

func TestAStoredVersionNeverChanges(t *testing.T) {
	db, pool := open(t)
	store(t, db, load(t))
	before := dump(t, pool)
	for want, change := range map[string]func(p *program.Program){
		"framework btlc-1":  func(p *program.Program) { p.Framework.CoreSkills[0].Competencies[0].Title += "!" },
		"slot data-sources": func(p *program.Program) { p.Framework.CoreSkills[0].Assessments[0].Slots[1].Min = 3 },
		"assessment shared-leadership-assessment-3": func(p *program.Program) {
			p.Framework.CoreSkills[2].Assessments = p.Framework.CoreSkills[2].Assessments[:2]
		},
		"policy registration version 1": func(p *program.Program) { p.Policies[0].Requirements[0].Expression = "true" },
		"course using-data version 1":   func(p *program.Program) { p.Courses[0].Version.Fee.Amount = 1200 },
		"course shared-leadership version 1 is stored and the files say otherwise (session pattern)": func(p *program.Program) {
			evenings := &p.Courses[2].Version.Meetings[0]
			evenings.Start, evenings.End = evenings.Start+30, evenings.End+30
		},
		"course using-data: ": func(p *program.Program) { p.Courses[0].CoreSkill = "shared-leadership" },
		"credential type ":    func(p *program.Program) { p.CredentialTypes[0].Course = "shared-leadership" },
	} {
		changed := load(t)
		change(changed)
		// With it, a title that may change: nothing of a refused set of files is stored.
		changed.RoleFamilies[0].Title = "Changed"
		if err := program.Store(t.Context(), db, changed); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error on %q", err, want)
		}
	}
	if after := dump(t, pool); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

func TestTheCatalogueFollowsTheFiles(t *testing.T) {
	db, _ := open(t)
	p := load(t)
	store(t, db, p)
	p.RoleFamilies[0].Title = "Another family"
	p.Courses[0].Description = "Another description"
	p.Courses[0].Version.Number, p.Courses[0].Version.Fee.Amount = 2, 1200
	p.CredentialTypes[0].Criteria = "Other criteria"
	for i := range p.Policies {
		if p.Policies[i].ID == "course-certificate" {
			p.Policies[i].Version, p.Policies[i].Title = 2, "Course certificate, anew"
		}
	}
	p.Framework.Version, p.Framework.Title = 2, "Anew"
	store(t, db, p)

	ctx := t.Context()
	if f := must[*ent.RoleFamily](t)(db.Ent().RoleFamily.Get(ctx, p.RoleFamilies[0].ID)); f.Title != "Another family" {
		t.Errorf("role family: %v", f)
	}
	if c := must[*ent.Course](t)(db.Ent().Course.Get(ctx, p.Courses[0].ID)); c.Description != "Another description" {
		t.Errorf("course: %v", c)
	}
	for id, count := range map[string]int{
		"course versions": must[int](t)(db.Ent().CourseVersion.Query().Count(ctx)) - 4,
		"frameworks":      must[int](t)(db.Ent().Framework.Query().Count(ctx)) - 1,
		"policy versions": must[int](t)(db.Ent().PolicyVersion.Query().Where(policyversion.PolicyEQ("course-certificate")).Count(ctx)) - 1,
	} {
		if count != 1 {
			t.Errorf("%s: %d new ones, want 1", id, count)
		}
	}
	for _, c := range must[[]*ent.CredentialType](t)(db.Ent().CredentialType.Query().WithPolicyVersion().All(ctx)) {
		version := int32(2)
		if c.CourseID == "" {
			version = 1 // another policy's
		}
		if c.Edges.PolicyVersion.VersionNumber != version || (c.Criteria == "Other criteria") != (c.ID == p.CredentialTypes[0].ID) {
			t.Errorf("credential type: %v", c)
		}
	}
}

func TestStoreRoles(t *testing.T) {
	db, _ := open(t)
	p := load(t)
	store(t, db, p)
	ctx := t.Context()
	if err := db.Ent().District.Create().SetID("bps").SetDisplayName("Harbor").SetTimeZone("America/New_York").Exec(ctx); err != nil {
		t.Fatal(err)
	}
	if err := db.Ent().Role.Create().SetDistrictID("bps").SetDisplayName("Coach").SetKind("INFORMAL").Exec(ctx); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := db.InTx(ctx, false, func(ctx context.Context, tx *database.Tx) error { return program.StoreRoles(ctx, tx, p, "bps") }); err != nil {
			t.Fatal(err)
		}
	}
	roles := must[[]*ent.Role](t)(db.Ent().Role.Query().Where(role.DistrictID("bps"), role.Kind("FORMAL")).All(ctx))
	if len(roles) != len(p.Roles)-1 {
		t.Errorf("%d roles, want %d: all that the sources name but the one that was there", len(roles), len(p.Roles)-1)
	}
	for _, r := range roles {
		if len(r.Sources) == 0 || r.RoleFamilyID == nil {
			t.Errorf("role: %v", r)
		}
	}
}

// A version from before there were session patterns gets the files' one, and is otherwise what it was.
func TestOlderCourseVersionsGetTheirSessionPattern(t *testing.T) {
	db, _ := open(t)
	p := load(t)
	store(t, db, p)
	ctx := t.Context()
	versions := func() []*ent.CourseVersion {
		return must[[]*ent.CourseVersion](t)(db.Ent().CourseVersion.Query().Order(ent.Asc(courseversion.FieldCourseID)).All(ctx))
	}
	before := versions()
	if err := db.Ent().CourseVersion.Update().SetSessionPattern([]schema.SessionPattern{}).Exec(ctx); err != nil {
		t.Fatal(err)
	}
	dearer := load(t)
	dearer.Courses[3].Version.Fee.Amount = 1200
	if err := program.Store(ctx, db, dearer); err == nil || !strings.Contains(err.Error(), "professional-expertise version 1 is stored and the files say otherwise (fee)") {
		t.Errorf("got %v, want an error on the fee alone", err)
	}
	for _, v := range versions() {
		if len(v.SessionPattern) != 0 {
			t.Errorf("refused files left a session pattern: %v", v)
		}
	}
	store(t, db, p)
	for i, v := range versions() {
		if v.String() != before[i].String() {
			t.Errorf("got\n%v\nwant\n%v", v, before[i])
		}
	}
}

// Versions of a course that staff have made since the files' are theirs; the files cannot take their numbers.
func TestTheStaffsCourseVersionsStay(t *testing.T) {
	db, pool := open(t)
	p := load(t)
	store(t, db, p)
	ctx := t.Context()
	first := must[*ent.CourseVersion](t)(db.Ent().CourseVersion.Query().Where(courseversion.CourseID("using-data")).Only(ctx))
	if err := db.Ent().CourseVersion.Create().SetCourseID(first.CourseID).SetVersionNumber(2).SetContactMinutes(first.ContactMinutes).SetWeeks(10).
		SetMeetingCount(first.MeetingCount).SetFeeCurrency(first.FeeCurrency).SetFeeUnits(first.FeeUnits).SetCredits(first.Credits).
		SetAttendanceEntryDays(first.AttendanceEntryDays).SetSources([]string{}).Exec(ctx); err != nil {
		t.Fatal(err)
	}
	before := dump(t, pool)
	store(t, db, p)
	if after := dump(t, pool); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
	p.Courses[0].Version.Number = 2
	if err := program.Store(ctx, db, p); err == nil || !strings.Contains(err.Error(), "course using-data version 2") {
		t.Errorf("got %v, want an error on a number that is taken", err)
	}
}

// What was published stays in force when a server starts with files of before; a later version of the files comes into
// force; and one that takes a published number for other content is refused.
func TestPublishedPoliciesStayInForce(t *testing.T) {
	db, pool := open(t)
	p := load(t)
	store(t, db, p)
	ctx := t.Context()
	first := must[*ent.PolicyVersion](t)(db.Ent().PolicyVersion.Query().Where(policyversion.PolicyEQ("course-certificate")).Only(ctx))
	published := must[*ent.PolicyVersion](t)(db.Ent().PolicyVersion.Create().SetPolicy(first.Policy).SetVersionNumber(2).SetTitle("Published").
		SetRequirements(first.Requirements).SetValidityMonths(60).Save(ctx))
	if err := db.Ent().CredentialType.Update().Where(credentialtype.PolicyVersionID(first.ID)).SetPolicyVersionID(published.ID).Exec(ctx); err != nil {
		t.Fatal(err)
	}
	before := dump(t, pool)
	store(t, db, p)
	if after := dump(t, pool); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}

	at := slices.IndexFunc(p.Policies, func(policy program.Policy) bool { return policy.ID == first.Policy })
	p.Policies[at].Version, p.Policies[at].Title = 2, "Published"
	if err := program.Store(ctx, db, p); err == nil || !strings.Contains(err.Error(), "policy course-certificate version 2") || !strings.Contains(err.Error(), "validity months") {
		t.Errorf("got %v, want an error on what awards of version 2 are worth", err)
	}
	p.Policies[at].Version = 3
	store(t, db, p)
	for _, c := range must[[]*ent.CredentialType](t)(db.Ent().CredentialType.Query().WithPolicyVersion().All(ctx)) {
		if v := c.Edges.PolicyVersion; v.Policy == first.Policy && v.VersionNumber != 3 {
			t.Errorf("%s goes by version %d, want 3", c.ID, v.VersionNumber)
		}
	}
	if kept := must[*ent.PolicyVersion](t)(db.Ent().PolicyVersion.Get(ctx, first.ID)); kept.Title != first.Title {
		t.Errorf("version 1: %v", kept)
	}
}
