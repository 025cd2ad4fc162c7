package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/btlc/btlc/ent/migrate/migrations"
	"github.com/btlc/btlc/internal/config"
	"github.com/btlc/btlc/internal/database"
)

const (
	// startPatience bounds the start of a private PostgreSQL, its recovery after a crash included.
	startPatience = 2 * time.Minute

	// stopPatience bounds its clean stop.
	stopPatience = 30 * time.Second
)

// errPostgresEnded says that the private PostgreSQL has gone.
var errPostgresEnded = errors.New("the private PostgreSQL ended by itself")

// postgres is the database that the settings name.
type postgres struct {
	private *database.Private // nil: somebody else's
	owner   string            // the address as the owner of the tables
	server  string            // the address that the server uses
	config  *config.Config
}

// startPostgres starts a private PostgreSQL, unless the settings name another.
func startPostgres(ctx context.Context, c *config.Config, log *slog.Logger) (*postgres, error) {
	if c.DatabaseURL != "" {
		return &postgres{owner: c.MigrateDatabaseURL.Reveal(), server: c.DatabaseURL.Reveal(), config: c}, nil
	}
	if err := makeDataDir(c.DataDir); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	private, err := database.StartPrivate(ctx, database.PrivateOptions{
		// A folder of its own, since under root it belongs to another user, who must not get at the keys beside it.
		DataDir: filepath.Join(c.DataDir, "postgres"),
		BinDir:  c.PostgresBin,
		Logger:  log,
		// Beside ours there are the migrations' connections and those that an operator opens.
		Settings: map[string]string{"max_connections": strconv.Itoa(c.MaxConnections + 20)},
	})
	if errors.Is(err, database.ErrNoBinaries) {
		return nil, fmt.Errorf("%w, by --database-url or BTLC_DATABASE_URL", err)
	} else if err != nil {
		return nil, err
	}
	address := private.URL(database.OwnerRole, database.Name)
	return &postgres{private: private, owner: address, server: address, config: c}, nil
}

// makeDataDir makes the data directory. Others may pass through it under root, since PostgreSQL is another user then;
// what is in it is closed to them.
func makeDataDir(dir string) error {
	mode := fs.FileMode(0o700)
	if os.Geteuid() == 0 {
		mode = 0o711
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil { // #nosec G301 -- the way there, as anybody would make it
		return fmt.Errorf("make the data directory: %w", err)
	}
	if err := os.Mkdir(dir, mode); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make the data directory: %w", err)
	}
	return nil
}

// done is closed when the private PostgreSQL has ended; never for another.
func (p *postgres) done() <-chan struct{} {
	if p.private == nil {
		return nil
	}
	return p.private.Done()
}

// stop ends a private PostgreSQL, also when the command's context has ended already.
func (p *postgres) stop(ctx context.Context) error {
	if p.private == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopPatience)
	defer cancel()
	return p.private.Stop(ctx)
}

// migrate applies the migrations that are lacking.
func (p *postgres) migrate(ctx context.Context) error {
	return database.Migrate(ctx, p.owner, migrations.FS)
}

// pool connects as the server, with its rights and no more.
func (p *postgres) pool(ctx context.Context) (*sql.DB, error) {
	return database.Open(ctx, p.server, database.PoolOptions{MaxConns: p.config.MaxConnections, ServerRole: p.config.AssumeRole})
}

// hastyPool is a pool for data that can be loaded again: a commit does not wait for the disk. Only the private
// PostgreSQL is treated so, since nothing is known of another's address.
func (p *postgres) hastyPool(ctx context.Context) (*sql.DB, error) {
	if p.private == nil {
		return p.pool(ctx)
	}
	address, err := url.Parse(p.server)
	if err != nil {
		return nil, database.ErrBadURL
	}
	query := address.Query()
	query.Set("synchronous_commit", "off")
	address.RawQuery = query.Encode()
	return database.Open(ctx, address.String(), database.PoolOptions{MaxConns: p.config.MaxConnections, ServerRole: true})
}

// ownerPool connects as the owner of the tables.
func (p *postgres) ownerPool(ctx context.Context) (*sql.DB, error) {
	return database.Open(ctx, p.owner, database.PoolOptions{MaxConns: 2})
}

// where says which database it is, without a secret.
func (p *postgres) where() string {
	if p.private != nil {
		return "the private PostgreSQL in " + filepath.Join(p.config.DataDir, "postgres")
	}
	address, err := url.Parse(p.server)
	if err != nil || address.Scheme == "" {
		return "the database of the database URL"
	}
	where := "the database " + strings.TrimPrefix(address.Path, "/")
	if address.Host != "" {
		where += " at " + address.Host
	}
	return where
}
