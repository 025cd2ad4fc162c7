package credential

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/credential"
	"github.com/btlc/btlc/ent/educator"
	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

// reissue makes a credential that stands in the place of another one: of the same worth for the same time, by the policy
// and the framework that the other one was awarded by. Whether its holder may have it is not decided again.
func (s store) reissue(ctx context.Context, tx *database.Tx, req *pb.ReissueCredentialRequest) (*pb.Credential, error) {
	held, err := tx.Credential.Query().Where(credential.ID(api.LastUUID(req.GetName()))).Select(credential.FieldEducatorID).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, api.Missing(req.GetName())
	} else if err != nil {
		return nil, err
	}
	// The person first, then the credential, as an award does: the two never wait for each other.
	if _, err := tx.Educator.Query().Where(educator.ID(held.EducatorID)).ForUpdate().OnlyID(ctx); err != nil {
		return nil, err
	}
	row, _, err := toChange(ctx, tx, req, "reissue")
	if err != nil {
		return nil, err
	}
	kind, err := s.typeRow(ctx, tx.Client, row.CredentialTypeID)
	if err != nil {
		return nil, err
	}
	framework, err := tx.Framework.Get(ctx, row.FrameworkID)
	if err != nil {
		return nil, err
	}
	certificates, err := s.basis(ctx, tx, row.EducatorID, kind)
	if err != nil {
		return nil, err
	}
	return s.put(ctx, tx, terms{
		educator: row.EducatorID, kind: kind, version: row.Edges.PolicyVersion, framework: framework, status: row.Status, expires: row.ExpireTime,
		certificates: certificates, supersedes: row, reason: req.GetReasonCode(), authority: req.GetAuthority(), note: req.GetNote(),
	})
}

// supersede ends the credential in whose place another one is put, and tells those whom it concerns.
func supersede(ctx context.Context, tx *database.Tx, on terms) error {
	next, err := credentialLife.After("credential", on.supersedes.Status, "reissue")
	if err != nil {
		return err
	}
	c, err := turn(ctx, tx, on.supersedes, turning{next, tx.Now, on.reason, on.authority, on.note})
	if err != nil {
		return err
	}
	return announce(ctx, tx, "UPDATED", c)
}

// validityEnded is the reason code of what has expired.
const validityEnded = "VALIDITY_ENDED"

// expiryMethod is what the audit record calls it when credentials expire.
const expiryMethod = "expiry"

// expireDue has at most so many credentials whose time is over expire, and says how many did. Those that another
// transaction has in hand are left to it, or to the next time.
func (s store) expireDue(ctx context.Context, atMost int) (expired int, err error) {
	err = s.db.InTx(ctx, false, func(ctx context.Context, tx *database.Tx) error {
		due, err := tx.Credential.Query().Where(credential.StatusIn(counted...), credential.ExpireTimeLTE(tx.Now)).Order(ent.Asc(credential.FieldExpireTime)).
			Limit(atMost).WithPolicyVersion().ForUpdate(sql.WithLockAction(sql.SkipLocked)).All(ctx)
		expired = len(due)
		if err != nil || expired == 0 {
			return err
		}
		if err := expire(ctx, tx, due...); err != nil {
			return err
		}
		tx.Wrote("") // not one credential: the record says whom it concerns
		return tx.AuditWrite(ctx, access.System, expiryMethod, uuid.Must(uuid.NewV7()).String())
	})
	return expired, err
}

// expire ends credentials whose time is over, in the name of their policies, and tells those whom it concerns.
func expire(ctx context.Context, tx *database.Tx, rows ...*ent.Credential) error {
	ctx = api.WithCall(ctx, &api.Call{Principal: access.System}) // whoever's call it is that came upon them
	ended := make([]*pb.Credential, len(rows))
	for i, row := range rows {
		next, err := credentialLife.After("credential", row.Status, "expire")
		if err != nil {
			return err
		}
		if ended[i], err = turn(ctx, tx, row, turning{next, *row.ExpireTime, validityEnded, authorityOf(row.Edges.PolicyVersion), ""}); err != nil {
			return err
		}
	}
	return announce(ctx, tx, "UPDATED", ended...)
}
