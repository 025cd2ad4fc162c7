package directory

import (
	"slices"

	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/oneroster"
)

// planOf and doneOf are what is kept of an action beside what people read: what it would do, and what it has done. Of one that
// added what was planned, and nothing else, the latter is not kept: most are like that, and it would say the same again.
type planOf struct {
	Changes []oneroster.Change     `json:"changes,omitempty"`
	Had     []oneroster.Employment `json:"had,omitempty"`
}

type doneOf struct {
	// Changes are those of the plan, about the records that they were made of.
	Changes []oneroster.Change `json:"changes"`
	// Versions are those of the rows, by id, right after.
	Versions map[string]int32 `json:"versions"`
	// Kept is true when undoing left what was added, for something refers to it.
	Kept bool `json:"kept,omitempty"`
}

// resource is what an action was about that was carried out as planned; empty before that, and after it was taken back.
func (p planOf) resource(district string, applied, undone bool) string {
	if len(p.Changes) == 0 || !applied || undone && p.Changes[0].Employment == nil {
		return ""
	}
	return resourceAdded(district, p.Changes[0])
}

// keptAction is an action as it is kept, and which it is.
type keptAction struct {
	rosterAction
	ordinal  int32
	resource string
	// done is nil until it is applied, and for what was done as planned.
	done *doneOf
}

// versions are those that the rows had right after it was applied, by id.
func (a keptAction) versions() map[string]int32 {
	if a.done != nil {
		return a.done.Versions
	}
	first := map[string]int32{}
	for _, c := range a.changes {
		first[idAfter(c)] = 1
	}
	return first
}

// resourceIn is the school or person of a district that it was about when it was applied.
func (a keptAction) resourceIn(district string) string {
	if a.resource == "" && len(a.changes) > 0 {
		return resourceAdded(district, a.changes[0])
	}
	return a.resource
}

// onlyAdds tells whether changes add what was not there, and change nothing else; so do no changes at all.
func onlyAdds(changes []oneroster.Change) bool {
	return !slices.ContainsFunc(changes, func(c oneroster.Change) bool {
		return c.School != nil && c.School.Before != nil || c.Person != nil && c.Person.Before != nil || c.Employment != nil && c.Employment.Before != nil
	})
}

// idAfter is the id of what a change puts on record or changes.
func idAfter(c oneroster.Change) string {
	switch {
	case c.School != nil:
		return c.School.After.ID
	case c.Person != nil:
		return c.Person.After.ID
	}
	return c.Employment.After.ID
}

// resourceAdded is the school or person that a change adds, or whose employment it is.
func resourceAdded(district string, c oneroster.Change) string {
	switch {
	case c.School != nil:
		return api.Name("btlc/School", district, c.School.After.ID)
	case c.Person != nil:
		return api.Name("btlc/Educator", c.Person.After.ID)
	}
	return api.Name("btlc/Educator", c.Employment.After.PersonID)
}

// as tells, by id, which of the records that actions were about are now as the last of these has left them: what came in between
// was taken back, as by undoing a later roster.
func (now *districtState) as(actions []keptAction) map[string]bool {
	schools, people, employments := map[string]oneroster.School{}, map[string]oneroster.Person{}, map[string]oneroster.Employment{}
	for _, s := range now.Schools {
		schools[s.ID] = s
	}
	for _, p := range now.People {
		people[p.ID] = p
	}
	for _, e := range now.Employments {
		employments[e.ID] = e
	}
	same := map[string]bool{}
	for _, a := range actions {
		for _, c := range a.changes {
			switch id := idAfter(c); {
			case c.School != nil:
				same[id] = schools[id] == *c.School.After
			case c.Person != nil:
				same[id] = samePerson(people[id], *c.Person.After)
			default:
				same[id] = employments[id] == *c.Employment.After
			}
		}
	}
	return same
}
