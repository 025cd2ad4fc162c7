package enrollment

import (
	"context"
	"slices"

	"github.com/btlc/btlc/ent"
	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/placement"
)

// editPlacement puts an application of a proposal elsewhere, pins it there, and tells anew what changes by it: what the
// whole is worth, and why those are placed as they are who are in the sections that it leaves and comes to.
func (s store) editPlacement(ctx context.Context, tx *database.Tx, req *pb.EditPlacementRequest) (*ent.PlacementProposal, error) {
	of, err := s.proposal(ctx, tx.PlacementProposal.Query().ForUpdate(), req.GetName())
	if err != nil {
		return nil, err
	}
	if err := api.CheckEtag(ctx, req.ProtoReflect(), proposalProto(of)); err != nil {
		return nil, err
	}
	if _, err := proposalLife.After("placement proposal", of.State, "editPlacement"); err != nil {
		return nil, err
	}
	rows, err := s.placements(ctx, tx, of.ID)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(rows, func(row *ent.Placement) bool { return row.State != "PROPOSED" }) {
		return nil, api.Errorf(api.StateConflict, "Some of the proposal is applied already: apply the rest, and propose anew for who is left.").With("state", of.State)
	}
	names := make([]string, len(rows))
	for i, row := range rows {
		names[i] = api.Name("btlc/Application", of.TermID, row.ApplicationID)
	}
	made := edit{req.GetApplication(), req.GetSection()}
	at := slices.Index(names, made.application)
	if at < 0 {
		return nil, absent("application", "application of the proposal")()
	}
	problem, err := s.editable(ctx, tx, of, rows, made)
	if err != nil {
		return nil, err
	}
	assignment := placement.Assignment{}
	for i, row := range rows {
		if i != at && row.SectionID != nil {
			assignment[names[i]] = api.Name("btlc/Section", *row.SectionID)
		}
	}
	if made.section != "" {
		assignment[made.application] = made.section
	}
	keepKnown(problem, assignment)
	evaluation, err := placement.Evaluate(problem, assignment)
	if err != nil {
		return nil, err
	}
	if err := made.conflict(made.check(evaluation)); err != nil {
		return nil, err
	}
	x, err := placement.NewExplainer(problem, assignment)
	if err != nil {
		return nil, err
	}
	from := sectionOf(rows[at])
	var placed int32
	for i, row := range rows {
		is := assignment[names[i]]
		if is != "" {
			placed++
		}
		if i != at && (is == "" || is != from && is != made.section) {
			continue
		}
		place, err := proposedFor(x, names[i])
		if err != nil {
			return nil, err
		}
		if err := s.setPlace(ctx, row, place, row.Pinned || i == at); err != nil {
			return nil, err
		}
	}
	return s.setEvaluated(ctx, tx, of, evaluation, placed, int32(len(rows))-placed)
}

func sectionOf(row *ent.Placement) string {
	if row.SectionID == nil {
		return ""
	}
	return api.Name("btlc/Section", *row.SectionID)
}

// editable is the problem of a proposal as things stand now, without what was withdrawn since. What staff pinned before
// stays where it is.
func (s store) editable(ctx context.Context, tx *database.Tx, of *ent.PlacementProposal, rows []*ent.Placement, made edit) (problem placement.Problem, err error) {
	waiting, err := s.proposed(ctx, tx, rows)
	if err != nil {
		return problem, err
	}
	edited := waiting[made.application]
	if edited == nil {
		return problem, api.Errorf(api.StateConflict, "The application does not wait for a place any more.")
	}
	tx.Concerns(edited.who("ACCEPTED")...)
	var inOrder []*application
	courseID := ""
	if of.CourseID != nil {
		courseID = *of.CourseID
	}
	for _, row := range rows {
		if a := waiting[api.Name("btlc/Application", of.TermID, row.ApplicationID)]; a != nil {
			inOrder = append(inOrder, a)
		}
	}
	problem, left, err := s.placementProblem(ctx, tx, of.TermID, courseID, inOrder, objectiveOf(of.Weights))
	if err != nil {
		return problem, err
	}
	if reason := left[made.application]; reason != "" {
		return problem, made.conflict([]api.Violation{{Field: "application", Description: reason}})
	}
	if made.section != "" && !slices.ContainsFunc(problem.Sections, func(section placement.Section) bool { return section.ID == made.section }) {
		return problem, absent("section", "section of the term that is open or closed")()
	}
	problem.Fixed = placement.Assignment{}
	for _, row := range rows {
		if name := api.Name("btlc/Application", of.TermID, row.ApplicationID); row.Pinned && row.SectionID != nil && name != made.application {
			problem.Fixed[name] = api.Name("btlc/Section", *row.SectionID)
		}
	}
	keepKnown(problem, problem.Fixed)
	return problem, nil
}
