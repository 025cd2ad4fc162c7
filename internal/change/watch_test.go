package change_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"google.golang.org/grpc"

	pb "github.com/btlc/btlc/gen/go/btlc/change/v1"
	"github.com/btlc/btlc/internal/change"
	"github.com/btlc/btlc/internal/database"
)

// watcher is the other side of a watch: it holds as many answers as it is made for, and then the stream waits for it.
type watcher struct {
	grpc.ServerStream
	t       *testing.T
	ctx     context.Context
	answers chan *pb.WatchChangesResponse
	ended   chan error
	leave   context.CancelFunc
}

func (w *watcher) Context() context.Context { return w.ctx }

func (w *watcher) Send(answer *pb.WatchChangesResponse) error {
	select {
	case w.answers <- answer:
		return nil
	case <-w.ctx.Done():
		return w.ctx.Err()
	}
}

func watch(t *testing.T, s *change.Service, cursor string, room int) *watcher {
	t.Helper()
	ctx, leave := context.WithCancel(t.Context())
	w := &watcher{t: t, ctx: ctx, answers: make(chan *pb.WatchChangesResponse, room), ended: make(chan error, 1), leave: leave}
	go func() { w.ended <- s.WatchChanges(&pb.WatchChangesRequest{Parent: "districts/bps", Cursor: cursor}, w) }()
	t.Cleanup(leave)
	return w
}

func (w *watcher) next() *pb.WatchChangesResponse {
	w.t.Helper()
	select {
	case answer := <-w.answers:
		return answer
	case err := <-w.ended:
		w.t.Fatalf("the watch ended: %v", err)
	case <-time.After(20 * time.Second):
		w.t.Fatal("nothing came")
	}
	return nil
}

func (w *watcher) want(numbers ...int) (last *pb.WatchChangesResponse) {
	w.t.Helper()
	for _, n := range numbers {
		if last = w.next(); last.GetChange().GetSequence() != int32(n) {
			w.t.Fatalf("got %v, want change %d", last, n)
		}
	}
	return last
}

func (w *watcher) end() error {
	w.t.Helper()
	select {
	case err := <-w.ended:
		return err
	case <-time.After(20 * time.Second):
		w.t.Fatal("the watch did not end")
		return nil
	}
}

func watched(db *database.DB, alive time.Duration) *change.Service {
	return change.New(db, change.Options{Alive: alive, Poll: 5 * time.Millisecond})
}

func TestWatch(t *testing.T) {
	db, _ := newFeed(t, 230) // more than two pages
	s := watched(db, time.Hour)
	w := watch(t, s, "", 1000)
	at230 := w.want(upTo(1, 230)...).Cursor
	emitMany(t, db, 231, 233)
	last := w.want(231, 232, 233)
	if last.OldestSequence != 1 || last.NewestSequence < 233 || last.Change.Resource != "things/233" {
		t.Errorf("the last is %v", last)
	}
	later := watch(t, s, at230, 10)
	later.want(231, 232, 233)
	// At the end of the stream there is a sign of life at once.
	now := watch(t, s, last.Cursor, 10)
	if sign := now.next(); sign.Change != nil || sign.Cursor != last.Cursor || sign.NewestSequence != 233 {
		t.Errorf("at the end: %v", sign)
	}
	emit(t, db, 234)
	for _, each := range []*watcher{w, later, now} {
		each.want(234)
		each.leave()
		if err := each.end(); !errors.Is(err, context.Canceled) {
			t.Errorf("it ended with %v", err)
		}
	}
}

func TestSignsOfLife(t *testing.T) {
	db, _ := newFeed(t, 1)
	w := watch(t, watched(db, time.Millisecond), "", 0)
	at1 := w.want(1).Cursor
	for range 3 {
		if sign := w.next(); sign.Change != nil || sign.Cursor != at1 {
			t.Errorf("got %v", sign)
		}
	}
}

// One who takes nothing holds up nobody, and finds all of it later.
func TestSlowWatcher(t *testing.T) {
	db, _ := newFeed(t, 1)
	s := watched(db, time.Hour)
	slow, quick := watch(t, s, "", 0), watch(t, s, "", 0)
	slow.want(1)
	quick.want(1)
	emitMany(t, db, 2, 250)
	quick.want(upTo(2, 250)...)
	slow.want(upTo(2, 250)...)
}

func TestWatchExpires(t *testing.T) {
	db, _ := newFeed(t, 6)
	s := watched(db, time.Hour)
	at2 := mustList(t, s, "", 2).NextCursor
	watching := watch(t, s, "", 100)
	watching.want(upTo(1, 6)...)
	if _, err := db.RenewFeedEpoch(t.Context()); err != nil {
		t.Fatal(err)
	}
	checkExpired(t, watching.end(), "1", "6") // while it is watched
	checkExpired(t, watch(t, s, at2, 1).end(), "1", "6")
	mustExec(t, db, `UPDATE feed_streams SET floor = 4`)
	watch(t, s, "", 10).want(5, 6)
}
