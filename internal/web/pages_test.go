package web

import (
	"bytes"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestWhatIsGivenIsText: whatever a credential or a caller says stands on the pages as text, and every address in them is
// relative, so that the server may stand behind any path.
func TestWhatIsGivenIsText(t *testing.T) {
	const hostile = `"><script src=//example.org></script>'javascript:alert(1)`
	checks := []Check{{"passed", hostile, hostile}}
	pages := map[string]interface{ Render() ([]byte, error) }{
		"credential": Credential{
			Page: Page{Root: "../"}, Verdict: Verdict{"good", hostile, hostile}, ID: hostile, Title: hostile, Description: hostile, Criteria: hostile, Issuer: hostile,
			Issued: time.Unix(1_800_000_000, 0), Competencies: []string{hostile}, Checks: checks, AsksHolder: true, HolderAnswer: hostile,
			Forms: []Form{{Name: hostile, Note: hostile, Address: "id.json", MediaType: hostile}},
		},
		"verify": Verify{Text: hostile, Fault: hostile, Elsewhere: hostile, Result: &Result{
			Verdict: Verdict{"bad", hostile, hostile}, Title: hostile, CredentialID: hostile, IssuerName: hostile, IssuerID: hostile, Achievements: []string{hostile}, Checks: checks,
		}},
		"message": Message{Page: Page{Root: "../"}, Title: hostile, Text: hostile},
	}
	addresses := regexp.MustCompile(`(?:href|src|action)="([^"]*)"`)
	for name, page := range pages {
		body, err := page.Render()
		if err != nil {
			t.Fatal(name, err)
		}
		if bytes.Contains(body, []byte("<script src=//")) || !bytes.Contains(body, []byte("&lt;script")) {
			t.Errorf("%s: %s", name, body)
		}
		found := addresses.FindAllSubmatch(body, -1)
		for _, address := range found {
			if a := string(address[1]); strings.HasPrefix(a, "/") || strings.Contains(a, ":") {
				t.Errorf("%s leads to %s", name, a)
			}
		}
		if len(found) == 0 || bytes.Contains(body, []byte("<style")) || bytes.Contains(body, []byte("style=")) {
			t.Errorf("%s would not be whole under its own policy: %s", name, body)
		}
	}
}

// TestWhoseItIs: an e-mail address is asked for where the credential names its holder by one, and nowhere else.
func TestWhoseItIs(t *testing.T) {
	for _, c := range []struct{ asks, names bool }{{true, false}, {false, true}, {false, false}} {
		body, err := Credential{AsksHolder: c.asks, NamesDID: c.names}.Render()
		if err != nil {
			t.Fatal(err)
		}
		if asks, names := bytes.Contains(body, []byte(`name="email"`)), bytes.Contains(body, []byte("an identifier of their own")); asks != c.asks || names != c.names {
			t.Errorf("%+v: asks for an address %v, names an identifier %v", c, asks, names)
		}
	}
}

// TestGuard: no page runs what is not ours, nor has more of the device than the camera, and that only if it says so.
func TestGuard(t *testing.T) {
	h := http.Header{}
	Guard(h)
	if policy := h.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'; ") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
		t.Error(policy)
	}
	if policy := h.Get("Permissions-Policy"); policy != "camera=(), geolocation=(), microphone=()" {
		t.Error(policy)
	}
	h = http.Header{}
	LetCamera(h)
	Guard(h)
	if policy := h.Get("Permissions-Policy"); policy != "camera=(self), geolocation=(), microphone=()" {
		t.Error(policy)
	}
}
