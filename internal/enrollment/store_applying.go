package enrollment

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	entapplication "github.com/btlc/btlc/ent/application"
	entplacement "github.com/btlc/btlc/ent/placement"
	"github.com/btlc/btlc/ent/placementproposal"
	"github.com/btlc/btlc/ent/schema"
	entsection "github.com/btlc/btlc/ent/section"
	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/database"
)

// outstanding are the states of placements that can be applied.
var outstanding = []string{"PROPOSED", "FAILED"}

// share is what of a proposal goes to one section.
type share struct {
	proposal, section uuid.UUID
	family            string // whom the section's cohort is for by the proposal
	placements        []uuid.UUID
}

// only is a single placement of the share.
func (sh share) only(placement uuid.UUID) share {
	sh.placements = []uuid.UUID{placement}
	return sh
}

// shares are what is to be applied of a proposal, section by section, in the order of the proposal's sections.
func (s store) shares(ctx context.Context, tx *database.Tx, of *ent.PlacementProposal) ([]share, error) {
	rows, err := s.placements(ctx, tx, of.ID, entplacement.StateIn(outstanding...), entplacement.SectionIDNotNil())
	if err != nil {
		return nil, err
	}
	var all []share
	for _, row := range rows {
		i := slices.IndexFunc(all, func(sh share) bool { return sh.section == *row.SectionID })
		if i < 0 {
			i = len(all)
			all = append(all, share{proposal: of.ID, section: *row.SectionID})
		}
		all[i].placements = append(all[i].placements, row.ID)
	}
	order := func(section uuid.UUID) int {
		return slices.IndexFunc(of.Sections, func(plan schema.SectionPlan) bool { return plan.Section == section })
	}
	slices.SortFunc(all, func(a, b share) int { return order(a.section) - order(b.section) })
	for i := range all {
		if at := order(all[i].section); at >= 0 {
			all[i].family = of.Sections[at].RoleFamily
		}
	}
	return all, nil
}

// pending is a placement that is about to be applied.
type pending struct {
	row         *ent.Placement
	application *application
}

// lockedShare is what of a share is not applied yet: the proposal is held against edits, and the applications against all
// others who change them, in their order.
func (s store) lockedShare(ctx context.Context, tx *database.Tx, sh share) ([]pending, error) {
	if _, err := tx.PlacementProposal.Query().Where(placementproposal.ID(sh.proposal)).ForShare().Only(ctx); err != nil {
		return nil, err
	}
	ofShare := entplacement.IDIn(sh.placements...)
	ids, err := tx.Placement.Query().Where(ofShare).Select(entplacement.FieldApplicationID).Strings(ctx)
	if err != nil {
		return nil, err
	}
	applicationIDs := make([]uuid.UUID, len(ids))
	for i, id := range ids {
		if applicationIDs[i], err = uuid.Parse(id); err != nil {
			return nil, err
		}
	}
	locked, err := tx.Application.Query().Where(entapplication.IDIn(applicationIDs...)).Order(ent.Asc(entapplication.FieldID)).ForUpdate().All(ctx)
	if err != nil {
		return nil, err
	}
	applications, err := s.applications(ctx, tx.Client, locked)
	if err != nil {
		return nil, err
	}
	// Read now that nobody else applies them.
	rows, err := s.placements(ctx, tx, sh.proposal, ofShare, entplacement.StateIn(outstanding...), entplacement.SectionID(sh.section))
	if err != nil {
		return nil, err
	}
	all := make([]pending, len(rows))
	for i, row := range rows {
		at := slices.IndexFunc(applications, func(a *application) bool { return a.row.ID == row.ApplicationID })
		all[i] = pending{row, applications[at]}
	}
	return all, nil
}

// setFamily says whom a section's cohort is for, if nothing is said yet, and whether that was so. Others may say it at the same
// time, by another proposal on another server: the first one counts, and the section tells it.
func (s store) setFamily(ctx context.Context, tx *database.Tx, of *section, family string) (bool, error) {
	if of.row.RoleFamilyID != nil || family == "" {
		return false, nil
	}
	set, err := tx.Section.Update().Where(entsection.ID(of.row.ID), entsection.RoleFamilyIDIsNil()).SetRoleFamilyID(family).SetUpdateTime(tx.Now).AddVersion(1).Save(ctx)
	if err != nil {
		return false, err
	}
	row, err := tx.Section.Get(ctx, of.row.ID)
	if err != nil {
		return false, err
	}
	row.Edges = of.row.Edges
	of.row = row
	return set > 0, nil
}

// applicantsOf are all who get seats when all of these are applied.
func applicantsOf(all []pending) (who []uuid.UUID) {
	for _, p := range all {
		who = append(who, p.application.who("ACCEPTED")...)
	}
	return who
}

func (s store) setApplied(ctx context.Context, tx *database.Tx, all []pending) error {
	ids := make([]uuid.UUID, len(all))
	for i, p := range all {
		ids[i] = p.row.ID
	}
	return tx.Placement.Update().Where(entplacement.IDIn(ids...)).SetState("APPLIED").SetFailure("").Exec(ctx)
}

// failPlacement says why a placement cannot be applied.
func (s store) failPlacement(ctx context.Context, tx *database.Tx, id uuid.UUID, why string) error {
	return tx.Placement.Update().Where(entplacement.ID(id), entplacement.StateIn(outstanding...)).SetState("FAILED").SetFailure(why).Exec(ctx)
}

// finishProposal makes a proposal an applied one when nothing is left that was not tried, and says whether it did.
func (s store) finishProposal(ctx context.Context, tx *database.Tx, name string) (out *pb.PlacementProposal, finished bool, err error) {
	row, err := s.proposal(ctx, tx.PlacementProposal.Query().ForUpdate(), name)
	if err != nil {
		return nil, false, err
	}
	left, err := tx.Placement.Query().Where(entplacement.PlacementProposalID(row.ID), entplacement.State("PROPOSED"), entplacement.SectionIDNotNil()).Exist(ctx)
	if err != nil || left || row.State == "APPLIED" {
		return proposalProto(row), false, err
	}
	row, err = row.Update().SetState("APPLIED").SetApplyTime(tx.Now).SetUpdateTime(tx.Now).AddVersion(1).Save(ctx)
	if err != nil {
		return nil, false, err
	}
	return proposalProto(row), true, nil
}
