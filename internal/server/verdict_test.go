package server

import (
	"testing"

	credentialpb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/credential"
)

// TestVerdicts: every status but one is told as itself, whatever verifiers find; what counts is told as they find it.
func TestVerdicts(t *testing.T) {
	check := func(outcome credentialpb.VerificationCheck_Outcome) *credentialpb.VerifyCredentialResponse {
		return &credentialpb.VerifyCredentialResponse{
			Valid:  outcome == credentialpb.VerificationCheck_OUTCOME_PASSED || outcome == credentialpb.VerificationCheck_OUTCOME_ABSENT,
			Checks: []*credentialpb.VerificationCheck{{Check: "proof", Outcome: outcome}},
		}
	}
	passed := check(credentialpb.VerificationCheck_OUTCOME_PASSED)
	words := map[string]bool{}
	for number, status := range credentialpb.CredentialStatus_name {
		if number == 0 {
			continue
		}
		status = status[len("CREDENTIAL_STATUS_"):]
		verdict := verdictOn(credential.Published{Status: status}, passed)
		if good := verdict.Tone == "good"; good != (status == "ACTIVE") || verdict.Word == "" || verdict.Sentence == "" || words[verdict.Word] {
			t.Errorf("%s is told as %+v", status, verdict)
		}
		words[verdict.Word] = true
	}
	active := credential.Published{Status: "ACTIVE"}
	for outcome, tone := range map[credentialpb.VerificationCheck_Outcome]string{
		credentialpb.VerificationCheck_OUTCOME_PASSED: "good", credentialpb.VerificationCheck_OUTCOME_ABSENT: "good",
		credentialpb.VerificationCheck_OUTCOME_UNKNOWN: "unknown", credentialpb.VerificationCheck_OUTCOME_FAILED: "bad",
	} {
		answer := check(outcome)
		if verdict := verdictOn(active, answer); verdict.Tone != tone {
			t.Errorf("%s is told as %+v", outcome, verdict)
		}
		shown := checksOf(answer)[0]
		if shown.Name != "Signature" || shown.OutcomeWord() == "" || shown.Mark() == "" {
			t.Errorf("%s is shown as %+v", outcome, shown)
		}
	}
	if verdict := verdictOn(active, nil); verdict.Tone != "unknown" {
		t.Errorf("what was not verified is told as %+v", verdict)
	}
}
