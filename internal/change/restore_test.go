package change_test

import (
	"testing"

	pb "github.com/btlc/btlc/gen/go/btlc/change/v1"
)

// Who subscribes in a restored database begins in its own epoch: a cursor of before leads nowhere, and the subscriber is not
// told to start again.
func TestSubscribesAfterRestore(t *testing.T) {
	db, _ := newFeed(t, 3)
	s, r := webhooks(db), newReceiver(t, nil)
	before := mustList(t, s, "", 3).NextCursor
	mustExec(t, db, `UPDATE feed_epoch SET history = 'of the original'`)
	w := r.subscribe(s)
	_, err := s.CreateWebhookSubscription(t.Context(), &pb.CreateWebhookSubscriptionRequest{
		WebhookSubscription: &pb.WebhookSubscription{Stream: w.Stream, Url: w.Url}, Cursor: before,
	})
	checkExpired(t, err, "1", "3")
	emit(t, db, 4)
	deliver(t, s)
	r.want(4)
}
