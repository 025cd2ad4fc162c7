package credential

import (
	"context"
	"errors"
	"testing"

	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/openbadge"
	"github.com/btlc/btlc/internal/record/recordtest"
)

var errAway = errors.New("away")

// moody is a key that a service keeps, which is out of reach at times.
type moody struct {
	openbadge.Signer
	away bool
}

func (m *moody) Sign(ctx context.Context, message []byte) ([]byte, error) {
	if m.away {
		return nil, errAway
	}
	return m.Signer.Sign(ctx, message)
}

// A key that does not sign is nobody's fault: nothing is issued, and who is in a batch has their turn again.
func TestAKeyThatDoesNotSign(t *testing.T) {
	w := recordtest.New(t)
	issuer := testIssuer(t)
	key := &moody{Signer: issuer.Keys.Active(openbadge.EdDSA)}
	var err error
	issuer.Keys, err = openbadge.LoadOrCreateKeys(t.TempDir(), key)
	recordtest.Must(t, err)
	s := must[*Service](t)(New(w.DB, issuer))
	persons := graduates(w, 2)
	b := begin(t, s, persons[0])

	key.away = true
	_, err = do(t, recordtest.Staff(), s.IssueCredential, &pb.IssueCredentialRequest{Educator: educatorName(persons[1]), CredentialType: usingData})
	if !errors.Is(err, openbadge.ErrNotSigned) || !errors.Is(err, errAway) {
		t.Errorf("issuing: %v", err)
	}
	if err := s.IssuePending(t.Context(), 1); !errors.Is(err, errAway) {
		t.Errorf("the batch: %v", err)
	}
	if got := progress(t, s, b.Name); got != "RUNNING 0+0/1" {
		t.Errorf("while the key is away: %s", got)
	}

	key.away = false
	recordtest.Must(t, s.IssuePending(t.Context(), 1))
	if got := progress(t, s, b.Name); got != "DONE 1+0/1" {
		t.Errorf("when it is back: %s", got)
	}
	issue(t, s, persons[1])
	eachHasOne(t, w, persons)
}
