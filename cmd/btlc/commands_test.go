package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/btlc/btlc/ent/migrate/migrations"
	"github.com/btlc/btlc/internal/config"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/database/databasetest"
	"github.com/btlc/btlc/internal/demo"
)

// TestHelp holds every command to say what it is for and to show it.
func TestHelp(t *testing.T) {
	var walk func(command *cobra.Command)
	walk = func(command *cobra.Command) {
		if command.Short == "" || command.Runnable() && !command.HasSubCommands() && command.Example == "" {
			t.Errorf("%s does not teach", command.CommandPath())
		}
		for _, child := range command.Commands() {
			walk(child)
		}
	}
	walk(newRoot())
}

func TestCommands(t *testing.T) {
	var a *account
	dir := filepath.Join(t.TempDir(), "data")
	root, drops, secret := t.TempDir(), filepath.Join(t.TempDir(), "drops.yaml"), filepath.Join(t.TempDir(), "password")
	check(t, os.Mkdir(filepath.Join(root, "bps"), 0o750))
	check(t, os.WriteFile(secret, []byte("verysecret"), 0o600))
	check(t, os.WriteFile(drops, []byte(`- {name: bps, district: districts/bps, at: 02:00, target: "file://`+root+`/bps"}
- {name: gone, district: districts/bps, at: 02:00, target: "file://`+root+`/gone"}
- {name: near, district: districts/bps, at: 02:00, target: "s3://bucket/in?endpoint=https://127.0.0.1:1", accessKeyIdFile: `+secret+`, secretAccessKeyFile: `+secret+`}
`), 0o600))
	for _, c := range []struct {
		name      string
		arguments []string
		environ   []string
		code      int
		says      []string
	}{
		{name: "version", arguments: []string{"version"}, says: []string{"btlc ", "needs schema version 2"}},
		{name: "program check", arguments: []string{"program", "check"}, says: []string{"16 competencies", "15 performance assessments", "4 courses"}},
		{name: "program check of nothing", arguments: []string{"program", "check", dir}, code: failed, says: []string{"sources.yaml: ", "courses.yaml: "}},
		{name: "no keys yet", arguments: []string{"key", "list", "--data-dir", dir}, code: failed, says: []string{"the first start of btlc serve makes them"}},
		{name: "a first key", arguments: []string{"key", "rotate", "--data-dir", dir}, says: []string{"key-0001.pem", "signs, made ", "SHA256:"}},
		{name: "a second key", arguments: []string{"key", "rotate"}, environ: []string{"BTLC_DATA_DIR=" + dir}, says: []string{"verifies, made ", "key-0002.pem"}},
		{name: "both keys", arguments: []string{"key", "list", "--data-dir=" + dir}, says: []string{"key-0001.pem", "key-0002.pem"}},
		{name: "a key that is not there", arguments: []string{"key", "compromise", "z6MkOther", "--data-dir", dir}, code: failed, says: []string{`no key "z6MkOther"`, "btlc key list"}},
		{name: "no rotation for a service", arguments: []string{"key", "rotate", "--data-dir", dir, "--signing-keys-kms", "softkms:path=/key.pem"}, code: failed, says: []string{"make a new one there"}},
		{name: "a secret in a key's URI", arguments: []string{"key", "list", "--signing-keys-kms", "azurekms:vault=v;name=n;version=1;client-secret=verysecret"}, code: misused, says: []string{"AZURE_CLIENT_SECRET"}},
		{name: "help on settings", arguments: []string{"help", "settings"}, says: []string{"--rest-address, BTLC_REST_ADDRESS, restAddress"}},
		{name: "help on serve", arguments: []string{"serve", "--help"}, says: []string{"btlc serve --demo", "--database-url url", "[BTLC_DATABASE_URL]"}},
		{name: "all faults", arguments: []string{"serve", "--rest-address", "here"}, environ: []string{"BTLC_LOG_LEVEL=loud", "BTLC_DATABSE_URL=x"}, code: misused,
			says: []string{"3 settings are wrong", "rest-address: ", "log-level: ", "BTLC_DATABASE_URL", "btlc help settings"}},
		{name: "an unknown flag", arguments: []string{"serve", "--rest-adress=x"}, code: misused, says: []string{"the nearest is --rest-address", "btlc serve --help"}},
		{name: "an unknown command", arguments: []string{"server"}, code: misused, says: []string{"unknown command", "the nearest is serve"}},
		{name: "an unknown command of a group", arguments: []string{"key", "rotat"}, code: misused, says: []string{"the nearest is rotate", "btlc key --help"}},
		{name: "a stray argument", arguments: []string{"serve", "now"}, code: misused, says: []string{`"now"`}},
		{name: "help on lost keys", arguments: []string{"admin-key", "--help"}, says: []string{"btlc admin-key", "--migrate-database-url url", "--data-dir"}},
		{name: "no name", arguments: []string{"admin-key", ""}, code: misused, says: []string{"1 to 200 letters"}},
		{name: "two names", arguments: []string{"admin-key", "one", "two"}, code: misused, says: []string{"at most 1", "btlc admin-key --help"}},
		{name: "no drop to make", arguments: []string{"drop"}, code: misused, says: []string{"accepts 1 arg", "btlc drop --help"}},
		{name: "no drops", arguments: []string{"drop", "bps"}, code: failed, says: []string{"there are no drops: --file-drops"}},
		{name: "no targets", arguments: []string{"drop", "--check"}, code: failed, says: []string{"there are no drops: --file-drops"}},
		{name: "a drop that is none", arguments: []string{"drop", "bsp", "--file-drops", drops}, environ: []string{"BTLC_DROP_ROOT=" + root}, code: failed, says: []string{`no drop "bsp"`, "the nearest is bps"}},
		{name: "targets of drops", arguments: []string{"drop", "--check", "--file-drops", drops, "--drop-root", root}, code: failed, says: []string{"bps: the target is in order", "gone: ", "the folder or bucket does not exist", "near: ", "none of drop-networks", "not every target"}},
		{name: "the target of a drop", arguments: []string{"drop", "--check", "bps", "--file-drops", drops, "--drop-root", root}, says: []string{"bps: the target is in order"}},
		{name: "faults of drops", arguments: []string{"drop", "--check", "--file-drops", drops}, code: misused, says: []string{"2 settings are wrong", "file-drops: bps.target: got file:// from line 1 of " + drops, "drop-root"}},
		{name: "a database that is not there", arguments: []string{"migrate", "status"}, environ: []string{"BTLC_DATABASE_URL=postgres://u:verysecret@127.0.0.1:1/d?sslmode=disable&connect_timeout=1"}, code: failed, says: []string{"connect to the database"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			stdout, stderr, code := a.btlc(t, c.environ, c.arguments...)
			if code != c.code {
				t.Errorf("got exit code %d, want %d", code, c.code)
			}
			said := stdout + stderr
			for _, want := range c.says {
				if !strings.Contains(said, want) {
					t.Errorf("got %q, want %q in it", said, want)
				}
			}
			if strings.Contains(said, "verysecret") {
				t.Errorf("shows the password: %s", said)
			}
		})
	}
}

