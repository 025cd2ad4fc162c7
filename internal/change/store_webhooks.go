package change

import (
	"context"
	"errors"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/lib/pq"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/predicate"
	"github.com/btlc/btlc/ent/webhooksubscription"
	pb "github.com/btlc/btlc/gen/go/btlc/change/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/webhook"
)

var subscriptionList = &api.ListSpec{Default: "create_time", Columns: map[string]api.Column{
	"state": api.EnumColumn[pb.WebhookSubscription_State](webhooksubscription.FieldState), "create_time": {Name: webhooksubscription.FieldCreateTime, Kind: api.InstantColumn},
}}

type subscriptionRow = ent.WebhookSubscription

// subscriptionProto is a subscription as callers see it. What deliveries change of it changes neither etag nor update time:
// somebody who edits it would lose against every delivery.
func subscriptionProto(row *ent.WebhookSubscription) *pb.WebhookSubscription {
	return &pb.WebhookSubscription{
		Name: api.Name("btlc/WebhookSubscription", row.ID), Stream: row.Stream, Url: row.URL, Description: row.Description, ResourceTypes: row.ResourceTypes, ContactEmail: row.ContactEmail,
		State: api.EnumOf[pb.WebhookSubscription_State](row.State), Failure: row.Failure, DeliveredSequence: int32(row.DeliveredNumber),
		FailingSinceTime: api.OptionalTimestamp(row.FailingSinceTime), PreviousSecretExpireTime: api.OptionalTimestamp(row.PreviousSecretExpireTime),
		CreateTime: api.Timestamp(row.CreateTime), UpdateTime: api.Timestamp(row.UpdateTime), Etag: api.Etag(row.Version),
	}
}

func (s store) subscription(ctx context.Context, name string) (*ent.WebhookSubscription, error) {
	row, err := s.db.Ent().WebhookSubscription.Get(ctx, api.LastUUID(name))
	if ent.IsNotFound(err) {
		return nil, api.Missing(name)
	}
	return row, err
}

// lockedSubscription is the subscription, held against others until the transaction ends.
func (s store) lockedSubscription(ctx context.Context, tx *database.Tx, name string) (*ent.WebhookSubscription, error) {
	row, err := tx.WebhookSubscription.Query().Where(webhooksubscription.ID(api.LastUUID(name))).ForUpdate().Only(ctx)
	if ent.IsNotFound(err) {
		return nil, api.Missing(name)
	}
	return row, err
}

func (s store) listSubscriptions(ctx context.Context, req *pb.ListWebhookSubscriptionsRequest) ([]*pb.WebhookSubscription, string, error) {
	q, err := api.ParseList(req, subscriptionList)
	if err != nil {
		return nil, "", err
	}
	rows, err := s.db.Ent().WebhookSubscription.Query().Where(webhooksubscription.Stream(req.GetStream()), predicate.WebhookSubscription(q.Apply)).All(ctx)
	if err != nil {
		return nil, "", err
	}
	items, next := api.Page(q, rows, subscriptionProto)
	return items, next, nil
}

func (s store) createSubscription(ctx context.Context, tx *database.Tx, w *pb.WebhookSubscription, secret webhook.Secret, from database.Cursor) (*ent.WebhookSubscription, error) {
	return tx.WebhookSubscription.Create().SetStream(w.GetStream()).SetURL(w.GetUrl()).SetDescription(w.GetDescription()).SetResourceTypes(nonNil(w.GetResourceTypes())).
		SetContactEmail(w.GetContactEmail()).SetState(subscriptionLife.First()).SetSecret([]byte(secret.Reveal())).SetEpoch(from.Epoch).SetDeliveredNumber(from.Number).
		SetCreateTime(tx.Now).SetUpdateTime(tx.Now).Save(ctx)
}

func nonNil(words []string) []string {
	if words == nil {
		return []string{}
	}
	return words
}

func (s store) updateSubscription(ctx context.Context, tx *database.Tx, row *ent.WebhookSubscription, next *pb.WebhookSubscription, hold time.Duration) (*ent.WebhookSubscription, error) {
	if next.GetUrl() != row.URL { // soon, and with all its attempts: those of before were another address's
		var err error
		if row, err = s.resume(ctx, tx, row.ID, database.NewCursor(row.Epoch, row.Stream, row.DeliveredNumber), hold); err != nil {
			return nil, err
		}
	}
	return row.Update().SetURL(next.GetUrl()).SetDescription(next.GetDescription()).SetResourceTypes(nonNil(next.GetResourceTypes())).
		SetContactEmail(next.GetContactEmail()).SetUpdateTime(tx.Now).AddVersion(1).Save(ctx)
}

// move takes a subscription to the state that a verb leads to, and tells its stream. A range that was to be delivered again is
// called off.
func (s store) move(ctx context.Context, tx *database.Tx, row *ent.WebhookSubscription, verb, failure string) (*ent.WebhookSubscription, error) {
	state, err := subscriptionLife.After("webhook subscription", row.State, verb)
	if err != nil {
		return nil, err
	}
	if row, err = row.Update().SetState(state).SetFailure(failure).SetRedeliverFrom(0).SetRedeliverTo(0).SetUpdateTime(tx.Now).AddVersion(1).Save(ctx); err != nil {
		return nil, err
	}
	tx.Emit(database.Change{
		Streams: []string{row.Stream}, Resource: api.Name("btlc/WebhookSubscription", row.ID), Type: "btlc/WebhookSubscription", Version: row.Version, Kind: "UPDATED",
		State: map[string]any{"state": row.State, "failure": row.Failure},
	})
	return row, nil
}

