package server

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	changepb "github.com/btlc/btlc/gen/go/btlc/change/v1"
	credentialpb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
)

const (
	exportMethod = "/btlc.credential.v1.CredentialService/ExportCredentialStatuses"
	watchMethod  = "/btlc.change.v1.ChangeService/WatchChanges"
)

// breaking streams, and does by the district that is asked for what a handler must not do.
type breaking struct {
	credentialpb.UnimplementedCredentialServiceServer
	left, more chan struct{}
}

func (b breaking) ExportCredentialStatuses(req *credentialpb.ExportCredentialStatusesRequest, out grpc.ServerStreamingServer[credentialpb.ExportCredentialStatusesResponse]) error {
	part := func(employeeIDs ...string) *credentialpb.ExportCredentialStatusesResponse {
		p := &credentialpb.ExportCredentialStatusesResponse{Cursor: "c1"}
		for _, id := range employeeIDs {
			p.Statuses = append(p.Statuses, &credentialpb.ExportedCredentialStatus{EmployeeId: id, Version: 1})
		}
		return p
	}
	if err := grpc.SetHeader(out.Context(), metadata.Pairs(cursorHeader, "c1")); err != nil {
		return err
	}
	switch strings.TrimPrefix(req.GetParent(), "districts/") {
	case "at-once":
		return errors.New("pq: secret text of the driver")
	case "panic":
		panic("secret text of a panic")
	case "midway":
		if err := out.Send(part("E1")); err != nil {
			return err
		}
		return errors.New("pq: secret text of the driver")
	case "flood":
		defer func() { b.left <- struct{}{} }()
		noise := make([]byte, 1<<20) // so that nothing is gained by compressing it
		if _, err := rand.Read(noise); err != nil {
			return err
		}
		for {
			if err := out.Send(part(hex.EncodeToString(noise))); err != nil {
				return err
			}
		}
	case "paced":
		for {
			if err := out.Send(part("E1")); err != nil {
				return err
			}
			select {
			case <-b.more:
			case <-out.Context().Done():
				return out.Context().Err()
			}
		}
	case "endless":
		defer func() { b.left <- struct{}{} }()
		if err := out.Send(part("E1")); err != nil {
			return err
		}
		<-out.Context().Done()
		return out.Context().Err()
	}
	return errors.Join(out.Send(part("E1", "=E2")), out.Send(part()), out.Send(part("E3")))
}

type watching struct {
	changepb.UnimplementedChangeServiceServer
}

func (watching) WatchChanges(req *changepb.WatchChangesRequest, out grpc.ServerStreamingServer[changepb.WatchChangesResponse]) error {
	return errors.Join(
		out.Send(&changepb.WatchChangesResponse{Cursor: "after " + req.GetCursor()}),
		out.Send(&changepb.WatchChangesResponse{Cursor: "c2", Change: &changepb.Change{Resource: "credentials/1"}}),
	)
}

// streamWorld serves breaking and watching on the wire, in the process and on REST.
type streamWorld struct {
	left, more    chan struct{}
	chain         *chain
	stop          context.CancelFunc
	wire, channel credentialpb.CredentialServiceClient
	rest          string
}

func newStreamWorld(t *testing.T) *streamWorld { return newPatientWorld(t, streamPatience) }