// TestDemoKeys keeps the keys of a demo over starts, and makes others when they work no more.
func TestDemoKeys(t *testing.T) {
	pool, err := database.Open(t.Context(), databasetest.New(t, migrations.FS), database.PoolOptions{MaxConns: 4})
	check(t, err)
	defer pool.Close()
	c := &config.Config{DataDir: t.TempDir()}
	keep := func(keys demo.Keys, url string) demo.Keys {
		kept, err := keepDemoKeys(t.Context(), c, database.NewDB(pool, nil), keys, url)
		check(t, err)
		return kept
	}
	first := keep(demo.Keys{}, "http://127.0.0.1:1")
	if first.Staff == "" || first.District == "" || first.Registrar == "" {
		t.Fatal("a key is lacking")
	}
	if again := keep(demo.Keys{}, "http://127.0.0.1:2"); again != first {
		t.Error("keys that work were not kept")
	}
	path := filepath.Join(c.DataDir, "demo.env")
	isOwn(t, path)
	variables, err := readEnv(path)
	check(t, err)
	if variables["BTLC_URL"] != "http://127.0.0.1:2" || variables["BTLC_STAFF_KEY"] != first.Staff || variables["BTLC_DISTRICT_KEY"] != first.District || variables["BTLC_REGISTRAR_KEY"] != first.Registrar {
		t.Errorf("demo.env has %v", variables)
	}
	_, err = pool.ExecContext(t.Context(), "UPDATE api_keys SET revoke_time = now()")
	check(t, err)
	if later := keep(demo.Keys{}, "http://127.0.0.1:1"); later.Staff == first.Staff || later.District == "" {
		t.Error("keys that work no more were kept")
	}
}

// TestDemoIsNotForOthersData has a server with real data started with the demo by mistake.
func TestDemoIsNotForOthersData(t *testing.T) {
	t.Parallel()
	address := databasetest.New(t, migrations.FS)
	pool, err := database.Open(t.Context(), address, database.PoolOptions{MaxConns: 1})
	check(t, err)
	defer pool.Close()
	_, err = pool.ExecContext(t.Context(), "INSERT INTO districts (id, create_time, update_time, display_name, time_zone) VALUES ('real', now(), now(), 'Real', 'America/New_York')")
	check(t, err)
	var a *account
	dir := a.dataDir(t)
	_, stderr, code := a.btlc(t, []string{"BTLC_DATABASE_URL=" + address, "BTLC_DEMO=true"}, "serve", "--data-dir", dir, "--rest-address=127.0.0.1:0", "--grpc-address=127.0.0.1:0", "--metrics-address=")
	if code != failed || !strings.Contains(stderr, "--demo is not for the database btlc_test_") {
		t.Errorf("got exit code %d, %s", code, stderr)
	}
	if _, err := os.Stat(filepath.Join(dir, "demo.env")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("demo.env: %v", err)
	}
}

func TestReachable(t *testing.T) {
	for address, want := range map[string]string{"0.0.0.0:8080": "127.0.0.1:8080", "[::]:8080": "127.0.0.1:8080", ":8080": "127.0.0.1:8080", "10.1.2.3:80": "10.1.2.3:80", "[::1]:80": "[::1]:80"} {
		if got := reachable(address); got != want {
			t.Errorf("%s: got %s, want %s", address, got, want)
		}
	}
}
