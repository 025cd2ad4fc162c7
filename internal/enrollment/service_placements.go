package enrollment

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/placement"
	"github.com/btlc/btlc/internal/program"
)

// sharesAtOnce is how many sections get their people at the same time, each on a connection of its own.
const sharesAtOnce = 4

// GetPlacementProposal gets a placement proposal.
func (s *Service) GetPlacementProposal(ctx context.Context, req *pb.GetPlacementProposalRequest) (*pb.GetPlacementProposalResponse, error) {
	found, err := s.store.getProposal(ctx, req.GetName())
	return &pb.GetPlacementProposalResponse{PlacementProposal: found}, err
}

// ListPlacementProposals lists placement proposals.
func (s *Service) ListPlacementProposals(ctx context.Context, req *pb.ListPlacementProposalsRequest) (*pb.ListPlacementProposalsResponse, error) {
	return s.store.listProposals(ctx, req)
}

// ListPlacements lists the placements of a proposal.
func (s *Service) ListPlacements(ctx context.Context, req *pb.ListPlacementsRequest) (*pb.ListPlacementsResponse, error) {
	answer, whose, err := s.store.listPlacements(ctx, req)
	api.Saw(ctx, whose...)
	return answer, err
}

// announceProposal puts a change of a proposal on the program's feed.
func announceProposal(tx *database.Tx, proposal *pb.PlacementProposal, kind string) {
	tx.Wrote(proposal.GetName())
	tx.Emit(database.Change{
		Streams: []string{"program"}, Resource: proposal.GetName(), Type: "btlc/PlacementProposal", Version: api.VersionOf(proposal.GetEtag()), Kind: kind,
		State: map[string]any{"state": api.EnumWord(proposal.GetState()), "placedCount": proposal.GetPlacedCount(), "unplacedCount": proposal.GetUnplacedCount()},
	})
}

// ProposePlacements proposes where the applications of a term go that wait. The same ones get the same proposal, as long as
// the sections and what is known of the people stay the same.
func (s *Service) ProposePlacements(ctx context.Context, req *pb.ProposePlacementsRequest) (*pb.ProposePlacementsResponse, error) {
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.ProposePlacementsResponse, error) {
		d := &draft{term: api.LastWord(req.GetParent()), course: api.LastWord(req.GetCourse()), by: api.CallOf(ctx).Principal, places: map[string]proposedPlace{}}
		if err := s.store.checkScope(ctx, tx, req.GetParent(), d.course); err != nil {
			return nil, err
		}
		rules, err := s.rulesOn(tx.Now)
		if err != nil {
			return nil, err
		}
		d.rules, d.weights = rules.id, proposalWeights(program.InForce(s.rules, tx.Now.In(s.store.zone)).Placement.Value)
		waiting, err := s.store.waiting(ctx, tx, d.term, d.course)
		if err != nil {
			return nil, err
		}
		problem, left, err := s.store.placementProblem(ctx, tx, d.term, d.course, waiting, objectiveOf(d.weights))
		if err != nil {
			return nil, err
		}
		if err := d.solve(problem, left); err != nil {
			return nil, err
		}
		row, err := s.store.createProposal(ctx, tx, d, waiting)
		if err != nil {
			return nil, err
		}
		for _, a := range waiting {
			tx.Concerns(a.who("ACCEPTED")...)
		}
		made := proposalProto(row)
		announceProposal(tx, made, "CREATED")
		return &pb.ProposePlacementsResponse{PlacementProposal: made}, nil
	})
}

// solve finds the places of a draft, and why they are what they are.
func (d *draft) solve(problem placement.Problem, left map[string]string) error {
	solved, err := placement.Solve(problem, proposalSeed)
	if err != nil {
		return err
	}
	d.bound = solved.Bound
	if d.evaluation, err = placement.Evaluate(problem, solved.Assignment); err != nil {
		return err
	}
	x, err := placement.NewExplainer(problem, solved.Assignment)
	if err != nil {
		return err
	}
	for _, party := range problem.Parties {
		if d.places[party.ID], err = proposedFor(x, party.ID); err != nil {
			return err
		}
	}
	for name, reason := range left {
		d.places[name] = proposedPlace{reasons: []string{reason}}
	}
	return nil
}

// EditPlacement puts an application where staff want it, as far as the rules allow that.
func (s *Service) EditPlacement(ctx context.Context, req *pb.EditPlacementRequest) (*pb.EditPlacementResponse, error) {
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.EditPlacementResponse, error) {
		row, err := s.store.editPlacement(ctx, tx, req)
		if err != nil {
			return nil, err
		}
		edited := proposalProto(row)
		announceProposal(tx, edited, "UPDATED")
		return &pb.EditPlacementResponse{PlacementProposal: edited}, nil
	})
}

