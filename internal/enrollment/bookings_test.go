package enrollment_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/api"
)

// firstMeeting is when the sections of these tests begin; the others follow a week later each.
var firstMeeting = now.AddDate(0, 0, 14)

// meetingsOfSections are how many meetings, of an hour each, a section of these tests has.
const meetingsOfSections = 3

// offered makes a section in a state, with its meetings in a room.
func (w *world) offered(t *testing.T, state, room string, start time.Time, leaders ...string) string {
	t.Helper()
	ctx, to := t.Context(), w.db.Ent()
	version := to.CourseVersion.Query().AllX(ctx)[0]
	if version.MeetingCount != meetingsOfSections {
		version.Update().SetMeetingCount(meetingsOfSections).SetContactMinutes(60 * meetingsOfSections).ExecX(ctx)
	}
	s := to.Section.Create().SetCourseVersionID(version.ID).SetTermID("fall-2026").SetState("DRAFT").SetCapacity(30).SetTimeZone("America/New_York").
		SetRegistrationOpenTime(now.Add(-time.Hour)).SetRegistrationCloseTime(now.Add(time.Hour)).SaveX(ctx)
	for _, leader := range leaders {
		to.SectionFacilitator.Create().SetSectionID(s.ID).SetEducatorID(api.LastUUID(leader)).ExecX(ctx)
	}
	for i := range int32(meetingsOfSections) {
		at := start.AddDate(0, 0, int(7*i))
		to.Meeting.Create().SetSectionID(s.ID).SetMeetingNumber(i + 1).SetStartTime(at).SetEndTime(at.Add(time.Hour)).SetRoom(room).ExecX(ctx)
	}
	if state != "DRAFT" {
		s.Update().SetState(state).ExecX(ctx)
	}
	return api.Name("btlc/Section", s.ID)
}

func (w *world) open(ctx context.Context, section string) error {
	_, err := call(ctx, w, staff, "OpenSection", w.service.OpenSection, &pb.OpenSectionRequest{Name: section})
	return err
}

// take registers a person for a section, as staff.
func (w *world) take(ctx context.Context, section, educator string) error {
	req := &pb.CreateRegistrationRequest{Parent: section, Registration: &pb.Registration{Educator: educator, AcknowledgedFramework: "frameworks/btlc-1"}}
	_, err := call(ctx, w, staff, "CreateRegistration", w.service.CreateRegistration, req)
	return err
}

func (w *world) firstMeetingOf(t *testing.T, section string) string {
	t.Helper()
	answer, err := call(t.Context(), w, staff, "ListMeetings", w.service.ListMeetings, &pb.ListMeetingsRequest{Parent: section})
	if err != nil {
		t.Fatal(err)
	}
	return answer.Meetings[0].Name
}

func (w *world) move(ctx context.Context, meeting string, to time.Time) error {
	req := &pb.UpdateMeetingRequest{
		Meeting:    &pb.Meeting{Name: meeting, StartTime: timestamppb.New(to), EndTime: timestamppb.New(to.Add(time.Hour))},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"start_time", "end_time"}},
	}
	_, err := call(ctx, w, staff, "UpdateMeeting", w.service.UpdateMeeting, req)
	return err
}

// checkBookings compares what is booked with what follows from sections, facilitators, registrations and meetings.
func (w *world) checkBookings(t *testing.T) {
	t.Helper()
	const follows = `SELECT m.id, p.educator_id, '' AS room, m.start_time, m.end_time FROM meetings m JOIN sections s ON s.id = m.section_id AND s.state NOT IN ('DRAFT', 'CANCELLED')
			JOIN (SELECT section_id, educator_id FROM section_facilitators
				UNION SELECT section_id, educator_id FROM registrations WHERE state IN ('ENROLLED', 'COMPLETED', 'NOT_COMPLETED')) p ON p.section_id = m.section_id
		UNION ALL SELECT m.id, NULL, m.room, m.start_time, m.end_time FROM meetings m JOIN sections s ON s.id = m.section_id AND s.state NOT IN ('DRAFT', 'CANCELLED') WHERE m.room <> ''`
	const booked = `SELECT meeting_id, educator_id, room, start_time, end_time FROM bookings`
	for what, query := range map[string]string{
		"booked and should not be": booked + ` EXCEPT ALL (` + follows + `)`,
		"should be booked":         `(` + follows + `) EXCEPT ALL ` + booked,
	} {
		var rows int
		if err := w.db.SQL().QueryRowContext(t.Context(), `SELECT count(*) FROM (`+query+`) x`).Scan(&rows); err != nil {
			t.Fatal(err)
		}
		if rows != 0 {
			t.Errorf("%d are %s", rows, what)
		}
	}
}

