package credential

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/fetch"
	"github.com/btlc/btlc/internal/openbadge"
	"github.com/btlc/btlc/internal/openbadge/openbadgetest"
	"github.com/btlc/btlc/internal/record/recordtest"
)

func self(educator uuid.UUID) *access.Caller {
	return recordtest.Caller(accesspb.Role_ROLE_EDUCATOR, educatorName(educator))
}

func holderName(educator uuid.UUID) string { return api.Name("btlc/HolderDid", educator) }

// given is a request to name an educator by a holder's DID, with a proof that was made now.
func given(t testing.TB, w *recordtest.World, educator uuid.UUID, h openbadgetest.Holder) *pb.SetHolderDidRequest {
	t.Helper()
	name := holderName(educator)
	return &pb.SetHolderDidRequest{Name: name, Did: h.DID, ProofJwt: h.Prove(t, "https://btlc.example", name, w.Now())}
}

func give(t testing.TB, w *recordtest.World, s *Service, educator uuid.UUID, h openbadgetest.Holder) *pb.HolderDid {
	t.Helper()
	return must[*pb.SetHolderDidResponse](t)(do(t, self(educator), s.SetHolderDid, given(t, w, educator, h))).HolderDid
}

func TestHolderDid(t *testing.T) {
	w, s := open(t)
	educator := w.Educator("bps", "B1")
	get := func() *pb.HolderDid {
		t.Helper()
		return must[*pb.GetHolderDidResponse](t)(do(t, self(educator), s.GetHolderDid, &pb.GetHolderDidRequest{Name: holderName(educator)})).HolderDid
	}
	remove := func(etag string) (*pb.HolderDid, error) {
		answer, err := do(t, self(educator), s.RemoveHolderDid, &pb.RemoveHolderDidRequest{Name: holderName(educator), Etag: etag})
		return answer.GetHolderDid(), err
	}
	never := get()
	if never.Name != holderName(educator) || never.Did != "" || never.UpdateTime != nil || never.Etag == "" {
		t.Errorf("never given: %v", never)
	}
	if d := must[*pb.HolderDid](t)(remove("")); !proto.Equal(d, never) {
		t.Errorf("taken away where there is none: %v", d)
	}
	h := openbadgetest.NewHolder(t, 1)
	d := give(t, w, s, educator, h)
	if d.Did != h.DID || !d.UpdateTime.AsTime().Equal(recordtest.Start) || d.Etag == never.Etag || !proto.Equal(get(), d) {
		t.Errorf("given: %v, and then %v", d, get())
	}
	stale := given(t, w, educator, openbadgetest.NewHolder(t, 2))
	stale.Etag = never.Etag
	_, err := do(t, self(educator), s.SetHolderDid, stale)
	refused(t, err, api.EtagMismatch)
	_, err = remove(never.Etag)
	refused(t, err, api.EtagMismatch)
	w.Travel(recordtest.Start.Add(time.Hour))
	removed := must[*pb.HolderDid](t)(remove(d.Etag))
	if removed.Did != "" || !removed.UpdateTime.AsTime().Equal(w.Now()) || removed.Etag == d.Etag || !proto.Equal(get(), removed) {
		t.Errorf("taken away: %v", removed)
	}
	if next := give(t, w, s, educator, h); next.Did != h.DID || next.Etag == d.Etag || next.Etag == removed.Etag {
		t.Errorf("given again: %v", next)
	}

	rows := feed(t, w, "program")
	if len(rows) != 3 || rows[0].Resource != d.Name || rows[0].NaturalKeys["educator"] != educatorName(educator) || string(rows[0].State) != `{"given": true}` || string(rows[1].State) != `{"given": false}` {
		t.Errorf("feed of the program: %v", rows)
	}
	if rows := feed(t, w, "districts/bps"); len(rows) != 0 {
		t.Errorf("feed of the employer: %v", rows)
	}
}

