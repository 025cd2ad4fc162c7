package change

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	pb "github.com/btlc/btlc/gen/go/btlc/change/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/webhook"
)

const (
	// defaultOverlap is how long the secret of before signs too.
	defaultOverlap = 24 * time.Hour
	// maxRedelivery is how many changes can be asked for again at a time.
	maxRedelivery = 10_000
)

// GetWebhookSubscription gets a subscription, without its secret.
func (s *Service) GetWebhookSubscription(ctx context.Context, req *pb.GetWebhookSubscriptionRequest) (*pb.GetWebhookSubscriptionResponse, error) {
	row, err := s.authorized(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	return &pb.GetWebhookSubscriptionResponse{WebhookSubscription: subscriptionProto(row)}, nil
}

// authorized is the subscription, if the caller may do with it what they ask.
func (s *Service) authorized(ctx context.Context, name string) (*subscriptionRow, error) {
	row, err := s.store.subscription(ctx, name)
	if err != nil {
		return nil, err
	}
	return row, access.Authorize(ctx, name, row.Stream)
}

// ListWebhookSubscriptions lists the subscriptions of a stream.
func (s *Service) ListWebhookSubscriptions(ctx context.Context, req *pb.ListWebhookSubscriptionsRequest) (*pb.ListWebhookSubscriptionsResponse, error) {
	if err := s.store.checkStream(ctx, req.GetStream()); err != nil {
		return nil, err
	}
	items, next, err := s.store.listSubscriptions(ctx, req)
	return &pb.ListWebhookSubscriptionsResponse{WebhookSubscriptions: items, NextPageToken: next}, err
}

// CreateWebhookSubscription subscribes, and shows the secret, once.
func (s *Service) CreateWebhookSubscription(ctx context.Context, req *pb.CreateWebhookSubscriptionRequest) (*pb.CreateWebhookSubscriptionResponse, error) {
	asked := req.GetWebhookSubscription()
	if err := s.store.checkStream(ctx, asked.GetStream()); err != nil {
		return nil, err
	}
	if wrong := checkURL(asked.GetUrl(), s.options.Networks); wrong != nil {
		return nil, api.Invalid(*wrong)
	}
	secret := webhook.NewSecret()
	return api.WriteSecret(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.CreateWebhookSubscriptionResponse, error) {
		from, err := s.place(ctx, tx, asked.GetStream(), req.GetCursor(), nil)
		if err != nil {
			return nil, err
		}
		row, err := s.store.createSubscription(ctx, tx, asked, secret, from)
		if err != nil {
			return nil, err
		}
		w := subscriptionProto(row)
		tx.Wrote(w.Name)
		return &pb.CreateWebhookSubscriptionResponse{WebhookSubscription: w, Secret: secret.Reveal()}, nil
	})
}

// place is where a caller's cursor leads; without one, the place that is kept, or else the end. CURSOR_EXPIRED when changes
// after it are lost.
func (s *Service) place(ctx context.Context, tx *database.Tx, stream, text string, kept *database.Cursor) (from database.Cursor, err error) {
	if text != "" {
		if from, err = database.ReadCursor(text, stream); err != nil {
			return from, api.InvalidField("cursor", "%s", err.Error())
		}
		kept = &from
	}
	bounds, err := s.store.db.ReadFeedBounds(ctx, tx, stream, from)
	switch {
	case err != nil:
		return from, err
	case kept == nil:
		return bounds.End(stream), nil
	case !bounds.Reaches(*kept):
		return from, expired(bounds)
	}
	return *kept, nil
}

// UpdateWebhookSubscription changes where to, what for, which and who is told when it fails.
func (s *Service) UpdateWebhookSubscription(ctx context.Context, req *pb.UpdateWebhookSubscriptionRequest) (*pb.UpdateWebhookSubscriptionResponse, error) {
	name := req.GetWebhookSubscription().GetName()
	if _, err := s.authorized(ctx, name); err != nil {
		return nil, err
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.UpdateWebhookSubscriptionResponse, error) {
		row, err := s.store.lockedSubscription(ctx, tx, name)
		if err != nil {
			return nil, err
		}
		current := subscriptionProto(row)
		if err := api.CheckEtag(ctx, req.ProtoReflect(), current); err != nil {
			return nil, err
		}
		next, err := api.ApplyMask(ctx, req, current)
		if err != nil {
			return nil, err
		}
		if wrong := checkURL(next.GetUrl(), s.options.Networks); wrong != nil {
			return nil, api.Invalid(*wrong)
		}
		if row, err = s.store.updateSubscription(ctx, tx, row, next, s.hold()); err != nil {
			return nil, err
		}
		tx.Wrote(name)
		return &pb.UpdateWebhookSubscriptionResponse{WebhookSubscription: subscriptionProto(row)}, nil
	})
}

