package demo

import (
	"context"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// clock is a clock that is set by hand.
type clock struct{ at atomic.Pointer[time.Time] }

func (c *clock) set(at time.Time) { c.at.Store(&at) }

func (c *clock) now() time.Time { return *c.at.Load() }

// event is something that happens at a moment.
type event func(ctx context.Context) error

// timeline is what happens, by the moment. Events of one moment are independent of each other and happen at once; what
// needs another to have happened is scheduled after it.
type timeline struct{ events map[time.Time][]event }

func (t *timeline) at(moment time.Time, e event) {
	if t.events == nil {
		t.events = map[time.Time][]event{}
	}
	moment = moment.UTC()
	t.events[moment] = append(t.events[moment], e)
}

// run lets everything happen that lies before an end, in order.
func (t *timeline) run(ctx context.Context, end time.Time, clock *clock, workers int, log *slog.Logger) error {
	moments := make([]time.Time, 0, len(t.events))
	for moment := range t.events {
		if moment.Before(end) {
			moments = append(moments, moment)
		}
	}
	slices.SortFunc(moments, time.Time.Compare)
	month := ""
	for _, moment := range moments {
		if m := moment.Format("January 2006"); m != month {
			log.InfoContext(ctx, "loading demo data", "month", m)
			month = m
		}
		clock.set(moment)
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(workers)
		for _, e := range t.events[moment] {
			group.Go(func() error { return e(ctx) })
		}
		if err := group.Wait(); err != nil {
			return err
		}
	}
	return nil
}
