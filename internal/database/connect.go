package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/lib/pq"
)

const (
	// defaultMaxConns serves a small installation and leaves room for several servers under PostgreSQL's default of 100.
	defaultMaxConns = 20

	// connectPatience bounds how long Open waits for a database that is starting or failing over.
	connectPatience = 10 * time.Second
)

// ErrBadURL says that a database URL cannot be read. It never quotes the URL: where it breaks is often in the password.
var ErrBadURL = errors.New("the database URL cannot be read: want postgres://user:password@host:5432/database" +
	" (with special characters of the password percent-encoded) or key=value pairs")

// PoolOptions say how many connections a pool holds and with whose rights.
type PoolOptions struct {
	// MaxConns is the greatest number of connections, open or idle; 0 means 20.
	MaxConns int

	// ServerRole makes every connection work with the rights of the role ServerRole, whoever the URL logs in as. The
	// role travels as a startup parameter, so it survives RESET ROLE and DISCARD ALL. A pooler such as PgBouncer refuses
	// parameters it does not know, or drops them when it is told to: there, log in as a member of the role instead.
	// CheckRights finds out what came of it.
	ServerRole bool
}

// Open connects to the database at address, a lib/pq URL or key=value string, and returns the pool once it answers. It
// waits up to ten seconds for a database that is down or starting; any other refusal is returned at once. Errors never
// carry the password; one about the address itself is ErrBadURL.
func Open(ctx context.Context, address string, options PoolOptions) (*sql.DB, error) {
	connector, err := newConnector(address, options)
	if err != nil {
		return nil, err
	}
	maxConns := options.MaxConns
	if maxConns == 0 {
		maxConns = defaultMaxConns
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(maxConns)
	db.SetMaxIdleConns(maxConns) // the default of 2 would open and close connections all day under load
	if err := awaitAnswer(ctx, db); err != nil {
		return nil, errors.Join(fmt.Errorf("connect to the database: %w", err), db.Close())
	}
	return db, nil
}

// newConnector reads the address and adds what every connection of ours carries.
func newConnector(address string, options PoolOptions) (*pq.Connector, error) {
	config, err := parseURL(address)
	if err != nil {
		return nil, err
	}
	if config.ApplicationName == "" {
		config.ApplicationName = "btlc"
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectPatience // the driver's handshake heeds this, not the context
	}
	if options.ServerRole {
		config.Runtime["role"] = ServerRole
	}
	connector, err := pq.NewConnectorConfig(config)
	if err != nil {
		return nil, ErrBadURL
	}
	return connector, nil
}

// parseURL reads a lib/pq address. The driver's own error is dropped, for it quotes what it could not read.
func parseURL(address string) (pq.Config, error) {
	if parsed, err := url.Parse(address); err == nil && parsed.Scheme != "" && parsed.User == nil {
		// An @ without a user before it: a '/', '?' or '#' of the password cut the URL short, and what would be taken
		// for host and port, and named in the error of a failed connection, is a part of the password.
		query := parsed.Query()
		if strings.Contains(address, "@") && !query.Has("user") && !query.Has("host") {
			return pq.Config{}, ErrBadURL
		}
	}
	config, err := pq.NewConfig(address)
	if err != nil {
		return pq.Config{}, ErrBadURL
	}
	return config, nil
}

// awaitAnswer pings until the database answers, refuses for good, or patience ends.
func awaitAnswer(ctx context.Context, db *sql.DB) error {
	ctx, cancel := context.WithTimeout(ctx, connectPatience)
	defer cancel()
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		err := db.PingContext(ctx)
		if err == nil || !IsReadOnlyOrDown(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err // why it does not answer says more than that the time is over
		case <-time.After(pause):
		}
	}
}
