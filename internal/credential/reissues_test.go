package credential

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent/credential"
	"github.com/btlc/btlc/ent/issueresult"
	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/openbadge"
	"github.com/btlc/btlc/internal/openbadge/openbadgetest"
	"github.com/btlc/btlc/internal/record/recordtest"
)

// breach is a service whose keys have been stolen.
type breach struct {
	*recordtest.World
	dir       string
	before    *Service // which does not know yet
	doc, jwts string   // the ids of the keys
}

func newBreach(t *testing.T) *breach {
	t.Helper()
	b := &breach{World: recordtest.New(t), dir: t.TempDir()}
	b.before = b.server(t)
	keys := b.before.store.issuer.Keys
	b.doc, b.jwts = keys.Active(openbadge.EdDSA).Public().ID, keys.Active(openbadge.ES256).Public().ID
	return b
}

// server is a server that was started now.
func (b *breach) server(t *testing.T) *Service {
	t.Helper()
	issuer := testIssuer(t)
	issuer.Keys = must[*openbadge.Keyring](t)(openbadge.LoadOrCreateKeys(b.dir))
	return must[*Service](t)(New(b.DB, issuer))
}

func (b *breach) mark(t *testing.T, id string) {
	t.Helper()
	must[*openbadge.Keyring](t)(openbadge.MarkCompromised(b.dir, id, b.Now()))
}

func reissueBatch(t testing.TB, s *Service, kind, key string) *pb.IssueBatch {
	t.Helper()
	return must[*pb.BatchReissueCredentialsResponse](t)(do(t, recordtest.Staff(), s.BatchReissueCredentials, &pb.BatchReissueCredentialsRequest{CredentialType: kind, KeyId: key})).IssueBatch
}

func TestBatchReissue(t *testing.T) {
	b := newBreach(t)
	persons := graduates(b.World, 4)
	var old []*pb.Credential
	for _, id := range persons {
		old = append(old, issue(t, b.before, id))
	}
	change := must[*pb.SuspendCredentialResponse](t)(do(t, recordtest.Staff(), b.before.SuspendCredential, &pb.SuspendCredentialRequest{Name: old[1].Name, ReasonCode: "UNDER_REVIEW", Authority: "Director"}))
	old[1] = change.Credential
	_, err := do(t, recordtest.Staff(), b.before.RevokeCredential, &pb.RevokeCredentialRequest{Name: old[2].Name, ReasonCode: "ISSUED_IN_ERROR", Authority: "Director"})
	recordtest.Must(t, err)
	b.mark(t, b.doc)
	after := b.server(t)
	newer, _ := b.Graduate("B9") // of the key that came after
	unharmed := issue(t, after, newer)

	batch := reissueBatch(t, after, usingData, b.doc)
	if batch.ReplacedKey != b.doc || batch.TotalCount != 3 || batch.State != pb.IssueBatch_STATE_RUNNING || batch.CredentialType != usingData {
		t.Errorf("the batch %v", batch)
	}
	// What is about to be issued anew is in no other batch, and a server that signs by the key leaves it alone.
	if again := reissueBatch(t, after, usingData, b.doc); again.TotalCount != 0 || again.State != pb.IssueBatch_STATE_DONE {
		t.Errorf("a second batch: %v", again)
	}
	recordtest.Must(t, b.before.IssuePending(t.Context(), 2))
	if got := progress(t, after, batch.Name); got != "RUNNING 0+0/3" {
		t.Errorf("by a server that does not know: %s", got)
	}
	recordtest.Must(t, after.IssuePending(t.Context(), 2))
	if got := progress(t, after, batch.Name); got != "DONE 3+0/3" {
		t.Errorf("at last: %s", got)
	}
	for n, result := range results(t, after, batch.Name, "") {
		i := []int{0, 1, 3}[n] // not the one that was revoked
		if result.Educator != educatorName(persons[i]) {
			t.Fatalf("result %d is of %s", i, result.Educator)
		}
		now := must[*pb.GetCredentialResponse](t)(do(t, recordtest.Staff(), after.GetCredential, &pb.GetCredentialRequest{Name: result.Credential})).Credential
		if now.Supersedes != old[i].Name || now.Status != old[i].Status || now.StatusReason != keyCompromised {
			t.Errorf("the new one of %s: %v", old[i].Name, now)
		}
		if err := verify(t, after.store.issuer, now.Document); err != nil {
			t.Error(err)
		}
		events := history(t, after, old[i].Name)
		if last := events[len(events)-1]; last.Status != pb.CredentialStatus_CREDENTIAL_STATUS_SUPERSEDED || last.ReasonCode != keyCompromised || last.Authority != batch.Name || last.RecordedBy != recordtest.Staff().Principal {
			t.Errorf("the end of the old one: %v", last)
		}
	}
	if now := must[*pb.GetCredentialResponse](t)(do(t, recordtest.Staff(), after.GetCredential, &pb.GetCredentialRequest{Name: unharmed.Name})).Credential; now.Version != unharmed.Version {
		t.Errorf("a credential of another key was changed: %v", now)
	}
	if last := reissueBatch(t, after, usingData, b.doc); last.TotalCount != 0 || last.State != pb.IssueBatch_STATE_DONE {
		t.Errorf("a last batch: %v", last)
	}
}

