package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/btlc/btlc/ent/migrate/migrations"
	"github.com/btlc/btlc/internal/database/databasetest"
)

const adminRoles = "ROLE_ADMIN ROLE_PROGRAM_STAFF"

func TestServe(t *testing.T) {
	t.Parallel()
	lives(t, nil)
}

// TestServeAsOrdinaryUser is TestServe once more as another user when we are root; else TestServe is that already.
func TestServeAsOrdinaryUser(t *testing.T) {
	t.Parallel()
	if a := ordinary(t); a != nil {
		lives(t, a)
	}
}

// lives goes through the life of a server with a private PostgreSQL: first start, a rival, stop, start, kill, start.
func lives(t *testing.T, a *account) {
	dir := a.dataDir(t)
	first := a.serve(t, dir, nil)
	key := first.adminKey()
	if roles := first.roles(key); roles != adminRoles {
		t.Errorf("the first administrator has %q, want %q", roles, adminRoles)
	}
	if first.printed["first key"] != filepath.Join(dir, "admin.env") || strings.Contains(first.output+first.logged(), key) {
		t.Errorf("want the path of the administrator's key printed, and not the key: %s", first.output)
	}
	isOwn(t, filepath.Join(dir, "admin.env"))
	conn, err := grpc.NewClient(first.printed["gRPC"], grpc.WithTransportCredentials(insecure.NewCredentials()))
	check(t, err)
	defer conn.Close()
	health, err := healthpb.NewHealthClient(conn).Check(t.Context(), &healthpb.HealthCheckRequest{})
	if err != nil || health.GetStatus() != healthpb.HealthCheckResponse_SERVING {
		t.Errorf("gRPC health: got %v, %v", health, err)
	}
	if metrics := page(t, first.printed["metrics"]); !strings.Contains(metrics, `rpc_method="btlc.access.v1.AccessService/WhoAmI"`) || !strings.Contains(metrics, "go_sql_open_connections") {
		t.Errorf("the metrics lack calls or connections:\n%s", metrics)
	}
	if reference := page(t, first.printed["API reference"]); !strings.Contains(reference, "<html") {
		t.Errorf("the API reference is no page: %.200s", reference)
	}
	if status, answer := first.get(key, "/v1/courses/using-data"); status != http.StatusOK {
		t.Errorf("the program's data are not there: %v", answer)
	}

	_, stderr, code := a.btlc(t, nil, "serve", "--data-dir", dir, "--rest-address=127.0.0.1:0", "--grpc-address=127.0.0.1:0", "--metrics-address=")
	if code != failed || !strings.Contains(stderr, "in use by another server") {
		t.Errorf("a second server: got %d, %s", code, stderr)
	}
	address := strings.TrimPrefix(first.printed["REST"], "http://")
	_, stderr, code = a.btlc(t, nil, "serve", "--data-dir", dir+"2", "--rest-address="+address, "--grpc-address="+first.printed["gRPC"])
	if code != failed || !strings.Contains(stderr, address+" is taken") || !strings.Contains(stderr, first.printed["gRPC"]+" is taken") {
		t.Errorf("a second server on the same addresses: got %d, %s", code, stderr)
	}
	if _, stderr, code = a.btlc(t, []string{"BTLC_REST_ADDRESS=" + address}, "healthcheck"); code != 0 {
		t.Errorf("healthcheck: got %d, %s", code, stderr)
	}
	if err := first.stop(syscall.SIGTERM); err != nil {
		t.Errorf("SIGTERM: got %v, want an orderly end", err)
	}
	if _, _, code = a.btlc(t, []string{"BTLC_REST_ADDRESS=" + address}, "healthcheck"); code != failed {
		t.Errorf("healthcheck of a server that has stopped: got %d", code)
	}

	if out, stderr, code := a.btlc(t, nil, "migrate", "status", "--data-dir", dir); code != 0 || !strings.Contains(out, "private PostgreSQL") {
		t.Errorf("migrate status: got %d, %s%s", code, out, stderr)
	}

	second := a.serve(t, dir, nil)
	if second.adminKey() != key || second.roles(key) != adminRoles || second.printed["first key"] != "" {
		t.Errorf("a later start made another administrator: %s", second.output)
	}
	if err := second.stop(syscall.SIGKILL); err == nil {
		t.Error("SIGKILL: got an orderly end")
	}
	third := a.serve(t, dir, nil)
	if third.roles(key) != adminRoles {
		t.Error("the administrator is lost after a crash")
	}
	if err := third.stop(syscall.SIGINT); err != nil {
		t.Errorf("SIGINT: got %v, want an orderly end", err)
	}
}

