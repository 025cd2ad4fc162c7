package notice

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	pb "github.com/btlc/btlc/gen/go/btlc/notice/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database/databasetest"
	"github.com/btlc/btlc/internal/record/recordtest"
)

func TestMain(m *testing.M) { databasetest.Main(m) }

func do[Q, A proto.Message](t testing.TB, caller *access.Caller, handler recordtest.Handler[Q, A], req Q) (A, error) {
	t.Helper()
	answer, _, err := recordtest.Call(t, pb.File_btlc_notice_v1_service_proto.Services().Get(0), caller, handler, req)
	return answer, err
}

func must[A any](t testing.TB) func(A, error) A {
	return func(answer A, err error) A {
		t.Helper()
		recordtest.Must(t, err)
		return answer
	}
}

func self(id uuid.UUID) *access.Caller {
	return recordtest.Caller(accesspb.Role_ROLE_EDUCATOR, api.Name("btlc/Educator", id))
}

func preferencesName(educator uuid.UUID) string {
	return api.Name("btlc/NoticePreferences", educator)
}

// want sets which kinds a person does not want.
func want(t testing.TB, s *Service, educator uuid.UUID, muted bool, kinds ...pb.NoticeKind) *pb.NoticePreferences {
	t.Helper()
	req := &pb.UpdateNoticePreferencesRequest{
		NoticePreferences: &pb.NoticePreferences{Name: preferencesName(educator), Muted: muted, MutedKinds: kinds}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"muted", "muted_kinds"}},
	}
	return must[*pb.UpdateNoticePreferencesResponse](t)(do(t, self(educator), s.UpdateNoticePreferences, req)).NoticePreferences
}

func TestPreferences(t *testing.T) {
	w := recordtest.New(t)
	s := New(w.DB, Options{})
	educator, other := w.Educator("bps", "B1"), w.Educator("bps", "B2")
	get := func(caller *access.Caller) (*pb.GetNoticePreferencesResponse, error) {
		return do(t, caller, s.GetNoticePreferences, &pb.GetNoticePreferencesRequest{Name: preferencesName(educator)})
	}
	unsaid := must[*pb.GetNoticePreferencesResponse](t)(get(self(educator))).NoticePreferences
	if unsaid.Muted || unsaid.MutedKinds != nil || unsaid.UpdateTime != nil || unsaid.Etag == "" || unsaid.Name != preferencesName(educator) {
		t.Errorf("before anything was said: %v", unsaid)
	}
	change := &pb.UpdateNoticePreferencesRequest{NoticePreferences: &pb.NoticePreferences{
		Name: unsaid.Name, MutedKinds: []pb.NoticeKind{pb.NoticeKind_NOTICE_KIND_MEETING_MOVED, pb.NoticeKind_NOTICE_KIND_WAITLISTED}, Etag: unsaid.Etag,
	}}
	first := must[*pb.UpdateNoticePreferencesResponse](t)(do(t, self(educator), s.UpdateNoticePreferences, change)).NoticePreferences
	if first.Muted || !slices.Equal(first.MutedKinds, change.NoticePreferences.MutedKinds) || !first.UpdateTime.AsTime().Equal(recordtest.Start) || first.Etag == unsaid.Etag {
		t.Errorf("said %v", first)
	}
	if _, err := do(t, self(educator), s.UpdateNoticePreferences, change); recordtest.Reason(err) != api.EtagMismatch {
		t.Errorf("what was said before anything was on record: %v", err)
	}
	if got := want(t, s, educator, true); !got.Muted || got.MutedKinds != nil {
		t.Errorf("said again %v", got)
	}
	unheard := &pb.UpdateNoticePreferencesRequest{NoticePreferences: &pb.NoticePreferences{
		Name: unsaid.Name, MutedKinds: []pb.NoticeKind{pb.NoticeKind_NOTICE_KIND_COMPLETED, pb.NoticeKind_NOTICE_KIND_ROLE_TO_CONFIRM},
	}}
	if _, err := do(t, self(educator), s.UpdateNoticePreferences, unheard); recordtest.Reason(err) != api.InvalidRequest || recordtest.Known(err).Violations[0].Field != "noticePreferences.mutedKinds[1]" {
		t.Errorf("what is sent to the school: %v", err)
	}
	for caller, reason := range map[*access.Caller]api.Reason{
		self(educator): "", recordtest.Staff(): "", recordtest.Caller(accesspb.Role_ROLE_AUDITOR, ""): "", self(other): api.NotFound,
		recordtest.Caller(accesspb.Role_ROLE_DISTRICT_HR, "districts/bps"): api.PermissionDenied,
	} {
		if got, err := get(caller); recordtest.Reason(err) != reason || err == nil && !got.NoticePreferences.Muted {
			t.Errorf("as %s: %v, %v", caller.Principal, got, err)
		}
	}
	if _, err := do(t, recordtest.Caller(accesspb.Role_ROLE_AUDITOR, ""), s.UpdateNoticePreferences, change); recordtest.Reason(err) != api.PermissionDenied {
		t.Errorf("an auditor who writes: %v", err)
	}
	nobody := preferencesName(uuid.New())
	if _, err := do(t, recordtest.Staff(), s.GetNoticePreferences, &pb.GetNoticePreferencesRequest{Name: nobody}); recordtest.Reason(err) != api.NotFound {
		t.Errorf("of nobody: %v", err)
	}
	if _, err := do(t, recordtest.Staff(), s.UpdateNoticePreferences, &pb.UpdateNoticePreferencesRequest{NoticePreferences: &pb.NoticePreferences{Name: nobody, Muted: true}}); recordtest.Reason(err) != api.NotFound {
		t.Errorf("of nobody, written: %v", err)
	}
	feed := must[[]string](t)(streamsOf(t, w))
	if !slices.Equal(feed, []string{"program UPDATED 2", "program UPDATED 3"}) {
		t.Errorf("the feed has %q", feed)
	}
}

