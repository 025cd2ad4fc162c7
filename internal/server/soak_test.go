package server_test

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/btlc/btlc/ent/migrate/migrations"
	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/change"
	"github.com/btlc/btlc/internal/credential"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/openbadge"
	"github.com/btlc/btlc/internal/server"
	"github.com/btlc/btlc/internal/webhook"
)

var (
	soakFor  = flag.Duration("soak", 4*time.Second, "how long the soak test writes and kills")
	soakRows = flag.Int("soak-changes", 0, "how many changes the soak test of the feed makes at least, however long that takes")
	soakSeed = flag.Uint64("soak-seed", 0, "the seed of the soak test; 0 takes one from the clock and prints it")
)

const soakServerVariable = "BTLC_SOAK_SERVER"

// soak is a server that is killed again and again, over a PostgreSQL of its own that is killed too, while writers write
// and consumers follow the change feed.
type soak struct {
	t       *testing.T
	random  *rand.Rand
	folder  string
	key     string
	private atomic.Pointer[database.Private]
	server  *exec.Cmd
	base    atomic.Pointer[string] // of REST
	rpc     atomic.Pointer[string] // the address of gRPC
	client  *http.Client
	quiet   atomic.Bool // nothing is written or killed any more
}

// TestNothingIsLostOrDoneTwice writes with idempotency keys while servers and PostgreSQL are killed with SIGKILL. When it
// is quiet again, every write was carried out exactly once and is on the audit record once, and every consumer of the feed
// has seen every number once, in order, and holds the state of the table.
func TestNothingIsLostOrDoneTwice(t *testing.T) {
	seed := *soakSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d", seed)
	s := &soak{t: t, random: rand.New(rand.NewPCG(seed, seed)), client: &http.Client{Timeout: 10 * time.Second}}
	s.setUp()
	educators := s.educators(8)

	ctx, stopWriting := context.WithCancel(t.Context())
	quiet := make(chan struct{})
	var writers, consumers sync.WaitGroup
	updates := make([]atomic.Int64, len(educators))
	for w := range 4 {
		writers.Go(func() { s.write(ctx, w, educators, updates) })
	}
	states := make([]map[string]int, 3)
	for c := range states {
		consumers.Go(func() { states[c] = s.consume(quiet) })
	}
	kills := s.kill(*soakFor, func() bool { return true })
	stopWriting()
	writers.Wait()
	close(quiet)
	consumers.Wait()

	total := 0
	for i, name := range educators {
		want := 1 + int(updates[i].Load())
		total += want - 1
		for c, state := range states {
			if state[name] != want {
				t.Errorf("consumer %d holds version %d of %s, which was written to version %d", c, state[name], name, want)
			}
		}
	}
	pool := s.pool()
	for what, query := range map[string]string{
		"the table's versions":  `SELECT coalesce(sum(version - 1), 0) FROM educators`,
		"the audit record":      `SELECT count(*) FROM audit_entries WHERE method = '/btlc.directory.v1.DirectoryService/UpdateEducator' AND action = 'WRITE'`,
		"the idempotency keys":  `SELECT count(*) FROM idempotency_keys WHERE answer IS NOT NULL AND method LIKE '%UpdateEducator'`,
		"the program's changes": fmt.Sprintf(`SELECT newest - %d FROM feed_streams WHERE stream = 'program'`, len(educators)),
	} {
		var n int
		must(t, pool.QueryRowContext(t.Context(), query).Scan(&n))
		if n != total {
			t.Errorf("%s say %d writes, %d were answered", what, n, total)
		}
	}
	t.Logf("%d writes, %d kills", total, kills)
	if total == 0 || kills == 0 {
		t.Error("nothing was tested")
	}
}

