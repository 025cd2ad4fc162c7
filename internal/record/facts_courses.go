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
	"github.com/btlc/btlc/ent/courseversion"
	"github.com/btlc/btlc/ent/creditrequest"
	"github.com/btlc/btlc/ent/registration"
	"github.com/btlc/btlc/ent/section"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/policy"
)

// standing orders registrations of one course by how much they count; a withdrawn one does not count at all.
var standing = map[string]int{"COMPLETED": 1, "ENROLLED": 2, "NOT_COMPLETED": 3}

// ofCourse is the educator's registrations of a course, the one that counts first: a completed one before one that goes
// on, that before one not completed, the latest of each.
func (f *facts) ofCourse(ctx context.Context, course string) ([]*ent.Registration, error) {
	all, err := f.registrations.get(func() (map[string][]*ent.Registration, error) {
		rows, err := f.db.Registration.Query().Where(registration.EducatorID(f.educator), registration.StateNEQ("WITHDRAWN")).
			WithSection(func(q *ent.SectionQuery) { q.WithCourseVersion() }).All(ctx)
		if err != nil {
			return nil, err
		}
		slices.SortFunc(rows, func(a, b *ent.Registration) int {
			return cmp.Or(cmp.Compare(standing[a.State], standing[b.State]), b.RegisterDate.Compare(a.RegisterDate), b.CreateTime.Compare(a.CreateTime))
		})
		byCourse := map[string][]*ent.Registration{}
		for _, row := range rows {
			id := row.Edges.Section.Edges.CourseVersion.CourseID
			byCourse[id] = append(byCourse[id], row)
		}
		return byCourse, nil
	})
	return all[course], err
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
	return completed, []policy.Fact{{Kind: "completion", ID: course, Value: value, OccurredAt: rows[0].StateTime, RecordedAt: rows[0].StateTime}}, nil
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
	ids := make([]uuid.UUID, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	entries, err := f.db.AttendanceEntry.Query().Where(attendanceentry.RegistrationIDIn(ids...)).WithMeeting().All(ctx)
	if err != nil {
		return 0, nil, err
	}
	most, ok := best(attended(entries))
	if !ok {
		return 0, nil, nil
	}
	return most.minutes, []policy.Fact{{
		Kind: "attendance", ID: course, Value: fmt.Sprintf("%d minutes", most.minutes), OccurredAt: most.until, RecordedAt: most.recorded,
	}}, nil
}

// CreditRequested implements policy.Facts: of the institution in question, or of any when there is none.
func (f *facts) CreditRequested(ctx context.Context, course string) (bool, []policy.Fact, error) {
	query := f.db.CreditRequest.Query().Where(creditrequest.EducatorID(f.educator), creditrequest.State("REQUESTED"),
		creditrequest.HasRegistrationWith(registration.StateNEQ("WITHDRAWN"), registration.HasSectionWith(section.HasCourseVersionWith(courseversion.CourseID(course)))))
	if f.institution != "" {
		query.Where(creditrequest.InstitutionID(f.institution))
	}
	row, err := query.Order(ent.Desc(creditrequest.FieldCreateTime)).First(ctx)
	if err != nil {
		return false, nil, ent.MaskNotFound(err)
	}
	return true, []policy.Fact{{Kind: "creditRequest", ID: course, Value: "requested", OccurredAt: row.CreateTime, RecordedAt: row.CreateTime}}, nil
}

// Agreement implements policy.Facts: in force today with the institution in question. An institution has no calendar of
// its own, so today is where the educator's section meets.
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
	row, err := AgreementInForce(ctx, f.db, f.institution, course, api.LocalDay(f.now, zone))
	if err != nil || row == nil {
		return false, nil, err
	}
	return true, []policy.Fact{{Kind: "agreement", ID: course, Value: "in force", OccurredAt: row.StartDate, RecordedAt: row.CreateTime}}, nil
}

// AgreementInForce is the agreement by which an institution gives credit for a course on a day, the latest if there are
// several; nil when there is none.
func AgreementInForce(ctx context.Context, db *ent.Client, institution, course string, day time.Time) (*ent.Agreement, error) {
	covers := agreement.And(agreement.InstitutionID(institution), agreement.StartDateLTE(day), agreement.Or(agreement.EndDateIsNil(), agreement.EndDateGTE(day)))
	row, err := db.Agreement.Query().Where(covers, func(s *sql.Selector) {
		courses := sql.Table(agreementcourse.Table)
		s.Where(sql.In(s.C(agreement.FieldID), sql.Select(courses.C(agreementcourse.FieldAgreementID)).From(courses).Where(sql.EQ(courses.C(agreementcourse.FieldCourseID), course))))
	}).Order(ent.Desc(agreement.FieldStartDate, agreement.FieldID)).First(ctx)
	return row, ent.MaskNotFound(err)
}
