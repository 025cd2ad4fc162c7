package main

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/btlc/btlc/ent/migrate/migrations"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/database/databasetest"
)

// TestDropNow leaves a file from the command line, on a machine without signing keys.
func TestDropNow(t *testing.T) {
	t.Parallel()
	address := databasetest.New(t, migrations.FS)
	pool, err := database.Open(t.Context(), address, database.PoolOptions{MaxConns: 1})
	check(t, err)
	defer pool.Close()
	_, err = pool.ExecContext(t.Context(), "INSERT INTO districts (id, create_time, update_time, display_name, time_zone) VALUES ('bps', now(), now(), 'Boston', 'America/New_York')")
	check(t, err)
	root := t.TempDir()
	file := filepath.Join(root, "drops.yaml")
	check(t, os.WriteFile(file, []byte(`- {name: made, district: districts/bps, at: 02:00, target: "file://`+root+`/bps"}
- {name: nobody, district: districts/nowhere, at: 02:00, target: "file://`+root+`/bps"}
`), 0o600))
	check(t, os.Mkdir(filepath.Join(root, "bps"), 0o750))
	environ := []string{"BTLC_DATABASE_URL=" + address, "BTLC_FILE_DROPS=" + file, "BTLC_DROP_ROOT=" + root}
	var a *account
	dir := a.dataDir(t)
	stdout, stderr, code := a.btlc(t, environ, "drop", "made", "--data-dir", dir)
	if code != 0 || stderr == "" {
		t.Fatalf("got exit code %d, %s", code, stderr)
	}
	found, err := filepath.Glob(filepath.Join(root, "bps", "made-*.csv"))
	check(t, err)
	if len(found) != 1 {
		t.Fatalf("there are %q", found)
	}
	content, err := os.ReadFile(found[0])
	check(t, err)
	if sum := sha256.Sum256(content); !strings.HasPrefix(string(content), "credential,educator,") || !strings.Contains(stdout, filepath.Base(found[0])) || !strings.Contains(stdout, hex.EncodeToString(sum[:])) {
		t.Errorf("it says %q of %q", stdout, content)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("a data directory was made, perhaps with keys")
	}
	if _, stderr, code := a.btlc(t, environ, "drop", "nobody", "--data-dir", dir); code != failed || !strings.Contains(stderr, "districts/nowhere") {
		t.Errorf("got exit code %d, %s", code, stderr)
	}
}
