package credential

import (
	"cmp"
	"context"
	"errors"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"github.com/btlc/btlc/ent/employment"
	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/record/recordtest"
)

// received is a stream that keeps what is sent, or asks a function instead.
type received[A any] struct {
	grpc.ServerStream
	ctx    context.Context
	header metadata.MD
	parts  []*A
	sent   func(*A) error
}

func (r *received[A]) Context() context.Context { return r.ctx }

func (r *received[A]) SetHeader(header metadata.MD) error {
	r.header = metadata.Join(r.header, header)
	return nil
}

func (r *received[A]) Send(part *A) error {
	r.parts = append(r.parts, part)
	if r.sent != nil {
		return r.sent(part)
	}
	return nil
}

func export(t *testing.T, s *Service, req *pb.ExportCredentialStatusesRequest) (*received[pb.ExportCredentialStatusesResponse], error) {
	t.Helper()
	recordtest.Must(t, api.Validate(req))
	r := &received[pb.ExportCredentialStatusesResponse]{ctx: t.Context()}
	return r, s.ExportCredentialStatuses(req, r)
}

// statusesOf are the rows of an export, which is whole: the cursor first, also in the header, and the count last.
func statusesOf(t *testing.T, r *received[pb.ExportCredentialStatusesResponse]) []*pb.ExportedCredentialStatus {
	t.Helper()
	first, last := r.parts[0], r.parts[len(r.parts)-1]
	if first.Cursor == "" || !slices.Equal(r.header.Get("btlc-cursor"), []string{first.Cursor}) || last.TotalCount == nil {
		t.Fatalf("first %v, last %v, header %v", first, last, r.header)
	}
	var rows []*pb.ExportedCredentialStatus
	for i, part := range r.parts {
		if (part.Cursor != "") != (i == 0) || (part.TotalCount != nil) != (i == len(r.parts)-1) || len(part.Statuses) > partSize {
			t.Errorf("part %d: cursor %q, %d statuses, count %v", i, part.Cursor, len(part.Statuses), part.TotalCount)
		}
		rows = append(rows, part.Statuses...)
	}
	if int(*last.TotalCount) != len(rows) {
		t.Errorf("%d rows, counted %d", len(rows), *last.TotalCount)
	}
	return rows
}

func TestExport(t *testing.T) {
	w, s := open(t)
	first, _ := w.Graduate("B1")
	second, _ := w.Graduate("B2")
	gone, _ := w.Graduate("B3")
	w.Educator("ncs", "N1")
	numbered(t, w, first, "", "10023456")
	a, b := issue(t, s, first), issue(t, s, second)
	issue(t, s, gone)
	recordtest.Must(t, w.Ent().Employment.Update().Where(employment.EducatorID(gone)).SetEndDate(recordtest.Day("2026-11-19")).Exec(t.Context()))
	// Employed twice over is employed once; a second number is not the one that is told.
	recordtest.Must(t, w.Ent().Employment.Create().SetEducatorID(first).SetDistrictID("bps").SetStartDate(recordtest.Day("2024-09-01")).Exec(t.Context()))
	numbered(t, w, first, "bps", "B1-old")

	r, err := export(t, s, &pb.ExportCredentialStatusesRequest{Parent: "districts/bps"})
	recordtest.Must(t, err)
	row := func(c *pb.Credential, employee, state string) *pb.ExportedCredentialStatus {
		return &pb.ExportedCredentialStatus{Credential: c.Name, Educator: c.Educator, EmployeeId: employee, StateEducatorId: state, CredentialType: c.CredentialType,
			Status: c.Status, IssueTime: c.IssueTime, StatusTime: c.StatusTime, Version: c.Version}
	}
	want := []*pb.ExportedCredentialStatus{row(a, "B1", "10023456"), row(b, "B2", "")}
	slices.SortFunc(want, compareRows)
	rows := statusesOf(t, r)
	if len(rows) != 2 || !proto.Equal(rows[0], want[0]) || !proto.Equal(rows[1], want[1]) {
		t.Errorf("got %v, want %v", rows, want)
	}

	// What changes after the export is on the feed after its cursor, also when it goes on.
	goesOn, err := export(t, s, &pb.ExportCredentialStatusesRequest{Parent: "districts/bps", FromEducator: rows[1].Educator, Cursor: r.parts[0].Cursor})
	recordtest.Must(t, err)
	if rest := statusesOf(t, goesOn); len(rest) != 1 || !proto.Equal(rest[0], rows[1]) || goesOn.parts[0].Cursor != r.parts[0].Cursor {
		t.Errorf("went on with %v", goesOn.parts)
	}
	nobody, err := export(t, s, &pb.ExportCredentialStatusesRequest{Parent: "districts/ncs"})
	recordtest.Must(t, err)
	if rows := statusesOf(t, nobody); len(rows) != 0 {
		t.Errorf("of ncs: %v", rows)
	}
}

