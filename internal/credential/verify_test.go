package credential

import (
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/badge"
	"github.com/btlc/btlc/internal/fetch"
	"github.com/btlc/btlc/internal/openbadge"
	"github.com/btlc/btlc/internal/record/recordtest"
	"github.com/btlc/btlc/internal/statuslist"
)

// outcomeOf is what came of a check; of several of a name, the last.
func outcomeOf(answer *pb.VerifyCredentialResponse, check string) (outcome, detail string) {
	for _, c := range answer.Checks {
		if c.Check == check {
			outcome, detail = api.EnumWord(c.Outcome), c.Detail
		}
	}
	return outcome, detail
}

func verifyText(t testing.TB, s *Service, credential string) *pb.VerifyCredentialResponse {
	t.Helper()
	return must[*pb.VerifyCredentialResponse](t)(s.VerifyCredential(t.Context(), &pb.VerifyCredentialRequest{Credential: credential}))
}

// What was issued is valid in every form, by its address too, until its row says otherwise: at that instant.
func TestVerifyOurs(t *testing.T) {
	w, s := open(t)
	educator, _ := w.Graduate("B1")
	c := issue(t, s, educator)
	address := "https://btlc.example/" + c.Name
	picture := must[badge.Drawing](t)(badge.Draw(badge.Design{Shape: badge.Shapes()[0], Colour: badge.Colours()[0], Glyph: badge.Glyphs()[0]}))
	image := must[[]byte](t)(badge.Bake(picture.SVG("A badge", "Of a test"), c.Document))
	token := must[string](t)(openbadge.SignVCJWT(t.Context(), []byte(c.Document), s.store.issuer.Keys.Active(openbadge.ES256)))
	all := func() []*pb.VerifyCredentialResponse {
		return []*pb.VerifyCredentialResponse{
			verifyText(t, s, c.Document), verifyText(t, s, token), verifyText(t, s, address),
			must[*pb.VerifyCredentialResponse](t)(s.VerifyCredential(t.Context(), &pb.VerifyCredentialRequest{Image: image})),
		}
	}
	for i, answer := range all() {
		if !answer.Valid || !answer.Ours || answer.CredentialId != address || answer.Title != "Using Data Course Certificate" || answer.IssuerId != "did:web:btlc.example" ||
			!answer.ValidFrom.AsTime().Equal(c.IssueTime.AsTime().Truncate(time.Second)) || len(answer.Achievements) == 0 {
			t.Errorf("%d: %v", i, answer)
		}
	}
	must[*pb.SuspendCredentialResponse](t)(do(t, recordtest.Staff(), s.SuspendCredential, &pb.SuspendCredentialRequest{Name: c.Name, ReasonCode: "UNDER_REVIEW", Authority: "Program director"}))
	for i, answer := range all() {
		if outcome, detail := outcomeOf(answer, "status"); answer.Valid || !answer.Ours || outcome != "FAILED" || !strings.HasPrefix(detail, "suspended since ") {
			t.Errorf("%d: %v", i, answer)
		}
	}
	for _, id := range []string{"https://btlc.example/credentials/0190a8a4-7c1e-7b7a-9d51-3f0c2f5d9a10", "https://btlc.example/credentials/{" + api.LastWord(c.Name) + "}", "https://other.example/" + c.Name} {
		if outcome, _ := outcomeOf(verifyText(t, s, id), "format"); outcome != "FAILED" {
			t.Errorf("%s: %s", id, outcome)
		}
	}
}

func TestVerifyOneOfTwo(t *testing.T) {
	_, s := open(t)
	for field, req := range map[string]*pb.VerifyCredentialRequest{"credential": {}, "image": {Credential: "{}", Image: []byte("<svg/>")}} {
		_, err := s.VerifyCredential(t.Context(), req)
		refused(t, err, api.InvalidRequest)
		if e, ok := errors.AsType[*api.Error](err); !ok || len(e.Violations) != 1 || e.Violations[0].Field != field {
			t.Errorf("%v", err)
		}
	}
}

