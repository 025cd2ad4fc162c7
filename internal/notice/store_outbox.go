package notice

import (
	"cmp"
	"context"
	"net/mail"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/educatoremail"
	"github.com/btlc/btlc/ent/meeting"
	entnotice "github.com/btlc/btlc/ent/notice"
	"github.com/btlc/btlc/ent/noticepreference"
	"github.com/btlc/btlc/ent/registration"
	"github.com/btlc/btlc/ent/section"
	"github.com/btlc/btlc/internal/database"
)

// seated are the registrations that have a seat in one of the sections.
func (s store) seated(ctx context.Context, tx *database.Tx, sections ...uuid.UUID) ([]*ent.Registration, error) {
	return tx.Registration.Query().Where(registration.SectionIDIn(sections...), registration.State("ENROLLED")).Order(ent.Asc(registration.FieldID)).All(ctx)
}

// write puts notices into the outbox; those that are not wanted are suppressed at once.
func (s store) write(ctx context.Context, tx *database.Tx, drafts []draft) error {
	if len(drafts) == 0 {
		return nil
	}
	people, sections := make([]uuid.UUID, len(drafts)), make([]uuid.UUID, len(drafts))
	for i, d := range drafts {
		people[i], sections[i] = d.educator, d.section
	}
	titles, err := titlesOf(ctx, tx, sections)
	if err != nil {
		return err
	}
	preferences, err := preferencesOf(ctx, tx.Client, people)
	if err != nil {
		return err
	}
	rows := make([]*ent.NoticeCreate, len(drafts))
	for i, d := range drafts {
		subject, err := wordings[d.kind].subject(Data{Course: titles[d.section], Moves: d.facts.moves()})
		if err != nil {
			return err
		}
		told, err := d.facts.row()
		if err != nil {
			return err
		}
		rows[i] = tx.Notice.Create().SetEducatorID(d.educator).SetNillableSchoolID(d.school).SetRegistrationID(d.registration).SetKind(string(d.kind)).SetFacts(told).SetSubject(subject).
			SetState(noticeLife.First()).SetNextAttemptTime(tx.Now).SetCreateTime(tx.Now)
		if !preferences[d.educator].wants(d.kind) {
			state, err := noticeLife.After("notice", noticeLife.First(), suppress)
			if err != nil {
				return err
			}
			rows[i].SetState(state).SetFailure(unwanted)
		}
	}
	return tx.Notice.CreateBulk(rows...).Exec(ctx)
}

// titlesOf are the titles of the courses of sections.
func titlesOf(ctx context.Context, tx *database.Tx, sections []uuid.UUID) (map[uuid.UUID]string, error) {
	rows, err := tx.Section.Query().Where(section.IDIn(sections...)).WithCourseVersion(func(q *ent.CourseVersionQuery) { q.WithCourse() }).All(ctx)
	if err != nil {
		return nil, err
	}
	titles := make(map[uuid.UUID]string, len(rows))
	for _, row := range rows {
		titles[row.ID] = line(row.Edges.CourseVersion.Edges.Course.Title)
	}
	return titles, nil
}

func preferencesOf(ctx context.Context, db *ent.Client, people []uuid.UUID) (map[uuid.UUID]preference, error) {
	rows, err := db.NoticePreference.Query().Where(noticepreference.EducatorIDIn(people...)).All(ctx)
	if err != nil {
		return nil, err
	}
	preferences := make(map[uuid.UUID]preference, len(rows))
	for _, row := range rows {
		preferences[row.EducatorID] = preference{row.Muted, row.MutedKinds}
	}
	return preferences, nil
}

// claimSQL takes what is due into one server's hands: until the time that it sets, nobody else takes it.
const claimSQL = `WITH due AS MATERIALIZED (
		SELECT id FROM notices WHERE state = 'PENDING' AND next_attempt_time <= $1 ORDER BY next_attempt_time, id LIMIT $3 FOR UPDATE SKIP LOCKED)
	UPDATE notices SET next_attempt_time = $2 FROM due WHERE notices.id = due.id RETURNING notices.id`

