package oneroster

import (
	"fmt"
	"slices"
	"strings"
)

// Options say how a roster is compared with what is on record.
type Options struct {
	// On is the day that the roster is of. Employments that it does not have any more end on it, unless it tells the last day, and
	// those of which it does not tell the first day begin on it. A last day after it is not taken over: systems put the end of
	// the school year there.
	On Date
	// MostEndings and MostEndingsPercent are how many employments may end without a confirmation: a plan is blocked that ends
	// more than this number, and also more than this share of those that go on. DefaultEndings has what is usual.
	MostEndings, MostEndingsPercent int
	// ConfirmEndings lets a plan with exactly so many endings through.
	ConfirmEndings int
}

// Usual thresholds.
const (
	DefaultMostEndings        = 5
	DefaultMostEndingsPercent = 10
)

// Kind says what a change is.
type Kind string

// Kinds of change; those of the second group are what Undo makes.
const (
	SchoolAdded         Kind = "SCHOOL_ADDED"
	SchoolRenamed       Kind = "SCHOOL_RENAMED"
	PersonAdded         Kind = "PERSON_ADDED"
	NameChanged         Kind = "NAME_CHANGED"
	EmailAdded          Kind = "EMAIL_ADDED"
	EmploymentAdded     Kind = "EMPLOYMENT_ADDED"
	EmploymentEnded     Kind = "EMPLOYMENT_ENDED"
	MovedFrom           Kind = "MOVED_FROM" // the employment that a move ends, right before the one that it begins
	MovedTo             Kind = "MOVED_TO"
	SchoolTakenBack     Kind = "SCHOOL_TAKEN_BACK"
	PersonTakenBack     Kind = "PERSON_TAKEN_BACK"
	EmailTakenBack      Kind = "EMAIL_TAKEN_BACK"
	EmploymentTakenBack Kind = "EMPLOYMENT_TAKEN_BACK"
	EmploymentReopened  Kind = "EMPLOYMENT_REOPENED"
)

// Change is one record made or changed. One of its pairs is set.
type Change struct {
	// Kind says what it is.
	Kind Kind
	// Source is the row that says so; without a line for what the roster does not have any more.
	Source Source
	// School, Person and Employment are the record before and after.
	School     *Pair[School]     `json:",omitempty"`
	Person     *Pair[Person]     `json:",omitempty"`
	Employment *Pair[Employment] `json:",omitempty"`
}

// Pair is a record before and after a change. Before is nil for one that is new, After for one that is taken back.
type Pair[T any] struct {
	Before *T `json:",omitempty"`
	After  *T `json:",omitempty"`
}

// QuestionKind says what somebody has to look at.
type QuestionKind string

// What a plan does not decide.
const (
	// SchoolWithoutCode: a school on record without a code has the name of one that the roster has.
	SchoolWithoutCode QuestionKind = "SCHOOL_WITHOUT_CODE"
	// EmailOfAnother: the address belongs to somebody with another number, or none, who works in the district.
	EmailOfAnother QuestionKind = "EMAIL_OF_ANOTHER"
	// NumberInOtherLetters: nobody has the number, but for capital letters somebody who works in the district and whom the roster does
	// not have.
	NumberInOtherLetters QuestionKind = "NUMBER_IN_OTHER_LETTERS"
	// EmailShared: the roster has the address for several people.
	EmailShared QuestionKind = "EMAIL_SHARED"
	// NameOfShared: the roster has another name for somebody who works in another district too, and is not one district's to rename.
	NameOfShared QuestionKind = "NAME_OF_SHARED"
	// PersonWithoutNumber: somebody works in the district and has no number to be found by in the roster.
	PersonWithoutNumber QuestionKind = "PERSON_WITHOUT_NUMBER"
)

// Question is something that the plan leaves as it is, for somebody to look at.
type Question struct {
	// Kind says what it is about.
	Kind QuestionKind
	// Source is the row, if it is about one.
	Source Source
	// EmployeeNumber is the number in the roster, if it is about a person there.
	EmployeeNumber string
	// RecordID is the school or person on record, if it is about one.
	RecordID string
	// Held is true when the row was left out of the plan.
	Held bool
}

// Counts are a plan in numbers.
type Counts struct {
	SchoolsAdded, SchoolsRenamed, SchoolsUnchanged, SchoolsMissing             int
	PeopleAdded, NamesChanged, EmailsAdded, PeopleUnchanged                    int
	EmploymentsAdded, EmploymentsMoved, EmploymentsEnded, EmploymentsUnchanged int
	// EmploymentsRunning is how many go on on the day before anything is changed.
	EmploymentsRunning int
}

// Plan is what a roster would change. Nothing of it is done yet.
type Plan struct {
	// Changes are in an order in which they can be made: schools, then people, then employments.
	Changes []Change
	// MissingSchools are on record and not in the roster. They stay.
	MissingSchools []School
	// Questions are for somebody to look at.
	Questions []Question
	// Counts are the numbers.
	Counts Counts
	// Blocked says why the plan must not be applied; empty when it may be.
	Blocked string
}

