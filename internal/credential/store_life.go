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
		over := credential.And(credential.StatusIn(counted...), credential.ExpireTimeLTE(tx.Now))
		// The people first, then their credentials, as an award does.
		holders, err := tx.Educator.Query().Where(func(s *sql.Selector) {
			of := sql.Dialect(s.Dialect()).Select(credential.FieldEducatorID).From(sql.Table(credential.Table)).OrderBy(credential.FieldExpireTime).Limit(atMost)
			over(of)
			s.Where(sql.In(s.C(educator.FieldID), of))
		}).Order(ent.Asc(educator.FieldID)).ForUpdate(sql.WithLockClause("FOR NO KEY UPDATE SKIP LOCKED")).IDs(ctx)
		if err != nil {
			return err
		}
		due, err := tx.Credential.Query().Where(over, credential.EducatorIDIn(holders...)).Order(ent.Asc(credential.FieldExpireTime)).
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
