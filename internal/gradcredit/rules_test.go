package gradcredit

import (
	"testing"

	"github.com/btlc/btlc/internal/policy"
)

func TestTransitions(t *testing.T) {
	for state, want := range map[string]string{"REQUESTED": "WITHDRAWN", "WITHDRAWN": "", "nonsense": ""} {
		if next, ok := after(state, withdraw); next != want || ok != (want != "") {
			t.Errorf("%s: %q, %v, want %q", state, next, ok, want)
		}
	}
	for state, verbs := range transitions {
		for v, next := range verbs {
			if _, known := transitions[next]; !known {
				t.Errorf("%s %s leads to %s, which the table does not know", state, v, next)
			}
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
