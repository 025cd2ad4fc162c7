package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/btlc/btlc/internal/database/databasetest"
)

// asProgram turns this test binary into btlc, so that what runs is checked for races.
const asProgram = "BTLC_TEST_AS_PROGRAM"

// patience bounds every wait. It is long for a machine that is busy; nothing waits that long otherwise.
const patience = 2 * time.Minute

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(run(os.Args[1:]))
	}
	databasetest.Main(m)
}

// account is who runs btlc: nil for ourselves.
type account struct {
	binary     string
	credential *syscall.Credential
	owner      [2]int
}

// ordinary is user nobody when we are root, under whom PostgreSQL has to run as somebody else; otherwise nil.
func ordinary(t *testing.T) *account {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	nobody, err := user.Lookup("nobody")
	check(t, err)
	uid, err := strconv.Atoi(nobody.Uid)
	check(t, err)
	gid, err := strconv.Atoi(nobody.Gid)
	check(t, err)
	// A copy, since the test binary lies in a directory that is closed to others.
	a := &account{binary: filepath.Join(openDir(t), "btlc"), credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, owner: [2]int{uid, gid}}
	path, err := os.Executable()
	check(t, err)
	content, err := os.ReadFile(path)
	check(t, err)
	check(t, os.WriteFile(a.binary, content, 0o755))
	return a
}

// openDir is a directory that every user may pass through, with a path short enough for a socket, unlike t.TempDir.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "btlc-")
	check(t, err)
	t.Cleanup(func() { removeAll(t, dir) })
	check(t, os.Chmod(dir, 0o711))
	return dir
}

// removeAll removes a directory in which the PostgreSQL of a server that was killed may still be making files: it ends by
// itself, a moment after its server.
func removeAll(t *testing.T, dir string) {
	t.Helper()
	deadline := time.After(patience)
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		err := os.RemoveAll(dir)
		if !errors.Is(err, syscall.ENOTEMPTY) {
			check(t, err)
			return
		}
		select {
		case <-again.C:
		case <-deadline:
			t.Fatal(err)
		}
	}
}

// dataDir is a place for data that the account can make.
func (a *account) dataDir(t *testing.T) string {
	t.Helper()
	dir := openDir(t)
	if a != nil {
		check(t, os.Chown(dir, a.owner[0], a.owner[1]))
	}
	return filepath.Join(dir, "data")
}

// command is btlc with these arguments and nothing else set.
func (a *account) command(ctx context.Context, t *testing.T, environ []string, arguments ...string) *exec.Cmd {
	t.Helper()
	path, err := os.Executable()
	check(t, err)
	command := exec.CommandContext(ctx, path, arguments...)
	if a != nil {
		command.Path, command.SysProcAttr = a.binary, &syscall.SysProcAttr{Credential: a.credential}
	}
	command.Dir = "/"
	command.Env = append([]string{asProgram + "=1", "PATH=" + os.Getenv("PATH"), "HOME=/nonexistent"}, environ...)
	return command
}

// btlc runs a command to its end.
func (a *account) btlc(t *testing.T, environ []string, arguments ...string) (stdout, stderr string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var out, failure bytes.Buffer
	command := a.command(ctx, t, environ, arguments...)
	command.Stdout, command.Stderr = &out, &failure
	err := command.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		t.Fatal(err)
	}
	return out.String(), failure.String(), command.ProcessState.ExitCode()
}

// serving is btlc serve in a process of its own.
type serving struct {
	t       *testing.T
	process *exec.Cmd
	dataDir string
	printed map[string]string // by what stands before it
	output  string            // what was printed until it served

	mu     sync.Mutex
	log    bytes.Buffer
	exited chan struct{} // closed at the end
	exit   error         // how it ended
}

// Write keeps the log.
func (s *serving) Write(line []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.Write(line)
}

func (s *serving) logged() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

