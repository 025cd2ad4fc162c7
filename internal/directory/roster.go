package directory

import (
	"cmp"
	"slices"
	"strings"

	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/oneroster"
)

// rosterLife is the life of a roster import.
var rosterLife = api.Life{
	{"", "plan", "PLANNED"},
	{"", "plan too many endings", "BLOCKED"},
	{"", "find faults", "FAULTY"},
	{"PLANNED", "apply", "APPLIED"},
	{"BLOCKED", "confirm the endings and apply", "APPLIED"},
	{"APPLIED", "undo", "UNDONE"},
}

// Lives are the lives of what this context keeps, by resource type.
var Lives = map[string]api.Life{"btlc/RosterImport": rosterLife}

// The kinds of actions, as the contract has them.
const (
	schoolAdded     = "SCHOOL_ADDED"
	schoolRenamed   = "SCHOOL_RENAMED"
	schoolMissing   = "SCHOOL_MISSING"
	personAdded     = "PERSON_ADDED"
	personChanged   = "PERSON_CHANGED"
	employmentAdded = "EMPLOYMENT_ADDED"
	employmentMoved = "EMPLOYMENT_MOVED"
	employmentEnded = "EMPLOYMENT_ENDED"
	ambiguous       = "AMBIGUOUS"
)

// rosterAction is what a roster would do about one school, person or employment.
type rosterAction struct {
	kind string
	// line is the row that says so; 0 for what the roster does not have any more.
	line int
	// key is an employee number or a school's code.
	key string
	// school and person are whom it is about, by id, when they are on record and the district may know.
	school, person string
	// before and after are for people to read.
	before, after string
	changes       []oneroster.Change
	// had are the person's employments in the district when it was planned, if it is about employments.
	had []oneroster.Employment
}

// describer puts a plan into words.
type describer struct {
	roster  *oneroster.Roster
	here    map[string]bool   // persons who work in the district on the day
	known   map[string]bool   // persons and schools on record
	schools map[string]string // names by id, after the plan
	numbers map[string]string // of persons, by id
	works   map[string][]oneroster.Employment
}

// rosterActions are the actions of a plan in the order in which they are made; what is left to people comes last. The state is
// what the district may know, and on the day that the roster is of.
func rosterActions(plan oneroster.Plan, roster *oneroster.Roster, state oneroster.State, on oneroster.Date) []rosterAction {
	d := describer{roster, atWork(state, on), map[string]bool{}, map[string]string{"": "the whole district"}, map[string]string{}, map[string][]oneroster.Employment{}}
	for _, s := range state.Schools {
		d.schools[s.ID], d.known[s.ID] = s.Name, true
	}
	for _, p := range state.People {
		d.numbers[p.ID], d.known[p.ID] = p.EmployeeNumber, true
	}
	for _, e := range state.Employments {
		d.works[e.PersonID] = append(d.works[e.PersonID], e)
	}
	var actions []rosterAction
	for _, c := range plan.Changes {
		last := len(actions) - 1
		switch {
		case c.School != nil:
			actions = append(actions, d.school(c))
		case c.Person != nil && last >= 0 && actions[last].kind == personChanged && actions[last].person == c.Person.After.ID:
			actions[last].changes = append(actions[last].changes, c)
			actions[last].after = personAfter(actions[last].changes)
		case c.Person != nil:
			actions = append(actions, d.change(c))
		case c.Kind == oneroster.MovedTo:
			move := &actions[last]
			move.kind, move.line, move.changes, move.after = employmentMoved, c.Source.Line, append(move.changes, c), d.place(*c.Employment.After)
		default:
			actions = append(actions, d.employment(c))
		}
	}
	for _, s := range plan.MissingSchools {
		actions = append(actions, rosterAction{kind: schoolMissing, key: s.Code, school: s.ID, before: s.Name, after: "It stays as it is."})
	}
	for _, q := range plan.Questions {
		actions = append(actions, d.question(q))
	}
	return actions
}

func (d describer) school(c oneroster.Change) rosterAction {
	a := rosterAction{kind: schoolAdded, line: c.Source.Line, key: c.School.After.Code, after: c.School.After.Name, changes: []oneroster.Change{c}}
	d.schools[c.School.After.ID] = c.School.After.Name
	if c.School.Before != nil {
		a.kind, a.school, a.before = schoolRenamed, c.School.Before.ID, c.School.Before.Name
	}
	return a
}

