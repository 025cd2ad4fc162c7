package server

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"golang.org/x/sync/semaphore"
)

// unread is a body that nobody may read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the form is read")
	return 0, http.ErrBodyReadAfterClose
}

// sentForm is what the page that verifies answers to a form.
func sentForm(s *Server, r *http.Request, kind string) *httptest.ResponseRecorder {
	r.Header.Set("Content-Type", kind)
	w := httptest.NewRecorder()
	bounded(http.HandlerFunc(s.verify)).ServeHTTP(w, r)
	return w
}

func newFormServer() *Server {
	return &Server{log: slog.New(slog.DiscardHandler), largeForms: semaphore.NewWeighted(maxLargeForms)}
}

// TestVerifyPageWithoutPlaces refuses large forms unread when as many as may are being read, and takes small ones.
func TestVerifyPageWithoutPlaces(t *testing.T) {
	s := newFormServer()
	if !s.largeForms.TryAcquire(maxLargeForms) {
		t.Fatal("not all places are free")
	}
	const kind = "multipart/form-data; boundary=b"
	for _, length := range []int64{-1, maxBody + 1} {
		r := httptest.NewRequest(http.MethodPost, verifyPath, unread{t})
		r.ContentLength = length
		if w := sentForm(s, r, kind); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "60" || !strings.Contains(w.Body.String(), "Too many files") {
			t.Errorf("of a length of %d: %d %v %s", length, w.Code, w.Header(), w.Body)
		}
	}
	if w := sentForm(s, httptest.NewRequest(http.MethodPost, verifyPath, strings.NewReader("--b--\r\n")), kind); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "Choose a file") {
		t.Errorf("a small one: %d %s", w.Code, w.Body)
	}
	s.largeForms.Release(1)
	for range 2 { // the place is given back
		r := httptest.NewRequest(http.MethodPost, verifyPath, strings.NewReader("--b--\r\n"))
		r.ContentLength = -1
		if w := sentForm(s, r, kind); w.Code != http.StatusBadRequest {
			t.Errorf("with a place: %d %s", w.Code, w.Body)
		}
	}
}

// TestVerifyPageTellsBadForms: a form without files that is too large or malformed is not taken for an empty one.
func TestVerifyPageTellsBadForms(t *testing.T) {
	s := newFormServer()
	for what, c := range map[string]struct {
		body   string
		status int
		want   string
	}{
		"too large": {"credential=" + strings.Repeat("a", maxForm), http.StatusRequestEntityTooLarge, "too large"},
		"malformed": {"credential=%zz", http.StatusBadRequest, "did not arrive whole"},
		"empty":     {"credential=", http.StatusBadRequest, "Choose a file"},
	} {
		r := httptest.NewRequest(http.MethodPost, verifyPath, strings.NewReader(c.body))
		if w := sentForm(s, r, "application/x-www-form-urlencoded"); w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s: %d, without %q: %s", what, w.Code, c.want, w.Body)
		}
	}
}
