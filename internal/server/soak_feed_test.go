package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	changepb "github.com/btlc/btlc/gen/go/btlc/change/v1"
	"github.com/btlc/btlc/internal/database"
)

// settlePatience bounds how long consumers that are behind when it is quiet may take to their next change.
const settlePatience = time.Minute

// replica is what a consumer holds of the program's feed. It outlives the consumer, which dies and comes back.
type replica struct {
	name string

	mu             sync.Mutex
	last, repeated int
	versions       map[string]int
	cursor         string
	fault          error
}

// apply takes a change as a consumer does: the next number, or one that came before. Anything else is missing.
func (r *replica) apply(number int, resource string, version int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case number > r.last+1:
		r.fault = fmt.Errorf("%s: after change %d came %d", r.name, r.last, number)
		return r.fault
	case number <= r.last:
		r.repeated++
	default:
		r.last = number
	}
	r.versions[resource] = max(r.versions[resource], version)
	return nil
}

func (r *replica) save(cursor string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cursor = cursor
}

func (r *replica) state() (last int, cursor string, fault error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last, r.cursor, r.fault
}

// TestEveryConsumerHoldsTheTable has writers change rows in transactions of any length, some of which are given up, while
// one consumer pulls, one watches over gRPC and one is posted to; each of them, the servers and PostgreSQL are killed and
// started again. When it is quiet each consumer has had every number, in order, and holds what the table holds.
func TestEveryConsumerHoldsTheTable(t *testing.T) {
	seed := *soakSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d", seed)
	s := &soak{t: t, random: rand.New(rand.NewPCG(seed, seed)), client: &http.Client{Timeout: 10 * time.Second}}
	s.setUp()
	educators := s.educators(40)
	replicas := []*replica{{name: "pull"}, {name: "watch"}, {name: "webhook"}}
	for _, r := range replicas {
		r.versions = map[string]int{}
	}
	ctx, end := context.WithCancel(t.Context())
	defer end()
	random := func(who uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, who)) }
	var consumers, writers sync.WaitGroup
	defer consumers.Wait()
	defer end()
	consumers.Go(func() { s.pull(ctx, random(1), replicas[0]) })
	consumers.Go(func() { s.watch(ctx, random(2), replicas[1]) })
	s.receive(ctx, random(3), replicas[2], &consumers)
	writing, stopWriting := context.WithCancel(t.Context())
	db := database.NewDB(s.pool(), nil)
	defer db.Close()
	for w := range 4 {
		writers.Go(func() { s.transact(writing, db, random(uint64(10+w)), educators) })
	}
	kills := s.kill(*soakFor, func() bool { return s.changes() >= *soakRows })
	stopWriting()
	writers.Wait()
	s.quiet.Store(true)
	if kills == 0 {
		t.Error("nothing was killed")
	}
	s.compare(replicas)
}

// changes is the number of the newest change of the program's stream.
func (s *soak) changes() (newest int) {
	pool, err := database.Open(s.t.Context(), s.url(), database.PoolOptions{MaxConns: 1})
	must(s.t, err)
	defer pool.Close()
	must(s.t, pool.QueryRowContext(s.t.Context(), `SELECT newest FROM feed_streams WHERE stream = 'program'`).Scan(&newest))
	return newest
}

