package server_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/btlc/btlc/internal/jsonld"
)

// TestEveryFormIsVerified takes what the server gives of a credential that it issued, in every form, to the server's own
// verification and to libraries that others wrote.
func TestEveryFormIsVerified(t *testing.T) {
	w := newWorld(t)
	w.settle(t)
	address := w.rest.base + "/" + w.variables["credential"]
	document, badgeJWT, vcJWT := published(t, address+".json"), published(t, address+".jwt"), published(t, address+".vc.jwt")
	image := func(extension string) map[string]any {
		return map[string]any{"image": base64.StdEncoding.EncodeToString(published(t, address+extension))}
	}
	for form, request := range map[string]map[string]any{
		"address": {"credential": address}, "JSON": {"credential": string(document)}, "JWT of Open Badges": {"credential": string(badgeJWT)}, "vc+jwt": {"credential": string(vcJWT)},
		"PNG": image(".png"), "SVG": image(".svg"),
	} {
		if answer := w.do(t, "anonymous", "VerifyCredential", request); answer["valid"] != true || answer["ours"] != true || answer["credentialId"] != address {
			t.Errorf("%s: %v", form, answer)
		}
	}

	var identity struct {
		VerificationMethod []struct{ ID, Revoked string }
	}
	did := published(t, w.rest.base+"/.well-known/did.json")
	must(t, json.Unmarshal(did, &identity))
	given := map[string]any{
		"didDocument": json.RawMessage(did), "credential": json.RawMessage(document), "badgeJWT": string(badgeJWT), "vcJWT": string(vcJWT), "now": w.now().UTC().Format(time.RFC3339),
	}
	contexts, keys := map[string]json.RawMessage{}, map[string]json.RawMessage{}
	for _, url := range jsonld.Contexts() {
		context, err := jsonld.Context(url)
		must(t, err)
		contexts[url] = context
	}
	for _, method := range identity.VerificationMethod {
		if method.Revoked != "" {
			continue
		}
		_, id, _ := strings.Cut(method.ID, "#")
		// A did:web is at https, whatever a server on this machine has.
		keys["https"+strings.TrimPrefix(w.rest.base, "http")+"/keys/"+id] = published(t, w.rest.base+"/keys/"+id)
	}
	given["contexts"], given["keys"] = contexts, keys
	if report := verifyElsewhere(t, "testdata/verifier.mjs", given); report != "verified\n" {
		t.Error(report)
	}
}

// published is what is at an address, for everybody.
func published(t testing.TB, address string) []byte {
	t.Helper()
	answer, err := http.Get(address)
	must(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	must(t, err)
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", address, answer.Status)
	}
	return body
}
