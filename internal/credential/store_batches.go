package credential

import (
	"context"
	"errors"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/credentialtype"
	"github.com/btlc/btlc/ent/educator"
	"github.com/btlc/btlc/ent/issuebatch"
	"github.com/btlc/btlc/ent/issueresult"
	"github.com/btlc/btlc/ent/predicate"
	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/openbadge"
)

// The states of one person of a batch.
const (
	personPending = "PENDING"
	personIssued  = "ISSUED"
	personRefused = "REFUSED"
)

var resultList = &api.ListSpec{Default: "ordinal", Key: issueresult.FieldOrdinal, Columns: map[string]api.Column{
	"educator": {Name: issueresult.FieldEducatorID, Kind: api.UUIDNameColumn, FilterOnly: true}, "reason": {Name: issueresult.FieldReason, FilterOnly: true},
	"done":    {Name: `("issue_results"."state" <> '` + personPending + `')`, Kind: api.FlagColumn, FilterOnly: true},
	"ordinal": {Name: issueresult.FieldOrdinal, Kind: api.NumberColumn},
}}

func batchProto(row *ent.IssueBatch, counts map[string]int32) *pb.IssueBatch {
	return &pb.IssueBatch{
		Name: api.Name("btlc/IssueBatch", row.ID), CredentialType: api.Name("btlc/CredentialType", row.CredentialTypeID), ReplacedKey: row.ReplacedKey, State: api.EnumOf[pb.IssueBatch_State](row.State),
		TotalCount: counts[personPending] + counts[personIssued] + counts[personRefused], IssuedCount: counts[personIssued], RefusedCount: counts[personRefused],
		CreateTime: api.Timestamp(row.CreateTime), UpdateTime: api.Timestamp(row.UpdateTime),
	}
}

func resultProto(row *ent.IssueResult) *pb.IssueResult {
	result := &pb.IssueResult{Educator: api.Name("btlc/Educator", row.EducatorID), Done: row.State != personPending, Reason: row.Reason, Detail: row.Detail}
	if row.CredentialID != nil {
		result.Credential = api.Name("btlc/Credential", *row.CredentialID)
	}
	return result
}

// createBatch makes a batch with all its persons, pending.
func (s store) createBatch(ctx context.Context, tx *database.Tx, req *pb.BatchIssueCredentialsRequest) (*pb.IssueBatch, error) {
	kind := api.LastWord(req.GetCredentialType())
	if found, err := tx.CredentialType.Query().Where(credentialtype.ID(kind)).Exist(ctx); err != nil {
		return nil, err
	} else if !found {
		return nil, api.Errorf(api.ReferenceNotFound, "There is no %q.", req.GetCredentialType()).With("resource", req.GetCredentialType())
	}
	persons, err := distinct(req.GetEducators())
	if err != nil {
		return nil, err
	}
	known, err := tx.Educator.Query().Where(educator.IDIn(persons...)).IDs(ctx)
	if err != nil {
		return nil, err
	}
	if err := present(persons, known); err != nil {
		return nil, err
	}
	results := make([]*ent.IssueResultCreate, len(persons))
	for i, person := range persons {
		results[i] = tx.IssueResult.Create().SetEducatorID(person)
	}
	tx.Concerns(persons...)
	return putBatch(ctx, tx, tx.IssueBatch.Create().SetCredentialTypeID(kind).SetState(batchLife.First()), results)
}

// putBatch makes a batch with its persons, who are numbered in their order.
func putBatch(ctx context.Context, tx *database.Tx, create *ent.IssueBatchCreate, results []*ent.IssueResultCreate) (*pb.IssueBatch, error) {
	call := api.CallOf(ctx)
	batch, err := create.SetRequestedBy(call.Principal).SetRequestID(call.RequestID).SetCreateTime(tx.Now).SetUpdateTime(tx.Now).Save(ctx)
	if err != nil {
		return nil, err
	}
	for i, result := range results {
		result.SetIssueBatchID(batch.ID).SetOrdinal(int32(i + 1)) // #nosec G115 -- 1000 at most
	}
	if err := tx.IssueResult.CreateBulk(results...).Exec(ctx); err != nil {
		return nil, err
	}
	b := batchProto(batch, map[string]int32{personPending: int32(len(results))}) // #nosec G115 -- 1000 at most
	tx.Wrote(b.Name)
	announceBatch(tx, batch, "CREATED")
	return b, nil
}

