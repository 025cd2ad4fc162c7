package credential

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	entcredential "github.com/btlc/btlc/ent/credential"
	"github.com/btlc/btlc/ent/educatoremail"
	"github.com/btlc/btlc/ent/policyversion"
	"github.com/btlc/btlc/ent/submission"
	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/openbadge"
	"github.com/btlc/btlc/internal/record/recordtest"
)

func reissueOf(c *pb.Credential) *pb.ReissueCredentialRequest {
	return &pb.ReissueCredentialRequest{Name: c.Name, ReasonCode: "ADDRESS_CORRECTED", Authority: "Director", Note: "It was misspelt.", Etag: c.Etag}
}

func history(t *testing.T, s *Service, name string) []*pb.CredentialEvent {
	t.Helper()
	return must[*pb.ListCredentialEventsResponse](t)(do(t, recordtest.Staff(), s.ListCredentialEvents, &pb.ListCredentialEventsRequest{Parent: name})).CredentialEvents
}

func again(t *testing.T, s *Service, c *pb.Credential) *pb.Credential {
	t.Helper()
	return must[*pb.GetCredentialResponse](t)(do(t, recordtest.Staff(), s.GetCredential, &pb.GetCredentialRequest{Name: c.Name})).Credential
}

// A credential that is issued anew says what is on record now, by the policy that the old one was awarded by: neither a newer
// policy nor what its holder has lost since matters.
func TestReissue(t *testing.T) {
	w, s := open(t)
	educator, _ := w.Graduate("B1")
	old := issue(t, s, educator)
	w.Travel(recordtest.Start.Add(time.Hour))
	recordtest.Must(t, w.Ent().EducatorEmail.Update().Where(educatoremail.EducatorID(educator)).SetAddress("right@example.org").SetAddressKey("right@example.org").Exec(t.Context()))
	recordtest.Must(t, w.Ent().Submission.Update().Where(submission.EducatorID(educator)).SetState("NOT_YET").Exec(t.Context()))
	first := must[*ent.PolicyVersion](t)(w.Ent().PolicyVersion.Query().Where(policyversion.PolicyEQ("course-certificate")).Only(t.Context()))
	second := must[*ent.PolicyVersion](t)(w.Ent().PolicyVersion.Create().SetPolicy(first.Policy).SetVersionNumber(2).SetTitle(first.Title).SetRequirements(first.Requirements).Save(t.Context()))
	recordtest.Must(t, w.Ent().CredentialType.UpdateOneID("using-data-certificate").SetPolicyVersionID(second.ID).Exec(t.Context()))

	c := must[*pb.ReissueCredentialResponse](t)(do(t, recordtest.Staff(), s.ReissueCredential, reissueOf(old))).Credential
	if c.Name == old.Name || c.Supersedes != old.Name || c.Status != pb.CredentialStatus_CREDENTIAL_STATUS_ACTIVE || c.PolicyVersion != old.PolicyVersion || c.Framework != old.Framework ||
		c.Educator != old.Educator || c.CredentialType != old.CredentialType || c.Version != 1 || !c.IssueTime.AsTime().Equal(w.Now()) || c.StatusReason != "ADDRESS_CORRECTED" {
		t.Errorf("issued anew: %v", c)
	}
	recordtest.Must(t, verify(t, s.store.issuer, c.Document))
	said := must[Statement](t)(read([]byte(c.Document)))
	if said.identityHash != openbadge.IdentityHash("right@example.org", said.salt) {
		t.Error("the document is not of the address on record")
	}
	if old = again(t, s, old); old.Status != pb.CredentialStatus_CREDENTIAL_STATUS_SUPERSEDED || old.Version != 2 || old.StatusReason != "ADDRESS_CORRECTED" || old.Supersedes != "" {
		t.Errorf("the old one: %v", old)
	}
	if e := history(t, s, old.Name); len(e) != 2 || e[1].Status != old.Status || e[1].Authority != "Director" || e[1].Note != "It was misspelt." {
		t.Errorf("history of the old one: %v", e)
	}
	if e := history(t, s, c.Name); len(e) != 1 || e[0].ReasonCode != "ADDRESS_CORRECTED" || e[0].Authority != "Director" {
		t.Errorf("history: %v", e)
	}
	for _, stream := range []string{"program", "districts/bps"} {
		rows := feed(t, w, stream)
		if len(rows) != 3 || rows[1].Resource != old.Name || rows[1].Kind != "UPDATED" || rows[1].Version != 2 || rows[2].Resource != c.Name || rows[2].Kind != "CREATED" || !strings.Contains(string(rows[2].State), old.Name) {
			t.Errorf("feed of %s: %v", stream, rows)
		}
	}

	_, err := do(t, recordtest.Staff(), s.ReissueCredential, reissueOf(old))
	refused(t, err, api.StateConflict)
	_, err = do(t, recordtest.Staff(), s.ReissueCredential, &pb.ReissueCredentialRequest{Name: c.Name, ReasonCode: "AGAIN", Authority: "Director", Etag: "v9"})
	refused(t, err, api.EtagMismatch)
	_, err = do(t, recordtest.Staff(), s.ReissueCredential, &pb.ReissueCredentialRequest{Name: "credentials/" + uuid.NewString(), ReasonCode: "AGAIN", Authority: "Director"})
	refused(t, err, api.NotFound)
	_, err = do(t, recordtest.Staff(), s.IssueCredential, &pb.IssueCredentialRequest{Educator: old.Educator, CredentialType: usingData})
	if refused(t, err, api.CredentialHeld); recordtest.Known(err).Metadata["credential"] != c.Name {
		t.Errorf("held is %v", recordtest.Known(err).Metadata)
	}
}

