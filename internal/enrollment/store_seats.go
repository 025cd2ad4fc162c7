package enrollment

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/predicate"
	entregistration "github.com/btlc/btlc/ent/registration"
	entsection "github.com/btlc/btlc/ent/section"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/record"
)

// counting holds a section's row against others who count its seats, but not against those who hold it by keyShare.
var counting = sql.WithLockClause("FOR NO KEY UPDATE")

// turn is what happens to the seats of a section in one transaction, while it holds their lock.
type turn struct {
	*seats
	section *section
	by      string // who does it
	rows    map[string]*ent.Registration
	made    map[string]*ent.RegistrationCreate // those that are new, instead of rows
	// audiences are those of people who were asked for before the lock was taken.
	audiences map[uuid.UUID]record.Listeners
	cancelled bool
}

// seatedStates are the states of those who have a seat, and unsettled those of who waits or may have one.
var (
	seatedStates = []string{"ENROLLED", "COMPLETED", "NOT_COMPLETED"}
	unsettled    = []string{"WAITLISTED", "OFFERED"}
)

// seatOf is a row as far as seats go.
func seatOf(row *ent.Registration) *seat {
	one := &seat{id: row.ID, party: partyOf(row.ID, row.ApplicationID), state: row.State, since: row.CreateTime.UTC(), roleAlike: row.RoleAlike, reason: row.Reason}
	if row.OfferExpireTime != nil {
		deadline := row.OfferExpireTime.UTC()
		one.deadline = &deadline
	}
	return one
}

// ofParty are the registrations of a section that are seated as one.
func ofParty(party uuid.UUID) predicate.Registration {
	return entregistration.Or(entregistration.ID(party), entregistration.ApplicationID(party))
}

// takeTurn takes the lock of a section's seats and reads how they stand: who waits or has an offer, and of the others those
// who are also wanted. While nobody waits, newcomers need nobody else: then only what the section's row counts is read.
func (s store) takeTurn(ctx context.Context, tx *database.Tx, of *section, rules inForce, by string, also ...predicate.Registration) (*turn, error) {
	row, err := tx.Section.Query().Where(entsection.ID(of.row.ID)).ForUpdate(counting).Only(ctx)
	if err != nil {
		return nil, err
	}
	row.Edges = of.row.Edges
	of.row = row
	t := &turn{section: of, by: by, rows: map[string]*ent.Registration{}, made: map[string]*ent.RegistrationCreate{}}
	if row.SeatingNumber == 0 {
		also = append(also, entregistration.StateIn(seatedStates...))
	}
	rows, err := s.seated(ctx, tx, row, also)
	if err != nil {
		return nil, err
	}
	t.seats = newSeats(row.SeatingNumber, row.Capacity, row.SeatsTaken, t.learn(rows), rules, tx.Now)
	t.state.Cancelled = row.State == "CANCELLED"
	if row.SeatingNumber == 0 {
		return t, t.begin(row.CreateTime.UTC())
	}
	return t, nil
}

// seated are the registrations of a section that wait or have an offer, of whom nobody else can dispose, and those that are
// also wanted: they are held against others, who may complete them.
func (s store) seated(ctx context.Context, tx *database.Tx, of *ent.Section, also []predicate.Registration) ([]*ent.Registration, error) {
	var rows []*ent.Registration
	here := []predicate.Registration{entregistration.SectionID(of.ID), entregistration.ImportedSource("")}
	if len(also) > 0 {
		held, err := tx.Registration.Query().Where(append(here, entregistration.Or(also...))...).Order(ent.Asc(entregistration.FieldID)).ForUpdate().All(ctx)
		if err != nil {
			return nil, err
		}
		rows = held
	}
	if len(also) == 0 && of.WaitingCount == 0 {
		return nil, nil
	}
	held := make(map[uuid.UUID]bool, len(rows))
	for _, row := range rows {
		held[row.ID] = true
	}
	others, err := tx.Registration.Query().Where(append(here, entregistration.StateIn(unsettled...))...).Select(seatColumns...).All(ctx)
	for _, row := range others {
		if !held[row.ID] {
			rows = append(rows, row)
		}
	}
	return rows, err
}

