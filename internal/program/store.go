package program

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/role"
	"github.com/btlc/btlc/ent/schema"
	"github.com/btlc/btlc/internal/database"
)

// Store writes the program's data to the tables, in one transaction; what is there already stays. Titles and
// descriptions of the catalogue follow the files, but a version (of the framework, a course, a policy) that is stored
// and differs from the files is an error: registrations and awards were decided by it. A version of a policy or of a
// course that staff have made since stays in force until the files have a later one. What staff may change themselves,
// institutions and agreements, is written once and then theirs.
func Store(ctx context.Context, db *database.DB, p *Program) error {
	return db.InTx(ctx, false, func(ctx context.Context, tx *database.Tx) error {
		// Many servers may start at once.
		if err := Lock(ctx, tx); err != nil {
			return err
		}
		for _, step := range []func(context.Context, *database.Tx, *Program) error{
			storeRoleFamilies, storeFramework, storeCourses, storeCourseVersions, storePolicies, storeCredentialTypes, storeInstitutions, storeAgreements,
		} {
			if err := step(ctx, tx, p); err != nil {
				return fmt.Errorf("store the program data: %w", err)
			}
		}
		return nil
	})
}

// Lock keeps all others from storing or publishing program data until the transaction ends.
func Lock(ctx context.Context, tx *database.Tx) error {
	if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock(hashtext('btlc.program'))"); err != nil {
		return fmt.Errorf("lock the program data: %w", err)
	}
	return nil
}

// StoreRoles creates the formal roles that the sources name in a district, except those whose name it has.
func StoreRoles(ctx context.Context, tx *database.Tx, p *Program, district string) error {
	existing, err := tx.Role.Query().Where(role.DistrictID(district)).Select(role.FieldDisplayName).Strings(ctx)
	if err != nil {
		return err
	}
	var rows []*ent.RoleCreate
	for _, r := range p.Roles {
		if slices.Contains(existing, r.Title) {
			continue
		}
		row := tx.Role.Create().SetDistrictID(district).SetDisplayName(r.Title).SetKind("FORMAL").SetSources(r.Sources).SetCreateTime(tx.Now).SetUpdateTime(tx.Now)
		if r.Family != "" {
			row.SetRoleFamilyID(r.Family)
		}
		rows = append(rows, row)
	}
	return tx.Role.CreateBulk(rows...).Exec(ctx)
}

// content is what a version says, item by item.
type content map[string]string

func (c content) put(item string, values ...any) { c[item] = fmt.Sprintf("%+v", values) }

// unchanged refuses a version whose content differs from what is stored under its number.
func unchanged(version string, stored, wanted content) error {
	var differ []string
	for item := range stored {
		if _, ok := wanted[item]; !ok {
			differ = append(differ, item)
		}
	}
	for item, value := range wanted {
		if stored[item] != value {
			differ = append(differ, item)
		}
	}
	if len(differ) == 0 {
		return nil
	}
	slices.Sort(differ)
	return fmt.Errorf("%s is stored and the files say otherwise (%s): a version never changes, so give the new one a new number", version, strings.Join(differ, ", "))
}

// byID gathers rows under their ids.
func byID[K comparable, R any](rows []R, id func(R) K) map[K]R {
	found := make(map[K]R, len(rows))
	for _, row := range rows {
		found[id(row)] = row
	}
	return found
}

func storeRoleFamilies(ctx context.Context, tx *database.Tx, p *Program) error {
	rows, err := tx.RoleFamily.Query().All(ctx)
	if err != nil {
		return err
	}
	stored := byID(rows, func(r *ent.RoleFamily) string { return r.ID })
	for _, f := range p.RoleFamilies {
		row := stored[f.ID]
		switch {
		case row == nil:
			err = tx.RoleFamily.Create().SetID(f.ID).SetTitle(f.Title).SetDescription(f.Description).SetSources(sources(f.Trace)).SetCreateTime(tx.Now).Exec(ctx)
		case row.Title != f.Title || row.Description != f.Description || !slices.Equal(row.Sources, f.Sources):
			err = row.Update().SetTitle(f.Title).SetDescription(f.Description).SetSources(sources(f.Trace)).Exec(ctx)
		}
		if err != nil {
			return fmt.Errorf("role family %s: %w", f.ID, err)
		}
	}
	return nil
}

// sources is never nil: the column takes a list.
func sources(t Trace) []string { return append([]string{}, t.Sources...) }

func storeCourses(ctx context.Context, tx *database.Tx, p *Program) error {
	rows, err := tx.Course.Query().All(ctx)
	if err != nil {
		return err
	}
	stored := byID(rows, func(r *ent.Course) string { return r.ID })
	for _, c := range p.Courses {
		row := stored[c.ID]
		switch {
		case row == nil:
			err = tx.Course.Create().SetID(c.ID).SetTitle(c.Title).SetDescription(c.Description).SetCoreSkill(c.CoreSkill).SetSources(sources(c.Trace)).SetCreateTime(tx.Now).Exec(ctx)
		case row.CoreSkill != c.CoreSkill:
			err = fmt.Errorf("is stored for the core skill %s, not %s: another course has another id", row.CoreSkill, c.CoreSkill)
		case row.Title != c.Title || row.Description != c.Description || !slices.Equal(row.Sources, c.Sources):
			err = row.Update().SetTitle(c.Title).SetDescription(c.Description).SetSources(sources(c.Trace)).Exec(ctx)
		}
		if err != nil {
			return fmt.Errorf("course %s: %w", c.ID, err)
		}
	}
	return nil
}