func TestBatchReissueRefusals(t *testing.T) {
	b := newBreach(t)
	for what, c := range map[string]struct {
		kind, key string
		want      api.Reason
	}{
		"a key of nobody":       {usingData, "z6MkjZbXVrCMb6VeLh7dUHyBMSRhfqKNJHbM9pLj1iPKxM8F", api.ReferenceNotFound},
		"a key that is trusted": {usingData, b.doc, api.StateConflict},
		"a type of nothing":     {"credentialTypes/nonsense", b.doc, api.ReferenceNotFound},
		"no key":                {usingData, "", api.InvalidRequest},
	} {
		_, err := do(t, recordtest.Staff(), b.before.BatchReissueCredentials, &pb.BatchReissueCredentialsRequest{CredentialType: c.kind, KeyId: c.key})
		if recordtest.Reason(err) != c.want {
			t.Errorf("%s: %v, want %s", what, err, c.want)
		}
	}
	if n := b.Ent().IssueBatch.Query().CountX(t.Context()); n != 0 {
		t.Errorf("%d batches", n)
	}
}

// renewed fails unless each of the persons has one credential that counts, in the place of one other.
func (b *breach) renewed(t *testing.T, persons []uuid.UUID) {
	t.Helper()
	for i, id := range persons {
		rows := b.Ent().Credential.Query().Where(credential.EducatorID(id)).AllX(t.Context())
		var statuses []string
		for _, row := range rows {
			statuses = append(statuses, row.Status)
			if (row.Status == "ACTIVE") == (row.KeyID == b.doc) {
				t.Errorf("person %d: a credential of the key %s is %s", i+1, row.KeyID, row.Status)
			}
		}
		if slices.Sort(statuses); !slices.Equal(statuses, []string{"ACTIVE", "SUPERSEDED"}) {
			t.Errorf("person %d has credentials that are %v", i+1, statuses)
		}
	}
}

