package server_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/btlc/btlc/internal/badge"
)

const browserAccept = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8"

// ask sends a request to a page and reads all of the answer.
func (w *world) ask(t testing.TB, method, path string, headers map[string]string, body io.Reader) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, w.rest.base+path, body)
	must(t, err)
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	must(t, err)
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	must(t, err)
	return res, answer
}

// fits says whether a body is the form of a document that a media type promises.
func fits(t *testing.T, media string, body []byte, document string) {
	t.Helper()
	header := func() string {
		encoded, _, _ := strings.Cut(string(body), ".")
		plain, err := base64.RawURLEncoding.DecodeString(encoded)
		must(t, err)
		return string(plain)
	}
	var good bool
	switch media {
	case "application/vc", "application/ld+json", "application/json":
		good = string(body) == document
	case "application/jwt":
		good = strings.Contains(header(), `"typ":"JWT"`)
	case "application/vc+jwt":
		good = strings.Contains(header(), `"typ":"vc+jwt"`)
	case "image/png", "image/svg+xml":
		inside, err := badge.Extract(body)
		must(t, err)
		good = inside == document
	case "application/pdf":
		good = bytes.HasPrefix(body, []byte("%PDF-"))
	case "text/html; charset=utf-8":
		good = bytes.HasPrefix(body, []byte("<!doctype html>"))
	}
	if !good {
		t.Errorf("this is no %s: %.300s", media, body)
	}
}

func TestFormsOfACredential(t *testing.T) {
	w := newWorld(t)
	w.settle(t)
	name := w.variables["credential"]
	document := text(w.do(t, "staff", "GetCredential", map[string]any{"name": name}), "credential.document")
	for _, c := range []struct{ extension, accept, media string }{
		{"", "", "application/vc"}, {"", "*/*", "application/vc"}, {"", "application/vc", "application/vc"}, {"", "application/ld+json", "application/ld+json"},
		{"", "application/json", "application/json"}, {"", "application/jwt", "application/jwt"}, {"", "application/vc+jwt", "application/vc+jwt"},
		{"", "image/png", "image/png"}, {"", "image/svg+xml", "image/svg+xml"}, {"", "application/pdf", "application/pdf"},
		{"", browserAccept, "text/html; charset=utf-8"}, {"", "text/html;q=0.1, application/json;q=0.2", "application/json"},
		// An address that names a form gives it, whatever a browser likes better.
		{".json", browserAccept, "application/vc"}, {".jwt", browserAccept, "application/jwt"}, {".vc.jwt", "", "application/vc+jwt"}, {".png", "", "image/png"},
		{".svg", browserAccept, "image/svg+xml"}, {".pdf", "", "application/pdf"}, {".html", "", "text/html; charset=utf-8"},
	} {
		t.Run(c.extension+" "+c.accept, func(t *testing.T) {
			headers := map[string]string{"Accept": c.accept}
			if c.accept == "" {
				delete(headers, "Accept")
			}
			res, body := w.ask(t, http.MethodGet, "/"+name+c.extension, headers, nil)
			etag := res.Header.Get("ETag")
			if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != c.media || etag == "" || res.Header.Get("Cache-Control") != "no-cache" || res.Header.Get("X-Content-Type-Options") != "nosniff" {
				t.Fatalf("%s %v", res.Status, res.Header)
			}
			if varies := strings.Contains(strings.Join(res.Header.Values("Vary"), ","), "Accept,") || res.Header.Values("Vary")[len(res.Header.Values("Vary"))-1] == "Accept"; varies != (c.extension == "") {
				t.Errorf("Vary: %q", res.Header.Values("Vary"))
			}
			if weak := strings.HasPrefix(etag, "W/"); weak != strings.HasSuffix(c.media, "jwt") {
				t.Errorf("the etag is %s", etag)
			}
			fits(t, c.media, body, document)
			if bytes.Contains(body, []byte("Of educator")) || bytes.Contains(body, []byte("educator@example.org")) {
				t.Error("it names the holder")
			}
			head, none := w.ask(t, http.MethodHead, "/"+name+c.extension, headers, nil)
			if head.StatusCode != http.StatusOK || len(none) > 0 || head.Header.Get("ETag") != etag || head.Header.Get("Content-Type") != c.media {
				t.Errorf("HEAD: %s %v", head.Status, head.Header)
			}
			headers["If-None-Match"] = etag
			if again, none := w.ask(t, http.MethodGet, "/"+name+c.extension, headers, nil); again.StatusCode != http.StatusNotModified || len(none) > 0 {
				t.Errorf("made again it differs: %s", again.Status)
			}
		})
	}
	res, body := w.ask(t, http.MethodGet, "/"+name, map[string]string{"Accept": "text/csv, audio/*"}, nil)
	if res.StatusCode != http.StatusNotAcceptable || !strings.Contains(string(body), "application/vc\n") || !strings.Contains(string(body), "image/png\n") {
		t.Errorf("nothing of it is taken: %s %s", res.Status, body)
	}
}

