package credential

import (
	"encoding/hex"
	"os"
	"slices"
	"strings"
	"testing"

	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/merkle"
	"github.com/btlc/btlc/internal/record/recordtest"
)

func digestOf(t *testing.T, s *Service, prefix string) *pb.GetReconciliationDigestResponse {
	t.Helper()
	return must[*pb.GetReconciliationDigestResponse](t)(do(t, hr("bps"), s.GetReconciliationDigest, &pb.GetReconciliationDigestRequest{Parent: "districts/bps", Prefix: prefix}))
}

func parsed(t *testing.T, text string) (d merkle.Digest) {
	t.Helper()
	recordtest.Must(t, d.UnmarshalText([]byte(text)))
	return d
}

// nodeOf is an answer as a partner reads it.
func nodeOf(t *testing.T, answer *pb.GetReconciliationDigestResponse) merkle.Node {
	t.Helper()
	node := merkle.Node{Prefix: answer.Node.Prefix, Count: int(answer.Node.RowCount), Digest: parsed(t, answer.Node.Digest)}
	for _, child := range answer.Children {
		node.Children = append(node.Children, merkle.Child{Prefix: child.Prefix, Count: int(child.RowCount), Digest: parsed(t, child.Digest)})
	}
	for _, row := range answer.Rows {
		node.Rows = append(node.Rows, merkle.Leaf{Key: parsed(t, row.Key), Leaf: parsed(t, row.Digest)})
	}
	return node
}

// A partner who keeps what an export brought finds all that differs by digests, and nothing else.
func TestDigestFindsWhatDiffers(t *testing.T) {
	w, s := open(t)
	many(t, w, 1000)
	r, err := export(t, s, &pb.ExportCredentialStatusesRequest{Parent: "districts/bps"})
	recordtest.Must(t, err)
	var copied []merkle.Row
	for _, row := range statusesOf(t, r) {
		copied = append(copied, merkle.Row{Credential: row.Credential, Educator: row.Educator, CredentialType: row.CredentialType, Status: row.Status.String(), Version: int64(row.Version)})
	}
	merkle.Sort(copied)
	calls := 0
	differences := func() []merkle.Difference {
		t.Helper()
		calls = 0
		found, err := merkle.Diff(func(prefix string) (merkle.Node, error) {
			calls++
			return nodeOf(t, digestOf(t, s, prefix)), nil
		}, func(prefix string) (merkle.Node, error) {
			begin, err := merkle.ParsePrefix(prefix)
			return must[merkle.Node](t)(merkle.Fold(func(yield func(merkle.Row, error) bool) {
				for _, row := range copied {
					if key := row.Key(); strings.HasPrefix(key.String(), hex.EncodeToString(begin)) && !yield(row, nil) {
						return
					}
				}
			}, prefix)), err
		})
		recordtest.Must(t, err)
		return found
	}
	if found := differences(); len(found) != 0 || calls != 1 {
		t.Fatalf("of a fresh copy, after %d calls: %v", calls, found)
	}
	if root := digestOf(t, s, ""); root.Cursor != r.parts[0].Cursor || root.Node.RowCount != 1000 || len(root.Children) == 0 || len(root.Rows) != 0 {
		t.Errorf("the root: %v, cursor %s", root.Node, root.Cursor)
	}

	changed, missing := copied[123], copied[456]
	copied[123].Version++
	copied = slices.Delete(copied, 456, 457)
	found := differences()
	want := []merkle.Digest{changed.Key(), missing.Key()}
	if len(found) != 2 || found[0].Key != want[0] || found[1].Key != want[1] || found[1].Ours != nil || calls != 3 {
		t.Fatalf("after %d calls: %v, want %v", calls, found, want)
	}
	// The rows that are told are those that the digests are of.
	row := digestOf(t, s, changed.Key().String()).Rows[0]
	if row.Credential != changed.Credential || row.Educator != changed.Educator || row.CredentialType != changed.CredentialType || row.Status.String() != changed.Status || int64(row.Version) != changed.Version {
		t.Errorf("told %v, want %v", row, changed)
	}
}

func TestDigestRefusals(t *testing.T) {
	_, s := open(t)
	for prefix, want := range map[string]api.Reason{"abc": api.InvalidRequest, "AB": api.InvalidRequest, strings.Repeat("0", 66): api.InvalidRequest} {
		_, err := do(t, hr("bps"), s.GetReconciliationDigest, &pb.GetReconciliationDigestRequest{Parent: "districts/bps", Prefix: prefix})
		refused(t, err, want)
	}
	_, err := do(t, recordtest.Staff(), s.GetReconciliationDigest, &pb.GetReconciliationDigestRequest{Parent: "districts/nowhere"})
	refused(t, err, api.NotFound)
	if empty := digestOf(t, s, ""); empty.Node.RowCount != 0 || empty.Node.Digest != "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" || empty.Cursor == "" {
		t.Errorf("of nobody: %v", empty)
	}
}

// The example that partners check their own against is right.
func TestReconciliationExample(t *testing.T) {
	page, err := os.ReadFile("../../docs/reconciliation.md")
	recordtest.Must(t, err)
	rows := []merkle.Row{
		{Credential: "credentials/01990000-0000-7000-8000-0000000000c1", Educator: "educators/01990000-0000-7000-8000-000000000001", CredentialType: "credentialTypes/using-data-certificate", Status: "CREDENTIAL_STATUS_ACTIVE", Version: 3},
		{Credential: "credentials/01990000-0000-7000-8000-0000000000c2", Educator: "educators/01990000-0000-7000-8000-000000000001", CredentialType: "credentialTypes/shared-leadership-certificate", Status: "CREDENTIAL_STATUS_REVOKED", Version: 2},
	}
	merkle.Sort(rows)
	node, err := merkle.Fold(func(yield func(merkle.Row, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}, "")
	recordtest.Must(t, err)
	said := []string{node.Digest.String()}
	for _, row := range rows {
		said = append(said, row.Credential, row.Educator, row.CredentialType, row.Status, row.Key().String(), row.Leaf().String())
	}
	for _, text := range said {
		if !strings.Contains(string(page), text) {
			t.Errorf("docs/reconciliation.md does not say %s", text)
		}
	}
}
