package notice

import (
	"context"
	"net/mail"
	"net/url"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	_ "github.com/btlc/btlc/gen/go/btlc/change/v1" // what subscriptions are called
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

// writeToContact puts a notice to the contact of a webhook subscription into the outbox.
func (s store) writeToContact(ctx context.Context, tx *database.Tx, subscription uuid.UUID, kind Kind, told facts) error {
	row, err := tx.WebhookSubscription.Get(ctx, subscription)
	if err != nil {
		return err
	}
	subject, err := wordings[kind].subject(Data{Webhook: webhookOf(row, told)})
	if err != nil {
		return err
	}
	kept, err := told.row()
	if err != nil {
		return err
	}
	return tx.Notice.Create().SetWebhookSubscriptionID(subscription).SetKind(string(kind)).SetFacts(kept).SetSubject(subject).
		SetState(noticeLife.First()).SetNextAttemptTime(tx.Now).SetCreateTime(tx.Now).Exec(ctx)
}

// dueToContact is a notice to the contact of a webhook subscription, which is nobody's to turn off but by taking the address away.
func dueToContact(row *ent.Notice, told facts) due {
	w := row.Edges.WebhookSubscription
	return due{
		id: row.ID, kind: Kind(row.Kind), subject: row.Subject, attempts: int(row.Attempts), created: row.CreateTime,
		data: Data{Webhook: webhookOf(w, told), Deadline: told.Deadline},
		to:   mail.Address{Address: w.ContactEmail}, wanted: true,
		state: w.State, failing: w.FailingSinceTime != nil && w.FailingSinceTime.Equal(told.Since),
	}
}

func webhookOf(row *ent.WebhookSubscription, told facts) Webhook {
	return Webhook{
		Name: api.Name("btlc/WebhookSubscription", row.ID), Stream: row.Stream, Description: row.Description, Host: hostOf(row.URL),
		Since: told.Since, Failure: told.Failure, Delivered: row.DeliveredNumber,
	}
}

// hostOf is the host of a URL, whatever else of it may be secret: what asks for it, the path, the query. It is empty for what is none.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return line(u.Host)
}
