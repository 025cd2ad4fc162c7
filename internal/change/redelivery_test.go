package change_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	pb "github.com/btlc/btlc/gen/go/btlc/change/v1"
	"github.com/btlc/btlc/internal/change"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/webhook"
)

// eventually waits until something is so.
func eventually(t *testing.T, is func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); {
		if time.Now().After(end) {
			t.Fatal("it does not come to be")
		}
		time.Sleep(time.Millisecond)
	}
}

// again asks for a range of changes again.
func again(t *testing.T, s *change.Service, name string, first, last int32) {
	t.Helper()
	if _, err := s.RedeliverChanges(as(t, "RedeliverChanges"), &pb.RedeliverChangesRequest{Name: name, FirstSequence: first, LastSequence: last}); err != nil {
		t.Fatal(err)
	}
}

func disable(t *testing.T, s *change.Service, name string) {
	t.Helper()
	if _, err := s.DisableWebhookSubscription(as(t, "DisableWebhookSubscription"), &pb.DisableWebhookSubscriptionRequest{Name: name}); err != nil {
		t.Fatal(err)
	}
}

func enable(t *testing.T, s *change.Service, name string) {
	t.Helper()
	if _, err := s.EnableWebhookSubscription(as(t, "EnableWebhookSubscription"), &pb.EnableWebhookSubscriptionRequest{Name: name}); err != nil {
		t.Fatal(err)
	}
}

// refusing is a receiver that has taken changes 1 to 3, and from now on answers as it is told when it gets change 2 again.
func refusing(t *testing.T, db *database.DB, s *change.Service, status int) (*receiver, string) {
	t.Helper()
	var poisoned atomic.Bool
	r := newReceiver(t, func(g got) int {
		if poisoned.Load() && g.number() == 2 {
			return status
		}
		return http.StatusOK
	})
	w := r.subscribe(s)
	stop := deliver(t, s)
	emitMany(t, db, 1, 3)
	r.want(1, 2, 3)
	stop()
	poisoned.Store(true)
	return r, w.Name
}

// What is delivered again and not taken ends the redelivery and nothing else, however late the attempts at new changes would be
// after a failure, and however busy the stream is.
func TestARedeliveryNotTakenEnds(t *testing.T) {
	for name, next := range map[string]func(webhook.Result, int) (time.Duration, bool){
		"when the next attempt would be hours later": func(r webhook.Result, _ int) (time.Duration, bool) { return r.Next(9, 0.5) },
		"when it would be the last attempt":          func(webhook.Result, int) (time.Duration, bool) { return 0, false },
	} {
		t.Run(name, func(t *testing.T) {
			db, _ := newFeed(t, 0)
			s := webhooks(db, func(o *change.Options) { o.Next = next })
			r, name := refusing(t, db, s, http.StatusBadRequest)
			again(t, s, name, 1, 3)
			stop := deliver(t, s)
			r.want(1)
			emit(t, db, 4)
			r.want(4)
			emit(t, db, 5)
			r.want(5)
			stop()
			w := subscription(t, s, name)
			if w.State != pb.WebhookSubscription_STATE_ENABLED || w.FailingSinceTime != nil || w.DeliveredSequence != 5 || w.Etag != "v1" {
				t.Errorf("afterwards it is %v", w)
			}
			log := deliveries(t, s, name)
			if refused := slices.Index(log, "2/1 FAILED again"); refused < 0 || slices.ContainsFunc(log[refused+1:], func(entry string) bool { return strings.HasSuffix(entry, "again") }) {
				t.Errorf("the log is %v", log)
			}
			said, err := s.ListWebhookDeliveries(as(t, "ListWebhookDeliveries"), &pb.ListWebhookDeliveriesRequest{Parent: name, Filter: "outcome = FAILED"})
			if err != nil || len(said.WebhookDeliveries) != 1 || said.WebhookDeliveries[0].Detail != "The endpoint answered with status 400. The redelivery ends with it." {
				t.Errorf("the log says %v, %v", said, err)
			}
			again(t, s, name, 3, 3) // it is over, so that there may be another one
			deliver(t, s)
			r.want(3)
		})
	}
}

// An endpoint that is gone is so for new changes, too; when it is there again, what was asked for before is not.
func TestGoneAtARedelivery(t *testing.T) {
	db, _ := newFeed(t, 0)
	s := webhooks(db)
	r, name := refusing(t, db, s, http.StatusGone)
	again(t, s, name, 2, 3)
	stop := deliver(t, s)
	eventually(t, func() bool { return subscription(t, s, name).State != pb.WebhookSubscription_STATE_ENABLED })
	stop()
	if w := subscription(t, s, name); w.State != pb.WebhookSubscription_STATE_FAILED || w.Failure != "The endpoint says that it is gone." || w.DeliveredSequence != 3 {
		t.Errorf("afterwards it is %v", w)
	}
	if log := deliveries(t, s, name); log[len(log)-1] != "2/1 GONE again" {
		t.Errorf("the log is %v", log)
	}
	enable(t, s, name)
	deliver(t, s)
	r.want(4, 5) // that it has failed, and that it is enabled
	emit(t, db, 6)
	r.want(6)
	again(t, s, name, 3, 3)
	r.want(3)
}

// Who disables a subscription calls off what it was to deliver again, also while that is under way.
func TestDisablingCallsOffARedelivery(t *testing.T) {
	db, _ := newFeed(t, 0)
	asked, answer := make(chan struct{}), make(chan struct{})
	var held sync.Once
	var second atomic.Bool
	r := newReceiver(t, func(g got) int {
		if second.Load() && g.number() == 2 {
			held.Do(func() {
				close(asked)
				<-answer
			})
		}
		return http.StatusOK
	})
	s := webhooks(db)
	w := r.subscribe(s)
	stop := deliver(t, s)
	emitMany(t, db, 1, 3)
	r.want(1, 2, 3)
	stop()
	second.Store(true)
	stop = deliver(t, s)
	release := sync.OnceFunc(func() { close(answer) })
	t.Cleanup(release)
	again(t, s, w.Name, 1, 3)
	r.want(1)
	<-asked
	disable(t, s, w.Name)
	release()
	r.want(2) // which was on its way
	stop()
	var left int64
	if err := db.SQL().QueryRowContext(t.Context(), `SELECT redeliver_to FROM webhook_subscriptions`).Scan(&left); err != nil || left != 0 {
		t.Errorf("what is left goes up to %d, %v", left, err)
	}
	enable(t, s, w.Name)
	deliver(t, s)
	r.want(4, 5)
	emit(t, db, 6)
	r.want(6)
	again(t, s, w.Name, 2, 3)
	r.want(2, 3)
}

// A change that failed and is asked for no more counts neither for the next one nor for the time of failing.
func TestPassesOverWhatFailed(t *testing.T) {
	db, _ := newFeed(t, 0)
	r := newReceiver(t, func(got) int { return http.StatusTeapot })
	s := webhooks(db)
	w := r.subscribe(s)
	mustExec(t, db, `UPDATE webhook_subscriptions SET attempts = 2, failing_since_time = now() - interval '1 hour', resource_types = '["btlc/Credential"]'`)
	emitMany(t, db, 1, 3)
	stop := deliver(t, s)
	eventually(t, func() bool { return subscription(t, s, w.Name).DeliveredSequence == 3 })
	stop()
	if w := subscription(t, s, w.Name); w.State != pb.WebhookSubscription_STATE_ENABLED || w.FailingSinceTime != nil {
		t.Errorf("afterwards it is %v", w)
	}
}
