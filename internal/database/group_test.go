package database_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/btlc/btlc/internal/database"
)

func TestGroupAnswersEveryoneTheirOwn(t *testing.T) {
	var flights, keys atomic.Int64
	group := database.NewGroup(func(_ context.Context, asked []string) (map[string]string, error) {
		flights.Add(1)
		keys.Add(int64(len(asked)))
		found := map[string]string{}
		for _, key := range asked {
			if key != "absent" {
				found[key] = "value of " + key
			}
		}
		return found, nil
	})
	var all sync.WaitGroup
	for i := range 2000 {
		all.Go(func() {
			key := fmt.Sprint(i % 50)
			if i%50 == 49 {
				key = "absent"
			}
			value, found, err := group.Find(t.Context(), key)
			if err != nil || found != (key != "absent") || found && value != "value of "+key {
				t.Errorf("%s: %q %v %v", key, value, found, err)
			}
		})
	}
	all.Wait()
	if flights.Load() > keys.Load() || keys.Load() > 2000 {
		t.Errorf("%d flights for %d keys", flights.Load(), keys.Load())
	}
}

// TestGroupSharesAFlightUnderLoad holds as many flights up as there may be, lets ten more callers come, and sees them
// all fly together.
func TestGroupSharesAFlightUnderLoad(t *testing.T) {
	hold, came, together := make(chan struct{}), make(chan struct{}, 100), make(chan int, 100)
	group := database.NewGroup(func(_ context.Context, asked []string) (map[string]int, error) {
		if asked[0] == "held" {
			came <- struct{}{}
			<-hold
		} else {
			together <- len(asked)
		}
		return nil, nil
	})
	var all sync.WaitGroup
	for range max(1, runtime.GOMAXPROCS(0)/2) {
		all.Go(func() { _, _, _ = group.Find(t.Context(), "held") })
		<-came
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for i := range 10 {
		// A caller who gives up leaves its question behind: that is how this test knows that it has been put.
		if _, _, err := group.Find(cancelled, fmt.Sprint(i)); !errors.Is(err, context.Canceled) {
			t.Errorf("a caller who had given up got %v", err)
		}
	}
	close(hold)
	if n := <-together; n != 10 {
		t.Errorf("%d of 10 flew together", n)
	}
	all.Wait()
}

func TestGroupTellsEveryoneOfAFault(t *testing.T) {
	fault := errors.New("no")
	group := database.NewGroup(func(context.Context, []string) (map[string]int, error) { return nil, fault })
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			if _, _, err := group.Find(t.Context(), "x"); !errors.Is(err, fault) {
				t.Error(err)
			}
		})
	}
	all.Wait()
}