// compareRows is the order of an export.
func compareRows(a, b *pb.ExportedCredentialStatus) int {
	return cmp.Or(compareNames(a.Educator, b.Educator), compareNames(a.Credential, b.Credential))
}

func compareNames(a, b string) int {
	x, y := api.LastUUID(a), api.LastUUID(b)
	return slices.Compare(x[:], y[:])
}

// However often an export breaks off, and wherever, who goes on from the educator that arrived last has everything.
func TestExportGoesOnFromAnywhere(t *testing.T) {
	w, s := open(t)
	many(t, w, 40)
	_, err := w.SQL().ExecContext(t.Context(), `UPDATE credentials SET status = 'REVOKED', educator_id = (SELECT id FROM educators WHERE id = ANY (SELECT educator_id FROM employments) ORDER BY id OFFSET get_byte(uuid_send(credentials.id), 15) % 9 LIMIT 1)`)
	recordtest.Must(t, err)
	r, err := export(t, s, &pb.ExportCredentialStatusesRequest{Parent: "districts/bps"})
	recordtest.Must(t, err)
	whole := statusesOf(t, r)
	if len(whole) != 40 || !slices.IsSortedFunc(whole, compareRows) {
		t.Fatalf("%d rows: %v", len(whole), whole)
	}
	for arrived := 1; arrived <= len(whole); arrived++ {
		last := whole[arrived-1].Educator
		goesOn, err := export(t, s, &pb.ExportCredentialStatusesRequest{Parent: "districts/bps", FromEducator: last, Cursor: r.parts[0].Cursor})
		recordtest.Must(t, err)
		begin := slices.IndexFunc(whole, func(row *pb.ExportedCredentialStatus) bool { return row.Educator == last })
		if rest := statusesOf(t, goesOn); !slices.EqualFunc(rest, whole[begin:], func(a, b *pb.ExportedCredentialStatus) bool { return proto.Equal(a, b) }) {
			t.Errorf("after %d rows: %d of %d came", arrived, len(rest), len(whole)-begin)
		}
	}
}

func TestExportRefusals(t *testing.T) {
	w, s := open(t)
	educator, _ := w.Graduate("B1")
	c := issue(t, s, educator)
	r, err := export(t, s, &pb.ExportCredentialStatusesRequest{Parent: "districts/bps"})
	recordtest.Must(t, err)
	cursor := r.parts[0].Cursor
	for name, refusal := range map[string]struct {
		req  *pb.ExportCredentialStatusesRequest
		want api.Reason
	}{
		"no such district":  {&pb.ExportCredentialStatusesRequest{Parent: "districts/nowhere"}, api.NotFound},
		"no cursor":         {&pb.ExportCredentialStatusesRequest{Parent: "districts/bps", FromEducator: c.Educator}, api.InvalidRequest},
		"no cursor of ours": {&pb.ExportCredentialStatusesRequest{Parent: "districts/bps", FromEducator: c.Educator, Cursor: "x"}, api.InvalidRequest},
		"another's cursor":  {&pb.ExportCredentialStatusesRequest{Parent: "districts/ncs", FromEducator: c.Educator, Cursor: cursor}, api.InvalidRequest},
	} {
		r, err := export(t, s, refusal.req)
		if refused(t, err, refusal.want); len(r.parts) != 0 {
			t.Errorf("%s: sent %v", name, r.parts)
		}
	}
	_, err = w.SQL().ExecContext(t.Context(), `UPDATE feed_streams SET newest = newest + 5, floor = newest + 2 WHERE stream = 'districts/bps'`)
	recordtest.Must(t, err)
	_, err = export(t, s, &pb.ExportCredentialStatusesRequest{Parent: "districts/bps", FromEducator: c.Educator, Cursor: cursor})
	refused(t, err, api.CursorExpired)
}

