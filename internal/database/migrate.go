package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// ErrNoMigrations says that a file system holds no migration.
var ErrNoMigrations = goose.ErrNoMigrations

// ErrSchemaBehind says that the database's schema is older than this program needs.
type ErrSchemaBehind struct {
	// Have is the database's version, 0 when no migration was ever applied; Need is the program's.
	Have, Need int64
}

func (e ErrSchemaBehind) Error() string {
	return fmt.Sprintf("the database's schema is at version %d, below %d that this program needs: run its migrations", e.Have, e.Need)
}

// Migrate applies the migrations (goose SQL files at the root of the file system) that the database at address, its
// owner's, does not have yet. Any number of processes may call it at once: one works, the others wait, up to five
// minutes. It needs a direct connection, since the lock belongs to a session. A failed migration is rolled back and
// reported as *goose.PartialError; those before it stay.
func Migrate(ctx context.Context, address string, migrations fs.FS) (err error) {
	db, err := Open(ctx, address, PoolOptions{MaxConns: 2})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()

	// The lock is tried once a second, not waited for: a waiting statement would hold a snapshot, and a migration that
	// builds an index concurrently would wait for that snapshot in turn.
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return fmt.Errorf("prepare the migration lock: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations,
		goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("apply the migrations: %w", err)
	}
	return nil
}

// SchemaVersion returns the version of the newest migration applied to the database, 0 when there is none. The role
// that db works as needs SELECT on goose_db_version.
func SchemaVersion(ctx context.Context, db *sql.DB) (int64, error) {
	var version sql.NullInt64
	err := db.QueryRowContext(ctx, "SELECT max(version_id) FROM "+goose.DefaultTablename+" WHERE is_applied").Scan(&version)
	if pq.As(err, pqerror.UndefinedTable) != nil {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the schema's version: %w", err)
	}
	return version.Int64, nil
}

// LatestVersion returns the version of the newest migration in the file system, or ErrNoMigrations.
func LatestVersion(migrations fs.FS) (int64, error) {
	names, err := fs.Glob(migrations, "*.sql")
	if err != nil {
		return 0, fmt.Errorf("list the migrations: %w", err)
	}
	var latest int64
	for _, name := range names {
		version, err := goose.NumericComponent(name)
		if err != nil {
			return 0, fmt.Errorf("read the version of migration %s: %w", name, err)
		}
		latest = max(latest, version)
	}
	if latest == 0 {
		return 0, ErrNoMigrations
	}
	return latest, nil
}

// CheckSchema returns an ErrSchemaBehind when the database lacks migrations that this program has. A newer schema is
// fine: migrations stay compatible with the release before them, so servers are replaced one by one.
func CheckSchema(ctx context.Context, db *sql.DB, migrations fs.FS) error {
	need, err := LatestVersion(migrations)
	if err != nil {
		return err
	}
	have, err := SchemaVersion(ctx, db)
	if err != nil {
		return err
	}
	if have < need {
		return ErrSchemaBehind{Have: have, Need: need}
	}
	return nil
}
