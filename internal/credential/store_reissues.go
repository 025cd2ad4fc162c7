package credential

import (
	"context"

	"entgo.io/ent/dialect/sql"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/credential"
	"github.com/btlc/btlc/ent/credentialtype"
	"github.com/btlc/btlc/ent/issueresult"
	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/openbadge"
)

const (
	// keyCompromised is the reason code of what is issued anew for its key.
	keyCompromised = "KEY_COMPROMISED"
	// maxReissued bounds a batch.
	maxReissued = 1000
)

// createReissueBatch makes a batch of the credentials of a type that a compromised key has signed, as documents or as
// learner records, that still count, and that no running batch has already. An empty one is done.
func (s store) createReissueBatch(ctx context.Context, tx *database.Tx, req *pb.BatchReissueCredentialsRequest) (*pb.IssueBatch, error) {
	kind := api.LastWord(req.GetCredentialType())
	if found, err := tx.CredentialType.Query().Where(credentialtype.ID(kind)).Exist(ctx); err != nil {
		return nil, err
	} else if !found {
		return nil, api.Errorf(api.ReferenceNotFound, "There is no %q.", req.GetCredentialType()).With("resource", req.GetCredentialType())
	}
	key, err := s.issuer.compromisedKey(req.GetKeyId())
	if err != nil {
		return nil, err
	}
	signed := credential.Or(credential.KeyID(key.ID), credential.LearnerRecordHasPrefix(openbadge.CLRPrefix(s.issuer.DID, key)))
	rows, err := tx.Credential.Query().Where(credential.CredentialTypeID(kind), signed, credential.StatusIn(counted...),
		credential.Or(credential.ExpireTimeIsNil(), credential.ExpireTimeGT(tx.Now)), notPending).
		Order(ent.Asc(credential.FieldIssueTime, credential.FieldID)).Limit(maxReissued).Select(credential.FieldEducatorID).All(ctx)
	if err != nil {
		return nil, err
	}
	results := make([]*ent.IssueResultCreate, len(rows))
	for i, row := range rows {
		results[i] = tx.IssueResult.Create().SetEducatorID(row.EducatorID).SetReplacesID(row.ID)
		tx.Concerns(row.EducatorID)
	}
	verb := "batch issue"
	if len(rows) == 0 {
		verb = "batch reissue of none"
	}
	state, err := batchLife.After("batch", "", verb)
	if err != nil {
		return nil, err
	}
	return putBatch(ctx, tx, tx.IssueBatch.Create().SetCredentialTypeID(kind).SetState(state).SetReplacedKey(key.ID), results)
}

// notPending leaves out credentials that a batch is about to issue anew.
func notPending(s *sql.Selector) {
	results := sql.Table(issueresult.Table)
	s.Where(sql.NotIn(s.C(credential.FieldID), sql.Select(results.C(issueresult.FieldReplacesID)).From(results).
		Where(sql.And(sql.EQ(results.C(issueresult.FieldState), personPending), sql.NotNull(results.C(issueresult.FieldReplacesID))))))
}
