package directory_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	pb "github.com/btlc/btlc/gen/go/btlc/directory/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database/databasetest"
	"github.com/btlc/btlc/internal/directory"
	"github.com/btlc/btlc/internal/record/recordtest"
)

func TestMain(m *testing.M) { databasetest.Main(m) }

// office is a district's, which has a school on record and nobody who works there.
type office struct {
	*recordtest.World
	service *directory.Service
	hr      *access.Caller
}

func newOffice(t testing.TB) office {
	t.Helper()
	w := recordtest.New(t)
	return office{w, directory.New(w.DB), recordtest.Caller(accesspb.Role_ROLE_DISTRICT_HR, "districts/bps")}
}

func ask[Q, A proto.Message](t testing.TB, caller *access.Caller, handler func(context.Context, Q) (A, error), req Q) (A, error) {
	t.Helper()
	answer, _, err := recordtest.Call(t, pb.File_btlc_directory_v1_service_proto.Services().Get(0), caller, handler, req)
	return answer, err
}

// files are what a student information system writes: the text of each file.
type files map[string]string

// roster is a district of two schools and so many who work at the first of them, numbered from S0.
func roster(staff int) files {
	var users, roles strings.Builder
	for i := range staff {
		fmt.Fprintf(&users, "u%d,,,true,u%d,,Given%d,Family%d,,S%d,s%d@example.org\n", i, i, i, i, i, i)
		fmt.Fprintf(&roles, "r%d,,,u%d,primary,teacher,2020-08-25,,n,\n", i, i)
	}
	return files{
		"manifest.csv": "propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\nfile.orgs,bulk\nfile.users,bulk\nfile.roles,bulk\n",
		"orgs.csv": "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\nd,,,Example District,district,,\n" +
			"n,,,North School,school,0100,d\ns,,,South School,school,0200,d\n",
		"users.csv": "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email\n" + users.String() + "p,,,true,p,,Pupil,Nine,,P9,p@example.org\n",
		"roles.csv": "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId\n" + roles.String() + "rp,,,p,primary,student,,,n,\n",
	}
}

// with is the same with a text in place of another.
func (f files) with(file, old, replacement string) files {
	f = maps.Clone(f)
	f[file] = strings.Replace(f[file], old, replacement, 1)
	return f
}

func (f files) zip(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, name := range slices.Sorted(maps.Keys(f)) {
		entry, err := w.Create(name)
		recordtest.Must(t, err)
		_, err = entry.Write([]byte(f[name]))
		recordtest.Must(t, err)
	}
	recordtest.Must(t, w.Close())
	return out.Bytes()
}

func (o office) plan(t testing.TB, content []byte) *pb.RosterImport {
	t.Helper()
	made, err := ask(t, o.hr, o.service.CreateRosterImport, &pb.CreateRosterImportRequest{Parent: "districts/bps", FileName: "roster.zip", Content: content})
	recordtest.Must(t, err)
	return made.RosterImport
}

func (o office) apply(t testing.TB, planned *pb.RosterImport) *pb.RosterImport {
	t.Helper()
	applied, err := ask(t, o.hr, o.service.ApplyRosterImport, &pb.ApplyRosterImportRequest{Name: planned.Name, Etag: planned.Etag})
	recordtest.Must(t, err)
	return applied.RosterImport
}

func (o office) undo(t testing.TB, applied *pb.RosterImport) *pb.RosterImport {
	t.Helper()
	undone, err := ask(t, o.hr, o.service.UndoRosterImport, &pb.UndoRosterImportRequest{Name: applied.Name, Etag: applied.Etag})
	recordtest.Must(t, err)
	return undone.RosterImport
}

// actions are a plan's, a line each, as the program's staff see them.
func (o office) actions(t testing.TB, of *pb.RosterImport) string {
	t.Helper()
	return o.actionsAs(t, recordtest.Staff(), of)
}

