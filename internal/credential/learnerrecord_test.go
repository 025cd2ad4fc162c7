package credential

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent/credential"
	"github.com/btlc/btlc/ent/training"
	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/record/recordtest"
)

const full = "credentialTypes/btlc-credential"

func awardOf(t testing.TB, s *Service, educator uuid.UUID, kind string) (*pb.Credential, error) {
	t.Helper()
	answer, err := do(t, recordtest.Staff(), s.IssueCredential, &pb.IssueCredentialRequest{Educator: educatorName(educator), CredentialType: kind})
	return answer.GetCredential(), err
}

// certify issues the certificates of all courses.
func certify(t testing.TB, s *Service, educator uuid.UUID) (certificates []*pb.Credential) {
	t.Helper()
	for _, course := range recordtest.Courses() {
		certificates = append(certificates, must[*pb.Credential](t)(awardOf(t, s, educator, "credentialTypes/"+course+"-certificate")))
	}
	return certificates
}

// record is a learner record as the one who gets it reads it.
type learnerRecord struct {
	Context           []string `json:"@context"`
	ID, Name          string
	Type              []string
	Issuer            struct{ ID string }
	ValidFrom         string
	Proof             any
	CredentialStatus  struct{ StatusListIndex string }
	CredentialSubject struct {
		ID                   string
		Type                 []string
		Identifier           []struct{ IdentityHash string }
		Achievement          []struct{ ID, Name, Description string }
		VerifiableCredential []json.RawMessage
		Association          []struct{ AssociationType, SourceID, TargetID string }
	}
	JTI, ISS, Sub string
}

