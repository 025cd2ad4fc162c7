package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"runtime/pprof"
	"time"

	"github.com/btlc/btlc/ent/migrate/migrations"
	"github.com/btlc/btlc/internal/credential"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/openbadge"
	"github.com/btlc/btlc/internal/server"
)

// runServer is the server as it ships, on ports of its own choice; only the audit of reads can be left out, to measure
// what it costs.
func runServer(ctx context.Context, url string, audit bool, connections int) error {
	server.Tune()
	pool, err := database.Open(ctx, url, database.PoolOptions{MaxConns: connections, ServerRole: true})
	if err != nil {
		return err
	}
	defer func() { _ = pool.Close() }()
	folder, err := os.MkdirTemp("", "btlc-bench-keys-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	keys, err := openbadge.LoadOrCreateKeys(folder)
	if err != nil {
		return err
	}
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		return err
	}
	s, err := server.New(server.Options{
		Pool: pool, Migrations: migrations.FS, Zone: zone, Deadline: 30 * time.Second, WithoutReadAudit: !audit,
		Issuer: credential.Issuer{BaseURL: "http://127.0.0.1", Name: "Bench", DID: "did:web:127.0.0.1", Keys: keys},
	})
	if err != nil {
		return err
	}
	rest, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	rpc, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if file := os.Getenv("BTLC_BENCH_PROFILE"); file != "" {
		profile, err := os.Create(fmt.Sprintf("%s.%d", file, os.Getpid())) // #nosec G304 -- the caller's own file
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(profile); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	fmt.Println(rest.Addr(), rpc.Addr())
	return s.Serve(ctx, rest, rpc, 5*time.Second)
}
