package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"google.golang.org/grpc"

	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/config"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/demo"
	"github.com/btlc/btlc/internal/notice"
	"github.com/btlc/btlc/internal/server"
)

// makeAdmin makes the first caller of a new database and keeps its key in a file, whose path is returned.
func makeAdmin(ctx context.Context, c *config.Config, db *database.DB, log *slog.Logger) (path string, err error) {
	path = filepath.Join(c.DataDir, "admin.env")
	keep := func(secret string) error {
		return writeEnv(path, "The key of the first administrator. Make other clients with it, then revoke it.", variable{"BTLC_ADMIN_KEY", secret})
	}
	made, err := access.New(db, nil).BootstrapFirst(ctx, "first administrator", keep, adminGrants...)
	if err != nil {
		return "", fmt.Errorf("make the first administrator: %w", err)
	}
	if !made {
		return "", nil
	}
	log.InfoContext(ctx, "first administrator made", "keyFile", path)
	return path, nil
}

// loadDemo fills an empty database, unless it has the demo already, and returns the keys to it, which are also in demo.env beside the data.
func loadDemo(ctx context.Context, c *config.Config, p *postgres, options server.Options, baseURL string, log *slog.Logger) (_ demo.Keys, err error) {
	pool, err := p.hastyPool(ctx)
	if err != nil {
		return demo.Keys{}, err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()

	keys, err := demo.Load(ctx, demo.Options{
		Server: func(clock func() time.Time) (grpc.ClientConnInterface, *database.DB, func(), error) {
			options := options
			options.Notices = notice.Options{} // nobody is written to about years that were made up
			options.Pool, options.Clock, options.RequestsPerSecond, options.StatsHandler = pool, clock, 0, nil
			loading, err := server.New(options)
			if err != nil {
				return nil, nil, nil, err
			}
			return loading.Channel(), loading.DB(), loading.DB().Close, nil
		},
		Log: log,
	})
	switch {
	case errors.Is(err, demo.ErrUnfinished) && p.private != nil:
		return demo.Keys{}, fmt.Errorf("%w: remove %s and start again", err, filepath.Join(c.DataDir, "postgres"))
	case errors.Is(err, demo.ErrOccupied):
		return demo.Keys{}, fmt.Errorf("--demo is not for %s: %w", p.where(), err)
	case err != nil:
		return demo.Keys{}, err
	}
	return keepDemoKeys(ctx, c, database.NewDB(pool, nil), keys, baseURL)
}

// keepDemoKeys writes demo.env, with the keys that are new, or else those that it has, or else others.
func keepDemoKeys(ctx context.Context, c *config.Config, db *database.DB, keys demo.Keys, baseURL string) (demo.Keys, error) {
	defer db.Close()
	path := filepath.Join(c.DataDir, "demo.env")
	if keys == (demo.Keys{}) {
		kept, err := readEnv(path)
		if err != nil {
			return keys, err
		}
		keys = demo.Keys{Staff: kept["BTLC_STAFF_KEY"], District: kept["BTLC_DISTRICT_KEY"], Registrar: kept["BTLC_REGISTRAR_KEY"]}
	}
	callers := access.New(db, nil).Authenticator
	for _, key := range []string{keys.Staff, keys.District, keys.Registrar} {
		if caller, err := callers.Caller(ctx, "Bearer "+key); err == nil && caller.Known() {
			continue
		}
		var err error
		if keys, err = demo.NewKeys(ctx, db); err != nil {
			return keys, err
		}
		break
	}
	return keys, writeEnv(path, "Keys to the demo data. The examples read them.", variable{"BTLC_URL", baseURL},
		variable{"BTLC_STAFF_KEY", keys.Staff}, variable{"BTLC_DISTRICT_KEY", keys.District}, variable{"BTLC_REGISTRAR_KEY", keys.Registrar})
}
