package api

import (
	"context"
	"sync"
	"time"
)

// Turns bound how much of something that costs a lot is done at a time, for all districts and for each, so that none may keep the
// others out.
type Turns struct {
	what      string
	all, each int
	patience  time.Duration

	mu    sync.Mutex
	taken map[string]int
	sum   int
	// freed is closed when a turn has ended, and made anew.
	freed chan struct{}
}

// NewTurns lets so many have a turn at a time, and so many of them for one district; who has waited for as long as patience is
// refused with UNAVAILABLE. What says in the plural what is done.
func NewTurns(what string, all, each int, patience time.Duration) *Turns {
	return &Turns{what: what, all: all, each: each, patience: patience, taken: map[string]int{}, freed: make(chan struct{})}
}

// Take waits for a turn of the district, which ends by end.
func (t *Turns) Take(ctx context.Context, district string) (end func(), err error) {
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
			return nil, Errorf(Unavailable, "%d %s are under way, or %d of this district: try again when one has ended.", t.all, t.what, t.each)
		}
	}
}

func (t *Turns) tryTake(district string) (freed <-chan struct{}, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sum == t.all || t.taken[district] == t.each {
		return t.freed, false
	}
	t.sum++
	t.taken[district]++
	return nil, true
}

func (t *Turns) end(district string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sum--
	if t.taken[district]--; t.taken[district] == 0 {
		delete(t.taken, district)
	}
	close(t.freed)
	t.freed = make(chan struct{})
}