// mine is the subscription that a request names and its caller may change, held against others until the transaction ends.
func (s *Service) mine(ctx context.Context, tx *database.Tx, req interface {
	proto.Message
	GetName() string
}) (*subscriptionRow, error) {
	row, err := s.store.lockedSubscription(ctx, tx, req.GetName())
	if err != nil {
		return nil, err
	}
	if err := access.Authorize(ctx, req.GetName(), row.Stream); err != nil {
		return nil, err
	}
	tx.Wrote(req.GetName())
	return row, api.CheckEtag(ctx, req.ProtoReflect(), subscriptionProto(row))
}

// EnableWebhookSubscription has changes delivered again.
func (s *Service) EnableWebhookSubscription(ctx context.Context, req *pb.EnableWebhookSubscriptionRequest) (*pb.EnableWebhookSubscriptionResponse, error) {
	if _, err := s.authorized(ctx, req.GetName()); err != nil {
		return nil, err
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.EnableWebhookSubscriptionResponse, error) {
		row, err := s.mine(ctx, tx, req)
		if err != nil {
			return nil, err
		}
		kept := database.NewCursor(row.Epoch, row.Stream, row.DeliveredNumber)
		from, err := s.place(ctx, tx, row.Stream, req.GetCursor(), &kept)
		if err != nil {
			return nil, err
		}
		if _, err = s.store.move(ctx, tx, row, "enable", ""); err != nil {
			return nil, err
		}
		if row, err = s.store.resume(ctx, tx, row.ID, from, s.hold()); err != nil {
			return nil, err
		}
		return &pb.EnableWebhookSubscriptionResponse{WebhookSubscription: subscriptionProto(row)}, nil
	})
}

// DisableWebhookSubscription has changes delivered no more, neither new ones nor again. One that is on its way still arrives.
func (s *Service) DisableWebhookSubscription(ctx context.Context, req *pb.DisableWebhookSubscriptionRequest) (*pb.DisableWebhookSubscriptionResponse, error) {
	if _, err := s.authorized(ctx, req.GetName()); err != nil {
		return nil, err
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.DisableWebhookSubscriptionResponse, error) {
		row, err := s.mine(ctx, tx, req)
		if err != nil {
			return nil, err
		}
		if row, err = s.store.move(ctx, tx, row, "disable", ""); err != nil {
			return nil, err
		}
		return &pb.DisableWebhookSubscriptionResponse{WebhookSubscription: subscriptionProto(row)}, nil
	})
}

// DeleteWebhookSubscription deletes a subscription with its log.
func (s *Service) DeleteWebhookSubscription(ctx context.Context, req *pb.DeleteWebhookSubscriptionRequest) (*pb.DeleteWebhookSubscriptionResponse, error) {
	if _, err := s.authorized(ctx, req.GetName()); err != nil {
		if known, ok := errors.AsType[*api.Error](err); !ok || known.Reason != api.NotFound {
			return nil, err
		}
		// It may be gone because of this very request, whose first answer its caller gets again.
		access.Reach(ctx)
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.DeleteWebhookSubscriptionResponse, error) {
		row, err := s.mine(ctx, tx, req)
		if err != nil {
			return nil, err
		}
		return &pb.DeleteWebhookSubscriptionResponse{}, s.store.deleteSubscription(ctx, tx, row)
	})
}

// RotateWebhookSecret makes another secret and shows it, once. The one of before signs too for a while.
func (s *Service) RotateWebhookSecret(ctx context.Context, req *pb.RotateWebhookSecretRequest) (*pb.RotateWebhookSecretResponse, error) {
	if _, err := s.authorized(ctx, req.GetName()); err != nil {
		return nil, err
	}
	secret, overlap := webhook.NewSecret(), time.Duration(req.GetOverlapHours())*time.Hour
	if overlap == 0 {
		overlap = defaultOverlap
	}
	return api.WriteSecret(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.RotateWebhookSecretResponse, error) {
		row, err := s.mine(ctx, tx, req)
		if err != nil {
			return nil, err
		}
		row, err = row.Update().SetPreviousSecret(row.Secret).SetPreviousSecretExpireTime(tx.Now.Add(overlap)).SetSecret([]byte(secret.Reveal())).
			SetUpdateTime(tx.Now).AddVersion(1).Save(ctx)
		if err != nil {
			return nil, err
		}
		return &pb.RotateWebhookSecretResponse{WebhookSubscription: subscriptionProto(row), Secret: secret.Reveal()}, nil
	})
}

