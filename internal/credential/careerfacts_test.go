package credential

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/btlc/btlc/ent/employment"
	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/program"
	"github.com/btlc/btlc/internal/record/recordtest"
)

func TestPDPs(t *testing.T) {
	hours := program.PDPRule{ID: "hours", Kind: "hours", MinutesPerPoint: 60, MinimumMinutes: 600}
	later := program.PDPRule{ID: "hours-2", Kind: "hours", MinutesPerPoint: 120, MinimumMinutes: 0, Effective: recordtest.Day("2026-06-08")}
	other := program.PDPRule{ID: "bonus", Kind: "bonus", MinutesPerPoint: 600, Effective: recordtest.Day("2026-06-09")}
	for name, c := range map[string]struct {
		minutes int
		day     string
		want    map[string]int
	}{
		"too few":            {599, "2026-06-07", nil},
		"just enough":        {600, "2026-06-07", map[string]int{"hours": 10}},
		"whole hours":        {659, "2026-06-07", map[string]int{"hours": 10}},
		"a course":           {2160, "2026-06-07", map[string]int{"hours": 36}},
		"by the later rule":  {2160, "2026-06-08", map[string]int{"hours-2": 18}},
		"by rules of two":    {2160, "2026-06-09", map[string]int{"hours-2": 18, "bonus": 3}},
		"less than a point":  {119, "2026-06-08", nil},
		"none by the second": {599, "2026-06-09", map[string]int{"hours-2": 4}},
	} {
		got := pdpsOf([]program.PDPRule{later, hours, other}, c.minutes, recordtest.Day(c.day))
		if len(got) != len(c.want) {
			t.Errorf("%s: got %+v", name, got)
		}
		for _, value := range got {
			if value.points != c.want[value.rule.ID] {
				t.Errorf("%s: %d points by %s", name, value.points, value.rule.ID)
			}
		}
	}
}

// More hours are never worth less, and points never promise hours that were not there.
func TestPDPProperties(t *testing.T) {
	data := must[*program.Program](t)(program.Load())
	worth := func(minutes int) (points int) {
		for _, value := range pdpsOf(data.PDPRules, minutes, recordtest.Day("2026-06-08")) {
			points += value.points
		}
		return points
	}
	rapid.Check(t, func(t *rapid.T) {
		minutes, more := rapid.IntRange(0, 5000).Draw(t, "minutes"), rapid.IntRange(0, 500).Draw(t, "more")
		if less, all := worth(minutes), worth(minutes+more); less > all || less*60 > minutes || (less > 0) != (minutes >= 600) {
			t.Fatalf("%d minutes: %d points, %d more: %d", minutes, less, more, all)
		}
	})
}

func TestCareerFacts(t *testing.T) {
	w, s := open(t)
	educator, registration := w.Graduate("B1")
	wrong := w.Attend(registration, 1, 120)
	w.Correct(registration, wrong, 180)
	w.Attend(registration, 2, 480)
	w.Attend(registration, 3, 0)                                                                   // was not there
	again := w.Register(educator, w.Mentor(educator), "using-data", "NOT_COMPLETED", "2026-09-01") // hours of two sections are not hours of one course
	w.Attend(again, 4, 200)
	w.Attend(w.Register(educator, w.Mentor(educator), "shared-leadership", "WITHDRAWN", "2026-09-01"), 1, 700)
	short := w.Register(educator, w.Mentor(educator), "professional-expertise", "ENROLLED", "2026-09-01")
	w.Attend(short, 5, 90)
	c := issue(t, s, educator)
	facts := func(district string, key *pb.PersonKey) (*pb.GetCareerFactsResponse, error) {
		return do(t, hr(district), s.GetCareerFacts, &pb.GetCareerFactsRequest{Parent: "districts/" + district, Person: key})
	}

	rule := must[*program.Program](t)(program.Load()).PDPRules[0]
	// Meetings of the test world end at 3 in the morning UTC: in Boston it is still the day that they began.
	lastDay := func(meeting int) time.Time { return recordtest.Day("2026-10-21").AddDate(0, 0, meeting) }
	want := &pb.GetCareerFactsResponse{Courses: []*pb.CourseFacts{
		{Course: "courses/professional-expertise", ContactMinutes: 90, EndDate: api.Date(lastDay(5))},
		{Course: "courses/using-data", ContactMinutes: 660, EndDate: api.Date(lastDay(2)), Credential: c.Name,
			PdpValues: []*pb.PdpValue{{Points: 11, Rule: rule.Title, Citation: rule.Citation}}},
	}}
	for _, key := range []*pb.PersonKey{employeeID("B1"), email("B1@example.org"), named(educator)} {
		if answer, err := facts("bps", key); err != nil || !proto.Equal(answer, want) {
			t.Errorf("%v: got %v, %v, want %v", key, answer, err, want)
		}
	}

	must[*pb.SuspendCredentialResponse](t)(do(t, recordtest.Staff(), s.SuspendCredential, &pb.SuspendCredentialRequest{Name: c.Name, ReasonCode: "UNDER_REVIEW", Authority: "Director"}))
	if answer := must[*pb.GetCareerFactsResponse](t)(facts("bps", named(educator))); answer.Courses[1].Credential != "" {
		t.Errorf("a suspended certificate counts: %v", answer)
	}
	fresh := w.Educator("bps", "B2")
	if answer := must[*pb.GetCareerFactsResponse](t)(facts("bps", named(fresh))); len(answer.Courses) != 0 {
		t.Errorf("of one without courses: %v", answer)
	}
	_, err := facts("ncs", named(educator))
	refused(t, err, api.NotFound)
	numbered(t, w, fresh, "bps", "b1 ")
	_, err = facts("bps", employeeID(" b1"))
	refused(t, err, api.InvalidRequest)
	recordtest.Must(t, w.Ent().Employment.Update().Where(employment.EducatorID(educator)).SetEndDate(recordtest.Day("2026-11-19")).Exec(t.Context()))
	_, err = facts("bps", named(educator))
	refused(t, err, api.NotFound)
}
