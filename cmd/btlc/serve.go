package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/btlc/btlc/ent/migrate/migrations"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/config"
	"github.com/btlc/btlc/internal/credential"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/demo"
	"github.com/btlc/btlc/internal/openbadge"
	"github.com/btlc/btlc/internal/program"
	"github.com/btlc/btlc/internal/server"
	"github.com/btlc/btlc/internal/telemetry"
)

// farewellPatience bounds what is done after the last request: sending the last traces, mostly.
const farewellPatience = 5 * time.Second

func newServe() *cobra.Command {
	command := &cobra.Command{
		Use:   "serve",
		Short: "Serve REST and gRPC",
		Long: `Serve brings the database up to date, loads the program's data and answers until it gets SIGINT or SIGTERM; then it
finishes what is in flight, for --shutdown-grace at most. A second signal ends it at once.

Without --database-url it runs a PostgreSQL of its own in the data directory, from the programs on this machine, which
nobody else can reach. The first start makes the key that signs credentials, and a first administrator, whose API key is
then in admin.env in the data directory; should it be lost, btlc admin-key makes another.

With --demo it also fills an empty database with made-up districts, educators and credentials, and shows keys. On a
database with data of its own it does not start then.`,
		Example: `  btlc serve --demo
  btlc serve --config /etc/btlc.yaml
  BTLC_DATABASE_URL=postgres://btlc:secret@db.example.org/btlc btlc serve --public-url https://btlc.example.org
  btlc serve --data-dir ~/btlc --rest-address 127.0.0.1:8081 --grpc-address 127.0.0.1:9091 --metrics-address ""`,
		RunE: func(command *cobra.Command, _ []string) error {
			c, err := settingsOf(command)
			if err != nil {
				return err
			}
			return serve(command.Context(), c, command.OutOrStdout(), newLog(c, os.Stderr))
		},
	}
	config.AddFlags(command.Flags())
	return command
}

// errInterrupted says that a signal came before the server served.
var errInterrupted = errors.New("interrupted while starting")

// serve runs the server until the context ends.
func serve(ctx context.Context, c *config.Config, out io.Writer, log *slog.Logger) (err error) {
	log.InfoContext(ctx, "starting", "version", version(), "settings", c)
	served, asked := false, ctx
	defer func() {
		if err != nil && !served && asked.Err() != nil {
			log.DebugContext(ctx, "interrupted", "error", err) // whatever was going on has failed for that
			err = errInterrupted
		}
	}()
	l, err := listen(ctx, c)
	if err != nil {
		return err
	}
	defer l.close()
	p, err := startPostgres(ctx, c, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.stop(ctx)) }()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-p.done():
			cancel(errPostgresEnded)
		case <-ctx.Done():
		}
	}()
	served, err = serveOn(ctx, c, p, l, out, log)
	if errors.Is(context.Cause(ctx), errPostgresEnded) {
		return errors.Join(fmt.Errorf("%w: see its log postgres.log in %s", errPostgresEnded, c.DataDir+"/postgres"), err)
	}
	return err
}

// serveOn runs the server on a database, and says whether it came to serving.
func serveOn(ctx context.Context, c *config.Config, p *postgres, l *listeners, out io.Writer, log *slog.Logger) (served bool, err error) {
	if c.MigrateOnStart {
		if err := p.migrate(ctx); err != nil {
			return false, err
		}
	}
	pool, err := p.pool(ctx)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	if err := database.CheckSchema(ctx, pool, migrations.FS); err != nil {
		return false, fmt.Errorf("%w: btlc migrate", err)
	}
	if err := database.CheckRights(ctx, pool); err != nil {
		return false, err
	}
	watch, err := telemetry.New(ctx, telemetry.Options{Version: version(), Endpoint: c.OTLPEndpoint, Log: log})
	if err != nil {
		return false, err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewellPatience)
		defer cancel()
		if err := watch.Shutdown(ctx); err != nil {
			log.WarnContext(ctx, "the last telemetry was not sent", "error", err)
		}
	}()
	if err := watch.WatchPool(pool); err != nil {
		return false, err
	}
	signers, err := openSigners(ctx, c)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, signers.close()) }()
	options, err := serverOptions(c, l, signers)
	if err != nil {
		return false, err
	}
	options.Pool, options.Log = pool, log
	if c.MetricsAddress != "" || c.OTLPEndpoint != "" {
		options.StatsHandler = watch.StatsHandler()
	}
	server.Tune()
	s, err := server.New(options)
	if err != nil {
		return false, err
	}
	ready := ready{rest: "http://" + reachable(l.rest.Addr().String()), grpc: reachable(l.grpc.Addr().String())}
	if err := errors.Join(watch.Watch(s.Metrics()), prepare(ctx, c, p, s, options, &ready, log)); err != nil {
		s.DB().Close()
		return false, err
	}
	if l.metrics != nil {
		metrics := &http.Server{Handler: watch.Handler(), ReadHeaderTimeout: 10 * time.Second}
		defer metrics.Close()
		go func() {
			if err := metrics.Serve(l.metrics); !errors.Is(err, http.ErrServerClosed) {
				log.ErrorContext(ctx, "metrics are served no more", "error", err)
			}
		}()
		ready.metrics = "http://" + reachable(l.metrics.Addr().String()) + "/metrics"
	}
	log.InfoContext(ctx, "serving", "rest", l.rest.Addr().String(), "grpc", l.grpc.Addr().String(), "publicUrl", options.Issuer.BaseURL, "issuer", options.Issuer.DID)
	ready.show(out, c)
	err = s.Serve(ctx, l.rest, l.grpc, c.ShutdownGrace)
	log.InfoContext(context.WithoutCancel(ctx), "stopped")
	return true, err
}

