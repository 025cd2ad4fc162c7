package main

import (
	"slices"
	"testing"

	"github.com/btlc/btlc/internal/api"
)

// The document's problems are those of the server: its reasons under its statuses. The program itself cannot ask the
// server's package, which is built from generated code. No operation answers a wrong verb or a caller who went away.
func TestProblemsAreTheServers(t *testing.T) {
	for _, reason := range api.Reasons() {
		if reason == api.MethodNotAllowed || reason == api.Cancelled {
			continue
		}
		at := slices.IndexFunc(problems, func(p problem) bool { return p.status == reason.HTTPStatus() })
		if at < 0 || !slices.Contains(problems[at].reasons, string(reason)) {
			t.Errorf("status %d does not tell of %s", reason.HTTPStatus(), reason)
		}
	}
	for _, p := range problems {
		for _, reason := range p.reasons {
			if api.Reason(reason).HTTPStatus() != p.status {
				t.Errorf("%s is not of status %d", reason, p.status)
			}
		}
		if title := api.Reason(p.reasons[0]).Title(); title != p.title {
			t.Errorf("%s has the title %q, not %q", p.reasons[0], title, p.title)
		}
	}
}
