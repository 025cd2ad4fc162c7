package server_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/btlc/btlc/ent/migrate/migrations"
	credentialpb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/credential"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/database/databasetest"
	"github.com/btlc/btlc/internal/demo"
	"github.com/btlc/btlc/internal/jsonld"
	"github.com/btlc/btlc/internal/openbadge"
	"github.com/btlc/btlc/internal/program"
	"github.com/btlc/btlc/internal/server"
)

// exhibition is a server with the demo, as it is at the world's start.
type exhibition struct {
	base, key   string
	keys        *openbadge.Keyring
	credentials credentialpb.CredentialServiceClient
}

func newExhibition(t *testing.T) *exhibition {
	t.Helper()
	pool, err := database.Open(t.Context(), databasetest.New(t, migrations.FS), database.PoolOptions{MaxConns: 10, ServerRole: true})
	must(t, err)
	t.Cleanup(func() { _ = pool.Close() })
	rest := httptest.NewUnstartedServer(nil)
	x := &exhibition{base: "http://" + rest.Listener.Addr().String()}
	x.keys, err = openbadge.LoadOrCreateKeys(t.TempDir())
	must(t, err)
	did, err := openbadge.DIDWeb(x.base)
	must(t, err)
	zone, err := time.LoadLocation(demo.Zone)
	must(t, err)
	compose := func(clock func() time.Time) *server.Server {
		made, err := server.New(server.Options{
			Pool: pool, Migrations: migrations.FS, Zone: zone, Clock: clock, Deadline: time.Minute, Log: slog.New(slog.DiscardHandler), BatchWorkers: -1, WebhookWorkers: -1,
			Issuer: credential.Issuer{BaseURL: x.base, Name: "Boston Teacher Leadership Certificate", DID: did, Keys: x.keys},
		})
		must(t, err)
		return made
	}
	now := func() time.Time { return startOfTime }
	served := compose(now)
	t.Cleanup(served.DB().Close)
	data, err := program.Load()
	must(t, err)
	must(t, program.Store(t.Context(), served.DB(), data))
	secrets, err := demo.Load(t.Context(), demo.Options{
		Clock: now, Seed: 1,
		Server: func(clock func() time.Time) (grpc.ClientConnInterface, *database.DB, func(), error) {
			made := compose(clock)
			return made.Channel(), made.DB(), made.DB().Close, nil
		},
	})
	must(t, err)
	x.key, x.credentials = secrets.Staff, credentialpb.NewCredentialServiceClient(served.Channel())
	rest.Config.Handler = served.Handler()
	rest.Start()
	t.Cleanup(rest.Close)
	return x
}

// shown is a credential in every form in which the server gives it.
type shown struct {
	ID            string `json:"id"`
	JSON          string `json:"json"`
	BadgeJWT      string `json:"badgeJWT"`
	VCJWT         string `json:"vcJWT"`
	PNG           string `json:"png"`
	SVG           string `json:"svg"`
	LearnerRecord string `json:"learnerRecord,omitempty"`
	// Before is a time at which it does not count yet.
	Before string `json:"before"`
}

func (x *exhibition) show(t *testing.T, c *credentialpb.Credential) shown {
	t.Helper()
	address := x.base + "/" + c.Name
	s := shown{
		ID: address, JSON: string(published(t, address+".json")), BadgeJWT: string(published(t, address+".jwt")), VCJWT: string(published(t, address+".vc.jwt")),
		PNG: base64.StdEncoding.EncodeToString(published(t, address+".png")), SVG: string(published(t, address+".svg")),
		Before: c.IssueTime.AsTime().Add(-time.Hour).Format(time.RFC3339),
	}
	if c.CredentialType == "credentialTypes/btlc-credential" {
		s.LearnerRecord = string(published(t, address+"/learner-record"))
	}
	return s
}

// lists are the status lists that credentials name, by their addresses.
func lists(t *testing.T, all []shown) map[string]json.RawMessage {
	t.Helper()
	found := map[string]json.RawMessage{}
	for _, s := range all {
		var document struct {
			CredentialStatus struct{ StatusListCredential string }
		}
		must(t, json.Unmarshal([]byte(s.JSON), &document))
		if address := document.CredentialStatus.StatusListCredential; found[address] == nil {
			found[address] = published(t, address)
		}
	}
	return found
}

