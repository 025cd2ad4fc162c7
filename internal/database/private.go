package database

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"
)

// PrivateOptions say where a private PostgreSQL keeps its data and how it runs.
type PrivateOptions struct {
	// DataDir holds everything: made when missing, and given to user postgres (else nobody) when we are root.
	DataDir string

	// BinDir holds postgres and initdb; when empty they are looked for in PATH, then in the distribution's folder.
	BinDir string

	// Logger is told of starts and stops; nil means nobody. PostgreSQL's own log is the file postgres.log in DataDir.
	Logger *slog.Logger

	// Settings are PostgreSQL's own, by name, such as "max_connections": "300". They win over our defaults, but not
	// over what keeps the server private.
	Settings map[string]string
}

// Private is a PostgreSQL that lives and dies with this process, reachable through a socket in its data directory.
type Private struct {
	dir      string
	logger   *slog.Logger
	lock     *os.File
	process  *os.Process
	stopping atomic.Bool
	done     chan struct{}
	exit     error // how the process ended; set before done is closed
}

// StartPrivate runs a PostgreSQL of our own on the data directory, made on first use, and returns once it answers and
// its database Name exists. ctx bounds the start, recovery after a crash included, and not the life of the server: that
// ends with Stop, or with this process, however it ends (on Linux). Errors to tell apart: ErrNoBinaries, ErrDataDirInUse,
// ErrUnfitPath, ErrForeignDirectory, and fs.ErrPermission when PostgreSQL's user cannot reach the directory.
func StartPrivate(ctx context.Context, options PrivateOptions) (_ *Private, err error) {
	dir, err := resolveDataDir(options.DataDir)
	if err != nil {
		return nil, err
	}
	logger := options.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	cluster := filepath.Join(dir, clusterName)
	madeBy, err := clusterMajor(cluster)
	if err != nil {
		return nil, err
	}
	programs, err := findBinaries(ctx, options.BinDir, madeBy)
	if err != nil {
		return nil, err
	}
	as, err := serverAccount(cluster)
	if err != nil {
		return nil, err
	}
	lock, err := claimDirectory(dir, as)
	if err != nil {
		return nil, err
	}

	p := &Private{dir: dir, logger: logger, lock: lock, done: make(chan struct{})}
	if err := p.boot(ctx, programs, as, options.Settings); err != nil {
		if p.process == nil {
			return nil, errors.Join(err, lock.Close())
		}
		return nil, errors.Join(err, p.Stop(ctx)) // the lock goes with the process
	}
	logger.InfoContext(ctx, "private PostgreSQL started", "dataDir", dir, "version", programs.major, "pid", p.process.Pid)
	return p, nil
}

// boot makes the cluster if there is none, starts the server on it and waits until it is of use.
func (p *Private) boot(ctx context.Context, programs binaries, as account, settings map[string]string) error {
	cluster := filepath.Join(p.dir, clusterName)
	_, err := os.Stat(cluster)
	if errors.Is(err, os.ErrNotExist) {
		p.logger.InfoContext(ctx, "making a database cluster", "dataDir", p.dir)
		err = makeCluster(ctx, p.dir, programs, as, settings["fsync"] != "off")
	}
	if err != nil {
		return err
	}
	stranger, err := awaitPredecessor(ctx, p.dir)
	if err != nil {
		return err
	}
	log, err := openOwn(filepath.Join(p.dir, logName), as)
	if err != nil {
		return err
	}
	defer log.Close() // the child has its own
	logged, err := log.Stat()
	if err != nil {
		return fmt.Errorf("prepare PostgreSQL's log: %w", err)
	}
	if err := p.launch(serverCommand(programs, p.dir, as, settings, stranger, log)); err != nil {
		return err
	}
	if err := p.awaitReady(ctx); err != nil {
		return fmt.Errorf("start PostgreSQL: %w; its log says:\n%s", err, logSince(log, logged.Size()))
	}
	return p.ensureDatabase(ctx)
}

// URL returns the address of a database, for lib/pq and psql alike.
func (p *Private) URL(user, database string) string {
	address := url.URL{Scheme: "postgres", User: url.User(user), Path: "/" + database}
	query := url.Values{"host": {p.dir}, "port": {"5432"}, "sslmode": {"disable"}}
	address.RawQuery = query.Encode()
	return address.String()
}

// Done is closed once PostgreSQL has ended, whether Stop asked for it or not.
func (p *Private) Done() <-chan struct{} { return p.done }

// Stop ends PostgreSQL cleanly: open transactions are rolled back, everything committed is on disk. When ctx ends before
// that, PostgreSQL is made to quit at once, which loses nothing either but leaves recovery to the next start, and the
// context's error is returned. It may be called any number of times.
func (p *Private) Stop(ctx context.Context) error {
	p.stopping.Store(true)
	if err := p.signal(syscall.SIGINT); err != nil {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
	}
	// PostgreSQL itself kills what does not follow this signal within five seconds, so the wait below ends.
	if err := p.signal(syscall.SIGQUIT); err != nil {
		return err
	}
	<-p.done
	if p.exit == nil {
		return nil // it had ended cleanly just then
	}
	return fmt.Errorf("stop PostgreSQL cleanly: %w", context.Cause(ctx))
}

// signal sends a signal to the server; one that has ended already is no error.
func (p *Private) signal(signal os.Signal) error {
	if err := p.process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal PostgreSQL: %w", err)
	}
	return nil
}

// awaitReady returns once the server takes connections, or says why it never will.
func (p *Private) awaitReady(ctx context.Context) error {
	connector, err := newConnector(p.URL(OwnerRole, "postgres"), PoolOptions{})
	if err != nil {
		return err
	}
	retry := time.NewTicker(20 * time.Millisecond)
	defer retry.Stop()
	for {
		connection, err := connector.Connect(ctx)
		if err == nil {
			return connection.Close()
		}
		if !IsReadOnlyOrDown(err) {
			return err
		}
		select {
		case <-p.done:
			return fmt.Errorf("it ended: %w", p.exit)
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-retry.C:
		}
	}
}

// ensureDatabase makes the database Name unless it is there. Asked at every start, since the first one may have been cut
// short after the cluster was made.
func (p *Private) ensureDatabase(ctx context.Context) (err error) {
	db, err := Open(ctx, p.URL(OwnerRole, "postgres"), PoolOptions{MaxConns: 1})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var exists bool
	if err := db.QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", Name).Scan(&exists); err != nil {
		return fmt.Errorf("look for database %s: %w", Name, err)
	}
	if exists {
		return nil
	}
	if _, err := db.ExecContext(ctx, "CREATE DATABASE "+Name); err != nil {
		return fmt.Errorf("create database %s: %w", Name, err)
	}
	return nil
}
