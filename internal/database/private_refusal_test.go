package database_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/btlc/btlc/internal/database"
)

// wantRefusal starts a private PostgreSQL, which must fail in the given way.
func wantRefusal(t *testing.T, options database.PrivateOptions, want error) {
	t.Helper()
	private, err := database.StartPrivate(t.Context(), options)
	if err == nil {
		stopAtEnd(t, private)
	}
	if !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
}

func refusesUnfitPath(t *testing.T) {
	for _, name := range []string{strings.Repeat("x", 100), "with, comma"} {
		dir := filepath.Join(shortDir(t), name)
		wantRefusal(t, database.PrivateOptions{DataDir: dir}, database.ErrUnfitPath)
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a refused directory was made: %v", err)
		}
	}
}

func refusesMissingBinaries(t *testing.T) {
	root := shortDir(t)
	data := filepath.Join(root, "d")
	t.Run("none", func(t *testing.T) {
		wantRefusal(t, database.PrivateOptions{DataDir: data, BinDir: root}, database.ErrNoBinaries)
	})
	t.Run("too old", func(t *testing.T) {
		old := fakeBinaries(t, "14.9")
		wantRefusal(t, database.PrivateOptions{DataDir: data, BinDir: old}, database.ErrNoBinaries)
	})
	t.Run("not what made the data", func(t *testing.T) {
		check(t, os.MkdirAll(filepath.Join(data, "cluster"), 0o700))
		check(t, os.WriteFile(filepath.Join(data, "cluster", "PG_VERSION"), []byte("15\n"), 0o600))
		newer := fakeBinaries(t, "16beta1")
		wantRefusal(t, database.PrivateOptions{DataDir: data, BinDir: newer}, database.ErrNoBinaries)
	})
}

// fakeBinaries returns a folder whose postgres answers with the version.
func fakeBinaries(t *testing.T, version string) string {
	t.Helper()
	dir := shortDir(t)
	for _, name := range []string{"postgres", "initdb"} {
		script := "#!/bin/sh\necho 'postgres (PostgreSQL) " + version + " (Debian)'\n"
		check(t, os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755))
	}
	return dir
}

func refusesForeignDirectory(t *testing.T) {
	dir := shortDir(t)
	check(t, os.WriteFile(filepath.Join(dir, "letter.txt"), nil, 0o600))
	wantRefusal(t, database.PrivateOptions{DataDir: dir}, database.ErrForeignDirectory)
}

func refusesUnreachable(t *testing.T) {
	closed := filepath.Join(shortDir(t), "closed")
	check(t, os.Mkdir(closed, 0o700)) // like /root for user postgres
	if os.Geteuid() != 0 {
		check(t, os.Chmod(closed, 0o000)) // to its owner it is closed only so
	}
	wantRefusal(t, database.PrivateOptions{DataDir: filepath.Join(closed, "d")}, fs.ErrPermission)
}

func givesUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := database.StartPrivate(ctx, database.PrivateOptions{DataDir: filepath.Join(shortDir(t), "d")})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
}
