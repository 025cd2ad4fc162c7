package server

import (
	"cmp"
	"context"
	"runtime"
	"sync"
	"time"

	"github.com/btlc/btlc/internal/notice"
)

// batchPause is how long what another server left of a batch may lie before this one goes on with it.
const batchPause = 2 * time.Second

// webhookWorkers is how many subscribers are posted to at a time: mostly they are waited for.
const webhookWorkers = 16

// work does what nobody asks for, until the context ends: on every server, since all of it is safe to do twice.
func (s *Server) work(ctx context.Context) {
	var all sync.WaitGroup
	all.Go(func() { every(ctx, time.Hour, s.housekeep) })
	all.Go(func() {
		every(ctx, time.Second, func(ctx context.Context) { s.warn(ctx, "epoch of the change feed", s.db.LookBack(ctx)) })
	})
	all.Go(func() {
		every(ctx, time.Minute, func(ctx context.Context) { s.warn(ctx, "expired credentials", s.credentials.ExpireDue(ctx)) })
	})
	all.Go(func() {
		every(ctx, time.Minute, func(ctx context.Context) { s.warn(ctx, "offers of seats", s.enrollment.SettleDue(ctx)) })
	})
	all.Go(func() {
		every(ctx, time.Minute, func(ctx context.Context) { s.warn(ctx, "days of districts", s.directory.TellDays(ctx)) })
	})
	if workers := s.options.batchWorkers(); workers > 0 {
		all.Go(func() {
			s.credentials.KeepIssuing(ctx, workers, batchPause, func(err error) { s.warn(ctx, "batches of credentials", err) })
		})
	}
	if workers := cmp.Or(s.options.WebhookWorkers, webhookWorkers); workers > 0 {
		all.Go(func() {
			s.changes.KeepDelivering(ctx, workers, func(err error) { s.warn(ctx, "webhooks", err) })
		})
	}
	if !s.options.WithoutSending {
		all.Go(func() { s.notices.KeepSending(ctx, func(r notice.Round, err error) { s.tellSent(ctx, r, err) }) })
	}
	for _, d := range s.options.Drops {
		all.Go(func() {
			every(ctx, time.Minute, func(ctx context.Context) { s.drops.Look(ctx, d) })
		})
	}
	all.Wait()
}

// batchWorkers is how many persons of batches this server issues to at a time.
func (o Options) batchWorkers() int {
	if o.BatchWorkers == 0 {
		return runtime.GOMAXPROCS(0)
	}
	return max(0, o.BatchWorkers)
}

// every does something now and after each pause, until the context ends.
func every(ctx context.Context, pause time.Duration, do func(context.Context)) {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		do(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// warn logs an error, if there is one that is not of the stop.
func (s *Server) warn(ctx context.Context, what string, err error) {
	if err != nil && ctx.Err() == nil {
		s.log.WarnContext(ctx, what, "error", err)
	}
}

// tellSent logs what became of notices. Of what went wrong only the first is told; all of it is on record.
func (s *Server) tellSent(ctx context.Context, r notice.Round, err error) {
	if r != (notice.Round{}) {
		s.log.InfoContext(ctx, "notices", "sent", r.Sent, "suppressed", r.Suppressed, "deferred", r.Deferred, "failed", r.Failed)
	}
	s.warn(ctx, "notices", err)
}

// housekeep makes partitions ahead of time, and forgets old changes, old attempts to post them, old notices, old runs of file
// drops and old idempotency keys.
func (s *Server) housekeep(ctx context.Context) {
	s.forget(ctx, "old changes", s.options.FeedRetention, s.db.ForgetFeed)
	s.forget(ctx, "old attempts to post changes", s.options.WebhookLog, s.db.ForgetWebhookLog)
	notices, err := s.notices.Forget(ctx)
	s.warn(ctx, "old notices", err)
	if notices > 0 {
		s.log.InfoContext(ctx, "old notices are forgotten", "notices", notices)
	}
	runs, err := s.drops.Forget(ctx)
	s.warn(ctx, "old runs of file drops", err)
	if runs > 0 {
		s.log.InfoContext(ctx, "old runs of file drops are forgotten", "runs", runs)
	}
	strays, err := s.db.EnsurePartitions(ctx)
	s.warn(ctx, "partitions", err)
	if strays > 0 {
		s.log.ErrorContext(ctx, "rows stand in a default partition: partitions were missing when they were written", "rows", strays)
	}
	for deleted := int64(1); deleted > 0 && err == nil; {
		deleted, err = s.db.ForgetKeys(ctx, 10_000)
		s.warn(ctx, "idempotency keys", err)
	}
}

// forget drops the months of something that are older than it is kept; 0 keeps all.
func (s *Server) forget(ctx context.Context, what string, kept time.Duration, drop func(context.Context, time.Time) (int, error)) {
	if kept == 0 {
		return
	}
	months, err := drop(ctx, s.db.Now().Add(-kept))
	s.warn(ctx, what, err)
	if months > 0 {
		s.log.InfoContext(ctx, what+" are dropped", "months", months)
	}
}