// Servers that make batches and carry them out at once, beside clerks who issue anew by hand, replace each credential once.
func TestBatchReissueRaces(t *testing.T) {
	b := newBreach(t)
	persons := graduates(b.World, 8)
	var old []string
	for _, id := range persons {
		old = append(old, issue(t, b.before, id).Name)
	}
	b.mark(t, b.doc)
	servers := []*Service{b.server(t), b.server(t)}
	var rivals sync.WaitGroup
	for _, server := range servers {
		rivals.Go(func() {
			_, err := do(t, recordtest.Staff(), server.BatchReissueCredentials, &pb.BatchReissueCredentialsRequest{CredentialType: usingData, KeyId: b.doc})
			if err == nil {
				err = server.IssuePending(t.Context(), 2)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	for _, name := range old[:3] {
		rivals.Go(func() {
			_, err := do(t, recordtest.Staff(), servers[0].ReissueCredential, &pb.ReissueCredentialRequest{Name: name, ReasonCode: "IDENTITY_CORRECTED", Authority: "Director"})
			if err != nil && recordtest.Reason(err) != api.StateConflict {
				t.Error(err)
			}
		})
	}
	rivals.Wait()
	recordtest.Must(t, servers[0].IssuePending(t.Context(), 1))
	b.renewed(t, persons)
	for _, result := range b.Ent().IssueResult.Query().AllX(t.Context()) {
		if result.State != personIssued && (result.State != personRefused || result.Reason != string(api.StateConflict)) {
			t.Errorf("result %v", result)
		}
	}
}

// A server that stops in the middle finishes the person in hand, and another one goes on.
func TestBatchReissueSurvives(t *testing.T) {
	b := newBreach(t)
	persons := graduates(b.World, 4)
	for _, id := range persons {
		issue(t, b.before, id)
	}
	b.mark(t, b.doc)
	first := b.server(t)
	batch := reissueBatch(t, first, usingData, b.doc)
	stopped, release := inHand(t, b.World, persons[1])
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- first.IssuePending(ctx, 1) }()
	stopped()
	stop()
	release()
	recordtest.Must(t, <-ended)
	if got := progress(t, first, batch.Name); got != "RUNNING 2+0/4" {
		t.Errorf("when the server was stopped with the second person in hand: %s", got)
	}
	second := b.server(t)
	recordtest.Must(t, second.IssuePending(t.Context(), 2))
	recordtest.Must(t, second.IssuePending(t.Context(), 2))
	if got := progress(t, second, batch.Name); got != "DONE 4+0/4" {
		t.Errorf("at last: %s", got)
	}
	b.renewed(t, persons)
}

// Of a full credential the learner record is replaced too, by either key, and only when its certificates are.
func TestBatchReissueOfLearnerRecords(t *testing.T) {
	b := newBreach(t)
	educator := b.Leader("B1")
	certify(t, b.before, educator)
	old := must[*pb.Credential](t)(awardOf(t, b.before, educator, full))
	b.mark(t, b.jwts)
	after := b.server(t)
	if n := reissueBatch(t, after, usingData, b.jwts).TotalCount; n != 0 {
		t.Errorf("%d certificates of a key that signs none", n)
	}
	records := reissueBatch(t, after, full, b.jwts)
	recordtest.Must(t, after.IssuePending(t.Context(), 1))
	all := results(t, after, records.Name, "")
	if len(all) != 1 || all[0].Credential == "" {
		t.Fatalf("of the JWTs' key: %v", all)
	}
	oldToken, _ := recordOf(t, after, old)
	newToken, _ := recordOf(t, after, &pb.Credential{Name: all[0].Credential})
	if before := openbadge.CLRPrefix("did:web:btlc.example", must[openbadge.PublicKey](t)(keyOf(after, b.jwts))); !strings.HasPrefix(oldToken, before) || strings.HasPrefix(newToken, before) {
		t.Errorf("the new record begins as the old one: %.120s", newToken)
	}

	b.mark(t, b.doc)
	after = b.server(t)
	give(t, b.World, after, educator, openbadgetest.NewHolder(t, 1)) // what the batches issue has the DID, and so fits together
	early := reissueBatch(t, after, full, b.doc)
	recordtest.Must(t, after.IssuePending(t.Context(), 1))
	if all := results(t, after, early.Name, ""); len(all) != 1 || all[0].Reason != string(api.StateConflict) || !strings.Contains(all[0].Detail, "compromised key") {
		t.Errorf("before its certificates: %v", all)
	}
	for _, course := range recordtest.Courses() {
		reissueBatch(t, after, "credentialTypes/"+course+"-certificate", b.doc)
	}
	recordtest.Must(t, after.IssuePending(t.Context(), 1))
	late := reissueBatch(t, after, full, b.doc)
	recordtest.Must(t, after.IssuePending(t.Context(), 1))
	all = results(t, after, late.Name, "")
	if len(all) != 1 || all[0].Credential == "" {
		t.Fatalf("after its certificates: %v", all)
	}
	token, _ := recordOf(t, after, &pb.Credential{Name: all[0].Credential})
	if valid, bad, nested := checked(t, after, token); !valid || nested != 4 {
		t.Errorf("the record at last: %v, %d nested", bad, nested)
	}
	if n := b.Ent().IssueResult.Query().Where(issueresult.State(personPending)).CountX(t.Context()); n != 0 {
		t.Errorf("%d persons are left", n)
	}
}

func keyOf(s *Service, id string) (openbadge.PublicKey, error) {
	key, found := s.store.issuer.key(id)
	if !found {
		return key, fmt.Errorf("no key %s", id)
	}
	return key, nil
}
