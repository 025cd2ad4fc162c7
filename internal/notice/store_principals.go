package notice

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/educator"
	entnotice "github.com/btlc/btlc/ent/notice"
	"github.com/btlc/btlc/ent/registration"
	"github.com/btlc/btlc/ent/roleassignment"
	"github.com/btlc/btlc/internal/database"
)

// reported is the state of a role that somebody says to hold, and nobody has confirmed or disputed.
const reported = "REPORTED"

// questions are drafts to the principals of the schools where people say to hold the roles that registrations wait for. A
// principal is asked once for each role that is reported, however many registrations wait for it; one of the district as a
// whole has no principal.
func (s store) questions(ctx context.Context, tx *database.Tx, awaiting []uuid.UUID) ([]draft, error) {
	if len(awaiting) == 0 {
		return nil, nil
	}
	rows, err := tx.Registration.Query().Where(registration.IDIn(awaiting...), registration.RoleAssignmentIDNotNil()).Order(ent.Desc(registration.FieldID)).All(ctx)
	if err != nil {
		return nil, err
	}
	people, ids, first := make([]uuid.UUID, len(rows)), make([]uuid.UUID, len(rows)), make(map[uuid.UUID]*ent.Registration, len(rows))
	for i, row := range rows {
		people[i], ids[i], first[*row.RoleAssignmentID] = row.EducatorID, *row.RoleAssignmentID, row // the first one is read last
	}
	roles, err := tx.RoleAssignment.Query().Where(roleassignment.IDIn(ids...), roleassignment.State(reported), roleassignment.SchoolIDNotNil()).Order(ent.Asc(roleassignment.FieldID)).All(ctx)
	if err != nil {
		return nil, err
	}
	// The people are held, so that of registrations that come at the same moment the second finds the notice of the first.
	if _, err := tx.Educator.Query().Where(educator.IDIn(people...)).Order(ent.Asc(educator.FieldID)).ForUpdate(noKeyUpdate).IDs(ctx); err != nil {
		return nil, err
	}
	asked, err := askedOf(ctx, tx, people)
	if err != nil {
		return nil, err
	}
	var drafts []draft
	for _, role := range roles {
		if of := first[role.ID]; !asked[role.ID] {
			drafts = append(drafts, draft{
				educator: of.EducatorID, registration: of.ID, section: of.SectionID, kind: RoleToConfirm, facts: facts{Assignment: role.ID}, school: role.SchoolID,
			})
		}
	}
	return drafts, nil
}

// noKeyUpdate keeps others who hold the row so out, and nobody who refers to it.
var noKeyUpdate = sql.WithLockClause("FOR NO KEY UPDATE")

// askedOf are those roles of people of which a principal was asked, or will be.
func askedOf(ctx context.Context, tx *database.Tx, people []uuid.UUID) (map[uuid.UUID]bool, error) {
	rows, err := tx.Notice.Query().Where(entnotice.EducatorIDIn(people...), entnotice.Kind(string(RoleToConfirm)), entnotice.StateIn("PENDING", "SENT")).All(ctx)
	if err != nil {
		return nil, err
	}
	asked := make(map[uuid.UUID]bool, len(rows))
	for _, row := range rows {
		told, err := factsOf(row.Facts)
		if err != nil {
			return nil, err
		}
		asked[told.Assignment] = true
	}
	return asked, nil
}

// toConfirm reads the roles that notices ask to be confirmed. A notice whose registration waits no more is about another
// one that waits for the same role, if there is one.
func (s store) toConfirm(ctx context.Context, rows []*ent.Notice, told []facts) (map[uuid.UUID]*ent.RoleAssignment, error) {
	var ids []uuid.UUID
	for _, f := range told {
		if f.Assignment != uuid.Nil {
			ids = append(ids, f.Assignment)
		}
	}
	if ids == nil {
		return nil, nil
	}
	found, err := s.db.Ent().RoleAssignment.Query().Where(roleassignment.IDIn(ids...)).WithRole().All(ctx)
	if err != nil {
		return nil, err
	}
	roles := make(map[uuid.UUID]*ent.RoleAssignment, len(found))
	for _, role := range found {
		roles[role.ID] = role
	}
	query := s.db.Ent().Registration.Query().Where(registration.RoleAssignmentIDIn(ids...), registration.State(awaitingRole)).Order(ent.Desc(registration.FieldID))
	withCourse(query)
	waiting, err := query.All(ctx)
	if err != nil {
		return nil, err
	}
	first := make(map[uuid.UUID]*ent.Registration, len(waiting))
	for _, row := range waiting {
		first[*row.RoleAssignmentID] = row // the first one is read last
	}
	for i, row := range rows {
		if other := first[told[i].Assignment]; other != nil && row.Edges.Registration.State != awaitingRole {
			row.Edges.Registration = other
		}
	}
	return roles, nil
}
