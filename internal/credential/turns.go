package credential

import (
	"context"
	"sync"
	"time"

	"github.com/btlc/btlc/internal/api"
)

// turns bounds how many snapshots of districts are read at a time, of all and of each: a reader may be slow, and each
// holds a connection for as long as it reads, so that no district may keep the others out.
type turns struct {
	what      string
	all, each int
	patience  time.Duration

	mu    sync.Mutex
	taken map[string]int
	sum   int
	// freed is closed when a turn has ended, and made anew.
	freed chan struct{}
}

func newTurns(what string, all, each int, patience time.Duration) *turns {
	return &turns{what: what, all: all, each: each, patience: patience, taken: map[string]int{}, freed: make(chan struct{})}
}

// take waits for a turn of the district, which ends by end.
func (t *turns) take(ctx context.Context, district string) (end func(), err error) {
	late := time.NewTimer(t.patience)
	defer late.Stop()
	for {
		freed, ok := t.tryTake(district)
		if ok {
			return sync.OnceFunc(func() { t.end(district) }), nil
		}
		select {
		case <-freed:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-late.C:
			return nil, api.Errorf(api.Unavailable, "%d %s are under way, or %d of this district: try again when one has ended.", t.all, t.what, t.each)
		}
	}
}

func (t *turns) tryTake(district string) (freed <-chan struct{}, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sum == t.all || t.taken[district] == t.each {
		return t.freed, false
	}
	t.sum++
	t.taken[district]++
	return nil, true
}

func (t *turns) end(district string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sum--
	if t.taken[district]--; t.taken[district] == 0 {
		delete(t.taken, district)
	}
	close(t.freed)
	t.freed = make(chan struct{})
}