func (o office) actionsAs(t testing.TB, caller *access.Caller, of *pb.RosterImport) string {
	t.Helper()
	listed, err := ask(t, caller, o.service.ListRosterActions, &pb.ListRosterActionsRequest{Parent: of.Name, PageSize: 1000})
	recordtest.Must(t, err)
	var lines []string
	for _, a := range listed.RosterActions {
		resource, _, _ := strings.Cut(a.Resource, "/")
		lines = append(lines, fmt.Sprintf("%s %d %s %s: %s > %s", api.EnumWord(a.Kind), a.Line, a.Key, resource, a.Before, a.After))
	}
	return strings.Join(lines, "\n")
}

// rows counts what a roster may change.
func (o office) rows(t testing.TB) (counted [6]int) {
	t.Helper()
	for i, table := range []string{"schools", "educators", "educator_names", "educator_emails", "external_ids", "employments"} {
		recordtest.Must(t, o.SQL().QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&counted[i]))
	}
	return counted
}

// news are the changes of a stream after a number, a line each.
func (o office) news(t testing.TB, stream string, after int64) (lines []string, last int64) {
	t.Helper()
	page, err := o.ReadFeed(t.Context(), stream, after, 1000)
	recordtest.Must(t, err)
	for _, r := range page.Rows {
		lines = append(lines, fmt.Sprintf("%s %s v%d %v %s", strings.TrimPrefix(r.Type, "btlc/"), r.Kind, r.Version, r.NaturalKeys, current(string(r.State))))
	}
	return lines, page.Newest
}

// current is the part of a state that tells whether somebody works there.
func current(state string) string {
	for _, part := range []string{`"current": true`, `"current": false`, `"changed": ["familyName", "emails"]`} {
		if strings.Contains(state, part) {
			return part
		}
	}
	return ""
}

func expect(t testing.TB, what string, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: got\n%v\nwant\n%v", what, got, want)
	}
}

func TestRosterRoundTrip(t *testing.T) {
	o := newOffice(t)
	empty := o.rows(t)
	first := o.plan(t, roster(3).zip(t))
	expect(t, "the first plan", o.actions(t, first), `SCHOOL_ADDED 3 0100 :  > North School
SCHOOL_ADDED 4 0200 :  > South School
PERSON_ADDED 2 S0 :  > Given0 Family0, s0@example.org
PERSON_ADDED 3 S1 :  > Given1 Family1, s1@example.org
PERSON_ADDED 4 S2 :  > Given2 Family2, s2@example.org
EMPLOYMENT_ADDED 2 S0 :  > North School from 2020-08-25
EMPLOYMENT_ADDED 3 S1 :  > North School from 2020-08-25
EMPLOYMENT_ADDED 4 S2 :  > North School from 2020-08-25
SCHOOL_MISSING 0  districts: Harbor > It stays as it is.`)
	expect(t, "a plan changes", o.rows(t), empty)
	first = o.apply(t, first)
	expect(t, "rows after the first", o.rows(t), [6]int{4, 3, 0, 3, 3, 3})
	lines, last := o.news(t, "districts/bps", 0)
	expect(t, "news of the first", strings.Join(lines[2:4], "\n"), "Educator CREATED v1 map[employeeId:S2] \nEmployment CREATED v1 map[employeeId:S0] \"current\": true")

	second := o.plan(t, roster(3).with("users.csv", "Family0,,S0,s0@", "Married,,S0,new@").with("roles.csv", "r1,,,u1,primary,teacher,2020-08-25,,n", "r1,,,u1,primary,teacher,,,s").
		with("users.csv", "true,u2", "false,u2").with("orgs.csv", "North", "Northern").zip(t))
	expect(t, "the second plan", o.actions(t, second), `SCHOOL_RENAMED 3 0100 districts: North School > Northern School
PERSON_CHANGED 2 S0 educators: Given0 Family0 > Given0 Married, new@example.org
EMPLOYMENT_MOVED 3 S1 educators: Northern School from 2020-08-25 > South School from 2026-11-20
EMPLOYMENT_ENDED 0 S2 educators: Northern School from 2020-08-25 > Northern School from 2020-08-25 to 2026-11-20
SCHOOL_MISSING 0  districts: Harbor > It stays as it is.`)
	expect(t, "its counts", second.Counts, &pb.RosterCounts{SchoolsRenamed: 1, SchoolsMissing: 1, PeopleChanged: 1, EmploymentsMoved: 1, EmploymentsEnded: 1, Ignored: 2})
	second = o.apply(t, second)
	expect(t, "rows after the second", o.rows(t), [6]int{4, 3, 1, 4, 3, 4})
	lines, last = o.news(t, "districts/bps", last)
	expect(t, "news of the second", strings.Join(lines, "\n"), `Educator UPDATED v2 map[employeeId:S0] "changed": ["familyName", "emails"]
Employment UPDATED v2 map[employeeId:S1] "current": false
Employment CREATED v1 map[employeeId:S1] "current": true
Employment UPDATED v2 map[employeeId:S2] "current": true`)

	_, err := ask(t, o.hr, o.service.UndoRosterImport, &pb.UndoRosterImportRequest{Name: first.Name})
	if e := recordtest.Known(err); e.Reason != api.StateConflict || len(e.Violations) == 0 {
		t.Errorf("what was changed since was undone: %v", err)
	}
	second = o.undo(t, second)
	expect(t, "its state", second.State, pb.RosterImport_STATE_UNDONE)
	expect(t, "rows after undoing the second", o.rows(t), [6]int{4, 3, 2, 3, 3, 3})
	again := o.plan(t, roster(3).zip(t))
	expect(t, "what the first roster changes then", o.actions(t, again), "SCHOOL_MISSING 0  districts: Harbor > It stays as it is.")
	expect(t, "unchanged", again.Counts.Unchanged, 3)
	lines, _ = o.news(t, "districts/bps", last)
	expect(t, "news of the undoing", lines[1:], []string{`Employment UPDATED v3 map[employeeId:S2] "current": true`, `Employment DELETED v2 map[employeeId:S1] "current": false`, `Employment UPDATED v3 map[employeeId:S1] "current": true`})
}

