package enrollment

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	entapplication "github.com/btlc/btlc/ent/application"
	"github.com/btlc/btlc/ent/course"
	entplacement "github.com/btlc/btlc/ent/placement"
	"github.com/btlc/btlc/ent/placementproposal"
	"github.com/btlc/btlc/ent/predicate"
	"github.com/btlc/btlc/ent/schema"
	"github.com/btlc/btlc/ent/term"
	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/placement"
)

var proposalList = &api.ListSpec{Default: "create_time desc", Columns: map[string]api.Column{
	"state":       api.EnumColumn[pb.PlacementProposal_State](placementproposal.FieldState),
	"create_time": {Name: placementproposal.FieldCreateTime, Kind: api.InstantColumn},
}}

var placementList = &api.ListSpec{Default: "application", Columns: map[string]api.Column{
	"application": {Name: entplacement.FieldApplicationID, Kind: api.UUIDNameColumn}, "section": {Name: entplacement.FieldSectionID, Kind: api.UUIDNameColumn, FilterOnly: true},
	"state": api.EnumColumn[pb.Placement_State](entplacement.FieldState),
}}

func proposalName(row *ent.PlacementProposal) string {
	return api.Name("btlc/PlacementProposal", row.TermID, row.ID)
}

func proposalProto(row *ent.PlacementProposal) *pb.PlacementProposal {
	out := &pb.PlacementProposal{
		Name: proposalName(row), State: api.EnumOf[pb.PlacementProposal_State](row.State), Value: row.Value, Bound: row.Bound, Gap: placement.Gap(int64(row.Value), row.Bound),
		Weights: &pb.PlacementWeights{Placed: row.Weights["placed"], RoleAlike: row.Weights["roleAlike"], FirstSite: row.Weights["firstSite"], OtherSite: row.Weights["otherSite"]},
		Rules:   row.Rules, PlacedCount: row.PlacedCount, UnplacedCount: row.UnplacedCount, RecordedBy: row.RecordedBy, ApplyTime: api.OptionalTimestamp(row.ApplyTime),
		CreateTime: api.Timestamp(row.CreateTime), UpdateTime: api.Timestamp(row.UpdateTime), Etag: api.Etag(row.Version),
	}
	if row.CourseID != nil {
		out.Course = api.Name("btlc/Course", *row.CourseID)
	}
	for _, plan := range row.Sections {
		out.Sections = append(out.Sections, &pb.SectionPlan{
			Section: api.Name("btlc/Section", plan.Section), RoleFamily: optionalName("btlc/RoleFamily", plan.RoleFamily), FreeSeats: plan.FreeSeats, Placed: plan.Placed, RoleAlike: plan.RoleAlike,
		})
	}
	return out
}

func optionalName(resourceType, id string) string {
	if id == "" {
		return ""
	}
	return api.Name(resourceType, id)
}

func placementProto(termID string, row *ent.Placement) *pb.Placement {
	out := &pb.Placement{
		Application: api.Name("btlc/Application", termID, row.ApplicationID), Pinned: row.Pinned, Value: row.Value, Reasons: row.Reasons,
		State: api.EnumOf[pb.Placement_State](row.State), Failure: row.Failure, PartySize: row.PartySize,
	}
	if row.SectionID != nil {
		out.Section = api.Name("btlc/Section", *row.SectionID)
	}
	for _, a := range row.Alternatives {
		out.Alternatives = append(out.Alternatives, &pb.PlacementAlternative{Section: api.Name("btlc/Section", a.Section), Gain: a.Gain, Obstacles: a.Obstacles})
	}
	return out
}

func ofProposal(name string) predicate.PlacementProposal {
	return placementproposal.And(placementproposal.ID(api.LastUUID(name)), placementproposal.TermID(api.Part(name, 0)))
}

func (s store) proposal(ctx context.Context, query *ent.PlacementProposalQuery, name string) (*ent.PlacementProposal, error) {
	row, err := query.Where(ofProposal(name)).Only(ctx)
	if err != nil {
		return nil, orMissing(err, name)
	}
	return row, nil
}

func (s store) getProposal(ctx context.Context, name string) (*pb.PlacementProposal, error) {
	row, err := s.proposal(ctx, s.db.Ent().PlacementProposal.Query(), name)
	if err != nil {
		return nil, err
	}
	return proposalProto(row), nil
}