// The person alone gives and takes; the program's staff and auditors read it.
func TestWhoseHolderDid(t *testing.T) {
	w, s := open(t)
	educator, colleague := w.Educator("bps", "B1"), w.Educator("bps", "B2")
	req := given(t, w, educator, openbadgetest.NewHolder(t, 1))
	for name, c := range map[string]struct {
		caller      *access.Caller
		read, write api.Reason
	}{
		"staff":     {recordtest.Staff(), "", api.PermissionDenied},
		"auditor":   {recordtest.Caller(accesspb.Role_ROLE_AUDITOR, ""), "", api.PermissionDenied},
		"colleague": {self(colleague), api.NotFound, api.NotFound},
		"district":  {recordtest.Caller(accesspb.Role_ROLE_DISTRICT_HR, "districts/bps"), api.PermissionDenied, api.PermissionDenied},
	} {
		_, err := do(t, c.caller, s.GetHolderDid, &pb.GetHolderDidRequest{Name: req.Name})
		if recordtest.Reason(err) != c.read {
			t.Errorf("%s reads: %v", name, err)
		}
		_, err = do(t, c.caller, s.SetHolderDid, req)
		if recordtest.Reason(err) != c.write {
			t.Errorf("%s gives: %v", name, err)
		}
		_, err = do(t, c.caller, s.RemoveHolderDid, &pb.RemoveHolderDidRequest{Name: req.Name})
		if recordtest.Reason(err) != c.write {
			t.Errorf("%s takes: %v", name, err)
		}
	}
	nobody := uuid.New()
	_, err := do(t, recordtest.Staff(), s.GetHolderDid, &pb.GetHolderDidRequest{Name: holderName(nobody)})
	refused(t, err, api.NotFound)
	_, err = do(t, self(nobody), s.SetHolderDid, given(t, w, nobody, openbadgetest.NewHolder(t, 1)))
	refused(t, err, api.NotFound)
	_, err = do(t, self(nobody), s.RemoveHolderDid, &pb.RemoveHolderDidRequest{Name: holderName(nobody)})
	refused(t, err, api.NotFound)
}

// A proof of another key, for another person or server, or of another time is refused, and every fault is told of the proof.
func TestHolderUnproven(t *testing.T) {
	w, s := open(t)
	educator := w.Educator("bps", "B1")
	h, name := openbadgetest.NewHolder(t, 1), holderName(educator)
	for fault, c := range map[string]struct {
		proof  string
		faults int
	}{
		"another key":         {openbadgetest.NewHolder(t, 2).Prove(t, "https://btlc.example", name, w.Now()), 1},
		"for another person":  {h.Prove(t, "https://btlc.example", holderName(uuid.New()), w.Now()), 1},
		"for another server":  {h.Prove(t, "https://other.example", name, w.Now()), 1},
		"too old":             {h.Prove(t, "https://btlc.example", name, w.Now().Add(-6*time.Minute)), 1},
		"not made yet":        {h.Prove(t, "https://btlc.example", name, w.Now().Add(2*time.Minute)), 1},
		"no proof":            {"proof", 1},
		"wrong in everything": {openbadgetest.NewHolder(t, 2).Prove(t, "https://other.example", "nonce", time.Time{}), 4},
	} {
		_, err := do(t, self(educator), s.SetHolderDid, &pb.SetHolderDidRequest{Name: name, Did: h.DID, ProofJwt: c.proof})
		refused(t, err, api.HolderUnproven)
		violations := recordtest.Known(err).Violations
		if len(violations) != c.faults {
			t.Errorf("%s: %v", fault, violations)
		}
		for _, v := range violations {
			if v.Field != "proofJwt" || !strings.Contains(v.Description, "must ") || strings.Contains(v.Description, c.proof) {
				t.Errorf("%s: %v", fault, v)
			}
		}
	}
	if rows := feed(t, w, "program"); len(rows) != 0 {
		t.Errorf("what was refused is told: %v", rows)
	}
}

