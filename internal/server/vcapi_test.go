package server_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/btlc/btlc/internal/server"
)

// TestVCAPI asks for the VC-API of a server that has it, and of one that has not: its issuer is another than the program's,
// whose credentials it verifies like anybody's.
func TestVCAPI(t *testing.T) {
	t.Parallel()
	post := func(w *world, path string, body any) (int, map[string]any) {
		t.Helper()
		res, err := http.Post(w.rest.base+path, "application/json", strings.NewReader(string(marshal(t, body))))
		must(t, err)
		defer res.Body.Close()
		raw, err := io.ReadAll(res.Body)
		must(t, err)
		var value map[string]any
		must(t, json.Unmarshal(raw, &value))
		return res.StatusCode, value
	}
	with := newWorld(t, func(o *server.Options) { o.VCAPI = true })
	res, err := http.Get(with.rest.base + "/vc-api/did.json")
	must(t, err)
	defer res.Body.Close()
	var identity struct{ ID string }
	must(t, json.NewDecoder(res.Body).Decode(&identity))
	credential := map[string]any{
		"@context": []any{"https://www.w3.org/ns/credentials/v2"}, "type": []any{"VerifiableCredential"}, "issuer": identity.ID,
		"credentialSubject": map[string]any{"id": "did:example:somebody"},
	}
	status, issued := post(with, "/vc-api/credentials/issue", map[string]any{"credential": credential})
	document, _ := issued["verifiableCredential"].(map[string]any)
	if status != http.StatusCreated || !strings.HasSuffix(identity.ID, ":vc-api") {
		t.Fatalf("%s issued with %d: %v", identity.ID, status, issued)
	}
	if status, verdict := post(with, "/vc-api/credentials/verify", map[string]any{"verifiableCredential": document}); status != http.StatusOK || verdict["verified"] != true {
		t.Errorf("verified with %d: %v", status, verdict)
	}
	document["credentialSubject"] = map[string]any{"id": "did:example:somebody-else"}
	if status, verdict := post(with, "/vc-api/credentials/verify", map[string]any{"verifiableCredential": document}); status != http.StatusBadRequest || verdict["verified"] == true {
		t.Errorf("verified after a change, with %d: %v", status, verdict)
	}
	if status, _ := post(newWorld(t), "/vc-api/credentials/issue", map[string]any{"credential": credential}); status != http.StatusNotFound {
		t.Errorf("a server without the VC-API answered with %d", status)
	}
}