func (d describer) change(c oneroster.Change) rosterAction {
	a := rosterAction{kind: personAdded, line: c.Source.Line, key: c.Person.After.EmployeeNumber, changes: []oneroster.Change{c}}
	d.numbers[c.Person.After.ID] = a.key
	if c.Person.Before != nil {
		a.kind, a.person, a.before = personChanged, c.Person.Before.ID, c.Person.Before.GivenName+" "+c.Person.Before.FamilyName
	}
	a.after = personAfter(a.changes)
	return a
}

// personAfter is the name of a person after all changes, and the addresses that are new.
func personAfter(changes []oneroster.Change) string {
	after, old := changes[len(changes)-1].Person.After, []string(nil)
	if before := changes[0].Person.Before; before != nil {
		old = before.Emails
	}
	parts := []string{after.GivenName + " " + after.FamilyName}
	for _, address := range after.Emails {
		if !slices.Contains(old, address) {
			parts = append(parts, address)
		}
	}
	return strings.Join(parts, ", ")
}

func (d describer) employment(c oneroster.Change) rosterAction {
	one := c.Employment.After
	a := rosterAction{kind: employmentAdded, line: c.Source.Line, key: d.numbers[one.PersonID], after: d.place(*one), changes: []oneroster.Change{c}, had: d.works[one.PersonID]}
	if d.known[one.PersonID] {
		a.person = one.PersonID
	}
	if c.Employment.Before != nil {
		a.kind, a.before = employmentEnded, d.place(*c.Employment.Before)
	}
	return a
}

// place says where and when somebody works.
func (d describer) place(e oneroster.Employment) string {
	text := d.schools[e.SchoolID] + " from " + string(e.Start)
	if e.End != "" {
		text += " to " + string(e.End)
	}
	return text
}

var questionTexts = map[oneroster.QuestionKind]string{
	oneroster.SchoolWithoutCode:    "A school on record has this name and no code.",
	oneroster.NumberInOtherLetters: "But for capital letters the number is that of a person who works in the district.",
	oneroster.EmailOfAnother:       "The e-mail address is on record for another person who works in the district.",
	oneroster.EmailShared:          "The roster has the e-mail address for several people.",
	oneroster.NameOfShared:         "They work in another district too and are called otherwise on record: the program's staff change names of such people.",
	oneroster.PersonWithoutNumber:  "They work in the district and have no employee id by which the roster could tell of them.",
}

// question is what is left to people.
func (d describer) question(q oneroster.Question) rosterAction {
	a := rosterAction{kind: ambiguous, line: q.Source.Line, key: q.EmployeeNumber, after: questionTexts[q.Kind]}
	switch {
	case q.Kind == oneroster.SchoolWithoutCode:
		a.school, a.before = q.RecordID, d.schools[q.RecordID]
		for _, s := range d.roster.Schools {
			if s.Source == q.Source {
				a.key = s.Code
			}
		}
	case d.here[q.RecordID]:
		a.person = q.RecordID
	}
	if q.Held {
		a.after += " The row is left out."
	}
	return a
}

// rosterCounts are a plan in numbers.
type rosterCounts struct {
	schoolsAdded, schoolsRenamed, schoolsMissing         int
	peopleAdded, peopleChanged, unchanged                int
	employmentsAdded, employmentsMoved, employmentsEnded int
	ignored, ambiguous                                   int
}

func countRoster(actions []rosterAction, roster *oneroster.Roster, state oneroster.State) rosterCounts {
	kinds, touched := map[string]int{}, map[string]bool{}
	for _, a := range actions {
		kinds[a.kind]++
		if a.kind != ambiguous {
			touched[a.person] = true
		}
	}
	c := rosterCounts{
		kinds[schoolAdded], kinds[schoolRenamed], kinds[schoolMissing], kinds[personAdded], kinds[personChanged], 0,
		kinds[employmentAdded], kinds[employmentMoved], kinds[employmentEnded], roster.Ignored.Users + roster.Ignored.Roles, kinds[ambiguous],
	}
	listed := map[string]bool{}
	for _, s := range roster.Staff {
		listed[s.EmployeeNumber] = s.Active
	}
	others := map[string]bool{}
	for number, id := range state.OtherNumbers {
		others[id] = others[id] || listed[number]
	}
	for _, p := range state.People {
		if p.EmployeeNumber != "" && (listed[p.EmployeeNumber] || others[p.ID]) && !touched[p.ID] {
			c.unchanged++
		}
	}
	return c
}

