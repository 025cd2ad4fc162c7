package main

import (
	"strings"
	"testing"

	"github.com/btlc/btlc/internal/program"
)

func TestAPolicyOfSeveralVersionsIsOnePolicy(t *testing.T) {
	var out strings.Builder
	showProgram(&out, &program.Program{Policies: []program.Policy{{ID: "registration", Version: 1}, {ID: "registration", Version: 2}, {ID: "course-completion", Version: 1}}})
	for _, line := range []string{"   2 policies\n", "   3 versions of policies\n"} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("no line %q in\n%s", line, out.String())
		}
	}
}
