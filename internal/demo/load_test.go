package demo_test

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/btlc/btlc/ent/migrate/migrations"
	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	"github.com/btlc/btlc/internal/credential"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/database/databasetest"
	"github.com/btlc/btlc/internal/demo"
	"github.com/btlc/btlc/internal/openbadge"
	"github.com/btlc/btlc/internal/program"
	"github.com/btlc/btlc/internal/server"
)

func TestMain(m *testing.M) { databasetest.Main(m) }

// until is the time of the last records in these tests.
var until = time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC)

// site is a place to load into.
type site struct {
	owner, pool *sql.DB
	options     demo.Options
	// channel calls the server after the load.
	channel grpc.ClientConnInterface
}

func newSite(t testing.TB, scale float64) *site {
	t.Helper()
	url := databasetest.New(t, migrations.FS)
	s := &site{owner: open(t, url, database.PoolOptions{MaxConns: 2})}
	s.pool = open(t, withoutWaiting(url), database.PoolOptions{MaxConns: 10, ServerRole: true})
	keys, err := openbadge.LoadOrCreateKeys(t.TempDir())
	must(t, err)
	zone, err := time.LoadLocation(demo.Zone)
	must(t, err)
	s.options = demo.Options{Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Clock: func() time.Time { return until }, Scale: scale, Seed: 1}
	s.options.Server = func(clock func() time.Time) (grpc.ClientConnInterface, *database.DB, func(), error) {
		made, err := server.New(server.Options{
			Pool: s.pool, Migrations: migrations.FS, Zone: zone, Clock: clock, Deadline: time.Minute, Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
			Issuer: credential.Issuer{BaseURL: "http://127.0.0.1:8080", Name: "Boston Teacher Leadership Certificate", DID: "did:web:127.0.0.1%3A8080", Keys: keys},
		})
		if err != nil {
			return nil, nil, nil, err
		}
		s.channel = made.Channel()
		return made.Channel(), made.DB(), made.DB().Close, nil
	}
	data, err := program.Load()
	must(t, err)
	db := database.NewDB(s.pool, nil)
	defer db.Close()
	must(t, program.Store(t.Context(), db, data))
	return s
}

func open(t testing.TB, url string, options database.PoolOptions) *sql.DB {
	t.Helper()
	pool, err := database.Open(t.Context(), url, options)
	must(t, err)
	t.Cleanup(func() { _ = pool.Close() }) // the database is dropped next
	return pool
}

