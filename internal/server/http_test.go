package server_test

import (
	"compress/gzip"
	"encoding/json"
	"net/http"
	"testing"

	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	"github.com/btlc/btlc/internal/server"
)

// TestHTTPHabits are those of REST alone: revalidation, compression, rates, and pages of other origins.
func TestHTTPHabits(t *testing.T) {
	const page = "https://app.example.org"
	w := newWorld(t, func(o *server.Options) { o.Origins = []string{page} })
	get := func(method, path string, headers map[string]string) *http.Response {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, w.rest.base+path, nil)
		must(t, err)
		req.Header.Set("Authorization", "Bearer "+w.keys["staff"])
		for name, value := range headers {
			req.Header.Set(name, value)
		}
		res, err := http.DefaultTransport.RoundTrip(req)
		must(t, err)
		t.Cleanup(func() { _ = res.Body.Close() })
		return res
	}
	district := get(http.MethodGet, "/v1/districts/bps", nil)
	etag := district.Header.Get("ETag")
	if etag != `"v1"` || district.Header.Get("X-Request-Id") == "" {
		t.Errorf("ETag %s, request id %q", etag, district.Header.Get("X-Request-Id"))
	}
	if again := get(http.MethodGet, "/v1/districts/bps", map[string]string{"If-None-Match": etag}); again.StatusCode != http.StatusNotModified {
		t.Errorf("what has not changed was answered with %s", again.Status)
	}
	if other := get(http.MethodGet, "/v1/districts/bps", map[string]string{"If-None-Match": `"v0"`}); other.StatusCode != http.StatusOK {
		t.Errorf("what has changed was answered with %s", other.Status)
	}
	framework := get(http.MethodGet, "/v1/frameworks/btlc-1", map[string]string{"Accept-Encoding": "gzip"})
	if framework.Header.Get("Content-Encoding") != "gzip" {
		t.Fatal("a large answer was not compressed")
	}
	plain, err := gzip.NewReader(framework.Body)
	must(t, err)
	var body struct{ CoreSkills []any }
	must(t, json.NewDecoder(plain).Decode(&body))
	if len(body.CoreSkills) != 4 {
		t.Errorf("%d core skills after decompression", len(body.CoreSkills))
	}
	if res := get(http.MethodGet, "/v1/districts/bps", map[string]string{"Origin": page}); res.Header.Get("Access-Control-Allow-Origin") != page || res.Header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("an allowed page got %v", res.Header)
	}
	if res := get(http.MethodGet, "/v1/districts/bps", map[string]string{"Origin": "https://elsewhere.example.org"}); res.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("a page of elsewhere got %v", res.Header)
	}
}

// TestRates lets a caller make twice the rate at once, tells what is left, and refuses what is more, on both transports.
func TestRates(t *testing.T) {
	w := newWorld(t, func(o *server.Options) { o.RequestsPerSecond = 40 })
	for _, c := range w.callers() {
		w.bind(t, "fast", accesspb.Role_ROLE_BOARD_MEMBER, "")
		refused := false
		for range 200 {
			r := c.call(t, methodNamed(t, "WhoAmI"), w.keys["fast"], []byte(`{}`), nil)
			if r.header["ratelimit-limit"] != "80" {
				t.Fatalf("%s: the headers are %v", c.name(), r.header)
			}
			if r.err != nil {
				refused = r.err.Reason == "RATE_LIMITED" && r.header["retry-after"] == "1"
				break
			}
		}
		if !refused {
			t.Errorf("%s: 200 requests at once were not refused", c.name())
		}
	}
}