// storeCredentialTypes lets each type follow the latest version of its policy, be it the files' or one that was published
// since.
func storeCredentialTypes(ctx context.Context, tx *database.Tx, p *Program) error {
	rows, err := tx.CredentialType.Query().All(ctx)
	if err != nil {
		return err
	}
	stored := byID(rows, func(r *ent.CredentialType) string { return r.ID })
	versions, err := latestPolicyVersions(ctx, tx)
	if err != nil {
		return err
	}
	for _, t := range p.CredentialTypes {
		row, policy := stored[t.ID], versions[t.Policy]
		switch {
		case row == nil:
			err = tx.CredentialType.Create().SetID(t.ID).SetTitle(t.Title).SetNillableCourseID(orNil(t.Course)).SetAchievementType(t.AchievementType).SetCriteria(t.Criteria).
				SetPolicyVersionID(policy).SetSources(sources(t.Trace)).SetBadge(schema.Badge(t.Badge)).SetCreateTime(tx.Now).Exec(ctx)
		case row.CourseID != t.Course:
			err = fmt.Errorf("is stored for the course %s, not %s: another credential has another id", row.CourseID, t.Course)
		case row.Title != t.Title || row.AchievementType != t.AchievementType || row.Criteria != t.Criteria || row.PolicyVersionID != policy || row.Badge != schema.Badge(t.Badge) || !slices.Equal(row.Sources, t.Sources):
			err = row.Update().SetTitle(t.Title).SetAchievementType(t.AchievementType).SetCriteria(t.Criteria).SetSources(sources(t.Trace)).
				SetPolicyVersionID(policy).SetBadge(schema.Badge(t.Badge)).Exec(ctx)
		}
		if err != nil {
			return fmt.Errorf("credential type %s: %w", t.ID, err)
		}
	}
	return nil
}

// orNil is nil for an empty text.
func orNil(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func storeInstitutions(ctx context.Context, tx *database.Tx, p *Program) error {
	ids, err := tx.Institution.Query().IDs(ctx)
	if err != nil {
		return err
	}
	var rows []*ent.InstitutionCreate
	for _, in := range p.Institutions {
		if !slices.Contains(ids, in.ID) {
			rows = append(rows, tx.Institution.Create().SetID(in.ID).SetDisplayName(in.Title).SetCreateTime(tx.Now).SetUpdateTime(tx.Now))
		}
	}
	return tx.Institution.CreateBulk(rows...).Exec(ctx)
}

// agreementID is the same wherever the agreement of the files is stored, so that it is stored once.
func agreementID(id string) uuid.UUID {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("btlc/program/agreements/"+id))
}

// storeAgreements stores those whose credits are known. One whose credits no source gives is not in force until
// somebody confirms it, and staff then record it themselves.
func storeAgreements(ctx context.Context, tx *database.Tx, p *Program) error {
	ids, err := tx.Agreement.Query().IDs(ctx)
	if err != nil {
		return err
	}
	for _, a := range p.Agreements {
		id := agreementID(a.ID)
		if a.Credits == nil || slices.Contains(ids, id) {
			continue
		}
		row := tx.Agreement.Create().SetID(id).SetInstitutionID(a.Institution).SetCredits(int32(*a.Credits)).SetDegreeEligibility(degreeEligibility(a.DegreeEligible)).
			SetStartDate(day(a.StartYear.Value, time.January, 1)).SetAssumption(strings.Join(assumptions(a.Trace, a.StartYear.Trace), " ")).
			SetCreateTime(tx.Now).SetUpdateTime(tx.Now)
		if a.EndYear != nil {
			row.SetEndDate(day(*a.EndYear, time.December, 31))
		}
		var courses []*ent.AgreementCourseCreate
		for _, course := range a.Courses {
			courses = append(courses, tx.AgreementCourse.Create().SetAgreementID(id).SetCourseID(course).SetCreateTime(tx.Now))
		}
		if err := row.Exec(ctx); err != nil {
			return fmt.Errorf("agreement %s: %w", a.ID, err)
		}
		if err := tx.AgreementCourse.CreateBulk(courses...).Exec(ctx); err != nil {
			return fmt.Errorf("agreement %s: %w", a.ID, err)
		}
	}
	return nil
}

func day(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

func degreeEligibility(eligible *bool) string {
	switch {
	case eligible == nil:
		return "UNKNOWN"
	case *eligible:
		return "DEGREE_ELIGIBLE"
	default:
		return "NOT_DEGREE_ELIGIBLE"
	}
}

// assumptions are the texts of those that are assumptions.
func assumptions(traces ...Trace) []string {
	texts := []string{}
	for _, t := range traces {
		if t.Assumption {
			texts = append(texts, t.Note)
		}
	}
	return texts
}