// ApplyPlacementProposal registers those who have a place: section by section, each in a transaction of its own, so that
// what is done stays done whatever comes; a call again goes on with the rest, and tries again what failed.
func (s *Service) ApplyPlacementProposal(ctx context.Context, req *pb.ApplyPlacementProposalRequest) (*pb.ApplyPlacementProposalResponse, error) {
	// One at a time on a server: each holds a connection for as long as its sections take others.
	select {
	case s.applying <- struct{}{}:
		defer func() { <-s.applying }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.ApplyPlacementProposalResponse, error) {
		found, err := s.store.proposal(ctx, tx.PlacementProposal.Query(), req.GetName())
		if err != nil {
			return nil, err
		}
		if err := api.CheckEtag(ctx, req.ProtoReflect(), proposalProto(found)); err != nil {
			return nil, err
		}
		if _, err := proposalLife.After("placement proposal", found.State, "apply"); err != nil {
			return nil, err
		}
		shares, err := s.store.shares(ctx, tx, found)
		if err != nil {
			return nil, err
		}
		if err := s.applyShares(ctx, req.GetName(), shares); errors.Is(err, context.DeadlineExceeded) {
			return nil, api.Errorf(api.DeadlineExceeded, "What was applied so far stays: call again, and it goes on with the rest.")
		} else if err != nil {
			return nil, err
		}
		out, finished, err := s.store.finishProposal(ctx, tx, req.GetName())
		if err != nil {
			return nil, err
		}
		tx.Wrote(req.GetName())
		if finished {
			announceProposal(tx, out, "UPDATED")
		}
		return &pb.ApplyPlacementProposalResponse{PlacementProposal: out}, nil
	})
}

// applyShares applies shares, a few at a time.
func (s *Service) applyShares(ctx context.Context, proposal string, shares []share) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(sharesAtOnce)
	for _, sh := range shares {
		group.Go(func() error { return s.applyShare(ctx, proposal, sh) })
	}
	return group.Wait()
}

// applyShare applies what goes to one section: in one transaction or, when one of the applications is refused, each in its
// own, so that the others are placed.
func (s *Service) applyShare(ctx context.Context, proposal string, sh share) error {
	err := s.admitShare(ctx, proposal, sh)
	refusal, refused := errors.AsType[*api.Error](err)
	switch {
	case !refused:
		return err
	case len(sh.placements) == 1:
		return s.audited(ctx, proposal, func(ctx context.Context, tx *database.Tx) error {
			return s.store.failPlacement(ctx, tx, sh.placements[0], failure(refusal))
		})
	}
	for _, one := range sh.placements {
		if err := s.applyShare(ctx, proposal, sh.only(one)); err != nil {
			return err
		}
	}
	return nil
}

// admitShare admits all of a share that is not applied yet, or none.
func (s *Service) admitShare(ctx context.Context, proposal string, sh share) error {
	return s.audited(ctx, proposal, func(ctx context.Context, tx *database.Tx) error {
		all, err := s.store.lockedShare(ctx, tx, sh)
		if err != nil || len(all) == 0 {
			return err
		}
		of, err := s.store.sharedSection(ctx, tx, api.Name("btlc/Section", sh.section), viewerOf(ctx))
		if err != nil {
			return err
		}
		if err := s.store.holdPeople(ctx, tx, applicantsOf(all)); err != nil {
			return err
		}
		named, err := s.store.setFamily(ctx, tx, of, sh.family)
		if err != nil {
			return err
		}
		for _, p := range all {
			if _, err := s.place(ctx, tx, of, p.application, admission{placed: true}); err != nil {
				return err
			}
		}
		if named {
			announceSection(tx, of, "UPDATED")
		}
		return s.store.setApplied(ctx, tx, all)
	})
}

// audited runs one of the transactions by which a proposal is applied, with its own line of the audit record.
func (s *Service) audited(ctx context.Context, proposal string, do func(ctx context.Context, tx *database.Tx) error) error {
	return s.store.db.InTx(ctx, false, func(ctx context.Context, tx *database.Tx) error {
		if err := do(ctx, tx); err != nil {
			return err
		}
		tx.Wrote(proposal)
		call := api.CallOf(ctx)
		return tx.AuditWrite(ctx, call.Principal, call.Method, call.RequestID)
	})
}
