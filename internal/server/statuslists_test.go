package server_test

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/openbadge"
	"github.com/btlc/btlc/internal/server"
	"github.com/btlc/btlc/internal/statuslist"
)

// observer looks at one credential through a server of its own.
type observer struct {
	*world
	rest       restCaller
	issuer     openbadge.Resolver
	credential string
	entries    map[statuslist.Purpose]statuslist.Entry
	revoked    string // the address of the revocation list of 1EdTech, "" when the document names none
}

// observe starts another server over the world's database, with connections of its own.
func (w *world) observe(t testing.TB, options server.Options, credential string) observer {
	t.Helper()
	var err error
	options.Pool, err = database.Open(t.Context(), w.url, database.PoolOptions{MaxConns: 4, ServerRole: true})
	must(t, err)
	t.Cleanup(func() { _ = options.Pool.Close() })
	other, err := server.New(options)
	must(t, err)
	t.Cleanup(other.DB().Close)
	rest := httptest.NewServer(other.Handler())
	t.Cleanup(rest.Close)
	o := observer{world: w, rest: restCaller{rest.URL}, credential: credential, entries: map[statuslist.Purpose]statuslist.Entry{},
		issuer: openbadge.ResolveAmong(options.Issuer.DID, options.Issuer.Keys.Public())}
	statuses, err := statuslist.Of([]byte(o.document(t)))
	must(t, err)
	for _, entry := range statuses.Bitstring {
		o.entries[entry.Purpose] = entry
	}
	for _, list := range statuses.RevocationLists {
		o.revoked = list
	}
	return o
}

// visited is what is at an address.
type visited struct {
	status int
	header http.Header
	body   string
}

// visit gets what is at an address, as somebody without a key.
func visit(t testing.TB, address string, headers map[string]string) visited {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	must(t, err)
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	must(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	must(t, err)
	return visited{res.StatusCode, res.Header, string(body)}
}

// document is the signed document, by its address.
func (o observer) document(t testing.TB) string {
	t.Helper()
	return visit(t, o.rest.base+"/"+o.credential, nil).body
}

// status is what every place where the credential's status is told says of it.
func (o observer) status(t testing.TB) map[string]string {
	t.Helper()
	says := map[string]string{}
	_, title, _ := strings.Cut(visit(t, o.rest.base+"/"+o.credential, map[string]string{"Accept": "text/html"}).body, "<title>")
	says["page"], _, _ = strings.Cut(title, ":")
	for purpose, entry := range o.entries {
		list := o.list(t, purpose)
		result, err := list.Check(entry, o.now())
		must(t, err)
		says[string(purpose)] = map[bool]string{false: "no", true: "yes"}[result.Set()]
	}
	if o.revoked != "" {
		list := o.revocationList(t)
		says["list of 1EdTech"] = map[bool]string{false: "no", true: "yes"}[slices.Contains(list.Revoked, o.world.rest.base+"/"+o.credential)]
	}
	found := o.rest.call(t, methodNamed(t, "LookupCredentialStatus"), o.keys["districtHr"], marshal(t, map[string]any{"parent": o.variables["district"], "employeeId": "E1"}), nil)
	says["look-up"] = strings.TrimPrefix(text(found.answer, "statuses.0.status"), "CREDENTIAL_STATUS_")
	feed := o.rest.call(t, methodNamed(t, "ListChanges"), o.keys["districtHr"], marshal(t, map[string]any{"parent": o.variables["district"], "pageSize": 1000}), nil)
	changes, _ := at(feed.answer, "changes")
	list, _ := changes.([]any)
	for _, change := range list {
		if text(change, "resource") == o.credential {
			says["feed"] = text(change, "state.status")
		}
	}
	return says
}

// list is the list of a purpose, verified.
func (o observer) list(t testing.TB, purpose statuslist.Purpose) *statuslist.Published {
	t.Helper()
	address := o.rest.base + strings.TrimPrefix(o.entries[purpose].List, o.world.rest.base)
	report := openbadge.Verify(t.Context(), []byte(visit(t, address, nil).body), o.issuer, openbadge.Expectation{Now: o.now()})
	must(t, report.Err())
	published, err := statuslist.Parse(report.Document)
	must(t, err)
	return published
}

// revocationList is the revocation list of 1EdTech that the document names.
func (o observer) revocationList(t testing.TB) statuslist.RevocationList {
	t.Helper()
	list, err := statuslist.ParseRevocationList([]byte(visit(t, o.rest.base+strings.TrimPrefix(o.revoked, o.world.rest.base), nil).body))
	must(t, err)
	return list
}

func (o observer) sees(t testing.TB, when, status, word, revoked, suspended string) {
	t.Helper()
	want := map[string]string{"look-up": status, "feed": status, "page": word, "revocation": revoked, "suspension": suspended, "list of 1EdTech": revoked}
	if got := o.status(t); !maps.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", when, got, want)
	}
}