// TestTheWholeDemoIsVerified shows every form of every credential of the demo that counts to libraries that others wrote. Of
// one of each type they find what was done to it: a changed byte, another key, a time before it counts, its revocation.
func TestTheWholeDemoIsVerified(t *testing.T) {
	t.Parallel()
	x := newExhibition(t)
	ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+x.key)
	page, err := x.credentials.ListCredentials(ctx, &credentialpb.ListCredentialsRequest{Filter: "status = ACTIVE", PageSize: 1000})
	must(t, err)
	if len(page.Credentials) < 200 || page.NextPageToken != "" {
		t.Fatalf("%d credentials count, %q more", len(page.Credentials), page.NextPageToken)
	}
	var all, samples []shown
	var sampled []*credentialpb.Credential
	forms := 0
	for _, c := range page.Credentials {
		s := x.show(t, c)
		all, forms = append(all, s), forms+5
		if s.LearnerRecord != "" {
			forms++
		}
		if !slices.ContainsFunc(sampled, func(o *credentialpb.Credential) bool { return o.CredentialType == c.CredentialType }) {
			sampled, samples = append(sampled, c), append(samples, s)
		}
	}
	if len(samples) != 5 {
		t.Errorf("credentials of %d types", len(samples))
	}
	given := map[string]any{"now": startOfTime.Format(time.RFC3339), "credentials": all, "samples": samples, "lists": lists(t, all)}
	for _, c := range sampled {
		_, err := x.credentials.RevokeCredential(ctx, &credentialpb.RevokeCredentialRequest{Name: c.Name, ReasonCode: "ISSUED_IN_ERROR", Authority: "Program director"})
		must(t, err)
	}
	given["listsAfterwards"] = lists(t, all)
	x.checkPages(t, page.Credentials, sampled)
	given["didDocument"] = json.RawMessage(published(t, x.base+"/.well-known/did.json"))
	contexts, keys := map[string]json.RawMessage{}, map[string]json.RawMessage{}
	for _, url := range jsonld.Contexts() {
		context, err := jsonld.Context(url)
		must(t, err)
		contexts[url] = context
	}
	for _, key := range x.keys.Public() {
		// A did:web is at https, whatever a server on this machine has.
		keys["https"+strings.TrimPrefix(x.base, "http")+"/keys/"+key.ID] = published(t, x.base+"/keys/"+key.ID)
	}
	given["contexts"], given["keys"] = contexts, keys
	want := fmt.Sprintf("accepted %d, refused %d\n", forms, (len(samples)*5+1)*4)
	if report := verifyElsewhere(t, "testdata/demo_verifier.mjs", given); report != want {
		t.Errorf("%s, want %s", report, want)
	}
}

// checkPages looks for the learner record where a credential has one: linked on its page, gone when the credential is.
func (x *exhibition) checkPages(t *testing.T, all, revoked []*credentialpb.Credential) {
	t.Helper()
	const typed = "credentialTypes/btlc-credential"
	at := func(c *credentialpb.Credential, path, accept string) (*http.Response, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, x.base+"/"+c.Name+path, nil)
		must(t, err)
		req.Header.Set("Accept", accept)
		res, err := http.DefaultClient.Do(req)
		must(t, err)
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		must(t, err)
		return res, string(body)
	}
	isRevoked := func(c *credentialpb.Credential) bool { return slices.Contains(revoked, c) }
	for _, full := range []bool{true, false} {
		i := slices.IndexFunc(all, func(c *credentialpb.Credential) bool { return (c.CredentialType == typed) == full && !isRevoked(c) })
		c := all[i]
		status := map[bool]int{true: http.StatusOK, false: http.StatusNotFound}[full]
		res, body := at(c, "/learner-record", "*/*")
		if res.StatusCode != status || full != (res.Header.Get("Content-Type") == "application/jwt" && strings.Count(body, ".") == 2) {
			t.Errorf("the learner record of %s: %s %v", c.CredentialType, res.Status, res.Header)
		}
		if res, body = at(c, "/learner-record", browserAccept); res.StatusCode != status {
			t.Errorf("to people: %s %.200s", res.Status, body)
		}
		if _, body = at(c, "", browserAccept); strings.Contains(body, "/learner-record") != full {
			t.Errorf("the page of %s: linked %v", c.CredentialType, !full)
		}
		if res, _ = at(c, ".pdf", "*/*"); res.StatusCode != http.StatusOK {
			t.Errorf("the certificate of %s: %s", c.CredentialType, res.Status)
		}
	}
	for _, c := range revoked {
		if res, _ := at(c, "/learner-record", "*/*"); c.CredentialType == typed && res.StatusCode != http.StatusGone {
			t.Errorf("of a revoked credential: %s", res.Status)
		}
	}
	if res, _ := at(&credentialpb.Credential{Name: "credentials/0190a8a4-7c1e-7b7a-9d51-3f0c2f5d9a10"}, "/learner-record", "*/*"); res.StatusCode != http.StatusNotFound {
		t.Errorf("of nothing: %s", res.Status)
	}
}

// verifyElsewhere has a script verify what it is given, with the libraries of internal/openbadge/interop, and gives its report.
func verifyElsewhere(t *testing.T, script string, given map[string]any) string {
	t.Helper()
	body, err := json.Marshal(given)
	must(t, err)
	in := filepath.Join(t.TempDir(), "in.json")
	must(t, os.WriteFile(in, body, 0o600))
	source, err := os.Open(script)
	must(t, err)
	defer source.Close()
	ctx, enough := context.WithTimeout(t.Context(), 5*time.Minute)
	defer enough()
	run := exec.CommandContext(ctx, "node", "--input-type=module", "-")
	run.Dir, run.Stdin, run.Env = "../openbadge/interop", source, append(os.Environ(), "VERIFIER_IN="+in)
	report, err := run.CombinedOutput()
	if err != nil {
		t.Errorf("%v (the libraries come by `npm ci --prefix internal/openbadge/interop`)", err)
	}
	return string(report)
}