// TestWebhookSubscription posts a test event, whatever the state, and says what came of it. Nothing else waits for it, and
// it counts for nothing.
func (s *Service) TestWebhookSubscription(ctx context.Context, req *pb.TestWebhookSubscriptionRequest) (*pb.TestWebhookSubscriptionResponse, error) {
	row, err := s.authorized(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	secrets, err := secretsOf(row.Secret, row.PreviousSecret, row.PreviousSecretExpireTime, s.store.db.Now())
	if err != nil {
		return nil, err
	}
	m := testEvent(s.options.PublicURL, row.Stream, uuid.Must(uuid.NewV7()).String(), s.store.db.Now())
	result, err := webhook.Send(ctx, s.client, row.URL, m, secrets...)
	if err != nil {
		return nil, err
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.TestWebhookSubscriptionResponse, error) {
		if _, err := s.store.lockedSubscription(ctx, tx, req.GetName()); err != nil {
			return nil, err
		}
		d := &deliveryRow{AttemptTime: tx.Now}
		d.fill(m.ID, 1, result)
		tx.Wrote(req.GetName())
		return &pb.TestWebhookSubscriptionResponse{Delivery: deliveryProto(d)}, s.store.logTest(ctx, tx, row.ID, d)
	})
}

// RedeliverChanges has a range of changes that were delivered delivered again, until one is not taken.
func (s *Service) RedeliverChanges(ctx context.Context, req *pb.RedeliverChangesRequest) (*pb.RedeliverChangesResponse, error) {
	if n := int64(req.GetLastSequence()) - int64(req.GetFirstSequence()) + 1; n < 1 || n > maxRedelivery {
		return nil, api.InvalidField("lastSequence", "is not before firstSequence, and the range has %d changes at most", maxRedelivery)
	}
	if _, err := s.authorized(ctx, req.GetName()); err != nil {
		return nil, err
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.RedeliverChangesResponse, error) {
		row, err := s.mine(ctx, tx, req)
		if err != nil {
			return nil, err
		}
		bounds, err := s.store.db.ReadFeedBounds(ctx, tx, row.Stream, database.Cursor{})
		if err != nil {
			return nil, err
		}
		switch {
		case row.State != subscriptionLife.First():
			return nil, api.Errorf(api.StateConflict, "The webhook subscription is %s; this takes one that is %s.", row.State, subscriptionLife.First()).With("state", row.State)
		case row.RedeliverTo > 0:
			return nil, api.Errorf(api.StateConflict, "The changes from %d to %d are being delivered again: wait for them, or disable the subscription to call them off.", row.RedeliverFrom, row.RedeliverTo)
		case int64(req.GetLastSequence()) > row.DeliveredNumber:
			return nil, api.InvalidField("lastSequence", "is %d at most: what comes after it has not been delivered yet", row.DeliveredNumber)
		case !bounds.Reaches(database.NewCursor(row.Epoch, row.Stream, int64(req.GetFirstSequence())-1)):
			return nil, expired(bounds)
		}
		n, err := s.store.countChanges(ctx, tx, row, req.GetFirstSequence(), req.GetLastSequence())
		if err != nil {
			return nil, err
		}
		if n > 0 {
			err = row.Update().SetRedeliverFrom(int64(req.GetFirstSequence())).SetRedeliverTo(int64(req.GetLastSequence())).Exec(ctx)
		}
		return &pb.RedeliverChangesResponse{ChangeCount: n}, err
	})
}

// ListWebhookDeliveries lists the log of a subscription.
func (s *Service) ListWebhookDeliveries(ctx context.Context, req *pb.ListWebhookDeliveriesRequest) (*pb.ListWebhookDeliveriesResponse, error) {
	if _, err := s.authorized(ctx, req.GetParent()); err != nil {
		return nil, err
	}
	items, next, err := s.store.listDeliveries(ctx, req)
	return &pb.ListWebhookDeliveriesResponse{WebhookDeliveries: items, NextPageToken: next}, err
}