func TestRosterUndoKeepsWhomSomethingRefersTo(t *testing.T) {
	o := newOffice(t)
	empty := o.rows(t)
	applied := o.apply(t, o.plan(t, roster(2).zip(t)))
	o.undo(t, applied)
	expect(t, "rows after undoing all", o.rows(t), empty)

	applied = o.apply(t, o.plan(t, roster(2).zip(t)))
	person, err := ask(t, recordtest.Staff(), o.service.LookupEducator, &pb.LookupEducatorRequest{District: "districts/bps", EmployeeId: "S1"})
	recordtest.Must(t, err)
	recordtest.Must(t, o.Ent().Consent.Create().SetEducatorID(api.LastUUID(person.Educator.Name)).SetInstitutionID("umass-boston").Exec(t.Context()))
	o.undo(t, applied)
	expect(t, "rows after undoing what is referred to", o.rows(t), [6]int{2, 1, 0, 1, 1, 0})
	if actions := o.actions(t, applied); !strings.Contains(actions, "PERSON_ADDED 3 S1 educators:  > Given1 Family1, s1@example.org (was not taken back") || !strings.Contains(actions, "PERSON_ADDED 2 S0 :  > Given0 Family0, s0@example.org\n") {
		t.Errorf("it does not say who stays:\n%s", actions)
	}
}

func TestBlockedRosterIsConfirmed(t *testing.T) {
	o := newOffice(t)
	o.apply(t, o.plan(t, roster(10).zip(t)))
	blocked := o.plan(t, roster(3).zip(t))
	expect(t, "state", blocked.State, pb.RosterImport_STATE_BLOCKED)
	expect(t, "reason", blocked.BlockedReason, "7 of 10 employments would end, more than 5 and more than 10 %")
	before := o.rows(t)
	for confirmed, want := range map[*int32]api.Reason{nil: api.StateConflict, proto.Int32(6): api.InvalidRequest} {
		_, err := ask(t, o.hr, o.service.ApplyRosterImport, &pb.ApplyRosterImportRequest{Name: blocked.Name, ConfirmEndings: confirmed})
		expect(t, "refused", recordtest.Reason(err), want)
	}
	expect(t, "rows", o.rows(t), before)
	applied, err := ask(t, o.hr, o.service.ApplyRosterImport, &pb.ApplyRosterImportRequest{Name: blocked.Name, ConfirmEndings: proto.Int32(7)})
	recordtest.Must(t, err)
	expect(t, "state", applied.RosterImport.State, pb.RosterImport_STATE_APPLIED)
}