// staleActions are those that would not be the same if they were planned now, on a day: what they are about has been changed since.
// Whoever has left since is not the district's to change any more, nor to hear whether anything of theirs is changed.
func staleActions(now oneroster.State, actions []keptAction, on oneroster.Date) (stale []keptAction) {
	here := atWork(now, on)
	schools, codes := map[string]oneroster.School{}, map[string]bool{}
	for _, s := range now.Schools {
		schools[s.ID], codes[s.Code] = s, true
	}
	people, numbers, taken := map[string]oneroster.Person{}, map[string]bool{}, map[string]bool{}
	for _, p := range now.People {
		people[p.ID], numbers[p.EmployeeNumber] = p, true
		for _, address := range p.Emails {
			if here[p.ID] {
				taken[strings.ToLower(address)] = true
			}
		}
	}
	for number := range now.OtherNumbers {
		numbers[number] = true
	}
	works := map[string][]oneroster.Employment{}
	for _, e := range now.Employments {
		works[e.PersonID] = append(works[e.PersonID], e)
	}
	getsTaken := func(had []string, after *oneroster.Person) bool {
		return slices.ContainsFunc(after.Emails, func(address string) bool { return !slices.Contains(had, address) && taken[strings.ToLower(address)] })
	}
	for _, a := range actions {
		if len(a.changes) == 0 {
			continue
		}
		first, last := a.changes[0], a.changes[len(a.changes)-1]
		same := false
		switch {
		case first.School != nil && first.School.Before != nil:
			same = schools[first.School.Before.ID] == *first.School.Before
		case first.School != nil:
			same = !codes[first.School.After.Code]
		case first.Person != nil && first.Person.Before != nil:
			before := first.Person.Before
			renamed := before.GivenName != last.Person.After.GivenName || before.FamilyName != last.Person.After.FamilyName
			same = here[before.ID] && !(renamed && now.Elsewhere[before.ID]) && samePerson(people[before.ID], *before) && !getsTaken(before.Emails, last.Person.After)
		case first.Person != nil:
			same = !numbers[first.Person.After.EmployeeNumber] && !getsTaken(nil, last.Person.After)
		default:
			same = sameEmployments(works[first.Employment.After.PersonID], a.had)
		}
		if !same {
			stale = append(stale, a)
		}
	}
	return stale
}

func samePerson(a, b oneroster.Person) bool {
	return a.ID == b.ID && a.GivenName == b.GivenName && a.FamilyName == b.FamilyName && a.EmployeeNumber == b.EmployeeNumber &&
		slices.Equal(slices.Sorted(slices.Values(a.Emails)), slices.Sorted(slices.Values(b.Emails)))
}

func sameEmployments(a, b []oneroster.Employment) bool {
	byID := func(x, y oneroster.Employment) int { return cmp.Compare(x.ID, y.ID) }
	return slices.Equal(slices.SortedFunc(slices.Values(a), byID), slices.SortedFunc(slices.Values(b), byID))
}

// afterApplying is the state that a roster import comes to when it is applied: with its number of endings confirmed, when it
// is blocked.
func afterApplying(state, blocked string, endings int32, confirmed *int32) (string, error) {
	if confirmed != nil && *confirmed != endings && (state == "PLANNED" || state == "BLOCKED") {
		return "", api.InvalidField("confirmEndings", "confirms %d endings; the plan has %d", *confirmed, endings)
	}
	verb := "apply"
	if state == "BLOCKED" {
		if confirmed == nil {
			return "", api.Errorf(api.StateConflict, "The roster import is BLOCKED: %s. Look at them, and confirm their number.", blocked).With("state", state)
		}
		verb = "confirm the endings and apply"
	}
	return rosterLife.After("roster import", state, verb)
}
