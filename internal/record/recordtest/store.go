// Package recordtest makes a database with the program's data and educators' records for tests: the rows that the
// services would write, without the services.
package recordtest

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/competency"
	"github.com/btlc/btlc/ent/courseversion"
	"github.com/btlc/btlc/ent/migrate/migrations"
	"github.com/btlc/btlc/ent/performanceassessment"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/database/databasetest"
	"github.com/btlc/btlc/internal/program"
)

// World is a database of its own with the program's data and the districts bps and ncs.
type World struct {
	*database.DB
	t       testing.TB
	schools map[string]uuid.UUID

	mu  sync.Mutex
	now time.Time
}

// Start is when the world's clock begins to stand.
var Start = time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)

// New makes a world, which goes with the test.
func New(t testing.TB) *World {
	t.Helper()
	pool, err := database.Open(t.Context(), databasetest.New(t, migrations.FS), database.PoolOptions{MaxConns: 8})
	Must(t, err)
	w := &World{t: t, now: Start, schools: map[string]uuid.UUID{}}
	w.DB = database.NewDB(pool, w.clock)
	t.Cleanup(func() {
		w.DB.Close()
		_ = pool.Close() // the database is dropped next
	})
	data, err := program.Load()
	Must(t, err)
	Must(t, program.Store(t.Context(), w.DB, data))
	for _, district := range []string{"bps", "ncs"} {
		Must(t, w.Ent().District.Create().SetID(district).SetDisplayName(district).SetTimeZone("America/New_York").Exec(t.Context()))
		w.schools[district] = got(w.Ent().School.Create().SetDistrictID(district).SetDisplayName("Harbor").Save(t.Context()))(t).ID
	}
	Must(t, w.Ent().Term.Create().SetID("fall-2026").SetDisplayName("Fall 2026").SetStartDate(Day("2026-09-01")).SetEndDate(Day("2026-12-20")).Exec(t.Context()))
	return w
}

// On is a world on a database that has the program's data, the district bps and the term fall-2026. Its clock is not the
// database's.
func On(t testing.TB, db *database.DB) *World { return &World{DB: db, t: t, now: Start} }

func (w *World) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// Travel moves the clock.
func (w *World) Travel(to time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = to
}

// Must fails the test on an error.
func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func got[T any](value T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		Must(t, err)
		return value
	}
}

// Day is a date column's value.
func Day(text string) time.Time {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err) // a misspelt test
	}
	return day
}

// Educator makes a person whom the district employs since 2020 under the number, with number@example.org as verified
// address.
func (w *World) Educator(district, number string) uuid.UUID {
	w.t.Helper()
	ctx := w.t.Context()
	e := got(w.Ent().Educator.Create().SetGivenName("Given").SetFamilyName("Family").Save(ctx))(w.t)
	address := number + "@Example.org"
	Must(w.t, w.Ent().EducatorEmail.Create().SetEducatorID(e.ID).SetAddress(address).SetAddressKey(strings.ToLower(address)).SetVerified(true).Exec(ctx))
	Must(w.t, w.Ent().ExternalID.Create().SetEducatorID(e.ID).SetKind("EMPLOYEE_ID").SetDistrictID(district).SetValue(number).Exec(ctx))
	Must(w.t, w.Ent().Employment.Create().SetEducatorID(e.ID).SetDistrictID(district).SetSchoolID(w.schools[district]).SetStartDate(Day("2020-09-01")).Exec(ctx))
	return e.ID
}

// Assignment is a role of an educator.
type Assignment struct {
	Educator uuid.UUID
	Family   string // of the role; none when empty
	State    string
	// Start and End are dates, End may be empty. ConfirmedAt is zero for a role that nobody has confirmed.
	Start, End  string
	ConfirmedAt time.Time
}

// Assign gives an educator a role in bps.
func (w *World) Assign(a Assignment) uuid.UUID {
	w.t.Helper()
	ctx := w.t.Context()
	role := w.Ent().Role.Create().SetDistrictID("bps").SetDisplayName("Role " + uuid.NewString()).SetKind("FORMAL")
	if a.Family != "" {
		role.SetRoleFamilyID(a.Family)
	}
	row := w.Ent().RoleAssignment.Create().SetEducatorID(a.Educator).SetRoleID(got(role.Save(ctx))(w.t).ID).SetDistrictID("bps").
		SetState(a.State).SetStartDate(Day(a.Start)).SetReportedBy("test")
	if a.End != "" {
		row.SetEndDate(Day(a.End))
	}
	if !a.ConfirmedAt.IsZero() {
		row.SetConfirmTime(a.ConfirmedAt).SetConfirmedBy("principal")
	}
	return got(row.Save(ctx))(w.t).ID
}

// Mentor gives an educator a confirmed role since September 2024.
func (w *World) Mentor(educator uuid.UUID) uuid.UUID {
	w.t.Helper()
	return w.Assign(Assignment{Educator: educator, Family: "mentor", State: "CONFIRMED", Start: "2024-09-01", ConfirmedAt: Start.AddDate(-2, 0, 0)})
}

