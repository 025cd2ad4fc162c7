package enrollment

import (
	"strings"

	"github.com/btlc/btlc/internal/api"
)

// excepted is the exception by which a registration is completed, given the requirements that are not met: none when all
// are, whatever was said. The error is REQUIREMENTS_UNMET when some are not and nothing was said.
func excepted(unmet []api.Violation, said string) (exception string, err error) {
	switch said = strings.TrimSpace(said); {
	case len(unmet) == 0:
		return "", nil
	case said != "":
		return said, nil
	}
	ids := make([]string, len(unmet))
	for i, v := range unmet {
		ids[i] = v.Field
	}
	e := api.Errorf(api.RequirementsUnmet, "Not met: %s. With an exception it counts as completed all the same.", strings.Join(ids, ", "))
	e.Violations = unmet
	return "", e
}
