package change_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	migrations "github.com/btlc/btlc/ent/migrate/migrations"
	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	pb "github.com/btlc/btlc/gen/go/btlc/change/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/change"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/database/databasetest"
	"github.com/btlc/btlc/internal/webhook"
)

// soon tries again at once, up to three times.
func soon(r webhook.Result, attempt int) (time.Duration, bool) {
	return time.Millisecond, r.Outcome == webhook.Retry && attempt < 3
}

func webhooks(db *database.DB, adjust ...func(*change.Options)) *change.Service {
	options := change.Options{PublicURL: "https://btlc.example.org", Networks: loopback, Timeout: 5 * time.Second, Poll: 5 * time.Millisecond, Next: soon}
	for _, a := range adjust {
		a(&options)
	}
	return change.New(db, options)
}

// deliver keeps delivering until stop is called, which waits for what is under way.
func deliver(t testing.TB, s *change.Service) (stop func()) {
	t.Helper()
	return deliverBy(t, s, 4)
}

// deliverBy is deliver by so many workers.
func deliverBy(t testing.TB, s *change.Service, workers int) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.KeepDelivering(ctx, workers, func(err error) { t.Log(err) })
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		<-done
	})
	t.Cleanup(stop)
	return stop
}

// as is the context of a call by the program's staff.
func as(t testing.TB, method string) context.Context {
	t.Helper()
	rules, err := access.RulesOf(pb.File_btlc_change_v1_service_proto.Services().Get(0))
	if err != nil {
		t.Fatal(err)
	}
	caller := &access.Caller{Principal: "people/staff", Grants: []access.Grant{{Role: accesspb.Role_ROLE_PROGRAM_STAFF}}}
	ctx, _, err := rules.Guard(t.Context(), "/btlc.change.v1.ChangeService/"+method, caller, &pb.GetWebhookSubscriptionRequest{})
	if err != nil {
		t.Fatal(err)
	}
	return ctx
}

