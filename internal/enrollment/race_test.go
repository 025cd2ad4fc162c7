package enrollment_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/migrate/migrations"
	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	_ "github.com/btlc/btlc/gen/go/btlc/assessment/v1" // patterns of names
	_ "github.com/btlc/btlc/gen/go/btlc/directory/v1"
	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	_ "github.com/btlc/btlc/gen/go/btlc/roleinventory/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/database/databasetest"
	"github.com/btlc/btlc/internal/enrollment"
	"github.com/btlc/btlc/internal/program"
)

func TestMain(m *testing.M) { databasetest.Main(m) }

var now = time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)

// rulesOfSeats are those of the tests: role-alike first, offers of a day, a week for a role, members who leave go alone.
var rulesOfSeats = []program.EnrollmentRules{{ID: "enrollment-test", Waitlist: program.WaitlistRules{
	Order: traced([]string{program.WaitRoleAlike, program.WaitTime}), OfferHours: traced(24), RoleWaitDays: traced(7), MemberLeaves: traced(program.RestStays),
}}}

func traced[T any](value T) program.Traced[T] { return program.Traced[T]{Value: value} }

// world is a service over a database with one open section and people who hold a role.
type world struct {
	db        *database.DB
	service   *enrollment.Service
	rules     access.Rules
	section   uuid.UUID
	role      uuid.UUID
	educators []string
	// url is where the database is; later is how much later than now the clock stands, in microseconds.
	url   string
	later atomic.Int64
}

func (w *world) clock() time.Time { return now.Add(time.Duration(w.later.Load()) * time.Microsecond) }

func newWorld(t testing.TB, seats int32, people int) *world {
	t.Helper()
	ctx := t.Context()
	w := &world{url: databasetest.New(t, migrations.FS)}
	w.db = w.connect(t, 50)
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	rules, err := access.RulesOf(pb.File_btlc_enrollment_v1_service_proto.Services().Get(0))
	if err != nil {
		t.Fatal(err)
	}
	w.service, w.rules = enrollment.New(w.db, zone, rulesOfSeats), rules
	to := w.db.Ent()
	to.Framework.Create().SetID("btlc-1").SetTitle("Framework").SetVersionNumber(1).SetAlignments([]string{}).SetSources([]string{}).ExecX(ctx)
	to.Course.Create().SetID("using-data").SetTitle("Using Data").SetCoreSkill("using-data").SetSources([]string{}).ExecX(ctx)
	version := to.CourseVersion.Create().SetCourseID("using-data").SetVersionNumber(1).SetContactMinutes(0).SetWeeks(12).SetMeetingCount(0).
		SetFeeCurrency("USD").SetFeeUnits(1000).SetCredits(3).SetAttendanceEntryDays(1).SetSources([]string{}).SaveX(ctx)
	to.Term.Create().SetID("fall-2026").SetDisplayName("Fall 2026").SetStartDate(now).SetEndDate(now).ExecX(ctx)
	to.District.Create().SetID("bps").SetDisplayName("District").SetTimeZone("America/New_York").ExecX(ctx)
	role := to.Role.Create().SetDistrictID("bps").SetDisplayName("Data team leader").SetKind("FORMAL").SaveX(ctx)
	w.role = role.ID
	w.section = to.Section.Create().SetCourseVersionID(version.ID).SetTermID("fall-2026").SetState("OPEN").SetCapacity(seats).SetTimeZone("America/New_York").
		SetRegistrationOpenTime(now.Add(-time.Hour)).SetRegistrationCloseTime(now.Add(time.Hour)).SaveX(ctx).ID
	w.employ(t, role.ID, "CONFIRMED", people)
	return w
}

// connect opens a pool of so many connections.
func (w *world) connect(t testing.TB, most int) *database.DB {
	t.Helper()
	pool, err := database.Open(t.Context(), w.url, database.PoolOptions{MaxConns: most, ServerRole: true})
	if err != nil {
		t.Fatal(err)
	}
	db := database.NewDB(pool, w.clock)
	t.Cleanup(func() {
		db.Close()
		_ = pool.Close()
	})
	return db
}