func TestStaleRoster(t *testing.T) {
	o := newOffice(t)
	o.apply(t, o.plan(t, roster(2).zip(t)))
	renaming := o.plan(t, roster(2).with("users.csv", "Family1", "Married").zip(t))
	moving := o.plan(t, roster(2).with("roles.csv", "r1,,,u1,primary,teacher,2020-08-25,,n", "r1,,,u1,primary,teacher,,,s").zip(t))
	adding := o.plan(t, roster(3).zip(t))
	person, err := ask(t, recordtest.Staff(), o.service.LookupEducator, &pb.LookupEducatorRequest{District: "districts/bps", EmployeeId: "S1"})
	recordtest.Must(t, err)
	person.Educator.FamilyName = "Other"
	_, err = ask(t, recordtest.Staff(), o.service.UpdateEducator, &pb.UpdateEducatorRequest{Educator: person.Educator})
	recordtest.Must(t, err)
	_, err = ask(t, recordtest.Staff(), o.service.CreateEmployment, &pb.CreateEmploymentRequest{Parent: person.Educator.Name, Employment: &pb.Employment{District: "districts/bps", StartDate: api.Date(recordtest.Start)}})
	recordtest.Must(t, err)
	made, err := ask(t, recordtest.Staff(), o.service.CreateEducator, &pb.CreateEducatorRequest{Educator: &pb.Educator{GivenName: "A", FamilyName: "B", Emails: []*pb.EmailAddress{{Address: "S2@example.org"}}}})
	recordtest.Must(t, err)
	_, err = ask(t, recordtest.Staff(), o.service.CreateEmployment, &pb.CreateEmploymentRequest{Parent: made.Educator.Name, Employment: &pb.Employment{District: "districts/bps", StartDate: api.Date(recordtest.Start)}})
	recordtest.Must(t, err)
	before := o.rows(t)
	for _, planned := range []*pb.RosterImport{renaming, moving, adding} {
		_, err := ask(t, o.hr, o.service.ApplyRosterImport, &pb.ApplyRosterImportRequest{Name: planned.Name})
		expect(t, "refused", recordtest.Reason(err), api.RosterStale)
	}
	expect(t, "rows", o.rows(t), before)
}

// TestRostersRace applies one plan and another of the same twice at once: one of all gets through.
func TestRostersRace(t *testing.T) {
	o := newOffice(t)
	one, other := o.plan(t, roster(20).zip(t)), o.plan(t, roster(20).zip(t))
	var wait sync.WaitGroup
	reasons := make([]api.Reason, 4)
	for i, planned := range []*pb.RosterImport{one, one, other, other} {
		wait.Go(func() {
			_, err := o.service.ApplyRosterImport(t.Context(), &pb.ApplyRosterImportRequest{Name: planned.Name})
			reasons[i] = recordtest.Reason(err)
		})
	}
	wait.Wait()
	slices.Sort(reasons)
	expect(t, "reasons", reasons, []api.Reason{"", api.RosterStale, api.RosterStale, api.StateConflict})
	expect(t, "rows", o.rows(t), [6]int{4, 20, 0, 20, 20, 20})
}

