package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/btlc/btlc/ent/migrate/migrations"
	"github.com/btlc/btlc/internal/config"
	"github.com/btlc/btlc/internal/database"
)

func newMigrate() *cobra.Command {
	migrate := &cobra.Command{
		Use:   "migrate",
		Short: "Bring the database's tables up to date",
		Long: `Migrate applies the migrations that the database lacks, one after the other. Any number of these may run at once: one
works, the others wait. A migration that fails is undone, and those before it stay.

The server does this by itself when it starts, unless --migrate-on-start=false. With --database-url, give the address of
the tables' owner by --migrate-database-url, and not through a pooler. Without it, the private PostgreSQL is migrated,
which must not be running: stop the server before.`,
		Example: `  btlc migrate
  BTLC_DATABASE_URL=postgres://btlc_owner:secret@db.example.org/btlc btlc migrate
  btlc migrate status`,
		RunE: func(command *cobra.Command, _ []string) error {
			return withPostgres(command, func(ctx context.Context, p *postgres, out io.Writer) error {
				if err := p.migrate(ctx); err != nil {
					return err
				}
				return showSchema(ctx, p, out)
			})
		},
	}
	config.AddFlags(migrate.PersistentFlags(), databaseSettings...)
	migrate.AddCommand(&cobra.Command{
		Use:     "status",
		Short:   "Say whether the tables are up to date",
		Long:    "Status says which migrations the database has and which ones this program needs. It changes nothing, and exits with 1 when some are lacking.",
		Example: "  btlc migrate status && echo up to date",
		RunE: func(command *cobra.Command, _ []string) error {
			return withPostgres(command, showSchema)
		},
	})
	return migrate
}

// showSchema says how the schema stands, with an error when it lacks migrations.
func showSchema(ctx context.Context, p *postgres, out io.Writer) (err error) {
	pool, err := p.ownerPool(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	have, err := database.SchemaVersion(ctx, pool)
	if err != nil {
		return err
	}
	need, err := database.LatestVersion(migrations.FS)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s has schema version %d, this program needs %d\n", p.where(), have, need)
	return database.CheckSchema(ctx, pool, migrations.FS)
}

// withPostgres runs a command that needs the database and no server.
func withPostgres(command *cobra.Command, do func(ctx context.Context, p *postgres, out io.Writer) error) (err error) {
	c, err := settingsOf(command)
	if err != nil {
		return err
	}
	ctx := command.Context()
	p, err := startPostgres(ctx, c, newLog(c, os.Stderr))
	if errors.Is(err, database.ErrDataDirInUse) {
		return fmt.Errorf("%w: stop the server before", err)
	} else if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.stop(ctx)) }()
	return do(ctx, p, command.OutOrStdout())
}
