package directory

import (
	"github.com/google/uuid"

	"github.com/btlc/btlc/internal/oneroster"
)

// realIDs are the ids that records get in the place of provisional ones, which are no UUIDs.
type realIDs map[string]string

// settle gives the records of changes their ids, and tells whether any of these was provisional.
func (ids realIDs) settle(changes []oneroster.Change) (settled bool) {
	give := func(id *string) {
		if *id == "" || uuidOf(*id) != uuid.Nil {
			return
		}
		if ids[*id] == "" {
			ids[*id] = newID()
		}
		*id, settled = ids[*id], true
	}
	for _, c := range changes {
		eachSide(c.School, func(s *oneroster.School) { give(&s.ID) })
		eachSide(c.Person, func(p *oneroster.Person) { give(&p.ID) })
		eachSide(c.Employment, func(e *oneroster.Employment) {
			give(&e.ID)
			give(&e.PersonID)
			give(&e.SchoolID)
		})
	}
	return settled
}

// eachSide visits a record as it was and as it is, as far as it was and is there.
func eachSide[T any](p *oneroster.Pair[T], visit func(*T)) {
	if p == nil {
		return
	}
	for _, side := range []*T{p.Before, p.After} {
		if side != nil {
			visit(side)
		}
	}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func uuidOf(id string) uuid.UUID {
	parsed, err := uuid.Parse(id)
	if err != nil {
		return uuid.Nil
	}
	return parsed
}