func (r *receiver) subscribe(s *change.Service, types ...string) *pb.WebhookSubscription {
	r.t.Helper()
	made, err := s.CreateWebhookSubscription(r.t.Context(), &pb.CreateWebhookSubscriptionRequest{
		WebhookSubscription: &pb.WebhookSubscription{Stream: "districts/bps", Url: r.URL, ResourceTypes: types},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.secret = made.Secret
	return made.WebhookSubscription
}

func subscription(t *testing.T, s *change.Service, name string) *pb.WebhookSubscription {
	t.Helper()
	answer, err := s.GetWebhookSubscription(as(t, "GetWebhookSubscription"), &pb.GetWebhookSubscriptionRequest{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	return answer.WebhookSubscription
}

// deliveries are the attempts on the log, the oldest first: number and outcome of each.
func deliveries(t *testing.T, s *change.Service, name string) (log []string) {
	t.Helper()
	answer, err := s.ListWebhookDeliveries(as(t, "ListWebhookDeliveries"), &pb.ListWebhookDeliveriesRequest{Parent: name, OrderBy: "attempt_time", PageSize: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range answer.WebhookDeliveries {
		entry := fmt.Sprintf("%d/%d %s", d.Sequence, d.Attempt, strings.TrimPrefix(d.Outcome.String(), "OUTCOME_"))
		if d.Redelivery {
			entry += " again"
		}
		log = append(log, entry)
	}
	return log
}

func TestDelivers(t *testing.T) {
	db, _ := newFeed(t, 2)
	s, r := webhooks(db), newReceiver(t, nil)
	w := r.subscribe(s)
	if w.State != pb.WebhookSubscription_STATE_ENABLED || w.DeliveredSequence != 2 {
		t.Errorf("the new one is %v", w)
	}
	stop := deliver(t, s)
	emitMany(t, db, 3, 50)
	g := r.next()
	if g.number() != 3 || g.event.Type() != "btlc.thing.created" || g.event.Subject() != "things/3" || g.event.Source() != "https://btlc.example.org/v1/districts/bps/changes" ||
		g.event.Extensions()["sequence"] != "00000000000000000003" || g.data["resource"] != "things/3" || g.data["kind"] != "CHANGE_KIND_CREATED" || !strings.Contains(g.id, "-districts-bps-3-") {
		t.Errorf("the first message is %s %s", g.id, g.body)
	}
	// The cursor in a message is one that the feed takes.
	if page := mustList(t, s, g.data["cursor"].(string), 1); len(page.Changes) == 1 && page.Changes[0].Sequence != 4 {
		t.Errorf("after the cursor comes %v", page.Changes)
	}
	r.want(upTo(4, 50)...)
	stop()
	if w = subscription(t, s, w.Name); w.DeliveredSequence != 50 || w.Etag != "v1" {
		t.Errorf("afterwards it is %v", w)
	}
	if log := deliveries(t, s, w.Name); len(log) != 48 || log[0] != "3/1 DELIVERED" || log[47] != "50/1 DELIVERED" {
		t.Errorf("the log is %v", log)
	}
}

// Whatever a receiver does not take is sent to it again, and nothing after it before.
func TestFailsAndRecovers(t *testing.T) {
	db, _ := newFeed(t, 0)
	refused := map[string]int{}
	r := newReceiver(t, func(g got) int {
		if g.number()%3 == 0 && refused[g.id] < 2 {
			refused[g.id]++
			return []int{http.StatusServiceUnavailable, http.StatusFound}[refused[g.id]-1]
		}
		return http.StatusNoContent
	})
	s := webhooks(db)
	w := r.subscribe(s)
	stop := deliver(t, s)
	emitMany(t, db, 1, 7)
	r.want(upTo(1, 7)...)
	stop()
	want := []string{
		"1/1 DELIVERED", "2/1 DELIVERED", "3/1 FAILED", "3/2 FAILED", "3/3 DELIVERED", "4/1 DELIVERED", "5/1 DELIVERED", "6/1 FAILED", "6/2 FAILED", "6/3 DELIVERED", "7/1 DELIVERED",
	}
	if log := deliveries(t, s, w.Name); !slices.Equal(log, want) {
		t.Errorf("the log is %v", log)
	}
	if w = subscription(t, s, w.Name); w.FailingSinceTime != nil {
		t.Errorf("afterwards it is %v", w)
	}
}

func TestOnlyTheTypesAskedFor(t *testing.T) {
	db, _ := newFeed(t, 0)
	s, r := webhooks(db), newReceiver(t, nil)
	other := r.subscribe(s, "btlc/Credential")
	emitMany(t, db, 1, 30)
	err := db.InTx(t.Context(), false, func(_ context.Context, tx *database.Tx) error {
		tx.Emit(database.Change{Streams: []string{"districts/bps"}, Resource: "credentials/x", Type: "btlc/Credential", Version: 1, Kind: "CREATED"})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	emitMany(t, db, 32, 33)
	stop := deliver(t, s)
	r.want(31)
	stop()
	if log := deliveries(t, s, other.Name); !slices.Equal(log, []string{"31/1 DELIVERED"}) {
		t.Errorf("the log is %v", log)
	}
}

// An endpoint that is gone, or never takes a change, is given up; its stream is told, and it can be enabled again.
func TestGivesUp(t *testing.T) {
	for name, c := range map[string]struct {
		status  int
		log     []string
		failure string
	}{
		"gone":    {http.StatusGone, []string{"1/1 GONE"}, "The endpoint says that it is gone."},
		"refused": {http.StatusTeapot, []string{"1/1 FAILED", "1/2 FAILED", "1/3 FAILED"}, "Change 1 was not taken in 3 attempts. The endpoint answered with status 418."},
	} {
		t.Run(name, func(t *testing.T) {
			db, _ := newFeed(t, 0)
			status := c.status
			asked := make(chan struct{}, 10)
			r := newReceiver(t, nil)
			r.answer = func(got) int {
				r.mu.Lock()
				defer r.mu.Unlock()
				asked <- struct{}{}
				return status
			}
			s := webhooks(db)
			w := r.subscribe(s)
			stop := deliver(t, s)
			emitMany(t, db, 1, 2)
			for range c.log {
				<-asked
			}
			stop()
			if w = subscription(t, s, w.Name); w.State != pb.WebhookSubscription_STATE_FAILED || w.Failure != c.failure || w.DeliveredSequence != 0 {
				t.Errorf("afterwards it is %v", w)
			}
			if log := deliveries(t, s, w.Name); !slices.Equal(log, c.log) {
				t.Errorf("the log is %v", log)
			}
			told := mustList(t, s, "", 10).Changes
			if last := told[len(told)-1]; last.ResourceType != "btlc/WebhookSubscription" || last.Resource != w.Name || last.State.AsMap()["state"] != "FAILED" || last.Version != 2 {
				t.Errorf("the stream is told %v", last)
			}
			r.mu.Lock()
			status = http.StatusOK
			r.mu.Unlock()
			enabled, err := s.EnableWebhookSubscription(as(t, "EnableWebhookSubscription"), &pb.EnableWebhookSubscriptionRequest{Name: w.Name})
			if err != nil || enabled.WebhookSubscription.Failure != "" {
				t.Fatal(enabled, err)
			}
			deliver(t, s)
			r.want(1, 2, 3, 4) // with its own failure, and that it is enabled again
		})
	}
}

func TestRotation(t *testing.T) {
	db, _ := newFeed(t, 0)
	s, r := webhooks(db), newReceiver(t, nil)
	w := r.subscribe(s)
	deliver(t, s)
	emit(t, db, 1)
	r.want(1)
	rotated, err := s.RotateWebhookSecret(as(t, "RotateWebhookSecret"), &pb.RotateWebhookSecretRequest{Name: w.Name})
	if err != nil {
		t.Fatal(err)
	}
	emit(t, db, 2)
	both := r.next() // by the secret of before, which the receiver has still
	if signatures := strings.Fields(both.header.Get("webhook-signature")); len(signatures) != 2 {
		t.Errorf("the signatures are %v", signatures)
	}
	verifier, err := standardwebhooks.NewWebhook(rotated.Secret)
	if err != nil {
		t.Fatal(err)
	}
	if err := verifier.Verify(both.body, both.header); err != nil {
		t.Errorf("by the new secret: %v", err)
	}
	mustExec(t, db, `UPDATE webhook_subscriptions SET previous_secret_expire_time = now() - interval '1 hour'`)
	r.mu.Lock()
	r.secret = rotated.Secret
	r.mu.Unlock()
	emit(t, db, 3)
	if alone := r.next(); strings.Contains(alone.header.Get("webhook-signature"), " ") {
		t.Errorf("when the one of before has expired: %v", alone.header)
	}
}

func TestRedelivers(t *testing.T) {
	db, _ := newFeed(t, 0)
	s, r := webhooks(db), newReceiver(t, nil)
	w := r.subscribe(s)
	stop := deliver(t, s)
	emitMany(t, db, 1, 5)
	ids := map[int]string{}
	for range 5 {
		g := r.next()
		ids[g.number()] = g.id
	}
	stop()
	again, err := s.RedeliverChanges(as(t, "RedeliverChanges"), &pb.RedeliverChangesRequest{Name: w.Name, FirstSequence: 2, LastSequence: 4})
	if err != nil || again.ChangeCount != 3 {
		t.Fatal(again, err)
	}
	emit(t, db, 6)
	stop = deliver(t, s)
	r.want(6)
	for n := 2; n <= 4; n++ {
		if g := r.next(); g.number() != n || g.id != ids[n] {
			t.Errorf("again: %s %s", g.id, g.body)
		}
	}
	emit(t, db, 7)
	r.want(7)
	stop()
	if log := deliveries(t, s, w.Name); !slices.Equal(log[5:], []string{"6/1 DELIVERED", "2/1 DELIVERED again", "3/1 DELIVERED again", "4/1 DELIVERED again", "7/1 DELIVERED"}) {
		t.Errorf("the log is %v", log)
	}
}

// Two servers deliver to one subscriber one after the other: the receiver complains about two messages at once.
func TestTwoServers(t *testing.T) {
	db, _ := newFeed(t, 0)
	r := newReceiver(t, nil)
	one, other := webhooks(db), webhooks(db)
	r.subscribe(one)
	deliver(t, one)
	deliver(t, other)
	emitMany(t, db, 1, 300)
	r.want(upTo(1, 300)...)
}

// A server dies when the receiver has a change and its own database does not know: another one delivers it again, by the
// same id, and nothing before that.
func TestDiesBeforeItIsOnRecord(t *testing.T) {
	address := databasetest.New(t, migrations.FS)
	db, doomed := open(t, address), open(t, address)
	db.Ent().District.Create().SetID("bps").SetDisplayName("District").SetStateCode("MA").SetTimeZone("America/New_York").SaveX(t.Context())
	var third []string
	r := newReceiver(t, func(g got) int {
		if g.number() == 3 {
			if third = append(third, g.id); len(third) == 1 {
				_ = doomed.SQL().Close()
			}
		}
		return http.StatusOK
	})
	short := func(o *change.Options) { o.Timeout = 500 * time.Millisecond }
	s := webhooks(db, short)
	r.subscribe(s)
	emitMany(t, db, 1, 5)
	stop := deliver(t, webhooks(doomed, short))
	r.want(1, 2, 3)
	stop()
	deliver(t, s)
	r.want(3, 4, 5)
	if third[0] != third[1] {
		t.Errorf("the ids are %v", third)
	}
}

// When the feed begins anew, or what was not delivered is kept no more, the subscriber is told, and is sent what comes then.
func TestTellsToStartAgain(t *testing.T) {
	for name, lose := range map[string]string{
		"a new epoch": `SELECT renew_feed_epoch(epoch, 0) FROM feed_epoch`,
		"retention":   `UPDATE feed_streams SET floor = 4`,
	} {
		t.Run(name, func(t *testing.T) {
			db, _ := newFeed(t, 1)
			s, r := webhooks(db), newReceiver(t, nil)
			w := r.subscribe(s)
			emitMany(t, db, 2, 5)
			mustExec(t, db, lose)
			stop := deliver(t, s)
			g := r.next()
			if g.event.Type() != "btlc.feed.restarted" || !strings.Contains(g.id, "-districts-bps-5-") || !strings.HasSuffix(g.id, "-restart") || g.data["startAgain"] == "" || g.data["newestSequence"] != "5" {
				t.Errorf("it is told %s %s", g.id, g.body)
			}
			emit(t, db, 6)
			r.want(6)
			stop()
			if page := mustList(t, s, g.data["cursor"].(string), 10); len(page.Changes) != 1 || page.Changes[0].Sequence != 6 {
				t.Errorf("after its cursor come %v", page.Changes)
			}
			if w = subscription(t, s, w.Name); w.DeliveredSequence != 6 || w.State != pb.WebhookSubscription_STATE_ENABLED {
				t.Errorf("afterwards it is %v", w)
			}
		})
	}
}