// What does not count until it is reinstated does not come to count by being issued anew.
func TestReissueOfASuspendedOne(t *testing.T) {
	w, s := open(t)
	educator, _ := w.Graduate("B1")
	c := issue(t, s, educator)
	staff := recordtest.Staff()
	c = must[*pb.SuspendCredentialResponse](t)(do(t, staff, s.SuspendCredential, &pb.SuspendCredentialRequest{Name: c.Name, ReasonCode: "UNDER_REVIEW", Authority: "Director"})).Credential
	next := must[*pb.ReissueCredentialResponse](t)(do(t, staff, s.ReissueCredential, reissueOf(c))).Credential
	if next.Status != pb.CredentialStatus_CREDENTIAL_STATUS_SUSPENDED || again(t, s, c).Status != pb.CredentialStatus_CREDENTIAL_STATUS_SUPERSEDED {
		t.Errorf("issued anew: %v", next)
	}
	active := must[*pb.ReinstateCredentialResponse](t)(do(t, staff, s.ReinstateCredential, &pb.ReinstateCredentialRequest{Name: next.Name, ReasonCode: "CLEARED", Authority: "Director"})).Credential
	if active.Status != pb.CredentialStatus_CREDENTIAL_STATUS_ACTIVE {
		t.Errorf("reinstated: %v", active)
	}
}

func TestReissueOnceHoweverManyAsk(t *testing.T) {
	w, s := open(t)
	educator, _ := w.Graduate("B1")
	c := issue(t, s, educator)
	reasons := make([]api.Reason, 4)
	var clerks sync.WaitGroup
	for i := range reasons {
		clerks.Go(func() {
			_, err := do(t, recordtest.Staff(), s.ReissueCredential, reissueOf(c))
			reasons[i] = recordtest.Reason(err)
		})
	}
	clerks.Wait()
	count := map[api.Reason]int{}
	for _, reason := range reasons {
		count[reason]++
	}
	if count[""] != 1 || count[api.EtagMismatch] != 3 {
		t.Errorf("answers %q", reasons)
	}
	if n := w.Ent().Credential.Query().Where(entcredential.StatusIn(counted...)).CountX(t.Context()); n != 1 {
		t.Errorf("%d credentials count", n)
	}
}

// valid has the policy of the certificates say for how long they count.
func valid(t *testing.T, w *recordtest.World, months int) {
	t.Helper()
	_, err := w.SQL().ExecContext(t.Context(), `UPDATE policy_versions SET validity_months = $1 WHERE policy = 'course-certificate'`, months)
	recordtest.Must(t, err)
}

