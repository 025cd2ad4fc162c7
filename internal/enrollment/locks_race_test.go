package enrollment_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/api"
)

// Groups of the same people, named in other orders, get seats in sections that meet at the same time, attendance is entered in
// any order, and sections are cancelled meanwhile: nobody waits for somebody who waits for them.
func TestNobodyWaitsInACircle(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 20, 6)
	ctx, to := t.Context(), w.db.Ent()
	version := to.Section.GetX(ctx, w.section).CourseVersionID
	type held struct {
		section, meeting string
		registrations    []string
	}
	begun := now.Add(-2 * time.Hour)
	var sections []held
	for i := range 4 { // a term each, for nobody has two registrations for a course in a term
		term := fmt.Sprint("term-", i)
		to.Term.Create().SetID(term).SetDisplayName(term).SetStartDate(now).SetEndDate(now).ExecX(ctx)
		made := to.Section.Create().SetCourseVersionID(version).SetTermID(term).SetState("OPEN").SetCapacity(20).SetTimeZone("America/New_York").
			SetRegistrationOpenTime(now.Add(-time.Hour)).SetRegistrationCloseTime(now.Add(time.Hour)).SaveX(ctx)
		// The first two meet at the same time, the others on days of their own.
		start := begun.AddDate(0, 0, -max(0, i-1))
		met := to.Meeting.Create().SetSectionID(made.ID).SetMeetingNumber(1).SetStartTime(start).SetEndTime(start.Add(time.Hour)).SaveX(ctx)
		of := held{section: api.Name("btlc/Section", made.ID), meeting: api.Name("btlc/Meeting", made.ID, met.ID)}
		if i > 1 {
			for _, who := range w.educators {
				r, err := w.registerIn(t, staff, of.section, who)
				if err != nil {
					t.Fatal(err)
				}
				of.registrations = append(of.registrations, r)
			}
			to.Section.UpdateOneID(made.ID).SetState("IN_SESSION").ExecX(ctx)
		}
		sections = append(sections, of)
	}
	reversed := slices.Clone(w.educators)
	slices.Reverse(reversed)
	for round := range 5 {
		got := atOnce(12, func(i int) error {
			of := sections[i%4]
			if i%4 < 2 {
				who := w.educators
				if i%4 == 1 {
					who = reversed
				}
				first := (i/4 + round) % 4
				_, err := w.service.Admit(ctx, of.section, w.applied(t, who[first:first+3]...), false, false, who[first:first+3]...)
				return err
			}
			if i/4 == 2 && round == 4 {
				_, err := call(ctx, w, staff, "CancelSection", w.service.CancelSection, &pb.CancelSectionRequest{Name: of.section, Reason: "a test"})
				return err
			}
			names := slices.Clone(of.registrations)
			if i/4 == 1 {
				slices.Reverse(names)
			}
			req := &pb.RecordAttendanceRequest{Parent: of.meeting}
			for _, name := range names {
				req.Marks = append(req.Marks, &pb.AttendanceMark{Registration: name, Kind: pb.AttendanceKind_ATTENDANCE_KIND_PRESENT})
			}
			_, err := call(ctx, w, staff, "RecordAttendance", w.service.RecordAttendance, req)
			return err
		})
		for why := range got {
			if !slices.Contains([]api.Reason{"", api.AlreadyRegistered, api.ScheduleConflict, api.AlreadyRecorded, api.StateConflict, api.InvalidRequest}, why) {
				t.Errorf("round %d: %s", round, why)
			}
		}
	}
	var deadlocks, enrolled int
	if err := w.db.SQL().QueryRowContext(ctx, `SELECT deadlocks, (SELECT count(*) FROM registrations WHERE section_id = ANY ($1::uuid[]) AND state = 'ENROLLED')
		FROM pg_stat_database WHERE datname = current_database()`, fmt.Sprintf("{%s,%s}", api.LastWord(sections[0].section), api.LastWord(sections[1].section))).Scan(&deadlocks, &enrolled); err != nil {
		t.Fatal(err)
	}
	if deadlocks > 0 || enrolled == 0 {
		t.Errorf("%d deadlocks, and %d people have seats", deadlocks, enrolled)
	}
}

// applied is the application that people come by.
func (w *world) applied(t *testing.T, who ...string) *uuid.UUID {
	t.Helper()
	row := w.db.Ent().Application.Create().SetTermID("fall-2026").SetCourseID("using-data").SetState("SUBMITTED").SetSubmitTime(now).SaveX(t.Context())
	for i, name := range who {
		w.db.Ent().ApplicationMember.Create().SetApplicationID(row.ID).SetEducatorID(api.LastUUID(name)).SetPosition(int32(i)).SetState("ACCEPTED").ExecX(t.Context())
	}
	return &row.ID
}
