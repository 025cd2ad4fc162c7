package api

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// However many come at once, there are never more than there may be, of all and of each, and everybody who waits has a turn.
func TestTurns(t *testing.T) {
	const all, each, callers = 3, 2, 60
	turns := NewTurns("tests", all, each, time.Minute)
	var sum atomic.Int32
	by := make([]atomic.Int32, 4)
	var done sync.WaitGroup
	for i := range callers {
		done.Go(func() {
			end, err := turns.Take(t.Context(), fmt.Sprint(i%len(by)))
			if err != nil {
				t.Error(err)
				return
			}
			if n, of := sum.Add(1), by[i%len(by)].Add(1); n > all || of > each {
				t.Errorf("%d have a turn, %d of the same", n, of)
			}
			sum.Add(-1)
			by[i%len(by)].Add(-1)
			end()
			end() // once more is nothing
		})
	}
	done.Wait()
	if len(turns.taken) != 0 || turns.sum != 0 {
		t.Errorf("left: %v, %d", turns.taken, turns.sum)
	}
}

// A district that has all its turns keeps no other out, and is refused after a while; whoever gives up waits no longer.
func TestTurnsOfOneDistrict(t *testing.T) {
	turns := NewTurns("tests", 4, 2, 20*time.Millisecond)
	for range 2 {
		if _, err := turns.Take(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
	}
	_, err := turns.Take(t.Context(), "a")
	var refused *Error
	if !errors.As(err, &refused) || refused.Reason != Unavailable {
		t.Errorf("one too many got %v", err)
	}
	end, err := turns.Take(t.Context(), "b")
	if err != nil {
		t.Fatal(err)
	}
	end()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := turns.Take(ctx, "a"); err == nil {
		t.Error("who has gone had a turn")
	}
}