// A credential is over when its time is, for all who ask; the record comes to say so once, whatever the number of servers.
func TestExpiry(t *testing.T) {
	w, s := open(t)
	other := must[*Service](t)(New(w.DB, s.store.issuer))
	educator, _ := w.Graduate("B1")
	if c := issue(t, s, educator); c.ExpireTime != nil || strings.Contains(c.Document, "validUntil") {
		t.Errorf("without an end: %v", c)
	}
	recordtest.Must(t, w.Ent().Credential.Update().SetStatus("REVOKED").Exec(t.Context()))
	valid(t, w, 12)
	c := issue(t, s, educator)
	end := recordtest.Start.AddDate(1, 0, 0)
	if !c.ExpireTime.AsTime().Equal(end) || !strings.Contains(c.Document, `"validUntil":"2027-11-20T15:00:00Z"`) {
		t.Errorf("for a year: %v", c)
	}
	w.Travel(recordtest.Start.Add(time.Hour))
	c = must[*pb.ReissueCredentialResponse](t)(do(t, recordtest.Staff(), s.ReissueCredential, reissueOf(c))).Credential
	if !c.ExpireTime.AsTime().Equal(end) {
		t.Errorf("issued anew: %v", c)
	}
	lookup := func() *pb.CredentialStatusRecord {
		all := must[*pb.LookupCredentialStatusResponse](t)(do(t, hr("bps"), s.LookupCredentialStatus, ask("bps", "B1"))).Statuses
		return all[len(all)-1]
	}
	w.Travel(end.Add(-time.Microsecond))
	recordtest.Must(t, s.ExpireDue(t.Context()))
	if got := lookup(); got.Status != pb.CredentialStatus_CREDENTIAL_STATUS_ACTIVE || again(t, s, c).Status != got.Status {
		t.Errorf("before its end: %v", got)
	}
	w.Travel(end)
	changes := len(feed(t, w, "program"))
	for version := int32(1); version <= 2; version++ {
		got, found := again(t, s, c), lookup()
		if got.Status != pb.CredentialStatus_CREDENTIAL_STATUS_EXPIRED || !got.StatusTime.AsTime().Equal(end) || got.StatusReason != "VALIDITY_ENDED" || got.Version != version || got.EdFiStatus != "uri://ed-fi.org/CredentialStatusDescriptor#Expired" {
			t.Errorf("at its end, version %d: %v", version, got)
		}
		if found.Status != got.Status || !found.StatusTime.AsTime().Equal(end) || found.Version != version {
			t.Errorf("looked up at its end, version %d: %v", version, found)
		}
		_, err := do(t, recordtest.Staff(), s.SuspendCredential, &pb.SuspendCredentialRequest{Name: c.Name, ReasonCode: "UNDER_REVIEW", Authority: "Director"})
		refused(t, err, api.StateConflict)
		var servers sync.WaitGroup
		for _, server := range []*Service{s, other} {
			servers.Go(func() {
				if err := server.ExpireDue(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		servers.Wait()
	}
	if e := history(t, s, c.Name); len(e) != 2 || e[1].Authority != "policy course-certificate version 1" || e[1].RecordedBy != access.System {
		t.Errorf("history: %v", e)
	}
	if rows := feed(t, w, "program"); len(rows) != changes+1 || rows[changes].Resource != c.Name || !strings.Contains(string(rows[changes].State), "EXPIRED") {
		t.Errorf("feed: %v", rows[changes:])
	}
}

// Whoever's certificate is over gets the next one at once, even while the record does not say so yet.
func TestIssueAfterExpiry(t *testing.T) {
	w, s := open(t)
	valid(t, w, 1)
	educator, _ := w.Graduate("B1")
	c := issue(t, s, educator)
	w.Travel(c.ExpireTime.AsTime())
	if next := issue(t, s, educator); next.Name == c.Name {
		t.Error("the same credential again")
	}
	if e := history(t, s, c.Name); len(e) != 2 || e[1].Status != pb.CredentialStatus_CREDENTIAL_STATUS_EXPIRED || e[1].RecordedBy != access.System {
		t.Errorf("history: %v", e)
	}
}
