package server_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	changepb "github.com/btlc/btlc/gen/go/btlc/change/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/server"
)

// watch is one who watches a feed. next gives the resource of the next change, or nothing for a sign of life.
type watch struct {
	next func() (resource string, err error)
	stop func()
}

// watches begins to watch, over a transport, and waits for the first answer. A refusal is one of the API's errors.
func (w *world) watches(ctx context.Context, transport, key, parent, cursor string) (*watch, error) {
	ctx, stop := context.WithCancel(ctx)
	begin := w.watchesOverGRPC
	if transport == "rest" {
		begin = w.watchesOverREST
	}
	next, err := begin(ctx, key, parent, cursor)
	if err != nil {
		stop()
		return nil, err
	}
	return &watch{next, stop}, nil
}

func (w *world) watchesOverGRPC(ctx context.Context, key, parent, cursor string) (next func() (string, error), err error) {
	ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+key)
	stream, err := changepb.NewChangeServiceClient(w.grpc.conn).WatchChanges(ctx, &changepb.WatchChangesRequest{Parent: parent, Cursor: cursor})
	if err != nil {
		return nil, err
	}
	next = func() (string, error) {
		answer, err := stream.Recv()
		if err != nil {
			return "", api.FromStatus(status.Convert(err))
		}
		return answer.GetChange().GetResource(), nil
	}
	_, err = next()
	return next, err
}

func (w *world) watchesOverREST(ctx context.Context, key, parent, cursor string) (next func() (string, error), err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.rest.base+"/v1/"+parent+"/changes:watch?cursor="+cursor, http.NoBody)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/x-ndjson")
	req.Header.Set("Authorization", "Bearer "+key)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { _ = res.Body.Close() })
	if res.StatusCode != http.StatusOK {
		var problem struct{ Reason api.Reason }
		if err := json.NewDecoder(res.Body).Decode(&problem); err != nil {
			return nil, err
		}
		if problem.Reason.HTTPStatus() != res.StatusCode {
			return nil, fmt.Errorf("%s came with %d", problem.Reason, res.StatusCode)
		}
		return nil, &api.Error{Reason: problem.Reason}
	}
	lines := bufio.NewReader(res.Body)
	next = func() (string, error) {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return "", err
		}
		var answer struct{ Change struct{ Resource string } }
		err = json.Unmarshal(line, &answer)
		return answer.Change.Resource, err
	}
	_, err = next()
	return next, err
}

func reasonOf(err error) api.Reason {
	if known, ok := errors.AsType[*api.Error](err); ok {
		return known.Reason
	}
	return ""
}

// checkEnd holds the end of a watch against what a new call is told. REST has no way to tell it on an answer that has begun:
// it breaks off.
func checkEnd(t testing.TB, transport string, err error, want api.Reason) {
	t.Helper()
	if transport == "grpc" && reasonOf(err) != want || transport == "rest" && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("it ended with %v, a new call with %s", err, want)
	}
}

// client makes a client that has a role in the world's district, and gives its key.
func (w *world) client(t testing.TB) (client, key, secret, binding string) {
	t.Helper()
	client = text(w.do(t, "admin", "CreateApiClient", map[string]any{"apiClient": map[string]any{"displayName": "HR"}}), "apiClient.name")
	made := w.do(t, "admin", "CreateApiKey", map[string]any{"parent": client})
	bound := w.do(t, "admin", "CreateRoleBinding", map[string]any{"roleBinding": map[string]any{"apiClient": client, "role": "ROLE_DISTRICT_HR", "scope": w.variables["district"]}})
	return client, text(made, "apiKey.name"), text(made, "secret"), text(bound, "roleBinding.name")
}

// employ makes a change on the feed of the world's district.
func (w *world) employ(t testing.TB) {
	t.Helper()
	w.do(t, "staff", "CreateEmployment", map[string]any{"parent": w.variables["colleague"], "employment": map[string]any{"district": w.variables["district"], "startDate": day(2026, 11, 1)}})
}

// TestAStreamEndsWithTheRightToIt takes away the right to watch while somebody watches. The watch ends before the next change
// or sign of life, as a new call would; that of another caller goes on.
func TestAStreamEndsWithTheRightToIt(t *testing.T) {
	for what, alive := range map[string]time.Duration{"a change": 0, "a sign of life": 20 * time.Millisecond} {
		w := newWorld(t, func(o *server.Options) { o.Webhooks.Alive = alive })
		for _, c := range []struct {
			how  string
			take func(client, key, binding string)
			want api.Reason
		}{
			{"the key is revoked", func(_, key, _ string) { w.do(t, "admin", "RevokeApiKey", map[string]any{"name": key}) }, api.Unauthenticated},
			{"the client is disabled", func(client, _, _ string) { w.do(t, "admin", "DisableApiClient", map[string]any{"name": client}) }, api.Unauthenticated},
			{"the role is taken away", func(_, _, binding string) {
				w.do(t, "admin", "DeleteRoleBinding", map[string]any{"name": binding})
			}, api.PermissionDenied},
			{"the role moves to another district", func(client, _, binding string) {
				w.do(t, "admin", "DeleteRoleBinding", map[string]any{"name": binding})
				w.do(t, "admin", "CreateRoleBinding", map[string]any{"roleBinding": map[string]any{"apiClient": client, "role": "ROLE_DISTRICT_HR", "scope": w.variables["otherDistrict"]}})
			}, api.NotFound},
		} {
			for _, transport := range []string{"grpc", "rest"} {
				t.Run(what+", "+c.how+" over "+transport, func(t *testing.T) {
					client, key, secret, binding := w.client(t)
					end := text(w.do(t, "staff", "ListChanges", map[string]any{"parent": w.variables["district"], "pageSize": 1000}), "nextCursor")
					s, err := w.watches(t.Context(), transport, secret, w.variables["district"], end)
					must(t, err)
					defer s.stop()
					other, err := w.watches(t.Context(), transport, w.keys["districtHr"], w.variables["district"], end)
					must(t, err)
					defer other.stop()
					reads := func(s *watch) {
						t.Helper()
						for resource := ""; resource == ""; {
							resource, err = s.next()
							must(t, err)
						}
					}
					w.clock.Add(int64(time.Second))
					w.employ(t)
					reads(s)
					reads(other)

					c.take(client, key, binding)
					w.clock.Add(int64(time.Second))
					if alive == 0 {
						w.employ(t)
						reads(other)
					}
					err = nil
					for rest := 1000; err == nil; rest-- { // what was on its way before may still come
						var resource string
						if resource, err = s.next(); resource != "" || rest == 0 {
							t.Fatalf("it goes on, with %q", resource)
						}
					}
					checkEnd(t, transport, err, c.want)
					if _, err := w.watches(t.Context(), transport, secret, w.variables["district"], end); reasonOf(err) != c.want {
						t.Errorf("a new one ends with %v, want %s", err, c.want)
					}
				})
			}
		}
	}
}

