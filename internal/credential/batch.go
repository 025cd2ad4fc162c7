package credential

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/btlc/btlc/internal/api"
)

// distinct are the ids of persons by their names, each of whom is there once; else the error says who is there again.
func distinct(names []string) ([]uuid.UUID, error) {
	ids, first := make([]uuid.UUID, len(names)), make(map[string]int, len(names))
	var again []api.Violation
	for i, name := range names {
		if before, found := first[name]; found {
			again = append(again, api.Violation{Field: fmt.Sprintf("educators[%d]", i), Description: fmt.Sprintf("is educators[%d] too", before)})
			continue
		}
		first[name], ids[i] = i, api.LastUUID(name)
	}
	if again != nil {
		return nil, api.Invalid(again...)
	}
	return ids, nil
}

// present refuses a list of persons of whom some are not on record, and says which.
func present(persons, onRecord []uuid.UUID) error {
	known := make(map[uuid.UUID]bool, len(onRecord))
	for _, id := range onRecord {
		known[id] = true
	}
	missing := api.Errorf(api.ReferenceNotFound, "Not all educators are on record.")
	for i, id := range persons {
		if !known[id] {
			missing.Violations = append(missing.Violations, api.Violation{Field: fmt.Sprintf("educators[%d]", i), Description: "is not on record"})
		}
	}
	if missing.Violations != nil {
		return missing
	}
	return nil
}
