package main

import (
	"os"
	"testing"
)

func TestRun(t *testing.T) {
	for name, c := range map[string]struct {
		script string
		want   int
	}{
		"its code":           {"exit 7", 7},
		"success":            {"exit 0", 0},
		"a server to use":    {`case "$BTLC_TEST_DATABASE_URL" in postgres://*) exit 3;; esac`, 3},
		"a signal handed on": {`trap 'exit 9' TERM; kill -TERM $PPID; while :; do sleep 0.01; done`, 9},
		"ended by a signal":  {`kill -KILL $$`, 137},
	} {
		t.Run(name, func(t *testing.T) {
			if code, err := run([]string{"sh", "-c", c.script}); err != nil || code != c.want {
				t.Errorf("got %d, %v, want %d", code, err, c.want)
			}
		})
	}
	t.Run("no such command", func(t *testing.T) {
		if code, err := run([]string{"/no/such/command"}); code != failed || err == nil {
			t.Errorf("got %d, %v, want %d", code, err, failed)
		}
	})
	t.Run("directory removed", func(t *testing.T) {
		t.Setenv("TMPDIR", shortDir(t))
		if _, err := run([]string{"true"}); err != nil {
			t.Fatal(err)
		}
		left, err := os.ReadDir(os.TempDir())
		if err != nil || len(left) != 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	})
}

// shortDir is open to every user, as /tmp is, and short enough for a socket's path, unlike t.TempDir.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "withpg-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	return dir
}
