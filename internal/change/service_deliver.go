package change

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/fetch"
	"github.com/btlc/btlc/internal/webhook"
)

const (
	// roundSize is how many changes are read at a time for a subscription: new ones first, then as many of a range that is
	// delivered again.
	roundSize = 20
	// turnRounds is how many rounds a subscription has before others have theirs.
	turnRounds = 10
	// turnTime is how long it has for them, though an attempt that has begun goes on: a quick endpoint takes its changes in less,
	// and others wait no longer than this and one attempt for the worker of one that takes its time.
	turnTime = 5 * time.Second
	// savePatience bounds writing down what came of an attempt, also of one that the server's stop interrupted.
	savePatience = 5 * time.Second
	// farewell is how long an attempt may go on when the server stops: mostly it is over then, and need not be made again.
	farewell = 2 * time.Second
)

// hold is how long a subscription is in a server's hands at a time: an attempt begins in the first half, and is over at the
// end of the second.
func (s *Service) hold() time.Duration { return 2 * s.options.Timeout }

// KeepDelivering posts changes to those who have subscribed to them until the context ends, to as many at a time as there
// are workers. Half of them are kept for those who are not slow, so that any number of slow ones hold nobody else up. Any number
// of servers share the work. It tells faulty of what went wrong; then it is tried again.
func (s *Service) KeepDelivering(ctx context.Context, workers int, faulty func(error)) {
	var crew sync.WaitGroup
	defer crew.Wait()
	free := make(chan struct{}, workers)
	var slow atomic.Int32
	forSlow := int32(max(1, workers/2))
	tick := time.NewTicker(s.options.Poll)
	defer tick.Stop()
	for {
		for more := true; more; {
			select {
			case free <- struct{}{}:
			case <-ctx.Done():
				return
			}
			l, err := s.store.claim(ctx, s.hold(), slow.Load() < forSlow)
			if more = err == nil && l != nil; !more {
				<-free
				if err != nil && ctx.Err() == nil {
					faulty(err)
				}
				break
			}
			known := l.slow // before this turn, which may change it
			if known {
				slow.Add(1)
			}
			crew.Go(func() {
				defer func() {
					if known {
						slow.Add(-1)
					}
					<-free
				}()
				if err := s.deliver(ctx, l); err != nil && ctx.Err() == nil {
					faulty(fmt.Errorf("webhook subscription %s: %w", l.id, err))
				}
			})
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

var (
	// errLetGo says that a lease is over: its end is on record, or it was lost.
	errLetGo = errors.New("the subscription is in other hands")
	// errTurnOver says that others have their turn now.
	errTurnOver = errors.New("the turn is over")
)

// deliver gives a subscription its turn, then lets go of it. After an error the lease just ends, which makes a pause.
func (s *Service) deliver(ctx context.Context, l *lease) error {
	for range turnRounds {
		more, err := s.round(ctx, l)
		switch {
		case errors.Is(err, errLetGo):
			return nil
		case err != nil && !errors.Is(err, errTurnOver) && ctx.Err() == nil:
			return err
		}
		if !more || ctx.Err() != nil {
			break
		}
	}
	_, err := s.save(ctx, l, 0, nil)
	return err
}

func (s *Service) save(ctx context.Context, l *lease, hold time.Duration, d *deliveryRow) (held bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), savePatience)
	defer cancel()
	return s.store.save(ctx, l, hold, d)
}

// round delivers the next changes, and the next of a range that is delivered again. more says that there may be others.
func (s *Service) round(ctx context.Context, l *lease) (more bool, err error) {
	from := database.NewCursor(l.epoch, l.stream, l.delivered)
	p, err := s.store.follow(ctx, from, roundSize)
	if err != nil {
		return false, err
	}
	if !p.follows(from) {
		return true, s.restart(ctx, l)
	}
	for _, row := range p.Rows {
		if wants(l.types, row.Type) {
			if err := s.postChange(ctx, l, p, row, false, func() { l.passed(row.Number) }); err != nil {
				return false, err
			}
		} else {
			l.passed(row.Number)
		}
	}
	more, err = s.redeliver(ctx, l)
	return more || len(p.Rows) > 0, err
}

// passed says that the live stream is delivered up to a change: failing is of the one that comes next.
func (l *lease) passed(number int64) { l.delivered, l.attempts = number, 0 }

// redeliver delivers the next changes of the range, if there is one.
func (s *Service) redeliver(ctx context.Context, l *lease) (more bool, err error) {
	if l.until == 0 {
		return false, nil
	}
	p, err := s.store.read(ctx, l.stream, l.again-1, roundSize)
	if err != nil {
		return false, err
	}
	if p.Epoch != l.epoch {
		return true, nil // the next round tells it
	}
	for _, row := range p.Rows {
		if row.Number > l.until {
			break
		}
		passed := func() {
			if l.again = row.Number + 1; l.again > l.until {
				l.again, l.until = 0, 0
			}
		}
		if !wants(l.types, row.Type) {
			passed()
		} else if err := s.postChange(ctx, l, p, row, true, passed); err != nil {
			return false, err
		}
		if l.until == 0 {
			return false, nil
		}
	}
	if len(p.Rows) == 0 {
		l.again, l.until = 0, 0 // what was asked for is kept no more
	}
	return true, nil
}

func (s *Service) postChange(ctx context.Context, l *lease, p page, row database.FeedRow, redelivery bool, taken func()) error {
	c, err := changeProto(row)
	if err != nil {
		return err
	}
	body, err := c.AppendJSON(nil)
	if err != nil {
		return err
	}
	m, err := changeEvent(s.options.PublicURL, p.After(l.stream, row), row, body)
	if err != nil {
		return err
	}
	return s.post(ctx, l, m, &deliveryRow{Number: row.Number, Redelivery: redelivery}, taken)
}

// restart tells a subscriber to read in full, and goes on with what comes after what there is now.
func (s *Service) restart(ctx context.Context, l *lease) error {
	now, err := s.store.bounds(ctx, l.stream)
	if err != nil {
		return err
	}
	m, err := restartEvent(s.options.PublicURL, l.stream, s.store.db.Now(), now)
	if err != nil {
		return err
	}
	return s.post(ctx, l, m, &deliveryRow{Number: now.Newest}, func() {
		l.passed(now.Newest)
		l.epoch, l.again, l.until = now.Epoch, 0, 0
	})
}

// post makes one attempt and writes down what came of it; taken says what has been delivered by it. It returns nil when the
// next message may follow, and errLetGo or errTurnOver when none may. What is not taken when it is delivered again ends the
// redelivery alone, since new changes must not wait for old ones; whoever asked for it reads that in the log, and can ask again.
func (s *Service) post(ctx context.Context, l *lease, m webhook.Message, d *deliveryRow, taken func()) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if l.posted > 0 && time.Since(l.began) >= s.options.Turn {
		return errTurnOver
	}
	if time.Now().After(l.deadline) {
		// What took so long was not the attempt before: that would have moved the deadline.
		if held, err := s.save(ctx, l, s.hold(), nil); err != nil || !held || l.state != subscriptionLife.First() {
			return errors.Join(err, errLetGo)
		}
	}
	sending, done := database.Outlasting(ctx, farewell)
	defer done()
	result, err := webhook.Send(sending, s.client, l.url, m, l.secrets...)
	if err != nil {
		return err // of the message, or of the stop
	}
	l.posted++
	l.slow = l.posted < roundSize && time.Since(l.began) >= s.options.Turn
	attempt := int32(1)
	if !d.Redelivery {
		attempt += l.attempts
	}
	d.fill(m.ID, attempt, result)
	switch {
	case result.Outcome == webhook.Delivered:
		taken()
	case d.Redelivery && result.Outcome == webhook.Retry:
		l.again, l.until = 0, 0
	default:
		return s.failed(ctx, l, d, result)
	}
	held, err := s.save(ctx, l, s.hold(), d)
	if err == nil && (!held || l.state != subscriptionLife.First()) {
		return errors.Join(s.release(ctx, l, held), errLetGo)
	}
	return err
}

