package directory

import "github.com/btlc/btlc/internal/oneroster"

// eachPerson gives the ids of the persons that changes are about, to be read or replaced.
func eachPerson(changes []oneroster.Change, each func(id *string)) {
	for _, c := range changes {
		if p := c.Person; p != nil {
			for _, side := range []*oneroster.Person{p.Before, p.After} {
				if side != nil {
					each(&side.ID)
				}
			}
		}
		if e := c.Employment; e != nil {
			for _, side := range []*oneroster.Employment{e.Before, e.After} {
				if side != nil {
					each(&side.PersonID)
				}
			}
		}
	}
}

// followMerges has changes be about the records that those which they are about were merged into.
func followMerges(into map[string]string, changes []oneroster.Change, had []oneroster.Employment) {
	follow := func(id *string) { *id = either(into[*id], *id) }
	eachPerson(changes, follow)
	for i := range had {
		follow(&had[i].PersonID)
	}
}