// claim takes the notices that are due, as many at most, until the lease ends.
func (s store) claim(ctx context.Context, now, lease time.Time, most int) (ids []uuid.UUID, err error) {
	rows, err := s.db.SQL().QueryContext(ctx, claimSQL, now, lease, most)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id uuid.UUID
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// due reads notices with what they tell: everything is as it is on record now. Those to contacts of webhooks come first, and
// of either the oldest.
func (s store) due(ctx context.Context, ids []uuid.UUID) (dues []due, err error) {
	rows, err := s.db.Ent().Notice.Query().Where(entnotice.IDIn(ids...)).Order(ent.Asc(entnotice.FieldCreateTime, entnotice.FieldID)).WithEducator().WithSchool().
		WithWebhookSubscription().WithRegistration(withCourse).All(ctx)
	if err != nil {
		return nil, err
	}
	var seats []*ent.Notice
	var told []facts
	for _, row := range rows {
		f, err := factsOf(row.Facts)
		if err != nil {
			return nil, err
		}
		if row.Edges.WebhookSubscription != nil {
			dues = append(dues, dueToContact(row, f))
		} else {
			seats, told = append(seats, row), append(told, f)
		}
	}
	ofSeats, err := s.dueOfSeats(ctx, seats, told)
	return append(dues, ofSeats...), err
}

// dueOfSeats are notices about registrations.
func (s store) dueOfSeats(ctx context.Context, rows []*ent.Notice, facts []facts) ([]due, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	roles, err := s.toConfirm(ctx, rows, facts)
	if err != nil {
		return nil, err
	}
	people, sections := make([]uuid.UUID, len(rows)), make([]uuid.UUID, len(rows))
	for i, row := range rows {
		people[i], sections[i] = *row.EducatorID, row.Edges.Registration.SectionID
	}
	addresses, own, err := s.addresses(ctx, people)
	if err != nil {
		return nil, err
	}
	preferences, err := preferencesOf(ctx, s.db.Ent(), people)
	if err != nil {
		return nil, err
	}
	seats, err := s.seats(ctx, people, sections)
	if err != nil {
		return nil, err
	}
	first, meetings, err := s.meetings(ctx, sections)
	if err != nil {
		return nil, err
	}
	dues := make([]due, len(rows))
	for i, row := range rows {
		kind, person, r := Kind(row.Kind), people[i], row.Edges.Registration
		d := due{
			id: row.ID, kind: kind, subject: row.Subject, attempts: int(row.Attempts), created: row.CreateTime, data: dataOf(row, facts[i], first),
			to:     mail.Address{Name: fullName(row.Edges.Educator), Address: addresses[person]},
			wanted: preferences[person].wants(kind), state: r.State, seated: seats[seat{person, r.SectionID}],
		}
		d.data.Moves = still(d.data.Moves, meetings[r.SectionID])
		if school := row.Edges.School; school != nil {
			d.to = mail.Address{Name: school.DisplayName, Address: school.PrincipalEmail}
			d.oneself = own[person][strings.ToLower(school.PrincipalEmail)]
		}
		if role := roles[facts[i].Assignment]; role != nil {
			d.reported = role.State == reported
			d.data.Role, d.data.Reported = role.Edges.Role.DisplayName, role.CreateTime
		}
		dues[i] = d
	}
	return dues, nil
}

// withCourse reads registrations with what notices tell of them.
func withCourse(q *ent.RegistrationQuery) {
	q.WithRoleAssignment(func(q *ent.RoleAssignmentQuery) { q.WithRole() }).WithSection(func(q *ent.SectionQuery) {
		q.WithTerm().WithSchool().WithCourseVersion(func(q *ent.CourseVersionQuery) { q.WithCourse() })
	})
}

func fullName(person *ent.Educator) string { return person.GivenName + " " + person.FamilyName }

// dataOf is what a notice tells, but for who writes it. A zone that is none is left out, and so the notice lacks it.
func dataOf(row *ent.Notice, told facts, first map[uuid.UUID]Meeting) Data {
	r := row.Edges.Registration
	of := r.Edges.Section
	zone, err := time.LoadLocation(of.TimeZone)
	if err != nil {
		zone = nil
	}
	data := Data{
		GivenName: row.Edges.Educator.GivenName, Course: of.Edges.CourseVersion.Edges.Course.Title,
		Section: cmp.Or(strings.TrimSpace(of.DisplayName), of.Edges.Term.DisplayName), Site: of.Site, Zone: zone,
		Deadline: told.Deadline, Moves: told.moves(),
	}
	if data.Site == "" && of.Edges.School != nil {
		data.Site = of.Edges.School.DisplayName
	}
	switch Kind(row.Kind) {
	case Registered, Waitlisted, Offered:
		data.First = first[of.ID]
	case RoleAwaited:
		if a := r.Edges.RoleAssignment; a != nil {
			data.Role = a.Edges.Role.DisplayName
		}
	case Withdrawn:
		data.Reason = r.Reason
	case SectionCancelled:
		data.Reason = of.Reason
	case RoleToConfirm:
		data.GivenName, data.Person, data.Deadline = "", fullName(row.Edges.Educator), of.RegistrationCloseTime
	case OfferExpired, MeetingMoved, Completed, WebhookFailing, WebhookFailed:
	}
	return data
}

// addresses are where people can be reached, the first address of each that is verified, and all that are their own, in lower
// case.
func (s store) addresses(ctx context.Context, people []uuid.UUID) (first map[uuid.UUID]string, own map[uuid.UUID]map[string]bool, err error) {
	rows, err := s.db.Ent().EducatorEmail.Query().Where(educatoremail.EducatorIDIn(people...)).Order(ent.Desc(educatoremail.FieldID)).All(ctx)
	if err != nil {
		return nil, nil, err
	}
	first, own = make(map[uuid.UUID]string, len(people)), make(map[uuid.UUID]map[string]bool, len(people))
	for _, row := range rows {
		if own[row.EducatorID] == nil {
			own[row.EducatorID] = map[string]bool{}
		}
		own[row.EducatorID][row.AddressKey] = true
		if row.Verified {
			first[row.EducatorID] = row.Address // the first one is read last
		}
	}
	return first, own, nil
}

// seat is a person's in a section.
type seat struct{ educator, section uuid.UUID }

// seats are those that the people have in the sections.
func (s store) seats(ctx context.Context, people, sections []uuid.UUID) (map[seat]bool, error) {
	rows, err := s.db.Ent().Registration.Query().Where(registration.EducatorIDIn(people...), registration.SectionIDIn(sections...), registration.StateIn(seatedStates...)).All(ctx)
	if err != nil {
		return nil, err
	}
	seats := make(map[seat]bool, len(rows))
	for _, row := range rows {
		seats[seat{row.EducatorID, row.SectionID}] = true
	}
	return seats, nil
}

// meetings are those of sections by their numbers, and the first one of each.
func (s store) meetings(ctx context.Context, sections []uuid.UUID) (first map[uuid.UUID]Meeting, all map[uuid.UUID]map[int]Meeting, err error) {
	rows, err := s.db.Ent().Meeting.Query().Where(meeting.SectionIDIn(sections...)).Order(ent.Desc(meeting.FieldStartTime)).All(ctx)
	if err != nil {
		return nil, nil, err
	}
	first, all = make(map[uuid.UUID]Meeting, len(sections)), make(map[uuid.UUID]map[int]Meeting, len(sections))
	for _, id := range sections {
		all[id] = map[int]Meeting{}
	}
	for _, row := range rows {
		m := Meeting{Number: int(row.MeetingNumber), Start: row.StartTime, End: row.EndTime, Place: where(row.Room, row.Location)}
		first[row.SectionID], all[row.SectionID][m.Number] = m, m // the first one is read last
	}
	return first, all, nil
}

// saveSQL leaves a notice alone that was taken by another server since, when this one was slower than its lease.
const saveSQL = `UPDATE notices n SET state = v.state, attempts = n.attempts + v.tried, next_attempt_time = v.next, failure = v.failure,
		send_time = CASE WHEN v.state = 'SENT' THEN $2::timestamptz END
	FROM unnest($3::uuid[], $4::text[], $5::int[], $6::timestamptz[], $7::text[]) AS v (id, state, tried, next, failure)
	WHERE n.id = v.id AND n.state = 'PENDING' AND n.next_attempt_time = $1`

// save writes down what became of notices that were taken until the lease.
func (s store) save(ctx context.Context, lease, now time.Time, outcomes map[uuid.UUID]outcome) error {
	var ids, states, nexts, failures []string
	var tries []int64
	for id, o := range outcomes {
		state, tried, next := noticeLife.First(), int64(0), lease
		if o.verb == wait {
			next = o.next
		} else {
			var err error
			if state, err = noticeLife.After("notice", state, o.verb); err != nil {
				return err
			}
		}
		if o.tried {
			tried = 1
		}
		ids, states, tries, nexts, failures = append(ids, id.String()), append(states, state), append(tries, tried), append(nexts, next.Format(time.RFC3339Nano)), append(failures, o.failure)
	}
	_, err := s.db.SQL().ExecContext(ctx, saveSQL, lease, now, pq.Array(ids), pq.Array(states), pq.Array(tries), pq.Array(nexts), pq.Array(failures))
	return err
}

// forgetSQL leaves what is still to be sent.
const forgetSQL = `DELETE FROM notices WHERE id = ANY (ARRAY(SELECT id FROM notices WHERE state <> 'PENDING' AND create_time < $1 LIMIT $2))`

// forget deletes notices of before a time that have come to their end, as many at most, and says how many it deleted.
func (s store) forget(ctx context.Context, before time.Time, most int) (int64, error) {
	result, err := s.db.SQL().ExecContext(ctx, forgetSQL, before, most)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}
