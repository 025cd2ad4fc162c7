// Command migration writes the next versioned migration: the difference between what the migrations make, replayed on an
// empty database, and what ent/schema declares. Without a difference it writes nothing. Run it by `make migration NAME=…`.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"

	"ariga.io/atlas/sql/migrate"
	"ariga.io/atlas/sql/sqltool"
	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	entschema "entgo.io/ent/dialect/sql/schema"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/internal/database"
)

const directory = "ent/migrate/migrations"

func main() {
	name := flag.String("name", "", "what the migration is about, in snake_case")
	rehash := flag.Bool("rehash", false, "only renew atlas.sum, after a migration that is not merged yet was edited by hand")
	check := flag.Bool("check", false, "fail when the schema and the migrations differ")
	flag.Parse()
	if err := run(context.Background(), *name, *rehash, *check); err != nil {
		fmt.Fprintln(os.Stderr, "migration:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, name string, rehash, check bool) error {
	dir, err := sqltool.NewGooseDir(directory)
	if err != nil {
		return err
	}
	if rehash {
		return renewSum(dir)
	}
	if name == "" && !check {
		return errors.New("say what it is about: make migration NAME=add_something")
	}
	data, err := os.MkdirTemp("", "btlc-migration-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(data) }()
	if err := os.Chmod(data, 0o755); err != nil { // under root PostgreSQL runs as another user, who must pass through
		return err
	}
	private, err := database.StartPrivate(ctx, database.PrivateOptions{DataDir: data + "/pg", Logger: slog.New(slog.DiscardHandler), Settings: map[string]string{"fsync": "off"}})
	if err != nil {
		return err
	}
	defer func() { _ = private.Stop(context.WithoutCancel(ctx)) }()
	before, err := dir.Files()
	if err != nil {
		return err
	}
	if check {
		name = "check"
	}
	options := []entschema.MigrateOption{
		entschema.WithDir(dir), entschema.WithMigrationMode(entschema.ModeReplay), entschema.WithDialect(dialect.Postgres),
		entschema.WithFormatter(sqltool.GooseFormatter), entschema.WithDiffHook(ownTablesOnly), entschema.WithDropColumn(true), entschema.WithDropIndex(true),
	}
	pool, err := database.Open(ctx, private.URL(database.OwnerRole, database.Name), database.PoolOptions{MaxConns: 4})
	if err != nil {
		return err
	}
	defer func() { _ = pool.Close() }()
	client := ent.NewClient(ent.Driver(entsql.OpenDB(dialect.Postgres, pool)))
	if err := client.Schema.NamedDiff(ctx, name, options...); err != nil {
		return err
	}
	after, err := dir.Files()
	if err != nil || len(after) == len(before) {
		return err
	}
	if check {
		made := after[len(after)-1]
		return errors.Join(fmt.Errorf("ent/schema says more than the migrations make; run make migration:\n%s", made.Bytes()), os.Remove(directory+"/"+made.Name()), renewSum(dir))
	}
	return nil
}

func renewSum(dir *sqltool.GooseDir) error {
	sum, err := dir.Checksum()
	if err != nil {
		return err
	}
	return migrate.WriteSumFile(dir, sum)
}

// handWritten are the tables that ent does not know: partitioned or append-only bookkeeping, made by hand-written SQL.
var handWritten = []string{"feed_epoch", "feed_streams", "feed_rows", "audit_entries", "idempotency_keys", "webhook_deliveries", "drop_runs", "key_periods", "goose_db_version"}

// handWrittenIndexes are over expressions or keep rows from overlapping, which ent does not know.
var handWrittenIndexes = []string{"external_ids_folded", "nobody_is_booked_twice", "no_room_is_booked_twice"}