// An export is of one moment: what is written while it is read is not in it, and not before its cursor.
func TestExportIsOfOneMoment(t *testing.T) {
	w, s := open(t)
	educator, _ := w.Graduate("B1")
	later, _ := w.Graduate("B2")
	issue(t, s, educator)
	r := &received[pb.ExportCredentialStatusesResponse]{ctx: t.Context()}
	r.sent = func(part *pb.ExportCredentialStatusesResponse) error {
		if part.Cursor != "" {
			issue(t, s, later)
		}
		return nil
	}
	recordtest.Must(t, s.ExportCredentialStatuses(&pb.ExportCredentialStatusesRequest{Parent: "districts/bps"}, r))
	if rows := statusesOf(t, r); len(rows) != 1 {
		t.Errorf("%d rows", len(rows))
	}
	again, err := export(t, s, &pb.ExportCredentialStatusesRequest{Parent: "districts/bps"})
	recordtest.Must(t, err)
	if rows := statusesOf(t, again); len(rows) != 2 || again.parts[0].Cursor == r.parts[0].Cursor {
		t.Errorf("%d rows after %s", len(rows), again.parts[0].Cursor)
	}
}

// A reader who goes away stops the query; one who is slow holds nobody up but those who want more exports than there may be.
func TestExportToSlowReaders(t *testing.T) {
	w, s := open(t)
	many(t, w, 3000)
	enough := errors.New("that is enough")
	r := &received[pb.ExportCredentialStatusesResponse]{ctx: t.Context(), sent: func(part *pb.ExportCredentialStatusesResponse) error {
		if len(part.Statuses) > 0 {
			return enough
		}
		return nil
	}}
	if err := s.ExportCredentialStatuses(&pb.ExportCredentialStatusesRequest{Parent: "districts/bps"}, r); !errors.Is(err, enough) {
		t.Fatalf("got %v", err)
	}
	ctx, leave := context.WithCancel(t.Context())
	r = &received[pb.ExportCredentialStatusesResponse]{ctx: ctx, sent: func(part *pb.ExportCredentialStatusesResponse) error {
		if len(part.Statuses) > 0 {
			leave()
		}
		return nil
	}}
	if err := s.ExportCredentialStatuses(&pb.ExportCredentialStatusesRequest{Parent: "districts/bps"}, r); err == nil {
		t.Errorf("nobody reads, and %d parts were sent", len(r.parts))
	}

	reading, goOn := make(chan struct{}), make(chan struct{})
	results := make(chan error, maxExportsOfOne)
	for range maxExportsOfOne {
		slow := &received[pb.ExportCredentialStatusesResponse]{ctx: t.Context(), sent: func(part *pb.ExportCredentialStatusesResponse) error {
			if part.Cursor != "" {
				reading <- struct{}{}
				<-goOn
			}
			return nil
		}}
		go func() {
			results <- s.ExportCredentialStatuses(&pb.ExportCredentialStatusesRequest{Parent: "districts/bps"}, slow)
		}()
	}
	for range maxExportsOfOne {
		<-reading
	}
	if answer := must[*pb.LookupCredentialStatusResponse](t)(do(t, hr("bps"), s.LookupCredentialStatus, ask("bps", "M7"))); len(answer.Statuses) != 1 {
		t.Errorf("a look-up beside: %v", answer)
	}
	short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := s.ExportCredentialStatuses(&pb.ExportCredentialStatusesRequest{Parent: "districts/bps"}, &received[pb.ExportCredentialStatusesResponse]{ctx: short}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("one more: %v", err)
	}
	if _, err := export(t, s, &pb.ExportCredentialStatusesRequest{Parent: "districts/ncs"}); err != nil {
		t.Errorf("another district meanwhile: %v", err)
	}
	digestOf(t, s, "")
	close(goOn)
	for range maxExportsOfOne {
		recordtest.Must(t, <-results)
	}
	whole, err := export(t, s, &pb.ExportCredentialStatusesRequest{Parent: "districts/bps"})
	recordtest.Must(t, err)
	if rows := statusesOf(t, whole); len(rows) != 3000 || !slices.IsSortedFunc(rows, compareRows) {
		t.Errorf("%d rows", len(rows))
	}
}