// The document of a did:web is asked for at hosts that may be asked, and nowhere else.
func TestHolderDidOnTheWeb(t *testing.T) {
	w, s := open(t)
	educator := w.Educator("bps", "B1")
	name := holderName(educator)
	var asked atomic.Int32
	answers := map[string]http.HandlerFunc{}
	host := foreignHost(t, &asked, answers)
	did := must[string](t)(openbadge.DIDWeb(host.URL))
	h := openbadgetest.NewHolder(t, 1)
	key := strings.TrimPrefix(h.DID, "did:key:")
	h.DID, h.Method = did, did+"#home"
	publish := func(purpose string) {
		answers["/.well-known/did.json"] = publishing(must[[]byte](t)(json.Marshal(map[string]any{
			"id": did, "verificationMethod": []any{map[string]any{"id": h.Method, "type": "Multikey", "controller": did, "publicKeyMultibase": key}}, purpose: []any{h.Method},
		})))
	}
	set := func() (*pb.SetHolderDidResponse, error) {
		t.Helper()
		return do(t, self(educator), s.SetHolderDid, &pb.SetHolderDidRequest{Name: name, Did: did, ProofJwt: h.Prove(t, "https://btlc.example", name, w.Now())})
	}
	publish("authentication")
	said := func(err error) string {
		refused(t, err, api.HolderUnproven)
		e, ok := errors.AsType[*api.Error](err)
		if !ok || len(e.Violations) != 1 {
			t.Fatalf("%v", err)
		}
		return e.Violations[0].Description
	}
	_, err := set()
	if text := said(err); !strings.Contains(text, "give a did:key") {
		t.Errorf("where no host may be asked: %s", text)
	}
	recordtest.Must(t, s.AskHosts("badges.example.org"))
	_, err = set()
	if text := said(err); !strings.Contains(text, "not allowed") {
		t.Errorf("at a host that may not be asked: %s", text)
	}
	if asked.Load() != 0 {
		t.Errorf("asked %d times", asked.Load())
	}
	roots := x509.NewCertPool()
	roots.AddCert(host.Certificate())
	s.fetch = fetchBy(must[*fetch.Client](t)(fetch.New(fetch.Config{Hosts: []string{host.URL}, RootCAs: roots})))
	publish("assertionMethod")
	_, err = set()
	if text := said(err); !strings.Contains(text, "not for authentication") {
		t.Errorf("of a key for something else: %s", text)
	}
	publish("authentication")
	if d := must[*pb.SetHolderDidResponse](t)(set()).HolderDid; d.Did != did {
		t.Errorf("given: %v", d)
	}
}

// A host that fails, or takes too long, says nothing of a proof: it may hold another time. What it answers in earnest, and a
// host that may not be asked, is held against it.
func TestHolderDidWhileItsHostIsAway(t *testing.T) {
	w, s := open(t)
	educator := w.Educator("bps", "B1")
	h := openbadgetest.NewHolder(t, 1)
	h.DID, h.Method = "did:web:teacher.example", "did:web:teacher.example#home"
	req := given(t, w, educator, h)
	for _, c := range []struct {
		reason error
		status int
		want   api.Reason
	}{
		{fetch.ErrTimeout, 0, api.Unavailable},
		{fetch.ErrUnreachable, 0, api.Unavailable},
		{fetch.ErrStatus, http.StatusInternalServerError, api.Unavailable},
		{fetch.ErrStatus, http.StatusServiceUnavailable, api.Unavailable},
		{fetch.ErrStatus, http.StatusNotFound, api.HolderUnproven},
		{fetch.ErrHost, 0, api.HolderUnproven},
		{fetch.ErrAddress, 0, api.HolderUnproven},
		{fetch.ErrContentType, 0, api.HolderUnproven},
	} {
		s.fetch = func(context.Context, string) ([]byte, error) {
			return nil, &fetch.Error{Host: "teacher.example", Reason: c.reason, Status: c.status}
		}
		if _, err := do(t, self(educator), s.SetHolderDid, req); recordtest.Reason(err) != c.want {
			t.Errorf("%v %d: %v, want %s", c.reason, c.status, err, c.want)
		}
	}
	ctx, leave := context.WithCancel(t.Context())
	s.fetch = func(context.Context, string) ([]byte, error) {
		leave()
		return nil, &fetch.Error{Host: "teacher.example", Reason: fetch.ErrTimeout}
	}
	if err := s.checkHolder(ctx, req); !errors.Is(err, context.Canceled) {
		t.Errorf("when the caller has left: %v", err)
	}
}

