package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/btlc/btlc/ent/migrate/migrations"
	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/config"
	"github.com/btlc/btlc/internal/database"
)

// maxName is the length of an API client's display name, as the contract has it.
const maxName = 200

// adminGrants are what the administrators may do whom no other one has made.
var adminGrants = []access.Grant{{Role: accesspb.Role_ROLE_ADMIN}, {Role: accesspb.Role_ROLE_PROGRAM_STAFF}}

func newAdminKey() *cobra.Command {
	command := &cobra.Command{
		Use:   "admin-key [name]",
		Short: "Make another administrator, when the last one's API key is lost",
		Long: `Admin-key makes a new API client with the rights of the first administrator, under the name that is given, and prints its
API key, once: only the key's hash is kept. The key works for a year, also on servers that are running. It is on the audit
record, as written by system with the method "btlc admin-key". Use it to make keys for others, and to disable the client
whose key is lost.

Whoever may do this reaches the database as the owner of its tables: with --database-url, give that address by
--migrate-database-url. Without it, the administrator is made in the private PostgreSQL, which must not be running: stop
the server before.`,
		Example: `  btlc admin-key
  BTLC_DATABASE_URL=postgres://btlc_owner:secret@db.example.org/btlc btlc admin-key "Director of operations"`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			name := "administrator"
			if len(arguments) == 1 {
				name = arguments[0]
			}
			if length := utf8.RuneCountInString(name); !utf8.ValidString(name) || length < 1 || length > maxName {
				return usageError{fmt.Errorf("the name is a text of 1 to %d letters", maxName)}
			}
			return withPostgres(command, func(ctx context.Context, p *postgres, out io.Writer) error {
				secret, err := makeAnotherAdmin(ctx, p, name)
				if err != nil {
					return err
				}
				fmt.Fprintf(out, "# The API key of %q in %s. It is shown this once.\nBTLC_ADMIN_KEY=%s\n", name, p.where(), secret)
				return nil
			})
		},
	}
	config.AddFlags(command.Flags(), databaseSettings...)
	return command
}

func makeAnotherAdmin(ctx context.Context, p *postgres, name string) (secret string, err error) {
	pool, err := p.ownerPool(ctx)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	if err := database.CheckSchema(ctx, pool, migrations.FS); err != nil {
		return "", fmt.Errorf("%w: btlc migrate", err)
	}
	db := database.NewDB(pool, nil)
	defer db.Close()
	if secret, err = access.New(db, nil).BootstrapAgain(ctx, "btlc admin-key", name, adminGrants...); err != nil {
		return "", fmt.Errorf("make an administrator: %w", err)
	}
	return secret, nil
}