// TestPostgresEnds kills the private PostgreSQL under a server.
func TestPostgresEnds(t *testing.T) {
	t.Parallel()
	var a *account
	s := a.serve(t, a.dataDir(t), nil)
	content, err := os.ReadFile(filepath.Join(s.dataDir, "postgres", "cluster", "postmaster.pid"))
	check(t, err)
	line, _, _ := strings.Cut(string(content), "\n")
	pid, err := strconv.Atoi(line)
	check(t, err)
	check(t, syscall.Kill(pid, syscall.SIGQUIT))
	if err := s.awaitExit(); err == nil || !strings.Contains(s.logged(), errPostgresEnded.Error()) {
		t.Errorf("got %v, want the server to end and say why:\n%s", err, s.logged())
	}
}

// TestInterruptedStart sends a signal to a server that waits for its database.
func TestInterruptedStart(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer silent.Close()
	var a *account
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	database := "BTLC_DATABASE_URL=postgres://u@" + silent.Addr().String() + "/d?sslmode=disable&connect_timeout=1"
	process := a.command(ctx, t, []string{database}, "serve", "--data-dir", a.dataDir(t), "--rest-address=127.0.0.1:0", "--grpc-address=127.0.0.1:0", "--metrics-address=")
	var failure bytes.Buffer
	process.Stderr = &failure
	check(t, process.Start())
	conn, err := silent.Accept()
	check(t, err)
	defer conn.Close()
	check(t, process.Process.Signal(syscall.SIGINT))
	if err := process.Wait(); process.ProcessState.ExitCode() != failed || !strings.HasSuffix(failure.String(), "btlc: "+errInterrupted.Error()+"\n") {
		t.Errorf("got %v, %s", err, failure.String())
	}
}

// TestServeDatabaseURL runs two servers that start at once on one database.
func TestServeDatabaseURL(t *testing.T) {
	t.Parallel()
	var a *account
	environ := []string{"BTLC_DATABASE_URL=" + databasetest.New(t, migrations.FS)}
	servers := make([]*serving, 2)
	var both sync.WaitGroup
	for i := range servers {
		both.Go(func() { servers[i] = a.serve(t, a.dataDir(t), environ) })
	}
	both.Wait()
	if t.Failed() {
		return
	}
	keys := servers[0].adminKey() + servers[1].adminKey()
	for _, s := range servers {
		if strings.Contains(s.logged(), "private PostgreSQL") {
			t.Error("a private PostgreSQL was started")
		}
		if roles := s.roles(keys); roles != adminRoles { // of two keys together, neither would be known
			t.Errorf("got %s, want one administrator for both", roles)
		}
	}
	for _, s := range servers {
		if err := s.stop(syscall.SIGTERM); err != nil {
			t.Errorf("SIGTERM: got %v", err)
		}
	}
	out, stderr, code := a.btlc(t, environ, "migrate")
	if code != 0 || !strings.HasPrefix(out, "the database btlc_test_") {
		t.Errorf("migrate: got %d, %s%s", code, out, stderr)
	}
	out, stderr, code = a.btlc(t, environ, "program", "load")
	if code != 0 || !strings.Contains(out, "4 core skills") {
		t.Errorf("program load: got %d, %s%s", code, out, stderr)
	}
}

func isOwn(t *testing.T, path string) {
	t.Helper()
	info, err := os.Stat(path)
	check(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("%s has mode %o, want 600", path, info.Mode().Perm())
	}
}

func page(t *testing.T, address string) string {
	t.Helper()
	answer, err := http.Get(address)
	check(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	check(t, err)
	return string(text)
}
