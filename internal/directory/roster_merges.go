package directory

import "github.com/btlc/btlc/internal/oneroster"

// eachPerson gives the ids of the persons that changes are about, to be read or replaced.
func eachPerson(changes []oneroster.Change, each func(id *string)) {
	for _, c := range changes {
		eachSide(c.Person, func(p *oneroster.Person) { each(&p.ID) })
		eachSide(c.Employment, func(e *oneroster.Employment) { each(&e.PersonID) })
	}
}

// followMerges has changes be about the records that those which they are about were merged into, and tells whether any was.
func followMerges(into map[string]string, changes []oneroster.Change, had []oneroster.Employment) (merged bool) {
	follow := func(id *string) {
		if to := into[*id]; to != "" {
			*id, merged = to, true
		}
	}
	eachPerson(changes, follow)
	for i := range had {
		follow(&had[i].PersonID)
	}
	return merged
}