// announceBatch tells the program of a batch. The districts hear of each of their people's credentials.
func announceBatch(tx *database.Tx, row *ent.IssueBatch, kind string) {
	tx.Emit(database.Change{
		Streams: []string{"program"}, Resource: api.Name("btlc/IssueBatch", row.ID), Type: "btlc/IssueBatch", Version: row.Version, Kind: kind,
		State: map[string]any{"credentialType": api.Name("btlc/CredentialType", row.CredentialTypeID), "state": row.State},
	})
}

// batch is a batch with its progress: one query counts.
func (s store) batch(ctx context.Context, name string) (*pb.IssueBatch, error) {
	id := api.LastUUID(name)
	row, err := s.db.Ent().IssueBatch.Get(ctx, id)
	if ent.IsNotFound(err) {
		return nil, api.Missing(name)
	} else if err != nil {
		return nil, err
	}
	var groups []struct {
		State string
		Count int32
	}
	if err := s.db.Ent().IssueResult.Query().Where(issueresult.IssueBatchID(id)).GroupBy(issueresult.FieldState).Aggregate(ent.Count()).Scan(ctx, &groups); err != nil {
		return nil, err
	}
	counts := map[string]int32{}
	for _, g := range groups {
		counts[g.State] = g.Count
	}
	return batchProto(row, counts), nil
}

func (s store) listResults(ctx context.Context, req *pb.ListIssueResultsRequest) (*pb.ListIssueResultsResponse, error) {
	q, err := api.ParseList(req, resultList)
	if err != nil {
		return nil, err
	}
	id := api.LastUUID(req.GetParent())
	if found, err := s.db.Ent().IssueBatch.Query().Where(issuebatch.ID(id)).Exist(ctx); err != nil {
		return nil, err
	} else if !found {
		return nil, api.Missing(req.GetParent())
	}
	rows, err := s.db.Ent().IssueResult.Query().Where(issueresult.IssueBatchID(id), predicate.IssueResult(q.Apply)).All(ctx)
	if err != nil {
		return nil, err
	}
	items, next := api.Page(q, rows, resultProto)
	return &pb.ListIssueResultsResponse{IssueResults: items, NextPageToken: next}, nil
}

// runningBatch is what is needed to go on with a batch.
type runningBatch struct {
	id             uuid.UUID
	credentialType string
	// replacedKey is the compromised key whose credentials are issued anew; empty for first awards.
	replacedKey string
	// call is the one that asked for it: its awards are on record in its caller's name.
	call *api.Call
}

// runningBatches are the batches to go on with, the oldest first; a bounded number, since there is a next time.
func (s store) runningBatches(ctx context.Context) ([]runningBatch, error) {
	rows, err := s.db.Ent().IssueBatch.Query().Where(issuebatch.State(batchLife.First())).Order(ent.Asc(issuebatch.FieldCreateTime)).Limit(100).All(ctx)
	batches := make([]runningBatch, len(rows))
	for i, row := range rows {
		method := pb.CredentialService_BatchIssueCredentials_FullMethodName
		if row.ReplacedKey != "" {
			method = pb.CredentialService_BatchReissueCredentials_FullMethodName
		}
		batches[i] = runningBatch{
			row.ID, api.Name("btlc/CredentialType", row.CredentialTypeID), row.ReplacedKey,
			&api.Call{Method: method, Principal: row.RequestedBy, RequestID: row.RequestID},
		}
	}
	return batches, err
}

// personDeadline bounds the award to one person.
const personDeadline = 30 * time.Second

