package record

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/agreement"
	"github.com/btlc/btlc/ent/agreementcourse"
	"github.com/btlc/btlc/ent/attendanceentry"
	"github.com/btlc/btlc/ent/creditrequest"
	"github.com/btlc/btlc/ent/registration"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/policy"
)

// rank orders registrations of one course by how much they count; one without a seat does not count at all.
var rank = map[string]int{"COMPLETED": 1, "ENROLLED": 2, "NOT_COMPLETED": 3}

// takesPart says whether a registration has, or had to the end, a seat: one that waits for it, or gave it back, has none.
func takesPart(row *ent.Registration) bool { return rank[row.State] > 0 }

// Courses are the courses that one of the people is or was registered for, withdrawn registrations too, in order.
func (r *Records) Courses(ctx context.Context, educator uuid.UUID) ([]string, error) {
	all, err := r.registrations.get(ctx, r.readRegistrations)
	var courses []string
	for _, row := range all[educator] {
		courses = append(courses, courseOf(row))
	}
	slices.Sort(courses)
	return slices.Compact(courses), err
}

func courseOf(row *ent.Registration) string { return row.Edges.Section.Edges.CourseVersion.CourseID }

// ofCourse is the educator's registrations of a course, the one that counts first: a completed one before one that goes
// on, that before one not completed, the latest of each. An evaluation about one registration sees no other.
func (f *facts) ofCourse(ctx context.Context, course string) ([]*ent.Registration, error) {
	all, err := f.registrations.get(ctx, f.readRegistrations)
	var rows []*ent.Registration
	for _, row := range all[f.educator] {
		if takesPart(row) && courseOf(row) == course && (f.registration == uuid.Nil || row.ID == f.registration) {
			rows = append(rows, row)
		}
	}
	return rows, err
}

// stateBefore is the state that a registration was in before it came into the one that it is in. A seat that was taken later
// than the registration was made was waited for; whoever gave one back, or took part to the end, had one.
func stateBefore(row *ent.Registration) string {
	if row.State == "ENROLLED" && row.StateTime.After(row.CreateTime) {
		return "WAITLISTED"
	}
	switch row.State {
	case "OFFERED", "DECLINED", "EXPIRED":
		return "WAITLISTED"
	}
	return "ENROLLED"
}

// readRegistrations reads all that were there, each in the state that it was in.
func (r *Records) readRegistrations(ctx context.Context) (map[uuid.UUID][]*ent.Registration, error) {
	rows, err := r.db.Registration.Query().Where(registration.EducatorIDIn(r.people...)).
		WithSection(func(q *ent.SectionQuery) { q.WithCourseVersion() }).All(ctx)
	if err != nil {
		return nil, err
	}
	var there []*ent.Registration
	for _, row := range rows {
		zone, err := time.LoadLocation(row.Edges.Section.TimeZone)
		if err != nil {
			return nil, fmt.Errorf("section %s: %w", row.SectionID, err)
		}
		if r.began(row.RegisterDate, zone) && r.knew(row.CreateTime) {
			row.State = r.stateThen(stateBefore(row), row.State, row.StateTime)
			there = append(there, row)
		}
	}
	slices.SortFunc(there, func(a, b *ent.Registration) int {
		return cmp.Or(cmp.Compare(rank[a.State], rank[b.State]), b.RegisterDate.Compare(a.RegisterDate), b.CreateTime.Compare(a.CreateTime))
	})
	return by(there, func(row *ent.Registration) uuid.UUID { return row.EducatorID }), nil
}

// Enrolled implements policy.Facts.
func (f *facts) Enrolled(ctx context.Context, course string) (bool, []policy.Fact, error) {
	rows, err := f.ofCourse(ctx, course)
	if err != nil || len(rows) == 0 {
		return false, nil, err
	}
	date, err := registered(rows[0])
	return true, []policy.Fact{{Kind: "enrollment", ID: course, Value: "enrolled", OccurredAt: date, RecordedAt: rows[0].CreateTime}}, err
}

