package credential

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/record"
	"github.com/btlc/btlc/internal/record/recordtest"
)

// Every course that somebody has attended or has credit for is there once, in order, with all that is on record of it.
func TestByCourseProperties(t *testing.T) {
	names := rapid.SampledFrom(recordtest.Courses())
	rapid.Check(t, func(t *rapid.T) {
		var attended []record.CourseAttendance
		for i, course := range rapid.SliceOfDistinct(names, rapid.ID[string]).Draw(t, "attended") {
			attended = append(attended, record.CourseAttendance{Course: course, Minutes: i + 1, LastDay: recordtest.Day("2026-11-20")})
		}
		var posted []record.Posting
		for i, course := range rapid.SliceOfN(names, 0, 6).Draw(t, "posted") {
			posted = append(posted, record.Posting{Course: course, Credits: int32(i + 1)})
		}
		var gotAttended []record.CourseAttendance
		gotPosted, last := map[string][]record.Posting{}, ""
		for _, c := range byCourse(attended, posted) {
			if c.Course <= last {
				t.Fatalf("%s after %s", c.Course, last)
			}
			last = c.Course
			if c.Minutes > 0 {
				gotAttended = append(gotAttended, c.CourseAttendance)
			} else if c.posted == nil {
				t.Fatalf("%s is there for nothing", c.Course)
			}
			gotPosted[c.Course] = c.posted
		}
		count := 0
		for course, got := range gotPosted {
			count += len(got)
			if want := slices.DeleteFunc(slices.Clone(posted), func(p record.Posting) bool { return p.Course != course }); !slices.Equal(got, want) {
				t.Fatalf("%s has %v, want %v", course, got, want)
			}
		}
		slices.SortFunc(attended, func(a, b record.CourseAttendance) int { return slices.Compare([]byte(a.Course), []byte(b.Course)) })
		if count != len(posted) || !slices.Equal(gotAttended, attended) {
			t.Fatalf("got %d of %d postings, and attendance %v of %v", count, len(posted), gotAttended, attended)
		}
	})
}

// What institutions have posted stands among the facts of its course, whether that was attended or not, until it is
// retracted.
func TestCareerFactsTellPostedCredits(t *testing.T) {
	w, s := open(t)
	educator, registration := w.Graduate("B1")
	w.Attend(registration, 1, 90)
	without := w.Register(educator, w.Mentor(educator), "shared-leadership", "ENROLLED", "2026-09-01")
	wrong := w.Register(educator, w.Mentor(educator), "professional-expertise", "ENROLLED", "2026-09-01")
	again := w.Register(educator, w.Mentor(educator), "using-data", "ENROLLED", "2026-09-03")
	w.Post(again, 1, "2026-11-19")
	w.Post(registration, 3, "2026-11-18")
	w.Post(without, 2, "2026-11-17")
	recordtest.Must(t, w.Ent().CreditPosting.UpdateOneID(w.Post(wrong, 3, "2026-11-16")).SetState("RETRACTED").Exec(t.Context()))
	credit := func(credits int32, date string) *pb.PostedCredit {
		return &pb.PostedCredit{Institution: "institutions/umass-boston", Credits: credits, PostDate: api.Date(recordtest.Day(date))}
	}
	want := &pb.GetCareerFactsResponse{Courses: []*pb.CourseFacts{
		{Course: "courses/shared-leadership", PostedCredits: []*pb.PostedCredit{credit(2, "2026-11-17")}},
		{Course: "courses/using-data", ContactMinutes: 90, EndDate: api.Date(recordtest.Day("2026-10-22")), PostedCredits: []*pb.PostedCredit{credit(3, "2026-11-18"), credit(1, "2026-11-19")}},
	}}
	if got, err := do(t, hr("bps"), s.GetCareerFacts, &pb.GetCareerFactsRequest{Parent: "districts/bps", Person: named(educator)}); err != nil || !proto.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	other := w.Educator("bps", "B2")
	if got := must[*pb.GetCareerFactsResponse](t)(do(t, hr("bps"), s.GetCareerFacts, &pb.GetCareerFactsRequest{Parent: "districts/bps", Person: named(other)})); len(got.Courses) != 0 {
		t.Errorf("of one without credit: %v", got)
	}
}

// A document says the credits that were posted for its course when it was made, and no others.
func TestDocumentSaysCreditsEarned(t *testing.T) {
	w, s := open(t)
	educator, registration := w.Graduate("B1")
	said := func(document string) (credits float64, told bool) {
		t.Helper()
		recordtest.Must(t, verify(t, s.store.issuer, document))
		var d struct {
			CredentialSubject struct {
				Type          []string
				CreditsEarned *float64
			}
		}
		recordtest.Must(t, json.Unmarshal([]byte(document), &d))
		if !slices.Equal(d.CredentialSubject.Type, []string{"AchievementSubject"}) {
			t.Errorf("the subject is %v", d.CredentialSubject.Type)
		}
		if d.CredentialSubject.CreditsEarned == nil {
			return 0, false
		}
		return *d.CredentialSubject.CreditsEarned, true
	}
	w.Post(w.Register(educator, w.Mentor(educator), "shared-leadership", "ENROLLED", "2026-09-01"), 3, "2026-11-17")
	c := issue(t, s, educator)
	if credits, told := said(c.Document); told {
		t.Errorf("it says %v of what was not posted", credits)
	}
	w.Travel(w.Now().Add(time.Hour))
	reissue := func() *pb.Credential {
		t.Helper()
		c = must[*pb.ReissueCredentialResponse](t)(do(t, recordtest.Staff(), s.ReissueCredential, &pb.ReissueCredentialRequest{Name: c.Name, ReasonCode: "CREDIT_POSTED", Authority: "Director"})).Credential
		return c
	}
	w.Post(registration, 2, "2026-11-18")
	w.Post(w.Register(educator, w.Mentor(educator), "using-data", "ENROLLED", "2026-09-03"), 1, "2026-11-19")
	if credits, _ := said(reissue().Document); credits != 3 {
		t.Errorf("it says %v credits, want 3", credits)
	}
	wrong := w.Post(w.Register(educator, w.Mentor(educator), "using-data", "ENROLLED", "2026-09-04"), 3, "2026-11-19")
	recordtest.Must(t, w.Ent().CreditPosting.UpdateOneID(wrong).SetState("RETRACTED").Exec(t.Context()))
	if credits, _ := said(reissue().Document); credits != 3 {
		t.Errorf("it says %v credits with one retracted, want 3", credits)
	}
	w.Post(w.Register(educator, w.Mentor(educator), "using-data", "ENROLLED", "2026-09-05"), 3, "2026-11-19")
	if credits, _ := said(reissue().Document); credits != 3 {
		t.Errorf("it says %v credits of a course that offers 3", credits)
	}
}
