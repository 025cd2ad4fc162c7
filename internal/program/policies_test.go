package program

import (
	"testing"

	"github.com/btlc/btlc/internal/policy"
)

func TestPoliciesCompile(t *testing.T) {
	for _, p := range load(t).Policies {
		source := policy.Source{ID: p.ID, Version: p.Version, Title: p.Title}
		for _, r := range p.Requirements {
			source.Requirements = append(source.Requirements, policy.Requirement{
				ID: r.ID, Title: r.Title, Citation: r.Citation, Expression: r.Expression, Unmet: r.Unmet, Assumption: r.Assumption,
			})
		}
		if _, err := policy.Compile(source); err != nil {
			t.Error(err)
		}
	}
}
