package enrollment

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/educator"
	"github.com/btlc/btlc/ent/predicate"
	entregistration "github.com/btlc/btlc/ent/registration"
	"github.com/btlc/btlc/ent/roleassignment"
	entsection "github.com/btlc/btlc/ent/section"
	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

var registrationList = &api.ListSpec{Default: "create_time", Columns: map[string]api.Column{
	"state": api.EnumColumn[pb.RegistrationState](entregistration.FieldState), "educator": {Name: entregistration.FieldEducatorID, Kind: api.UUIDNameColumn},
	"create_time": {Name: entregistration.FieldCreateTime, Kind: api.InstantColumn},
}}

// registration is a registration with its section.
type registration struct {
	row     *ent.Registration
	section *section
}

func (r *registration) name() string {
	return api.Name("btlc/Registration", r.row.SectionID, r.row.ID)
}

// readers are the scopes within which the registration may be read: the person's, and those of who leads the section.
func (r *registration) readers() []string {
	return scopesOf(append([]uuid.UUID{r.row.EducatorID}, r.section.facilitators...)...)
}

func (r *registration) proto() *pb.Registration { return registrationProto(r.row) }

func registrationProto(row *ent.Registration) *pb.Registration {
	return &pb.Registration{
		Name: api.Name("btlc/Registration", row.SectionID, row.ID), Educator: api.Name("btlc/Educator", row.EducatorID),
		State: api.EnumOf[pb.RegistrationState](row.State), RegisterDate: api.Date(row.RegisterDate),
		RoleAssignment:        api.Name("btlc/RoleAssignment", row.EducatorID, row.RoleAssignmentID),
		AcknowledgedFramework: api.Name("btlc/Framework", row.FrameworkID), Strengths: row.Strengths, LearningGoals: row.LearningGoals, Reason: row.Reason,
		CreateTime: api.Timestamp(row.CreateTime), UpdateTime: api.Timestamp(row.UpdateTime), Etag: api.Etag(row.Version),
	}
}

func ofRegistration(name string) predicate.Registration {
	return entregistration.And(entregistration.ID(api.LastUUID(name)), entregistration.SectionID(api.PartUUID(name, 0)))
}

func (s store) registration(ctx context.Context, name string) (*registration, error) {
	row, err := s.db.Ent().Registration.Query().Where(ofRegistration(name)).Only(ctx)
	if err != nil {
		return nil, orMissing(err, name)
	}
	of, err := s.one(ctx, s.db.Ent(), s.db.Ent().Section.Query().Where(entsection.ID(row.SectionID)), name)
	return &registration{row: row, section: of}, err
}

// lockedRegistration is the registration, held against others until the transaction ends, and before it its section, in
// the order in which all who need both hold them.
func (s store) lockedRegistration(ctx context.Context, tx *database.Tx, name string) (*registration, error) {
	of, err := s.one(ctx, tx.Client, tx.Section.Query().Where(entsection.ID(api.PartUUID(name, 0))).ForShare(keyShare), name)
	if err != nil {
		return nil, err
	}
	row, err := tx.Registration.Query().Where(ofRegistration(name)).ForUpdate().Only(ctx)
	if err != nil {
		return nil, orMissing(err, name)
	}
	return &registration{row: row, section: of}, nil
}

// readableBy leaves the registrations of these people and of the sections that they lead.
func readableBy(educators []uuid.UUID) predicate.Registration {
	return func(sel *sql.Selector) {
		ids := make([]any, len(educators))
		for i, id := range educators {
			ids[i] = id
		}
		sel.Where(sql.Or(sql.In(sel.C(entregistration.FieldEducatorID), ids...), ledBy(sel.C(entregistration.FieldSectionID), educators)))
	}
}

