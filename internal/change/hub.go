package change

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// pollPatience bounds one poll.
const pollPatience = 10 * time.Second

// hub tells those who watch streams of news. One query for all watched streams every pause finds it, and only while anybody
// watches: LISTEN would not survive a pooler. A watcher learns that there is news and no more, and reads for itself, so a
// slow one holds nobody up and nothing is kept for it.
//
// M says how far a stream has come: another one than before is news.
type hub[M comparable] struct {
	marks func(ctx context.Context, streams []string) (map[string]M, error)
	pause time.Duration

	mu       sync.Mutex
	watchers map[string]map[chan struct{}]bool
	last     map[string]M
	polling  bool
}

func newHub[M comparable](pause time.Duration, marks func(context.Context, []string) (map[string]M, error)) *hub[M] {
	return &hub[M]{marks: marks, pause: pause, watchers: map[string]map[chan struct{}]bool{}, last: map[string]M{}}
}

// watch gives a channel that holds a word when there is news of the stream since the last word was taken. leave ends it.
func (h *hub[M]) watch(stream string) (news <-chan struct{}, leave func()) {
	word := make(chan struct{}, 1)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.watchers[stream] == nil {
		h.watchers[stream] = map[chan struct{}]bool{}
	}
	h.watchers[stream][word] = true
	if !h.polling {
		h.polling = true
		go h.poll()
	}
	return word, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if delete(h.watchers[stream], word); len(h.watchers[stream]) == 0 {
			delete(h.watchers, stream)
			delete(h.last, stream)
		}
	}
}

// poll goes on until nobody watches.
func (h *hub[M]) poll() {
	tick := time.NewTicker(h.pause)
	defer tick.Stop()
	for range tick.C {
		streams := h.watched()
		if len(streams) == 0 {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), pollPatience)
		marks, err := h.marks(ctx, streams)
		cancel()
		if err == nil { // else there is a next time; whoever watches reads now and then by itself, and is told what is wrong
			h.tell(marks)
		}
	}
}

// watched are the streams that anybody watches. When nobody does, polling is over.
func (h *hub[M]) watched() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.polling = len(h.watchers) > 0
	return slices.Sorted(maps.Keys(h.watchers))
}

func (h *hub[M]) tell(marks map[string]M) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for stream, mark := range marks {
		if last, known := h.last[stream]; known && last == mark {
			continue
		}
		for word := range h.watchers[stream] {
			select {
			case word <- struct{}{}:
			default: // one word is there already
			}
		}
		if h.watchers[stream] != nil {
			h.last[stream] = mark
		}
	}
}
