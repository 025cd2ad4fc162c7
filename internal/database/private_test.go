package database_test

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/btlc/btlc/internal/database"
)

// TestPrivateAsOrdinaryUser runs TestPrivate once more as another user when we are root, under which PostgreSQL has to
// run as somebody else. When we are not root, TestPrivate itself has covered it.
func TestPrivateAsOrdinaryUser(t *testing.T) {
	if os.Geteuid() != 0 {
		return
	}
	nobody, err := user.Lookup("nobody")
	check(t, err)
	uid, err := strconv.Atoi(nobody.Uid)
	check(t, err)
	gid, err := strconv.Atoi(nobody.Gid)
	check(t, err)

	// A copy, since the test binary lies in a directory that is closed to others.
	dir := shortDir(t)
	binary := filepath.Join(dir, "database.test")
	copyExecutable(t, binary)
	again := exec.CommandContext(t.Context(), binary, "-test.run=^TestPrivate$", "-test.v")
	again.Dir = dir
	again.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	output, err := again.CombinedOutput()
	if err != nil {
		t.Fatalf("as user nobody: %v\n%s", err, output)
	}
}

func TestPrivate(t *testing.T) {
	// One after the other: a program just written cannot be run while a rival start still has it open for writing.
	t.Run("refuses a path that does not do for a socket", refusesUnfitPath)
	t.Run("refuses a machine without a fitting PostgreSQL", refusesMissingBinaries)
	t.Run("refuses a directory with other files", refusesForeignDirectory)
	t.Run("refuses a directory that PostgreSQL cannot reach", refusesUnreachable)
	t.Run("gives up when the context ends", givesUp)

	for name, run := range map[string]func(*testing.T){
		"starts, stops and keeps its data":         keepsItsData,
		"refuses a second server on the directory": refusesSecond,
		"tells when PostgreSQL ends on its own":    tellsUnexpectedEnd,
		"stops at once when there is no time":      stopsAtOnce,
		"says why PostgreSQL does not start":       saysWhy,
		"takes settings":                           takesSettings,
		"survives the kill of its server":          survivesKill,
		"survives the kill of everything":          survivesCrash,
		"stops cleanly when its server is killed":  stopsWithServer,
		"disregards a stale process number":        disregardsStranger,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t)
		})
	}
}

func keepsItsData(t *testing.T) {
	dir := filepath.Join(shortDir(t), "made", "a \"data\" dir's") // the parent too is made, and quoting holds
	first := start(t, dir)
	db := open(t, first.URL(database.OwnerRole, database.Name))
	execute(t, db, "CREATE TABLE notes (body text)")
	execute(t, db, "INSERT INTO notes VALUES ('kept')")
	check(t, first.Stop(t.Context()))
	check(t, first.Stop(t.Context())) // again is fine
	select {
	case <-first.Done():
	default:
		t.Error("Done is open after Stop")
	}
	if err := db.PingContext(t.Context()); !database.IsReadOnlyOrDown(err) {
		t.Errorf("after Stop: got %v, want a sign that the database is down", err)
	}

	second := start(t, dir)
	db = open(t, second.URL(database.OwnerRole, database.Name))
	if got := queryString(t, db, "SELECT body FROM notes"); got != "kept" {
		t.Errorf("got %q, want kept", got)
	}
	for setting, want := range map[string]string{
		"server_encoding": "UTF8", "data_checksums": "on", "listen_addresses": "", "TimeZone": "UTC", "fsync": "on",
	} {
		if got := queryString(t, db, "SELECT current_setting($1)", setting); got != want {
			t.Errorf("%s: got %q, want %q", setting, got, want)
		}
	}
	info, err := os.Stat(dir)
	check(t, err)
	if info.Mode().Perm() != 0o700 {
		t.Errorf("the data directory's mode is %o, want 700", info.Mode().Perm())
	}
}

func refusesSecond(t *testing.T) {
	dir := filepath.Join(shortDir(t), "d")
	start(t, dir)
	if _, err := database.StartPrivate(t.Context(), database.PrivateOptions{DataDir: dir}); !errors.Is(err, database.ErrDataDirInUse) {
		t.Errorf("in this process: got %v, want ErrDataDirInUse", err)
	}
	err := serverCommand(t, dir).Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 1 {
		t.Errorf("in another process: got %v, want exit code 1", err)
	}
}

