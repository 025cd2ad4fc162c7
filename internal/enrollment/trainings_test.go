package enrollment_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/protobuf/proto"

	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/enrollment"
	"github.com/btlc/btlc/internal/record/recordtest"
)

// staffRoom is a service over the program's data, with two people.
type staffRoom struct {
	*recordtest.World
	service     *enrollment.Service
	one, other  string
	nonexistent string
}

func newStaffRoom(t *testing.T) staffRoom {
	t.Helper()
	w := recordtest.New(t)
	name := func(number string) string { return api.Name("btlc/Educator", w.Educator("bps", number)) }
	return staffRoom{w, enrollment.New(w.DB, time.UTC, nil), name("B1"), name("B2"), "educators/0190a8a4-7c1e-7b7a-9d51-3f0c2f5d9a10"}
}

func ask[Q, A proto.Message](t *testing.T, caller *access.Caller, handler func(context.Context, Q) (A, error), req Q) (A, error) {
	t.Helper()
	answer, _, err := recordtest.Call(t, pb.File_btlc_enrollment_v1_service_proto.Services().Get(0), caller, handler, req)
	return answer, err
}

func aTraining() *pb.Training {
	return &pb.Training{Title: "Facilitating data teams", Provider: "Office of Instruction", RoleFamily: "roleFamilies/mentor", Minutes: 90, CompleteDate: &date.Date{Year: 2026, Month: 11, Day: 20}}
}

func (r staffRoom) train(t *testing.T, educator string, in *pb.Training) *pb.Training {
	t.Helper()
	made, err := ask(t, recordtest.Staff(), r.service.CreateTraining, &pb.CreateTrainingRequest{Parent: educator, Training: in})
	recordtest.Must(t, err)
	return made.Training
}

func TestTraining(t *testing.T) {
	r := newStaffRoom(t)
	made := r.train(t, r.one, aTraining())
	if made.RecordedBy != recordtest.Staff().Principal || !made.CreateTime.AsTime().Equal(recordtest.Start) || made.VoidTime != nil || !strings.HasPrefix(made.Name, r.one+"/trainings/") {
		t.Errorf("recorded: %v", made)
	}
	got, err := ask(t, recordtest.Staff(), r.service.GetTraining, &pb.GetTrainingRequest{Name: made.Name})
	recordtest.Must(t, err)
	if !proto.Equal(got.Training, made) {
		t.Errorf("got %v, made %v", got.Training, made)
	}
	_, err = ask(t, recordtest.Staff(), r.service.VoidTraining, &pb.VoidTrainingRequest{Name: made.Name, Reason: "Too late.", Etag: "v7"})
	refused(t, err, api.EtagMismatch)
	r.Travel(recordtest.Start.Add(time.Hour))
	void := &pb.VoidTrainingRequest{Name: made.Name, Reason: "Recorded for another person."}
	voided, err := ask(t, recordtest.Staff(), r.service.VoidTraining, void)
	recordtest.Must(t, err)
	if v := voided.Training; !v.VoidTime.AsTime().Equal(r.Now()) || v.VoidReason != void.Reason || v.Etag == made.Etag || v.Minutes != 90 {
		t.Errorf("voided: %v", v)
	}
	_, err = ask(t, recordtest.Staff(), r.service.VoidTraining, void)
	refused(t, err, api.StateConflict)

	page, err := r.ReadFeed(t.Context(), "program", 0, 10)
	recordtest.Must(t, err)
	var kinds []string
	for _, row := range page.Rows {
		kinds = append(kinds, row.Type+" "+row.Kind)
	}
	if got := strings.Join(kinds, ", "); got != "btlc/Training CREATED, btlc/Training UPDATED" {
		t.Errorf("feed: %s", got)
	}
}

func TestTrainingIsVoidedOnce(t *testing.T) {
	r := newStaffRoom(t)
	made := r.train(t, r.one, aTraining())
	counts := atOnce(8, func(int) error {
		_, err := ask(t, recordtest.Staff(), r.service.VoidTraining, &pb.VoidTrainingRequest{Name: made.Name, Reason: "Twice."})
		return err
	})
	if counts[""] != 1 || counts[api.StateConflict] != 7 {
		t.Errorf("voided at once: %v", counts)
	}
}

