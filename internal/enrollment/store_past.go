package enrollment

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/course"
	"github.com/btlc/btlc/ent/courseversion"
	"github.com/btlc/btlc/ent/educator"
	"github.com/btlc/btlc/ent/educatoremail"
	"github.com/btlc/btlc/ent/educatorname"
	"github.com/btlc/btlc/ent/externalid"
	entregistration "github.com/btlc/btlc/ent/registration"
	entsection "github.com/btlc/btlc/ent/section"
	"github.com/btlc/btlc/ent/term"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/legacy"
)

const (
	// lookedUp is how many values one query looks for: PostgreSQL takes 65,535 parameters.
	lookedUp = 10_000
	// entered is how many rows one statement enters, which have a few dozen parameters each.
	entered = 1_000
)

// inChunks calls read for all values, so many at a time.
func inChunks[V any](values []V, size int, do func(some []V) error) error {
	for some := range slices.Chunk(values, size) {
		if err := do(some); err != nil {
			return err
		}
	}
	return nil
}

// courseIDs are the courses of the catalog, which whoever imports holds against other imports: no section is made twice.
func (s store) courseIDs(ctx context.Context, tx *database.Tx) ([]string, error) {
	return tx.Course.Query().Order(ent.Asc(course.FieldID)).ForUpdate(noKeyUpdate).IDs(ctx)
}

// onFile reads what is on record of a file's people, terms and sections.
func (s store) onFile(ctx context.Context, tx *database.Tx, file *legacy.Plan) (onFile, error) {
	var employeeIDs, stateIDs, emails, terms []string
	for _, section := range file.Sections {
		terms = append(terms, section.Term.String())
		for _, p := range section.People {
			employeeIDs, stateIDs, emails = append(employeeIDs, p.EmployeeID), append(stateIDs, p.StateEducatorID), append(emails, strings.ToLower(p.Email))
		}
	}
	on := onFile{names: map[pastName]bool{}, terms: map[string]bool{}, sections: map[pastPlace]uuid.UUID{}, completed: map[pastSeat]bool{}}
	var err error
	if on.employeeIDs, err = s.known(ctx, tx, "EMPLOYEE_ID", employeeIDs); err != nil {
		return on, err
	}
	if err = s.named(ctx, tx, on); err != nil {
		return on, err
	}
	if on.stateIDs, err = s.known(ctx, tx, "STATE_EDUCATOR_ID", stateIDs); err != nil {
		return on, err
	}
	if on.emails, err = s.addressed(ctx, tx, emails); err != nil {
		return on, err
	}
	terms = filled(terms)
	ids, err := tx.Term.Query().Where(term.IDIn(terms...)).IDs(ctx)
	if err != nil {
		return on, err
	}
	for _, id := range ids {
		on.terms[id] = true
	}
	return on, s.pastSections(ctx, tx, terms, on)
}

// filled are the values that are not empty, each once, in order.
func filled(values []string) []string {
	slices.Sort(values)
	return slices.DeleteFunc(slices.Compact(values), func(v string) bool { return v == "" })
}

// known are the people who have these numbers.
func (s store) known(ctx context.Context, tx *database.Tx, kind string, values []string) (map[string][]uuid.UUID, error) {
	people := map[string][]uuid.UUID{}
	err := inChunks(filled(values), lookedUp, func(some []string) error {
		rows, err := tx.ExternalID.Query().Where(externalid.Kind(kind), externalid.ValueIn(some...), externalid.HasEducatorWith(educator.MergedIntoIDIsNil())).All(ctx)
		for _, row := range rows {
			people[row.Value] = append(people[row.Value], row.EducatorID)
		}
		return err
	})
	return people, err
}

// named reads the names, earlier ones too, of the people of a file's employee ids.
func (s store) named(ctx context.Context, tx *database.Tx, on onFile) error {
	return inChunks(slices.Concat(slices.Collect(maps.Values(on.employeeIDs))...), lookedUp, func(some []uuid.UUID) error {
		people, err := tx.Educator.Query().Where(educator.IDIn(some...)).Select(educator.FieldID, educator.FieldGivenName, educator.FieldFamilyName).All(ctx)
		if err != nil {
			return err
		}
		for _, row := range people {
			on.names[nameOf(row.ID, row.GivenName, row.FamilyName)] = true
		}
		earlier, err := tx.EducatorName.Query().Where(educatorname.EducatorIDIn(some...)).All(ctx)
		for _, row := range earlier {
			on.names[nameOf(row.EducatorID, row.GivenName, row.FamilyName)] = true
		}
		return err
	})
}

// addressed are the people whose addresses, verified ones, these are.
func (s store) addressed(ctx context.Context, tx *database.Tx, addresses []string) (map[string][]uuid.UUID, error) {
	people := map[string][]uuid.UUID{}
	err := inChunks(filled(addresses), lookedUp, func(some []string) error {
		rows, err := tx.EducatorEmail.Query().Where(educatoremail.AddressKeyIn(some...), educatoremail.Verified(true), educatoremail.HasEducatorWith(educator.MergedIntoIDIsNil())).All(ctx)
		for _, row := range rows {
			people[row.AddressKey] = append(people[row.AddressKey], row.EducatorID)
		}
		return err
	})
	return people, err
}

