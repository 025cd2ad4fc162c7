// Package demo fills an empty database with made-up people and two terms of courses, so that there is something to look
// at. It calls the same RPCs as anybody, on a clock that it moves forward through the terms: every rule holds, and every
// record is dated as if it had been made at the time.
package demo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"google.golang.org/grpc"

	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/database"
)

// ErrUnfinished says that an earlier load was cut short: what it left is not the demo.
var ErrUnfinished = errors.New("the demo data were not loaded to their end: begin with an empty database again")

// Zone is where the demo takes place.
const Zone = "America/New_York"

// Whom the keys of Keys are for.
const (
	keyDistrict    = "districts/bps"
	keyInstitution = "institutions/umass-boston"
)

// loaderName is the API client that loads. It is active for as long as that takes, which tells a load that was cut short.
const loaderName = "Demo data loader"

// Options say how to load.
type Options struct {
	// Server puts a server together that stamps records by the clock; stop is called when the data are loaded. The
	// program data are in its database. Its sessions need not wait for the disk (synchronous_commit=off in the pool's
	// URL): whoever loads a demo can load it again.
	Server func(clock func() time.Time) (channel grpc.ClientConnInterface, db *database.DB, stop func(), err error)
	// Owner is the same database with the rights of its owner: months gone by need partitions of their own.
	Owner *sql.DB
	// Clock is the time until which there are records; nil is now.
	Clock func() time.Time
	// Scale is the size: 1, and 0, is 40 schools with 2,000 educators.
	Scale float64
	// Seed makes another demo of the same size. The same seed makes the same, but for ids and secrets.
	Seed uint64
	// Log is told of the progress; nil tells nobody.
	Log *slog.Logger
}

// Keys are secrets of API clients for trying things out.
type Keys struct {
	// Staff may do what admins and the program's staff may, District what HR of the first district may, and Registrar
	// what the registrar of the first institution may.
	Staff, District, Registrar string
}

// Load fills the database, if it has no districts yet, and returns keys for it. Otherwise it does nothing and returns no
// keys: NewKeys makes some.
func Load(ctx context.Context, options Options) (keys Keys, err error) {
	now := options.Clock
	if now == nil {
		now = time.Now
	}
	if options.Scale == 0 {
		options.Scale = 1
	}
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	zone, err := time.LoadLocation(Zone)
	if err != nil {
		return Keys{}, err
	}
	clock := &clock{}
	clock.set(now())
	channel, db, stop, err := options.Server(clock.now)
	if err != nil {
		return Keys{}, err
	}
	defer stop()
	if loaded, err := isLoaded(ctx, db); loaded || err != nil {
		return Keys{}, err
	}

	started := time.Now()
	w := newWorld(options.Seed, options.Scale, now().In(zone))
	if err := makePartitions(ctx, options.Owner, w.began, now()); err != nil {
		return Keys{}, err
	}
	l, err := newLoader(ctx, channel, db, clock)
	if err != nil {
		return Keys{}, err
	}
	t := &timeline{}
	if err := l.schedule(ctx, t, w); err != nil {
		return Keys{}, err
	}
	if err := t.run(ctx, now(), clock, 2*runtime.GOMAXPROCS(0), options.Log); err != nil {
		return Keys{}, fmt.Errorf("load the demo data: %w", err)
	}
	if err := l.finish(ctx); err != nil {
		return Keys{}, err
	}
	clock.set(now())
	if keys, err = NewKeys(ctx, db); err != nil {
		return Keys{}, err
	}
	options.Log.InfoContext(ctx, "demo data loaded", "educators", len(w.people), "sections", len(w.sections), "calls", l.calls.Load(), "seconds", time.Since(started).Seconds())
	return keys, nil
}

// NewKeys makes the keys, for a demo that is loaded already and whose keys are lost or have expired.
func NewKeys(ctx context.Context, db *database.DB) (keys Keys, err error) {
	callers := access.New(db, nil)
	for _, k := range []struct {
		secret *string
		name   string
		grants []access.Grant
	}{
		{&keys.Staff, "Demo: program staff", []access.Grant{{Role: accesspb.Role_ROLE_ADMIN}, {Role: accesspb.Role_ROLE_PROGRAM_STAFF}}},
		{&keys.District, "Demo: district HR", []access.Grant{{Role: accesspb.Role_ROLE_DISTRICT_HR, Scope: keyDistrict}}},
		{&keys.Registrar, "Demo: registrar", []access.Grant{{Role: accesspb.Role_ROLE_REGISTRAR, Scope: keyInstitution}}},
	} {
		if *k.secret, err = callers.Bootstrap(ctx, k.name, k.grants...); err != nil {
			return Keys{}, fmt.Errorf("make a key for %q: %w", k.name, err)
		}
	}
	return keys, nil
}

// isLoaded says whether there are districts; with an error when an earlier load was cut short.
func isLoaded(ctx context.Context, db *database.DB) (bool, error) {
	var loaded, unfinished bool
	err := db.SQL().QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM districts),
		EXISTS (SELECT FROM api_clients WHERE display_name = $1 AND state = 'ACTIVE')`, loaderName).Scan(&loaded, &unfinished)
	if err != nil {
		return false, fmt.Errorf("look for demo data: %w", err)
	}
	if unfinished {
		return false, ErrUnfinished
	}
	return loaded, nil
}

// makePartitions makes the monthly partitions from since until now that are not there: housekeeping makes those of the
// months to come, and rows of any other month would end in the default partitions.
func makePartitions(ctx context.Context, owner *sql.DB, since, until time.Time) error {
	for month := time.Date(since.UTC().Year(), since.UTC().Month(), 1, 0, 0, 0, 0, time.UTC); month.Before(until); month = month.AddDate(0, 1, 0) {
		for _, parent := range []string{"feed_rows", "audit_entries"} {
			if _, err := owner.ExecContext(ctx, fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s_%s PARTITION OF %s FOR VALUES FROM ('%s') TO ('%s')",
				parent, month.Format("200601"), parent, month.Format(time.RFC3339), month.AddDate(0, 1, 0).Format(time.RFC3339))); err != nil {
				return fmt.Errorf("make partitions for months gone by: %w", err)
			}
		}
	}
	return nil
}