func TestTrainingRefusals(t *testing.T) {
	r := newStaffRoom(t)
	// It is the 21st in UTC, and still the 20th in Boston.
	r.Travel(time.Date(2026, 11, 21, 1, 0, 0, 0, time.UTC))
	for what, c := range map[string]struct {
		parent string
		change func(*pb.Training)
		want   api.Reason
	}{
		"today":         {r.one, func(in *pb.Training) { in.CompleteDate.Day = 21 }, ""},
		"tomorrow":      {r.one, func(in *pb.Training) { in.CompleteDate.Day = 22 }, api.InvalidRequest},
		"no day":        {r.one, func(in *pb.Training) { in.CompleteDate.Day = 31 }, api.InvalidRequest},
		"no date":       {r.one, func(in *pb.Training) { in.CompleteDate = nil }, api.InvalidRequest},
		"no minutes":    {r.one, func(in *pb.Training) { in.Minutes = 0 }, api.InvalidRequest},
		"no family":     {r.one, func(in *pb.Training) { in.RoleFamily = "" }, api.InvalidRequest},
		"other family":  {r.one, func(in *pb.Training) { in.RoleFamily = "roleFamilies/nonsense" }, api.ReferenceNotFound},
		"other parent":  {r.nonexistent, func(*pb.Training) {}, api.NotFound},
		"parent is any": {"educators/-", func(*pb.Training) {}, api.InvalidRequest},
	} {
		in := aTraining()
		c.change(in)
		_, err := ask(t, recordtest.Staff(), r.service.CreateTraining, &pb.CreateTrainingRequest{Parent: c.parent, Training: in})
		if got := recordtest.Reason(err); got != c.want {
			t.Errorf("%s: %v, want %q", what, err, c.want)
		}
	}
	made := r.train(t, r.one, aTraining())
	elsewhere := r.other + strings.TrimPrefix(made.Name, r.one)
	_, err := ask(t, recordtest.Staff(), r.service.GetTraining, &pb.GetTrainingRequest{Name: elsewhere})
	refused(t, err, api.NotFound)
	_, err = ask(t, recordtest.Staff(), r.service.VoidTraining, &pb.VoidTrainingRequest{Name: elsewhere, Reason: "Not theirs."})
	refused(t, err, api.NotFound)
}

func refused(t *testing.T, err error, want api.Reason) {
	t.Helper()
	if got := recordtest.Reason(err); got != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// Educators see their own trainings, staff and auditors all; nobody else any.
func TestWhoSeesTrainings(t *testing.T) {
	r := newStaffRoom(t)
	first := r.train(t, r.one, aTraining())
	earlier := aTraining()
	earlier.CompleteDate.Day, earlier.RoleFamily = 3, "roleFamilies/team-leader"
	second := r.train(t, r.one, earlier)
	third := r.train(t, r.other, aTraining())
	educator := recordtest.Caller(accesspb.Role_ROLE_EDUCATOR, r.one)
	auditor := recordtest.Caller(accesspb.Role_ROLE_AUDITOR, "")
	for what, c := range map[string]struct {
		caller         *access.Caller
		parent, filter string
		want           []string
		refused        api.Reason
	}{
		"all":             {recordtest.Staff(), "educators/-", "", []string{second.Name, first.Name, third.Name}, ""},
		"as an auditor":   {auditor, r.one, "", []string{second.Name, first.Name}, ""},
		"one's own":       {educator, r.one, "", []string{second.Name, first.Name}, ""},
		"as far as seen":  {educator, "educators/-", "", []string{second.Name, first.Name}, ""},
		"by family":       {recordtest.Staff(), "educators/-", "role_family = \"roleFamilies/team-leader\"", []string{second.Name}, ""},
		"by day":          {recordtest.Staff(), r.one, "complete_date > \"2026-11-03\"", []string{first.Name}, ""},
		"another's":       {educator, r.other, "", nil, api.NotFound},
		"nobody's":        {recordtest.Staff(), r.nonexistent, "", nil, api.NotFound},
		"as a registrar":  {recordtest.Caller(accesspb.Role_ROLE_REGISTRAR, "institutions/umass-boston"), r.one, "", nil, api.PermissionDenied},
		"as the district": {recordtest.Caller(accesspb.Role_ROLE_DISTRICT_HR, "districts/bps"), r.one, "", nil, api.PermissionDenied},
	} {
		page, err := ask(t, c.caller, r.service.ListTrainings, &pb.ListTrainingsRequest{Parent: c.parent, Filter: c.filter})
		refused(t, err, c.refused)
		var got []string
		for _, training := range page.GetTrainings() {
			got = append(got, training.Name)
		}
		if strings.Join(got, " ") != strings.Join(c.want, " ") {
			t.Errorf("%s: %v, want %v", what, got, c.want)
		}
	}
	_, err := ask(t, educator, r.service.GetTraining, &pb.GetTrainingRequest{Name: third.Name})
	refused(t, err, api.NotFound)
	_, err = ask(t, educator, r.service.CreateTraining, &pb.CreateTrainingRequest{Parent: r.one, Training: aTraining()})
	refused(t, err, api.PermissionDenied)
	_, err = ask(t, educator, r.service.VoidTraining, &pb.VoidTrainingRequest{Name: first.Name, Reason: "Mine."})
	refused(t, err, api.PermissionDenied)
}
