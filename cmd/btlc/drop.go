package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/btlc/btlc/ent/migrate/migrations"
	"github.com/btlc/btlc/internal/config"
	"github.com/btlc/btlc/internal/credential"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/drops"
	"github.com/btlc/btlc/internal/openbadge"
	"github.com/btlc/btlc/internal/server"
)

// checkPatience bounds how long one target is tried.
const checkPatience = 30 * time.Second

var (
	errNoDrops = errors.New("there are no drops: --file-drops names the file that has them")
	// errTargets says that targets of drops were not in order; which ones is printed.
	errTargets = errors.New("not every target can be used")
)

func newDrop() *cobra.Command {
	var check bool
	command := &cobra.Command{
		Use:   "drop name",
		Short: "Leave a file for a system that cannot call",
		Long: `Drop makes the file of a drop now, in addition to those that the servers make each day at its time, and says where it is.
The drops are those of --file-drops; see File drops in deploy/README.md.

With --check it makes none, but opens the target of every drop, or of the one that is named, and says what is wrong with it:
a host key, a secret, a folder. Run it as the user that the server runs as.`,
		Example: `  btlc drop --check --file-drops /etc/btlc/drops.yaml --drop-root /var/lib/btlc-drops
  BTLC_DATABASE_URL=postgres://btlc:secret@db.example.org/btlc btlc drop bps-credentials --config /etc/btlc.yaml`,
		Args: func(command *cobra.Command, arguments []string) error {
			if check {
				return cobra.MaximumNArgs(1)(command, arguments)
			}
			return cobra.ExactArgs(1)(command, arguments)
		},
		RunE: func(command *cobra.Command, arguments []string) error {
			if check {
				return checkDrops(command, arguments)
			}
			return makeDrop(command, arguments[0])
		},
	}
	command.Flags().BoolVar(&check, "check", false, "open the targets and say what is wrong, without a file")
	config.AddFlags(command.Flags(), append([]string{"file-drops", "drop-root", "drop-networks"}, databaseSettings...)...)
	return command
}

// checkDrops opens the targets of all drops, or of the one that is named.
func checkDrops(command *cobra.Command, names []string) error {
	c, err := settingsOf(command)
	if err != nil {
		return err
	}
	chosen := c.Drops
	if len(chosen) == 0 {
		return errNoDrops
	}
	if len(names) > 0 {
		d, err := dropNamed(c, names[0])
		if err != nil {
			return err
		}
		chosen = []drops.Drop{d}
	}
	for _, d := range chosen {
		if wrong := checkDrop(command.Context(), c, d); wrong != nil {
			err = errTargets
			fmt.Fprintf(command.OutOrStdout(), "%s: %v\n", d.Name, wrong)
		} else {
			fmt.Fprintf(command.OutOrStdout(), "%s: the target is in order\n", d.Name)
		}
	}
	return err
}

func checkDrop(ctx context.Context, c *config.Config, d drops.Drop) error {
	ctx, cancel := context.WithTimeout(ctx, checkPatience)
	defer cancel()
	target, err := c.DropReach.Open(ctx, d)
	if err != nil {
		return err
	}
	return target.Close()
}

func dropNamed(c *config.Config, name string) (drops.Drop, error) {
	var names []string
	for _, d := range c.Drops {
		if d.Name == name {
			return d, nil
		}
		names = append(names, d.Name)
	}
	if len(names) == 0 {
		return drops.Drop{}, errNoDrops
	}
	return drops.Drop{}, fmt.Errorf("there is no drop %q; the nearest is %s", name, config.Nearest(name, names))
}

// makeDrop makes the file of a drop now.
func makeDrop(command *cobra.Command, name string) error {
	c, err := settingsOf(command)
	if err != nil {
		return err
	}
	d, err := dropNamed(c, name)
	if err != nil {
		return err
	}
	return withPostgres(command, func(ctx context.Context, p *postgres, out io.Writer) (err error) {
		pool, err := p.pool(ctx)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, pool.Close()) }()
		if err := database.CheckSchema(ctx, pool, migrations.FS); err != nil {
			return fmt.Errorf("%w: btlc migrate", err)
		}
		// What is exported names no issuer and is not signed: any address and no keys will do.
		s, err := server.New(server.Options{
			Pool: pool, Migrations: migrations.FS, Zone: time.UTC, Drops: c.Drops, DropReach: c.DropReach, Log: newLog(c, os.Stderr),
			Issuer: credential.Issuer{BaseURL: "http://127.0.0.1", Name: "btlc drop", DID: "did:web:127.0.0.1", Keys: &openbadge.Keyring{}},
		})
		if err != nil {
			return err
		}
		defer s.DB().Close()
		receipt, err := s.Drop(ctx, d.Name)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s: %s, %d bytes, SHA-256 %s\n", d.Name, receipt.File, receipt.Size, receipt.SHA256)
		return nil
	})
}
