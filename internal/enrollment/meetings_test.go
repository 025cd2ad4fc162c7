package enrollment_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/btlc/btlc/ent"
	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/api"
)

// A meeting does not become shorter than what somebody of another section made up for at it.
func TestShorteningAMeetingThatWasAMakeUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 1)
	ctx, to := t.Context(), w.db.Ent()
	r, err := w.register(ctx, w.educators[0])
	if err != nil {
		t.Fatal(err)
	}
	own := to.Section.GetX(ctx, w.section)
	other := to.Section.Create().SetCourseVersionID(own.CourseVersionID).SetTermID(own.TermID).SetState("OPEN").SetCapacity(1).SetTimeZone(own.TimeZone).
		SetRegistrationOpenTime(own.RegistrationOpenTime).SetRegistrationCloseTime(own.RegistrationCloseTime).SaveX(ctx).ID
	meet := func(section uuid.UUID, days int) *ent.Meeting {
		end := now.AddDate(0, 0, -days)
		return to.Meeting.Create().SetSectionID(section).SetMeetingNumber(1).SetStartTime(end.Add(-3 * time.Hour)).SetEndTime(end).SaveX(ctx)
	}
	missed, there := meet(w.section, 2), meet(other, 1)
	enter := func(mark *pb.AttendanceMark) string {
		t.Helper()
		mark.Registration = r.Name
		answer, err := call(ctx, w, staff, "RecordAttendance", w.service.RecordAttendance, &pb.RecordAttendanceRequest{Parent: api.Name("btlc/Meeting", w.section, missed.ID), Marks: []*pb.AttendanceMark{mark}})
		if err != nil {
			t.Fatal(err)
		}
		return answer.Entries[0].Name
	}
	shorten := func(minutes int) error {
		_, err := call(ctx, w, staff, "UpdateMeeting", w.service.UpdateMeeting, &pb.UpdateMeetingRequest{
			Meeting:    &pb.Meeting{Name: api.Name("btlc/Meeting", other, there.ID), EndTime: timestamppb.New(there.StartTime.Add(time.Duration(minutes) * time.Minute))},
			UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"end_time"}},
		})
		return err
	}
	madeUp := enter(&pb.AttendanceMark{Kind: pb.AttendanceKind_ATTENDANCE_KIND_MAKE_UP, Minutes: 120, MakeUpMeeting: api.Name("btlc/Meeting", other, there.ID)})
	if err := shorten(119); reason(err) != api.StateConflict {
		t.Errorf("below the make-up: got %v", err)
	}
	if err := shorten(120); err != nil {
		t.Errorf("to the make-up: got %v", err)
	}
	// The correction names no make-up any more.
	enter(&pb.AttendanceMark{Kind: pb.AttendanceKind_ATTENDANCE_KIND_ABSENT, Corrects: madeUp})
	if err := shorten(60); err != nil {
		t.Errorf("corrected: got %v", err)
	}
}
