package change_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/btlc/btlc/internal/change"
	"github.com/btlc/btlc/internal/webhook"
)

// A turn ends by time: where there is one worker for all, who is quick need not wait until a slow one has everything.
func TestATurnEndsByTime(t *testing.T) {
	db, _ := newFeed(t, 0)
	const long = 50 * time.Millisecond
	begun, hold := make(chan struct{}, 1000), make(chan struct{})
	slow := newReceiver(t, func(got) int {
		begun <- struct{}{}
		<-hold
		return http.StatusOK
	})
	quick := newReceiver(t, nil)
	s := webhooks(db, func(o *change.Options) { o.Turn, o.Timeout = long, time.Minute })
	slow.subscribe(s)
	deliverBy(t, s, 1)
	release := sync.OnceFunc(func() { close(hold) })
	t.Cleanup(release)
	emitMany(t, db, 1, 100)
	<-begun
	quick.subscribe(s)
	emit(t, db, 101)
	time.Sleep(long) // the first attempt takes as long as a turn may
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
	s := webhooks(db, func(o *change.Options) { o.Turn, o.Timeout = time.Hour, time.Minute })
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
	const long = time.Second
	s := webhooks(db, func(o *change.Options) {
		o.Turn, o.Timeout = long, 2*long
		o.Next = func(r webhook.Result, _ int) (time.Duration, bool) { return time.Hour, r.Outcome == webhook.Retry }
	})
	var takes atomic.Int64
	r := newReceiver(t, func(got) int {
		time.Sleep(time.Duration(takes.Load()))
		return http.StatusOK
	})
	w := r.subscribe(s)
	n := 0
	for _, c := range []struct {
		takes time.Duration
		taken bool
		slow  bool
	}{{0, true, false}, {long, true, true}, {0, true, false}, {5 * long / 2, false, true}} {
		takes.Store(int64(c.takes))
		n++
		emit(t, db, n)
		stop := deliverBy(t, s, 1)
		eventually(t, func() bool { return len(deliveries(t, s, w.Name)) == n })
		stop()
		var slow bool
		if err := db.SQL().QueryRowContext(t.Context(), `SELECT slow FROM webhook_subscriptions`).Scan(&slow); err != nil || slow != c.slow {
			t.Errorf("after %s: slow %v, %v", c.takes, slow, err)
		}
		if log := deliveries(t, s, w.Name); strings.HasSuffix(log[n-1], "DELIVERED") != c.taken {
			t.Errorf("after %s: the log is %v", c.takes, log)
		}
	}
}
