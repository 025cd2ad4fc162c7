package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/btlc/btlc/ent/migrate/migrations"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/database/databasetest"
)

// keyOf is the key that admin-key has printed.
func keyOf(t *testing.T, printed string) string {
	t.Helper()
	_, key, found := strings.Cut(printed, "\nBTLC_ADMIN_KEY=")
	if key = strings.TrimSpace(key); !found || strings.Contains(key, "\n") {
		t.Fatalf("got %q, want one key", printed)
	}
	return key
}

// TestAdminKey has the only administrator's key lost, on a database of one's own and on one that a server is using.
func TestAdminKey(t *testing.T) {
	t.Parallel()
	var a *account
	address := databasetest.New(t, migrations.FS)
	environ := []string{"BTLC_DATABASE_URL=" + address}
	s := a.serve(t, a.dataDir(t), environ)
	lost := s.adminKey()
	check(t, os.Remove(filepath.Join(s.dataDir, "admin.env")))

	out, stderr, code := a.btlc(t, environ, "admin-key", "Director of operations")
	if code != 0 {
		t.Fatalf("got exit code %d, %s", code, stderr)
	}
	key := keyOf(t, out)
	if strings.Contains(stderr, key) {
		t.Error("the key is in the log")
	}
	if roles := s.roles(key); roles != adminRoles || key == lost {
		t.Errorf("the new administrator has %q, want %q", roles, adminRoles)
	}
	if _, self := s.get(key, "/v1/whoami"); self["displayName"] != "Director of operations" {
		t.Errorf("the new administrator is %v", self)
	}
	if roles := s.roles(lost); roles != adminRoles {
		t.Errorf("the other key, which may be somebody's: got %q", roles)
	}
	_, record := s.get(key, "/v1/auditEntries")
	entries, _ := record["auditEntries"].([]any)
	newest := map[string]any{}
	if len(entries) > 0 {
		newest, _ = entries[0].(map[string]any)
	}
	if _, self := s.get(key, "/v1/whoami"); newest["principal"] != "system" || newest["method"] != "btlc admin-key" || newest["resource"] != self["principal"] {
		t.Errorf("the newest entry of the audit record is %v", newest)
	}
}

// TestAdminKeyRefused has nothing made by somebody without rights, nor in tables that this program does not know.
func TestAdminKeyRefused(t *testing.T) {
	t.Parallel()
	var a *account
	address := databasetest.New(t, migrations.FS)
	out, stderr, code := a.btlc(t, []string{"BTLC_DATABASE_URL=" + address, "BTLC_MIGRATE_DATABASE_URL=" + nobodys(t, address)}, "admin-key")
	if code != failed || out != "" || !strings.Contains(stderr, "permission denied") {
		t.Errorf("got exit code %d, %s%s", code, out, stderr)
	}
	pool, err := database.Open(t.Context(), address, database.PoolOptions{MaxConns: 1})
	check(t, err)
	defer pool.Close()
	_, err = pool.ExecContext(t.Context(), "DELETE FROM goose_db_version WHERE version_id > 0")
	check(t, err)
	out, stderr, code = a.btlc(t, []string{"BTLC_DATABASE_URL=" + address}, "admin-key")
	if code != failed || out != "" || !strings.Contains(stderr, "btlc migrate") {
		t.Errorf("a schema that is behind: got exit code %d, %s%s", code, out, stderr)
	}
}

// nobodys is the address with the rights of a role that has none here.
func nobodys(t *testing.T, address string) string {
	t.Helper()
	if strings.Contains(address, "?") {
		return address + "&role=pg_signal_backend"
	}
	return address + "?role=pg_signal_backend"
}

// TestAdminKeyPrivate makes an administrator in the private PostgreSQL, while no server runs.
func TestAdminKeyPrivate(t *testing.T) {
	t.Parallel()
	var a *account
	s := a.serve(t, a.dataDir(t), nil)
	if out, stderr, code := a.btlc(t, nil, "admin-key", "--data-dir", s.dataDir); code != failed || out != "" || !strings.Contains(stderr, "stop the server before") {
		t.Errorf("while the server runs: got exit code %d, %s%s", code, out, stderr)
	}
	check(t, s.stop(syscall.SIGTERM))
	out, stderr, code := a.btlc(t, nil, "admin-key", "--data-dir", s.dataDir)
	if code != 0 {
		t.Fatalf("got exit code %d, %s", code, stderr)
	}
	if again := a.serve(t, s.dataDir, nil); again.roles(keyOf(t, out)) != adminRoles {
		t.Error("the new key works not")
	}
}
