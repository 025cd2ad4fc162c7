package enrollment

import (
	"context"
	"slices"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/educator"
	"github.com/btlc/btlc/ent/predicate"
	entregistration "github.com/btlc/btlc/ent/registration"
	"github.com/btlc/btlc/ent/roleassignment"
	entsection "github.com/btlc/btlc/ent/section"
	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/access"
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

func (r *registration) proto() *pb.Registration {
	r.row.Edges.Section = r.section.row
	return registrationProto(r.row)
}

// registrationProto is a registration whose row has its section.
func registrationProto(row *ent.Registration) *pb.Registration {
	out := &pb.Registration{
		Name: api.Name("btlc/Registration", row.SectionID, row.ID), Educator: api.Name("btlc/Educator", row.EducatorID),
		State: api.EnumOf[pb.RegistrationState](row.State), RegisterDate: api.Date(row.RegisterDate),
		Strengths: row.Strengths, LearningGoals: row.LearningGoals, Reason: row.Reason, Payer: payerProto(row),
		AccessibilityNeeds: row.AccessibilityNeeds, NeedsAnswer: row.NeedsAnswer, ImportedSource: row.ImportedSource, CompletionException: row.CompletionException,
		CreateTime: api.Timestamp(row.CreateTime), UpdateTime: api.Timestamp(row.UpdateTime), Etag: api.Etag(row.Version),
	}
	for _, r := range row.CompetencyRatings {
		out.CompetencyRatings = append(out.CompetencyRatings, &pb.CompetencyRating{Competency: r.Competency, Rating: r.Rating, LearningGoal: r.LearningGoal})
	}
	if row.RoleAssignmentID != nil {
		out.RoleAssignment = api.Name("btlc/RoleAssignment", row.EducatorID, *row.RoleAssignmentID)
	}
	if row.FrameworkID != nil {
		out.AcknowledgedFramework = api.Name("btlc/Framework", *row.FrameworkID)
	}
	if row.CreditInstitutionID != nil {
		out.CreditInstitution = api.Name("btlc/Institution", *row.CreditInstitutionID)
	}
	if row.ApplicationID != nil {
		out.Application = api.Name("btlc/Application", row.Edges.Section.TermID, *row.ApplicationID)
	}
	if row.OfferExpireTime != nil {
		out.OfferExpireTime = api.Timestamp(*row.OfferExpireTime)
	}
	return out
}

// payerProto is who pays, when it is somebody else than the person.
func payerProto(row *ent.Registration) *pb.Payer {
	if row.PayerKind == "SELF" {
		return nil
	}
	return &pb.Payer{Kind: api.EnumOf[pb.Payer_Kind](row.PayerKind), Sponsor: row.Sponsor, PurchaseOrder: row.PurchaseOrder}
}

// visible is a registration as the caller may see it. Who leads the section does not learn who pays, reads ratings in the
// cohort's profile alone, and knows the needs of those who take part.
func visible(ctx context.Context, row *ent.Registration, out *pb.Registration) *pb.Registration {
	if access.Authorize(ctx, out.Name, scopesOf(row.EducatorID)...) == nil {
		return out
	}
	out.Payer, out.CompetencyRatings = nil, nil
	if !slices.Contains(seatedStates, row.State) {
		out.AccessibilityNeeds, out.NeedsAnswer = "", ""
	}
	return out
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
	query := s.db.Ent().Registration.Query().WithSection()
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
	items, next := api.Page(q, rows, func(row *ent.Registration) *pb.Registration { return visible(ctx, row, registrationProto(row)) })
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
		held[i] = assignmentOf(row)
	}
	return held, nil
}

// assignmentOf is a row with its role, as a plain value.
func assignmentOf(row *ent.RoleAssignment) assignment {
	a := assignment{id: row.ID, state: row.State, confirmed: row.ConfirmTime != nil, start: row.StartDate, end: row.EndDate}
	if family := row.Edges.Role.RoleFamilyID; family != nil {
		a.family = *family
	}
	return a
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
	"registrations_frameworks_framework":            absent("registration.acknowledgedFramework", "framework"),
	"registrations_institutions_credit_institution": absent("registration.creditInstitution", "institution"),
	"nobody_is_booked_twice":                        bookingConflicts["nobody_is_booked_twice"],
}

// beforeSeat are the states of who has had no seat yet, and was charged nothing.
var beforeSeat = []string{"AWAITING_ROLE", "WAITLISTED", "OFFERED"}

// updateRegistration changes what a registration says. Other needs than before have not been answered yet.
func (s store) updateRegistration(ctx context.Context, tx *database.Tx, found *registration, next *pb.Registration) (err error) {
	if err := s.checkDetails(ctx, tx, found.section.row.Edges.CourseVersion.CourseID, api.LastWord(next.AcknowledgedFramework), next); err != nil {
		return err
	}
	if of := found.section.row.State; !ratesItself(of) && !slices.Equal(ratingsOf(next), found.row.CompetencyRatings) {
		return api.Errorf(api.StateConflict, "Registration was closed: the ratings stay as they are, since they are told of the group.").With("state", of)
	}
	p := payerOf(next)
	update := found.row.Update().SetStrengths(next.Strengths).SetLearningGoals(next.LearningGoals).SetCompetencyRatings(ratingsOf(next)).
		SetAccessibilityNeeds(next.AccessibilityNeeds).SetPayerKind(p.kind).SetSponsor(p.sponsor).SetPurchaseOrder(p.order).ClearCreditInstitutionID().
		SetUpdateTime(tx.Now).AddVersion(1)
	if p != (payer{found.row.PayerKind, found.row.Sponsor, found.row.PurchaseOrder}) && !slices.Contains(beforeSeat, found.row.State) {
		return api.Errorf(api.StateConflict, "Who pays is changed while there is no seat yet: from then on money is on record under the payer.").With("state", found.row.State)
	}
	if next.AccessibilityNeeds != found.row.AccessibilityNeeds {
		update.SetNeedsAnswer("")
	}
	if next.CreditInstitution != "" {
		update.SetCreditInstitutionID(api.LastWord(next.CreditInstitution))
	}
	found.row, err = update.Save(ctx)
	return err
}

func (s store) answerNeeds(ctx context.Context, tx *database.Tx, found *registration, answer string) (err error) {
	if found.row.AccessibilityNeeds == "" {
		return api.Errorf(api.StateConflict, "The person has told of no needs.").With("state", found.row.State)
	}
	found.row, err = found.row.Update().SetNeedsAnswer(answer).SetUpdateTime(tx.Now).AddVersion(1).Save(ctx)
	return err
}

func (s store) setRegistrationState(ctx context.Context, tx *database.Tx, found *registration, state, reason string) (err error) {
	found.row, err = found.row.Update().SetState(state).SetStateTime(tx.Now).SetReason(reason).SetUpdateTime(tx.Now).AddVersion(1).Save(ctx)
	return err
}
