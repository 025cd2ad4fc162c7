package roleinventory_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/protobuf/proto"

	migrations "github.com/btlc/btlc/ent/migrate/migrations"
	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	_ "github.com/btlc/btlc/gen/go/btlc/directory/v1" // what people and places are called
	pb "github.com/btlc/btlc/gen/go/btlc/roleinventory/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/database/databasetest"
	"github.com/btlc/btlc/internal/roleinventory"
)

func TestMain(m *testing.M) { databasetest.Main(m) }

// world is a district with a school, a role and an educator who works there.
type world struct {
	t                      *testing.T
	db                     *database.DB
	service                *roleinventory.Service
	rules                  access.Rules
	educator, school, role string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	ctx := t.Context()
	pool, err := database.Open(ctx, databasetest.New(t, migrations.FS), database.PoolOptions{MaxConns: 8})
	if err != nil {
		t.Fatal(err)
	}
	db := database.NewDB(pool, func() time.Time { return time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC) })
	t.Cleanup(func() {
		db.Close()
		_ = pool.Close()
	})
	rules, err := access.RulesOf(pb.File_btlc_roleinventory_v1_service_proto.Services().Get(0))
	if err != nil {
		t.Fatal(err)
	}
	d := db.Ent().District.Create().SetID("bps").SetDisplayName("District").SetStateCode("MA").SetTimeZone("America/New_York").SaveX(ctx)
	school := db.Ent().School.Create().SetDistrictID(d.ID).SetDisplayName("Harbor").SaveX(ctx)
	role := db.Ent().Role.Create().SetDistrictID(d.ID).SetDisplayName("Data team leader").SetKind("FORMAL").SaveX(ctx)
	educator := db.Ent().Educator.Create().SetGivenName("Given").SetFamilyName("Family").SaveX(ctx)
	db.Ent().Employment.Create().SetEducatorID(educator.ID).SetDistrictID(d.ID).SetSchoolID(school.ID).SetTitle("Teacher").SetStartDate(time.Date(2020, 9, 1, 0, 0, 0, 0, time.UTC)).SaveX(ctx)
	return &world{
		t: t, db: db, service: roleinventory.New(db, nil), rules: rules,
		educator: api.Name("btlc/Educator", educator.ID), school: api.Name("btlc/School", d.ID, school.ID), role: api.Name("btlc/Role", d.ID, role.ID),
	}
}

