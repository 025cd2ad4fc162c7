package credential

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/btlc/btlc/internal/policy"
)

func drawResult(t *rapid.T, label string) policy.Result {
	result := policy.Result{Met: true}
	for i, met := range rapid.SliceOfN(rapid.Bool(), 1, 5).Draw(t, label) {
		result.Requirements = append(result.Requirements, policy.Outcome{Requirement: policy.Requirement{ID: fmt.Sprint(label, i)}, Met: met})
		result.Met = result.Met && met
	}
	return result
}

// Whose outcome changes is told why: by requirements that are not met, all of the one policy that is not met.
func TestChanged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		inForce, candidate := drawResult(t, "in force"), drawResult(t, "candidate")
		why, differs := changed(inForce, candidate)
		if differs != (inForce.Met != candidate.Met) {
			t.Fatalf("differs: %v", differs)
		}
		if !differs {
			return
		}
		failed := candidate
		if candidate.Met {
			failed = inForce
		}
		var unmet []string
		for _, r := range failed.Requirements {
			if !r.Met {
				unmet = append(unmet, r.ID)
			}
		}
		if len(unmet) == 0 || len(why.Requirements) != len(unmet) {
			t.Fatalf("reasons %v, want %v", why.Requirements, unmet)
		}
		for i, r := range why.Requirements {
			if r.ID != unmet[i] || r.Met {
				t.Fatalf("reason %v, want %s", r, unmet[i])
			}
		}
	})
}