func TestACredentialsPage(t *testing.T) {
	w := newWorld(t)
	w.settle(t)
	name := w.variables["credential"]
	page := func(path string) (*http.Response, string) {
		t.Helper()
		res, body := w.ask(t, http.MethodGet, path, map[string]string{"Accept": browserAccept}, nil)
		return res, string(body)
	}
	said := func(path string, want ...string) {
		t.Helper()
		res, body := page(path)
		for _, text := range want {
			if !strings.Contains(body, text) {
				t.Errorf("%s: the page does not say %q: %s", path, text, body)
			}
		}
		if csp := res.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: Content-Security-Policy: %s", path, csp)
		}
		if res.Header.Get("Referrer-Policy") != "no-referrer" || res.Header.Get("X-Robots-Tag") != "noindex" {
			t.Errorf("%s: %v", path, res.Header)
		}
	}
	said("/"+name, ">Valid<", "Using Data Course Certificate", "Boston Teacher Leadership Certificate", "November 20, 2026", ".svg", "Signature")
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	for email, want := range map[string]string{" Educator@EXAMPLE.org": "<strong>Yes.</strong>", "other@example.org": "<strong>No.</strong>", "": "<strong>No.</strong>"} {
		res, body := w.ask(t, http.MethodPost, "/"+name, form, strings.NewReader(url.Values{"email": {email}}.Encode()))
		if res.StatusCode != http.StatusOK || !strings.Contains(string(body), want) || res.Header.Get("Cache-Control") != "no-store" || email != "" && strings.Contains(string(body), strings.TrimSpace(email)) {
			t.Errorf("asked for %q: %s %v %s", email, res.Status, res.Header, body)
		}
	}

	other := w.variables["otherCredential"]
	w.do(t, "staff", "ReissueCredential", map[string]any{"name": other, "reasonCode": "TESTED", "authority": "The test"})
	said("/"+other, ">Superseded<", "Superseded since")

	id := strings.TrimPrefix(name, "credentials/")
	why := map[string]any{"name": name, "reasonCode": "TESTED", "authority": "The test"}
	_, before := w.ask(t, http.MethodGet, "/"+name+".json", nil, nil)
	w.do(t, "staff", "SuspendCredential", why)
	said("/"+name, ">Suspended<", "Suspended since")
	w.do(t, "staff", "RevokeCredential", why)
	said("/"+name, ">Revoked<", "Revoked since")
	if _, body := page("/" + name); strings.Contains(body, id+".svg") || strings.Contains(body, id+".pdf") || strings.Contains(body, "TESTED") {
		t.Errorf("the page of what was revoked has pictures of it or tells why: %s", body)
	}
	for _, extension := range []string{".png", ".svg", ".pdf", ".jwt", ".vc.jwt"} {
		if res, body := w.ask(t, http.MethodGet, "/"+name+extension, nil, nil); res.StatusCode != http.StatusGone || !strings.HasPrefix(string(body), "Revoked.") {
			t.Errorf("%s of what was revoked: %s %s", extension, res.Status, body)
		}
	}
	if res, after := w.ask(t, http.MethodGet, "/"+name+".json", nil, nil); res.StatusCode != http.StatusOK || !bytes.Equal(before, after) {
		t.Errorf("the document of what was revoked: %s", res.Status)
	}
}

// TestUnknownCredentials are all the same, whatever makes them unknown.
func TestUnknownCredentials(t *testing.T) {
	w := newWorld(t)
	unknown := "/credentials/" + uuid.NewString()
	_, want := w.ask(t, http.MethodGet, unknown, map[string]string{"Accept": browserAccept}, nil)
	for _, path := range []string{unknown, "/credentials/nonsense", unknown + ".png", unknown + ".exe", "/credentials/{" + strings.TrimPrefix(unknown, "/credentials/") + "}"} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			res, body := w.ask(t, method, path, map[string]string{"Accept": browserAccept}, nil)
			if res.StatusCode != http.StatusNotFound || !bytes.Equal(body, want) {
				t.Errorf("%s %s: %s %s", method, path, res.Status, body)
			}
		}
		if res, body := w.ask(t, http.MethodGet, path, nil, nil); res.StatusCode != http.StatusNotFound || res.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s for programs: %s %s", path, res.Status, body)
		}
	}
}