// employ adds people who hold a role, or are said to.
func (w *world) employ(t testing.TB, role uuid.UUID, state string, people int) (educators []string) {
	t.Helper()
	ctx, to := t.Context(), w.db.Ent()
	var persons []*ent.EducatorCreate
	var jobs []*ent.EmploymentCreate
	var roles []*ent.RoleAssignmentCreate
	for i := range people {
		id := uuid.Must(uuid.NewV7())
		persons = append(persons, to.Educator.Create().SetID(id).SetGivenName("Given").SetFamilyName(fmt.Sprint("Family ", i)))
		jobs = append(jobs, to.Employment.Create().SetEducatorID(id).SetDistrictID("bps").SetStartDate(now.AddDate(-1, 0, 0)))
		held := to.RoleAssignment.Create().SetEducatorID(id).SetRoleID(role).SetDistrictID("bps").SetState(state).SetStartDate(now.AddDate(0, -1, 0)).SetReportedBy("people/principal")
		if state == "CONFIRMED" {
			held.SetConfirmTime(now).SetConfirmedBy("people/principal")
		}
		roles = append(roles, held)
		educators = append(educators, api.Name("btlc/Educator", id))
	}
	to.Educator.CreateBulk(persons...).ExecX(ctx)
	to.Employment.CreateBulk(jobs...).ExecX(ctx)
	to.RoleAssignment.CreateBulk(roles...).ExecX(ctx)
	w.educators = append(w.educators, educators...)
	return educators
}

func (w *world) parent() string { return api.Name("btlc/Section", w.section) }

func grant(role accesspb.Role, scope string) *access.Caller {
	return &access.Caller{Principal: "people/" + scope, Grants: []access.Grant{{Role: role, Scope: scope}}}
}

var staff = grant(accesspb.Role_ROLE_PROGRAM_STAFF, "")

// call makes a call as the server does: through the rule of the method.
func call[Q, A proto.Message](ctx context.Context, w *world, caller *access.Caller, method string, handler func(context.Context, Q) (A, error), req Q) (A, error) {
	var none A
	method = "/btlc.enrollment.v1.EnrollmentService/" + method
	ctx = api.WithCall(ctx, &api.Call{Method: method, Principal: caller.Principal})
	ctx, check, err := w.rules.Guard(ctx, method, caller, req)
	if err != nil {
		return none, err
	}
	answer, err := handler(ctx, req)
	if err != nil {
		return none, err
	}
	return answer, check()
}

// register takes a seat, as the educator.
func (w *world) register(ctx context.Context, educator string) (*pb.Registration, error) {
	req := &pb.CreateRegistrationRequest{Parent: w.parent(), Registration: &pb.Registration{Educator: educator, AcknowledgedFramework: "frameworks/btlc-1"}}
	answer, err := call(ctx, w, grant(accesspb.Role_ROLE_EDUCATOR, educator), "CreateRegistration", w.service.CreateRegistration, req)
	return answer.GetRegistration(), err
}

// atOnce runs n functions at the same moment and counts what becomes of them: by reason, "" for success.
func atOnce(n int, do func(i int) error) map[api.Reason]int {
	var start, done sync.WaitGroup
	start.Add(1)
	errs := make([]error, n)
	for i := range n {
		done.Go(func() {
			start.Wait()
			errs[i] = do(i)
		})
	}
	start.Done()
	done.Wait()
	counts := map[api.Reason]int{}
	for _, err := range errs {
		counts[reason(err)]++
	}
	return counts
}

func reason(err error) api.Reason {
	if e, ok := errors.AsType[*api.Error](err); ok {
		return e.Reason
	} else if err != nil {
		return api.Reason(err.Error())
	}
	return ""
}

// checkSeats compares the seats that are counted with the registrations that there are.
func (w *world) checkSeats(t *testing.T, want int) {
	t.Helper()
	var counted, enrolled int
	if err := w.db.SQL().QueryRowContext(t.Context(), `SELECT s.seats_taken, (SELECT count(*) FROM registrations r WHERE r.section_id = s.id AND r.state = 'ENROLLED')
		FROM sections s WHERE s.id = $1`, w.section).Scan(&counted, &enrolled); err != nil {
		t.Fatal(err)
	}
	if counted != want || enrolled != want {
		t.Errorf("%d seats are counted and %d people enrolled, want %d", counted, enrolled, want)
	}
}

func TestManyForFewSeats(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 7, 40)
	got := atOnce(40, func(i int) error {
		_, err := w.register(t.Context(), w.educators[i])
		return err
	})
	if got[""] != 7 || got[api.SeatUnavailable] != 33 {
		t.Errorf("got %v, want 7 seats and 33 refusals", got)
	}
	w.checkSeats(t, 7)
	page, err := w.db.ReadFeed(t.Context(), "districts/bps", 0, 100)
	if err != nil || len(page.Rows) != 7 || page.Newest != 7 {
		t.Errorf("the district's feed has %d rows up to %d, %v; want those of the 7", len(page.Rows), page.Newest, err)
	}
}

