package credential

import (
	"slices"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/record/recordtest"
)

// Every person who is named again, and nobody else, is told of; who is named once keeps their place.
func TestDistinct(t *testing.T) {
	pool := make([]uuid.UUID, 4)
	for i := range pool {
		pool[i] = uuid.New()
	}
	rapid.Check(t, func(t *rapid.T) {
		persons := rapid.SliceOfN(rapid.SampledFrom(pool), 1, 6).Draw(t, "persons")
		names, again := make([]string, len(persons)), 0
		for i, id := range persons {
			names[i] = educatorName(id)
			if slices.Contains(persons[:i], id) {
				again++
			}
		}
		ids, err := distinct(names)
		switch known := recordtest.Known(err); {
		case again == 0 && (err != nil || !slices.Equal(ids, persons)):
			t.Fatalf("%v: %v, %v", persons, ids, err)
		case again > 0 && (known.Reason != api.InvalidRequest || len(known.Violations) != again):
			t.Fatalf("%v: %v", persons, err)
		}
	})
}

func TestPresent(t *testing.T) {
	a, b, c := uuid.New(), uuid.New(), uuid.New()
	if err := present([]uuid.UUID{a, b}, []uuid.UUID{b, a, c}); err != nil {
		t.Error(err)
	}
	missing := recordtest.Known(present([]uuid.UUID{a, b, c}, []uuid.UUID{b}))
	if missing.Reason != api.ReferenceNotFound || len(missing.Violations) != 2 || missing.Violations[0].Field != "educators[0]" || missing.Violations[1].Field != "educators[2]" {
		t.Errorf("got %v, %v", missing, missing.Violations)
	}
}
