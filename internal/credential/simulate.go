package credential

import (
	"github.com/btlc/btlc/internal/policy"
)

// changed says whether somebody's outcome by one policy is another one than by the policy in force, and why: what they
// do not meet of the policy that they do not meet.
func changed(inForce, candidate policy.Result) (why policy.Result, differs bool) {
	failed := candidate
	if candidate.Met {
		failed = inForce
	}
	for _, outcome := range failed.Requirements {
		if !outcome.Met {
			why.Requirements = append(why.Requirements, outcome)
		}
	}
	return why, inForce.Met != candidate.Met
}
