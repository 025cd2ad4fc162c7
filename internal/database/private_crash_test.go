package database_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/btlc/btlc/internal/database"
)

// serverCommand is this test binary as a server on the data directory.
func serverCommand(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	path, err := os.Executable()
	check(t, err)
	command := exec.CommandContext(t.Context(), path)
	command.Env = append(os.Environ(), serveVariable+"="+dir)
	return command
}

// startServer runs another process that serves the data directory, and returns it with its database's address.
func startServer(t *testing.T, dir string) (process *exec.Cmd, address string) {
	t.Helper()
	process = serverCommand(t, dir)
	process.Stderr = os.Stderr
	_, err := process.StdinPipe() // it serves until this ends
	check(t, err)
	output, err := process.StdoutPipe()
	check(t, err)
	check(t, process.Start())
	address, err = bufio.NewReader(output).ReadString('\n')
	check(t, err)
	return process, strings.TrimSpace(address)
}

// kill ends the process as no program can prevent, and waits until it is gone.
func kill(t *testing.T, process *exec.Cmd) {
	t.Helper()
	check(t, process.Process.Kill())
	if _, killed := errors.AsType[*exec.ExitError](process.Wait()); !killed {
		t.Fatal("the server was not killed")
	}
}

// startServerWithData also commits a row, which wantData looks for.
func startServerWithData(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	process, address := startServer(t, dir)
	db := open(t, address)
	execute(t, db, "CREATE TABLE notes (body text)")
	execute(t, db, "INSERT INTO notes VALUES ('kept')")
	return process
}

func wantData(t *testing.T, private *database.Private) {
	t.Helper()
	db := open(t, private.URL(database.OwnerRole, database.Name))
	if got := queryString(t, db, "SELECT body FROM notes"); got != "kept" {
		t.Errorf("got %q, want kept", got)
	}
}

func survivesKill(t *testing.T) {
	dir := filepath.Join(shortDir(t), "d")
	kill(t, startServerWithData(t, dir))
	wantData(t, start(t, dir)) // at once, while the old PostgreSQL may still be shutting down
}

func survivesCrash(t *testing.T) {
	dir := filepath.Join(shortDir(t), "d")
	process := startServerWithData(t, dir)
	check(t, syscall.Kill(postmaster(t, dir), syscall.SIGKILL))
	kill(t, process)
	if postmaster(t, dir) == 0 {
		t.Fatal("no stale postmaster.pid was left to stumble over")
	}
	wantData(t, start(t, dir))
}

func stopsWithServer(t *testing.T) {
	dir := filepath.Join(shortDir(t), "d")
	kill(t, startServerWithData(t, dir))
	deadline := time.After(30 * time.Second)
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for postmaster(t, dir) != 0 { // its removal is the last act of a clean shutdown
		select {
		case <-look.C:
		case <-deadline:
			t.Fatal("PostgreSQL runs on 30 s after its server was killed")
		}
	}
}

// disregardsStranger leaves a postmaster.pid as a crash does, and gives its number to a process of the same user that has
// nothing to do with it, as happens after a restart of the machine. PostgreSQL alone would refuse to start.
func disregardsStranger(t *testing.T) {
	dir := filepath.Join(shortDir(t), "d")
	check(t, start(t, dir).Stop(t.Context()))

	stranger := exec.CommandContext(t.Context(), "sleep", "600")
	info, err := os.Stat(filepath.Join(dir, "cluster"))
	check(t, err)
	if owner := info.Sys().(*syscall.Stat_t); os.Geteuid() == 0 {
		stranger.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: owner.Uid, Gid: owner.Gid}}
	}
	check(t, stranger.Start())
	t.Cleanup(func() {
		_ = stranger.Process.Kill()
		_ = stranger.Wait()
	})
	stale := filepath.Join(dir, "cluster", "postmaster.pid")
	content := fmt.Sprintf("%d\n%s\n1700000000\n5432\n%s\n", stranger.Process.Pid, filepath.Join(dir, "cluster"), dir)
	check(t, os.WriteFile(stale, []byte(content), 0o600))
	if owner := info.Sys().(*syscall.Stat_t); os.Geteuid() == 0 {
		check(t, os.Chown(stale, int(owner.Uid), int(owner.Gid)))
	}
	start(t, dir)
}