// TestAChangeOfStatusIsSeenAtOnce changes a status on one server and looks at it through another one: status look-up,
// lists of both kinds, the credential's page and change feed have it in the first request after the call has returned, whoever else is writing.
func TestAChangeOfStatusIsSeenAtOnce(t *testing.T) {
	var options server.Options
	w := newWorld(t, func(o *server.Options) {
		o.Issuer.SuspensionEntries, o.Issuer.RevocationList = true, true
		options = *o
	})
	w.settle(t)
	v := w.variables
	o := w.observe(t, options, v["credential"])
	o.sees(t, "at first", "ACTIVE", "Valid", "no", "no") // and what can be kept is kept from here on

	// A slow writer has changed another credential and stands in the middle of the other district's feed.
	slow, err := w.owner.BeginTx(t.Context(), nil)
	must(t, err)
	defer func() { _ = slow.Rollback() }() // it never comes to its end
	for _, statement := range []string{
		`UPDATE credentials SET status = 'REVOKED' WHERE id = '` + strings.TrimPrefix(v["otherCredential"], "credentials/") + `'`,
		`UPDATE feed_streams SET newest = newest + 1 WHERE stream = '` + v["otherDistrict"] + `'`,
	} {
		result, err := slow.ExecContext(t.Context(), statement)
		must(t, err)
		if n, err := result.RowsAffected(); err != nil || n != 1 {
			t.Fatalf("%s: %d rows, %v", statement, n, err)
		}
	}
	change := func(rpc string) reply {
		request := marshal(t, map[string]any{"name": v["credential"], "reasonCode": "BY_ORDER", "authority": "Director"})
		return w.grpc.call(t, methodNamed(t, rpc), w.keys["staff"], request, nil)
	}
	for _, c := range []struct{ rpc, status, word, revoked, suspended string }{{"SuspendCredential", "SUSPENDED", "Suspended", "no", "yes"}, {"ReinstateCredential", "ACTIVE", "Valid", "no", "no"}} {
		w.clock.Add(int64(time.Hour))
		if r := change(c.rpc); r.err != nil {
			t.Fatal(r.err)
		}
		o.sees(t, c.rpc, c.status, c.word, c.revoked, c.suspended)
	}

	// One that holds the list itself keeps the change from happening, and nobody from reading what is.
	_, err = slow.ExecContext(t.Context(), `SELECT FROM status_lists FOR UPDATE`)
	must(t, err)
	done := make(chan reply, 1)
	go func() { done <- change("RevokeCredential") }()
	w.awaitWaiting(t)
	o.sees(t, "while it waits", "ACTIVE", "Valid", "no", "no")
	must(t, slow.Rollback())
	if r := <-done; r.err != nil {
		t.Fatal(r.err)
	}
	o.sees(t, "when it was carried out", "REVOKED", "Revoked", "yes", "no")
}

