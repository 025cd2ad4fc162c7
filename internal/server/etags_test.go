package server

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// What is signed by chance in another way each time has the same weak ETag, which is compared without looking at that.
func TestETagsOfJWTs(t *testing.T) {
	tag := jwtTag([]byte("header.claims.signature"))
	if other := jwtTag([]byte("header.claims.chance")); other != tag || tag[:3] != `W/"` {
		t.Errorf("%s, then %s", tag, other)
	}
	if other := jwtTag([]byte("header.others.signature")); other == tag {
		t.Error("other claims have the same ETag")
	}
	signed := 0
	page := revalidated(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		signed++
		body := []byte("header.claims." + string(rune('a'+signed)))
		publishAs(w, "application/jwt", body, jwtTag(body))
	}))
	for known, want := range map[string]int{"": http.StatusOK, tag: http.StatusNotModified, tag[2:]: http.StatusNotModified, `W/"x", ` + tag: http.StatusNotModified, `W/"x"`: http.StatusOK} {
		r, w := httptest.NewRequest(http.MethodGet, "/", http.NoBody), httptest.NewRecorder()
		r.Header.Set("If-None-Match", known)
		page.ServeHTTP(w, r)
		if w.Code != want || w.Header().Get("ETag") != tag || (w.Body.Len() == 0) != (want == http.StatusNotModified) {
			t.Errorf("who knows %q: %d, %v", known, w.Code, w.Header())
		}
	}
}