// compare waits until every consumer has come to the newest change, and compares what it holds with the table.
func (s *soak) compare(replicas []*replica) {
	t, pool, newest := s.t, s.pool(), s.changes()
	table := map[string]int{}
	rows, err := pool.QueryContext(t.Context(), `SELECT 'educators/' || id, version FROM educators`)
	must(t, err)
	defer rows.Close()
	for rows.Next() {
		var name string
		var version int
		must(t, rows.Scan(&name, &version))
		table[name] = version
	}
	must(t, rows.Err())
	for _, r := range replicas {
		last, _, fault := r.state()
		patience := time.After(settlePatience)
		for last < newest && fault == nil {
			select {
			case <-time.After(20 * time.Millisecond):
			case <-patience:
				t.Fatalf("%s stays at change %d of %d when all is quiet", r.name, last, newest)
			}
			before := last
			if last, _, fault = r.state(); last > before {
				patience = time.After(settlePatience)
			}
		}
		if fault != nil || last != newest {
			t.Errorf("%s is at change %d of %d: %v", r.name, last, newest, fault)
		}
		for name, version := range table {
			if r.versions[name] != version {
				t.Errorf("%s holds version %d of %s, the table %d", r.name, r.versions[name], name, version)
			}
		}
		t.Logf("%s: %d changes, %d of them again", r.name, newest, r.repeated)
	}
	if newest < 20 {
		t.Errorf("%d changes are too few to have tested anything", newest)
	}
}

var errGivenUp = errors.New("the writer gives up")

// transact changes some educators in each transaction, which takes its time; it may fail and nobody minds.
func (s *soak) transact(ctx context.Context, db *database.DB, random *rand.Rand, educators []string) {
	for ctx.Err() == nil {
		err := db.InTx(ctx, false, func(ctx context.Context, tx *database.Tx) error {
			// In one order, as one that writes many rows does: two that wait for each other would wait for a second.
			for _, i := range slices.Sorted(slices.Values(random.Perm(len(educators))[:1+random.IntN(8)])) {
				name := educators[i]
				version, err := raise(ctx, tx, name)
				if err != nil {
					return err
				}
				tx.Emit(database.Change{Streams: []string{"program"}, Resource: name, Type: "btlc/Educator", Version: version, Kind: "UPDATED"})
				if random.IntN(4) == 0 {
					<-time.After(time.Duration(random.IntN(15)) * time.Millisecond)
				}
			}
			if random.IntN(5) == 0 {
				return errGivenUp
			}
			return nil
		})
		if err != nil {
			<-time.After(20 * time.Millisecond) // the database may be away
		}
	}
}

func raise(ctx context.Context, tx *database.Tx, name string) (version int32, err error) {
	rows, err := tx.QueryContext(ctx, `UPDATE educators SET version = version + 1 WHERE id = $1 RETURNING version`, uuid.MustParse(strings.TrimPrefix(name, "educators/")))
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	if rows.Next() {
		err = rows.Scan(&version)
	}
	return version, errors.Join(err, rows.Err())
}

// pull reads pages. Now and then it dies with a page half applied, and then comes back with the cursor of before.
func (s *soak) pull(ctx context.Context, random *rand.Rand, r *replica) {
	for ctx.Err() == nil {
		<-time.After(time.Duration(random.IntN(30)) * time.Millisecond)
		var page struct {
			Changes []struct {
				Sequence, Version int
				Resource          string
			}
			NextCursor string
		}
		_, cursor, _ := r.state()
		answer, err := s.send(http.MethodGet, fmt.Sprintf("/v1/program/changes?pageSize=%d&cursor=%s", 1+random.IntN(50), cursor), "", "")
		if errors.Is(err, errTryAgain) {
			continue
		}
		if err == nil {
			err = json.Unmarshal([]byte(answer), &page)
		}
		if err != nil {
			s.t.Errorf("pull: %v", err)
			return
		}
		dies := random.IntN(4) == 0
		for i, c := range page.Changes {
			if dies && i == len(page.Changes)/2 {
				break
			}
			if err := r.apply(c.Sequence, c.Resource, c.Version); err != nil {
				return
			}
		}
		if !dies {
			r.save(page.NextCursor)
		}
	}
}

// watch holds a stream over gRPC until it or the other side dies, and comes back with the last cursor that it saved.
func (s *soak) watch(ctx context.Context, random *rand.Rand, r *replica) {
	for ctx.Err() == nil {
		if err := s.watchOnce(ctx, random, r); err != nil {
			return
		}
		<-time.After(20 * time.Millisecond)
	}
}

