package enrollment_test

import (
	"testing"
	"time"

	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/enrollment"
	"github.com/btlc/btlc/internal/record/recordtest"
)

// Who takes a course again completes it by what they attend then, not by what they attended before.
func TestCompletingTakesItsOwnAttendance(t *testing.T) {
	t.Parallel()
	records := recordtest.New(t)
	rules, err := access.RulesOf(pb.File_btlc_enrollment_v1_service_proto.Services().Get(0))
	recordtest.Must(t, err)
	w := &world{db: records.DB, service: enrollment.New(records.DB, time.UTC, rulesOfSeats), rules: rules}
	for number, before := range map[string]string{"B1": "NOT_COMPLETED", "B2": "COMPLETED"} {
		educator := records.Educator("bps", number)
		role := records.Mentor(educator)
		fall := records.Register(educator, role, "using-data", before, "2026-09-01")
		spring := records.Register(educator, role, "using-data", "ENROLLED", "2026-10-01")
		attend := func(of recordtest.Registration, meetings ...int) {
			for _, number := range meetings {
				records.Attend(of, number, 600)
			}
		}
		complete := func() error {
			_, err := call(t.Context(), w, staff, "CompleteRegistration", w.service.CompleteRegistration, &pb.CompleteRegistrationRequest{Name: spring.Name(), Completed: true})
			return err
		}
		attend(fall, 1, 2, 3)
		if err := complete(); reason(err) != api.RequirementsUnmet {
			t.Errorf("without attendance, after one that is %s: got %v", before, err)
		}
		attend(spring, 4, 5, 6)
		if err := complete(); err != nil {
			t.Errorf("with attendance, after one that is %s: got %v", before, err)
		}
	}
}
