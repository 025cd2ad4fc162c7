package access

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	pb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

// System is the principal of what the server does by itself.
const System = "system"

// bootstrapMethod is what the audit record calls the making of a client by the server itself.
const bootstrapMethod = "bootstrap"

// Bootstrap makes a client with these roles and a key, without a caller: for the demo. The key works for a year.
func (s *Service) Bootstrap(ctx context.Context, name string, grants ...Grant) (secret string, err error) {
	return s.BootstrapAgain(ctx, bootstrapMethod, name, grants...)
}

// BootstrapAgain is Bootstrap for an operator in need. method is what the audit record says it was made by.
func (s *Service) BootstrapAgain(ctx context.Context, method, name string, grants ...Grant) (secret string, err error) {
	err = s.store.db.InTx(ctx, false, func(ctx context.Context, tx *database.Tx) error {
		secret, err = s.bootstrap(ctx, tx, method, name, grants)
		return err
	})
	return secret, err
}

// BootstrapFirst is Bootstrap for a database that has no API client yet, and says whether that was so. Of many servers
// that start at once, one makes it. keep is given the key before it is committed, since nobody could make another if it
// were lost then; it may be called again, with the key that counts.
func (s *Service) BootstrapFirst(ctx context.Context, name string, keep func(secret string) error, grants ...Grant) (made bool, err error) {
	err = s.store.db.InTx(ctx, false, func(ctx context.Context, tx *database.Tx) error {
		made = false
		if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock(hashtext('btlc.bootstrap'))"); err != nil {
			return fmt.Errorf("lock the API clients: %w", err)
		}
		if exists, err := tx.APIClient.Query().Exist(ctx); err != nil || exists {
			return err
		}
		secret, err := s.bootstrap(ctx, tx, bootstrapMethod, name, grants)
		if err != nil {
			return err
		}
		made = true
		return keep(secret)
	})
	return made && err == nil, err
}

func (s *Service) bootstrap(ctx context.Context, tx *database.Tx, method, name string, grants []Grant) (secret string, err error) {
	secret, prefix, hash := newKey()
	client, err := tx.APIClient.Create().SetDisplayName(name).SetCreateTime(tx.Now).SetUpdateTime(tx.Now).Save(ctx)
	if err != nil {
		return "", err
	}
	clientName := api.Name("btlc/ApiClient", client.ID)
	for _, g := range grants {
		if _, err := s.store.createBinding(ctx, tx, &pb.RoleBinding{ApiClient: clientName, Role: g.Role, Scope: g.Scope}); err != nil {
			return "", err
		}
	}
	err = tx.APIKey.Create().SetAPIClientID(client.ID).SetPrefix(prefix).SetHash(hash).SetExpireTime(tx.Now.Add(365 * 24 * time.Hour)).SetCreateTime(tx.Now).Exec(ctx)
	if err != nil {
		return "", err
	}
	tx.Wrote(clientName)
	return secret, tx.AuditWrite(ctx, System, method, uuid.Must(uuid.NewV7()).String())
}