// withoutWaiting makes sessions not wait for the disk.
func withoutWaiting(url string) string {
	if strings.Contains(url, "?") {
		return url + "&synchronous_commit=off"
	}
	return url + "?synchronous_commit=off"
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// count is the first number of a query's only row.
func (s *site) count(t testing.TB, query string, args ...any) int {
	t.Helper()
	var n int
	if err := s.owner.QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// digest is everything of a demo that its seed decides.
func (s *site) digest(t testing.TB) string {
	t.Helper()
	var digest string
	must(t, s.owner.QueryRowContext(t.Context(), `SELECT string_agg(md5, ' ') FROM (
		SELECT md5(string_agg(e::text, ',' ORDER BY e::text)) FROM (SELECT m.address, e.given_name, e.family_name, e.create_time, e.version FROM educators e JOIN educator_emails m ON m.educator_id = e.id) e
		UNION ALL SELECT md5(string_agg(r::text, ',' ORDER BY r::text)) FROM (SELECT m.address, r.state, r.create_time, r.update_time FROM registrations r JOIN educator_emails m USING (educator_id)) r
		UNION ALL SELECT md5(string_agg(a::text, ',' ORDER BY a::text)) FROM (SELECT m.address, a.minutes, a.late, a.create_time FROM attendance_entries a JOIN registrations r ON r.id = a.registration_id JOIN educator_emails m USING (educator_id)) a
		UNION ALL SELECT md5(string_agg(s::text, ',' ORDER BY s::text)) FROM (SELECT m.address, s.attempt, s.state, s.submit_time, s.decide_time FROM submissions s JOIN educator_emails m USING (educator_id)) s
		UNION ALL SELECT md5(string_agg(c::text, ',' ORDER BY c::text)) FROM (SELECT m.address, c.credential_type_id, c.status, c.issue_time, c.status_time FROM credentials c JOIN educator_emails m USING (educator_id)) c) AS parts`).Scan(&digest))
	return digest
}

func TestLoad(t *testing.T) {
	t.Parallel()
	s := newSite(t, 0.08)
	keys, err := demo.Load(t.Context(), s.options)
	must(t, err)
	s.checkCounts(t)
	s.checkTimes(t)
	for secret, want := range map[string]string{
		keys.Staff: "ROLE_ADMIN ROLE_PROGRAM_STAFF", keys.District: "ROLE_DISTRICT_HR districts/bps", keys.Registrar: "ROLE_REGISTRAR institutions/umass-boston",
	} {
		if got := s.roles(t, secret); got != want {
			t.Errorf("a key has %q, want %q", got, want)
		}
	}
	if n := s.count(t, `SELECT count(*) FROM api_clients WHERE state = 'ACTIVE'`); n != 3 {
		t.Errorf("%d API clients are active, want those of the three keys", n)
	}

	before := s.digest(t)
	again, err := demo.Load(t.Context(), s.options)
	if err != nil || again != (demo.Keys{}) || s.digest(t) != before {
		t.Errorf("a second load: %v", err)
	}
}

func (s *site) roles(t testing.TB, secret string) string {
	t.Helper()
	ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+secret)
	self, err := accesspb.NewAccessServiceClient(s.channel).WhoAmI(ctx, &accesspb.WhoAmIRequest{})
	must(t, err)
	var roles []string
	for _, r := range self.Roles {
		roles = append(roles, strings.TrimSpace(r.Role.String()+" "+r.Scope))
	}
	return strings.Join(roles, " ")
}

// checkCounts: there is something of everything, and what belongs together is there together.
func (s *site) checkCounts(t testing.TB) {
	t.Helper()
	for query, want := range map[string]int{
		`SELECT count(*) FROM districts`: 3,
		`SELECT count(*) FROM schools`:   6,
		`SELECT count(*) FROM educators`: 160,
		`SELECT count(*) FROM terms`:     3,
		`SELECT count(*) FROM sections`:  11,
		`SELECT count(*) FROM meetings`:  121,
		// Each demonstrated submission has attained its competency, each attainment was demonstrated.
		`SELECT count(*) FROM submissions s FULL JOIN attainments a ON a.submission_id = s.id WHERE (s.state = 'DEMONSTRATED') <> (a.id IS NOT NULL)`: 0,
		// Nobody sits where the section does not say so.
		`SELECT count(*) FROM sections s WHERE seats_taken <> (SELECT count(*) FROM registrations r WHERE r.section_id = s.id AND r.state IN ('ENROLLED', 'OFFERED', 'COMPLETED', 'NOT_COMPLETED'))`: 0,
		// All who are still there have an entry for each meeting that is over.
		`SELECT count(*) FROM registrations r JOIN meetings m USING (section_id) JOIN sections s ON s.id = r.section_id
			WHERE r.state <> 'WITHDRAWN' AND s.state = 'COMPLETED' AND NOT EXISTS (SELECT FROM attendance_entries a WHERE a.meeting_id = m.id AND a.registration_id = r.id)`: 0,
		`SELECT count(*) FROM educator_emails WHERE NOT verified OR address NOT LIKE '%@example.org'`: 0,
		// Rows of any month are in the partition of that month.
		`SELECT (SELECT count(*) FROM feed_rows_default) + (SELECT count(*) FROM audit_entries_default)`: 0,
	} {
		if n := s.count(t, query); n != want {
			t.Errorf("%s: %d, want %d", query, n, want)
		}
	}
	for _, query := range []string{
		`SELECT count(*) FROM employments WHERE end_date IS NOT NULL`,
		`SELECT count(*) FROM educator_names`,
		`SELECT count(*) FROM role_assignments WHERE state = 'REPORTED'`,
		`SELECT count(*) FROM role_assignments WHERE state = 'CONFIRMED'`,
		`SELECT count(*) FROM role_assignments WHERE state = 'ENDED'`,
		`SELECT count(*) FROM registrations WHERE state = 'COMPLETED'`,
		`SELECT count(*) FROM registrations WHERE state = 'WITHDRAWN'`,
		`SELECT count(*) FROM registrations WHERE state = 'ENROLLED'`,
		`SELECT count(*) FROM attendance_entries WHERE late`,
		`SELECT count(*) FROM submissions WHERE state = 'SUBMITTED'`,
		`SELECT count(*) FROM submissions WHERE attempt = 2`,
		`SELECT count(*) FROM score_sheets WHERE outcome = 'NOT_YET'`,
		`SELECT count(*) FROM credentials WHERE status = 'ACTIVE'`,
		`SELECT count(*) FROM credentials WHERE credential_type_id = 'btlc-credential' AND status = 'ACTIVE' AND learner_record <> ''`,
		`SELECT count(*) FROM trainings WHERE void_time IS NULL`,
		`SELECT count(*) FROM trainings WHERE void_time IS NOT NULL`,
		`SELECT count(*) FROM registrations WHERE state = 'WAITLISTED'`,
		`SELECT count(*) FROM registrations WHERE state = 'OFFERED'`,
		`SELECT count(*) FROM registrations WHERE state = 'AWAITING_ROLE'`,
		`SELECT count(*) FROM registrations WHERE payer_kind = 'PURCHASE_ORDER'`,
		`SELECT count(*) FROM applications WHERE state = 'SUBMITTED'`,
		`SELECT count(*) FROM applications WHERE state = 'FORMING'`,
		`SELECT count(*) FROM placement_proposals`,
		`SELECT count(*) FROM ledger_entries WHERE kind = 'PAYMENT'`,
		`SELECT count(*) FROM ledger_entries WHERE kind = 'WAIVER'`,
		`SELECT count(*) FROM ledger_entries WHERE kind = 'REFUND'`,
		`SELECT count(*) FROM feedback_rounds WHERE kind = 'MID' AND state = 'CLOSED'`,
		`SELECT count(*) FROM feedback_rounds WHERE kind = 'END' AND state = 'CLOSED'`,
		`SELECT count(*) FROM schools WHERE principal_email <> ''`,
		`SELECT count(*) FROM meetings WHERE resources <> '[]'`,
		`SELECT count(*) FROM credit_requests`,
		`SELECT count(*) FROM consents`,
		`SELECT count(*) FROM credit_postings WHERE state = 'POSTED'`,
	} {
		if s.count(t, query) == 0 {
			t.Errorf("%s: none", query)
		}
	}
}

// checkTimes: records were made in the order in which things happened, and nothing lies ahead.
func (s *site) checkTimes(t testing.TB) {
	t.Helper()
	for _, query := range []string{
		`SELECT count(*) FROM educators WHERE update_time > $1 OR create_time > $1 - interval '300 days'`,
		`SELECT count(*) FROM registrations WHERE update_time > $1`,
		`SELECT count(*) FROM registrations r JOIN sections s ON s.id = r.section_id WHERE r.create_time NOT BETWEEN s.registration_open_time AND s.registration_close_time AND r.create_time < $1`,
		`SELECT count(*) FROM attendance_entries a JOIN meetings m ON m.id = a.meeting_id WHERE a.create_time < m.end_time OR a.create_time > $1`,
		`SELECT count(*) FROM submissions WHERE NOT create_time <= submit_time OR NOT submit_time <= decide_time OR decide_time > $1`,
		`SELECT count(*) FROM credentials c WHERE issue_time > $1 OR issue_time < (SELECT max(attain_time) FROM attainments a WHERE a.educator_id = c.educator_id AND attain_time < c.issue_time)`,
		`SELECT count(*) FROM credit_postings p JOIN credit_requests c ON c.id = p.credit_request_id JOIN registrations r ON r.id = c.registration_id
			WHERE p.create_time > $1 OR p.post_date > p.create_time OR r.state <> 'COMPLETED' OR r.state_time > p.create_time`,
		`SELECT count(*) FROM feed_rows WHERE commit_time > $1`,
	} {
		if n := s.count(t, query, until); n != 0 {
			t.Errorf("%s: %d", query, n)
		}
	}
}

func TestSameSeedSameDemo(t *testing.T) {
	t.Parallel()
	var digests []string
	for range 2 {
		s := newSite(t, 0.03)
		_, err := demo.Load(t.Context(), s.options)
		must(t, err)
		digests = append(digests, s.digest(t))
	}
	if digests[0] != digests[1] {
		t.Error("two loads of the same seed differ")
	}
}

func TestLoadCutShort(t *testing.T) {
	t.Parallel()
	s := newSite(t, 0.03)
	ctx, cut := context.WithCancel(t.Context())
	var calls atomic.Int64
	compose := s.options.Server
	s.options.Server = func(clock func() time.Time) (grpc.ClientConnInterface, *database.DB, func(), error) {
		channel, db, stop, err := compose(clock)
		return cutting{channel, func() {
			if calls.Add(1) == 100 {
				cut()
			}
		}}, db, stop, err
	}
	if _, err := demo.Load(ctx, s.options); err == nil {
		t.Fatal("cut short and without an error")
	}
	s.options.Server = compose
	if _, err := demo.Load(t.Context(), s.options); !errors.Is(err, demo.ErrUnfinished) {
		t.Errorf("the load after it: %v, want %v", err, demo.ErrUnfinished)
	}
}

// A database in use gets neither made-up people nor keys for anybody who starts a server with the demo.
func TestLoadIntoOthersData(t *testing.T) {
	t.Parallel()
	for what, statement := range map[string]string{
		"a district":  `INSERT INTO districts (id, create_time, update_time, display_name, time_zone) VALUES ('real', now(), now(), 'Real', 'America/New_York')`,
		"an educator": `INSERT INTO educators (id, create_time, update_time, given_name, family_name) VALUES (gen_random_uuid(), now(), now(), 'Given', 'Family')`,
		"a term":      `INSERT INTO terms (id, create_time, update_time, display_name, start_date, end_date) VALUES ('fall', now(), now(), 'Fall', '2026-09-01', '2026-12-20')`,
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, 0.03)
			_, err := s.owner.ExecContext(t.Context(), statement)
			must(t, err)
			if keys, err := demo.Load(t.Context(), s.options); !errors.Is(err, demo.ErrOccupied) || keys != (demo.Keys{}) {
				t.Errorf("got %v, %v, want %v", keys, err, demo.ErrOccupied)
			}
			if n := s.count(t, `SELECT count(*) FROM api_clients`) + s.count(t, `SELECT count(*) FROM audit_entries`); n != 0 {
				t.Errorf("it wrote %d API clients and records of them", n)
			}
		})
	}
}

// cutting does something before every call.
type cutting struct {
	grpc.ClientConnInterface
	before func()
}

func (c cutting) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	c.before()
	return c.ClientConnInterface.Invoke(ctx, method, args, reply, opts...)
}

func TestAnyDay(t *testing.T) {
	t.Parallel()
	for _, day := range []string{"2026-09-02", "2026-12-22", "2027-07-04"} {
		t.Run(day, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, 0.03)
			now, err := time.Parse(time.DateOnly, day)
			must(t, err)
			s.options.Clock = func() time.Time { return now.Add(15 * time.Hour) }
			if _, err := demo.Load(t.Context(), s.options); err != nil {
				t.Fatal(err)
			}
			if s.count(t, `SELECT count(*) FROM credentials`) == 0 {
				t.Error("no credential was issued")
			}
		})
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		s := newSite(b, 1)
		if _, err := demo.Load(b.Context(), s.options); err != nil {
			b.Fatal(err)
		}
	}
}