// Register registers an educator, who holds the role, in a new section of the course.
func (w *World) Register(educator, role uuid.UUID, course, state, date string) Registration {
	w.t.Helper()
	ctx := w.t.Context()
	version := got(w.Ent().CourseVersion.Query().Where(courseversion.CourseID(course)).Only(ctx))(w.t)
	section := got(w.Ent().Section.Create().SetCourseVersionID(version.ID).SetTermID("fall-2026").SetState("IN_SESSION").SetCapacity(20).SetSeatsTaken(1).SetTimeZone("America/New_York").
		SetRegistrationOpenTime(Start.AddDate(0, -6, 0)).SetRegistrationCloseTime(Start.AddDate(0, -2, 0)).Save(ctx))(w.t)
	row := got(w.Ent().Registration.Create().SetSectionID(section.ID).SetEducatorID(educator).SetRoleAssignmentID(role).SetFrameworkID("btlc-1").
		SetState(state).SetRegisterDate(Day(date)).SetStateTime(Start.AddDate(0, -1, 0)).Save(ctx))(w.t)
	return Registration{ID: row.ID, Section: section.ID}
}

// Registration names a registration.
type Registration struct{ ID, Section uuid.UUID }

// Name is its resource name.
func (r Registration) Name() string {
	return fmt.Sprintf("sections/%s/registrations/%s", r.Section, r.ID)
}

// Attend enters minutes at a meeting of the section and returns the line.
func (w *World) Attend(r Registration, meeting, minutes int) uuid.UUID {
	w.t.Helper()
	start := Start.AddDate(0, 0, meeting-30)
	m := got(w.Ent().Meeting.Create().SetSectionID(r.Section).SetMeetingNumber(int32(meeting)).SetStartTime(start).SetEndTime(start.Add(12 * time.Hour)).Save(w.t.Context()))(w.t)
	return w.enter(r, m.ID, minutes, uuid.Nil)
}

// Correct enters a line that corrects another.
func (w *World) Correct(r Registration, corrected uuid.UUID, minutes int) uuid.UUID {
	w.t.Helper()
	e := got(w.Ent().AttendanceEntry.Get(w.t.Context(), corrected))(w.t)
	return w.enter(r, e.MeetingID, minutes, corrected)
}

func (w *World) enter(r Registration, meeting uuid.UUID, minutes int, corrects uuid.UUID) uuid.UUID {
	w.t.Helper()
	row := w.Ent().AttendanceEntry.Create().SetMeetingID(meeting).SetRegistrationID(r.ID).SetKind("PRESENT").SetMinutes(int32(minutes)).SetLate(false).
		SetRecordedBy("test").SetCreateTime(w.Now())
	if corrects != uuid.Nil {
		row.SetCorrectsID(corrects)
	}
	return got(row.Save(w.t.Context()))(w.t).ID
}

// Demonstrate gives an educator demonstrated assessments with the competencies that they attain.
func (w *World) Demonstrate(educator uuid.UUID, assessments ...string) {
	w.t.Helper()
	ctx := w.t.Context()
	for _, code := range assessments {
		a := got(w.Ent().PerformanceAssessment.Query().Where(performanceassessment.Code(code)).Only(ctx))(w.t)
		s := got(w.Ent().Submission.Create().SetEducatorID(educator).SetAssessmentID(a.ID).SetAttempt(1).SetState("DEMONSTRATED").
			SetSubmitTime(Start.AddDate(0, 0, -9)).SetDecideTime(Start.AddDate(0, 0, -3)).Save(ctx))(w.t)
		c := got(w.Ent().Competency.Query().Where(competency.ID(a.CompetencyID)).Only(ctx))(w.t)
		Must(w.t, w.Ent().Attainment.Create().SetEducatorID(educator).SetCompetencyID(c.ID).SetSubmissionID(s.ID).SetAttainTime(Start.AddDate(0, 0, -3)).Exec(ctx))
	}
}

// UsingData are the assessments of Using Data.
func UsingData() []string {
	return []string{"using-data-assessment-1", "using-data-assessment-2", "using-data-assessment-3", "using-data-assessment-4"}
}

// Graduate makes an educator of bps who meets the policy of the Using Data certificate.
func (w *World) Graduate(number string) (educator uuid.UUID, registration Registration) {
	w.t.Helper()
	educator = w.Educator("bps", number)
	registration = w.Register(educator, w.Mentor(educator), "using-data", "ENROLLED", "2026-09-02")
	w.Demonstrate(educator, UsingData()...)
	return educator, registration
}

// Courses are those of the program.
func Courses() []string {
	return []string{"using-data", "supporting-instruction", "shared-leadership", "professional-expertise"}
}

// Train records a training of an educator, for a role family, completed on a date.
func (w *World) Train(educator uuid.UUID, family, date string) uuid.UUID {
	w.t.Helper()
	return got(w.Ent().Training.Create().SetEducatorID(educator).SetRoleFamilyID(family).SetTitle("Coaching").SetProvider("The program").SetMinutes(90).
		SetCompleteDate(Day(date)).SetRecordedBy("test").SetCreateTime(w.Now()).SetUpdateTime(w.Now()).Save(w.t.Context()))(w.t).ID
}

// Leader makes an educator of bps who meets the policies of all four certificates and has a training for the role.
func (w *World) Leader(number string) (educator uuid.UUID) {
	w.t.Helper()
	educator = w.Educator("bps", number)
	role := w.Mentor(educator)
	for _, course := range Courses() {
		w.Register(educator, role, course, "ENROLLED", "2026-09-02")
	}
	codes := got(w.Ent().PerformanceAssessment.Query().Order(ent.Asc(performanceassessment.FieldCode)).Select(performanceassessment.FieldCode).Strings(w.t.Context()))(w.t)
	w.Demonstrate(educator, codes...)
	w.Train(educator, "mentor", "2026-11-02")
	return educator
}
