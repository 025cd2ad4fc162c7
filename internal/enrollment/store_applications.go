package enrollment

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/type/dayofweek"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/btlc/btlc/ent"
	entapplication "github.com/btlc/btlc/ent/application"
	"github.com/btlc/btlc/ent/applicationmember"
	"github.com/btlc/btlc/ent/course"
	"github.com/btlc/btlc/ent/courseversion"
	"github.com/btlc/btlc/ent/educator"
	"github.com/btlc/btlc/ent/framework"
	"github.com/btlc/btlc/ent/predicate"
	entregistration "github.com/btlc/btlc/ent/registration"
	entsection "github.com/btlc/btlc/ent/section"
	"github.com/btlc/btlc/ent/term"
	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

var applicationList = &api.ListSpec{Default: "create_time", Columns: map[string]api.Column{
	"state": api.EnumColumn[pb.Application_State](entapplication.FieldState), "course": {Name: entapplication.FieldCourseID, Kind: api.WordNameColumn, FilterOnly: true},
	"create_time": {Name: entapplication.FieldCreateTime, Kind: api.InstantColumn},
}}

// application is an application with those who apply, each with the registration that was made, as an edge.
type application struct {
	row     *ent.Application
	members []*ent.ApplicationMember
}

func (a *application) name() string { return api.Name("btlc/Application", a.row.TermID, a.row.ID) }

// who are those of the members who are in one of the states; all when none is given.
func (a *application) who(states ...string) (ids []uuid.UUID) {
	for _, m := range a.members {
		if len(states) == 0 || slices.Contains(states, m.State) {
			ids = append(ids, m.EducatorID)
		}
	}
	return ids
}

func (a *application) member(educator uuid.UUID) *ent.ApplicationMember {
	i := slices.IndexFunc(a.members, func(m *ent.ApplicationMember) bool { return m.EducatorID == educator })
	if i < 0 {
		return nil
	}
	return a.members[i]
}

// joining are those who take part, with what their registrations are to say.
func (a *application) joining() (all []joining, err error) {
	for _, m := range a.members {
		if m.State != "ACCEPTED" {
			continue
		}
		details, err := detailsProto(m)
		if err != nil {
			return nil, err
		}
		all = append(all, joining{m.EducatorID, details})
	}
	return all, nil
}

// proto is the application as somebody reads it: what a member's registration is to say is for that person and for staff.
func (a *application) proto(v viewer) (*pb.Application, error) {
	out := &pb.Application{
		Name: a.name(), Course: api.Name("btlc/Course", a.row.CourseID), Sites: a.row.Sites, State: api.EnumOf[pb.Application_State](a.row.State), Reason: a.row.Reason,
		SubmitTime: api.OptionalTimestamp(a.row.SubmitTime), CreateTime: api.Timestamp(a.row.CreateTime), UpdateTime: api.Timestamp(a.row.UpdateTime), Etag: api.Etag(a.row.Version),
	}
	if a.row.SectionID != nil {
		out.Section = api.Name("btlc/Section", *a.row.SectionID)
	}
	for _, day := range a.row.Evenings {
		out.Evenings = append(out.Evenings, dayofweek.DayOfWeek(day))
	}
	for _, m := range a.members {
		member := &pb.ApplicationMember{Educator: api.Name("btlc/Educator", m.EducatorID), State: api.EnumOf[pb.ApplicationMember_State](m.State)}
		if made := m.Edges.Registration; made != nil {
			member.RegistrationName = api.Name("btlc/Registration", made.SectionID, made.ID)
		}
		if m.Details != nil && (v.staff || slices.Contains(v.educators, m.EducatorID)) {
			details, err := detailsProto(m)
			if err != nil {
				return nil, err
			}
			member.Registration = details
		}
		out.Members = append(out.Members, member)
	}
	return out, nil
}

