package change

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent/migrate/migrations"
	pb "github.com/btlc/btlc/gen/go/btlc/change/v1"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/database/databasetest"
	"github.com/btlc/btlc/internal/webhook"
)

// Who has lost a lease saves nothing but what was attempted: neither how far it came nor that it failed.
func TestLostLeases(t *testing.T) {
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx := t.Context()
	pool, err := database.Open(ctx, databasetest.New(t, migrations.FS), database.PoolOptions{MaxConns: 4, ServerRole: true})
	check(err)
	db := database.NewDB(pool, nil)
	t.Cleanup(func() {
		db.Close()
		_ = pool.Close()
	})
	s := store{db}
	var id uuid.UUID
	check(db.InTx(ctx, false, func(ctx context.Context, tx *database.Tx) error {
		bounds, err := db.ReadFeedBounds(ctx, tx, "program", database.Cursor{})
		if err != nil {
			return err
		}
		row, err := s.createSubscription(ctx, tx, &pb.WebhookSubscription{Stream: "program", Url: "https://hr.example.org/"}, webhook.NewSecret(), bounds.End("program"))
		if err == nil {
			id = row.ID
		}
		return err
	}))
	claim := func(hold time.Duration) *lease {
		t.Helper()
		l, err := s.claim(ctx, hold, true)
		check(err)
		return l
	}
	if l := claim(time.Hour); l != nil {
		t.Fatalf("with nothing to deliver: %+v", l)
	}
	check(db.InTx(ctx, false, func(_ context.Context, tx *database.Tx) error {
		for range 2 {
			tx.Emit(database.Change{Streams: []string{"program"}, Resource: "things/1", Type: "btlc/Thing", Version: 1, Kind: "CREATED"})
		}
		return nil
	}))
	lost, holder := claim(0), claim(time.Hour) // the first is over as it begins
	if lost == nil || holder == nil || claim(time.Hour) != nil {
		t.Fatalf("the leases are %+v and %+v", lost, holder)
	}
	attempt := func() *deliveryRow {
		d := &deliveryRow{}
		d.fill("msg_1", 1, webhook.Result{Outcome: webhook.Delivered})
		return d
	}
	lost.delivered = 2
	if held, err := s.save(ctx, lost, time.Hour, attempt()); err != nil || held {
		t.Errorf("saving under a lost lease: %v, %v", held, err)
	}
	told := func(context.Context, *database.Tx, time.Time) error {
		t.Error("under a lost lease somebody is told")
		return nil
	}
	check(s.fail(ctx, lost, "It is over.", attempt(), told))
	row, err := s.subscription(ctx, "webhookSubscriptions/"+id.String())
	check(err)
	if row.DeliveredNumber != 0 || row.State != "ENABLED" || row.Version != 1 {
		t.Errorf("afterwards it is %v", row)
	}
	holder.delivered = 1
	if held, err := s.save(ctx, holder, 0, attempt()); err != nil || !held || holder.delivered != 1 {
		t.Errorf("saving under the lease that holds: %v, %v", held, err)
	}
	if l := claim(time.Hour); l == nil || l.delivered != 1 {
		t.Errorf("the next lease is %+v", l)
	}
	var logged int
	check(pool.QueryRowContext(ctx, `SELECT count(*) FROM webhook_deliveries WHERE subscription_id = $1`, id).Scan(&logged))
	if logged != 3 {
		t.Errorf("%d attempts are on record", logged)
	}
}