// Completed implements policy.Facts.
func (f *facts) Completed(ctx context.Context, course string) (bool, []policy.Fact, error) {
	rows, err := f.ofCourse(ctx, course)
	if err != nil || len(rows) == 0 || rows[0].State == "ENROLLED" {
		return false, nil, err
	}
	completed, value := rows[0].State == "COMPLETED", "completed"
	if !completed {
		value = "not completed"
	}
	recorded := rows[0].StateTime
	if rows[0].ImportedSource != "" {
		recorded = rows[0].CreateTime // long after it was so
	}
	return completed, []policy.Fact{{Kind: "completion", ID: course, Value: value, OccurredAt: rows[0].StateTime, RecordedAt: recorded}}, nil
}

// RegistrationDate implements policy.Facts: of the registration that counts.
func (f *facts) RegistrationDate(ctx context.Context, course string) (time.Time, []policy.Fact, error) {
	rows, err := f.ofCourse(ctx, course)
	if err != nil || len(rows) == 0 {
		return time.Time{}, nil, err
	}
	date, err := registered(rows[0])
	if err != nil {
		return time.Time{}, nil, err
	}
	return date, []policy.Fact{{Kind: "registration", ID: course, Value: rows[0].RegisterDate.Format(time.DateOnly), OccurredAt: date, RecordedAt: rows[0].CreateTime}}, nil
}

// registered is noon of the day of registration where the section meets: an instant of that day in the calendars of all
// districts around.
func registered(row *ent.Registration) (time.Time, error) {
	zone, err := time.LoadLocation(row.Edges.Section.TimeZone)
	if err != nil {
		return time.Time{}, fmt.Errorf("section %s: %w", row.SectionID, err)
	}
	year, month, day := row.RegisterDate.Date()
	return time.Date(year, month, day, 12, 0, 0, 0, zone), nil
}

// Minutes implements policy.Facts: those of the registration with the most. Hours of two registrations are not hours of
// one course.
func (f *facts) Minutes(ctx context.Context, course string) (int, []policy.Fact, error) {
	rows, err := f.ofCourse(ctx, course)
	if err != nil || len(rows) == 0 {
		return 0, nil, err
	}
	all, err := f.attendance.get(ctx, f.readAttendance)
	if err != nil {
		return 0, nil, err
	}
	var entries []*ent.AttendanceEntry
	for _, row := range rows {
		entries = append(entries, all[row.ID]...)
	}
	most, ok := best(attended(entries))
	if !ok {
		return 0, nil, nil
	}
	return most.minutes, []policy.Fact{{
		Kind: "attendance", ID: course, Value: fmt.Sprintf("%d minutes", most.minutes), OccurredAt: most.until, RecordedAt: most.recorded,
	}}, nil
}

// readAttendance reads the ledgers of all registrations as far as they were written, on meetings that had begun: from then
// on attendance is entered. A correction is for the meeting of what it corrects, so that chains are whole up to their end.
func (r *Records) readAttendance(ctx context.Context) (map[uuid.UUID][]*ent.AttendanceEntry, error) {
	registrations, err := r.registrations.get(ctx, r.readRegistrations)
	if err != nil {
		return nil, err
	}
	var ids []uuid.UUID
	for _, rows := range registrations {
		for _, row := range rows {
			ids = append(ids, row.ID)
		}
	}
	rows, err := r.db.AttendanceEntry.Query().Where(attendanceentry.RegistrationIDIn(ids...)).WithMeeting().WithMakeUpMeeting().All(ctx)
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(e *ent.AttendanceEntry) bool { return !r.saw(takenPart(e).StartTime, e.CreateTime) })
	return by(rows, func(e *ent.AttendanceEntry) uuid.UUID { return e.RegistrationID }), nil
}