// detailsOf is what a registration is to say as it is kept: what callers may give of it, and nothing else. Whose it is the
// member says, also after a merge of two records.
func detailsOf(in *pb.Registration) (map[string]any, error) {
	if in == nil {
		return nil, nil
	}
	text, err := protojson.Marshal(&pb.Registration{
		AcknowledgedFramework: in.GetAcknowledgedFramework(), Strengths: in.GetStrengths(), LearningGoals: in.GetLearningGoals(),
		CompetencyRatings: in.GetCompetencyRatings(), CreditInstitution: in.GetCreditInstitution(), Payer: in.GetPayer(), AccessibilityNeeds: in.GetAccessibilityNeeds(),
	})
	if err != nil {
		return nil, err
	}
	var kept map[string]any
	return kept, json.Unmarshal(text, &kept)
}

func detailsProto(m *ent.ApplicationMember) (*pb.Registration, error) {
	text, err := json.Marshal(m.Details)
	if err != nil {
		return nil, err
	}
	out := &pb.Registration{}
	if err := protojson.Unmarshal(text, out); err != nil {
		return nil, err
	}
	out.Educator = educatorName(m.EducatorID)
	return out, nil
}

// applications puts to rows who applies: one query, however many they are.
func (s store) applications(ctx context.Context, db *ent.Client, rows []*ent.Application) ([]*application, error) {
	all, ids, byID := make([]*application, len(rows)), make([]uuid.UUID, len(rows)), map[uuid.UUID]*application{}
	for i, row := range rows {
		all[i], ids[i] = &application{row: row}, row.ID
		byID[row.ID] = all[i]
	}
	members, err := db.ApplicationMember.Query().Where(applicationmember.ApplicationIDIn(ids...)).WithRegistration().
		Order(ent.Asc(applicationmember.FieldApplicationID, applicationmember.FieldPosition)).All(ctx)
	if err != nil {
		return nil, err
	}
	for _, m := range members {
		byID[m.ApplicationID].members = append(byID[m.ApplicationID].members, m)
	}
	return all, nil
}

func ofApplication(name string) predicate.Application {
	return entapplication.And(entapplication.ID(api.LastUUID(name)), entapplication.TermID(api.Part(name, 0)))
}