// TestAStreamEndsWithItsToken has a person watch with a token that runs out.
func TestAStreamEndsWithItsToken(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	ways := http.NewServeMux()
	provider := httptest.NewServer(ways)
	defer provider.Close()
	gives := func(path string, answer any) {
		ways.HandleFunc(path, func(out http.ResponseWriter, _ *http.Request) { _, _ = out.Write(marshal(t, answer)) })
	}
	gives("/.well-known/openid-configuration", map[string]any{"issuer": provider.URL, "jwks_uri": provider.URL + "/keys"})
	gives("/keys", map[string]any{"keys": []any{jose.JSONWebKey{Key: &key.PublicKey, KeyID: keyID, Use: "sig"}}})
	w := newWorld(t, func(o *server.Options) {
		o.Issuers, o.Webhooks.Alive = []access.Issuer{{URL: provider.URL, Audience: audience}}, 20*time.Millisecond
	})
	w.do(t, "admin", "CreateRoleBinding", map[string]any{"roleBinding": map[string]any{
		"oidcSubject": map[string]any{"issuer": provider.URL, "subject": "somebody"}, "role": "ROLE_DISTRICT_HR", "scope": w.variables["district"],
	}})
	for _, transport := range []string{"grpc", "rest"} {
		var s *watch
		var ends time.Time
		for life := 2 * time.Second; s == nil; life *= 2 { // until it lives long enough to begin with
			ends = time.Now().Add(life).Truncate(time.Second)
			token := tokenBy(t, "RS256", claims{"iss": provider.URL, "sub": "somebody", "aud": audience, "exp": ends.Unix()}, signedBy(t, key))
			if s, err = w.watches(t.Context(), transport, token, w.variables["district"], ""); err != nil && reasonOf(err) != api.Unauthenticated {
				t.Fatal(err)
			}
		}
		defer s.stop()
		for err = nil; err == nil; {
			if time.Since(ends) > time.Minute {
				t.Fatalf("%s: it goes on, a minute after its token ran out", transport)
			}
			w.clock.Add(int64(time.Second))
			_, err = s.next()
		}
		if time.Now().Before(ends) {
			t.Errorf("%s: it ended %s before its token", transport, time.Until(ends))
		}
		checkEnd(t, transport, err, api.Unauthenticated)
	}
}

// TestStreamsOfOneCaller has one key open three times as many streams at once as it may, over both transports: just as many as
// it may are opened, nobody else is refused anything, and what is ended makes room again.
func TestStreamsOfOneCaller(t *testing.T) {
	const most = 20
	w := newWorld(t)
	var mu sync.Mutex
	var opened []*watch
	var refused atomic.Int32
	var all sync.WaitGroup
	for i := range 3 * most {
		all.Go(func() {
			s, err := w.watches(t.Context(), []string{"grpc", "rest"}[i%2], w.keys["districtHr"], w.variables["district"], "")
			switch {
			case err == nil:
				mu.Lock()
				defer mu.Unlock()
				opened = append(opened, s)
			case reasonOf(err) == api.StreamLimit:
				refused.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if len(opened) != most || refused.Load() != 2*most {
		t.Errorf("%d were opened and %d refused", len(opened), refused.Load())
	}
	w.do(t, "districtHr", "ListChanges", map[string]any{"parent": w.variables["district"]})
	for _, transport := range []string{"grpc", "rest"} {
		other, err := w.watches(t.Context(), transport, w.keys["otherDistrictHr"], w.variables["otherDistrict"], "")
		must(t, err)
		other.stop()
	}
	for _, s := range opened {
		s.stop()
	}
	for i, until := 0, time.Now().Add(time.Minute); i < most; { // a server notices by and by that they are gone
		s, err := w.watches(t.Context(), []string{"grpc", "rest"}[i%2], w.keys["districtHr"], w.variables["district"], "")
		if err == nil {
			defer s.stop()
			i++
		} else if reasonOf(err) != api.StreamLimit || time.Now().After(until) {
			t.Fatalf("after %d: %v", i, err)
		}
	}
}
