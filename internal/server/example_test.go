package server_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	"github.com/btlc/btlc/internal/access"
)

// TestFirstCredential walks the example of the README.
func TestFirstCredential(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.clock.Store(time.Now().UnixNano()) // the example lives today
	w.do(t, "staff", "CreateRole", map[string]any{"parent": "districts/bps", "role": map[string]any{"displayName": "Data team leader", "kind": "ROLE_KIND_FORMAL"}})
	day := func(from int) map[string]any {
		d := time.Now().AddDate(0, 0, from)
		return map[string]any{"year": d.Year(), "month": int(d.Month()), "day": d.Day()}
	}
	w.do(t, "staff", "CreateTerm", map[string]any{"termId": "now", "term": map[string]any{"displayName": "Now", "startDate": day(-150), "endDate": day(60)}})
	staff, err := access.New(w.server.DB(), nil).Bootstrap(t.Context(), "walker", access.Grant{Role: accesspb.Role_ROLE_PROGRAM_STAFF}, access.Grant{Role: accesspb.Role_ROLE_ADMIN})
	must(t, err)
	w.runExample(t, "first-credential.sh", staff)
}

// TestDistrictCopy walks the example for districts.
func TestDistrictCopy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.settle(t)
	w.runExample(t, "district-copy.sh", w.keys["staff"])
}

// runExample runs an example, with a file of keys such as the demo has.
func (w *world) runExample(t *testing.T, example, staff string) {
	t.Helper()
	keys := filepath.Join(t.TempDir(), "demo.env")
	must(t, os.WriteFile(keys, fmt.Appendf(nil, "BTLC_URL=%s\nBTLC_STAFF_KEY=%s\nBTLC_DISTRICT_KEY=%s\nBTLC_REGISTRAR_KEY=%s\n",
		w.rest.base, staff, w.keys["districtHr"], w.keys["registrar"]), 0o600))
	walk := exec.CommandContext(t.Context(), "bash", "../../examples/"+example)
	walk.Env = append(os.Environ(), "BTLC_ENV="+keys)
	if out, err := walk.CombinedOutput(); err != nil {
		t.Errorf("%v:\n%s", err, out[max(0, len(out)-4000):])
	}
}