func (s *soak) watchOnce(ctx context.Context, random *rand.Rand, r *replica) error {
	conn, err := grpc.NewClient(*s.rpc.Load(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	ctx, leave := context.WithCancel(metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+s.key))
	defer leave()
	_, cursor, _ := r.state()
	stream, err := changepb.NewChangeServiceClient(conn).WatchChanges(ctx, &changepb.WatchChangesRequest{Parent: "program", Cursor: cursor})
	for left := 1 + random.IntN(200); err == nil && left > 0; left-- {
		var answer *changepb.WatchChangesResponse
		if answer, err = stream.Recv(); err != nil {
			break // the server was killed, or the database: there will be others
		}
		if c := answer.GetChange(); c != nil {
			if err := r.apply(int(c.Sequence), c.Resource, int(c.Version)); err != nil {
				return err
			}
		}
		if random.IntN(3) > 0 { // else it has applied what it does not know to have applied, should it die now
			r.save(answer.Cursor)
		}
	}
	return nil
}

// receive subscribes, and takes what is posted: not always, not always with an answer, and not while it is down.
func (s *soak) receive(ctx context.Context, random *rand.Rand, r *replica, running *sync.WaitGroup) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(s.t, err)
	address := listener.Addr().String()
	answer, err := s.send(http.MethodPost, "/v1/webhookSubscriptions", "", `{"stream": "program", "url": "http://`+address+`/feed"}`)
	must(s.t, err)
	var made struct {
		Secret              string
		WebhookSubscription struct{ DeliveredSequence int }
	}
	must(s.t, json.Unmarshal([]byte(answer), &made))
	r.last = made.WebhookSubscription.DeliveredSequence
	for _, name := range s.known() {
		r.versions[name] = 1 // as a full reading shows before a consumer subscribes
	}
	verifier, err := standardwebhooks.NewWebhook(made.Secret)
	must(s.t, err)
	var mu sync.Mutex // random is for one at a time
	chance := func(n int) bool {
		mu.Lock()
		defer mu.Unlock()
		return ctx.Err() == nil && !s.quiet.Load() && random.IntN(n) == 0
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return // the server was killed
		}
		if chance(50) {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		if err := verifier.Verify(body, req.Header); err != nil {
			s.t.Errorf("webhook: %v", err)
		}
		var event struct {
			Data struct {
				Sequence, Version int
				Resource          string
			}
		}
		if err := json.Unmarshal(body, &event); err != nil {
			s.t.Errorf("webhook: %v", err)
		}
		if r.apply(event.Data.Sequence, event.Data.Resource, event.Data.Version) != nil {
			w.WriteHeader(http.StatusGone)
			return
		}
		if chance(50) {
			panic(http.ErrAbortHandler) // it dies when it has taken the change and nobody knows
		}
	})
	running.Go(func() {
		for ctx.Err() == nil {
			server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
			over := make(chan struct{})
			go func() {
				defer close(over)
				_ = server.Serve(listener) // it ends when it is closed
			}()
			mu.Lock()
			up, down := time.Duration(300+random.IntN(1200))*time.Millisecond, time.Duration(random.IntN(200))*time.Millisecond
			mu.Unlock()
			select {
			case <-time.After(up):
			case <-ctx.Done():
			}
			_ = server.Close()
			<-over
			<-time.After(down)
			if listener, err = net.Listen("tcp", address); err != nil {
				s.t.Errorf("webhook: %v", err)
				return
			}
		}
		_ = listener.Close()
	})
}

// known are the educators that there are.
func (s *soak) known() (names []string) {
	rows, err := s.pool().QueryContext(s.t.Context(), `SELECT 'educators/' || id FROM educators`)
	must(s.t, err)
	defer rows.Close()
	for rows.Next() {
		var name string
		must(s.t, rows.Scan(&name))
		names = append(names, name)
	}
	must(s.t, rows.Err())
	return names
}