func (s store) listProposals(ctx context.Context, req *pb.ListPlacementProposalsRequest) (*pb.ListPlacementProposalsResponse, error) {
	q, err := api.ParseList(req, proposalList)
	if err != nil {
		return nil, err
	}
	query := s.db.Ent().PlacementProposal.Query()
	if id := api.LastWord(req.GetParent()); id != "-" {
		if found, err := s.db.Ent().Term.Query().Where(term.ID(id)).Exist(ctx); err != nil || !found {
			return nil, orMissing(err, req.GetParent())
		}
		query.Where(placementproposal.TermID(id))
	}
	rows, err := query.Where(predicate.PlacementProposal(q.Apply)).All(ctx)
	if err != nil {
		return nil, err
	}
	items, next := api.Page(q, rows, proposalProto)
	return &pb.ListPlacementProposalsResponse{PlacementProposals: items, NextPageToken: next}, nil
}

// listPlacements lists the placements of a proposal, and says who applied by them.
func (s store) listPlacements(ctx context.Context, req *pb.ListPlacementsRequest) (*pb.ListPlacementsResponse, []uuid.UUID, error) {
	q, err := api.ParseList(req, placementList)
	if err != nil {
		return nil, nil, err
	}
	of, err := s.proposal(ctx, s.db.Ent().PlacementProposal.Query(), req.GetParent())
	if err != nil {
		return nil, nil, err
	}
	rows, err := s.db.Ent().Placement.Query().Where(entplacement.PlacementProposalID(of.ID), predicate.Placement(q.Apply)).All(ctx)
	if err != nil {
		return nil, nil, err
	}
	var applications []*ent.Application
	items, next := api.Page(q, rows, func(row *ent.Placement) *pb.Placement {
		applications = append(applications, &ent.Application{ID: row.ApplicationID})
		return placementProto(of.TermID, row)
	})
	found, err := s.applications(ctx, s.db.Ent(), applications)
	if err != nil {
		return nil, nil, err
	}
	var whose []uuid.UUID
	for _, a := range found {
		whose = append(whose, a.who("ACCEPTED")...)
	}
	return &pb.ListPlacementsResponse{Placements: items, NextPageToken: next}, whose, nil
}

// checkScope says whether there are a term, by its name, and a course of a proposal, if one is named.
func (s store) checkScope(ctx context.Context, tx *database.Tx, parent, courseID string) error {
	if found, err := tx.Term.Query().Where(term.ID(api.LastWord(parent))).Exist(ctx); err != nil || !found {
		return orMissing(err, parent)
	}
	if courseID == "" {
		return nil
	}
	if found, err := tx.Course.Query().Where(course.ID(courseID)).Exist(ctx); err != nil || !found {
		return orElse(err, absent("course", "course"))
	}
	return nil
}

// waiting are the applications of a term, of a course or of any when it is empty, that wait for a proposal, in the order in
// which they were submitted.
func (s store) waiting(ctx context.Context, tx *database.Tx, termID, courseID string) ([]*application, error) {
	query := tx.Application.Query().Where(entapplication.TermID(termID), entapplication.State("SUBMITTED"), entapplication.SectionIDIsNil())
	if courseID != "" {
		query.Where(entapplication.CourseID(courseID))
	}
	rows, err := query.Order(ent.Asc(entapplication.FieldSubmitTime, entapplication.FieldID)).All(ctx)
	if err != nil {
		return nil, err
	}
	return s.applications(ctx, tx.Client, rows)
}

// draft is a proposal that is about to be kept.
type draft struct {
	term, course, rules, by string
	weights                 map[string]int32
	bound                   float64
	evaluation              placement.Evaluation
	places                  map[string]proposedPlace // by the names of applications
}

// placed is how many applications have a place.
func (d *draft) placed() (count int32) {
	for _, p := range d.places {
		if p.section != "" {
			count++
		}
	}
	return count
}