// subjectOf is whom a document is of.
type subjectOf struct {
	CredentialSubject struct {
		ID         string
		Identifier []struct{ IdentityHash, Salt string }
	}
}

func holderIn(t testing.TB, document string) (did string, hashes int) {
	t.Helper()
	var d subjectOf
	recordtest.Must(t, json.Unmarshal([]byte(document), &d))
	return d.CredentialSubject.ID, len(d.CredentialSubject.Identifier)
}

// What is issued from then on names the person by the DID and by nothing else, issued anew or in a batch too; what was issued
// keeps what it says, and what is issued once the DID is taken away names them by the hash again.
func TestDocumentsNameTheHolder(t *testing.T) {
	w, s := open(t)
	persons := graduates(w, 2)
	old := issue(t, s, persons[0])
	if did, hashes := holderIn(t, old.Document); did != "" || hashes != 1 {
		t.Errorf("before: %q and %d hashes", did, hashes)
	}
	h := openbadgetest.NewHolder(t, 1)
	for _, id := range persons {
		give(t, w, s, id, h)
	}
	reissued := must[*pb.ReissueCredentialResponse](t)(do(t, recordtest.Staff(), s.ReissueCredential, reissueOf(old))).Credential
	begin(t, s, persons[1])
	recordtest.Must(t, s.IssuePending(t.Context(), 1))
	batched := must[*pb.ListCredentialsResponse](t)(do(t, self(persons[1]), s.ListCredentials, &pb.ListCredentialsRequest{})).Credentials
	if len(batched) != 1 {
		t.Fatalf("%d credentials of the batch", len(batched))
	}
	for how, c := range map[string]*pb.Credential{"anew": reissued, "in a batch": again(t, s, batched[0])} {
		if did, hashes := holderIn(t, c.Document); did != h.DID || hashes != 0 || strings.Contains(c.Document, "identityHash") || strings.Contains(c.Document, `"salt"`) {
			t.Errorf("issued %s: %s", how, c.Document)
		}
		if answer := verifyText(t, s, c.Document); !answer.Valid || !answer.Ours {
			t.Errorf("issued %s: %v", how, answer)
		}
		changed := strings.Replace(c.Document, h.DID, openbadgetest.NewHolder(t, 2).DID, 1)
		if answer := verifyText(t, s, changed); answer.Valid {
			t.Errorf("issued %s, and given another holder: %v", how, answer)
		}
		published, found, err := s.Published(t.Context(), api.LastWord(c.Name))
		if err != nil || !found || published.ByEmail() || !published.ByDID() || published.IssuedTo("b1@example.org") || published.IssuedTo("") || published.Title == "" {
			t.Errorf("issued %s, published: %v, %v, %+v", how, found, err, published.Statement)
		}
	}
	if kept := again(t, s, old); kept.Document != old.Document {
		t.Error("a document that exists has changed")
	}
	must[*pb.RemoveHolderDidResponse](t)(do(t, self(persons[0]), s.RemoveHolderDid, &pb.RemoveHolderDidRequest{Name: holderName(persons[0])}))
	last := must[*pb.ReissueCredentialResponse](t)(do(t, recordtest.Staff(), s.ReissueCredential, reissueOf(reissued))).Credential
	if did, hashes := holderIn(t, last.Document); did != "" || hashes != 1 {
		t.Errorf("without it again: %q and %d hashes", did, hashes)
	}
}

