package notice

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/internal/database"
)

const (
	// batch is how many notices are in a server's hands at a time, and go over one connection. As many at most are sent twice
	// when a server dies after sending and before saving that it did; their Message-IDs are the same both times.
	batch = 20
	// patience bounds the handing over of a batch, and hold how long it is in a server's hands: long enough that no other
	// takes it while this one is still at it, also when their clocks differ.
	patience = 5 * time.Minute
	hold     = 2 * patience
	// savePatience bounds writing down what came of a batch, also of one that the server's stop interrupted.
	savePatience = 5 * time.Second
	// farewell is how long a batch may go on when the server stops, so that what is under way need not be sent again.
	farewell = 2 * time.Second
)

// KeepSending hands notices over until the context ends. Any number of servers share the work. It reports each round in
// which there was something to do, with what went wrong with it, if anything; then it is tried again. With notices off it
// returns at once.
func (s *Service) KeepSending(ctx context.Context, report func(Round, error)) {
	if s.options.Sender == nil {
		return
	}
	tick := time.NewTicker(s.options.Poll)
	defer tick.Stop()
	for {
		for more := true; more && ctx.Err() == nil; {
			round, err := s.sendDue(ctx)
			if round != (Round{}) || err != nil {
				report(round, err)
			}
			// A mail server that takes nothing is not asked for all the others as well.
			more = err == nil && round.settled()
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// forgetBatch is how many notices are deleted at a time.
const forgetBatch = 10_000

// Forget deletes the notices that have been on record for long enough, a bounded number at a time, and says how many. What is
// still to be sent stays.
func (s *Service) Forget(ctx context.Context) (deleted int64, err error) {
	if s.options.Keep == 0 {
		return 0, nil
	}
	for more := true; more; {
		n, err := s.store.forget(ctx, s.store.db.Now().Add(-s.options.Keep), forgetBatch)
		if err != nil {
			return deleted, err
		}
		deleted += n
		more = n == forgetBatch
	}
	return deleted, nil
}

// sendDue hands over the notices that are due, a batch at most. The error is of the database, or the first one of the
// mail server, which is on record with its notice.
func (s *Service) sendDue(ctx context.Context) (Round, error) {
	now := s.store.db.Now()
	lease := now.Add(hold)
	ids, err := s.store.claim(ctx, now, lease, batch)
	if err != nil || len(ids) == 0 {
		return Round{}, err
	}
	dues, err := s.store.due(ctx, ids)
	if err != nil {
		return Round{}, err
	}
	outcomes, fault := s.handOver(ctx, dues, now)
	saving, cancel := context.WithTimeout(context.WithoutCancel(ctx), savePatience)
	defer cancel()
	if err := s.store.save(saving, lease, s.store.db.Now(), outcomes); err != nil {
		return Round{}, err
	}
	var round Round
	for _, o := range outcomes {
		round.count(o)
	}
	return round, fault
}

// handOver sends what is to be sent, over one connection, and says what became of each notice.
func (s *Service) handOver(ctx context.Context, dues []due, now time.Time) (outcomes map[uuid.UUID]outcome, fault error) {
	outcomes = make(map[uuid.UUID]outcome, len(dues))
	var sent []due
	var envelopes []Envelope
	for _, d := range dues {
		if o, ok := d.objection(now); ok {
			outcomes[d.id] = o
			continue
		}
		d.data.Program, d.data.URL = s.options.Program, s.options.SignInURL
		if d.kind.ofWebhook() {
			d.data.Zone, d.data.URL = s.options.Zone, s.options.PublicURL+"/v1/"+d.data.Webhook.Name
		}
		message, err := Render(d.kind, d.data)
		if err != nil {
			outcomes[d.id], fault = outcome{verb: fail, failure: unworded}, err
			continue
		}
		if d.kind != RoleToConfirm {
			message.Subject = d.subject // as it is on record; of a role, the first course that it was asked for, which may be over
		}
		sent, envelopes = append(sent, d), append(envelopes, Envelope{To: d.to, Message: message, ID: s.options.Sender.MessageID("notice-" + d.id.String())})
	}
	sending, done := database.Outlasting(ctx, farewell)
	defer done()
	sending, cancel := context.WithTimeout(sending, patience)
	defer cancel()
	errs := s.options.Sender.SendAll(sending, envelopes)
	now = s.store.db.Now()
	for i, err := range errs {
		outcomes[sent[i].id] = sent[i].after(err, now, s.options.Next)
		if err != nil && fault == nil {
			fault = err
		}
	}
	return outcomes, fault
}
