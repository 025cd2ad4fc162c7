package change_test

import (
	"errors"
	"fmt"
	"testing"

	pb "github.com/btlc/btlc/gen/go/btlc/change/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/change"
	"github.com/btlc/btlc/internal/database"
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

// putBack makes the database what it was when its streams had so many changes, as files that are put back do, and has others
// come after them.
func putBack(t *testing.T, db *database.DB, newest, since int) {
	t.Helper()
	mustExec(t, db, fmt.Sprintf(`ALTER TABLE feed_rows DISABLE TRIGGER USER; DELETE FROM feed_rows WHERE number > %d;
		ALTER TABLE feed_rows ENABLE TRIGGER USER; UPDATE feed_streams SET newest = %[1]d; UPDATE webhook_subscriptions SET delivered_number = least(delivered_number, %[1]d)`, newest))
	for range since {
		emit(t, db, newest)
	}
}

// Whichever way the first comes that one who saw what is lost comes back: they are told, and so are all others, by what they
// hold, though that is of a change that is not lost; and a message about another change has another id.
func TestAnyCursorTellsAll(t *testing.T) {
	for way, comeBack := range map[string]func(*testing.T, *change.Service, string, *pb.WebhookSubscription) error{
		"pull": func(t *testing.T, s *change.Service, cursor string, _ *pb.WebhookSubscription) error {
			_, err := list(t, s, cursor, 10)
			return err
		},
		"watch": func(t *testing.T, s *change.Service, cursor string, _ *pb.WebhookSubscription) error {
			return watch(t, s, cursor, 10).end()
		},
		"subscribe": func(t *testing.T, s *change.Service, cursor string, w *pb.WebhookSubscription) error {
			_, err := s.CreateWebhookSubscription(t.Context(), &pb.CreateWebhookSubscriptionRequest{
				WebhookSubscription: &pb.WebhookSubscription{Stream: w.Stream, Url: w.Url}, Cursor: cursor,
			})
			return err
		},
		"enable": func(t *testing.T, s *change.Service, cursor string, _ *pb.WebhookSubscription) error {
			other := newReceiver(t, nil).subscribe(s)
			disable(t, s, other.Name)
			_, err := s.EnableWebhookSubscription(as(t, "EnableWebhookSubscription"), &pb.EnableWebhookSubscriptionRequest{Name: other.Name, Cursor: cursor})
			return err
		},
	} {
		t.Run(way, func(t *testing.T) {
			db, s := newFeed(t, 2)
			early := mustList(t, s, "", 1).NextCursor
			s = webhooks(db)
			r := newReceiver(t, nil)
			w := r.subscribe(s)
			emitMany(t, db, 3, 5)
			stop := deliver(t, s)
			r.want(3, 4)
			fifth := r.next()
			stop()
			cursor := fifth.data["cursor"].(string) // of what was posted, which any way takes
			putBack(t, db, 2, 4)
			another := database.NewDB(db.SQL(), nil) // a server that has read nothing
			defer another.Close()
			s = webhooks(another)
			if page := mustList(t, s, early, 10); len(page.Changes) != 5 {
				t.Errorf("before anybody knows, %v are read", page.Changes)
			}
			stop = deliver(t, s)
			r.want(3, 4)
			if again := r.next(); again.number() != 5 || again.id == fifth.id {
				t.Errorf("another change is told as %s, after %s", again.id, fifth.id)
			}
			r.want(6)
			stop()
			var known *api.Error
			if err := comeBack(t, s, cursor, w); !errors.As(err, &known) || known.Reason != api.CursorExpired {
				t.Errorf("who comes back is told %v", err)
			}
			if _, err := list(t, s, early, 10); !errors.As(err, &known) || known.Reason != api.CursorExpired {
				t.Errorf("who pulls is told %v", err)
			}
			deliver(t, s)
			if g := r.next(); g.event.Type() != "btlc.feed.restarted" {
				t.Errorf("the subscriber is told %s", g.body)
			}
		})
	}
}