// CreditRequested implements policy.Facts: of the institution in question, or of any when there is none.
func (f *facts) CreditRequested(ctx context.Context, course string) (bool, []policy.Fact, error) {
	rows, err := f.ofCourse(ctx, course)
	if err != nil || len(rows) == 0 {
		return false, nil, err
	}
	all, err := f.requests.get(ctx, f.readRequests)
	if err != nil {
		return false, nil, err
	}
	for _, request := range all[f.educator] {
		asked := f.institution == "" || request.InstitutionID == f.institution
		if asked && slices.ContainsFunc(rows, func(row *ent.Registration) bool { return row.ID == request.RegistrationID }) {
			return true, []policy.Fact{{Kind: "creditRequest", ID: course, Value: "requested", OccurredAt: request.CreateTime, RecordedAt: request.CreateTime}}, nil
		}
	}
	return false, nil, nil
}

// readRequests reads the requests that were made and not withdrawn, the latest first. A withdrawal is the last change of
// a request.
func (r *Records) readRequests(ctx context.Context) (map[uuid.UUID][]*ent.CreditRequest, error) {
	rows, err := r.db.CreditRequest.Query().Where(creditrequest.EducatorIDIn(r.people...)).Order(ent.Desc(creditrequest.FieldCreateTime, creditrequest.FieldID)).All(ctx)
	rows = slices.DeleteFunc(rows, func(row *ent.CreditRequest) bool {
		return !r.saw(row.CreateTime, row.CreateTime) || r.stateThen("REQUESTED", row.State, row.UpdateTime) != "REQUESTED"
	})
	return by(rows, func(row *ent.CreditRequest) uuid.UUID { return row.EducatorID }), err
}

// covering is what an agreement is asked for.
type covering struct {
	institution, course string
	day                 time.Time
}

// Agreement implements policy.Facts: in force on the day with the institution in question. An institution has no calendar
// of its own, so the day is that where the educator's section meets.
func (f *facts) Agreement(ctx context.Context, course string) (bool, []policy.Fact, error) {
	rows, err := f.ofCourse(ctx, course)
	if err != nil {
		return false, nil, err
	}
	zone := time.UTC
	if len(rows) > 0 {
		if zone, err = time.LoadLocation(rows[0].Edges.Section.TimeZone); err != nil {
			return false, nil, fmt.Errorf("section %s: %w", rows[0].SectionID, err)
		}
	}
	asked := covering{f.institution, course, api.LocalDay(f.at(), zone)}
	row, known := f.agreements[asked]
	if !known {
		if row, err = agreementOn(ctx, f.db, asked, f.times); err != nil {
			return false, nil, err
		}
		f.agreements[asked] = row
	}
	if row == nil {
		return false, nil, nil
	}
	return true, []policy.Fact{{Kind: "agreement", ID: course, Value: "in force", OccurredAt: row.StartDate, RecordedAt: row.CreateTime}}, nil
}

// AgreementInForce is the agreement by which an institution gives credit for a course on a day, the latest if there are
// several; nil when there is none.
func AgreementInForce(ctx context.Context, db *ent.Client, institution, course string, day time.Time) (*ent.Agreement, error) {
	return agreementOn(ctx, db, covering{institution, course, day}, times{})
}

// agreementOn is AgreementInForce among those that were known, on the terms that they have now: a table of agreements
// keeps no others.
func agreementOn(ctx context.Context, db *ent.Client, asked covering, t times) (*ent.Agreement, error) {
	query := db.Agreement.Query().Where(agreement.InstitutionID(asked.institution), agreement.StartDateLTE(asked.day),
		agreement.Or(agreement.EndDateIsNil(), agreement.EndDateGTE(asked.day)), func(s *sql.Selector) {
			courses := sql.Table(agreementcourse.Table)
			s.Where(sql.In(s.C(agreement.FieldID), sql.Select(courses.C(agreementcourse.FieldAgreementID)).From(courses).Where(sql.EQ(courses.C(agreementcourse.FieldCourseID), asked.course))))
		})
	if !t.known.IsZero() {
		query.Where(agreement.CreateTimeLTE(t.known))
	}
	row, err := query.Order(ent.Desc(agreement.FieldStartDate, agreement.FieldID)).First(ctx)
	return row, ent.MaskNotFound(err)
}
