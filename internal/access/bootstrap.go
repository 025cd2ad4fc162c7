package access

import (
	"context"
	"time"

	"github.com/google/uuid"

	pb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

// System is the principal of what the server does by itself.
const System = "system"

// Bootstrap makes a client with these roles and a key, without a caller: for the first administrator, and for the demo.
// The key works for a year.
func (s *Service) Bootstrap(ctx context.Context, name string, grants ...Grant) (secret string, err error) {
	secret, prefix, hash := newKey()
	err = s.store.db.InTx(ctx, false, func(ctx context.Context, tx *database.Tx) error {
		client, err := tx.APIClient.Create().SetDisplayName(name).SetCreateTime(tx.Now).SetUpdateTime(tx.Now).Save(ctx)
		if err != nil {
			return err
		}
		clientName := api.Name("btlc/ApiClient", client.ID)
		for _, g := range grants {
			if _, err := s.store.createBinding(ctx, tx, &pb.RoleBinding{ApiClient: clientName, Role: g.Role, Scope: g.Scope}); err != nil {
				return err
			}
		}
		err = tx.APIKey.Create().SetAPIClientID(client.ID).SetPrefix(prefix).SetHash(hash).SetExpireTime(tx.Now.Add(365 * 24 * time.Hour)).SetCreateTime(tx.Now).Exec(ctx)
		if err != nil {
			return err
		}
		tx.Wrote(clientName)
		return tx.AuditWrite(ctx, System, "bootstrap", uuid.Must(uuid.NewV7()).String())
	})
	return secret, err
}

// HasClients says whether there is any API client: a database without one has just been made.
func (s *Service) HasClients(ctx context.Context) (bool, error) {
	return s.store.db.Ent().APIClient.Query().Exist(ctx)
}
