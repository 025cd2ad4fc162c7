package change_test

import (
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	pb "github.com/btlc/btlc/gen/go/btlc/change/v1"
	"github.com/btlc/btlc/internal/change"
	"github.com/btlc/btlc/internal/webhook"
)

// TestAnotherURLHasAllAttempts: an endpoint that takes the place of one that failed is not given up for the failures of that one.
func TestAnotherURLHasAllAttempts(t *testing.T) {
	db, _ := newFeed(t, 0)
	s := webhooks(db, func(o *change.Options) {
		o.Timeout = 20 * time.Millisecond
		o.Next = func(r webhook.Result, attempt int) (time.Duration, bool) {
			if attempt == 2 {
				return 12 * time.Hour, true
			}
			return time.Millisecond, r.Outcome == webhook.Retry && attempt < 3
		}
	})
	old := newReceiver(t, func(got) int { return 500 })
	w := old.subscribe(s)
	emit(t, db, 1)
	deliver(t, s)
	eventually(t, func() bool { return len(deliveries(t, s, w.Name)) == 2 })
	starting := true
	next := newReceiver(t, func(got) int {
		if starting {
			starting = false
			return 503
		}
		return 204
	})
	next.secret = old.secret
	_, err := s.UpdateWebhookSubscription(as(t, "UpdateWebhookSubscription"), &pb.UpdateWebhookSubscriptionRequest{
		WebhookSubscription: &pb.WebhookSubscription{Name: w.Name, Url: next.URL}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"url"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool { return len(deliveries(t, s, w.Name)) == 4 })
	if now := subscription(t, s, w.Name); now.State != pb.WebhookSubscription_STATE_ENABLED || now.DeliveredSequence != 1 {
		t.Errorf("the subscription is %v", now)
	}
}
