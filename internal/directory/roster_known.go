package directory

import (
	"slices"

	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/oneroster"
)

// Rosters are planned from what a district may know, so that no plan can tell more. Whoever has an employee number there and has
// not worked there up to the day is as nobody to it, unless a roster of its own has told of them: one that names the number
// plans to add a person, as for a number that nobody has. When it is applied, the record that is there is taken.

// hiddenPerson is somebody on record of whom the district may not know.
type hiddenPerson struct {
	id string
	// employments are in the district, and to come.
	employments []oneroster.Employment
}

// neverHere are the people of a district who have not worked there up to a day.
func neverHere(state oneroster.State, on oneroster.Date) map[string]bool {
	never := map[string]bool{}
	for _, p := range state.People {
		never[p.ID] = true
	}
	for _, e := range state.Employments {
		if e.Start <= on {
			delete(never, e.PersonID)
		}
	}
	return never
}

// atWork are the people of a district who work there on a day.
func atWork(state oneroster.State, on oneroster.Date) map[string]bool {
	here := map[string]bool{}
	for _, e := range state.Employments {
		here[e.PersonID] = here[e.PersonID] || e.Covers(on)
	}
	return here
}

// numbersOf are the employee numbers of some people of a district.
func numbersOf(state oneroster.State, some map[string]bool) (numbers []string) {
	for _, p := range state.People {
		if some[p.ID] && p.EmployeeNumber != "" {
			numbers = append(numbers, p.EmployeeNumber)
		}
	}
	for number, id := range state.OtherNumbers {
		if some[id] {
			numbers = append(numbers, number)
		}
	}
	return numbers
}

// withoutHidden is a state without those who have never worked in the district, and these by their numbers; of the numbers
// told, a roster of the district has told.
func withoutHidden(state oneroster.State, never, told map[string]bool) (known oneroster.State, hidden map[string]*hiddenPerson) {
	people := map[string]*hiddenPerson{}
	for id := range never {
		people[id] = &hiddenPerson{id: id}
	}
	for _, p := range state.People {
		if told[p.EmployeeNumber] {
			delete(people, p.ID)
		}
	}
	for number, id := range state.OtherNumbers {
		if told[number] {
			delete(people, id)
		}
	}
	hidden, known = map[string]*hiddenPerson{}, oneroster.State{Schools: state.Schools, OtherNumbers: map[string]string{}, Elsewhere: state.Elsewhere}
	for _, p := range state.People {
		switch of := people[p.ID]; {
		case of == nil:
			known.People = append(known.People, p)
		case p.EmployeeNumber != "":
			hidden[p.EmployeeNumber] = of
		}
	}
	for number, id := range state.OtherNumbers {
		if of := people[id]; of != nil {
			hidden[number] = of
		} else {
			known.OtherNumbers[number] = id
		}
	}
	for _, e := range state.Employments {
		if of := people[e.PersonID]; of != nil {
			of.employments = append(of.employments, e)
		} else {
			known.Employments = append(known.Employments, e)
		}
	}
	return known, hidden
}

// takeHidden has actions that would add people who are on record be about these: their names and addresses stay, and they are
// employed as the roster says, unless they are to be employed like that already. It tells which actions it has changed.
func takeHidden(hidden map[string]*hiddenPerson, actions []keptAction) (changed map[int]bool) {
	changed = map[int]bool{}
	taken := map[string]*hiddenPerson{} // by the ids that they would have got
	for i := range actions {
		a := &actions[i]
		if len(a.changes) == 0 {
			continue
		}
		var of *hiddenPerson
		switch first := a.changes[0]; {
		case first.Person != nil && first.Person.Before == nil:
			if of = hidden[first.Person.After.EmployeeNumber]; of != nil {
				taken[first.Person.After.ID], a.changes = of, nil
			}
		case first.Employment != nil:
			if of = taken[first.Employment.After.PersonID]; of != nil {
				eachPerson(a.changes, func(id *string) { *id = of.id })
				a.changes = slices.DeleteFunc(a.changes, func(c oneroster.Change) bool { return of.isTo(*c.Employment.After) })
			}
		}
		if of != nil {
			a.resource, changed[i] = api.Name("btlc/Educator", of.id), true
		}
	}
	return changed
}

// isTo tells whether somebody is to be employed at a place from a day, or before it and still then.
func (h *hiddenPerson) isTo(e oneroster.Employment) bool {
	return slices.ContainsFunc(h.employments, func(there oneroster.Employment) bool { return there.SchoolID == e.SchoolID && there.Covers(e.Start) })
}