// awaitWaiting returns when a statement waits for another transaction.
func (w *world) awaitWaiting(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for waiting := false; !waiting; {
		must(t, w.owner.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')`).Scan(&waiting))
	}
}

// TestStatusListPages are the habits of the lists' addresses.
func TestStatusListPages(t *testing.T) {
	var options server.Options
	w := newWorld(t, func(o *server.Options) { options = *o })
	w.settle(t)
	o := w.observe(t, options, w.variables["credential"])
	if len(o.entries) != 1 {
		t.Fatalf("the document's entries are %v", o.entries)
	}
	revocation := strings.TrimPrefix(o.entries[statuslist.Revocation].List, w.rest.base)
	suspension := strings.TrimSuffix(revocation, "revocation") + "suspension"
	types := map[string]string{} // by etag
	for _, path := range []string{revocation, suspension} {
		for accept, want := range map[string]string{
			"": "application/vc", "*/*": "application/vc", "application/json": "application/vc", "application/vc+jwt": "application/vc+jwt", "application/vc+jwt;q=0.5, application/vc": "application/vc",
		} {
			res := visit(t, w.rest.base+path, map[string]string{"Accept": accept})
			etag := res.header.Get("ETag")
			tag, weak := strings.CutPrefix(etag, "W/")
			if weak != (want == "application/vc+jwt") {
				t.Errorf("%s for %q: the etag %s", path, accept, etag)
			}
			if res.status != http.StatusOK || res.header.Get("Content-Type") != want || !slices.Contains(res.header.Values("Vary"), "Accept") ||
				res.header.Get("Cache-Control") != "no-cache" || res.header.Get("Access-Control-Allow-Origin") != "*" || !strings.HasPrefix(tag, `"v1-z`) {
				t.Errorf("%s for %q: %d with %v", path, accept, res.status, res.header)
			}
			if types[etag] != "" && types[etag] != want {
				t.Errorf("%s is the etag of %s and of %s", etag, want, types[etag])
			}
			types[etag] = want
			if again := visit(t, o.rest.base+path, map[string]string{"Accept": accept, "If-None-Match": etag}); again.status != http.StatusNotModified {
				t.Errorf("%s for %q: what has not changed is answered with %d by another server", path, accept, again.status)
			}
		}
	}
	w.do(t, "staff", "RevokeCredential", map[string]any{"name": w.variables["credential"], "reasonCode": "BY_ORDER", "authority": "Director"})
	for etag := range types {
		if res := visit(t, o.rest.base+revocation, map[string]string{"If-None-Match": etag}); res.status != http.StatusOK || !strings.HasPrefix(res.header.Get("ETag"), `"v2-z`) {
			t.Errorf("what has changed is answered with %d, %s", res.status, res.header.Get("ETag"))
		}
	}
	for _, path := range []string{"/status-lists/" + uuid.NewString() + "/revocation", "/status-lists/nonsense/revocation", strings.TrimSuffix(revocation, "revocation") + "message"} {
		res := visit(t, w.rest.base+path, nil)
		var problem struct{ Reason string }
		must(t, json.Unmarshal([]byte(res.body), &problem))
		if res.status != http.StatusNotFound || problem.Reason != "NOT_FOUND" {
			t.Errorf("%s: %d %v", path, res.status, problem)
		}
	}
}

// TestRevocationListOf1EdTech: the list has the ids of what is revoked, and nothing else; without the setting there is none, and
// no document names one.
func TestRevocationListOf1EdTech(t *testing.T) {
	var options server.Options
	w := newWorld(t, func(o *server.Options) {
		o.Issuer.RevocationList = true
		options = *o
	})
	w.settle(t)
	o := w.observe(t, options, w.variables["credential"])
	list := visit(t, o.revoked, nil)
	empty := `{"id":"` + o.revoked + `","issuer":"` + options.Issuer.DID + `","revokedCredential":[]}`
	if list.status != http.StatusOK || list.body != empty || list.header.Get("Content-Type") != "application/json" || list.header.Get("Cache-Control") != "no-cache" || list.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("at first: %d %s with %v", list.status, list.body, list.header)
	}
	etag := list.header.Get("ETag")
	if again := visit(t, o.rest.base+strings.TrimPrefix(o.revoked, w.rest.base), map[string]string{"If-None-Match": etag}); etag == "" || again.status != http.StatusNotModified {
		t.Errorf("what has not changed is answered with %d by another server, its etag being %s", again.status, etag)
	}
	w.do(t, "staff", "RevokeCredential", map[string]any{"name": w.variables["credential"], "reasonCode": "BY_ORDER", "authority": "Director"})
	address := w.rest.base + "/" + w.variables["credential"]
	want := strings.Replace(empty, "[]", `[{"id":"`+address+`","revoked":true}]`, 1)
	if changed := visit(t, o.revoked, map[string]string{"If-None-Match": etag}); changed.status != http.StatusOK || changed.body != want {
		t.Errorf("when it was revoked: %d %s", changed.status, changed.body)
	}
	if report := visit(t, address+".json", nil); !strings.Contains(report.body, `"type":"1EdTechRevocationList"`) {
		t.Errorf("the document is %s", report.body)
	}

	without := options
	without.Issuer.RevocationList = false
	off := w.observe(t, without, w.variables["credential"])
	for _, gone := range []string{off.rest.base + strings.TrimPrefix(o.revoked, w.rest.base), w.rest.base + "/status-lists/" + uuid.NewString() + "/1edtech", w.rest.base + "/status-lists/nonsense/1edtech"} {
		if res := visit(t, gone, nil); res.status != http.StatusNotFound || !strings.Contains(res.body, "NOT_FOUND") {
			t.Errorf("%s: %d %s", gone, res.status, res.body)
		}
	}
}
