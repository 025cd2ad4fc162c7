package enrollment

import (
	"context"
	"slices"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/attendanceentry"
	entmeeting "github.com/btlc/btlc/ent/meeting"
	entregistration "github.com/btlc/btlc/ent/registration"
	"github.com/btlc/btlc/internal/database"
)

// noKeyUpdate holds a row against others who hold it so, and not against those who refer to it.
var noKeyUpdate = sql.WithLockClause("FOR NO KEY UPDATE")

// makeUps reads the meetings that marks name as make-ups, for the registrations that the marks are about. The meetings are
// held until the transaction ends, so that none counts twice for a person whom two enter at once.
func (s store) makeUps(ctx context.Context, tx *database.Tx, h *held, marks []mark, registrations []*ent.Registration) (map[uuid.UUID]makeUp, error) {
	var ids []uuid.UUID
	for _, m := range marks {
		if m.makeUp != uuid.Nil {
			ids = append(ids, m.makeUp)
		}
	}
	if ids == nil {
		return nil, nil
	}
	rows, err := tx.Meeting.Query().Where(entmeeting.IDIn(ids...)).Order(ent.Asc(entmeeting.FieldID)).ForUpdate(noKeyUpdate).
		WithSection(func(q *ent.SectionQuery) { q.WithCourseVersion() }).All(ctx)
	if err != nil {
		return nil, err
	}
	found, sections := map[uuid.UUID]makeUp{}, []uuid.UUID{}
	for _, row := range rows {
		if state := row.Edges.Section.State; state == "DRAFT" || state == "CANCELLED" {
			continue // it does not take place
		}
		found[row.ID] = makeUp{
			span: spanOf(row), section: row.SectionID, sameCourse: row.Edges.Section.Edges.CourseVersion.CourseID == h.course,
			seated: map[uuid.UUID]bool{}, used: map[uuid.UUID]uuid.UUID{},
		}
		sections = append(sections, row.SectionID)
	}
	people := make([]uuid.UUID, len(registrations))
	for i, r := range registrations {
		people[i] = r.EducatorID
	}
	seats, err := tx.Registration.Query().Where(entregistration.SectionIDIn(sections...), entregistration.EducatorIDIn(people...),
		entregistration.StateIn("ENROLLED", "COMPLETED", "NOT_COMPLETED")).All(ctx)
	if err != nil {
		return nil, err
	}
	counted, err := tx.AttendanceEntry.Query().Where(attendanceentry.MakeUpMeetingIDIn(ids...), attendanceentry.Not(attendanceentry.HasCorrection()),
		attendanceentry.MeetingIDNEQ(h.row.ID), attendanceentry.HasRegistrationWith(entregistration.EducatorIDIn(people...))).WithRegistration().All(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range registrations {
		for id, at := range found {
			at.seated[r.ID] = slices.ContainsFunc(seats, func(seat *ent.Registration) bool {
				return seat.SectionID == at.section && seat.EducatorID == r.EducatorID
			})
			for _, e := range counted {
				if *e.MakeUpMeetingID == id && e.Edges.Registration.EducatorID == r.EducatorID {
					at.used[r.ID] = e.MeetingID
				}
			}
		}
	}
	return found, nil
}
