package server_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/btlc/btlc/internal/jsonld"
)

// TestEveryFormIsVerified takes what the server gives of credentials that it issued, in every form, to the server's own
// verification and to libraries that others wrote: one that names its holder by the hash of an address, one by a DID.
func TestEveryFormIsVerified(t *testing.T) {
	w := newWorld(t)
	w.settle(t)
	v := w.variables
	w.verifyForms(t, v["credential"], v["otherHolder"])
	w.do(t, "otherEducator", "SetHolderDid", map[string]any{"name": v["otherEducator"] + "/holderDid", "did": v["otherHolder"], "proofJwt": v["otherHolderProof"]})
	anew := w.do(t, "staff", "ReissueCredential", map[string]any{"name": v["otherCredential"], "reasonCode": "HOLDER_DID", "authority": "Program director"})
	if document := text(anew, "credential.document"); !strings.Contains(document, `"id":"`+v["otherHolder"]+`"`) || strings.Contains(document, "identityHash") {
		t.Errorf("issued to who has a DID: %s", document)
	}
	w.verifyForms(t, text(anew, "credential.name"), v["holder"])
	_, page := w.ask(t, http.MethodGet, "/"+text(anew, "credential.name"), map[string]string{"Accept": browserAccept}, nil)
	if !bytes.Contains(page, []byte("an identifier of their own")) || bytes.Contains(page, []byte(`name="email"`)) {
		t.Errorf("the page for who has a DID: %s", page)
	}
}

// verifyForms has every form of a credential verified. It was not issued to the stranger.
func (w *world) verifyForms(t *testing.T, credential, stranger string) {
	t.Helper()
	address := w.rest.base + "/" + credential
	document, badgeJWT, vcJWT := published(t, address+".json"), published(t, address+".jwt"), published(t, address+".vc.jwt")
	if !strings.Contains(string(document), `"creditsEarned":3`) {
		t.Errorf("it does not say which credits were posted: %s", document)
	}
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
		"didDocument": json.RawMessage(did), "credential": json.RawMessage(document), "badgeJWT": string(badgeJWT), "vcJWT": string(vcJWT), "stranger": stranger, "now": w.now().UTC().Format(time.RFC3339),
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
