package gradcredit

import (
	"errors"
	"testing"

	"github.com/btlc/btlc/ent/creditrequest"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/policy"
)

func TestRequestLife(t *testing.T) {
	if first := requestLife.First(); first != creditrequest.DefaultState {
		t.Errorf("a new one is %s, in the table %s", first, creditrequest.DefaultState)
	}
	for state, want := range map[string]string{"REQUESTED": "WITHDRAWN", "WITHDRAWN": "", "nonsense": ""} {
		to, err := requestLife.After("credit request", state, "withdraw")
		refusal, refused := errors.AsType[*api.Error](err)
		if to != want || (want == "") != (refused && refusal.Reason == api.StateConflict) {
			t.Errorf("%s: got %q, %v, want %q", state, to, err, want)
		}
	}
}

func TestInstitutionsSeeNoAssessments(t *testing.T) {
	for kind, want := range map[string]bool{
		"agreement": true, "attendance": true, "completion": true, "consent": true, "credential": true, "creditRequest": true, "enrollment": true, "registration": true,
		"assessment": false, "assessments": false, "competency": false, "competencies": false, "role": false, "one that comes to be": false,
	} {
		if disclose(policy.Fact{Kind: kind}) != want {
			t.Errorf("%q: want %v", kind, want)
		}
	}
}
