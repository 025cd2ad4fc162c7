package change_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	pb "github.com/btlc/btlc/gen/go/btlc/change/v1"
	"github.com/btlc/btlc/internal/change"
	"github.com/btlc/btlc/internal/webhook"
)

// Turns that any attempt outlasts, and that none does.
const briefest, longest = time.Nanosecond, time.Hour

// A turn ends by time: where there is one worker for all, who is quick need not wait until a slow one has everything.
func TestATurnEndsByTime(t *testing.T) {
	db, _ := newFeed(t, 0)
	begun, hold := make(chan struct{}, 1000), make(chan struct{})
	slow := newReceiver(t, func(got) int {
		begun <- struct{}{}
		<-hold
		return http.StatusOK
	})
	quick := newReceiver(t, nil)
	s := webhooks(db, func(o *change.Options) { o.Turn, o.Timeout = briefest, time.Minute })
	slow.subscribe(s)
	deliverBy(t, s, 1)
	release := sync.OnceFunc(func() { close(hold) })
	t.Cleanup(release)
	emitMany(t, db, 1, 100)
	<-begun
	quick.subscribe(s)
	emit(t, db, 101)
	hold <- struct{}{}
	quick.want(101)
	if n := len(slow.taken); n != 1 {
		t.Errorf("the slow one had %d changes before", n)
	}
	release()
	slow.want(upTo(1, 101)...)
}

// However many endpoints are slow, others have workers: those that are known to be slow get half of them.
func TestSlowEndpointsLeaveWorkers(t *testing.T) {
	db, _ := newFeed(t, 0)
	const workers = 4
	s := webhooks(db, func(o *change.Options) { o.Turn, o.Timeout = longest, time.Minute })
	hold := make(chan struct{})
	var held atomic.Int32
	var slow []*receiver
	for range 2 * workers {
		r := newReceiver(t, func(got) int {
			held.Add(1)
			<-hold
			return http.StatusOK
		})
		r.subscribe(s)
		slow = append(slow, r)
	}
	mustExec(t, db, `UPDATE webhook_subscriptions SET slow = true`)
	emit(t, db, 1)
	deliverBy(t, s, workers)
	release := sync.OnceFunc(func() { close(hold) })
	t.Cleanup(release)
	eventually(t, func() bool { return held.Load() == workers/2 })
	quick := newReceiver(t, nil)
	quick.subscribe(s)
	for n := 2; n < 30; n++ {
		emit(t, db, n)
		quick.want(n)
	}
	if n := held.Load(); n != workers/2 {
		t.Errorf("%d workers wait for slow endpoints", n)
	}
	release()
	for _, r := range slow {
		r.want(upTo(1, 29)...)
	}
}

// An endpoint is slow whose last turn took its time for a few changes, taken or not, and is so no longer when that is over.
func TestKnowsWhoIsSlow(t *testing.T) {
	db, _ := newFeed(t, 0)
	var answer atomic.Int32
	r := newReceiver(t, func(got) int { return int(answer.Load()) })
	var w *pb.WebhookSubscription
	for i, c := range []struct {
		turn   time.Duration
		answer int32
		slow   bool
	}{{longest, http.StatusOK, false}, {briefest, http.StatusOK, true}, {longest, http.StatusOK, false}, {briefest, http.StatusInternalServerError, true}} {
		s := webhooks(db, func(o *change.Options) {
			o.Turn = c.turn
			o.Next = func(r webhook.Result, _ int) (time.Duration, bool) { return time.Hour, r.Outcome == webhook.Retry }
		})
		if w == nil {
			w = r.subscribe(s)
		}
		answer.Store(c.answer)
		emit(t, db, i+1)
		stop := deliverBy(t, s, 1)
		eventually(t, func() bool { return len(deliveries(t, s, w.Name)) == i+1 })
		stop()
		var slow bool
		if err := db.SQL().QueryRowContext(t.Context(), `SELECT slow FROM webhook_subscriptions`).Scan(&slow); err != nil || slow != c.slow {
			t.Errorf("after a turn of %s with answer %d: slow %v, %v", c.turn, c.answer, slow, err)
		}
		if log := deliveries(t, s, w.Name); strings.HasSuffix(log[i], "DELIVERED") != (c.answer == http.StatusOK) {
			t.Errorf("after answer %d: the log is %v", c.answer, log)
		}
	}
}
