package enrollment

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/courseversion"
	"github.com/btlc/btlc/ent/employment"
	entmeeting "github.com/btlc/btlc/ent/meeting"
	"github.com/btlc/btlc/ent/roleassignment"
	entsection "github.com/btlc/btlc/ent/section"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/placement"
)

// placementProblem is the problem of placing applications in the sections of a term, of a course or of all when it is empty,
// as things stand. left are the applications that can be placed nowhere, with the reason.
func (s store) placementProblem(ctx context.Context, tx *database.Tx, termID, courseID string, waiting []*application, weights placement.Weights) (problem placement.Problem, left map[string]string, err error) {
	applicants := make([]applicant, len(waiting))
	var who []uuid.UUID
	for i, a := range waiting {
		members := a.who("ACCEPTED")
		applicants[i] = applicant{name: a.name(), course: api.Name("btlc/Course", a.row.CourseID), members: members, evenings: a.row.Evenings, sites: a.row.Sites}
		who = append(who, members...)
	}
	people, err := s.registrants(ctx, tx, termID, who)
	if err != nil {
		return problem, nil, err
	}
	sections, err := s.candidates(ctx, tx, termID, courseID, who)
	if err != nil {
		return problem, nil, err
	}
	problem, left = problemOf(applicants, people, sections, weights)
	return problem, left, nil
}

// registrants are what is known today of people who are to be placed: three queries, however many they are.
func (s store) registrants(ctx context.Context, tx *database.Tx, termID string, who []uuid.UUID) (map[uuid.UUID]registrant, error) {
	day, people := api.LocalDay(tx.Now, s.zone), map[uuid.UUID]registrant{}
	held, err := tx.RoleAssignment.Query().Where(roleassignment.EducatorIDIn(who...)).WithRole().All(ctx)
	if err != nil {
		return nil, err
	}
	assignments := map[uuid.UUID][]assignment{}
	for _, row := range held {
		assignments[row.EducatorID] = append(assignments[row.EducatorID], assignmentOf(row))
	}
	for _, id := range who {
		role, err := qualify(assignments[id], "", day)
		people[id] = registrant{family: optionalName("btlc/RoleFamily", role.family), qualified: err == nil}
	}
	employments, err := tx.Employment.Query().Where(employment.EducatorIDIn(who...), employment.SchoolIDNotNil(), employment.StartDateLTE(day),
		employment.Or(employment.EndDateIsNil(), employment.EndDateGTE(day))).Order(ent.Asc(employment.FieldID)).All(ctx)
	if err != nil {
		return nil, err
	}
	for _, e := range employments {
		one := people[e.EducatorID]
		one.school = api.Name("btlc/School", e.DistrictID, *e.SchoolID)
		people[e.EducatorID] = one
	}
	registrations, err := s.registeredFor(tx.Client, termID, "", who).WithSection(func(q *ent.SectionQuery) { q.WithCourseVersion() }).All(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range registrations {
		one := people[r.EducatorID]
		one.courses = append(one.courses, api.Name("btlc/Course", r.Edges.Section.Edges.CourseVersion.CourseID))
		people[r.EducatorID] = one
	}
	return people, nil
}

// candidates are the sections of a term in which people can be placed, with the seats that nobody has or waits for, and who
// of these people is elsewhere at their meetings. A section without meetings is none.
func (s store) candidates(ctx context.Context, tx *database.Tx, termID, courseID string, who []uuid.UUID) ([]candidate, error) {
	query := tx.Section.Query().Where(entsection.TermID(termID), entsection.StateIn("OPEN", "CLOSED"))
	if courseID != "" {
		query.Where(entsection.HasCourseVersionWith(courseversion.CourseID(courseID)))
	}
	rows, err := query.WithCourseVersion().Order(ent.Asc(entsection.FieldID)).All(ctx)
	if err != nil {
		return nil, err
	}
	sections, err := s.sections(ctx, tx.Client, rows)
	if err != nil {
		return nil, err
	}
	ids := make([]uuid.UUID, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	meetings, err := tx.Meeting.Query().Where(entmeeting.SectionIDIn(ids...)).All(ctx)
	if err != nil {
		return nil, err
	}
	starts := map[uuid.UUID][]time.Time{}
	for _, m := range meetings {
		starts[m.SectionID] = append(starts[m.SectionID], m.StartTime)
	}
	busy, err := s.busy(ctx, tx, ids, who)
	if err != nil {
		return nil, err
	}
	var all []candidate
	for _, f := range sections {
		weekday, met := evening(starts[f.row.ID], f.zone)
		if !met {
			continue
		}
		c := candidate{name: api.Name("btlc/Section", f.row.ID), course: f.course(), site: f.row.Site, evening: weekday, facilitators: f.facilitators, busy: busy[f.row.ID]}
		if f.row.WaitingCount == 0 {
			c.free = f.row.Capacity - f.row.SeatsTaken
		}
		if f.row.RoleFamilyID != nil {
			c.family = api.Name("btlc/RoleFamily", *f.row.RoleFamilyID)
		}
		all = append(all, c)
	}
	return all, nil
}

// busy are those of the people who are at another meeting at the time of one of a section's, by section.
func (s store) busy(ctx context.Context, tx *database.Tx, sections, who []uuid.UUID) (map[uuid.UUID][]uuid.UUID, error) {
	rows, err := tx.QueryContext(ctx, `SELECT DISTINCT m.section_id, b.educator_id FROM meetings m
		JOIN bookings b ON tstzrange(b.start_time, b.end_time) && tstzrange(m.start_time, m.end_time) AND b.educator_id = ANY($2::uuid[])
		WHERE m.section_id = ANY($1::uuid[]) ORDER BY 1, 2`, pq.Array(sections), pq.Array(who))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	busy := map[uuid.UUID][]uuid.UUID{}
	for rows.Next() {
		var section, person uuid.UUID
		if err := rows.Scan(&section, &person); err != nil {
			return nil, err
		}
		busy[section] = append(busy[section], person)
	}
	return busy, rows.Err()
}
