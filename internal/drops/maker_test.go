package drops

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/btlc/btlc/ent/migrate/migrations"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/database/databasetest"
	"github.com/btlc/btlc/internal/drop"
	"github.com/btlc/btlc/internal/drop/droptest"
	"github.com/btlc/btlc/internal/fetch"
)

// site is a district's, with a folder to leave files in, and a clock.
type site struct {
	t      *testing.T
	url    string
	pool   *sql.DB
	root   string
	now    atomic.Int64
	drop   Drop
	reach  Reach
	export Export
	log    bytes.Buffer
	logger *slog.Logger
	made   atomic.Int32
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, url: databasetest.New(t, migrations.FS), root: t.TempDir()}
	owner, err := database.Open(t.Context(), s.url, database.PoolOptions{MaxConns: 1})
	s.must(err)
	_, err = owner.ExecContext(t.Context(), "INSERT INTO districts (id, create_time, update_time, display_name, time_zone) VALUES ('bps', now(), now(), 'Boston', 'America/New_York')")
	s.must(errors.Join(err, owner.Close()))
	s.pool, s.logger = s.newPool(), slog.New(slog.NewTextHandler(&s.log, nil))
	s.must(os.Mkdir(filepath.Join(s.root, "bps"), 0o750))
	s.at("2026-11-20T15:00:00Z")
	s.drop = Drop{Name: "roster", District: "districts/bps", At: 120, Form: CSV, Target: "file://" + s.root + "/bps"}
	s.reach = Reach{Root: s.root}
	s.export = func(_ context.Context, _ Drop, to io.Writer) (string, int64, error) {
		s.made.Add(1)
		_, err := io.WriteString(to, "a\r\n1\r\n2\r\n")
		return "cursor", 2, err
	}
	return s
}

// newPool is that of a server.
func (s *site) newPool() *sql.DB {
	s.t.Helper()
	pool, err := database.Open(s.t.Context(), s.url, database.PoolOptions{MaxConns: 4, ServerRole: true})
	s.must(err)
	s.t.Cleanup(func() { _ = pool.Close() })
	return pool
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) at(now string) {
	s.t.Helper()
	moment, err := time.Parse(time.RFC3339, now)
	s.must(err)
	s.now.Store(moment.UnixNano())
}

func (s *site) clock() time.Time { return time.Unix(0, s.now.Load()).UTC() }

func (s *site) maker(pool *sql.DB) *Maker {
	return NewMaker([]Drop{s.drop}, s.reach, NewStore(pool), func(ctx context.Context, d Drop, to io.Writer) (string, int64, error) { return s.export(ctx, d, to) },
		s.clock, s.logger)
}

// look has a server look once.
func (s *site) look() {
	s.maker(s.pool).Look(s.t.Context(), s.drop)
}

// runs are the rows, as texts.
func (s *site) runs() string {
	s.t.Helper()
	var text string
	s.must(s.pool.QueryRowContext(s.t.Context(), `SELECT coalesce(string_agg(format('%s %s %s %s %s', to_char(due_time AT TIME ZONE 'UTC', 'MM-DD HH24:MI'),
		CASE WHEN end_time IS NULL THEN 'open' ELSE 'ended' END, attempts, row_count, failure), E'\n' ORDER BY due_time), '') FROM drop_runs`).Scan(&text))
	return text
}

// files are those that were left, without what stands beside them.
func (s *site) files() []string {
	s.t.Helper()
	found, err := filepath.Glob(filepath.Join(s.root, "bps", "roster-*.csv"))
	s.must(err)
	return found
}

func (s *site) expect(runs string, files int) {
	s.t.Helper()
	if got := s.runs(); got != runs {
		s.t.Fatalf("the runs are\n%s\nwant\n%s\nlog: %s", got, runs, &s.log)
	}
	if got := s.files(); len(got) != files {
		s.t.Fatalf("there are %q, want %d", got, files)
	}
}

// servers are two, each with connections of its own.
func (s *site) servers() []*Maker { return []*Maker{s.maker(s.pool), s.maker(s.newPool())} }