// issueNext issues to the next person of a batch whom nobody has in hand, and says whether there was one. The award and its
// result are one transaction: whatever happens to this server, there are both or neither, and then the person is pending
// still. An error that the person cannot be blamed for leaves them so; any other is their result.
func (s store) issueNext(ctx context.Context, b runningBatch) (found bool, err error) {
	ctx, cancel := context.WithTimeout(api.WithCall(ctx, b.call), personDeadline)
	defer cancel()
	var claimed *ent.IssueResult
	err = s.db.InTx(ctx, false, func(ctx context.Context, tx *database.Tx) error {
		claimed, err = tx.IssueResult.Query().Where(issueresult.IssueBatchID(b.id), issueresult.State(personPending)).Order(ent.Asc(issueresult.FieldOrdinal)).
			ForUpdate(sql.WithLockAction(sql.SkipLocked)).First(ctx)
		if claimed == nil {
			return ent.MaskNotFound(err)
		}
		c, err := s.issueTo(ctx, tx, b, claimed)
		if err != nil {
			return err
		}
		if err := claimed.Update().SetState(personIssued).SetCredentialID(api.LastUUID(c.Name)).Exec(ctx); err != nil {
			return err
		}
		if err := announce(ctx, tx, "CREATED", c); err != nil {
			return err
		}
		return tx.AuditWrite(ctx, b.call.Principal, b.call.Method, b.call.RequestID)
	})
	if claimed == nil || err == nil {
		return claimed != nil, err
	}
	refusal, known := errors.AsType[*api.Error](err)
	switch {
	case known:
		return true, s.refuse(ctx, claimed.ID, refusal)
	case ctx.Err() != nil || database.IsReadOnlyOrDown(err) || errors.Is(err, database.ErrContention) || errors.Is(err, openbadge.ErrNotSigned):
		return true, fmt.Errorf("%s: %w", api.Name("btlc/IssueBatch", b.id), err)
	default: // the others shall not wait for what would fail again and again
		fault := fmt.Errorf("%s, %s: %w", api.Name("btlc/IssueBatch", b.id), api.Name("btlc/Educator", claimed.EducatorID), err)
		return true, errors.Join(fault, s.refuse(ctx, claimed.ID, api.Errorf(api.Internal, "%s.", api.Internal.Title())))
	}
}

// issueTo issues to a person of a batch: a first credential, or one in the place of that which the batch replaces.
func (s store) issueTo(ctx context.Context, tx *database.Tx, b runningBatch, to *ent.IssueResult) (*pb.Credential, error) {
	if to.ReplacesID == nil {
		return s.issue(ctx, tx, api.Name("btlc/Educator", to.EducatorID), b.credentialType)
	}
	return s.reissue(ctx, tx, &pb.ReissueCredentialRequest{
		Name: api.Name("btlc/Credential", *to.ReplacesID), ReasonCode: keyCompromised, Authority: api.Name("btlc/IssueBatch", b.id),
	})
}

// refuse writes down why a person gets none, in a transaction of its own: that of the award has come to nothing. Another
// server that has taken the person meanwhile is right.
func (s store) refuse(ctx context.Context, id uuid.UUID, why *api.Error) error {
	return s.db.Ent().IssueResult.Update().Where(issueresult.ID(id), issueresult.State(personPending)).SetState(personRefused).
		SetReason(string(why.Reason)).SetDetail(why.Detail).Exec(ctx)
}

// finishBatch ends a batch in which nobody is pending. Whoever ends the last person sees that all others are ended.
func (s store) finishBatch(ctx context.Context, b runningBatch) error {
	ctx, cancel := context.WithTimeout(ctx, personDeadline)
	defer cancel()
	return s.db.InTx(ctx, false, func(ctx context.Context, tx *database.Tx) error {
		row, err := tx.IssueBatch.Query().Where(issuebatch.ID(b.id), issuebatch.State(batchLife.First())).ForUpdate().Only(ctx)
		if err != nil {
			return ent.MaskNotFound(err) // another server has ended it
		}
		if left, err := tx.IssueResult.Query().Where(issueresult.IssueBatchID(b.id), issueresult.State(personPending)).Exist(ctx); err != nil || left {
			return err
		}
		next, err := batchLife.After("batch", row.State, "finish")
		if err != nil {
			return err
		}
		if row, err = row.Update().SetState(next).SetUpdateTime(tx.Now).AddVersion(1).Save(ctx); err != nil {
			return err
		}
		announceBatch(tx, row, "UPDATED")
		return nil
	})
}