// seatColumns are what a turn reads of those who wait or have an offer, who may be thousands: what seatOf takes, and whose
// the registration is.
var seatColumns = []string{
	entregistration.FieldID, entregistration.FieldSectionID, entregistration.FieldEducatorID, entregistration.FieldApplicationID, entregistration.FieldState,
	entregistration.FieldCreateTime, entregistration.FieldRoleAlike, entregistration.FieldReason, entregistration.FieldOfferExpireTime,
}

// learn has the turn know of rows.
func (t *turn) learn(rows []*ent.Registration) []*seat {
	known := make([]*seat, len(rows))
	for i, row := range rows {
		known[i] = seatOf(row)
		t.rows[row.ID.String()] = row
	}
	return known
}

// changed says whether anything has come of the turn.
func (t *turn) changed() bool {
	return len(t.touched()) > 0 || len(t.log) > 0
}

// overdue is how many seats of a section are held by offers that have ended.
func (s store) overdue(ctx context.Context, tx *database.Tx, section uuid.UUID) (int32, error) {
	n, err := tx.Registration.Query().Where(entregistration.SectionID(section), entregistration.State("OFFERED"), entregistration.OfferExpireTimeLTE(tx.Now)).Count(ctx)
	return int32(n), err
}

// moved is a registration that came into another state, "" being that of one that was not there.
type moved struct {
	*registration
	from string
}

// educator is whose registration one that the turn knows of is.
func (t *turn) educator(id string) uuid.UUID {
	if builder, isNew := t.made[id]; isNew {
		educator, _ := builder.Mutation().EducatorID()
		return educator
	}
	return t.rows[id].EducatorID
}

// touched are the registrations that are new or came into another state, in the order in which people are held everywhere: a
// seat books its person, and who books several people waits for those who book them in other sections.
func (t *turn) touched() []string {
	var ids []string
	for id, one := range t.known {
		if row := t.rows[id]; row == nil || row.State != one.state {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b string) int {
		one, other := t.educator(a), t.educator(b)
		return cmp.Or(slices.Compare(one[:], other[:]), cmp.Compare(a, b))
	})
	return ids
}

// keep writes what a turn has come to, and says whose registrations changed.
func (s store) keep(ctx context.Context, tx *database.Tx, t *turn, how admission) ([]moved, error) {
	var all []moved
	for _, id := range t.touched() {
		one := t.known[id]
		if builder, isNew := t.made[id]; isNew {
			row, err := builder.SetState(one.state).SetReason(one.reason).SetNillableOfferExpireTime(one.deadline).Save(ctx)
			if err != nil {
				return nil, how.about(t.educator(id), registrationConflicts.Translate(err))
			}
			all = append(all, moved{&registration{row: row, section: t.section}, ""})
			continue
		}
		row := t.rows[id]
		from := row.State
		if err := s.moveSeat(ctx, tx, row, one, how); err != nil {
			return nil, err
		}
		all = append(all, moved{&registration{row: row, section: t.section}, from})
	}
	return all, s.writeLog(ctx, tx, t)
}

// moveSeat writes the state that a registration came into, in the row as well. Who asks as how says is told whose meeting it is
// that stands against it.
func (s store) moveSeat(ctx context.Context, tx *database.Tx, row *ent.Registration, to *seat, how admission) error {
	update := row.Update().SetState(to.state).SetStateTime(tx.Now).SetReason(to.reason).SetRoleAlike(to.roleAlike).
		SetNillableRoleAssignmentID(row.RoleAssignmentID).SetUpdateTime(tx.Now).AddVersion(1)
	if to.deadline != nil {
		update.SetOfferExpireTime(*to.deadline)
	} else {
		update.ClearOfferExpireTime()
	}
	written, err := update.Save(ctx)
	if err != nil {
		return how.about(row.EducatorID, how.seatConflicts().Translate(err))
	}
	*row = *written
	return nil
}

