package databasetest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestSweep(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	leave := func(age time.Duration) string {
		dir, err := os.MkdirTemp("", directoryPrefix)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "data"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		then := time.Now().Add(-age)
		if err := os.Chtimes(dir, then, then); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	abandoned, young, held := leave(time.Hour), leave(0), leave(time.Hour)
	lock, err := lockDirectory(held)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()

	sweep()
	for dir, stays := range map[string]bool{abandoned: false, young: true, held: true} {
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) == stays {
			t.Errorf("%s: stat says %v", dir, err)
		}
	}
}