// failed writes down an attempt that failed, with what its subscriber's contact is to be told.
func (s *Service) failed(ctx context.Context, l *lease, d *deliveryRow, result webhook.Result) (err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), savePatience)
	defer cancel()
	l.attempts++
	alarm := webhook.Alarm{Subscription: l.id, Failure: reasonOf(result)}
	if delay, again := s.options.Next(result, int(l.attempts)); again {
		err = s.store.postpone(ctx, l, delay, d, func(ctx context.Context, tx *database.Tx, since time.Time) error {
			alarm.Since, alarm.GiveUp = since, tx.Now.Add(webhook.Rest(int(l.attempts), delay))
			return s.options.Alarm(ctx, tx, alarm)
		})
	} else {
		alarm.Failure = failure(result, l.attempts, d)
		err = s.store.fail(ctx, l, alarm.Failure, d, func(ctx context.Context, tx *database.Tx, since time.Time) error {
			alarm.Since = since
			return s.options.Alarm(ctx, tx, alarm)
		})
	}
	if err != nil {
		return err
	}
	return errLetGo
}

// release lets go of a subscription that was disabled meanwhile, so that it need not be waited for when it is enabled.
func (s *Service) release(ctx context.Context, l *lease, held bool) error {
	if !held {
		return nil
	}
	_, err := s.save(ctx, l, 0, nil)
	return err
}

// fill is what the log has of an attempt.
func (d *deliveryRow) fill(id string, attempt int32, r webhook.Result) {
	d.ID, d.MessageID, d.Attempt, d.StatusCode, d.DurationMS = uuid.Must(uuid.NewV7()), id, attempt, int32(r.Status), int32(r.Took.Milliseconds())
	switch {
	case r.Outcome == webhook.Delivered:
		d.Outcome = "DELIVERED"
	case errors.Is(r.Err, webhook.ErrGone):
		d.Outcome = "GONE"
	default:
		d.Outcome = "FAILED"
	}
	reason := reasonOf(r)
	if d.Redelivery && d.Outcome == "FAILED" {
		reason += " The redelivery ends with it."
	}
	d.Detail = strings.Trim(reason+" "+r.Excerpt, " ")
}

// reasonOf is why an attempt failed, for people; nothing for one that did not.
func reasonOf(r webhook.Result) string {
	switch {
	case r.Err == nil:
		return ""
	case errors.Is(r.Err, webhook.ErrGone):
		return "The endpoint says that it is gone."
	case errors.Is(r.Err, webhook.ErrRedirect):
		return "The endpoint redirects, which is not followed."
	case errors.Is(r.Err, webhook.ErrStatus):
		return fmt.Sprintf("The endpoint answered with status %d.", r.Status)
	case errors.Is(r.Err, webhook.ErrURL):
		return "The URL is not one that is posted to."
	case errors.Is(r.Err, fetch.ErrAddress):
		return "The host has a private address, which this server does not post to."
	case errors.Is(r.Err, fetch.ErrTimeout):
		return "The endpoint did not answer in time."
	default:
		return "The endpoint could not be reached."
	}
}

// failure is why a subscription is given up.
func failure(r webhook.Result, attempts int32, d *deliveryRow) string {
	if r.Outcome == webhook.Disable {
		return reasonOf(r)
	}
	return fmt.Sprintf("Change %d was not taken in %d attempts. %s", d.Number, attempts, reasonOf(r))
}
