package enrollment

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/competency"
	"github.com/btlc/btlc/ent/coreskill"
	"github.com/btlc/btlc/ent/district"
	"github.com/btlc/btlc/ent/educator"
	"github.com/btlc/btlc/ent/institution"
	entregistration "github.com/btlc/btlc/ent/registration"
	"github.com/btlc/btlc/ent/roleassignment"
	"github.com/btlc/btlc/ent/schema"
	"github.com/btlc/btlc/ent/school"
	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/program"
	"github.com/btlc/btlc/internal/record"
)

// newcomer is one who may have a seat.
type newcomer struct {
	joining
	role   assignment
	awaits bool // whether the role is not confirmed yet
	alike  bool // whether it is of the section's family
}

func educatorsOf(who []joining) []uuid.UUID {
	ids := make([]uuid.UUID, len(who))
	for i, j := range who {
		ids[i] = j.educator
	}
	return ids
}

// ended are the states in which a registration is over without having been one to the end: the person may ask again.
var ended = []string{"WITHDRAWN", "DECLINED", "EXPIRED"}

// holdPeople holds people against asking twice at once, in the order in which all who need several hold them.
func (s store) holdPeople(ctx context.Context, tx *database.Tx, who []uuid.UUID) error {
	_, err := tx.Educator.Query().Where(educator.IDIn(who...)).Order(ent.Asc(educator.FieldID)).ForUpdate(counting).IDs(ctx)
	return err
}

// notRegistered refuses whoever has a registration for the section's course in its term; of those who are moved there, whoever
// has one in the section.
func (s store) notRegistered(ctx context.Context, tx *database.Tx, of *section, who []uuid.UUID, how admission) error {
	found, err := s.registeredFor(tx.Client, of.row.TermID, of.row.Edges.CourseVersion.CourseID, who).All(ctx)
	if err != nil {
		return err
	}
	for _, r := range found {
		if !how.moves || r.SectionID == of.row.ID {
			return how.about(r.EducatorID, registeredAlready(asking, api.Name("btlc/Registration", r.SectionID, r.ID)))
		}
	}
	return nil
}

// heldAssignments are the leadership roles of a person, of which those that may yet be confirmed are held against it
// until the transaction ends.
func (s store) heldAssignments(ctx context.Context, tx *database.Tx, id uuid.UUID) ([]assignment, error) {
	if _, err := tx.RoleAssignment.Query().Where(roleassignment.EducatorID(id), roleassignment.StateIn("REPORTED", "DISPUTED")).Order(ent.Asc(roleassignment.FieldID)).ForShare().All(ctx); err != nil {
		return nil, err
	}
	return s.assignments(ctx, tx, id)
}

// meets refuses whoever does not meet the policy of registration; a policy that was never written asks for nothing. That
// a role is held is decided with better words.
func (s store) meets(ctx context.Context, tx *database.Tx, policies *record.Policies, educator uuid.UUID, of *section) error {
	version, err := record.LatestPolicy(ctx, tx.Client, program.RegistrationPolicy)
	if ent.IsNotFound(err) {
		return nil
	} else if err != nil {
		return err
	}
	result, err := policies.Evaluate(ctx, tx.Client, version, record.About{Educator: educator, Course: of.row.Edges.CourseVersion.CourseID, Now: tx.Now})
	if err != nil {
		return err
	}
	e := &api.Error{Reason: api.RequirementsUnmet}
	var ids []string
	for _, r := range result.Requirements {
		if !r.Met && r.ID != leadershipRole {
			ids = append(ids, r.ID)
			e.Violations = append(e.Violations, api.Violation{Field: r.ID, Description: r.Unmet})
		}
	}
	if len(ids) == 0 {
		return nil
	}
	e.Detail = "Not met: " + strings.Join(ids, ", ") + "."
	return e
}