// The learner record names the holder as the credential and the certificates in it do.
func TestLearnerRecordNamesTheHolder(t *testing.T) {
	w, s := open(t)
	educator := w.Leader("B1")
	h := openbadgetest.NewHolder(t, 1)
	give(t, w, s, educator, h)
	certificates := certify(t, s, educator)
	c := must[*pb.Credential](t)(awardOf(t, s, educator, full))
	token, record := recordOf(t, s, c)
	if subject := record.CredentialSubject; subject.ID != h.DID || len(subject.Identifier) != 0 || record.Sub != h.DID {
		t.Errorf("the record is of %+v, and its JWT of %s", subject, record.Sub)
	}
	if did, hashes := holderIn(t, c.Document); did != h.DID || hashes != 0 {
		t.Errorf("the credential is of %q and %d hashes", did, hashes)
	}
	valid, bad, nested := checked(t, s, token)
	if !valid || nested != len(certificates) {
		t.Errorf("the record: valid %v, %d nested, %v", valid, nested, bad)
	}
}

// No record is signed that has the hash and a DID of a person, or two DIDs, in one: neither a first one, nor one in the place of
// another, nor in a batch. It can be once the certificates that are named are issued anew.
func TestNoLearnerRecordJoinsTwoNames(t *testing.T) {
	first, second := openbadgetest.NewHolder(t, 1), openbadgetest.NewHolder(t, 2)
	for name, c := range map[string]struct{ before, after *openbadgetest.Holder }{
		"given":      {nil, &first},
		"changed":    {&first, &second},
		"taken away": {&first, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w, s := open(t)
			educator := w.Leader("B1")
			turn := func(to *openbadgetest.Holder) {
				t.Helper()
				if to != nil {
					give(t, w, s, educator, *to)
					return
				}
				must[*pb.RemoveHolderDidResponse](t)(do(t, self(educator), s.RemoveHolderDid, &pb.RemoveHolderDidRequest{Name: holderName(educator)}))
			}
			turn(c.before)
			certificates := certify(t, s, educator)
			turn(c.after)
			certificates[0] = must[*pb.ReissueCredentialResponse](t)(do(t, recordtest.Staff(), s.ReissueCredential, reissueOf(certificates[0]))).Credential
			told := func(detail string) {
				t.Helper()
				for i, certificate := range certificates {
					if strings.Contains(detail, certificate.Name) != (i > 0) {
						t.Errorf("of %d certificates, the first issued anew: %s", len(certificates), detail)
					}
				}
			}
			_, err := awardOf(t, s, educator, full)
			refused(t, err, api.StateConflict)
			told(recordtest.Known(err).Detail)
			batch := must[*pb.BatchIssueCredentialsResponse](t)(do(t, recordtest.Staff(), s.BatchIssueCredentials, &pb.BatchIssueCredentialsRequest{
				CredentialType: full, Educators: []string{educatorName(educator)},
			})).IssueBatch
			recordtest.Must(t, s.IssuePending(t.Context(), 1))
			all := results(t, s, batch.Name, "")
			if len(all) != 1 || all[0].Reason != string(api.StateConflict) {
				t.Fatalf("in a batch: %v", all)
			}
			told(all[0].Detail)

			for i, certificate := range certificates[1:] {
				certificates[i+1] = must[*pb.ReissueCredentialResponse](t)(do(t, recordtest.Staff(), s.ReissueCredential, reissueOf(certificate))).Credential
			}
			got := must[*pb.Credential](t)(awardOf(t, s, educator, full))
			token, _ := recordOf(t, s, got)
			if valid, bad, nested := checked(t, s, token); !valid || nested != len(certificates) {
				t.Errorf("the record: valid %v, %d nested, %v", valid, nested, bad)
			}
			turn(c.before)
			_, err = do(t, recordtest.Staff(), s.ReissueCredential, reissueOf(got))
			refused(t, err, api.StateConflict)
		})
	}
}