func (s store) listRegistrations(ctx context.Context, req *pb.ListRegistrationsRequest, v viewer, everywhere bool, educators []uuid.UUID) (*pb.ListRegistrationsResponse, error) {
	q, err := api.ParseList(req, registrationList)
	if err != nil {
		return nil, err
	}
	query := s.db.Ent().Registration.Query()
	if !everywhere {
		query.Where(readableBy(educators))
	}
	if api.LastWord(req.GetParent()) != "-" {
		id := api.LastUUID(req.GetParent())
		if found, err := s.sectionVisible(ctx, id, v); err != nil || !found {
			return nil, orMissing(err, req.GetParent())
		}
		query.Where(entregistration.SectionID(id))
	}
	rows, err := query.Where(predicate.Registration(q.Apply)).All(ctx)
	if err != nil {
		return nil, err
	}
	items, next := api.Page(q, rows, registrationProto)
	return &pb.ListRegistrationsResponse{Registrations: items, NextPageToken: next}, nil
}

// assignments are the leadership roles of a person, as plain values.
func (s store) assignments(ctx context.Context, tx *database.Tx, id uuid.UUID) ([]assignment, error) {
	rows, err := tx.RoleAssignment.Query().Where(roleassignment.EducatorID(id)).WithRole().All(ctx)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		if found, err := tx.Educator.Query().Where(educator.ID(id)).Exist(ctx); err != nil || !found {
			return nil, orElse(err, absent("registration.educator", "person"))
		}
	}
	held := make([]assignment, len(rows))
	for i, row := range rows {
		held[i] = assignment{id: row.ID, state: row.State, confirmed: row.ConfirmTime != nil, start: row.StartDate, end: row.EndDate}
		if family := row.Edges.Role.RoleFamilyID; family != nil {
			held[i].family = *family
		}
	}
	return held, nil
}

func orElse(err error, meaning func() *api.Error) error {
	if err != nil {
		return err
	}
	return meaning()
}

var registrationConflicts = api.Conflicts{
	"registration_once": func() *api.Error {
		return api.Errorf(api.AlreadyRegistered, "The person has a registration in this section.")
	},
	"registrations_frameworks_framework": absent("registration.acknowledgedFramework", "framework"),
}

func (s store) createRegistration(ctx context.Context, tx *database.Tx, of *section, in *pb.Registration, by assignment, day time.Time) (*registration, error) {
	row, err := tx.Registration.Create().SetSectionID(of.row.ID).SetEducatorID(api.LastUUID(in.GetEducator())).SetRoleAssignmentID(by.id).
		SetFrameworkID(api.LastWord(in.GetAcknowledgedFramework())).SetState(registrationLife.First()).SetRegisterDate(day).SetStrengths(in.GetStrengths()).SetLearningGoals(in.GetLearningGoals()).
		SetStateTime(tx.Now).SetCreateTime(tx.Now).SetUpdateTime(tx.Now).Save(ctx)
	if err != nil {
		return nil, registrationConflicts.Translate(err)
	}
	return &registration{row: row, section: of}, nil
}

func (s store) updateRegistration(ctx context.Context, tx *database.Tx, found *registration, next *pb.Registration) (err error) {
	found.row, err = found.row.Update().SetStrengths(next.Strengths).SetLearningGoals(next.LearningGoals).SetUpdateTime(tx.Now).AddVersion(1).Save(ctx)
	return err
}

func (s store) setRegistrationState(ctx context.Context, tx *database.Tx, found *registration, state, reason string) (err error) {
	found.row, err = found.row.Update().SetState(state).SetStateTime(tx.Now).SetReason(reason).SetUpdateTime(tx.Now).AddVersion(1).Save(ctx)
	return err
}

// withdrawAll withdraws all who have a seat in a section that is held against others, and says who they are.
func (s store) withdrawAll(ctx context.Context, tx *database.Tx, of *section, reason string) ([]*registration, error) {
	enrolled := []predicate.Registration{entregistration.SectionID(of.row.ID), entregistration.State("ENROLLED")}
	rows, err := tx.Registration.Query().Where(enrolled...).Order(ent.Asc(entregistration.FieldID)).ForUpdate().All(ctx)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	if err := tx.Registration.Update().Where(enrolled...).SetState("WITHDRAWN").SetStateTime(tx.Now).SetReason(reason).
		SetUpdateTime(tx.Now).AddVersion(1).Exec(ctx); err != nil {
		return nil, err
	}
	withdrawn := make([]*registration, len(rows))
	for i, row := range rows {
		row.State, row.Version = "WITHDRAWN", row.Version+1
		withdrawn[i] = &registration{row: row, section: of}
	}
	return withdrawn, nil
}