func (s *soak) setUp() {
	t := s.t
	var err error
	s.folder, err = os.MkdirTemp("", "btlc-soak-")
	must(t, err)
	must(t, os.Chmod(s.folder, 0o755))
	t.Cleanup(func() {
		s.stopServer(os.Interrupt)
		must(t, s.private.Load().Stop(context.WithoutCancel(t.Context())))
		must(t, os.RemoveAll(s.folder))
	})
	s.startDatabase()
	must(t, database.Migrate(t.Context(), s.url(), migrations.FS))
	pool := s.pool()
	db := database.NewDB(pool, nil)
	s.key, err = access.New(db, nil).Bootstrap(t.Context(), "soak", access.Grant{Role: accesspb.Role_ROLE_PROGRAM_STAFF})
	must(t, err)
	db.Close()
	s.startServer()
}

func (s *soak) url() string { return s.private.Load().URL(database.OwnerRole, database.Name) }

func (s *soak) pool() *sql.DB {
	pool, err := database.Open(s.t.Context(), s.url(), database.PoolOptions{MaxConns: 2})
	must(s.t, err)
	s.t.Cleanup(func() { _ = pool.Close() })
	return pool
}

func (s *soak) startDatabase() {
	private, err := database.StartPrivate(s.t.Context(), database.PrivateOptions{DataDir: filepath.Join(s.folder, "pg"), Logger: slog.New(slog.DiscardHandler)})
	must(s.t, err)
	s.private.Store(private)
}

func (s *soak) startServer() {
	self, err := os.Executable()
	must(s.t, err)
	command := exec.Command(self)
	command.Env = append(os.Environ(), soakServerVariable+"="+s.url(), "BTLC_SOAK_KEYS="+s.folder)
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	must(s.t, err)
	must(s.t, command.Start())
	s.server = command
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		s.t.Fatalf("the server did not start: %v", err)
	}
	base, rpc, _ := strings.Cut(strings.TrimSpace(line), " ")
	base = "http://" + base
	s.base.Store(&base)
	s.rpc.Store(&rpc)
}

func (s *soak) stopServer(how os.Signal) {
	if s.server != nil {
		_ = s.server.Process.Signal(how)
		_ = s.server.Wait() // killed is no success: that is what was wanted
		s.server = nil
	}
}

// runSoakServer is what the test's own binary is when the test runs it as the server.
func runSoakServer() {
	fail := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, "soak server:", err)
			os.Exit(1)
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	pool, err := database.Open(ctx, os.Getenv(soakServerVariable), database.PoolOptions{MaxConns: 8, ServerRole: true})
	fail(err)
	keys, err := openbadge.LoadOrCreateKeys(filepath.Join(os.Getenv("BTLC_SOAK_KEYS"), "keys"))
	fail(err)
	webhooks := change.Options{
		Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Timeout: 500 * time.Millisecond, // twice that passes after a kill
		Next: func(r webhook.Result, _ int) (time.Duration, bool) {
			return 20 * time.Millisecond, r.Outcome == webhook.Retry
		},
	}
	made, err := server.New(server.Options{Pool: pool, Migrations: migrations.FS, Zone: time.UTC, Deadline: 5 * time.Second, Webhooks: webhooks, Issuer: credential.Issuer{BaseURL: "http://127.0.0.1", Name: "Soak", DID: "did:web:127.0.0.1", Keys: keys}})
	fail(err)
	rest, err := net.Listen("tcp", "127.0.0.1:0")
	fail(err)
	rpc, err := net.Listen("tcp", "127.0.0.1:0")
	fail(err)
	fmt.Println(rest.Addr(), rpc.Addr())
	fail(made.Serve(ctx, rest, rpc, time.Second))
}

// kill ends the server, and now and then PostgreSQL, with SIGKILL, and starts them again, for a while and until it is enough.
func (s *soak) kill(long time.Duration, enough func() bool) (kills int) {
	end := time.Now().Add(long)
	for time.Now().Before(end) || !enough() {
		pause := 200 + s.random.Int64N(600)
		if s.random.IntN(4) == 0 { // in a long run there are times in which much is done, too
			pause += s.random.Int64N(1 + min(10_000, long.Milliseconds()/10))
		}
		<-time.After(time.Duration(pause) * time.Millisecond)
		if s.random.IntN(4) == 0 {
			must(s.t, s.killDatabase())
			s.stopServer(syscall.SIGKILL)
			s.startDatabase()
		} else {
			s.stopServer(syscall.SIGKILL)
		}
		s.startServer()
		kills++
	}
	return kills
}

