package database

import (
	"database/sql/driver"
	"errors"
	"io"
	"net"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
)

// Constraint returns the name of the constraint that err says was violated: unique, foreign key, check or exclusion. It
// reports false for every other error, not-null violations among them (they name a column, not a constraint).
func Constraint(err error) (name string, ok bool) {
	violation := pq.As(err,
		pqerror.UniqueViolation, pqerror.ForeignKeyViolation, pqerror.CheckViolation, pqerror.ExclusionViolation)
	if violation == nil {
		return "", false
	}
	return violation.Constraint, true
}

// IsRetryable reports whether the transaction that ended with err may succeed when it is run again whole: PostgreSQL
// rolled it back for a serialization failure or a deadlock.
func IsRetryable(err error) bool {
	return pq.As(err, pqerror.TRSerializationFailure, pqerror.TRDeadlockDetected) != nil
}

// IsReadOnlyOrDown reports whether err says that there is no writable database to speak to at the moment: the
// connection was lost or refused, the server is starting, stopping or full, or a failover left us with a standby. It
// does not say whether a commit under way took effect. A cancelled or expired context is the caller's doing and does
// not count.
func IsReadOnlyOrDown(err error) bool {
	if server := pq.As(err); server != nil {
		switch server.Code {
		case pqerror.AdminShutdown, pqerror.CrashShutdown, pqerror.CannotConnectNow,
			pqerror.TooManyConnections, pqerror.ReadOnlySQLTransaction:
			return true
		}
		return server.Code.Class() == pqerror.ClassConnectionException
	}
	// The concrete types, not the interface net.Error: context.DeadlineExceeded satisfies that one.
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return true
	}
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