// MakePlan compares a roster with what is on record. People are matched by employee number, schools by code, and nobody by name
// or address. The same roster, record and options give the same plan, in whatever order the record is told.
func MakePlan(current State, roster *Roster, opts Options) Plan {
	p := &planner{opts: opts}
	current = current.sorted()
	p.index(current)
	p.planSchools(current.Schools, roster.Schools)
	p.planStaff(p.folded(roster.Staff))
	p.planAbsent(current.People)
	p.plan.Changes = slices.Concat(p.schools, p.people, p.employments)
	c := &p.plan.Counts
	if c.EmploymentsEnded > opts.MostEndings && c.EmploymentsEnded*100 > opts.MostEndingsPercent*c.EmploymentsRunning && c.EmploymentsEnded != opts.ConfirmEndings {
		p.plan.Blocked = fmt.Sprintf("%d of %d employments would end, more than %d and more than %d %%", c.EmploymentsEnded, c.EmploymentsRunning, opts.MostEndings, opts.MostEndingsPercent)
		if opts.ConfirmEndings != 0 {
			p.plan.Blocked += fmt.Sprintf("; confirmed are %d", opts.ConfirmEndings)
		}
	}
	return p.plan
}

// planner makes one plan.
type planner struct {
	opts                         Options
	plan                         Plan
	schools, people, employments []Change
	schoolIDs                    map[string]string // by code, those to be added too
	byNumber                     map[string]*Person
	byEmail                      map[string]*Person      // of those who work in the district
	byFolded                     map[string]*Person      // of those by number in small letters, the first of several
	worksAs                      map[string][]Employment // by person
	works, elsewhere             map[string]bool         // persons who work in the district on the day, and in another one
	// listed are the employee numbers of which the roster decides.
	listed map[string]bool
	// heldPeople and heldSchools, by id and by code, are left alone.
	heldPeople, heldSchools map[string]bool
	// lastDays has when a person's roles at places ended that the roster still tells.
	lastDays map[string]map[string]Date
}

func (p *planner) index(current State) {
	p.schoolIDs, p.heldPeople, p.heldSchools = map[string]string{"": ""}, map[string]bool{}, map[string]bool{}
	p.byNumber, p.byEmail, p.byFolded = map[string]*Person{}, map[string]*Person{}, map[string]*Person{}
	p.worksAs, p.works, p.listed, p.lastDays = map[string][]Employment{}, map[string]bool{}, map[string]bool{}, map[string]map[string]Date{}
	p.elsewhere = current.Elsewhere
	for _, e := range current.Employments {
		p.worksAs[e.PersonID] = append(p.worksAs[e.PersonID], e)
		p.works[e.PersonID] = p.works[e.PersonID] || e.Covers(p.opts.On)
		if e.runs(p.opts.On) {
			p.plan.Counts.EmploymentsRunning++
		}
	}
	byID := make(map[string]*Person, len(current.People))
	for i := range current.People {
		person := &current.People[i]
		byID[person.ID] = person
		if person.EmployeeNumber != "" {
			p.byNumber[person.EmployeeNumber] = person
			if folded := strings.ToLower(person.EmployeeNumber); p.works[person.ID] && p.byFolded[folded] == nil {
				p.byFolded[folded] = person
			}
		}
		for _, address := range person.Emails {
			if p.works[person.ID] {
				p.byEmail[strings.ToLower(address)] = person
			}
		}
	}
	for number, id := range current.OtherNumbers {
		if person := byID[id]; person != nil && p.byNumber[number] == nil {
			p.byNumber[number] = person
		}
	}
}

func (p *planner) ask(q Question) { p.plan.Questions = append(p.plan.Questions, q) }

func (p *planner) planSchools(current []School, roster []RosterSchool) {
	c := &p.plan.Counts
	byCode, uncoded := map[string]*School{}, map[string]*School{}
	for i := range current {
		if s := &current[i]; s.Code != "" {
			byCode[s.Code] = s
			p.schoolIDs[s.Code] = s.ID
		} else {
			uncoded[strings.ToLower(s.Name)] = s
		}
	}
	inRoster := map[string]bool{}
	for _, s := range roster {
		inRoster[s.Code] = true
		before, namesake := byCode[s.Code], uncoded[strings.ToLower(s.Name)]
		switch {
		case before != nil && before.Name == s.Name:
			c.SchoolsUnchanged++
		case before != nil:
			c.SchoolsRenamed++
			after := *before
			after.Name = s.Name
			p.schools = append(p.schools, Change{Kind: SchoolRenamed, Source: s.Source, School: &Pair[School]{new(*before), &after}})
		case namesake != nil:
			p.heldSchools[s.Code] = true
			p.ask(Question{Kind: SchoolWithoutCode, Source: s.Source, RecordID: namesake.ID, Held: true})
		default:
			c.SchoolsAdded++
			after := School{ID: "school:" + s.Code, Name: s.Name, Code: s.Code}
			p.schoolIDs[s.Code] = after.ID
			p.schools = append(p.schools, Change{Kind: SchoolAdded, Source: s.Source, School: &Pair[School]{nil, &after}})
		}
	}
	for _, s := range current {
		if !inRoster[s.Code] {
			c.SchoolsMissing++
			p.plan.MissingSchools = append(p.plan.MissingSchools, s)
		}
	}
}