// serve starts a server on a data directory and any free ports, and waits until it is ready.
func (a *account) serve(t *testing.T, dataDir string, environ []string, arguments ...string) *serving {
	t.Helper()
	arguments = append([]string{"serve", "--data-dir", dataDir, "--rest-address=127.0.0.1:0", "--grpc-address=127.0.0.1:0", "--metrics-address=127.0.0.1:0"}, arguments...)
	s := &serving{t: t, process: a.command(context.Background(), t, environ, arguments...), dataDir: dataDir, printed: map[string]string{}, exited: make(chan struct{})}
	stdout, err := s.process.StdoutPipe()
	check(t, err)
	s.process.Stderr = s
	check(t, s.process.Start())
	t.Cleanup(func() {
		_ = s.process.Process.Kill() // most have ended long ago
		<-s.exited
		if t.Failed() {
			t.Logf("the server ended with %v; its log:\n%s", s.exit, s.logged())
		}
	})
	served := make(chan struct{})
	go func() {
		s.read(stdout, served)
		s.exit = s.process.Wait()
		close(s.exited)
	}()
	select {
	case <-served:
	case <-s.exited:
		t.Fatalf("the server ended: %v\n%s", s.exit, s.logged())
	case <-time.After(patience):
		t.Fatalf("the server does not serve:\n%s", s.logged())
	}
	s.awaitReady()
	return s
}

// read takes what is printed, and tells when it is said where the data are: all addresses come before.
func (s *serving) read(stdout io.Reader, served chan<- struct{}) {
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		what, where, found := strings.Cut(strings.TrimSpace(lines.Text()), "  ")
		s.output += lines.Text() + "\n"
		if found {
			s.printed[what] = strings.TrimSpace(where)
		}
		if what == "data" {
			close(served)
			break
		}
	}
	_, _ = io.Copy(io.Discard, stdout) // so that nothing waits for us to read on
}

func (s *serving) awaitReady() {
	s.t.Helper()
	deadline := time.After(patience)
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		answer, err := http.Get(s.printed["REST"] + "/readyz")
		if err == nil {
			check(s.t, answer.Body.Close())
			if answer.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-again.C:
		case <-deadline:
			s.t.Fatalf("the server does not get ready: %v\n%s", err, s.logged())
		}
	}
}

// stop sends a signal and returns how the server ended.
func (s *serving) stop(signal os.Signal) error {
	s.t.Helper()
	check(s.t, s.process.Process.Signal(signal))
	return s.awaitExit()
}

func (s *serving) awaitExit() error {
	s.t.Helper()
	select {
	case <-s.exited:
		return s.exit
	case <-time.After(patience):
		s.t.Fatalf("the server does not stop:\n%s", s.logged())
		return nil
	}
}

// get calls REST with a key and returns the answer.
func (s *serving) get(key, path string) (status int, answer map[string]any) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.printed["REST"]+path, http.NoBody)
	check(s.t, err)
	if key != "" {
		request.Header.Set("Authorization", "Bearer "+key)
	}
	response, err := http.DefaultClient.Do(request)
	check(s.t, err)
	defer response.Body.Close()
	check(s.t, json.NewDecoder(response.Body).Decode(&answer))
	return response.StatusCode, answer
}

// adminKey reads the first administrator's key.
func (s *serving) adminKey() string {
	s.t.Helper()
	variables, err := readEnv(filepath.Join(s.dataDir, "admin.env"))
	check(s.t, err)
	return variables["BTLC_ADMIN_KEY"]
}

// roles are those that the owner of a key has.
func (s *serving) roles(key string) string {
	s.t.Helper()
	status, answer := s.get(key, "/v1/whoami")
	if status != http.StatusOK {
		return fmt.Sprint(status)
	}
	var roles []string
	granted, _ := answer["roles"].([]any)
	for _, one := range granted {
		role, _ := one.(map[string]any)
		roles = append(roles, fmt.Sprint(role["role"]))
	}
	return strings.Join(roles, " ")
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
