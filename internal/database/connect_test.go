package database_test

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/database/databasetest"
)

func TestOpenServerRole(t *testing.T) {
	address := databasetest.New(t, migrations) // the owner's
	db, err := database.Open(t.Context(), address, database.PoolOptions{MaxConns: 1, ServerRole: true})
	check(t, err)
	defer db.Close()

	for _, before := range []string{"SELECT 1", "RESET ROLE", "DISCARD ALL"} {
		execute(t, db, before)
		if got := queryString(t, db, "SELECT current_user"); got != database.ServerRole {
			t.Errorf("after %s: works as %s", before, got)
		}
	}
	execute(t, db, "INSERT INTO rooms VALUES (2, 20)")
	for _, forbidden := range []string{"DELETE FROM rooms", "TRUNCATE rooms", "CREATE TABLE mine (id int)", "DROP TABLE rooms"} {
		if _, err := db.ExecContext(t.Context(), forbidden); pq.As(err, pqerror.InsufficientPrivilege) == nil {
			t.Errorf("%s: got %v, want insufficient privilege", forbidden, err)
		}
	}
	check(t, database.CheckSchema(t.Context(), db, migrations))
}

func TestOpenKeepsConnections(t *testing.T) {
	db, err := database.Open(t.Context(), databasetest.New(t, migrations), database.PoolOptions{MaxConns: 5})
	check(t, err)
	defer db.Close()
	var held []interface{ Close() error }
	for range 5 {
		connection, err := db.Conn(t.Context())
		check(t, err)
		held = append(held, connection)
	}
	for _, connection := range held {
		check(t, connection.Close())
	}
	if stats := db.Stats(); stats.Idle != 5 || stats.MaxOpenConnections != 5 {
		t.Errorf("got %d idle of at most %d, want 5 of 5", stats.Idle, stats.MaxOpenConnections)
	}
}

func TestOpenNamesThePool(t *testing.T) {
	db := open(t, databasetest.New(t, migrations))
	if got := queryString(t, db, "SELECT current_setting('application_name')"); got != "btlc" {
		t.Errorf("got %q", got)
	}
}

// A URL whose password was not percent-encoded breaks in the middle of it.
func TestOpenHidesThePassword(t *testing.T) {
	for _, address := range []string{
		"postgres://btlc:hunter2/x@127.0.0.1:1/btlc",
		"postgres://btlc:hunter2#x@127.0.0.1:1/btlc",
		"postgres://btlc:hunter2?x@127.0.0.1:1/btlc",
		"postgres://btlc:hunter2%x@127.0.0.1:1/btlc",
		"postgres://btlc:1234567/hunter2@127.0.0.1:1/btlc",
		"postgres://btlc:11/hunter2@127.0.0.1:1/btlc",
		"postgres://btlc:11?hunter2@127.0.0.1:1/btlc",
		"host=127.0.0.1 port=1 user=btlc password=my hunter2",
		"host=127.0.0.1 port=1 user=btlc password='hunter2",
		"user=btlc host=127.0.0.1 port=hunter2",
		"mysql://btlc:hunter2@127.0.0.1:1/btlc",
		"hunter2",
	} {
		db, err := database.Open(t.Context(), address, database.PoolOptions{})
		if err == nil {
			_ = db.Close()
		}
		if !errors.Is(err, database.ErrBadURL) {
			t.Errorf("%s: got %v, want ErrBadURL", address, err)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error tells the password: %v", address, err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err := database.Open(ctx, "postgres://btlc:hunter2@127.0.0.1:1/btlc?sslmode=disable", database.PoolOptions{})
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a refused connection: got %v", err)
	}
}

func TestOpenDoesNotRetryARefusalForGood(t *testing.T) {
	address := strings.Replace(databasetest.New(t, migrations), "/btlc_test_", "/no_such_", 1)
	begin := time.Now()
	_, err := database.Open(t.Context(), address, database.PoolOptions{})
	if pq.As(err, pqerror.InvalidCatalogName) == nil {
		t.Errorf("got %v, want an unknown database", err)
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestOpenWaitsForAServerThatStarts(t *testing.T) {
	dir := filepath.Join(shortDir(t), "d")
	private := start(t, dir)
	address := private.URL(database.OwnerRole, database.Name)
	check(t, private.Stop(t.Context()))
	opened := make(chan error, 1)
	go func() {
		db, err := database.Open(t.Context(), address, database.PoolOptions{})
		if err == nil {
			err = db.Close()
		}
		opened <- err
	}()
	start(t, dir)
	check(t, <-opened)
}

// A server that takes the connection and then says nothing must not hold a caller for ever: the driver's handshake does
// not heed the context.
func TestOpenGivesUpOnASilentServer(t *testing.T) {
	listener, err := net.Listen("unix", filepath.Join(shortDir(t), ".s.PGSQL.5432"))
	check(t, err)
	defer listener.Close()
	address := "connect_timeout=1 sslmode=disable user=btlc host=" + filepath.Dir(listener.Addr().String())
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if _, err := database.Open(ctx, address, database.PoolOptions{}); !database.IsReadOnlyOrDown(err) {
		t.Errorf("got %v, want a sign that the database is down", err)
	}
}