func TestFaultyRosters(t *testing.T) {
	o := newOffice(t)
	good := roster(2)
	whole := good.zip(t)
	bomb := good.with("users.csv", "Given0", strings.Repeat("a", 70<<20)).zip(t)
	before := o.rows(t)
	for name, c := range map[string]struct {
		content []byte
		fault   string
	}{
		"UTF-16":         {good.with("users.csv", "sourcedId", "\xff\xfes\x00o\x00").zip(t), "users.csv"},
		"a number twice": {good.with("users.csv", ",S1,", ",S0,").zip(t), "users.csv:3 identifier"},
		"a cycle":        {good.with("orgs.csv", "district,,", "district,,n").zip(t), "orgs.csv:2 parentSourcedId"},
		"half a file":    {whole[:len(whole)/2], ":0"},
		"a bomb":         {bomb, "users.csv:2"},
		"a long name":    {good.with("users.csv", "Given1", strings.Repeat("a", 101)).zip(t), "users.csv:3 givenName"},
	} {
		t.Run(name, func(t *testing.T) {
			made := o.plan(t, c.content)
			expect(t, "state", made.State, pb.RosterImport_STATE_FAULTY)
			if made.FaultCount == 0 || len(made.Faults) == 0 {
				t.Fatal("it has no faults")
			}
			f := made.Faults[0]
			if at := strings.TrimSpace(fmt.Sprintf("%s:%d %s", f.File, f.Line, f.Column)); !strings.HasPrefix(at, c.fault) || f.Description == "" {
				t.Errorf("got a fault at %s: %s; want it at %s", at, f.Description, c.fault)
			}
			expect(t, "actions", o.actions(t, made), "")
			_, err := ask(t, o.hr, o.service.ApplyRosterImport, &pb.ApplyRosterImportRequest{Name: made.Name})
			expect(t, "refused", recordtest.Reason(err), api.StateConflict)
		})
	}
	expect(t, "rows", o.rows(t), before)
}

// TestLargeRoster plans and applies a roster of more persons than one statement could take.
func TestLargeRoster(t *testing.T) {
	const staff = 10_000
	o := newOffice(t)
	start := time.Now()
	o.apply(t, o.plan(t, roster(staff).zip(t)))
	t.Logf("%d persons in %v", staff, time.Since(start))
	expect(t, "rows", o.rows(t), [6]int{4, staff, 0, staff, staff, staff})
	page, err := o.ReadFeed(t.Context(), "districts/bps", 0, 1)
	recordtest.Must(t, err)
	expect(t, "news", page.Newest, 2*staff)
}

// TestNewsOfPersons follows a person's number, name and employment through the district's stream.
func TestNewsOfPersons(t *testing.T) {
	o := newOffice(t)
	id := o.Educator("bps", "B1")
	name := api.Name("btlc/Educator", id)
	_, after := o.news(t, "districts/bps", 0)
	_, err := ask(t, recordtest.Staff(), o.service.UpdateEducator, &pb.UpdateEducatorRequest{Educator: &pb.Educator{Name: name, FamilyName: "Other", ExternalIds: []*pb.ExternalId{
		{Kind: pb.ExternalIdKind_EXTERNAL_ID_KIND_EMPLOYEE_ID, District: "districts/bps", Value: "B9"},
	}}})
	recordtest.Must(t, err)
	page, err := o.ReadFeed(t.Context(), "districts/bps", after, 10)
	recordtest.Must(t, err)
	if len(page.Rows) != 1 || page.Rows[0].NaturalKeys["employeeId"] != "B9" || page.Rows[0].PreviousNaturalKeys["employeeId"] != "B1" || !strings.Contains(string(page.Rows[0].State), "externalIds") {
		t.Errorf("a number that changed is told as %+v", page.Rows)
	}
	left, err := ask(t, recordtest.Staff(), o.service.ListEmployments, &pb.ListEmploymentsRequest{Parent: name})
	recordtest.Must(t, err)
	e := left.Employments[0]
	e.EndDate = api.Date(recordtest.Start.AddDate(0, 0, -1))
	_, err = ask(t, recordtest.Staff(), o.service.UpdateEmployment, &pb.UpdateEmploymentRequest{Employment: e})
	recordtest.Must(t, err)
	lines, _ := o.news(t, "districts/bps", page.Newest)
	expect(t, "somebody left", lines, []string{`Employment UPDATED v2 map[employeeId:B9] "current": false`})
}
