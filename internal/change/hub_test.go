package change

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/btlc/btlc/internal/database"
)

// marks is a feed of which only the newest numbers are known, and who asked for which.
type marks struct {
	mu    sync.Mutex
	now   map[string]database.FeedMark
	asked [][]string
	fault error
}

func (m *marks) read(_ context.Context, streams []string) (map[string]database.FeedMark, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked = append(m.asked, streams)
	return maps.Clone(m.now), m.fault
}

func (m *marks) set(stream, epoch string, newest int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now[stream] = database.FeedMark{Epoch: epoch, Newest: newest}
}

func (m *marks) fail(fault error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fault = fault
}

func (m *marks) queries() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.asked)
}

func told(news <-chan struct{}) bool {
	select {
	case <-news:
		return true
	default:
		return false
	}
}

func TestHub(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const pause = 200 * time.Millisecond
		m := &marks{now: map[string]database.FeedMark{"program": {Epoch: "a", Newest: 3}, "districts/bps": {Epoch: "a", Newest: 1}}}
		h := newHub(pause, m.read)
		tick := func() {
			time.Sleep(pause) // of the test's own time
			synctest.Wait()
		}
		tick()
		if n := m.queries(); n != 0 {
			t.Errorf("asked %d times while nobody watches", n)
		}
		one, leaveOne := h.watch("program")
		other, leaveOther := h.watch("program")
		district, leaveDistrict := h.watch("districts/bps")
		tick()
		if !told(one) || !told(other) || !told(district) {
			t.Error("the first look is news: it may have come after the watcher's own")
		}
		tick()
		if told(one) || told(district) {
			t.Error("told of nothing")
		}
		for newest := range int64(10) { // and who takes no word meanwhile has one in the end
			m.set("program", "a", 4+newest)
			tick()
			if !told(one) || told(district) {
				t.Error("of the program alone there is news")
			}
		}
		if !told(other) || told(other) {
			t.Error("a slow watcher has one word")
		}
		m.set("districts/bps", "b", 1)
		tick()
		if !told(district) || told(one) {
			t.Error("another epoch is news")
		}
		m.fail(errors.New("the database is away"))
		m.set("program", "b", 20)
		tick()
		if told(one) {
			t.Error("told of what could not be read")
		}
		m.fail(nil)
		tick()
		if !told(one) {
			t.Error("not told afterwards")
		}
		leaveOne()
		leaveOther()
		leaveDistrict()
		tick() // to the end of polling
		for _, streams := range m.asked {
			if !slices.Equal(streams, []string{"districts/bps", "program"}) {
				t.Errorf("asked for %v", streams)
			}
		}
		before := m.queries()
		tick()
		tick()
		if n := m.queries(); n != before {
			t.Errorf("asked %d times more when all have left", n-before)
		}
		again, leave := h.watch("program")
		tick()
		if !told(again) {
			t.Error("who comes later is told nothing")
		}
		leave()
		tick()
	})
}