func (s store) oneApplication(ctx context.Context, db *ent.Client, query *ent.ApplicationQuery, name string) (*application, error) {
	row, err := query.Where(ofApplication(name)).Only(ctx)
	if err != nil {
		return nil, orMissing(err, name)
	}
	found, err := s.applications(ctx, db, []*ent.Application{row})
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

func (s store) application(ctx context.Context, name string) (*application, error) {
	return s.oneApplication(ctx, s.db.Ent(), s.db.Ent().Application.Query(), name)
}

// lockedApplication is the application, held against others until the transaction ends, its members with it: whoever
// changes one of them holds the application.
func (s store) lockedApplication(ctx context.Context, tx *database.Tx, name string) (*application, error) {
	return s.oneApplication(ctx, tx.Client, tx.Application.Query().ForUpdate(), name)
}

// applied is an application by which somebody came: it has its places, and does not change any more.
func (s store) applied(ctx context.Context, tx *database.Tx, id uuid.UUID) (*application, error) {
	row, err := tx.Application.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	found, err := s.applications(ctx, tx.Client, []*ent.Application{row})
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// appliedBy leaves the applications that one of these people is a member of.
func appliedBy(educators []uuid.UUID) predicate.Application {
	return func(sel *sql.Selector) {
		members, ids := sql.Table(applicationmember.Table), make([]any, len(educators))
		for i, id := range educators {
			ids[i] = id
		}
		sel.Where(sql.In(sel.C(entapplication.FieldID), sql.Select(members.C(applicationmember.FieldApplicationID)).From(members).
			Where(sql.In(members.C(applicationmember.FieldEducatorID), ids...))))
	}
}

func (s store) listApplications(ctx context.Context, req *pb.ListApplicationsRequest, v viewer, everywhere bool, educators []uuid.UUID) (*pb.ListApplicationsResponse, error) {
	q, err := api.ParseList(req, applicationList)
	if err != nil {
		return nil, err
	}
	query := s.db.Ent().Application.Query()
	if !everywhere {
		query.Where(appliedBy(educators))
	}
	if id := api.LastWord(req.GetParent()); id != "-" {
		if found, err := s.db.Ent().Term.Query().Where(term.ID(id)).Exist(ctx); err != nil || !found {
			return nil, orMissing(err, req.GetParent())
		}
		query.Where(entapplication.TermID(id))
	}
	rows, err := query.Where(predicate.Application(q.Apply)).All(ctx)
	if err != nil {
		return nil, err
	}
	page, next := api.Page(q, rows, func(row *ent.Application) *ent.Application { return row })
	found, err := s.applications(ctx, s.db.Ent(), page)
	if err != nil {
		return nil, err
	}
	answer := &pb.ListApplicationsResponse{NextPageToken: next}
	for _, a := range found {
		item, err := a.proto(v)
		if err != nil {
			return nil, err
		}
		answer.Applications = append(answer.Applications, item)
	}
	return answer, nil
}

// checkTarget says whether there are the term, the course, and the section of both, if one is named, as far as the caller
// may see it.
func (s store) checkTarget(ctx context.Context, tx *database.Tx, parent string, in *pb.Application, v viewer) error {
	if found, err := tx.Term.Query().Where(term.ID(api.LastWord(parent))).Exist(ctx); err != nil || !found {
		return orMissing(err, parent)
	}
	if found, err := tx.Course.Query().Where(course.ID(api.LastWord(in.GetCourse()))).Exist(ctx); err != nil || !found {
		return orElse(err, absent("application.course", "course"))
	}
	if in.GetSection() == "" {
		return nil
	}
	row, err := tx.Section.Query().Where(entsection.ID(api.LastUUID(in.GetSection())), visibleTo(v)).WithCourseVersion().Only(ctx)
	switch {
	case ent.IsNotFound(err):
		return absent("application.section", "section")()
	case err != nil:
		return err
	case row.TermID != api.LastWord(parent) || row.Edges.CourseVersion.CourseID != api.LastWord(in.GetCourse()):
		return api.InvalidField("application.section", "is a section of the course in the term")
	}
	return nil
}

// checkMembers says whether all whom an application names are there.
func (s store) checkMembers(ctx context.Context, tx *database.Tx, asked wish) error {
	ids := make([]uuid.UUID, len(asked.invitees))
	for i, member := range asked.invitees {
		ids[i] = member.educator
	}
	there, err := tx.Educator.Query().Where(educator.IDIn(ids...)).IDs(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if !slices.Contains(there, id) {
			return absent(asked.member(id).field(asking), "person")()
		}
	}
	return nil
}

// checkDetailed says whether what a registration for a course is to say names things that there are. field is its path.
func (s store) checkDetailed(ctx context.Context, tx *database.Tx, course string, in *pb.Registration, field string) error {
	id := api.LastWord(in.GetAcknowledgedFramework())
	found, err := tx.Framework.Query().Where(framework.ID(id)).Exist(ctx)
	if err == nil && !found {
		err = absent("registration.acknowledgedFramework", "framework")()
	}
	if err == nil {
		err = s.checkDetails(ctx, tx, course, id, in)
	}
	return within(field, err)
}

// mayApply holds people against applying twice at once, and refuses whoever applies for the course in the term already, or
// is registered for it. except is the application that they apply by; as says who they are by it.
func (s store) mayApply(ctx context.Context, tx *database.Tx, termID, courseID string, who []uuid.UUID, except uuid.UUID, as func(uuid.UUID) member) error {
	if err := s.holdPeople(ctx, tx, who); err != nil {
		return err
	}
	others, err := tx.ApplicationMember.Query().Where(applicationmember.EducatorIDIn(who...), applicationmember.State("ACCEPTED"), applicationmember.HasApplicationWith(
		entapplication.TermID(termID), entapplication.CourseID(courseID), entapplication.StateIn(openApplication...), entapplication.IDNEQ(except))).
		Order(ent.Asc(applicationmember.FieldID)).All(ctx)
	if err != nil {
		return err
	}
	if len(others) > 0 {
		return as(others[0].EducatorID).refusal(appliedAlready(asking, api.Name("btlc/Application", termID, others[0].ApplicationID)))
	}
	registered, err := s.registeredFor(tx.Client, termID, courseID, who).All(ctx)
	if err == nil && len(registered) > 0 {
		r := registered[0]
		err = as(r.EducatorID).refusal(registeredAlready(asking, api.Name("btlc/Registration", r.SectionID, r.ID)))
	}
	return err
}

// registeredFor are the registrations of people in a term, of a course or of any when it is empty.
func (s store) registeredFor(db *ent.Client, termID, courseID string, who []uuid.UUID) *ent.RegistrationQuery {
	of := []predicate.Section{entsection.TermID(termID)}
	if courseID != "" {
		of = append(of, entsection.HasCourseVersionWith(courseversion.CourseID(courseID)))
	}
	return db.Registration.Query().Where(entregistration.EducatorIDIn(who...), entregistration.StateNotIn(ended...), entregistration.HasSectionWith(of...)).
		Order(ent.Asc(entregistration.FieldID))
}

func (s store) createApplication(ctx context.Context, tx *database.Tx, parent string, in *pb.Application, asked wish) (*application, error) {
	row, err := tx.Application.Create().SetTermID(api.LastWord(parent)).SetCourseID(api.LastWord(in.GetCourse())).SetNillableSectionID(api.OptionalUUID(in.GetSection())).
		SetEvenings(asked.evenings).SetSites(asked.sites).SetState(applicationLife.First()).SetCreateTime(tx.Now).SetUpdateTime(tx.Now).Save(ctx)
	if err != nil {
		return nil, err
	}
	creates := make([]*ent.ApplicationMemberCreate, len(asked.invitees))
	for i, member := range asked.invitees {
		creates[i] = tx.ApplicationMember.Create().SetApplicationID(row.ID).SetEducatorID(member.educator).SetPosition(int32(i)).SetState(member.state()).SetCreateTime(tx.Now)
		details, err := detailsOf(in.GetMembers()[i].GetRegistration())
		if err != nil {
			return nil, err
		}
		if details != nil {
			creates[i].SetDetails(details)
		}
	}
	members, err := tx.ApplicationMember.CreateBulk(creates...).Save(ctx)
	return &application{row, members}, err
}

// setMember writes what a member has answered.
func (s store) setMember(ctx context.Context, m *ent.ApplicationMember, state string, in *pb.Registration) error {
	details, err := detailsOf(in)
	if err != nil {
		return err
	}
	update := m.Update().SetState(state)
	if details != nil {
		update.SetDetails(details)
	}
	row, err := update.Save(ctx)
	if err == nil {
		*m = *row
	}
	return err
}

// moveApplication gives an application its state, even when it is the one that it has: then one of its members changed.
func (s store) moveApplication(ctx context.Context, tx *database.Tx, found *application, state, reason string) (err error) {
	update := found.row.Update().SetState(state).SetReason(reason).SetUpdateTime(tx.Now).AddVersion(1)
	if state == "SUBMITTED" {
		update.SetSubmitTime(tx.Now)
	}
	found.row, err = update.Save(ctx)
	return err
}

// setRegistrations says which registrations were made of an application.
func (s store) setRegistrations(ctx context.Context, tx *database.Tx, found *application, made []*registration) error {
	for _, r := range made {
		m := found.member(r.row.EducatorID)
		if m == nil {
			return fmt.Errorf("registration %s is of nobody who applied by %s", r.row.ID, found.row.ID)
		}
		if err := tx.ApplicationMember.Update().Where(applicationmember.ID(m.ID)).SetRegistrationID(r.row.ID).Exec(ctx); err != nil {
			return err
		}
		m.RegistrationID, m.Edges.Registration = &r.row.ID, r.row
	}
	return nil
}