func plansOf(e placement.Evaluation) []schema.SectionPlan {
	plans := make([]schema.SectionPlan, len(e.Sections))
	for i, c := range e.Sections {
		plans[i] = schema.SectionPlan{
			Section: api.LastUUID(c.Section), RoleFamily: api.LastWord(c.Family), FreeSeats: int32(c.Seated + c.Free), Placed: int32(c.Seated), RoleAlike: int32(c.RoleAlike),
		}
	}
	return plans
}

func alternativesOf(p proposedPlace) []schema.PlacementAlternative {
	kept := make([]schema.PlacementAlternative, len(p.alternatives))
	for i, a := range p.alternatives {
		kept[i] = schema.PlacementAlternative{Section: api.LastUUID(a.section), Gain: a.gain, Obstacles: a.obstacles}
	}
	return kept
}

// chunk is how many rows are written by one statement, which takes a limited number of parameters.
const chunk = 1000

func (s store) createProposal(ctx context.Context, tx *database.Tx, d *draft, waiting []*application) (*ent.PlacementProposal, error) {
	placed := d.placed()
	row, err := tx.PlacementProposal.Create().SetTermID(d.term).SetNillableCourseID(api.OptionalWord(d.course)).SetState(proposalLife.First()).
		SetValue(float64(d.evaluation.Value)).SetBound(d.bound).SetRules(d.rules).SetWeights(d.weights).SetSections(plansOf(d.evaluation)).
		SetPlacedCount(placed).SetUnplacedCount(int32(len(waiting)) - placed).SetRecordedBy(d.by).SetCreateTime(tx.Now).SetUpdateTime(tx.Now).Save(ctx)
	if err != nil {
		return nil, err
	}
	creates := make([]*ent.PlacementCreate, len(waiting))
	for i, a := range waiting {
		p := d.places[a.name()]
		creates[i] = tx.Placement.Create().SetPlacementProposalID(row.ID).SetApplicationID(a.row.ID).SetNillableSectionID(api.OptionalUUID(p.section)).
			SetValue(p.value).SetPartySize(int32(len(a.who("ACCEPTED")))).SetReasons(p.reasons).SetAlternatives(alternativesOf(p))
	}
	for part := range slices.Chunk(creates, chunk) {
		if err := tx.Placement.CreateBulk(part...).Exec(ctx); err != nil {
			return nil, err
		}
	}
	return row, nil
}

// placements are those of a proposal, in the order of their applications.
func (s store) placements(ctx context.Context, tx *database.Tx, proposal uuid.UUID, also ...predicate.Placement) ([]*ent.Placement, error) {
	return tx.Placement.Query().Where(append(also, entplacement.PlacementProposalID(proposal))...).Order(ent.Asc(entplacement.FieldApplicationID)).All(ctx)
}

// proposed are the applications of placements that still wait, by their names.
func (s store) proposed(ctx context.Context, tx *database.Tx, rows []*ent.Placement) (map[string]*application, error) {
	ids := make([]uuid.UUID, len(rows))
	for i, row := range rows {
		ids[i] = row.ApplicationID
	}
	found, err := tx.Application.Query().Where(entapplication.IDIn(ids...), entapplication.State("SUBMITTED")).All(ctx)
	if err != nil {
		return nil, err
	}
	all, err := s.applications(ctx, tx.Client, found)
	if err != nil {
		return nil, err
	}
	byName := map[string]*application{}
	for _, a := range all {
		byName[a.name()] = a
	}
	return byName, nil
}

// setPlace writes where an application goes, and why.
func (s store) setPlace(ctx context.Context, row *ent.Placement, p proposedPlace, pinned bool) error {
	update := row.Update().ClearSectionID().SetNillableSectionID(api.OptionalUUID(p.section)).SetPinned(pinned).SetValue(p.value).SetReasons(p.reasons).SetAlternatives(alternativesOf(p))
	return update.Exec(ctx)
}

// setEvaluated writes what an edited proposal is worth.
func (s store) setEvaluated(ctx context.Context, tx *database.Tx, row *ent.PlacementProposal, e placement.Evaluation, placed, unplaced int32) (*ent.PlacementProposal, error) {
	return row.Update().SetValue(float64(e.Value)).SetSections(plansOf(e)).SetPlacedCount(placed).SetUnplacedCount(unplaced).SetUpdateTime(tx.Now).AddVersion(1).Save(ctx)
}
