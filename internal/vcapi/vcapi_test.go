package vcapi

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/btlc/btlc/internal/openbadge"
)

const base = "https://test.example/vc-api"

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func key(t testing.TB, seed byte) openbadge.SigningKey {
	t.Helper()
	made, err := openbadge.NewSigningKey(ed25519.NewKeyFromSeed([]byte(strings.Repeat(string(rune(seed)), ed25519.SeedSize))))
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func options(t testing.TB) Options {
	return Options{Signer: key(t, 1), Now: func() time.Time { return noon }, BaseURL: base}
}

func credential(t testing.TB) map[string]any {
	return map[string]any{
		"@context": []any{contextCredentials}, "type": []any{"VerifiableCredential"}, "issuer": Issuer(key(t, 1)),
		"credentialSubject": map[string]any{"id": "did:example:subject"},
	}
}

// with is an object with members changed; nil takes one out.

func with(object map[string]any, changes map[string]any) map[string]any {
	other := maps.Clone(object)
	for name, value := range changes {
		if other[name] = value; value == nil {
			delete(other, name)
		}
	}
	return other
}

// send posts a body, text as it is and anything else as JSON.

func send(t testing.TB, handler http.Handler, path string, body any) (int, map[string]any) {
	t.Helper()
	text, ok := body.(string)
	if !ok {
		encoded, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		text = string(encoded)
	}
	request := httptest.NewRequest(http.MethodPost, path, strings.NewReader(text))
	request.Header.Set("Content-Type", "application/json")
	return serve(t, handler, request)
}

func serve(t testing.TB, handler http.Handler, request *http.Request) (int, map[string]any) {
	t.Helper()
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	var answer map[string]any
	if strings.HasSuffix(recorder.Header().Get("Content-Type"), "json") {
		if err := json.Unmarshal(recorder.Body.Bytes(), &answer); err != nil {
			t.Fatalf("%s: %v", recorder.Body, err)
		}
	}
	return recorder.Code, answer
}

// issued has a credential issued.

func issued(t testing.TB, handler http.Handler, credential map[string]any, options any) map[string]any {
	t.Helper()
	status, answer := send(t, handler, "/credentials/issue", map[string]any{"credential": credential, "options": options})
	secured, ok := answer["verifiableCredential"].(map[string]any)
	if status != http.StatusCreated || !ok {
		t.Fatalf("%d: %v", status, answer)
	}
	return secured
}

// holds says what is wrong with a credential; empty when it verifies.

func holds(t testing.TB, handler http.Handler, credential any, options any) string {
	t.Helper()
	status, answer := send(t, handler, "/credentials/verify", map[string]any{"verifiableCredential": credential, "options": options})
	verified, ok := answer["verified"].(bool)
	if !ok || verified != (status == http.StatusOK) {
		t.Fatalf("%d: %v", status, answer)
	}
	if verified {
		return ""
	}
	return fmt.Sprint(answer["problemDetails"])
}

func cryptosuites(t testing.TB, secured map[string]any) (names []string) {
	t.Helper()
	proofs, several := secured["proof"].([]any)
	if !several {
		proofs = []any{secured["proof"]}
	}
	for _, value := range proofs {
		proof, _ := value.(map[string]any)
		name, _ := proof["cryptosuite"].(string)
		if proof["previousProof"] != nil {
			name += " on the one before"
		}
		names = append(names, name)
	}
	return names
}

func TestRequests(t *testing.T) {
	handler := Handler(options(t))
	large := `{"credential":"` + strings.Repeat("x", 10<<20) + `"}`
	for _, path := range []string{"/credentials/issue", "/credentials/verify", "/credentials/status", "/presentations/prove", "/presentations/verify"} {
		if status, answer := send(t, handler, path, large); status != http.StatusRequestEntityTooLarge || answer["title"] == nil {
			t.Errorf("%s, 10 MB: %d %v", path, status, answer)
		}
		if status, answer := send(t, handler, path, `{"a`); status != http.StatusBadRequest || answer["type"] != problemParsing {
			t.Errorf("%s, broken: %d %v", path, status, answer)
		}
		if status, _ := serve(t, handler, httptest.NewRequest(http.MethodPost, path, strings.NewReader("{}"))); status != http.StatusUnsupportedMediaType {
			t.Errorf("%s, without type: %d", path, status)
		}
		if status, _ := serve(t, handler, httptest.NewRequest(http.MethodGet, path, nil)); status != http.StatusMethodNotAllowed {
			t.Errorf("GET %s: %d", path, status)
		}
	}
}

// brokenSigner is a key that cannot be reached.

type brokenSigner struct{ openbadge.SigningKey }

func (brokenSigner) Sign(context.Context, []byte) ([]byte, error) {
	return nil, errors.New("hsm at 10.0.0.7 is gone")
}

func TestFaultsOfOursAreNotTold(t *testing.T) {
	o := options(t)
	o.Signer = brokenSigner{key(t, 1)}
	status, answer := send(t, Handler(o), "/credentials/issue", map[string]any{"credential": credential(t)})
	if status != http.StatusInternalServerError || strings.Contains(fmt.Sprint(answer), "10.0.0.7") {
		t.Errorf("%d: %v", status, answer)
	}
}
