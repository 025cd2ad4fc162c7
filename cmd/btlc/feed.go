package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/btlc/btlc/internal/config"
	"github.com/btlc/btlc/internal/database"
)

func newFeed() *cobra.Command {
	feed := &cobra.Command{Use: "feed", Short: "See to the change feed"}
	restart := &cobra.Command{
		Use:   "restart",
		Short: "Have all consumers of the change feed start again",
		Long: `Restart begins another epoch of the change feed: every cursor given out before gets CURSOR_EXPIRED, and every webhook
is told, so that all consumers read the resources in full once and go on from there.

Call it after a copy of PostgreSQL's files or a snapshot of its volume was put back, and after a restore into the same
database, before servers start: nothing in the database tells that from its usual life, and servers notice it only by what
consumers who come back, or they themselves, have read. A restore into another database or cluster, and a replica that was
promoted, are always noticed.`,
		Example: "  btlc feed restart",
		RunE: func(command *cobra.Command, _ []string) error {
			return withPostgres(command, restartFeed)
		},
	}
	config.AddFlags(restart.Flags(), databaseSettings...)
	feed.AddCommand(restart)
	return feed
}

func restartFeed(ctx context.Context, p *postgres, out io.Writer) (err error) {
	pool, err := p.ownerPool(ctx)
	if err != nil {
		return err
	}
	db := database.NewDB(pool, nil)
	defer func() {
		db.Close()
		err = errors.Join(err, pool.Close())
	}()
	epoch, err := db.RenewFeedEpoch(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "the change feed of %s begins epoch %s: all consumers start again\n", p.where(), epoch)
	return nil
}