// race has servers look at once, several times each, and expects one file.
func (s *site) race(servers []*Maker) {
	s.t.Helper()
	s.made.Store(0)
	var all sync.WaitGroup
	for range 4 {
		for _, m := range servers {
			all.Go(func() { m.Look(s.t.Context(), s.drop) })
		}
	}
	all.Wait()
	if made := s.made.Load(); made != 1 {
		s.t.Fatalf("%d files were made at %s\n%s", made, s.clock(), &s.log)
	}
}

func TestOnlyWhatWasDueLastIsMade(t *testing.T) {
	s := newSite(t)
	s.look()
	s.look()
	s.expect("11-20 07:00 ended 1 2 ", 1)
	s.at("2026-11-21T06:59:59Z")
	s.look()
	s.expect("11-20 07:00 ended 1 2 ", 1)
	s.at("2026-11-24T09:00:00Z")
	s.look()
	s.look()
	s.expect("11-20 07:00 ended 1 2 \n11-24 07:00 ended 1 2 ", 2)
	content, err := os.ReadFile(s.files()[0])
	if s.must(err); string(content) != "a\r\n1\r\n2\r\n" {
		t.Errorf("the file is %q", content)
	}
	var file string
	s.must(s.pool.QueryRowContext(t.Context(), "SELECT file FROM drop_runs ORDER BY due_time DESC LIMIT 1").Scan(&file))
	if _, err := os.Stat(filepath.Join(s.root, "bps", file)); err != nil {
		t.Error(err)
	}
}

func TestServersRace(t *testing.T) {
	s := newSite(t)
	servers := s.servers()
	for _, now := range []string{"2026-11-20T15:00:00Z", "2026-11-21T15:00:00Z", "2026-11-22T15:00:00Z"} {
		s.at(now)
		s.race(servers)
	}
	s.expect("11-20 07:00 ended 1 2 \n11-21 07:00 ended 1 2 \n11-22 07:00 ended 1 2 ", 3)
}

func TestRunOfAKilledServerIsTakenOver(t *testing.T) {
	s := newSite(t)
	store := NewStore(s.pool)
	killed, mine, err := store.claim(t.Context(), "roster", s.clock().Add(-8*time.Hour), s.clock())
	if s.must(err); !mine {
		t.Fatal("nobody else has it")
	}
	s.at("2026-11-20T16:00:00Z")
	s.look()
	s.expect("11-20 07:00 open 1 0 ", 0)
	s.at("2026-11-20T16:00:01Z")
	s.race(s.servers())
	s.expect("11-20 07:00 ended 2 2 ", 1)
	// It was not dead: it has nothing to record any more.
	s.must(store.finish(t.Context(), killed, s.clock(), "", 0, "too late"))
	s.expect("11-20 07:00 ended 2 2 ", 1)
}

func TestFailuresAreTriedAgain(t *testing.T) {
	s := newSite(t)
	good, tried := s.export, 0
	s.export = func(_ context.Context, _ Drop, to io.Writer) (string, int64, error) {
		tried++
		_, err := io.WriteString(to, "half of it")
		return "", 0, errors.Join(errors.New("the export failed"), err)
	}
	until := s.clock().Add(15 * time.Hour)
	for s.clock().Before(until) {
		s.look()
		s.now.Add(int64(10 * time.Minute))
	}
	if tried != maxAttempts {
		t.Errorf("it was tried %d times", tried)
	}
	failure := `drop "file://` + s.root + `/bps": the content: the export failed`
	s.expect("11-20 07:00 ended 5 0 "+failure, 0)
	for _, want := range []string{"level=ERROR", "drop=roster", "attempt 5 of 5", "the export failed"} {
		if !strings.Contains(s.log.String(), want) {
			t.Errorf("the log does not say %q: %s", want, &s.log)
		}
	}
	s.at("2026-11-21T07:00:00Z")
	s.export = good
	s.look()
	s.expect("11-20 07:00 ended 5 0 "+failure+"\n11-21 07:00 ended 1 2 ", 1)
}

