package directory

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"slices"

	"github.com/lib/pq"

	"github.com/btlc/btlc/ent"
	pb "github.com/btlc/btlc/gen/go/btlc/directory/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/oneroster"
)

// shownStale is how many of the things that have changed meanwhile an error names.
const shownStale = 100

// lockedRosterImport is a roster import, held against others, with its actions in their order.
func (s store) lockedRosterImport(ctx context.Context, tx *database.Tx, name string) (*ent.RosterImport, []keptAction, error) {
	row, err := tx.RosterImport.Query().Where(ofRosterImport(name)).ForUpdate().Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil, api.Missing(name)
	} else if err != nil {
		return nil, nil, err
	}
	var actions []keptAction
	// They are put in their order here: the database would sort the plans with them, on disk.
	rows, err := tx.QueryContext(ctx, `SELECT ordinal, kind, key, resource, done IS NOT NULL, coalesce(done, plan) FROM roster_actions WHERE roster_import_id = $1`, row.ID)
	err = eachRow(rows, err, func(scan scanner) error {
		var a keptAction
		var done bool
		var text sql.RawBytes
		if err := scan(&a.ordinal, &a.kind, &a.key, &a.resource, &done, &text); err != nil {
			return err
		}
		if done {
			a.done = &doneOf{}
			err := json.Unmarshal(text, a.done)
			a.changes = a.done.Changes
			actions = append(actions, a)
			return err
		}
		var plan planOf
		err := json.Unmarshal(text, &plan)
		a.changes, a.had = plan.Changes, plan.Had
		actions = append(actions, a)
		return err
	})
	slices.SortFunc(actions, func(a, b keptAction) int { return cmp.Compare(a.ordinal, b.ordinal) })
	return row, actions, err
}

// applyRoster makes all changes of a roster that was planned, or none of them.
func (s store) applyRoster(ctx context.Context, tx *database.Tx, req *pb.ApplyRosterImportRequest) (*pb.RosterImport, error) {
	row, actions, err := s.lockedRosterImport(ctx, tx, req.GetName())
	if err != nil {
		return nil, err
	}
	if err := api.CheckEtag(ctx, req.ProtoReflect(), rosterImportProto(row)); err != nil {
		return nil, err
	}
	next, err := afterApplying(row.State, row.BlockedReason, row.Counts.EmploymentsEnded, req.ConfirmEndings)
	if err != nil {
		return nil, err
	}
	now, err := s.districtState(ctx, tx, row.DistrictID, numbersOfActions(actions), true)
	if err != nil {
		return nil, err
	}
	today, err := todayOf(ctx, tx, row.DistrictID)
	if err != nil {
		return nil, err
	}
	known, hidden, err := now.known(ctx, tx, row.DistrictID, today)
	if err != nil {
		return nil, err
	}
	// Asked for while the people are held, so that none of these is merged between the answer and what is written.
	into, err := s.survivors(ctx, tx, actions)
	if err != nil {
		return nil, err
	}
	ids, asPlanned := realIDs{}, make([]bool, len(actions))
	for i, a := range actions {
		merged := followMerges(into, a.changes, a.had)
		settled := ids.settle(a.changes) // of a plan that was made when ids were given here
		asPlanned[i] = !merged && !settled && onlyAdds(a.changes)
	}
	if stale := staleActions(known, actions, today); len(stale) > 0 {
		e := api.Errorf(api.RosterStale, "%d of its changes were planned from what is not on record any more: send the roster again, and nothing of this plan is done.", len(stale))
		for _, a := range stale[:min(len(stale), shownStale)] {
			e.Violations = append(e.Violations, api.Violation{Field: a.key, Description: "what " + a.kind + " is about has changed"})
		}
		return nil, e
	}
	w, otherwise := newRosterWriter(tx, row.DistrictID, now), takeHidden(hidden, actions)
	var marked []keptAction
	for i, a := range actions {
		w.take(a.changes)
		if asPlanned[i] && !otherwise[i] {
			continue
		}
		a.done = &doneOf{Changes: a.changes, Versions: map[string]int32{}}
		for _, c := range a.changes {
			a.done.Versions[idAfter(c)] = now.versions[idAfter(c)] + 1
		}
		a.resource = a.resourceIn(row.DistrictID)
		marked = append(marked, a)
	}
	if err := w.write(ctx); err != nil {
		return nil, err
	}
	if err := markActions(ctx, tx, row, marked); err != nil {
		return nil, err
	}
	row, err = row.Update().SetState(next).SetApplyTime(tx.Now).SetUpdateTime(tx.Now).AddVersion(1).Save(ctx)
	if err != nil {
		return nil, err
	}
	tx.Wrote(req.GetName())
	return rosterImportProto(row), nil
}

