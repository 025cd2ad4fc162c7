package credential

import (
	"context"

	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/merkle"
)

// GetReconciliationDigest digests the credentials of all whom a district employs today, or those below a node of the tree
// that internal/merkle specifies.
func (s *Service) GetReconciliationDigest(ctx context.Context, req *pb.GetReconciliationDigestRequest) (answer *pb.GetReconciliationDigestResponse, err error) {
	prefix, err := merkle.ParsePrefix(req.GetPrefix())
	if err != nil {
		return nil, api.InvalidField("prefix", "must be an even number of hexadecimal digits in small letters, 64 at most")
	}
	err = s.store.snapshotOf(ctx, s.store.digests, req.GetParent(), func(of *snapshot) error {
		var few []holding // all rows, if they are few enough to be told
		node, err := merkle.Fold(func(yield func(merkle.Row, error) bool) {
			for h, err := range of.below(ctx, prefix) {
				if len(few) < merkle.MaxRows {
					few = append(few, h)
				}
				if !yield(digested(h), err) {
					return
				}
			}
		}, req.GetPrefix())
		if err != nil {
			return err
		}
		answer = digestProto(node)
		answer.Cursor = of.bounds.End(req.GetParent()).String()
		for i, leaf := range node.Rows {
			api.Saw(ctx, few[i].educator)
			row := digested(few[i])
			answer.Rows = append(answer.Rows, &pb.ReconciliationRow{
				Key: leaf.Key.String(), Digest: leaf.Leaf.String(), Educator: row.Educator, CredentialType: row.CredentialType, Credential: row.Credential,
				Status: statusOf[few[i].status], Version: few[i].version,
			})
		}
		return nil
	})
	return answer, err
}

// digested is a row as the digest takes it: in the words of the API.
func digested(h holding) merkle.Row {
	return merkle.Row{
		Credential: credentialNames + h.credential.String(), Educator: educatorNames + h.educator.String(), CredentialType: "credentialTypes/" + h.credentialType,
		Status: "CREDENTIAL_STATUS_" + h.status, Version: int64(h.version),
	}
}

func digestProto(node merkle.Node) *pb.GetReconciliationDigestResponse {
	answer := &pb.GetReconciliationDigestResponse{
		Node: &pb.ReconciliationNode{Prefix: node.Prefix, Digest: node.Digest.String(), RowCount: int32(node.Count)}, // #nosec G115 -- credentials of a district
	}
	for _, child := range node.Children {
		answer.Children = append(answer.Children, &pb.ReconciliationNode{Prefix: child.Prefix, Digest: child.Digest.String(), RowCount: int32(child.Count)}) // #nosec G115 -- fewer than of the node
	}
	return answer
}
