package directory

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"github.com/btlc/btlc/ent"
	pb "github.com/btlc/btlc/gen/go/btlc/directory/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/oneroster"
)

// shownStale is how many of the things that have changed meanwhile an error names.
const shownStale = 100

// applyRoster makes all changes of a roster that was planned, or none of them.
func (s store) applyRoster(ctx context.Context, tx *database.Tx, req *pb.ApplyRosterImportRequest) (*pb.RosterImport, error) {
	row, rows, err := s.lockedRosterImport(ctx, tx, req.GetName())
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
	actions, err := actionsOf(rows)
	if err != nil {
		return nil, err
	}
	changes := make([][]oneroster.Change, len(actions))
	for i, a := range actions {
		changes[i] = a.changes
	}
	now, err := s.districtState(ctx, tx, row.DistrictID, keysOfActions(actions), true)
	if err != nil {
		return nil, err
	}
	// Asked for while the people are held, so that none of these is merged between the answer and what is written.
	into, err := s.survivors(ctx, tx, changes)
	if err != nil {
		return nil, err
	}
	for _, a := range actions {
		followMerges(into, a.changes, a.had)
	}
	if stale := staleActions(now.State, actions); len(stale) > 0 {
		e := api.Errorf(api.RosterStale, "%d of its changes were planned from what is not on record any more: send the roster again, and nothing of this plan is done.", len(stale))
		for _, a := range stale[:min(len(stale), shownStale)] {
			e.Violations = append(e.Violations, api.Violation{Field: a.key, Description: "what " + a.kind + " is about has changed"})
		}
		return nil, e
	}
	w := newRosterWriter(tx, row.DistrictID, now)
	done := make([]doneOf, len(actions))
	for i, a := range actions {
		if len(a.changes) > 0 {
			done[i] = w.take(a.changes)
		}
	}
	if err := w.write(ctx); err != nil {
		return nil, err
	}
	var marks []actionMark
	for i, d := range done {
		if len(d.Changes) > 0 {
			marks = append(marks, actionMark{rows[i].ID, either(rows[i].Resource, resourceAdded(row.DistrictID, d.Changes[0])), d})
		}
	}
	if err := markActions(ctx, tx, marks); err != nil {
		return nil, err
	}
	row, err = row.Update().SetState(next).SetApplyTime(tx.Now).SetUpdateTime(tx.Now).AddVersion(1).Save(ctx)
	if err != nil {
		return nil, err
	}
	tx.Wrote(req.GetName())
	return rosterImportProto(row), nil
}

func either(value, otherwise string) string {
	if value != "" {
		return value
	}
	return otherwise
}

// actionsOf are the actions of rows, with what they would do.
func actionsOf(rows []*ent.RosterAction) ([]rosterAction, error) {
	actions := make([]rosterAction, len(rows))
	for i, row := range rows {
		var plan planOf
		if err := fill(&plan, row.Plan); err != nil {
			return nil, err
		}
		actions[i] = rosterAction{kind: row.Kind, key: row.Key, changes: plan.Changes, had: plan.Had}
	}
	return actions, nil
}

// resourceAdded is the school or person that a change adds, or whose employment it is.
func resourceAdded(district string, c oneroster.Change) string {
	switch {
	case c.School != nil:
		return api.Name("btlc/School", district, c.School.After.ID)
	case c.Person != nil:
		return api.Name("btlc/Educator", c.Person.After.ID)
	}
	return api.Name("btlc/Educator", c.Employment.After.PersonID)
}

// actionMark is what has become of an action.
type actionMark struct {
	id       uuid.UUID
	resource string
	done     doneOf
}

func markActions(ctx context.Context, tx *database.Tx, marks []actionMark) error {
	for chunk := range slices.Chunk(marks, bulk) {
		ids, resources, done := make([]string, len(chunk)), make([]string, len(chunk)), make([]string, len(chunk))
		for i, m := range chunk {
			text, err := json.Marshal(m.done)
			if err != nil {
				return err
			}
			ids[i], resources[i], done[i] = m.id.String(), m.resource, string(text)
		}
		if _, err := tx.ExecContext(ctx, `UPDATE roster_actions AS a SET resource = u.resource, done = u.done::jsonb
			FROM unnest($1::uuid[], $2::text[], $3::text[]) AS u(id, resource, done) WHERE a.id = u.id`, pq.Array(ids), pq.Array(resources), pq.Array(done)); err != nil {
			return err
		}
	}
	return nil
}

// undoRoster changes back what a roster changed. Of what it added, that stays to which something refers.
func (s store) undoRoster(ctx context.Context, tx *database.Tx, req *pb.UndoRosterImportRequest) (*pb.RosterImport, error) {
	row, rows, err := s.lockedRosterImport(ctx, tx, req.GetName())
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
	now, err := s.districtState(ctx, tx, row.DistrictID, rosterKeys{}, true)
	if err != nil {
		return nil, err
	}
	done := make([]doneOf, len(rows))
	changed := api.Errorf(api.StateConflict, "Something that the roster changed was changed again since, so that it cannot be undone as a whole.").With("state", row.State)
	for i, r := range rows {
		if r.Done == nil {
			continue
		}
		if err := fill(&done[i], r.Done); err != nil {
			return nil, err
		}
		for id, version := range done[i].Versions {
			if now.versions[id] != version && len(changed.Violations) < shownStale {
				changed.Violations = append(changed.Violations, api.Violation{Field: r.Resource, Description: "what " + r.Kind + " changed was changed since"})
			}
		}
	}
	if len(changed.Violations) > 0 {
		return nil, changed
	}
	changes := make([][]oneroster.Change, len(done))
	for i, d := range done {
		changes[i] = d.Changes
	}
	into, err := s.survivors(ctx, tx, changes)
	if err != nil {
		return nil, err
	}
	w := newRosterWriter(tx, row.DistrictID, now)
	for i := range slices.Backward(done) {
		followMerges(into, done[i].Changes, nil)
		w.take(oneroster.Undo(oneroster.Plan{Changes: done[i].Changes}).Changes)
	}
	if err := w.write(ctx); err != nil {
		return nil, err
	}
	var marks []actionMark
	for i, d := range done {
		if len(d.Changes) == 0 {
			continue
		}
		m := actionMark{rows[i].ID, rows[i].Resource, d}
		if first := d.Changes[0]; first.School != nil && first.School.Before == nil {
			m.done.Kept = w.kept[first.School.After.ID]
		} else if first.Person != nil && first.Person.Before == nil {
			m.done.Kept = w.kept[first.Person.After.ID]
		} else {
			continue
		}
		if !m.done.Kept {
			m.resource = ""
		}
		marks = append(marks, m)
	}
	if err := markActions(ctx, tx, marks); err != nil {
		return nil, err
	}
	row, err = row.Update().SetState(next).SetUndoTime(tx.Now).SetUpdateTime(tx.Now).AddVersion(1).Save(ctx)
	if err != nil {
		return nil, err
	}
	tx.Wrote(req.GetName())
	return rosterImportProto(row), nil
}