func TestOneForOneSeatManyTimes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 7, 1)
	got := atOnce(20, func(int) error {
		_, err := w.register(t.Context(), w.educators[0])
		return err
	})
	if got[""] != 1 || got[api.AlreadyRegistered] != 19 {
		t.Errorf("got %v, want one registration", got)
	}
	w.checkSeats(t, 1)
}

// Seats that are given back while others want them are taken again, and none is lost or doubled.
func TestSeatsComeAndGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 5, 25)
	var first []*pb.Registration
	for _, educator := range w.educators[:5] {
		r, err := w.register(t.Context(), educator)
		if err != nil {
			t.Fatal(err)
		}
		first = append(first, r)
	}
	withdraw := func(r *pb.Registration) error {
		_, err := call(t.Context(), w, grant(accesspb.Role_ROLE_EDUCATOR, r.Educator), "WithdrawRegistration", w.service.WithdrawRegistration, &pb.WithdrawRegistrationRequest{Name: r.Name})
		return err
	}
	if got := atOnce(10, func(i int) error { return withdraw(first[i%5]) }); got[""] != 5 || got[api.StateConflict] != 5 {
		t.Errorf("got %v, want each to withdraw once", got)
	}
	w.checkSeats(t, 0)
	got := atOnce(20, func(i int) error {
		r, err := w.register(t.Context(), w.educators[5+i])
		if err != nil {
			return err
		}
		return withdraw(r)
	})
	if taken := got[""]; taken < 5 || taken+got[api.SeatUnavailable] != 20 {
		t.Errorf("got %v, want seats or refusals and nothing else", got)
	}
	w.checkSeats(t, 0)
}

// A section that is cancelled while people register ends up with nobody in it.
func TestCancelWhilePeopleRegister(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 30, 30)
	got := atOnce(31, func(i int) error {
		if i == 30 {
			_, err := call(t.Context(), w, staff, "CancelSection", w.service.CancelSection, &pb.CancelSectionRequest{Name: w.parent(), Reason: "no room"})
			return err
		}
		_, err := w.register(t.Context(), w.educators[i])
		return err
	})
	if got[""] == 0 || got[""]+got[api.RegistrationClosed] != 31 {
		t.Errorf("got %v, want seats or refusals and nothing else", got)
	}
	w.checkSeats(t, 0)
}

// Whoever is made a facilitator while they register is one or the other.
func TestLeadOrTake(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 30, 20)
	for _, educator := range w.educators {
		got := atOnce(2, func(i int) error {
			if i == 0 {
				_, err := w.register(t.Context(), educator)
				return err
			}
			_, err := call(t.Context(), w, staff, "UpdateSection", w.service.UpdateSection, &pb.UpdateSectionRequest{Section: &pb.Section{Name: w.parent(), Facilitators: []string{educator}}})
			return err
		})
		if got[""] != 1 || got[api.OwnWork] != 1 {
			t.Fatalf("got %v, want one of them", got)
		}
	}
}

// Attendance that many enter or correct at once is entered and corrected once.
func TestAttendanceAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 1)
	r, err := w.register(t.Context(), w.educators[0])
	if err != nil {
		t.Fatal(err)
	}
	meeting := w.db.Ent().Meeting.Create().SetSectionID(w.section).SetMeetingNumber(1).SetStartTime(now.Add(-3 * time.Hour)).SetEndTime(now).SaveX(t.Context())
	var mutex sync.Mutex
	var entered string
	enter := func(corrects string) error {
		req := &pb.RecordAttendanceRequest{Parent: api.Name("btlc/Meeting", w.section, meeting.ID), Marks: []*pb.AttendanceMark{
			{Registration: r.Name, Kind: pb.AttendanceKind_ATTENDANCE_KIND_PRESENT, Minutes: 60, Corrects: corrects},
		}}
		answer, err := call(t.Context(), w, staff, "RecordAttendance", w.service.RecordAttendance, req)
		if err == nil {
			mutex.Lock()
			defer mutex.Unlock()
			entered = answer.Entries[0].Name
		}
		return err
	}
	for _, corrects := range []string{"", "first"} {
		if corrects != "" {
			corrects = entered
		}
		// Who comes after sees the entry; who comes at the same moment meets the constraint.
		got := atOnce(12, func(int) error { return enter(corrects) })
		if got[""] != 1 || got[api.AlreadyRecorded]+got[api.InvalidRequest] != 11 || corrects == "" && got[api.InvalidRequest] > 0 {
			t.Errorf("correcting %q: got %v, want one entry", corrects, got)
		}
	}
}