// serverOptions are those that the settings give.
func serverOptions(c *config.Config, l *listeners, signers signers) (server.Options, error) {
	base := c.Base(l.rest.Addr())
	did, err := openbadge.DIDWeb(base)
	if err != nil {
		return server.Options{}, err
	}
	if err := makeDataDir(c.DataDir); err != nil {
		return server.Options{}, err
	}
	keys, err := openbadge.LoadOrCreateKeys(keysDir(c), signers.all()...)
	if err != nil {
		return server.Options{}, err
	}
	options := server.Options{
		Migrations: migrations.FS, Zone: c.Zone, Deadline: c.RequestTimeout, RequestsPerSecond: c.RequestsPerSecond, Origins: c.CORSOrigins, VerifyHosts: c.VerifyHosts, VCAPI: c.VCAPI,
		Issuer: credential.Issuer{BaseURL: base, Name: c.IssuerName, DID: did, Keys: keys, SuspensionEntries: c.SuspensionEntries, RevocationList: c.RevocationList},
	}
	options.Webhooks.Networks, options.FeedRetention, options.WebhookLog = c.WebhookNetworks, c.FeedRetention, c.WebhookLog
	options.Notices.Sender, options.Notices.SignInURL, options.Notices.Keep = c.Mail, c.SignInURL, c.NoticeRetention
	options.Drops, options.DropReach = c.Drops, c.DropReach
	for _, issuer := range c.OIDCIssuers {
		options.Issuers = append(options.Issuers, access.Issuer{URL: issuer.URL, Audience: issuer.Audience})
	}
	return options, nil
}

// prepare puts into the database what a server needs to be of use.
func prepare(ctx context.Context, c *config.Config, p *postgres, s *server.Server, options server.Options, ready *ready, log *slog.Logger) error {
	data, err := program.Load()
	if err != nil {
		return err
	}
	if err := program.Store(ctx, s.DB(), data); err != nil {
		return err
	}
	if ready.admin, err = makeAdmin(ctx, c, s.DB(), log); err != nil {
		return err
	}
	if c.Demo {
		ready.demo, err = loadDemo(ctx, c, p, options, ready.rest, log)
	}
	return err
}

// ready is what there is to say once the server serves.
type ready struct {
	rest, grpc, metrics, admin string
	demo                       demo.Keys
}

func (r ready) show(out io.Writer, c *config.Config) {
	fmt.Fprintf(out, "btlc %s serves\n", version())
	for _, line := range []struct{ what, where string }{
		{"REST", r.rest}, {"gRPC", r.grpc}, {"API reference", r.rest + "/docs"}, {"metrics", r.metrics}, {"first key", r.admin},
		{"data", c.DataDir},
	} {
		if line.where != "" {
			fmt.Fprintf(out, "  %-14s %s\n", line.what, line.where)
		}
	}
	if r.demo == (demo.Keys{}) {
		return
	}
	fmt.Fprintf(out, "Who calls, in the demo (the keys are also in %s/demo.env):\n", c.DataDir)
	for _, line := range []struct{ who, key string }{{"a district", r.demo.District}, {"a registrar", r.demo.Registrar}, {"the staff", r.demo.Staff}} {
		fmt.Fprintf(out, "  # %s\n  curl -s -H \"Authorization: Bearer %s\" %s/v1/whoami\n", line.who, line.key, r.rest)
	}
}