// writeLog writes the lines that are new and what the section's row counts.
func (s store) writeLog(ctx context.Context, tx *database.Tx, t *turn) error {
	if len(t.log) == 0 {
		return nil
	}
	lines := make([]*ent.SeatingEntryCreate, len(t.log))
	for i, e := range t.log {
		var event map[string]any
		decisions := []map[string]any{}
		if err := remarshal(e.event, &event); err != nil {
			return err
		}
		if len(e.decisions) > 0 {
			if err := remarshal(e.decisions, &decisions); err != nil {
				return err
			}
		}
		lines[i] = tx.SeatingEntry.Create().SetSectionID(t.section.row.ID).SetEntryNumber(int32(e.event.Sequence)).SetEvent(event).SetDecisions(decisions).
			SetRules(e.rules).SetRecordedBy(t.by).SetCreateTime(tx.Now)
	}
	if err := tx.SeatingEntry.CreateBulk(lines...).Exec(ctx); err != nil {
		return err
	}
	row, number := t.section.row, int32(t.state.Sequence)
	if err := tx.Section.Update().Where(entsection.ID(row.ID)).SetSeatsTaken(t.state.Taken).SetWaitingCount(t.waiting()).SetSeatingNumber(number).
		SetUpdateTime(tx.Now).AddVersion(1).Exec(ctx); err != nil {
		return sectionConflicts.Translate(err)
	}
	row.SeatsTaken, row.WaitingCount, row.SeatingNumber, row.UpdateTime, row.Version = t.state.Taken, t.waiting(), number, tx.Now, row.Version+1
	t.log = nil
	return nil
}

// remarshal puts a value into the form that a column of JSON takes.
func remarshal(value, into any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// seatChanges are changes as followers are told of them.
func seatChanges(all []moved, cancelled bool) []record.SeatChange {
	changes := make([]record.SeatChange, len(all))
	for i, m := range all {
		changes[i] = record.SeatChange{
			Registration: m.row.ID, Section: m.row.SectionID, Educator: m.row.EducatorID, From: m.from, To: m.row.State, SectionCancelled: cancelled, Reason: m.row.Reason,
		}
		if m.row.OfferExpireTime != nil {
			changes[i].OfferExpireTime = *m.row.OfferExpireTime
		}
	}
	return changes
}

// turnOf takes a turn about a registration and those whom it is seated with.
func (s store) turnOf(ctx context.Context, tx *database.Tx, name string, rules inForce, by string) (*turn, *registration, *seat, error) {
	of, err := s.one(ctx, tx.Client, tx.Section.Query().Where(entsection.ID(api.PartUUID(name, 0))).ForShare(keyShare), name)
	if err != nil {
		return nil, nil, nil, err
	}
	row, err := tx.Registration.Query().Where(ofRegistration(name)).Only(ctx)
	if err != nil {
		return nil, nil, nil, orMissing(err, name)
	}
	t, err := s.takeTurn(ctx, tx, of, rules, by, ofParty(partyOf(row.ID, row.ApplicationID)))
	if err != nil {
		return nil, nil, nil, err
	}
	one := t.known[row.ID.String()]
	if one == nil { // imported: it has had its seat elsewhere
		return t, &registration{row: row, section: of}, seatOf(row), nil
	}
	return t, &registration{row: t.rows[row.ID.String()], section: of}, one, nil
}

// turnOfAll takes a turn about everybody who has a place in a section or waits.
func (s store) turnOfAll(ctx context.Context, tx *database.Tx, of *section, rules inForce, by string) (*turn, error) {
	return s.takeTurn(ctx, tx, of, rules, by, entregistration.StateNotIn(ended...))
}