// Of what would have somebody, or a room, at two meetings at once, one comes to be, whoever was first.
func TestNobodyAndNoRoomIsBookedTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 30, 8)
	start := firstMeeting
	for name, at := range map[string]func(t *testing.T, start time.Time) []func(context.Context) error{
		"a room of two sections that open": func(t *testing.T, start time.Time) []func(context.Context) error {
			a, b := w.offered(t, "DRAFT", "Room 1", start), w.offered(t, "DRAFT", "Room 1", start.Add(59*time.Minute))
			return []func(context.Context) error{func(ctx context.Context) error { return w.open(ctx, a) }, func(ctx context.Context) error { return w.open(ctx, b) }}
		},
		"a facilitator of two sections that open": func(t *testing.T, start time.Time) []func(context.Context) error {
			a, b := w.offered(t, "DRAFT", "Room 2", start, w.educators[0]), w.offered(t, "DRAFT", "Room 3", start, w.educators[0], w.educators[1])
			return []func(context.Context) error{func(ctx context.Context) error { return w.open(ctx, a) }, func(ctx context.Context) error { return w.open(ctx, b) }}
		},
		"two sections that a person takes": func(t *testing.T, start time.Time) []func(context.Context) error {
			a, b := w.offered(t, "OPEN", "", start), w.offered(t, "OPEN", "", start.AddDate(0, 0, 14)) // the last meeting is at the time of the first
			return []func(context.Context) error{
				func(ctx context.Context) error { return w.take(ctx, a, w.educators[2]) }, func(ctx context.Context) error { return w.take(ctx, b, w.educators[2]) },
			}
		},
		"a section that a person takes, and one that they lead": func(t *testing.T, start time.Time) []func(context.Context) error {
			a, b := w.offered(t, "OPEN", "", start), w.offered(t, "OPEN", "", start)
			return []func(context.Context) error{
				func(ctx context.Context) error { return w.take(ctx, a, w.educators[3]) },
				func(ctx context.Context) error {
					req := &pb.UpdateSectionRequest{Section: &pb.Section{Name: b, Facilitators: []string{w.educators[3]}}}
					_, err := call(ctx, w, staff, "UpdateSection", w.service.UpdateSection, req)
					return err
				},
			}
		},
		"two meetings that move to the same time": func(t *testing.T, start time.Time) []func(context.Context) error {
			a, b := w.offered(t, "OPEN", "Room 4", start), w.offered(t, "OPEN", "Room 4", start.Add(6*time.Hour))
			first, second, at := w.firstMeetingOf(t, a), w.firstMeetingOf(t, b), start.Add(3*time.Hour)
			return []func(context.Context) error{func(ctx context.Context) error { return w.move(ctx, first, at) }, func(ctx context.Context) error { return w.move(ctx, second, at) }}
		},
		"a meeting that moves to the time of another that one of its people takes": func(t *testing.T, start time.Time) []func(context.Context) error {
			a, b := w.offered(t, "OPEN", "", start), w.offered(t, "OPEN", "", start.Add(6*time.Hour))
			if err := w.take(t.Context(), a, w.educators[4]); err != nil {
				t.Fatal(err)
			}
			moving := w.firstMeetingOf(t, a)
			return []func(context.Context) error{
				func(ctx context.Context) error { return w.move(ctx, moving, start.Add(6*time.Hour)) },
				func(ctx context.Context) error { return w.take(ctx, b, w.educators[4]) },
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			for range 4 {
				start = start.AddDate(0, 1, 0)
				rivals := at(t, start)
				got := atOnce(len(rivals), func(i int) error { return rivals[i](t.Context()) })
				if got[""] != 1 || got[api.ScheduleConflict] != 1 {
					t.Fatalf("got %v, want one of them", got)
				}
			}
			w.checkBookings(t)
		})
	}
}

// However meetings move while people come and go, what is booked is what there is.
func TestBookingsFollow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 30, 10)
	section := w.offered(t, "OPEN", "Room 1", firstMeeting)
	meeting := w.firstMeetingOf(t, section)
	got := atOnce(20, func(i int) error {
		if i < len(w.educators) {
			return w.take(t.Context(), section, w.educators[i])
		}
		return w.move(t.Context(), meeting, firstMeeting.Add(time.Duration(i)*time.Hour))
	})
	if got[""] != 20 {
		t.Errorf("got %v, want all of them", got)
	}
	w.checkBookings(t)
	if _, err := call(t.Context(), w, staff, "CancelSection", w.service.CancelSection, &pb.CancelSectionRequest{Name: section, Reason: "no room"}); err != nil {
		t.Fatal(err)
	}
	w.checkBookings(t)
	again := w.offered(t, "DRAFT", "Room 1", firstMeeting, w.educators[0])
	if err := w.open(t.Context(), again); err != nil {
		t.Errorf("what was cancelled is booked still: %v", err)
	}
}

// The numbers of versions that are made at once follow each other.
func TestVersionsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 0)
	got := atOnce(8, func(i int) error {
		_, err := call(t.Context(), w, staff, "CreateCourseVersion", w.service.CreateCourseVersion, &pb.CreateCourseVersionRequest{
			Parent: "courses/using-data", CourseVersion: &pb.CourseVersion{
				ChangeNote:     fmt.Sprint("change ", i),
				SessionPattern: []*pb.SessionPattern{{Kind: pb.SessionKind_SESSION_KIND_EVENING, Count: 2, StartTime: clock(16, 30), EndTime: clock(19, 30)}},
			},
		})
		return err
	})
	if got[""] != 8 {
		t.Fatalf("got %v, want all of them", got)
	}
	answer, err := call(t.Context(), w, staff, "ListCourseVersions", w.service.ListCourseVersions, &pb.ListCourseVersionsRequest{Parent: "courses/using-data"})
	if err != nil {
		t.Fatal(err)
	}
	notes := map[string]bool{}
	for i, v := range answer.CourseVersions {
		notes[v.ChangeNote] = true
		if v.VersionNumber != int32(i+1) || i > 0 && (v.MeetingCount != 2 || v.ContactMinutes != 360) {
			t.Errorf("version %d is %v", i+1, v)
		}
	}
	if len(answer.CourseVersions) != 9 || len(notes) != 9 {
		t.Errorf("%d versions with %d notes, want 9", len(answer.CourseVersions), len(notes))
	}
}

// sectionID is the id in a section's name.
func sectionID(name string) uuid.UUID { return api.LastUUID(name) }
