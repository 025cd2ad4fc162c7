package database_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/database/databasetest"
)

func TestConstraint(t *testing.T) {
	db := open(t, databasetest.New(t, migrations))
	execute(t, db, "INSERT INTO bookings VALUES (1, '[9,11)')")
	for _, c := range []struct {
		statement, want string
	}{
		{"INSERT INTO rooms VALUES (1, 20)", "rooms_pkey"},
		{"INSERT INTO rooms VALUES (2, 0)", "rooms_seats_positive"},
		{"INSERT INTO bookings VALUES (7, '[1,2)')", "bookings_room_fkey"},
		{"INSERT INTO bookings VALUES (1, '[10,12)')", "bookings_no_overlap"},
		{"INSERT INTO rooms VALUES (3, NULL)", ""},
		{"INSERT INTO nowhere VALUES (1)", ""},
	} {
		_, err := db.ExecContext(t.Context(), c.statement)
		if err == nil {
			t.Fatalf("%s: no error", c.statement)
		}
		name, ok := database.Constraint(fmt.Errorf("store: %w", err))
		if name != c.want || ok != (c.want != "") {
			t.Errorf("%s: got %q, %v, want %q", c.statement, name, ok, c.want)
		}
	}
}

func TestErrorsAreToldApart(t *testing.T) {
	timeout, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	_, dialError := (&net.Dialer{}).DialContext(t.Context(), "unix", filepath.Join(t.TempDir(), "none"))
	for name, c := range map[string]struct {
		err             error
		retryable, down bool
	}{
		"nil":                   {nil, false, false},
		"plain":                 {errors.New("40001"), false, false},
		"expired context":       {timeout.Err(), false, false},
		"serialization failure": {&pq.Error{Code: pqerror.TRSerializationFailure}, true, false},
		"deadlock":              {&pq.Error{Code: pqerror.TRDeadlockDetected}, true, false},
		"unique violation":      {&pq.Error{Code: pqerror.UniqueViolation}, false, false},
		"statement cancelled":   {&pq.Error{Code: pqerror.QueryCanceled}, false, false},
		"shutdown":              {&pq.Error{Code: pqerror.AdminShutdown}, false, true},
		"crash of another":      {&pq.Error{Code: pqerror.CrashShutdown}, false, true},
		"starting":              {&pq.Error{Code: pqerror.CannotConnectNow}, false, true},
		"full":                  {&pq.Error{Code: pqerror.TooManyConnections}, false, true},
		"standby":               {&pq.Error{Code: pqerror.ReadOnlySQLTransaction}, false, true},
		"connection failure":    {&pq.Error{Code: pqerror.ConnectionFailure}, false, true},
		"wrong password":        {&pq.Error{Code: pqerror.InvalidPassword}, false, false},
		"bad connection":        {driver.ErrBadConn, false, true},
		"nobody listens":        {dialError, false, true},
		"unknown host":          {&net.DNSError{IsNotFound: true}, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.err
			if err != nil {
				err = fmt.Errorf("outer: %w", errors.Join(fmt.Errorf("inner: %w", err), errors.New("rollback")))
			}
			if got := database.IsRetryable(err); got != c.retryable {
				t.Errorf("IsRetryable: got %v", got)
			}
			if got := database.IsReadOnlyOrDown(err); got != c.down {
				t.Errorf("IsReadOnlyOrDown: got %v", got)
			}
		})
	}
}

func TestIsReadOnlyOrDownOnRealServer(t *testing.T) {
	db := open(t, databasetest.New(t, migrations))

	t.Run("a connection that was cut", func(t *testing.T) {
		victim, err := db.Conn(t.Context())
		check(t, err)
		defer victim.Close()
		var pid int
		check(t, victim.QueryRowContext(t.Context(), "SELECT pg_backend_pid()").Scan(&pid))
		// The second argument waits, in milliseconds, until the backend is gone.
		if got := queryString(t, db, "SELECT pg_terminate_backend($1, 30000)", pid); got != "true" {
			t.Fatalf("terminate: got %s", got)
		}
		if _, err := victim.ExecContext(t.Context(), "SELECT 1"); !database.IsReadOnlyOrDown(err) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a read-only transaction", func(t *testing.T) {
		_, err := db.ExecContext(t.Context(), "BEGIN READ ONLY; INSERT INTO rooms VALUES (9, 9); COMMIT")
		if !database.IsReadOnlyOrDown(err) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a statement out of time", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		if _, err := db.ExecContext(ctx, "SELECT pg_sleep(60)"); err == nil || database.IsReadOnlyOrDown(err) {
			t.Errorf("got %v, want an error that is the caller's doing", err)
		}
	})
}