func tellsUnexpectedEnd(t *testing.T) {
	dir := filepath.Join(shortDir(t), "d")
	private := start(t, dir)
	check(t, syscall.Kill(postmaster(t, dir), syscall.SIGKILL))
	awaitClosed(t, private.Done())
	check(t, private.Stop(t.Context()))
	start(t, dir) // the directory is free again
}

func stopsAtOnce(t *testing.T) {
	dir := filepath.Join(shortDir(t), "d")
	private := start(t, dir)
	// A stopped process cannot shut down, until it is told to go on below.
	pid := postmaster(t, dir)
	check(t, syscall.Kill(pid, syscall.SIGSTOP))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	stopped := make(chan error, 1)
	go func() { stopped <- private.Stop(ctx) }()
	<-ctx.Done()
	check(t, syscall.Kill(pid, syscall.SIGCONT))
	// Which of the two signals it saw first is its own affair; either way it ends.
	if err := <-stopped; err != nil && !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want nil or the context's error", err)
	}
	awaitClosed(t, private.Done())
}

func takesSettings(t *testing.T) {
	private, err := database.StartPrivate(t.Context(), database.PrivateOptions{
		DataDir:  filepath.Join(shortDir(t), "d"),
		Settings: map[string]string{"max_connections": "33", "fsync": "off", "listen_addresses": "*"},
	})
	check(t, err)
	stopAtEnd(t, private)
	db := open(t, private.URL(database.OwnerRole, database.Name))
	for setting, want := range map[string]string{"max_connections": "33", "fsync": "off", "listen_addresses": ""} {
		if got := queryString(t, db, "SELECT current_setting($1)", setting); got != want {
			t.Errorf("%s: got %q, want %q", setting, got, want)
		}
	}
}

func saysWhy(t *testing.T) {
	dir := filepath.Join(shortDir(t), "d")
	_, err := database.StartPrivate(t.Context(), database.PrivateOptions{
		DataDir:  dir,
		Settings: map[string]string{"shared_buffers": "plenty"},
	})
	if _, ok := errors.AsType[*exec.ExitError](err); !ok || !strings.Contains(err.Error(), "shared_buffers") {
		t.Errorf("got %v, want PostgreSQL's exit and its log's word on shared_buffers", err)
	}
	start(t, dir) // the directory is free again
}

// start runs a private PostgreSQL until the test ends.
func start(t *testing.T, dir string) *database.Private {
	t.Helper()
	private, err := database.StartPrivate(t.Context(), database.PrivateOptions{DataDir: dir})
	check(t, err)
	stopAtEnd(t, private)
	return private
}

func stopAtEnd(t *testing.T, private *database.Private) {
	t.Cleanup(func() {
		if err := private.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
}

func open(t *testing.T, address string) *sql.DB {
	t.Helper()
	db, err := database.Open(t.Context(), address, database.PoolOptions{})
	check(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func execute(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	_, err := db.ExecContext(t.Context(), statement)
	check(t, err)
}

func queryString(t *testing.T, db *sql.DB, query string, arguments ...any) (value string) {
	t.Helper()
	check(t, db.QueryRowContext(t.Context(), query, arguments...).Scan(&value))
	return value
}

// shortDir is a directory that every user may pass through, with a path short enough for a socket, unlike t.TempDir.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "btlc-")
	check(t, err)
	t.Cleanup(func() { check(t, os.RemoveAll(dir)) })
	check(t, os.Chmod(dir, 0o711))
	return dir
}

func copyExecutable(t *testing.T, target string) {
	t.Helper()
	path, err := os.Executable()
	check(t, err)
	source, err := os.Open(path)
	check(t, err)
	defer source.Close()
	copied, err := os.OpenFile(target, os.O_CREATE|os.O_WRONLY, 0o755)
	check(t, err)
	_, err = io.Copy(copied, source)
	check(t, errors.Join(err, copied.Close()))
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// postmaster returns the number of the PostgreSQL process that serves the data directory, 0 when none is on record.
func postmaster(t *testing.T, dir string) int {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, "cluster", "postmaster.pid"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0
	}
	check(t, err)
	line, _, _ := strings.Cut(string(content), "\n")
	pid, err := strconv.Atoi(line)
	check(t, err)
	return pid
}

func awaitClosed(t *testing.T, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		t.Fatal("still running after 30 s")
	}
}