// Each part's people are on record before it leaves.
func TestExportIsOnRecord(t *testing.T) {
	w, s := open(t)
	educator, _ := w.Graduate("B1")
	issue(t, s, educator)
	call := &api.Call{}
	r := &received[pb.ExportEdFiCredentialsResponse]{ctx: api.WithCall(t.Context(), call)}
	var seen []uuid.UUID
	r.sent = func(*pb.ExportEdFiCredentialsResponse) error {
		seen = append(seen, call.TakeSeen()...)
		return nil
	}
	recordtest.Must(t, s.ExportEdFiCredentials(&pb.ExportEdFiCredentialsRequest{Parent: "districts/bps"}, r))
	if !slices.Equal(seen, []uuid.UUID{educator}) || len(call.TakeSeen()) != 0 {
		t.Errorf("seen %v", seen)
	}
}

func TestExportEdFi(t *testing.T) {
	w, s := open(t)
	educator, _ := w.Graduate("B1")
	w.Travel(time.Date(2026, 11, 21, 4, 0, 0, 0, time.UTC)) // the 20th in Boston
	c := issue(t, s, educator)
	w.Travel(time.Date(2026, 11, 24, 15, 0, 0, 0, time.UTC))
	must[*pb.RevokeCredentialResponse](t)(do(t, recordtest.Staff(), s.RevokeCredential, &pb.RevokeCredentialRequest{Name: c.Name, ReasonCode: "WRONG", Authority: "Director"}))
	r := &received[pb.ExportEdFiCredentialsResponse]{ctx: t.Context()}
	recordtest.Must(t, s.ExportEdFiCredentials(&pb.ExportEdFiCredentialsRequest{Parent: "districts/bps"}, r))
	namespace, err := edFiNamespace(s.store.issuer.BaseURL)
	recordtest.Must(t, err)
	want := &pb.ExportEdFiCredentialsResponse{Credentials: []*pb.EdFiCredential{{
		CredentialIdentifier: api.LastWord(c.Name), StateOfIssueStateAbbreviationDescriptor: "uri://ed-fi.org/StateAbbreviationDescriptor#MA",
		CredentialTypeDescriptor: "uri://ed-fi.org/CredentialTypeDescriptor#Certification", Namespace: namespace, IssuanceDate: "2026-11-20", EffectiveDate: "2026-11-20",
		CertificationTitle: "Using Data Course Certificate", CredentialStatusDescriptor: "uri://ed-fi.org/CredentialStatusDescriptor#Revoked", CredentialStatusDate: "2026-11-24",
		StaffUniqueId: new("B1"),
	}}}
	if len(r.parts) != 2 || len(r.parts[0].Credentials) != 0 || !proto.Equal(r.parts[1], want) || len(r.header.Get("btlc-cursor")) != 1 {
		t.Errorf("got %v, header %v, want %v", r.parts, r.header, want)
	}
}

