package credential

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/lib/pq"

	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/record/recordtest"
	"github.com/btlc/btlc/internal/statuslist"
)

// openList is the revocation list of 1EdTech that goes with a status list.
func openList(t testing.TB, s *Service, id string) statuslist.RevocationList {
	t.Helper()
	published, found, err := s.RevocationList(t.Context(), id)
	recordtest.Must(t, err)
	if !found {
		t.Fatal("there is no list")
	}
	list, err := statuslist.ParseRevocationList(published.Body)
	recordtest.Must(t, err)
	if list.ID != "https://btlc.example/status-lists/"+id+"/1edtech" || list.Issuer != s.store.issuer.DID {
		t.Errorf("the list is %+v", list)
	}
	return list
}

// What is revoked or replaced is on the list with its learner record, when its document names the list; what is suspended, or
// was revoked without naming it, is not.
func TestRevocationList(t *testing.T) {
	w, s := open(t)
	before, _ := w.Graduate("B1")
	unlisted := issue(t, s, before)
	id := listID(place(t, unlisted))
	if _, found, err := s.RevocationList(t.Context(), id); err != nil || found {
		t.Errorf("without the setting: %v, %v", found, err)
	}
	s.store.issuer.RevocationList = true
	leader := w.Leader("B2")
	certificates := certify(t, s, leader)
	leading := must[*pb.Credential](t)(awardOf(t, s, leader, full))
	address := func(c *pb.Credential) string { return "https://btlc.example/" + c.Name }
	for _, document := range []string{certificates[0].Document, leading.Document} {
		statuses, err := statuslist.Of([]byte(document))
		recordtest.Must(t, err)
		if !slices.Equal(statuses.RevocationLists, []string{"https://btlc.example/status-lists/" + id + "/1edtech"}) {
			t.Fatalf("the document names %v", statuses.RevocationLists)
		}
	}
	var revoked []string
	check := func(when string) {
		t.Helper()
		got := openList(t, s, id).Revoked
		slices.Sort(got)
		slices.Sort(revoked)
		if !slices.Equal(got, revoked) {
			t.Errorf("%s: %v, want %v", when, got, revoked)
		}
	}
	revoke := func(c *pb.Credential) {
		t.Helper()
		must[*pb.RevokeCredentialResponse](t)(do(t, recordtest.Staff(), s.RevokeCredential, &pb.RevokeCredentialRequest{Name: c.Name, ReasonCode: "WRONG", Authority: "Director"}))
	}
	check("at first")
	revoke(unlisted)
	check("when one was revoked that names no list")
	must[*pb.SuspendCredentialResponse](t)(do(t, recordtest.Staff(), s.SuspendCredential, &pb.SuspendCredentialRequest{Name: certificates[1].Name, ReasonCode: "UNDER_REVIEW", Authority: "Director"}))
	check("when one was suspended")
	must[*pb.ReissueCredentialResponse](t)(do(t, recordtest.Staff(), s.ReissueCredential, reissueOf(certificates[0])))
	revoked = append(revoked, address(certificates[0]))
	check("when one was replaced")
	revoke(leading)
	revoked = append(revoked, address(leading), address(leading)+"/learner-record")
	check("when one with a learner record was revoked")
	if body, _, err := s.RevocationList(t.Context(), id); err != nil || strings.Contains(string(body.Body), "WRONG") {
		t.Errorf("a reason is told: %s, %v", body.Body, err)
	}
	for _, none := range []string{uuid.NewString(), "nonsense"} {
		if _, found, err := s.RevocationList(t.Context(), none); err != nil || found {
			t.Errorf("%s: %v, %v", none, found, err)
		}
	}
}

// It is read by the index of what is not active, as the bits are.
func TestRevokedAreReadByTheirIndex(t *testing.T) {
	w := recordtest.New(t)
	list := manyOnAList(t, w)
	if plan := planOf(t, w, revokedSQL, list, pq.Array(statusesWithBit[statuslist.Revocation]), learnerRecordPath); !strings.Contains(plan, "credential_status_bits") || strings.Contains(plan, "Seq Scan on credentials") {
		t.Errorf("the plan is\n%s", plan)
	}
}