// markActions keeps what has become of actions of an import. They are found by their place among its actions: by their ids alone,
// the database would go through those of all imports for every thousand.
func markActions(ctx context.Context, tx *database.Tx, of *ent.RosterImport, marked []keptAction) error {
	for chunk := range slices.Chunk(marked, bulk) {
		ordinals, resources, done := make([]int64, len(chunk)), make([]string, len(chunk)), make([]string, len(chunk))
		for i, a := range chunk {
			text, err := json.Marshal(a.done)
			if err != nil {
				return err
			}
			ordinals[i], resources[i], done[i] = int64(a.ordinal), a.resource, string(text)
		}
		if _, err := tx.ExecContext(ctx, `UPDATE roster_actions AS a SET resource = u.resource, done = u.done::jsonb
			FROM unnest($2::int[], $3::text[], $4::text[]) AS u(ordinal, resource, done)
			WHERE a.roster_import_id = $1 AND a.ordinal = u.ordinal AND a.ordinal BETWEEN $5 AND $6`,
			of.ID, pq.Array(ordinals), pq.Array(resources), pq.Array(done), ordinals[0], ordinals[len(ordinals)-1]); err != nil {
			return err
		}
	}
	return nil
}

// undoRoster changes back what a roster changed. Of what it added, that stays to which something refers.
func (s store) undoRoster(ctx context.Context, tx *database.Tx, req *pb.UndoRosterImportRequest) (*pb.RosterImport, error) {
	row, actions, err := s.lockedRosterImport(ctx, tx, req.GetName())
	if err != nil {
		return nil, err
	}
	if err := api.CheckEtag(ctx, req.ProtoReflect(), rosterImportProto(row)); err != nil {
		return nil, err
	}
	next, err := rosterLife.After("roster import", row.State, "undo")
	if err != nil {
		return nil, err
	}
	now, err := s.districtState(ctx, tx, row.DistrictID, nil, true)
	if err != nil {
		return nil, err
	}
	today, err := todayOf(ctx, tx, row.DistrictID)
	if err != nil {
		return nil, err
	}
	here, asLeft := atWork(now.State, today), now.as(actions)
	changed := api.Errorf(api.StateConflict, "Something that the roster changed was changed again since, so that it cannot be undone as a whole.").With("state", row.State)
	for _, a := range actions {
		for id, version := range a.versions() {
			left := a.kind == personChanged && !here[id] // not the district's to change any more
			if (left || now.versions[id] != version && !asLeft[id]) && len(changed.Violations) < shownStale {
				changed.Violations = append(changed.Violations, api.Violation{Field: a.resourceIn(row.DistrictID), Description: "what " + a.kind + " changed was changed since"})
			}
		}
	}
	if len(changed.Violations) > 0 {
		return nil, changed
	}
	into, err := s.survivors(ctx, tx, actions)
	if err != nil {
		return nil, err
	}
	w := newRosterWriter(tx, row.DistrictID, now)
	for _, a := range slices.Backward(actions) {
		followMerges(into, a.changes, nil)
		w.take(oneroster.Undo(oneroster.Plan{Changes: a.changes}).Changes)
	}
	if err := w.write(ctx); err != nil {
		return nil, err
	}
	var marked []keptAction
	for _, a := range actions {
		if !onlyAdds(a.changes) || len(a.changes) == 0 || a.changes[0].Employment != nil {
			continue
		}
		done := doneOf{Changes: a.changes, Versions: a.versions(), Kept: w.kept[idAfter(a.changes[0])]}
		switch {
		case done.Kept:
			a.resource = a.resourceIn(row.DistrictID)
		case a.done == nil:
			continue // that it was as planned, and that it was taken back, is all there is to say
		default:
			a.resource = ""
		}
		a.done = &done
		marked = append(marked, a)
	}
	if err := markActions(ctx, tx, row, marked); err != nil {
		return nil, err
	}
	row, err = row.Update().SetState(next).SetUndoTime(tx.Now).SetUpdateTime(tx.Now).AddVersion(1).Save(ctx)
	if err != nil {
		return nil, err
	}
	tx.Wrote(req.GetName())
	return rosterImportProto(row), nil
}
