package server

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestAccepted(t *testing.T) {
	offers := []string{"application/vc", "application/json", "text/html", "image/png", "image/svg+xml"}
	for _, c := range []struct{ accept, want string }{
		{"", "application/vc"}, {"*/*", "application/vc"}, {"application/*", "application/vc"}, {"application/json", "application/json"},
		{"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8", "text/html"},
		{"image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", "image/svg+xml"},
		{"application/json, text/plain, */*", "application/json"},
		{"TEXT/HTML; charset=utf-8", "text/html"},
		{"image/*;q=0.5, text/*;q=0.6", "text/html"},
		{"*/*, application/vc;q=0", "application/json"},
		{"application/*;q=0, image/*;q=0.1, */*;q=0.1, text/html;q=0.05", "image/png"},
		{`application/json;profile="a,b\",c";q=0.1, text/html;q=0.2`, "text/html"},
		{"text/html;q=nonsense, image/png;q=0.001", "image/png"},
		{"text/html;q=2, image/png;q=NaN", ""}, {"text/plain", ""}, {"text/html;q=0", ""}, {";;;,,", ""},
	} {
		r := &http.Request{Header: http.Header{}}
		if c.accept != "" {
			r.Header.Set("Accept", c.accept)
		}
		if got := accepted(r, offers); got != c.want {
			t.Errorf("Accept: %s gets %q, want %q", c.accept, got, c.want)
		}
	}
}

// TestAcceptedIsOffered: whatever the header, the answer is an offer that the header does not refuse, and the order of its
// entries is nothing.
func TestAcceptedIsOffered(t *testing.T) {
	offers := []string{"application/vc", "text/html", "image/png"}
	entry := rapid.Custom(func(t *rapid.T) string {
		kind := rapid.SampledFrom(append([]string{"*/*", "image/*", "text/*", "text/plain"}, offers...)).Draw(t, "kind")
		return fmt.Sprintf("%s;q=0.%d", kind, rapid.IntRange(0, 3).Draw(t, "q"))
	})
	rapid.Check(t, func(t *rapid.T) {
		entries := rapid.SliceOfN(entry, 1, 6).Draw(t, "entries")
		got := accepted(&http.Request{Header: http.Header{"Accept": entries}}, offers)
		slices.Reverse(entries)
		if again := accepted(&http.Request{Header: http.Header{"Accept": {strings.Join(entries, " , ")}}}, offers); again != got {
			t.Fatalf("%q, and %q in the other order", got, again)
		}
		best := 0.0
		for _, offer := range offers {
			q, _ := taken(offer, mediaRanges(strings.Join(entries, ",")))
			best = max(best, q)
		}
		if got == "" != (best == 0) {
			t.Fatalf("%q where the best quality is %g", got, best)
		}
		if q, _ := taken(got, mediaRanges(strings.Join(entries, ","))); got != "" && (!slices.Contains(offers, got) || q != best) {
			t.Fatalf("%q has quality %g, the best is %g", got, q, best)
		}
	})
}
