package enrollment

import (
	"context"
	"fmt"
	"slices"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/predicate"
	entregistration "github.com/btlc/btlc/ent/registration"
	"github.com/btlc/btlc/ent/school"
	entsection "github.com/btlc/btlc/ent/section"
	"github.com/btlc/btlc/ent/sectionfacilitator"
	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

var sectionList = &api.ListSpec{Default: "create_time desc", Columns: map[string]api.Column{
	"state": api.EnumColumn[pb.SectionState](entsection.FieldState), "term": {Name: entsection.FieldTermID, Kind: api.WordNameColumn},
	"course_version": {Name: entsection.FieldCourseVersionID, Kind: api.UUIDNameColumn}, "role_family": {Name: entsection.FieldRoleFamilyID, Kind: api.WordNameColumn},
	"create_time": {Name: entsection.FieldCreateTime, Kind: api.InstantColumn},
}}

// section is a section with its course version (an edge of the row), those who lead it, and the name of its school.
type section struct {
	row          *ent.Section
	facilitators []uuid.UUID
	school       string
	zone         *time.Location
}

func (f *section) course() string { return api.Name("btlc/Course", f.row.Edges.CourseVersion.CourseID) }

func (f *section) courseVersion() string { return versionName(f.row.Edges.CourseVersion) }

func (f *section) proto() *pb.Section {
	out := &pb.Section{
		Name: api.Name("btlc/Section", f.row.ID), CourseVersion: f.courseVersion(), Term: api.Name("btlc/Term", f.row.TermID),
		DisplayName: f.row.DisplayName, State: api.EnumOf[pb.SectionState](f.row.State), Capacity: f.row.Capacity, SeatsTaken: f.row.SeatsTaken, Site: f.row.Site,
		Facilitators: scopesOf(f.facilitators...), RegistrationOpenTime: api.Timestamp(f.row.RegistrationOpenTime), RegistrationCloseTime: api.Timestamp(f.row.RegistrationCloseTime),
		CreateTime: api.Timestamp(f.row.CreateTime), UpdateTime: api.Timestamp(f.row.UpdateTime), Etag: api.Etag(f.row.Version),
		School: f.school, Language: f.row.Language, Accessibility: f.row.Accessibility, ByArrangement: f.row.ByArrangement,
		WaitingCount: f.row.WaitingCount, ImportedSource: f.row.ImportedSource,
	}
	if f.row.RoleFamilyID != nil {
		out.RoleFamily = api.Name("btlc/RoleFamily", *f.row.RoleFamilyID)
	}
	return out
}

// offer is the section as plain values.
func (f *section) offer(how admission) offer {
	o := offer{placed: how.placed, state: f.row.State, opens: f.row.RegistrationOpenTime, closes: f.row.RegistrationCloseTime, facilitators: f.facilitators}
	if f.row.RoleFamilyID != nil {
		o.family = *f.row.RoleFamilyID
	}
	return o
}

// sections puts to rows who leads them, in which school and by which calendar: two queries, however many they are.
func (s store) sections(ctx context.Context, db *ent.Client, rows []*ent.Section) ([]*section, error) {
	all, ids, byID := make([]*section, len(rows)), make([]uuid.UUID, len(rows)), map[uuid.UUID]*section{}
	for i, row := range rows {
		zone, err := s.zoneOf(row)
		if err != nil {
			return nil, err
		}
		all[i], ids[i] = &section{row: row, zone: zone}, row.ID
		byID[row.ID] = all[i]
	}
	leads, err := db.SectionFacilitator.Query().Where(sectionfacilitator.SectionIDIn(ids...)).Order(ent.Asc(sectionfacilitator.FieldID)).All(ctx)
	if err != nil {
		return nil, err
	}
	for _, l := range leads {
		byID[l.SectionID].facilitators = append(byID[l.SectionID].facilitators, l.EducatorID)
	}
	return all, nameSchools(ctx, db, all)
}

// nameSchools gives sections the names of their schools.
func nameSchools(ctx context.Context, db *ent.Client, sections []*section) error {
	var ids []uuid.UUID
	for _, f := range sections {
		if f.row.SchoolID != nil {
			ids = append(ids, *f.row.SchoolID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	schools, err := db.School.Query().Where(school.IDIn(ids...)).All(ctx)
	if err != nil {
		return err
	}
	names := map[uuid.UUID]string{}
	for _, row := range schools {
		names[row.ID] = api.Name("btlc/School", row.DistrictID, row.ID)
	}
	for _, f := range sections {
		if f.row.SchoolID != nil {
			f.school = names[*f.row.SchoolID]
		}
	}
	return nil
}

func (s store) zoneOf(row *ent.Section) (*time.Location, error) {
	if row.TimeZone == s.zone.String() {
		return s.zone, nil // loading reads a file each time
	}
	zone, err := time.LoadLocation(row.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("section %s: %w", row.ID, err)
	}
	return zone, nil
}

func (s store) facilitators(ctx context.Context, db *ent.Client, section uuid.UUID) ([]uuid.UUID, error) {
	var ids []uuid.UUID
	err := db.SectionFacilitator.Query().Where(sectionfacilitator.SectionID(section)).Select(sectionfacilitator.FieldEducatorID).Scan(ctx, &ids)
	return ids, err
}

// ledBy says that a column holds the id of a section that one of the educators leads.
func ledBy(column string, educators []uuid.UUID) *sql.Predicate {
	leads := sql.Table(sectionfacilitator.Table)
	ids := make([]any, len(educators))
	for i, id := range educators {
		ids[i] = id
	}
	return sql.In(column, sql.Select(leads.C(sectionfacilitator.FieldSectionID)).From(leads).Where(sql.In(leads.C(sectionfacilitator.FieldEducatorID), ids...)))
}

// visibleTo leaves out the drafts that somebody may not see.
func visibleTo(v viewer) predicate.Section {
	return func(sel *sql.Selector) {
		if !v.staff {
			sel.Where(sql.Or(sql.NEQ(sel.C(entsection.FieldState), "DRAFT"), ledBy(sel.C(entsection.FieldID), v.educators)))
		}
	}
}

func (s store) one(ctx context.Context, db *ent.Client, query *ent.SectionQuery, name string) (*section, error) {
	row, err := query.WithCourseVersion().Only(ctx)
	if err != nil {
		return nil, orMissing(err, name)
	}
	found, err := s.sections(ctx, db, []*ent.Section{row})
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

func (s store) section(ctx context.Context, name string, v viewer) (*section, error) {
	return s.one(ctx, s.db.Ent(), s.db.Ent().Section.Query().Where(entsection.ID(api.LastUUID(name)), visibleTo(v)), name)
}

// lockedSection is the section, held against others until the transaction ends.
func (s store) lockedSection(ctx context.Context, tx *database.Tx, name string) (*section, error) {
	return s.one(ctx, tx.Client, tx.Section.Query().Where(entsection.ID(api.LastUUID(name))).ForUpdate(), name)
}

// keyShare holds a row against those who lock it for an update, but not against each other nor against the counting of seats.
var keyShare = sql.WithLockClause("FOR KEY SHARE")

// sharedSection is the section, held against changes other than of its seats. Any number of registrations hold it at once.
func (s store) sharedSection(ctx context.Context, tx *database.Tx, name string, v viewer) (*section, error) {
	return s.one(ctx, tx.Client, tx.Section.Query().Where(entsection.ID(api.LastUUID(name)), visibleTo(v)).ForShare(keyShare), name)
}

// sectionVisible says whether there is a section of this name that the caller may see.
func (s store) sectionVisible(ctx context.Context, id uuid.UUID, v viewer) (bool, error) {
	return s.db.Ent().Section.Query().Where(entsection.ID(id), visibleTo(v)).Exist(ctx)
}

func (s store) listSections(ctx context.Context, req *pb.ListSectionsRequest, v viewer) (*pb.ListSectionsResponse, error) {
	filter, err := s.withVersionIDs(ctx, req.GetFilter())
	if err != nil {
		return nil, err
	}
	known := proto.Clone(req).(*pb.ListSectionsRequest)
	known.Filter = filter
	q, err := api.ParseList(known, sectionList)
	if err != nil {
		return nil, err
	}
	rows, err := s.db.Ent().Section.Query().Where(visibleTo(v), predicate.Section(q.Apply)).WithCourseVersion().All(ctx)
	if err != nil {
		return nil, err
	}
	page, next := api.Page(q, rows, func(row *ent.Section) *ent.Section { return row })
	found, err := s.sections(ctx, s.db.Ent(), page)
	if err != nil {
		return nil, err
	}
	answer := &pb.ListSectionsResponse{NextPageToken: next}
	for _, f := range found {
		answer.Sections = append(answer.Sections, f.proto())
	}
	return answer, nil
}

var sectionConflicts = api.Conflicts{
	"sections_terms_term":                     absent("section.term", "term"),
	"sections_role_families_role_family":      absent("section.roleFamily", "role family"),
	"section_facilitators_educators_educator": absent("section.facilitators", "person"),
	"section_seats": func() *api.Error {
		return api.InvalidField("section.capacity", "is not below the number of seats that are taken")
	},
	"section_window": func() *api.Error {
		return api.InvalidField("section.registrationCloseTime", "is after registrationOpenTime")
	},
}

// instant is a time of a request, in microseconds as Postgres keeps it.
func instant(field string, t *timestamppb.Timestamp) (time.Time, error) {
	if err := t.CheckValid(); err != nil {
		return time.Time{}, api.InvalidField(field, "is a time between the years 1 and 9999")
	}
	return t.AsTime().Truncate(time.Microsecond), nil
}

func window(in *pb.Section) (opens, closes time.Time, err error) {
	if opens, err = instant("section.registrationOpenTime", in.GetRegistrationOpenTime()); err != nil {
		return opens, closes, err
	}
	closes, err = instant("section.registrationCloseTime", in.GetRegistrationCloseTime())
	return opens, closes, err
}

// schoolOf is the school that a section names; nil for none.
func schoolOf(ctx context.Context, db *ent.Client, in *pb.Section) (*uuid.UUID, error) {
	if in.GetByArrangement() && in.GetSite() == "" {
		return nil, api.InvalidField("section.site", "is required for a section by arrangement: it says where")
	}
	name := in.GetSchool()
	if name == "" {
		return nil, nil
	}
	id, err := db.School.Query().Where(school.ID(api.LastUUID(name)), school.DistrictID(api.Part(name, 0))).OnlyID(ctx)
	if ent.IsNotFound(err) {
		return nil, absent("section.school", "school")()
	}
	return &id, err
}

func (s store) createSection(ctx context.Context, tx *database.Tx, in *pb.Section) (*section, error) {
	opens, closes, err := window(in)
	if err != nil {
		return nil, err
	}
	at, err := schoolOf(ctx, tx.Client, in)
	if err != nil {
		return nil, err
	}
	meetings, err := inputSpans(in.GetMeetings())
	if err != nil {
		return nil, err
	}
	if wrong := checkMeetings("section.meetings", meetings); len(wrong) > 0 {
		return nil, api.Invalid(wrong...)
	}
	version, err := versionRow(ctx, tx.Client, in.GetCourseVersion())
	if ent.IsNotFound(err) {
		return nil, absent("section.courseVersion", "course version")()
	} else if err != nil {
		return nil, err
	}
	row, err := tx.Section.Create().SetCourseVersionID(version.ID).SetTermID(api.LastWord(in.GetTerm())).SetNillableRoleFamilyID(api.OptionalWord(in.GetRoleFamily())).
		SetDisplayName(in.GetDisplayName()).SetState(sectionLife.First()).SetCapacity(in.GetCapacity()).SetSite(in.GetSite()).SetTimeZone(s.zone.String()).
		SetNillableSchoolID(at).SetLanguage(in.GetLanguage()).SetAccessibility(in.GetAccessibility()).SetByArrangement(in.GetByArrangement()).
		SetRegistrationOpenTime(opens).SetRegistrationCloseTime(closes).SetCreateTime(tx.Now).SetUpdateTime(tx.Now).Save(ctx)
	if err != nil {
		return nil, sectionConflicts.Translate(err)
	}
	row.Edges.CourseVersion = version
	made := &section{row: row, school: in.GetSchool(), zone: s.zone}
	if err := s.setFacilitators(ctx, tx, made, in.GetFacilitators()); err != nil {
		return nil, err
	}
	return made, s.createMeetings(ctx, tx, row.ID, in.GetMeetings(), meetings)
}

// setFacilitators puts those who lead a section in the place of those who did.
func (s store) setFacilitators(ctx context.Context, tx *database.Tx, of *section, names []string) error {
	ids := make([]uuid.UUID, len(names))
	creates := make([]*ent.SectionFacilitatorCreate, len(names))
	for i, name := range names {
		ids[i] = api.LastUUID(name)
		creates[i] = tx.SectionFacilitator.Create().SetSectionID(of.row.ID).SetEducatorID(ids[i]).SetCreateTime(tx.Now)
	}
	if slices.Equal(ids, of.facilitators) {
		return nil
	}
	if err := s.checkSeated(ctx, tx, of.row.ID, ids); err != nil {
		return err
	}
	if _, err := tx.SectionFacilitator.Delete().Where(sectionfacilitator.SectionID(of.row.ID)).Exec(ctx); err != nil {
		return err
	}
	of.facilitators = ids
	tx.Concerns(ids...)
	return leadingConflicts.Translate(sectionConflicts.Translate(tx.SectionFacilitator.CreateBulk(creates...).Exec(ctx)))
}

// checkSeated says whether one of those who are to lead a section takes it.
func (s store) checkSeated(ctx context.Context, tx *database.Tx, section uuid.UUID, leaders []uuid.UUID) error {
	seated, err := tx.Registration.Query().Where(entregistration.SectionID(section), entregistration.EducatorIDIn(leaders...), entregistration.StateNotIn(ended...)).All(ctx)
	if err != nil || len(seated) == 0 {
		return err
	}
	e := api.Errorf(api.OwnWork, "Somebody who takes the section cannot lead it.")
	for _, r := range seated {
		e.Violations = append(e.Violations, api.Violation{Field: fmt.Sprintf("section.facilitators[%d]", slices.Index(leaders, r.EducatorID)), Description: "has a seat in the section"})
	}
	return e
}

func (s store) updateSection(ctx context.Context, tx *database.Tx, found *section, next *pb.Section) error {
	opens, closes, err := window(next)
	if err != nil {
		return err
	}
	if err := s.setFacilitators(ctx, tx, found, next.Facilitators); err != nil {
		return err
	}
	at, err := schoolOf(ctx, tx.Client, next)
	if err != nil {
		return err
	}
	found.school = next.School
	update := found.row.Update().SetDisplayName(next.DisplayName).SetCapacity(next.Capacity).SetSite(next.Site).ClearRoleFamilyID().
		SetLanguage(next.Language).SetAccessibility(next.Accessibility).SetByArrangement(next.ByArrangement).ClearSchoolID().SetNillableSchoolID(at).
		SetRegistrationOpenTime(opens).SetRegistrationCloseTime(closes).SetUpdateTime(tx.Now).AddVersion(1)
	if next.RoleFamily != "" {
		update.SetRoleFamilyID(api.LastWord(next.RoleFamily))
	}
	return s.saveSection(ctx, found, update)
}

// setSectionState gives a section its new state.
func (s store) setSectionState(ctx context.Context, tx *database.Tx, found *section, state, reason string) error {
	return s.saveSection(ctx, found, found.row.Update().SetState(state).SetReason(reason).SetUpdateTime(tx.Now).AddVersion(1))
}

func (s store) saveSection(ctx context.Context, found *section, update *ent.SectionUpdateOne) error {
	row, err := update.Save(ctx)
	if err != nil {
		return openingConflicts.Translate(sectionConflicts.Translate(err))
	}
	row.Edges = found.row.Edges
	found.row = row
	return nil
}
