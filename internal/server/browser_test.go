package server_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/btlc/btlc/internal/qrscan/qrscantest"
)

// TestPagesInABrowser walks through the pages in Chromium, as people do.
func TestPagesInABrowser(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("../web/browser/node_modules"); err != nil {
		t.Fatal("the browser's driver is not installed: run `npm ci --prefix internal/web/browser` in the root of the project")
	}
	w := newWorld(t)
	w.settle(t)
	photos := t.TempDir()
	for name, address := range map[string]string{"ours": w.rest.base + "/" + w.variables["credential"], "elsewhere": "https://elsewhere.example.org/1"} {
		must(t, os.WriteFile(filepath.Join(photos, name+".jpg"), qrscantest.JPEG(t, photoOf(t, address)), 0o600))
	}
	run := exec.CommandContext(t.Context(), "node", "--test", "--test-reporter=tap", "pages.test.mjs")
	run.Dir = "../web/browser"
	run.Env = append(os.Environ(), "BTLC_URL="+w.rest.base, "BTLC_CREDENTIAL="+w.variables["credential"], "BTLC_EMAIL=educator@example.org", "BTLC_KEY="+w.keys["staff"], "BTLC_PHOTOS="+photos)
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
