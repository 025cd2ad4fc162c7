package database

import (
	"context"
	"runtime"
	"sync"
	"time"
)

// groupTimeout bounds a look-up that several callers share: none of their contexts may end it for the others.
const groupTimeout = 10 * time.Second

// Group joins look-ups of one key that come at the same time into one look-up of many. A look-up that comes alone flies at
// once; under load, those that come while a flight for every second processor is under way share the next one: one
// more on a flight costs the database less than a flight of its own. Nothing is kept: every answer was read after its question.
type Group[V any] struct {
	find func(ctx context.Context, keys []string) (map[string]V, error)

	flights int

	mu      sync.Mutex
	under   int
	waiting map[string]*wait[V]
}

type wait[V any] struct {
	done  chan struct{}
	value V
	found bool
	err   error
}

// NewGroup makes a group over a look-up of many keys.
func NewGroup[V any](find func(ctx context.Context, keys []string) (map[string]V, error)) *Group[V] {
	return &Group[V]{find: find, flights: max(1, runtime.GOMAXPROCS(0)/2), waiting: map[string]*wait[V]{}}
}

// Find looks one key up. found is false when there is none.
func (g *Group[V]) Find(ctx context.Context, key string) (value V, found bool, err error) {
	g.mu.Lock()
	if g.under < g.flights {
		g.under++
		g.mu.Unlock()
		defer g.landed()
		values, err := g.find(ctx, []string{key})
		value, found = values[key]
		return value, found, err
	}
	w := g.waiting[key]
	if w == nil {
		w = &wait[V]{done: make(chan struct{})}
		g.waiting[key] = w
	}
	g.mu.Unlock()
	select {
	case <-w.done:
		return w.value, w.found, w.err
	case <-ctx.Done():
		return value, false, ctx.Err()
	}
}

// landed lets those who wait fly, in the place of the flight that has ended.
func (g *Group[V]) landed() {
	if group := g.next(); group != nil {
		go func() {
			for ; group != nil; group = g.next() {
				g.fly(group)
			}
		}()
	}
}

// next takes those who wait on board; with nobody waiting it gives the flight's place back.
func (g *Group[V]) next() map[string]*wait[V] {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.waiting) == 0 {
		g.under--
		return nil
	}
	group := g.waiting
	g.waiting = map[string]*wait[V]{}
	return group
}

func (g *Group[V]) fly(group map[string]*wait[V]) {
	keys := make([]string, 0, len(group))
	for key := range group {
		keys = append(keys, key)
	}
	ctx, cancel := context.WithTimeout(context.Background(), groupTimeout)
	defer cancel()
	values, err := g.find(ctx, keys)
	for key, w := range group {
		w.value, w.found = values[key]
		w.err = err
		close(w.done)
	}
}