func TestEdFiDates(t *testing.T) {
	boston := must[*time.Location](t)(time.LoadLocation("America/New_York"))
	at := func(text string) time.Time { return must[time.Time](t)(time.Parse(time.RFC3339, text)) }
	got := edFiDatesOf(at("2026-05-31T03:30:00Z"), at("2026-06-01T12:00:00Z"), at("2031-05-31T04:00:00Z"), boston)
	if want := (edFiDates{issuance: "2026-05-30", status: "2026-06-01", expiration: "2031-05-30"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := edFiDatesOf(at("2026-05-30T12:00:00Z"), at("2026-05-30T12:00:00Z"), time.Time{}, boston); got.expiration != "" {
		t.Errorf("of one without end: %+v", got)
	}
	for base, want := range map[string]string{"https://btlc.example.org": "uri://btlc.example.org", "http://127.0.0.1:8080/btlc": "uri://127.0.0.1", "btlc": "", "https://a b": ""} {
		if got, err := edFiNamespace(base); got != want || (err == nil) != (want != "") {
			t.Errorf("%s: got %q, %v", base, got, err)
		}
	}
	for _, status := range []string{"ACTIVE", "SUSPENDED", "REVOKED", "SUPERSEDED", "EXPIRED"} {
		if edFiStatus[status] == "" {
			t.Errorf("%s has no word", status)
		}
	}
}

// What is in memory while an export is read does not grow with it: all rows take no more than the last tenth of them, where
// they would take ten megabytes more if anything kept them.
func TestExportTakesNoMoreMemoryForMore(t *testing.T) {
	const rows, more = 20_000, 2 << 20
	w, s := open(t)
	many(t, w, rows)
	var late uuid.UUID
	recordtest.Must(t, w.SQL().QueryRowContext(t.Context(), `SELECT educator_id FROM credentials ORDER BY educator_id OFFSET $1 LIMIT 1`, rows-rows/10).Scan(&late))
	begun, err := export(t, s, &pb.ExportCredentialStatusesRequest{Parent: "districts/bps"})
	recordtest.Must(t, err)
	cursor := begun.parts[0].Cursor
	few := mostInMemory(t, s, &pb.ExportCredentialStatusesRequest{Parent: "districts/bps", Cursor: cursor, FromEducator: api.Name("btlc/Educator", late)}, rows/10)
	all := mostInMemory(t, s, &pb.ExportCredentialStatusesRequest{Parent: "districts/bps"}, rows)
	if all > few+more {
		t.Errorf("%d bytes in memory while %d rows are exported, %d for a tenth of them", all, rows, few)
	}
}

// mostInMemory is the most that was live on the heap while so many rows were exported, in bytes.
func mostInMemory(t *testing.T, s *Service, req *pb.ExportCredentialStatusesRequest, rows int) uint64 {
	t.Helper()
	live, parts, count, most := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}, 0, 0, uint64(0)
	r := &received[pb.ExportCredentialStatusesResponse]{ctx: t.Context()}
	r.sent = func(part *pb.ExportCredentialStatusesResponse) error {
		parts, count, r.parts = parts+1, count+len(part.Statuses), nil // as a wire would have sent it away
		if parts%2 == 0 {
			runtime.GC()
			metrics.Read(live)
			most = max(most, live[0].Value.Uint64())
		}
		return nil
	}
	recordtest.Must(t, s.ExportCredentialStatuses(req, r))
	if count != rows || most == 0 {
		t.Fatalf("%d rows of %d, %d bytes", count, rows, most)
	}
	return most
}

// TestPanicWhileRowsAreRead is an error of that export: it does not end the process.
func TestPanicWhileRowsAreRead(t *testing.T) {
	rows := func(yield func(holding, error) bool) {
		for range partSize {
			if !yield(holding{}, nil) {
				return
			}
		}
		panic("no such row")
	}
	sent := 0
	count, err := parts(t.Context(), rows, statusProtos, func(part []*pb.ExportedCredentialStatus) error {
		sent += len(part)
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), "no such row") || !strings.Contains(err.Error(), "exports_test.go") || sent != partSize || count != partSize {
		t.Errorf("%d sent, %d counted, %v", sent, count, err)
	}
}
