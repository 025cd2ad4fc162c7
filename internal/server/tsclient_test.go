package server_test

import (
	"os"
	"os/exec"
	"regexp"
	"testing"

	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	"github.com/btlc/btlc/internal/access"
)

// TestTypeScriptClient runs the client that is generated for TypeScript, as it is built, against a live server.
func TestTypeScriptClient(t *testing.T) {
	if _, err := os.Stat("../../gen/ts/dist/index.js"); err != nil {
		t.Fatal("the TypeScript client is not built: run `npm ci --prefix gen/ts && npm run build --prefix gen/ts` in the root of the project")
	}
	w := newWorld(t)
	secret, err := access.New(w.server.DB(), nil).Bootstrap(t.Context(), "TypeScript", access.Grant{Role: accesspb.Role_ROLE_ADMIN}, access.Grant{Role: accesspb.Role_ROLE_PROGRAM_STAFF})
	must(t, err)
	run := exec.CommandContext(t.Context(), "node", "--test", "--test-reporter=tap", "live.test.mjs")
	run.Dir = "../tools/tsclient"
	run.Env = append(os.Environ(), "BTLC_URL="+w.rest.base, "BTLC_STAFF_KEY="+secret)
	report, err := run.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, report)
	}
	// A test that is skipped passes, too.
	for _, counted := range []string{`(?m)^# pass [1-9]`, `(?m)^# fail 0$`, `(?m)^# skipped 0$`, `(?m)^# todo 0$`} {
		if !regexp.MustCompile(counted).Match(report) {
			t.Errorf("the report has no %s\n%s", counted, report)
		}
	}
}