// foreignHost publishes in place of another issuer, with TLS.
func foreignHost(t *testing.T, asked *atomic.Int32, answers map[string]http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if answer, ok := answers[r.URL.Path]; ok {
			answer(w, r)
			return
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(server.Close)
	return server
}

func publishing(content []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/vc")
		_, _ = w.Write(content)
	}
}

// A credential of another issuer is looked up at its host, when that is allowed, and nowhere else.
func TestVerifyOthers(t *testing.T) {
	w, s := open(t)
	ring := must[*openbadge.Keyring](t)(openbadge.LoadOrCreateKeys(t.TempDir()))
	var asked, inside atomic.Int32
	private := foreignHost(t, &inside, nil)
	answers := map[string]http.HandlerFunc{}
	server := foreignHost(t, &asked, answers)
	did := must[string](t)(openbadge.DIDWeb(server.URL))
	answers["/.well-known/did.json"] = publishing(openbadge.DIDDocument(did, ring.Public()))
	sign := func(unsigned []byte, err error) []byte {
		t.Helper()
		return must[[]byte](t)(openbadge.Sign(t.Context(), must[[]byte](t)(unsigned, err), ring.Active(openbadge.EdDSA), w.Now()))
	}
	list := func(set ...int) http.HandlerFunc {
		bits := must[statuslist.Bits](t)(statuslist.New(statuslist.MinLength, set...))
		return publishing(sign(statuslist.Build(statuslist.List{ID: server.URL + "/status", Issuer: did, Purpose: statuslist.Revocation, ValidFrom: w.Now(), Bits: bits})))
	}
	claim := openbadge.Claim{
		Metadata: openbadge.Metadata{
			ID: server.URL + "/1", Name: "Theirs", ValidFrom: w.Now(), Issuer: openbadge.Profile{ID: did, Name: "Another program", URL: server.URL},
			Status: []openbadge.Status{{List: server.URL + "/status", Purpose: "revocation", Index: 5}},
		},
		Subject:     openbadge.Subject{Hash: openbadge.IdentityHash("teacher@example.org", "salt"), Salt: "salt"},
		Achievement: openbadge.Achievement{ID: server.URL + "/a", Name: "Theirs", Description: "A course.", CriteriaNarrative: "Show it."},
	}
	req := &pb.VerifyCredentialRequest{Credential: string(sign(openbadge.Build(claim)))}

	if answer := verifyText(t, s, req.Credential); answer.Valid || asked.Load() != 0 {
		t.Errorf("asked %d times, without a host that may be asked: %v", asked.Load(), answer)
	}
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	client := must[*fetch.Client](t)(fetch.New(fetch.Config{Hosts: []string{server.URL}, RootCAs: roots}))
	for name, c := range map[string]struct {
		answer          http.HandlerFunc
		outcome, detail string
	}{
		"active":         {list(4), "PASSED", "revocation"},
		"revoked":        {list(5), "FAILED", "revocation"},
		"sent elsewhere": {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, private.URL, http.StatusFound) }, "UNKNOWN", "not allowed"},
		"sent to the cloud": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://169.254.169.254/", http.StatusFound)
		}, "UNKNOWN", "not allowed"},
		"not there": {http.NotFound, "UNKNOWN", "404"},
	} {
		answers["/status"] = c.answer
		answer := must[*pb.VerifyCredentialResponse](t)(s.verify(t.Context(), req, fetchBy(client)))
		if outcome, detail := outcomeOf(answer, "status"); answer.Valid != (c.outcome == "PASSED") || answer.Ours || outcome != c.outcome || !strings.Contains(detail, c.detail) {
			t.Errorf("%s: %v", name, answer)
		}
	}
	if inside.Load() != 0 {
		t.Errorf("a host that is not allowed was asked %d times", inside.Load())
	}
}

func TestFetchFrom(t *testing.T) {
	if get, err := FetchFrom(); get != nil || err != nil {
		t.Errorf("without hosts: %v", err)
	}
	if get := must[openbadge.Fetch](t)(FetchFrom("badges.example.org")); get == nil {
		t.Error("nothing is fetched")
	}
	if _, err := FetchFrom("*"); err == nil {
		t.Error("every host is taken")
	}
}