func recordOf(t testing.TB, s *Service, c *pb.Credential) (token string, r learnerRecord) {
	t.Helper()
	published, found, err := s.Published(t.Context(), api.LastWord(c.Name))
	recordtest.Must(t, err)
	token = string(published.LearnerRecord)
	parts := strings.Split(token, ".")
	if !found || len(parts) != 3 {
		t.Fatalf("%s has no record: %q", c.Name, token)
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	recordtest.Must(t, err)
	recordtest.Must(t, json.Unmarshal(payload, &r))
	return token, r
}

func TestFullCredential(t *testing.T) {
	w, s := open(t)
	educator := w.Leader("B1")
	_, err := awardOf(t, s, educator, full)
	refused(t, err, api.RequirementsUnmet)
	if v := recordtest.Known(err).Violations; len(v) != 1 || v[0].Field != "course-certificates" {
		t.Errorf("without certificates: %v", v)
	}
	certificates := certify(t, s, educator)
	taken := w.Ent().Training.Query().OnlyX(t.Context())
	recordtest.Must(t, taken.Update().SetVoidTime(w.Now()).SetVoidReason("An error.").Exec(t.Context()))
	_, err = awardOf(t, s, educator, full)
	refused(t, err, api.RequirementsUnmet)
	if v := recordtest.Known(err).Violations; len(v) != 1 || v[0].Field != "role-relevant-training" {
		t.Errorf("without a training: %v", v)
	}
	w.Train(educator, "team-leader", "2026-11-02") // for a role that they do not hold
	_, err = awardOf(t, s, educator, full)
	refused(t, err, api.RequirementsUnmet)
	recordtest.Must(t, w.Ent().Training.Update().Where(training.ID(taken.ID)).ClearVoidTime().SetVoidReason("").Exec(t.Context()))

	got := must[*pb.Credential](t)(awardOf(t, s, educator, full))
	statement, err := read([]byte(got.Document))
	recordtest.Must(t, err)
	if statement.Title != "Full BTLC Credential" || len(statement.Competencies) != 15 || !strings.Contains(statement.Description, "Shared Leadership Course Certificate") {
		t.Errorf("says %+v", statement)
	}
	if got.Document == "" || strings.Contains(got.Document, "creditsAvailable") || !strings.Contains(got.Document, `"achievementType":"Certificate"`) {
		t.Errorf("document %s", got.Document)
	}
	if err := verify(t, s.store.issuer, got.Document); err != nil {
		t.Error(err)
	}
	eligible := must[*pb.EvaluateEligibilityResponse](t)(do(t, recordtest.Staff(), s.EvaluateEligibility, &pb.EvaluateEligibilityRequest{Name: full, Educator: educatorName(educator)}))
	if !eligible.Eligible || len(eligible.Outcomes) != 2 || len(eligible.Outcomes[0].Facts) != 4 || eligible.Outcomes[0].Facts[0].Kind != "certificate" || !eligible.Outcomes[1].Assumption {
		t.Errorf("eligible: %v", eligible)
	}

	token, record := recordOf(t, s, got)
	if !slices.Equal(record.Type, []string{"VerifiableCredential", "ClrCredential"}) || record.Name == "" || record.ValidFrom == "" || record.Proof != nil ||
		record.ID != "https://btlc.example/"+got.Name+"/learner-record" || record.JTI != record.ID || record.Issuer.ID != "did:web:btlc.example" || record.ISS != record.Issuer.ID ||
		len(record.Context) != 3 || !strings.Contains(record.Context[1], "/clr/v2p0/") {
		t.Errorf("the record is %+v", record)
	}
	subject := record.CredentialSubject
	if !slices.Equal(subject.Type, []string{"ClrSubject"}) || len(subject.Identifier) != 1 || !strings.Contains(got.Document, subject.Identifier[0].IdentityHash) ||
		len(subject.Achievement) != 1 || subject.Achievement[0].ID != "https://btlc.example/v1/"+full {
		t.Errorf("the record is of %+v", subject)
	}
	if len(subject.VerifiableCredential) != 4 || len(subject.Association) != 4 {
		t.Fatalf("%d certificates, %d associations", len(subject.VerifiableCredential), len(subject.Association))
	}
	for _, c := range certificates {
		if !slices.ContainsFunc(subject.VerifiableCredential, func(nested json.RawMessage) bool { return string(nested) == c.Document }) {
			t.Errorf("%s is not in the record as it was signed", c.Name)
		}
	}
	for _, a := range subject.Association {
		if a.AssociationType != "isPartOf" || a.TargetID != subject.Achievement[0].ID || !strings.HasSuffix(a.SourceID, "-certificate") {
			t.Errorf("association %+v", a)
		}
	}
	if entry := `"statusListIndex":"` + record.CredentialStatus.StatusListIndex + `"`; record.CredentialStatus.StatusListIndex == "" || !strings.Contains(got.Document, entry) {
		t.Errorf("the record has another status than the credential: %s", entry)
	}
	if err := verify(t, s.store.issuer, token); err != nil {
		t.Error(err)
	}
}

// checked is what came of the verification of a document: the outcomes of all checks that did not pass, with their details.
func checked(t testing.TB, s *Service, document string) (valid bool, bad []string, nested int) {
	t.Helper()
	answer := must[*pb.VerifyCredentialResponse](t)(s.VerifyCredential(t.Context(), &pb.VerifyCredentialRequest{Credential: document}))
	for _, check := range answer.Checks {
		if check.Check == "nested" {
			nested++
		}
		if check.Outcome != pb.VerificationCheck_OUTCOME_PASSED {
			bad = append(bad, check.Check+" "+check.Detail)
		}
	}
	return answer.Valid, bad, nested
}

func TestLearnerRecordIsVerified(t *testing.T) {
	w, s := open(t)
	educator := w.Leader("B1")
	certificates := certify(t, s, educator)
	got := must[*pb.Credential](t)(awardOf(t, s, educator, full))
	token, record := recordOf(t, s, got)
	for _, form := range []string{token, record.ID} {
		if valid, bad, nested := checked(t, s, form); !valid || bad != nil || nested != 4 {
			t.Errorf("%.60s: %v, %v, %d nested", form, valid, bad, nested)
		}
	}
	parts := strings.Split(token, ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	recordtest.Must(t, err)
	changed := strings.Replace(string(payload), "Full BTLC", "Fuhl BTLC", 1)
	if valid, _, _ := checked(t, s, parts[0]+"."+base64.RawURLEncoding.EncodeToString([]byte(changed))+"."+parts[2]); valid {
		t.Error("a changed record is taken")
	}
	if valid, _, _ := checked(t, s, certificates[0].Document); !valid {
		t.Error("a certificate of it is not taken alone")
	}
	if valid, _, _ := checked(t, s, "https://btlc.example/"+certificates[0].Name+"/learner-record"); valid {
		t.Error("a certificate has a record")
	}
	// A certificate that counts no more takes the record with it.
	_, err = do(t, recordtest.Staff(), s.RevokeCredential, &pb.RevokeCredentialRequest{Name: certificates[1].Name, ReasonCode: "ISSUED_IN_ERROR", Authority: "Director"})
	recordtest.Must(t, err)
	if valid, bad, _ := checked(t, s, token); valid || len(bad) != 1 || !strings.HasPrefix(bad[0], "nested ") || !strings.Contains(bad[0], "revoked") {
		t.Errorf("with a revoked certificate: %v, %v", valid, bad)
	}
	// So does the credential.
	_, err = do(t, recordtest.Staff(), s.SuspendCredential, &pb.SuspendCredentialRequest{Name: got.Name, ReasonCode: "UNDER_REVIEW", Authority: "Director"})
	recordtest.Must(t, err)
	if _, bad, _ := checked(t, s, token); len(bad) != 2 || !strings.HasPrefix(bad[0], "status suspended") {
		t.Errorf("of a suspended credential: %v", bad)
	}
}

// Issued anew, the credential has a record of the certificates that are active then.
func TestLearnerRecordOfAReissuedCredential(t *testing.T) {
	w, s := open(t)
	educator := w.Leader("B1")
	certificates := certify(t, s, educator)
	got := must[*pb.Credential](t)(awardOf(t, s, educator, full))
	_, err := do(t, recordtest.Staff(), s.SuspendCredential, &pb.SuspendCredentialRequest{Name: certificates[2].Name, ReasonCode: "UNDER_REVIEW", Authority: "Director"})
	recordtest.Must(t, err)
	again := func(c *pb.Credential) (*pb.Credential, error) {
		answer, err := do(t, recordtest.Staff(), s.ReissueCredential, &pb.ReissueCredentialRequest{Name: c.Name, ReasonCode: "IDENTITY_CORRECTED", Authority: "Director"})
		return answer.GetCredential(), err
	}
	next := must[*pb.Credential](t)(again(got))
	if _, record := recordOf(t, s, next); len(record.CredentialSubject.VerifiableCredential) != 3 {
		t.Errorf("%d certificates, want the three that are active", len(record.CredentialSubject.VerifiableCredential))
	}
	recordtest.Must(t, w.Ent().Credential.Update().Where(credential.CredentialTypeIDNEQ("btlc-credential")).SetStatus("REVOKED").Exec(t.Context()))
	_, err = again(next)
	refused(t, err, api.RequirementsUnmet)
}

func TestACourseCertificateHasNoLearnerRecord(t *testing.T) {
	w, s := open(t)
	educator, _ := w.Graduate("B1")
	published, found, err := s.Published(t.Context(), api.LastWord(issue(t, s, educator).Name))
	if err != nil || !found || len(published.LearnerRecord) != 0 {
		t.Errorf("%v %v: %s", found, err, published.LearnerRecord)
	}
}

func TestCredentialTypesWithoutACourse(t *testing.T) {
	w, s := open(t)
	w.Leader("B1")
	got := must[*pb.GetCredentialTypeResponse](t)(do(t, recordtest.Staff(), s.GetCredentialType, &pb.GetCredentialTypeRequest{Name: full})).CredentialType
	if got.Course != "" || got.PolicyVersion != "policies/full-credential/versions/1" {
		t.Errorf("the type %v", got)
	}
	courses := must[*pb.ListCredentialTypesResponse](t)(do(t, recordtest.Staff(), s.ListCredentialTypes, &pb.ListCredentialTypesRequest{OrderBy: "title", PageSize: 1}))
	if len(courses.CredentialTypes) != 1 || courses.CredentialTypes[0].Name != full {
		t.Errorf("first of the titles: %v", courses)
	}
	simulated := must[*pb.SimulatePolicyResponse](t)(do(t, recordtest.Staff(), s.SimulatePolicy, &pb.SimulatePolicyRequest{
		Parent: "policies/full-credential", Requirements: []*pb.Requirement{{Id: "training", Title: "Training", Citation: "S4", Expression: "trainings().exists(t, t.minutes >= 60)", UnmetMessage: "Train."}},
	}))
	if simulated.Evaluated != 1 || len(simulated.Changes) != 1 || simulated.Changes[0].EligibleNow || !simulated.Changes[0].EligibleThen || simulated.Changes[0].CredentialType != full {
		t.Errorf("simulated: %v", simulated)
	}
	_, err := do(t, recordtest.Staff(), s.CreatePolicyVersion, &pb.CreatePolicyVersionRequest{Parent: "policies/full-credential", PolicyVersion: &pb.PolicyVersion{
		Title: "Of a course", Requirements: []*pb.Requirement{{Id: "of-a-course", Title: "Of a course", Citation: "S4", Expression: "assessments(course).all(a, demonstrated(a))", UnmetMessage: "Show."}},
	}})
	refused(t, err, api.InvalidRequest)
}

// Who has no certificate has nothing for the record to hold, whatever the policy says.
func TestFullCredentialWithoutCertificates(t *testing.T) {
	w, s := open(t)
	educator := w.Leader("B1")
	must[*pb.CreatePolicyVersionResponse](t)(do(t, recordtest.Staff(), s.CreatePolicyVersion, &pb.CreatePolicyVersionRequest{Parent: "policies/full-credential", PolicyVersion: &pb.PolicyVersion{
		Title: "Training alone", Requirements: []*pb.Requirement{{Id: "training", Title: "Training", Citation: "S4", Expression: "trainings().exists(t, t.minutes >= 60)", UnmetMessage: "Train."}},
	}}))
	_, err := awardOf(t, s, educator, full)
	refused(t, err, api.RequirementsUnmet)
	if !strings.Contains(fmt.Sprint(err), "No certificate") {
		t.Errorf("got %v", err)
	}
}