// resume has a subscription go on after a place, with all attempts before it. An attempt that may be under way, from before,
// loses its lease and is waited for, so that it is over before the next one begins.
func (s store) resume(ctx context.Context, tx *database.Tx, id uuid.UUID, from database.Cursor, hold time.Duration) (*ent.WebhookSubscription, error) {
	if _, err := tx.ExecContext(ctx, `UPDATE webhook_subscriptions SET epoch = $2, delivered_number = $3, attempts = 0, failing_since_time = NULL, warn_time = NULL,
		next_attempt_time = CASE WHEN next_attempt_time > clock_timestamp() THEN clock_timestamp() + $4 * interval '1 microsecond' ELSE clock_timestamp() END WHERE id = $1`,
		id, from.Epoch, from.Number, hold.Microseconds()); err != nil {
		return nil, err
	}
	return tx.WebhookSubscription.Get(ctx, id)
}

// countChanges says how many of the changes of a range a subscription gets.
func (s store) countChanges(ctx context.Context, tx *database.Tx, row *ent.WebhookSubscription, first, last int32) (n int32, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT count(*) FROM feed_rows WHERE stream = $1 AND number BETWEEN $2 AND $3 AND (cardinality($4::text[]) = 0 OR resource_type = ANY ($4))`,
		row.Stream, first, last, pq.Array(nonNil(row.ResourceTypes)))
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	if rows.Next() {
		err = rows.Scan(&n)
	}
	return n, errors.Join(err, rows.Err())
}

func (s store) deleteSubscription(ctx context.Context, tx *database.Tx, row *ent.WebhookSubscription) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM webhook_deliveries WHERE subscription_id = $1`, row.ID); err != nil {
		return err
	}
	return tx.WebhookSubscription.DeleteOne(row).Exec(ctx)
}

// deliveryRow is an attempt as the log has it. The tags are the names of the columns, by which lists find them.
type deliveryRow struct {
	ID          uuid.UUID `json:"id"`
	AttemptTime time.Time `json:"attempt_time"`
	MessageID   string    `json:"message_id"`
	Number      int64     `json:"number"`
	Attempt     int32     `json:"attempt"`
	Outcome     string    `json:"outcome"`
	StatusCode  int32     `json:"status_code"`
	Detail      string    `json:"detail"`
	DurationMS  int32     `json:"duration_ms"`
	Redelivery  bool      `json:"redelivery"`
}

func deliveryProto(row *deliveryRow) *pb.WebhookDelivery {
	return &pb.WebhookDelivery{
		MessageId: row.MessageID, Sequence: int32(row.Number), Attempt: row.Attempt, Outcome: api.EnumOf[pb.WebhookDelivery_Outcome](row.Outcome), StatusCode: row.StatusCode,
		Detail: row.Detail, DurationMs: row.DurationMS, Redelivery: row.Redelivery, AttemptTime: api.Timestamp(row.AttemptTime),
	}
}

var deliveryList = &api.ListSpec{Default: "attempt_time desc", Columns: map[string]api.Column{
	"sequence": {Name: "number", Kind: api.NumberColumn, FilterOnly: true}, "outcome": api.EnumColumn[pb.WebhookDelivery_Outcome]("outcome"),
	"attempt_time": {Name: "attempt_time", Kind: api.InstantColumn},
}}

func (s store) listDeliveries(ctx context.Context, req *pb.ListWebhookDeliveriesRequest) ([]*pb.WebhookDelivery, string, error) {
	q, err := api.ParseList(req, deliveryList)
	if err != nil {
		return nil, "", err
	}
	log := entsql.Table("webhook_deliveries")
	selector := entsql.Dialect(dialect.Postgres).Select("id", "attempt_time", "message_id", "number", "attempt", "outcome", "status_code", "detail", "duration_ms", "redelivery").
		From(log).Where(entsql.EQ(log.C("subscription_id"), api.LastUUID(req.GetParent())))
	q.Apply(selector)
	statement, arguments := selector.Query()
	rows, err := s.db.SQL().QueryContext(ctx, statement, arguments...)
	if err != nil {
		return nil, "", err
	}
	defer rows.Close()
	var found []*deliveryRow
	for rows.Next() {
		r := &deliveryRow{}
		if err := rows.Scan(&r.ID, &r.AttemptTime, &r.MessageID, &r.Number, &r.Attempt, &r.Outcome, &r.StatusCode, &r.Detail, &r.DurationMS, &r.Redelivery); err != nil {
			return nil, "", err
		}
		found = append(found, r)
	}
	if err := rows.Err(); err != nil {
		return nil, "", err
	}
	items, next := api.Page(q, found, deliveryProto)
	return items, next, nil
}

// logTest puts a test on the log.
func (s store) logTest(ctx context.Context, tx *database.Tx, id uuid.UUID, d *deliveryRow) error {
	_, err := tx.ExecContext(ctx, insertDelivery, deliveryValues(id, d)...)
	return err
}