// TestStopLeavesTheRunToOthers stops a server amidst a run.
func TestStopLeavesTheRunToOthers(t *testing.T) {
	s := newSite(t)
	good := s.export
	ctx, stop := context.WithCancel(t.Context())
	s.export = func(ctx context.Context, _ Drop, _ io.Writer) (string, int64, error) {
		stop()
		return "", 0, ctx.Err()
	}
	s.maker(s.pool).Look(ctx, s.drop)
	if s.export = good; !strings.HasPrefix(s.runs(), "11-20 07:00 ended 1 0 ") || strings.Contains(s.log.String(), "ERROR") {
		t.Fatalf("the runs are %s, the log %s", s.runs(), &s.log)
	}
	s.now.Add(int64(time.Minute))
	s.look()
	s.expect("11-20 07:00 ended 2 2 ", 1)
}

func TestMakeNow(t *testing.T) {
	s := newSite(t)
	receipt, err := s.maker(s.pool).Make(t.Context(), "roster")
	if s.must(err); receipt.Cursor != "cursor" || receipt.Size != 9 {
		t.Errorf("got %+v", receipt)
	}
	s.expect("11-20 15:00 ended 1 2 ", 1)
	if _, err := s.maker(s.pool).Make(t.Context(), "roster"); !errors.Is(err, ErrBusy) {
		t.Errorf("twice in a moment: %v", err)
	}
	if _, err := s.maker(s.pool).Make(t.Context(), "rosters"); !errors.Is(err, ErrUnknown) {
		t.Errorf("a drop that is none: %v", err)
	}
	s.look() // what is due is due nevertheless
	s.expect("11-20 07:00 ended 1 2 \n11-20 15:00 ended 1 2 ", 2)
}

func TestUnknownDistrict(t *testing.T) {
	s := newSite(t)
	s.drop.District = "districts/nowhere"
	s.look()
	if got := s.log.String(); !strings.Contains(got, "level=ERROR") || !strings.Contains(got, "drop=roster") || !strings.Contains(got, "districts/nowhere: there is no such district") {
		t.Errorf("the log says %s", got)
	}
	s.expect("", 0)
}

func TestServersOfOthers(t *testing.T) {
	s := newSite(t)
	server := droptest.StartSFTP(t, true)
	s.drop.Target = server.URL(filepath.Join(s.root, "bps"), server.Keys[0])
	s.drop.PasswordFile = written(t, droptest.Password+"\n")
	near := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	open := func(d Drop, networks []netip.Prefix) error {
		target, err := Reach{Root: s.root, Networks: networks}.Open(t.Context(), d)
		if err == nil {
			s.must(target.Close())
		}
		return err
	}
	store := Drop{Target: "s3://bucket/in?endpoint=https://127.0.0.1:1", AccessKeyIDFile: written(t, "id"), SecretAccessKeyFile: written(t, "verysecret")}
	for _, d := range []Drop{s.drop, store} {
		if err := open(d, nil); !errors.Is(err, fetch.ErrAddress) || !errors.Is(err, drop.ErrUnreachable) || !strings.Contains(err.Error(), "drop-networks") {
			t.Errorf("%s on a private address: %v", d.Target, err)
		}
	}
	if asked := server.Asked.Load(); asked != 0 {
		t.Errorf("the secret was told %d times", asked)
	}
	key := s.drop
	key.PasswordFile, key.PrivateKeyFile = "", written(t, server.UserKey)
	known := s.drop
	known.Target, known.KnownHostsFile = server.URL(filepath.Join(s.root, "bps")), written(t, server.KnownHosts())
	for _, d := range []Drop{s.drop, key, known} {
		if err := open(d, near); err != nil {
			t.Errorf("%s: %v", d.Target, err)
		}
	}
	authority := store
	authority.RootCAsFile = written(t, "no certificate")
	if err := open(authority, near); err == nil || !strings.Contains(err.Error(), "no certificate in PEM") {
		t.Errorf("no certificate: %v", err)
	}

	s.reach.Networks = near
	s.look()
	s.expect("11-20 07:00 ended 1 2 ", 1)
	s.now.Add(int64(24 * time.Hour))
	s.drop.PasswordFile = written(t, "verysecret")
	s.look()
	if said := s.log.String() + s.runs(); strings.Contains(said, "verysecret") || !strings.Contains(said, drop.ErrSecrets.Error()) || !strings.Contains(said, "level=ERROR") {
		t.Errorf("a wrong password: %s", said)
	}
}
