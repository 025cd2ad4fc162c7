package credential

import (
	"testing"

	"pgregory.net/rapid"
)

func TestTransitions(t *testing.T) {
	want := map[string]map[verb]string{
		"ACTIVE":    {suspend: "SUSPENDED", reinstate: "", revoke: "REVOKED"},
		"SUSPENDED": {suspend: "", reinstate: "ACTIVE", revoke: "REVOKED"},
		"REVOKED":   {suspend: "", reinstate: "", revoke: ""},
		"nonsense":  {suspend: "", reinstate: "", revoke: ""},
	}
	for status, verbs := range want {
		for v, expected := range verbs {
			if next, ok := after(status, v); next != expected || ok != (expected != "") {
				t.Errorf("%s %s: %q, %v, want %q", status, v, next, ok, expected)
			}
		}
	}
}

// Whatever is tried in whatever order, a credential never comes back from revocation, and is always in a status that the
// table knows.
func TestRevokedIsForGood(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		status, revoked := "ACTIVE", false
		for _, v := range rapid.SliceOf(rapid.SampledFrom([]verb{suspend, reinstate, revoke})).Draw(t, "verbs") {
			if next, ok := after(status, v); ok {
				status = next
			}
			revoked = revoked || v == revoke
			if _, known := transitions[status]; !known || revoked != (status == "REVOKED") {
				t.Fatalf("%s after %s", status, v)
			}
		}
	})
}
