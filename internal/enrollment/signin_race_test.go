package enrollment_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/enrollment"
	"github.com/btlc/btlc/internal/program"
)

// gathering is a world at a meeting of three hours that began an hour ago, with one who takes the course and three attempts
// to sign in.
func gathering(t *testing.T) (w *world, meeting, registration string) {
	t.Helper()
	w = newWorld(t, 1, 1)
	rules := []program.EnrollmentRules{rulesOfSeats[0]}
	rules[0].SignIn = traced(program.SignIn{CodeSeconds: 60, Attempts: 3})
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	w.service = enrollment.New(w.db, zone, rules)
	r, err := w.register(t.Context(), w.educators[0])
	if err != nil {
		t.Fatal(err)
	}
	m := w.db.Ent().Meeting.Create().SetSectionID(w.section).SetMeetingNumber(1).SetStartTime(now.Add(-time.Hour)).SetEndTime(now.Add(2 * time.Hour)).SaveX(t.Context())
	return w, api.Name("btlc/Meeting", w.section, m.ID), r.Name
}

func (w *world) signIn(t *testing.T, meeting, registration, code string) (*pb.AttendanceEntry, error) {
	answer, err := call(t.Context(), w, grant(accesspb.Role_ROLE_EDUCATOR, w.educators[0]), "SignIn", w.service.SignIn, &pb.SignInRequest{Name: meeting, Registration: registration, Code: code})
	return answer.GetAttendanceEntry(), err
}

func (w *world) shownCode(t *testing.T, meeting string) (string, error) {
	answer, err := call(t.Context(), w, staff, "GetSignInCode", w.service.GetSignInCode, &pb.GetSignInCodeRequest{Name: meeting})
	return answer.GetCode(), err
}

// wrongCodes are so many that are not one of these.
func wrongCodes(n int, right ...string) []string {
	var wrong []string
	for i := 0; len(wrong) < n; i++ {
		if code := fmt.Sprintf("%06d", i); !slices.Contains(right, code) {
			wrong = append(wrong, code)
		}
	}
	return wrong
}

// Of many wrong codes that come at once no more are checked than one may give, and then the right one helps no more.
func TestWrongCodesAtOnce(t *testing.T) {
	t.Parallel()
	w, meeting, registration := gathering(t)
	w.later.Store(-time.Minute.Microseconds())
	before, err := w.shownCode(t, meeting)
	if err != nil {
		t.Fatal(err)
	}
	w.later.Store(0)
	right, err := w.shownCode(t, meeting)
	if err != nil {
		t.Fatal(err)
	}
	wrong := wrongCodes(20, right, before)
	got := atOnce(20, func(i int) error {
		_, err := w.signIn(t, meeting, registration, wrong[i])
		return err
	})
	if got[api.SignInCodeWrong] != 3 || got[api.SignInAttemptsSpent] != 17 {
		t.Errorf("got %v, want 3 codes checked and 17 refused", got)
	}
	if kept := w.db.Ent().SignInAttempt.Query().CountX(t.Context()); kept != 3 {
		t.Errorf("%d wrong codes are kept, want 3", kept)
	}
	if _, err := w.signIn(t, meeting, registration, right); reason(err) != api.SignInAttemptsSpent {
		t.Errorf("the right code afterwards: got %v", err)
	}
	if entries := w.db.Ent().AttendanceEntry.Query().CountX(t.Context()); entries != 0 {
		t.Errorf("%d lines were entered", entries)
	}
}

// Who signs in many times at once is entered once, and told so each time.
func TestSignInAtOnce(t *testing.T) {
	t.Parallel()
	w, meeting, registration := gathering(t)
	code, err := w.shownCode(t, meeting)
	if err != nil {
		t.Fatal(err)
	}
	var mutex sync.Mutex
	names := map[string]bool{}
	got := atOnce(12, func(int) error {
		entry, err := w.signIn(t, meeting, registration, code)
		mutex.Lock()
		defer mutex.Unlock()
		names[entry.GetName()] = true
		return err
	})
	if got[""] != 12 || len(names) != 1 || w.db.Ent().AttendanceEntry.Query().CountX(t.Context()) != 1 {
		t.Errorf("got %v with the lines %v, want one line", got, names)
	}
}

// The meeting has one key, whoever is the first to ask for its code.
func TestFirstCodeAtOnce(t *testing.T) {
	t.Parallel()
	w, meeting, _ := gathering(t)
	var mutex sync.Mutex
	codes := map[string]bool{}
	got := atOnce(12, func(int) error {
		code, err := w.shownCode(t, meeting)
		mutex.Lock()
		defer mutex.Unlock()
		codes[code] = true
		return err
	})
	if got[""] != 12 || len(codes) != 1 {
		t.Errorf("got %v with the codes %v, want one code", got, codes)
	}
}

// The same meeting makes up for one missed meeting of a person, however many are entered at once.
func TestMakeUpsAtOnce(t *testing.T) {
	t.Parallel()
	w, _, registration := gathering(t)
	ctx := t.Context()
	of := w.db.Ent().Section.GetX(ctx, w.section)
	other := w.db.Ent().Section.Create().SetCourseVersionID(of.CourseVersionID).SetTermID(of.TermID).SetState("OPEN").SetCapacity(1).SetTimeZone(of.TimeZone).
		SetRegistrationOpenTime(of.RegistrationOpenTime).SetRegistrationCloseTime(of.RegistrationCloseTime).SaveX(ctx)
	there := w.db.Ent().Meeting.Create().SetSectionID(other.ID).SetMeetingNumber(1).SetStartTime(now.Add(-5 * time.Hour)).SetEndTime(now.Add(-3 * time.Hour)).SaveX(ctx)
	missed := make([]string, 8)
	for i := range missed {
		start := now.AddDate(0, 0, -i-1)
		m := w.db.Ent().Meeting.Create().SetSectionID(w.section).SetMeetingNumber(int32(i + 2)).SetStartTime(start).SetEndTime(start.Add(3 * time.Hour)).SaveX(ctx)
		missed[i] = api.Name("btlc/Meeting", w.section, m.ID)
	}
	got := atOnce(len(missed), func(i int) error {
		_, err := call(ctx, w, staff, "RecordAttendance", w.service.RecordAttendance, &pb.RecordAttendanceRequest{Parent: missed[i], Marks: []*pb.AttendanceMark{{
			Registration: registration, Kind: pb.AttendanceKind_ATTENDANCE_KIND_MAKE_UP, Minutes: 120, MakeUpMeeting: api.Name("btlc/Meeting", other.ID, there.ID),
		}}})
		return err
	})
	if got[""] != 1 || got[api.InvalidRequest] != len(missed)-1 {
		t.Errorf("got %v, want one make-up", got)
	}
}
