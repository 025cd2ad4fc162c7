package enrollment

import (
	"context"
	"database/sql"
	"errors"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"github.com/btlc/btlc/ent"
	entregistration "github.com/btlc/btlc/ent/registration"
	"github.com/btlc/btlc/ent/seatingentry"
	entsection "github.com/btlc/btlc/ent/section"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/seating"
)

// roomFor refuses those for whom there were no seats when the section was read, so that they need not wait for its lock.
// Offers that have ended may hold seats for them: as many as are left when all who wait got theirs.
func (s store) roomFor(ctx context.Context, tx *database.Tx, of *section, wanted int32) error {
	row := of.row
	if seating.Admit(row.Capacity, row.SeatsTaken, row.WaitingCount, wanted) == seating.Seated {
		return nil
	}
	// The row may be older than the end of an offer that it counts, and what is read one after the other would then tell of a
	// moment that never was.
	rows, err := tx.QueryContext(ctx, `SELECT capacity, seats_taken, waiting_count, (
		SELECT count(*) FROM registrations r WHERE r.section_id = s.id AND r.state = 'OFFERED' AND r.offer_expire_time <= $2) FROM sections s WHERE s.id = $1`, row.ID, tx.Now)
	if err != nil {
		return err
	}
	current, late := *row, int32(0)
	if err := scanOne(rows, &current.Capacity, &current.SeatsTaken, &current.WaitingCount, &late); err != nil {
		return err
	}
	if seating.Admit(current.Capacity, current.SeatsTaken, current.WaitingCount, wanted) == seating.Seated ||
		late > 0 && current.Capacity-current.SeatsTaken+late >= current.WaitingCount+wanted {
		return nil
	}
	return noSeat(&section{row: &current}, wanted)
}

// awaitingRole names a person's registrations that wait for a role, in the order in which sections are held.
func (s store) awaitingRole(ctx context.Context, tx *database.Tx, educator uuid.UUID) ([]string, error) {
	rows, err := tx.Registration.Query().Where(entregistration.EducatorID(educator), entregistration.State("AWAITING_ROLE")).Order(ent.Asc(entregistration.FieldSectionID)).All(ctx)
	names := make([]string, len(rows))
	for i, row := range rows {
		names[i] = api.Name("btlc/Registration", row.SectionID, row.ID)
	}
	return names, err
}

// holdSeats holds the seats of the sections of registrations before any of them changes hands, in the order of the sections.
func (s store) holdSeats(ctx context.Context, tx *database.Tx, registrations []string) error {
	sections := make([]uuid.UUID, len(registrations))
	for i, name := range registrations {
		sections[i] = api.PartUUID(name, 0)
	}
	_, err := tx.Section.Query().Where(entsection.IDIn(sections...)).Order(ent.Asc(entsection.FieldID)).ForUpdate(counting).IDs(ctx)
	return err
}

// bookedElsewhere says whether one of these people is at another meeting at the time of one of the section's.
func (s store) bookedElsewhere(ctx context.Context, tx *database.Tx, section uuid.UUID, educators []uuid.UUID) (taken bool, err error) {
	ids := make([]string, len(educators))
	for i, id := range educators {
		ids[i] = id.String()
	}
	rows, err := tx.QueryContext(ctx, `SELECT EXISTS (SELECT FROM bookings b JOIN meetings m ON tstzrange(b.start_time, b.end_time) && tstzrange(m.start_time, m.end_time)
		WHERE m.section_id = $1 AND b.educator_id = ANY($2::uuid[]))`, section, pq.Array(ids))
	if err != nil {
		return false, err
	}
	return taken, scanOne(rows, &taken)
}

func scanOne(rows *sql.Rows, into ...any) error {
	defer rows.Close()
	if !rows.Next() {
		return errors.Join(rows.Err(), sql.ErrNoRows)
	}
	return errors.Join(rows.Scan(into...), rows.Close())
}

// dueSections are sections in which an offer has ended, or somebody has waited for a role for so many days.
func (s store) dueSections(ctx context.Context, roleWaitDays int) (ids []uuid.UUID, err error) {
	now := s.db.Now()
	err = s.db.Ent().Registration.Query().Where(entregistration.Or(
		entregistration.And(entregistration.State("OFFERED"), entregistration.OfferExpireTimeLTE(now)),
		entregistration.And(entregistration.State("AWAITING_ROLE"), entregistration.CreateTimeLTE(waitsSince(now, roleWaitDays))),
	)).Unique(true).Order(ent.Asc(entregistration.FieldSectionID)).Select(entregistration.FieldSectionID).Scan(ctx, &ids)
	return ids, err
}

// keptSection is a section by its id, held as by sharedSection.
func (s store) keptSection(ctx context.Context, tx *database.Tx, id uuid.UUID) (*section, error) {
	return s.one(ctx, tx.Client, tx.Section.Query().Where(entsection.ID(id)).ForShare(keyShare), api.Name("btlc/Section", id))
}

// seatingLog is the log of a section's seats, from its first line on; for a section that has none yet, the one that would
// begin now.
func (s store) seatingLog(ctx context.Context, of *section, rules inForce) ([]entry, error) {
	rows, err := s.db.Ent().SeatingEntry.Query().Where(seatingentry.SectionID(of.row.ID)).Order(ent.Asc(seatingentry.FieldEntryNumber)).All(ctx)
	if err != nil {
		return nil, err
	}
	log := make([]entry, len(rows))
	for i, row := range rows {
		log[i].rules = row.Rules
		if err := errors.Join(remarshal(row.Event, &log[i].event), remarshal(row.Decisions, &log[i].decisions)); err != nil {
			return nil, err
		}
	}
	if len(rows) > 0 {
		return log, nil
	}
	seated, err := s.db.Ent().Registration.Query().Where(entregistration.SectionID(of.row.ID), entregistration.ImportedSource(""), entregistration.StateIn(seatedStates...)).All(ctx)
	if err != nil {
		return nil, err
	}
	known := make([]*seat, len(seated))
	for i, row := range seated {
		known[i] = seatOf(row)
	}
	t := newSeats(0, max(of.row.Capacity, int32(len(known))), 0, known, rules, s.db.Now())
	err = t.begin(of.row.CreateTime.UTC())
	return t.log, err
}