// call makes a call as the server does: through the rule of the method.
func call[Q, A proto.Message](w *world, caller *access.Caller, method string, handler func(context.Context, Q) (A, error), req Q) (A, error) {
	var none A
	method = "/btlc.roleinventory.v1.RoleInventoryService/" + method
	ctx := api.WithCall(w.t.Context(), &api.Call{Method: method, Principal: caller.Principal})
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

func (w *world) caller(grants ...access.Grant) *access.Caller {
	return &access.Caller{Principal: "apiClients/" + uuid.NewString(), Grants: grants}
}

func (w *world) asEducator() access.Grant {
	return access.Grant{Role: accesspb.Role_ROLE_EDUCATOR, Scope: w.educator}
}

func (w *world) asPrincipal() access.Grant {
	return access.Grant{Role: accesspb.Role_ROLE_PRINCIPAL, Scope: w.school}
}

func (w *world) asDistrict() access.Grant {
	return access.Grant{Role: accesspb.Role_ROLE_DISTRICT_HR, Scope: "districts/bps"}
}

func (w *world) report(caller *access.Caller, school string) (*pb.RoleAssignment, error) {
	a := &pb.RoleAssignment{Role: w.role, School: school, StartDate: &date.Date{Year: 2026, Month: 9, Day: 1}}
	answer, err := call(w, caller, "CreateRoleAssignment", w.service.CreateRoleAssignment, &pb.CreateRoleAssignmentRequest{Parent: w.educator, RoleAssignment: a})
	return answer.GetRoleAssignment(), err
}

func (w *world) reported(school string) *pb.RoleAssignment {
	w.t.Helper()
	a, err := w.report(w.caller(w.asEducator()), school)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func reasonOf(err error) api.Reason {
	var known *api.Error
	if errors.As(err, &known) {
		return known.Reason
	}
	return ""
}

func TestNobodyDecidesAboutTheirOwn(t *testing.T) {
	w := newWorld(t)
	a := w.reported(w.school)
	both := w.caller(w.asPrincipal(), w.asEducator())
	_, err := call(w, both, "ConfirmRoleAssignment", w.service.ConfirmRoleAssignment, &pb.ConfirmRoleAssignmentRequest{Name: a.Name})
	if reasonOf(err) != api.OwnWork {
		t.Errorf("confirm: got %v", err)
	}
	_, err = call(w, both, "DisputeRoleAssignment", w.service.DisputeRoleAssignment, &pb.DisputeRoleAssignmentRequest{Name: a.Name, Reason: "no"})
	if reasonOf(err) != api.OwnWork {
		t.Errorf("dispute: got %v", err)
	}
	answer, err := call(w, w.caller(w.asPrincipal()), "ConfirmRoleAssignment", w.service.ConfirmRoleAssignment, &pb.ConfirmRoleAssignmentRequest{Name: a.Name})
	if err != nil || answer.GetRoleAssignment().GetState() != pb.RoleAssignmentState_ROLE_ASSIGNMENT_STATE_CONFIRMED {
		t.Errorf("somebody else: got %v, %v", answer, err)
	}
}

// Many report the same at once: one assignment is there then, with a school and without.
func TestReportedOnce(t *testing.T) {
	w := newWorld(t)
	for _, school := range []string{w.school, ""} {
		var wait sync.WaitGroup
		reasons := make([]error, 8)
		for i := range reasons {
			wait.Go(func() { _, reasons[i] = w.report(w.caller(w.asEducator()), school) })
		}
		wait.Wait()
		made := 0
		for _, err := range reasons {
			if err == nil {
				made++
			} else if reasonOf(err) != api.AlreadyExists {
				t.Errorf("school %q: %v", school, err)
			}
		}
		if made != 1 {
			t.Errorf("school %q: %d were made", school, made)
		}
	}
}

// A dispute that is settled brings the assignment back: not beside another one that was reported meanwhile.
func TestSettledBesideAnother(t *testing.T) {
	w := newWorld(t)
	district := w.caller(w.asDistrict())
	for _, school := range []string{w.school, ""} {
		first := w.reported(school)
		if _, err := call(w, district, "DisputeRoleAssignment", w.service.DisputeRoleAssignment, &pb.DisputeRoleAssignmentRequest{Name: first.Name, Reason: "no"}); err != nil {
			t.Fatal(err)
		}
		second := w.reported(school)
		if _, err := call(w, district, "ConfirmRoleAssignment", w.service.ConfirmRoleAssignment, &pb.ConfirmRoleAssignmentRequest{Name: first.Name}); reasonOf(err) != api.AlreadyExists {
			t.Errorf("school %q: got %v", school, err)
		}
		if _, err := call(w, district, "ConfirmRoleAssignment", w.service.ConfirmRoleAssignment, &pb.ConfirmRoleAssignmentRequest{Name: second.Name}); err != nil {
			t.Errorf("school %q: got %v", school, err)
		}
	}
}

// An educator who has left is unknown to the district, but the role that was held there is not.
func TestAfterLeaving(t *testing.T) {
	w := newWorld(t)
	a := w.reported(w.school)
	w.db.Ent().Employment.Update().SetEndDate(time.Date(2026, 11, 19, 0, 0, 0, 0, time.UTC)).ExecX(t.Context())
	for _, grant := range []access.Grant{w.asPrincipal(), w.asDistrict()} {
		caller := w.caller(grant)
		if _, err := call(w, caller, "GetRoleAssignment", w.service.GetRoleAssignment, &pb.GetRoleAssignmentRequest{Name: a.Name}); err != nil {
			t.Errorf("%s: get: %v", grant.Role, err)
		}
		all, err := call(w, caller, "ListRoleAssignments", w.service.ListRoleAssignments, &pb.ListRoleAssignmentsRequest{Parent: "educators/-"})
		if err != nil || len(all.GetRoleAssignments()) != 1 {
			t.Errorf("%s: list all: got %v, %v", grant.Role, all, err)
		}
		if _, err := call(w, caller, "ListRoleAssignments", w.service.ListRoleAssignments, &pb.ListRoleAssignmentsRequest{Parent: w.educator}); reasonOf(err) != api.NotFound {
			t.Errorf("%s: list the educator's: got %v", grant.Role, err)
		}
		if _, err := w.report(caller, w.school); reasonOf(err) != api.NotFound {
			t.Errorf("%s: report: got %v", grant.Role, err)
		}
	}
	changed, err := call(w, w.caller(w.asPrincipal()), "EndRoleAssignment", w.service.EndRoleAssignment, &pb.EndRoleAssignmentRequest{Name: a.Name, EndDate: &date.Date{Year: 2026, Month: 11, Day: 19}})
	if err != nil || changed.GetRoleAssignment().GetState() != pb.RoleAssignmentState_ROLE_ASSIGNMENT_STATE_ENDED {
		t.Fatalf("end: got %v, %v", changed, err)
	}
	feed, err := w.db.ReadFeed(t.Context(), "districts/bps", 0, 10)
	if err != nil || len(feed.Rows) != 2 || feed.Rows[1].Resource != a.Name {
		t.Errorf("the district is told: got %+v, %v", feed, err)
	}
}

// The day is the district's: at one in the morning of UTC it is yesterday in New York.
func TestEndByTheDistrictsCalendar(t *testing.T) {
	w := newWorld(t)
	late := roleinventory.New(database.NewDB(w.db.SQL(), func() time.Time { return time.Date(2026, 11, 21, 1, 0, 0, 0, time.UTC) }), nil)
	a := w.reported(w.school)
	for day, want := range map[int32]string{20: "REPORTED", 19: "ENDED"} {
		answer, err := call(w, w.caller(w.asEducator()), "EndRoleAssignment", late.EndRoleAssignment, &pb.EndRoleAssignmentRequest{Name: a.Name, EndDate: &date.Date{Year: 2026, Month: 11, Day: day}})
		if got := api.EnumWord(answer.GetRoleAssignment().GetState()); err != nil || got != want {
			t.Errorf("ended on the %dth: got %s, %v, want %s", day, got, err, want)
		}
		a = w.reported("")
	}
}