// pastSections reads the sections of these terms that were imported before, and who is in them.
func (s store) pastSections(ctx context.Context, tx *database.Tx, terms []string, on onFile) error {
	rows, err := tx.Section.Query().Where(entsection.TermIDIn(terms...), entsection.ImportedSourceNEQ("")).WithCourseVersion().Order(ent.Asc(entsection.FieldID)).ForUpdate().All(ctx)
	if err != nil {
		return err
	}
	ids := make([]uuid.UUID, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
		on.sections[pastPlace{row.TermID, row.Edges.CourseVersion.CourseID, row.DisplayName}] = row.ID
	}
	return inChunks(ids, lookedUp, func(some []uuid.UUID) error {
		all, err := tx.Registration.Query().Where(entregistration.SectionIDIn(some...), entregistration.StateIn("COMPLETED", "NOT_COMPLETED")).All(ctx)
		for _, r := range all {
			on.completed[pastSeat{r.SectionID, r.EducatorID}] = r.State == "COMPLETED"
		}
		return err
	})
}

// enterPast enters what a plan has and says which registrations are new.
func (s store) enterPast(ctx context.Context, tx *database.Tx, plan pastPlan) ([]*section, []*registration, error) {
	terms := make([]*ent.TermCreate, len(plan.terms))
	for i, t := range plan.terms {
		first, last := t.Days()
		terms[i] = tx.Term.Create().SetID(t.String()).SetDisplayName(t.Title()).SetStartDate(first).SetEndDate(last).SetCreateTime(tx.Now).SetUpdateTime(tx.Now)
	}
	if err := tx.Term.CreateBulk(terms...).Exec(ctx); err != nil {
		return nil, nil, pastConflicts.Translate(err)
	}
	sections, err := s.enterPastSections(ctx, tx, plan.sections)
	if err != nil {
		return nil, nil, err
	}
	var creates []*ent.RegistrationCreate
	var of []*section
	for i, planned := range plan.sections {
		first, _ := planned.term.Days()
		today := api.LocalDay(tx.Now, s.zone)
		for _, p := range planned.people {
			state := "NOT_COMPLETED"
			if p.Completed {
				state = "COMPLETED"
			}
			creates, of = append(creates, tx.Registration.Create().SetSectionID(sections[i].row.ID).SetEducatorID(p.educator).SetState(state).SetRegisterDate(first).
				SetStateTime(noon(planned.until(p, today), s.zone)).SetImportedSource(p.Source).SetCreateTime(tx.Now).SetUpdateTime(tx.Now)), append(of, sections[i])
		}
	}
	var made []*registration
	err = inChunks(creates, entered, func(some []*ent.RegistrationCreate) error {
		rows, err := tx.Registration.CreateBulk(some...).Save(ctx)
		for _, row := range rows {
			made = append(made, &registration{row: row, section: of[len(made)]})
		}
		return err
	})
	return sections, made, err
}

var pastConflicts = api.Conflicts{"terms_pkey": func() *api.Error {
	return api.Errorf(api.Contention, "Somebody else made one of the terms at the same time. Nothing was imported: try again.")
}}

// noon is an instant of a day in the calendars of all places around.
func noon(day time.Time, zone *time.Location) time.Time {
	year, month, date := day.Date()
	return time.Date(year, month, date, 12, 0, 0, 0, zone)
}

// enterPastSections makes the sections that are not on record, and room for more people in those that are.
func (s store) enterPastSections(ctx context.Context, tx *database.Tx, planned []pastSection) ([]*section, error) {
	versions, err := tx.CourseVersion.Query().Where(courseversion.VersionNumber(1)).All(ctx)
	if err != nil {
		return nil, err
	}
	firsts := map[string]*ent.CourseVersion{}
	for _, v := range versions {
		firsts[v.CourseID] = v
	}
	rows, creates := make([]*ent.Section, len(planned)), []*ent.SectionCreate{}
	var places []int
	for i, p := range planned {
		seats := int32(len(p.people))
		if p.id != uuid.Nil {
			if rows[i], err = tx.Section.UpdateOneID(p.id).AddCapacity(seats).AddSeatsTaken(seats).SetUpdateTime(tx.Now).AddVersion(1).Save(ctx); err != nil {
				return nil, err
			}
			continue
		}
		first, last := p.term.Days()
		places, creates = append(places, i), append(creates, tx.Section.Create().SetCourseVersionID(firsts[p.course].ID).SetTermID(p.pastPlace.term).SetDisplayName(p.label).SetState("COMPLETED").
			SetCapacity(seats).SetSeatsTaken(seats).SetSite(p.site).SetTimeZone(s.zone.String()).SetRegistrationOpenTime(noon(first, s.zone)).SetRegistrationCloseTime(noon(last, s.zone)).
			SetImportedSource(p.source()).SetCreateTime(tx.Now).SetUpdateTime(tx.Now))
	}
	if err := inChunks(creates, entered, func(some []*ent.SectionCreate) error {
		made, err := tx.Section.CreateBulk(some...).Save(ctx)
		for _, row := range made {
			rows[places[0]], places = row, places[1:]
		}
		return err
	}); err != nil {
		return nil, err
	}
	sections := make([]*section, len(rows))
	for i, row := range rows {
		row.Edges.CourseVersion = firsts[planned[i].course]
		sections[i] = &section{row: row, zone: s.zone}
	}
	return sections, nil
}
