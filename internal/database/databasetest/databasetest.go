// Package databasetest gives each test a database of its own, with the schema that the migrations make, on a real
// PostgreSQL.
package databasetest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/btlc/btlc/internal/database"
)

// cleanupPatience bounds the removal of one test's database.
const cleanupPatience = 30 * time.Second

// New returns the address, as the schema's owner, of a fresh database in which the migrations have been applied. It is
// copied from a template that is made once for the same migrations, and dropped when the test ends.
//
// The server is the one that the environment variable BTLC_TEST_DATABASE_URL names, as its superuser; without it, a
// private one that all tests of the process share (see Main).
func New(t testing.TB, migrations fs.FS) string {
	t.Helper()
	server, err := shared()
	if err != nil {
		t.Fatalf("start a database server: %v", err)
	}
	ctx := t.Context()
	template, err := server.template(ctx, migrations)
	if err != nil {
		t.Fatalf("make the template database: %v", err)
	}
	name := "btlc_test_" + strings.ToLower(rand.Text())
	if _, err := server.admin.ExecContext(ctx, "CREATE DATABASE "+name+" TEMPLATE "+template); err != nil {
		t.Fatalf("create a database: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupPatience)
		defer cancel()
		// By force: a connection that the test leaves open is its own affair.
		if _, err := server.admin.ExecContext(ctx, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("drop the test's database: %v", err)
		}
	})
	address, err := onServer(server.address, name)
	if err != nil {
		t.Fatalf("address the test's database: %v", err)
	}
	return address
}

// Main runs a package's tests and then stops the private server, if one was needed. Call it from TestMain; without it
// the server ends with the process all the same (on Linux), and its directory is removed by a later run.
func Main(m *testing.M) {
	code := m.Run()
	if server := running.server; server != nil {
		if err := errors.Join(server.admin.Close(), server.stop()); err != nil {
			fmt.Fprintln(os.Stderr, "stop the database server:", err)
			code = max(code, 1)
		}
	}
	os.Exit(code)
}

// server is the PostgreSQL that the tests of this process share.
type server struct {
	address string
	admin   *sql.DB
	stop    func() error

	mutex     sync.Mutex
	templates map[string]bool // names of those known to exist
}

// running is the process's server, once a test has needed it.
var running struct {
	once   sync.Once
	server *server
	err    error
}

// shared starts or finds the server on first use.
func shared() (*server, error) {
	running.once.Do(func() {
		// Not a test's context: the server outlives the test that happens to need it first.
		ctx, cancel := context.WithTimeout(context.Background(), startPatience)
		defer cancel()
		running.server, running.err = newServer(ctx)
	})
	return running.server, running.err
}

func newServer(ctx context.Context) (*server, error) {
	address, stop, err := findOrStart(ctx)
	if err != nil {
		return nil, err
	}
	admin, err := database.Open(ctx, address, database.PoolOptions{MaxConns: 4})
	if err != nil {
		return nil, errors.Join(err, stop())
	}
	return &server{address: address, admin: admin, stop: stop, templates: map[string]bool{}}, nil
}

// template returns the name of the database that has the migrations applied, made if no process has made it yet.
func (s *server) template(ctx context.Context, migrations fs.FS) (name string, err error) {
	digest, err := fingerprint(migrations)
	if err != nil {
		return "", err
	}
	name = "btlc_template_" + digest
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.templates[name] {
		return name, nil
	}
	if err := s.ensureTemplate(ctx, name, migrations); err != nil {
		return "", err
	}
	s.templates[name] = true
	return name, nil
}

// ensureTemplate makes the template unless it exists, while every other process that wants any template waits. It gets
// its name last, so a template that exists is whole.
func (s *server) ensureTemplate(ctx context.Context, name string, migrations fs.FS) (err error) {
	session, err := s.admin.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	const key = 0x62746c63 // any number, the same everywhere: "btlc"
	if _, err := session.ExecContext(ctx, "SELECT pg_advisory_lock($1)", key); err != nil {
		return fmt.Errorf("lock: %w", err)
	}
	defer func() {
		_, unlockErr := session.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", key)
		err = errors.Join(err, unlockErr)
	}()

	var exists bool
	found := session.QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name)
	if err := found.Scan(&exists); err != nil || exists {
		return err
	}
	unfinished := name + "_new"
	for _, statement := range []string{
		"DROP DATABASE IF EXISTS " + unfinished + " WITH (FORCE)",
		"CREATE DATABASE " + unfinished,
	} {
		if _, err := session.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("create: %w", err)
		}
	}
	address, err := onServer(s.address, unfinished)
	if err != nil {
		return err
	}
	if err := database.Migrate(ctx, address, migrations); err != nil {
		return err
	}
	for _, statement := range []string{
		// Nobody may connect: a database in use cannot be copied.
		"ALTER DATABASE " + unfinished + " WITH ALLOW_CONNECTIONS false",
		"ALTER DATABASE " + unfinished + " RENAME TO " + name,
	} {
		if _, err := session.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("finish: %w", err)
		}
	}
	return nil
}
