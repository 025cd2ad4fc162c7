package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/btlc/btlc/ent/migrate/migrations"
	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/program"
)

// place is where it is measured: a private PostgreSQL with durable settings, loaded, and two servers over it, processes
// of their own: one that puts reads on record and one that does not.
type place struct {
	settings            settings
	folder              string
	private             *database.Private
	pool                *sql.DB
	pgbenchPath, socket string
	servers             []*exec.Cmd
	audited, plain      *client
	key                 string
	sections            []string
	educators           []string
}

func newPlace(ctx context.Context, s settings) (p *place, err error) {
	p = &place{settings: s}
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	if p.pgbenchPath, err = findPgbench(); err != nil {
		return nil, err
	}
	if p.folder = s.keep; p.folder == "" {
		if p.folder, err = os.MkdirTemp("", "btlc-bench-"); err != nil {
			return nil, err
		}
	} else if err := os.MkdirAll(p.folder, 0o755); err != nil { // #nosec G301 -- as below
		return nil, err
	}
	if err := os.Chmod(p.folder, 0o755); err != nil { // #nosec G302 -- under root PostgreSQL runs as another user, who must pass through
		return nil, err
	}
	p.socket = filepath.Join(p.folder, "pg")
	p.private, err = database.StartPrivate(ctx, database.PrivateOptions{DataDir: p.socket, Logger: slog.New(slog.DiscardHandler), Settings: map[string]string{
		"shared_buffers": "4GB", "max_connections": "100", "autovacuum": "off", "max_wal_size": "8GB", "checkpoint_timeout": "1h",
	}})
	if err != nil {
		return nil, err
	}
	owner := p.private.URL(database.OwnerRole, database.Name)
	if err := database.Migrate(ctx, owner, migrations.FS); err != nil {
		return nil, err
	}
	if p.pool, err = database.Open(ctx, owner, database.PoolOptions{MaxConns: 4}); err != nil {
		return nil, err
	}
	if err := p.fill(ctx); err != nil {
		return nil, err
	}
	if p.audited, err = p.startServer(ctx, owner, true); err != nil {
		return nil, err
	}
	p.plain, err = p.startServer(ctx, owner, false)
	return p, err
}

func findPgbench() (string, error) {
	if path, err := exec.LookPath("pgbench"); err == nil {
		return path, nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/pgbench")
	if err != nil || len(found) == 0 {
		return "", errors.New("pgbench is not here: it comes with PostgreSQL")
	}
	return found[len(found)-1], nil
}

func (p *place) close() {
	for _, server := range p.servers {
		_ = server.Process.Signal(os.Interrupt) // it may have ended by itself
		_ = server.Wait()
	}
	if p.pool != nil {
		_ = p.pool.Close()
	}
	if p.private != nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		_ = p.private.Stop(ctx)
	}
	if p.folder != "" && p.settings.keep == "" {
		_ = os.RemoveAll(p.folder)
	}
}

// startServer runs a server as a process of its own, and waits until it says where it listens.
func (p *place) startServer(ctx context.Context, url string, audit bool) (*client, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	command := exec.CommandContext(ctx, self, "-serve", url, fmt.Sprintf("-audit=%t", audit), fmt.Sprintf("-connections=%d", p.settings.connections)) // #nosec G204 -- ourselves
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	p.servers = append(p.servers, command)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	rest, rpc, ok := strings.Cut(strings.TrimSpace(line), " ")
	if !ok {
		return nil, errors.New("the server did not start")
	}
	return newClient(rest, rpc, p.key, p.settings.callers)
}

// fill loads people, four credentials each, by the database's own means: the rows are what the service writes, made
// without it because it is not their making that is measured.
func (p *place) fill(ctx context.Context) error {
	db := database.NewDB(p.pool, nil)
	defer db.Close()
	data, err := program.Load()
	if err != nil {
		return err
	}
	if err := program.Store(ctx, db, data); err != nil {
		return err
	}
	people := p.settings.credentials / 4
	var kept bool
	if err := p.pool.QueryRowContext(ctx, `SELECT to_regclass('bench_people') IS NOT NULL`).Scan(&kept); err != nil {
		return err
	}
	if !kept {
		started := time.Now()
		for _, statement := range fillStatements {
			if _, err := p.pool.ExecContext(ctx, strings.NewReplacer("$people", fmt.Sprint(people), "$all", fmt.Sprint(people+newcomers(people))).Replace(statement)); err != nil {
				return fmt.Errorf("%w in %s", err, statement)
			}
		}
		fmt.Fprintf(os.Stderr, "loaded in %s\n", time.Since(started).Round(time.Second))
	}
	p.key, err = access.New(db, nil).Bootstrap(ctx, "bench-"+rand.Text(), access.Grant{Role: accesspb.Role_ROLE_PROGRAM_STAFF}, access.Grant{Role: accesspb.Role_ROLE_DISTRICT_HR, Scope: "districts/bps"})
	if err != nil {
		return err
	}
	if p.sections, err = p.names(ctx, `SELECT 'sections/' || id FROM sections ORDER BY id`); err != nil {
		return err
	}
	p.educators, err = p.names(ctx, fmt.Sprintf(`SELECT 'educators/' || id FROM bench_people WHERE n > %d AND n <= %d ORDER BY n`, people, people+newcomers(people)/2))
	return err
}

// newcomers is how many people there are beside those with credentials: the service registers one half of them, pgbench the
// other.
func newcomers(people int) int { return people / 5 }

func (p *place) names(ctx context.Context, query string) ([]string, error) {
	rows, err := p.pool.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}
