// Package demo fills an empty database with made-up people and two terms of courses, so that there is something to look
// at. It calls the same RPCs as anybody, on a clock that it moves forward through the terms: every rule holds, and every
// record is dated as if it had been made at the time.
package demo

import (
	"context"
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

var (
	// ErrUnfinished says that an earlier load was cut short: what it left is not the demo.
	ErrUnfinished = errors.New("the demo data were not loaded to their end: begin with an empty database again")

	// ErrOccupied says that the database holds data which are not the demo's: they are left alone, and get no demo keys.
	ErrOccupied = errors.New("the database holds districts, people or terms that are not the demo's: leave the demo out, or give it an empty database")
)

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

// Load fills a database that holds the program's data and API clients at most, and returns keys for it. One that has the
// demo is left as it is, and no keys are returned: NewKeys makes some. Any other is refused by ErrOccupied, and one with a
// half of the demo by ErrUnfinished.
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
	if _, err := db.EnsurePartitionsOf(ctx, w.began, now()); err != nil {
		return Keys{}, fmt.Errorf("make partitions for months gone by: %w", err)
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

// isLoaded says whether the demo is there, by the client that loaded it. The error is ErrUnfinished or ErrOccupied when
// something else is.
func isLoaded(ctx context.Context, db *database.DB) (bool, error) {
	var loaded, loading, occupied bool
	err := db.SQL().QueryRowContext(ctx, `SELECT count(*) > 0, coalesce(bool_or(state = 'ACTIVE'), false),
		EXISTS (SELECT FROM districts) OR EXISTS (SELECT FROM educators) OR EXISTS (SELECT FROM terms)
		FROM api_clients WHERE display_name = $1`, loaderName).Scan(&loaded, &loading, &occupied)
	switch {
	case err != nil:
		return false, fmt.Errorf("look for demo data: %w", err)
	case loading:
		return false, ErrUnfinished
	case occupied && !loaded:
		return false, ErrOccupied
	}
	return loaded, nil
}