// checkDetails checks what a registration says, as far as it names things.
func (s store) checkDetails(ctx context.Context, tx *database.Tx, courseID, framework string, in *pb.Registration) error {
	if framework == "" {
		return api.InvalidField("registration.acknowledgedFramework", "is the framework that the person has reviewed")
	}
	rated := make([]string, len(in.GetCompetencyRatings()))
	for i, r := range in.GetCompetencyRatings() {
		rated[i] = r.GetCompetency()
	}
	p := payerOf(in)
	if faults := append(p.check(), checkRated(rated)...); len(faults) > 0 {
		return api.Invalid(faults...)
	}
	if err := s.checkSponsor(ctx, tx, p.sponsor); err != nil {
		return err
	}
	if in.GetCreditInstitution() != "" {
		if found, err := tx.Institution.Query().Where(institution.ID(api.LastWord(in.GetCreditInstitution()))).Exist(ctx); err != nil || !found {
			return orElse(err, absent("registration.creditInstitution", "institution"))
		}
	}
	if len(rated) == 0 {
		return nil
	}
	about, err := tx.Course.Get(ctx, courseID)
	if err != nil {
		return err
	}
	codes, err := tx.Competency.Query().Where(competency.FrameworkID(framework), competency.HasCoreSkillWith(coreskill.Code(about.CoreSkill))).
		Select(competency.FieldCode).Strings(ctx)
	if err != nil {
		return err
	}
	for i, code := range rated {
		if !slices.Contains(codes, code) {
			return absent(fmt.Sprintf("registration.competencyRatings[%d].competency", i), "competency of the course")()
		}
	}
	return nil
}

// checkSponsor says whether a school or district is there that is to pay.
func (s store) checkSponsor(ctx context.Context, tx *database.Tx, name string) (err error) {
	if name == "" {
		return nil
	}
	found := false
	if _, isDistrict := api.IDs("btlc/District", name); isDistrict {
		found, err = tx.District.Query().Where(district.ID(api.LastWord(name))).Exist(ctx)
	} else {
		found, err = tx.School.Query().Where(school.ID(api.LastUUID(name)), school.DistrictID(api.Part(name, 0))).Exist(ctx)
	}
	if err != nil || !found {
		return orElse(err, absent("registration.payer.sponsor", "school or district"))
	}
	return nil
}

func payerOf(in *pb.Registration) payer {
	if in.GetPayer() == nil {
		return payer{kind: "SELF"}
	}
	return payer{api.EnumWord(in.GetPayer().GetKind()), in.GetPayer().GetSponsor(), in.GetPayer().GetPurchaseOrder()}
}

func ratingsOf(in *pb.Registration) []schema.CompetencyRating {
	ratings := []schema.CompetencyRating{}
	for _, r := range in.GetCompetencyRatings() {
		ratings = append(ratings, schema.CompetencyRating{Competency: r.GetCompetency(), Rating: r.GetRating(), LearningGoal: r.GetLearningGoal()})
	}
	return ratings
}

// newRegistration is the registration of a newcomer, but for its state.
func (s store) newRegistration(tx *database.Tx, of *section, n newcomer, how admission, day time.Time) *ent.RegistrationCreate {
	in, p := n.details, payerOf(n.details)
	return tx.Registration.Create().SetID(uuid.Must(uuid.NewV7())).SetSectionID(of.row.ID).SetEducatorID(n.educator).SetRoleAssignmentID(n.role.id).SetRoleAlike(n.alike).
		SetNillableApplicationID(how.application).SetFrameworkID(api.LastWord(in.GetAcknowledgedFramework())).SetRegisterDate(day).
		SetStrengths(in.GetStrengths()).SetLearningGoals(in.GetLearningGoals()).SetCompetencyRatings(ratingsOf(in)).SetAccessibilityNeeds(in.GetAccessibilityNeeds()).
		SetNillableCreditInstitutionID(api.OptionalWord(in.GetCreditInstitution())).SetPayerKind(p.kind).SetSponsor(p.sponsor).SetPurchaseOrder(p.order).
		SetStateTime(tx.Now).SetCreateTime(tx.Now).SetUpdateTime(tx.Now)
}

// make is a seat for a registration that is about to be made.
func (t *turn) make(builder *ent.RegistrationCreate, how admission, alike bool) *seat {
	id, _ := builder.Mutation().ID()
	t.made[id.String()] = builder
	return &seat{id: id, party: partyOf(id, how.application), since: t.now, roleAlike: alike}
}

// learnUnsettled has the turn know of those who wait or have an offer, when it does not yet.
func (s store) learnUnsettled(ctx context.Context, tx *database.Tx, t *turn) error {
	if len(t.rows) > 0 {
		return nil
	}
	rows, err := tx.Registration.Query().Where(entregistration.SectionID(t.section.row.ID), entregistration.StateIn(unsettled...)).Select(seatColumns...).All(ctx)
	if err != nil {
		return err
	}
	for _, one := range t.learn(rows) {
		t.known[one.id.String()] = one
	}
	t.state.Parties = places(slices.Collect(maps.Values(t.known)))
	return nil
}
