package credential

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	entcredential "github.com/btlc/btlc/ent/credential"
	"github.com/btlc/btlc/internal/api"
)

func TestCredentialLife(t *testing.T) {
	if first := credentialLife.First(); first != entcredential.DefaultStatus {
		t.Errorf("a new one is %s, in the table %s", first, entcredential.DefaultStatus)
	}
	for status, leads := range map[string]map[string]string{
		"ACTIVE":    {"suspend": "SUSPENDED", "reinstate": "", "revoke": "REVOKED"},
		"SUSPENDED": {"suspend": "", "reinstate": "ACTIVE", "revoke": "REVOKED"},
		"REVOKED":   {"suspend": "", "reinstate": "", "revoke": ""},
		"nonsense":  {"suspend": "", "reinstate": "", "revoke": ""},
	} {
		for verb, want := range leads {
			to, err := credentialLife.After("credential", status, verb)
			refusal, refused := errors.AsType[*api.Error](err)
			if to != want || (want == "") != (refused && refusal.Reason == api.StateConflict) {
				t.Errorf("%s %s: got %q, %v, want %q", verb, status, to, err, want)
			}
		}
	}
}

// Whatever is tried in whatever order, a credential never comes back from revocation.
func TestRevokedIsForGood(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		status, revoked := credentialLife.First(), false
		for _, verb := range rapid.SliceOf(rapid.SampledFrom([]string{"suspend", "reinstate", "revoke"})).Draw(t, "verbs") {
			if next, err := credentialLife.After("credential", status, verb); err == nil {
				status = next
			}
			revoked = revoked || verb == "revoke"
			if revoked != (status == "REVOKED") {
				t.Fatalf("%s after %s", status, verb)
			}
		}
	})
}