// streamsOf is what the feed tells of preferences, and to whom.
func streamsOf(t testing.TB, w *recordtest.World) (told []string, err error) {
	rows, err := w.SQL().QueryContext(t.Context(), `SELECT stream || ' ' || kind || ' ' || version FROM feed_rows WHERE resource_type = 'btlc/NoticePreferences' ORDER BY number`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return nil, err
		}
		told = append(told, line)
	}
	return told, rows.Err()
}

// Of many who write the first preferences of a person, having read that there are none, one does.
func TestFirstPreferencesOnce(t *testing.T) {
	w := recordtest.New(t)
	s := New(w.DB, Options{})
	educator := w.Educator("bps", "B1")
	reasons := make([]api.Reason, 5)
	var clicks sync.WaitGroup
	for i := range reasons {
		clicks.Go(func() {
			_, err := do(t, self(educator), s.UpdateNoticePreferences, &pb.UpdateNoticePreferencesRequest{
				NoticePreferences: &pb.NoticePreferences{Name: preferencesName(educator), Muted: true, Etag: api.Etag(unsaidVersion)},
			})
			reasons[i] = recordtest.Reason(err)
		})
	}
	clicks.Wait()
	slices.Sort(reasons)
	if reasons[0] != "" || reasons[1] != api.EtagMismatch || reasons[4] != api.EtagMismatch {
		t.Errorf("answers %q", reasons)
	}
}

func TestLists(t *testing.T) {
	b := newBox(t)
	first, second := b.educator("B1"), b.educator("B2")
	b.change("", "ENROLLED", first, second)
	b.change("ENROLLED", "WITHDRAWN", first)
	list := func(caller *access.Caller, parent, filter string) ([]*pb.Notice, error) {
		t.Helper()
		got, err := do(t, caller, b.ListNotices, &pb.ListNoticesRequest{Parent: parent, Filter: filter, OrderBy: "create_time"})
		return got.GetNotices(), err
	}
	name := func(p person) string { return api.Name("btlc/Educator", p.id) }
	for what, c := range map[string]struct {
		caller         *access.Caller
		parent, filter string
		want           int
		reason         api.Reason
	}{
		"one's own":          {self(first.id), name(first), "", 2, ""},
		"of a kind":          {self(first.id), name(first), "kind = WITHDRAWN", 1, ""},
		"of a state":         {self(first.id), name(first), "state = SENT", 0, ""},
		"of all, as one":     {self(second.id), "educators/-", "", 1, ""},
		"of all, as staff":   {recordtest.Staff(), "educators/-", "", 3, ""},
		"of one, as staff":   {recordtest.Staff(), name(second), "", 1, ""},
		"of another":         {self(second.id), name(first), "", 0, api.NotFound},
		"of nobody":          {recordtest.Staff(), "educators/" + uuid.NewString(), "", 0, api.NotFound},
		"by what is no kind": {recordtest.Staff(), "educators/-", "kind = SURPRISED", 0, api.InvalidRequest},
	} {
		if got, err := list(c.caller, c.parent, c.filter); len(got) != c.want || recordtest.Reason(err) != c.reason {
			t.Errorf("%s: %v, %v", what, got, err)
		}
	}
	one := must[[]*pb.Notice](t)(list(self(first.id), name(first), "kind = REGISTERED"))[0]
	if one.Registration != first.registration.Name() || one.State != pb.Notice_STATE_PENDING || one.Attempts != 0 || !strings.HasPrefix(one.Subject, "You are registered: ") || one.SendTime != nil {
		t.Errorf("listed %v", one)
	}
	got := must[*pb.GetNoticeResponse](t)(do(t, self(first.id), b.GetNotice, &pb.GetNoticeRequest{Name: one.Name})).Notice
	if !proto.Equal(got, one) {
		t.Errorf("got %v, listed %v", got, one)
	}
	foreign := api.Name("btlc/Notice", second.id, api.LastUUID(one.Name))
	if _, err := do(t, self(second.id), b.GetNotice, &pb.GetNoticeRequest{Name: foreign}); recordtest.Reason(err) != api.NotFound {
		t.Errorf("another's by one's own name: %v", err)
	}
}