func newPatientWorld(t *testing.T, patience time.Duration) *streamWorld {
	t.Helper()
	stopping, stop := context.WithCancel(t.Context())
	way := &chain{
		rules: access.Rules{exportMethod: {Public: true}, watchMethod: {Public: true}}, authenticator: access.New(nil, nil).Authenticator,
		limits: newLimits(0), now: time.Now, log: slog.New(slog.DiscardHandler), stopping: stopping, patience: patience,
	}
	w := &streamWorld{left: make(chan struct{}, 2), more: make(chan struct{}), chain: way, stop: stop}
	server := grpc.NewServer(grpc.StreamInterceptor(way.stream), grpc.ForceServerCodecV2(newTolerant()))
	channel := newChannel(way.unary, way.stream, nil)
	credentialpb.RegisterCredentialServiceServer(everywhere{server, channel}, breaking{left: w.left, more: w.more})
	changepb.RegisterChangeServiceServer(everywhere{server, channel}, watching{})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	gateway, err := newGateway(t.Context(), channel, patience)
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{log: slog.New(slog.DiscardHandler)}
	rest := httptest.NewServer(s.recovered(compressed(revalidated(bounded(gateway)))))
	t.Cleanup(func() {
		stop()
		_ = conn.Close()
		rest.Close()
		server.Stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	w.wire, w.channel, w.rest = credentialpb.NewCredentialServiceClient(conn), credentialpb.NewCredentialServiceClient(channel), rest.URL
	return w
}

func (w *streamWorld) clients() map[string]credentialpb.CredentialServiceClient {
	return map[string]credentialpb.CredentialServiceClient{"wire": w.wire, "channel": w.channel}
}

func (w *streamWorld) get(t *testing.T, path string, headers ...string) (*http.Response, []byte, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.rest+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return res, body, err
}

// TestStreams runs the same cases on the wire and on the channel: a stream that ends well, refusals, errors before and
// after the first part, a panic, a caller who goes away, and a server that stops.
func TestStreams(t *testing.T) {
	w := newStreamWorld(t)
	for transport, client := range w.clients() {
		for _, c := range []struct {
			district string
			parts    int
			want     api.Reason
		}{{"good", 3, ""}, {"", 0, api.InvalidRequest}, {"at-once", 0, api.Internal}, {"panic", 0, api.Internal}, {"midway", 1, api.Internal}} {
			s, err := client.ExportCredentialStatuses(t.Context(), &credentialpb.ExportCredentialStatusesRequest{Parent: "districts/" + c.district})
			if err != nil {
				t.Fatal(err)
			}
			parts := 0
			for {
				if _, err = s.Recv(); err != nil {
					break
				}
				parts++
			}
			if errors.Is(err, io.EOF) {
				err = nil
			}
			check(t, transport+" "+c.district, err, c.want)
			if parts != c.parts {
				t.Errorf("%s %s: %d parts, wanted %d", transport, c.district, parts, c.parts)
			}
			if header, err := s.Header(); err != nil || len(header.Get(requestIDHeader)) != 1 || c.want == "" && len(header.Get(cursorHeader)) != 1 {
				t.Errorf("%s %s: the headers are %v, %v", transport, c.district, header, err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		w.endless(ctx, t, client)
		cancel()
		<-w.left
	}
}

// TestStreamsEndWhenTheServerStops tells those who read to go on elsewhere.
func TestStreamsEndWhenTheServerStops(t *testing.T) {
	w := newStreamWorld(t)
	wire, channel := w.endless(t.Context(), t, w.wire), w.endless(t.Context(), t, w.channel)
	w.stop()
	for _, s := range []grpc.ServerStreamingClient[credentialpb.ExportCredentialStatusesResponse]{wire, channel} {
		_, err := s.Recv()
		check(t, "a stream of a server that stops", err, api.Unavailable)
		<-w.left
	}
}

// TestExportsAreAskedAgain has the right to an export end between two parts: it is asked for at most once a second, and the
// export ends as a new one would.
func TestExportsAreAskedAgain(t *testing.T) {
	w := newStreamWorld(t)
	now := time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)
	w.chain.now = func() time.Time { return now }
	open, closed := w.chain.rules[exportMethod], &accesspb.Rule{Authenticated: true}
	for transport, client := range w.clients() {
		s, err := client.ExportCredentialStatuses(t.Context(), &credentialpb.ExportCredentialStatusesRequest{Parent: "districts/paced"})
		if err == nil {
			_, err = s.Recv()
		}
		if err != nil {
			t.Fatal(err)
		}
		// The handler waits whenever the rule or the clock changes.
		goesOn := func(after time.Duration, rule *accesspb.Rule) error {
			now, w.chain.rules[exportMethod] = now.Add(after), rule
			w.more <- struct{}{}
			_, err := s.Recv()
			return err
		}
		check(t, transport+": within a second", goesOn(askAgain-1, closed), "")
		check(t, transport+": a second later", goesOn(1, open), "")
		check(t, transport+": on a clock that was set back", goesOn(-time.Hour, open), "")
		check(t, transport+": another second later", goesOn(askAgain, closed), api.Unauthenticated)
		if t.Failed() {
			return // the handler waits on, and would take what is for the next one
		}
		w.chain.rules[exportMethod] = open
	}
}

// TestPlacesOfStreamsAreGivenBack however a stream ends, and a caller who has all of them is refused another.
func TestPlacesOfStreamsAreGivenBack(t *testing.T) {
	w := newStreamWorld(t)
	for transport, client := range w.clients() {
		read := func(ctx context.Context, district string) error {
			s, err := client.ExportCredentialStatuses(ctx, &credentialpb.ExportCredentialStatusesRequest{Parent: "districts/" + district})
			for err == nil {
				_, err = s.Recv()
			}
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		for range maxStreams + 1 {
			for district, want := range map[string]api.Reason{"good": "", "": api.InvalidRequest, "at-once": api.Internal, "midway": api.Internal, "panic": api.Internal} {
				check(t, transport+" "+district, read(t.Context(), district), want)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		for range maxStreams {
			w.endless(ctx, t, client)
		}
		check(t, transport+" one too many", read(ctx, "good"), api.StreamLimit)
		cancel()
		for range maxStreams {
			<-w.left
		}
		for until := time.Now().Add(time.Minute); read(t.Context(), "good") != nil; { // a handler has left before its place is free
			if time.Now().After(until) {
				t.Fatalf("%s: no place is free", transport)
			}
		}
	}
	// The caller of the last has heard its end before the place is free, when it was cancelled.
	for until := time.Now().Add(time.Minute); ; {
		w.chain.limits.mu.Lock()
		open := len(w.chain.limits.streams)
		w.chain.limits.mu.Unlock()
		if open == 0 {
			return
		} else if time.Now().After(until) {
			t.Fatalf("%d callers have open streams", open)
		}
	}
}

// TestOpenStreamsAreCounted opens and closes streams of two callers from many goroutines: never are there too many, never is
// there room that nobody gets, and at the end nothing is kept.
func TestOpenStreamsAreCounted(t *testing.T) {
	l := newLimits(0)
	var all sync.WaitGroup
	counts := map[string]*atomic.Int32{"one": {}, "another": {}}
	for name, count := range counts {
		for range 2 * maxStreams {
			all.Go(func() {
				for range 200 {
					closed, err := l.open(name)
					if err != nil {
						continue
					}
					if n := count.Add(1); n > maxStreams {
						t.Errorf("%d streams of %s", n, name)
						return
					}
					runtime.Gosched()
					count.Add(-1)
					closed()
				}
			})
		}
	}
	all.Wait()
	if len(l.streams) != 0 {
		t.Errorf("%v are left", l.streams)
	}
	for i := range maxStreams {
		if _, err := l.open("one"); err != nil {
			t.Fatalf("after %d: %v", i, err)
		}
	}
	if _, err := l.open("one"); err == nil {
		t.Error("one too many was opened")
	}
}

// endless begins an endless stream and reads its first part.
func (w *streamWorld) endless(ctx context.Context, t *testing.T, client credentialpb.CredentialServiceClient) grpc.ServerStreamingClient[credentialpb.ExportCredentialStatusesResponse] {
	t.Helper()
	s, err := client.ExportCredentialStatuses(ctx, &credentialpb.ExportCredentialStatusesRequest{Parent: "districts/endless"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Recv(); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestStreamsOnREST asks for every form: rows as NDJSON, CSV and protobuf, and Server-Sent Events.
func TestStreamsOnREST(t *testing.T) {
	w := newStreamWorld(t)
	const export = "/v1/districts/good/credentialStatuses:export"
	res, body, err := w.get(t, export, "Accept-Encoding", "identity")
	if lines := strings.Split(strings.TrimSpace(string(body)), "\n"); err != nil || len(lines) != 3 || !strings.Contains(lines[1], `"employeeId":"=E2"`) || res.Header.Get("Content-Type") != mediaNDJSON || res.Header.Get("Btlc-Cursor") != "c1" {
		t.Errorf("NDJSON: %v %v %s", err, res.Header, body)
	}
	_, body, err = w.get(t, export, "Accept", "text/csv")
	rows, e := csv.NewReader(strings.NewReader(string(body))).ReadAll()
	if err != nil || e != nil || len(rows) != 4 || rows[0][2] != "employeeId" || rows[2][2] != "'=E2" || rows[3][2] != "E3" {
		t.Errorf("CSV: %v %v %s", err, e, body)
	}
	_, body, err = w.get(t, export, "Accept", "application/x-protobuf")
	var ids []string
	for len(body) > 0 {
		size, n := binary.Uvarint(body)
		var row credentialpb.ExportedCredentialStatus
		if e := proto.Unmarshal(body[n:n+int(size)], &row); e != nil {
			t.Fatal(e)
		}
		ids, body = append(ids, row.GetEmployeeId()), body[n+int(size):]
	}
	if err != nil || strings.Join(ids, " ") != "E1 =E2 E3" {
		t.Errorf("protobuf: %v %v", err, ids)
	}
	res, body, err = w.get(t, "/v1/districts/bps/changes:watch?cursor=old", "Last-Event-ID", "c1")
	if want := "id: after c1\n: no change\n\nid: c2\nevent: change\ndata: {"; err != nil || !strings.HasPrefix(string(body), want) || res.Header.Get("Content-Type") != mediaEvents {
		t.Errorf("events: %v %v %s", err, res.Header, body)
	}
	for path, want := range map[string]api.Reason{export + "?no=1": api.InvalidRequest, "/v1/districts/at-once/credentialStatuses:export": api.Internal, "/v1/districts/panic/credentialStatuses:export": api.Internal} {
		res, body, err := w.get(t, path)
		if err != nil || res.StatusCode != want.HTTPStatus() || !strings.Contains(string(body), string(want)) || res.Header.Get("Content-Type") != "application/problem+json" || strings.Contains(string(body), "secret") {
			t.Errorf("%s: %v %d %s", path, err, res.StatusCode, body)
		}
	}
	if res, _, _ := w.get(t, export, "Accept", "image/png"); res.StatusCode != http.StatusNotAcceptable {
		t.Errorf("an image was given, with %d", res.StatusCode)
	}
	oldest, err := net.Dial("tcp", strings.TrimPrefix(w.rest, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(oldest, "GET /v1/districts/midway/credentialStatuses:export HTTP/1.0\r\n\r\n")
	if body, err := io.ReadAll(oldest); err != nil || !strings.Contains(string(body), string(api.HTTPVersionTooOld)) {
		t.Errorf("over HTTP/1.0: %v %s", err, body)
	}
	for _, encoding := range []string{"gzip", "identity"} {
		if _, body, err := w.get(t, "/v1/districts/midway/credentialStatuses:export", "Accept-Encoding", encoding); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: a stream that broke off ended with %v after %q", encoding, err, body)
		}
	}
}

// TestRowsOfStreams says that rows hold nothing that CSV has no cell for.
func TestRowsOfStreams(t *testing.T) {
	for _, service := range services() {
		for i := range service.Methods().Len() {
			m := service.Methods().Get(i)
			if rows := rowsField(m.Output()); m.IsStreamingServer() && rows != nil {
				for j := range rows.Message().Fields().Len() {
					fd := rows.Message().Fields().Get(j)
					isTime := fd.Message() != nil && fd.Message().FullName() == "google.protobuf.Timestamp"
					if fd.IsList() || fd.IsMap() || !isTime && fd.Kind() != protoreflect.StringKind && fd.Kind() != protoreflect.Int32Kind && fd.Kind() != protoreflect.EnumKind {
						t.Errorf("%s has no form in CSV", fd.FullName())
					}
				}
				if err := columnsOf(rows.Message()).Check(); err != nil {
					t.Error(err)
				}
			}
		}
	}
}