func (s *soak) killDatabase() error {
	body, err := os.ReadFile(filepath.Join(s.folder, "pg", "cluster", "postmaster.pid"))
	if err != nil {
		return err
	}
	var pid int
	if _, err := fmt.Sscan(string(body), &pid); err != nil {
		return err
	}
	private := s.private.Load()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		return err
	}
	<-private.Done()
	return private.Stop(s.t.Context()) // it is over: this lets go of the directory
}

var errTryAgain = errors.New("try again")

// send makes one request; errTryAgain when it may or may not have been carried out.
func (s *soak) send(method, path, idempotencyKey, body string) (string, error) {
	req, err := http.NewRequest(method, *s.base.Load()+path, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer "+s.key)
	if idempotencyKey != "" {
		req.Header.Set("Idempotency-Key", idempotencyKey)
	}
	res, err := s.client.Do(req)
	if err != nil {
		return "", errTryAgain
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	switch {
	case err != nil || res.StatusCode == http.StatusServiceUnavailable || res.StatusCode == http.StatusGatewayTimeout || res.StatusCode == http.StatusConflict:
		return "", errTryAgain
	case res.StatusCode != http.StatusOK:
		return "", fmt.Errorf("%s %s: %s %s", method, path, res.Status, answer)
	}
	return string(answer), nil
}

// educators makes those who are written to.
func (s *soak) educators(n int) []string {
	names := make([]string, n)
	for i := range names {
		answer, err := s.send(http.MethodPost, "/v1/educators", "", `{"givenName": "Given", "familyName": "First"}`)
		must(s.t, err)
		var made struct{ Name string }
		must(s.t, json.Unmarshal([]byte(answer), &made))
		names[i] = made.Name
	}
	return names
}

// write changes educators, each change with a key of its own that is repeated until there is an answer.
func (s *soak) write(ctx context.Context, writer int, educators []string, updates []atomic.Int64) {
	for n := 0; ctx.Err() == nil; n++ {
		i := (writer*3 + n) % len(educators)
		key := fmt.Sprintf("writer-%d-%d", writer, n)
		body := fmt.Sprintf(`{"givenName": "Given %d-%d"}`, writer, n)
		for {
			_, err := s.send(http.MethodPatch, "/v1/"+educators[i], key, body)
			if err == nil {
				updates[i].Add(1)
				break
			} else if !errors.Is(err, errTryAgain) {
				s.t.Errorf("writer %d: %v", writer, err)
				return
			}
			<-time.After(20 * time.Millisecond)
		}
	}
}

// consume follows the program's feed and applies each change whose version is higher, until it is quiet and nothing is
// left. A number that is missing or comes twice is a fault.
func (s *soak) consume(quiet <-chan struct{}) map[string]int {
	state := map[string]int{}
	cursor, last := "", 0
	for {
		wasQuiet := false // before the feed is asked: what is written later is on a later page
		select {
		case <-quiet:
			wasQuiet = true
		default:
		}
		var page struct {
			Changes []struct {
				Sequence, Version int
				Resource          string
			}
			NextCursor     string
			NewestSequence int
		}
		answer, err := s.send(http.MethodGet, "/v1/program/changes?pageSize=100&cursor="+cursor, "", "")
		if err == nil {
			err = json.Unmarshal([]byte(answer), &page)
		}
		if err != nil && !errors.Is(err, errTryAgain) {
			s.t.Errorf("consumer: %v", err)
			return state
		}
		for _, c := range page.Changes {
			if c.Sequence != last+1 {
				s.t.Errorf("after change %d came %d", last, c.Sequence)
				return state
			}
			last = c.Sequence
			if c.Version > state[c.Resource] {
				state[c.Resource] = c.Version
			}
		}
		if err == nil {
			cursor = page.NextCursor
		}
		switch {
		case err == nil && len(page.Changes) > 0:
		case err == nil && wasQuiet && last == page.NewestSequence:
			return state
		default:
			<-time.After(20 * time.Millisecond)
		}
	}
}
