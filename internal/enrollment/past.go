package enrollment

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/internal/legacy"
)

// pastPlace is what tells past sections apart.
type pastPlace struct{ term, course, label string }

// pastSeat is somebody in a section.
type pastSeat struct{ section, educator uuid.UUID }

// pastName is a name of somebody, in small letters.
type pastName struct {
	educator      uuid.UUID
	given, family string
}

func nameOf(educator uuid.UUID, given, family string) pastName {
	return pastName{educator, strings.ToLower(strings.TrimSpace(given)), strings.ToLower(strings.TrimSpace(family))}
}

// onFile is what is on record of the people, terms and sections of a file.
type onFile struct {
	// employeeIDs, stateIDs and emails are by what people are known; addresses in small letters, and verified ones only. An
	// employee id can be of several people, in one district each.
	employeeIDs, stateIDs, emails map[string][]uuid.UUID
	// names are those by which the people of the employee ids are or were on record.
	names    map[pastName]bool
	terms    map[string]bool
	sections map[pastPlace]uuid.UUID
	// completed says, of those who are in one of the sections, whether they completed it.
	completed map[pastSeat]bool
}

// people are those on record whom a row may mean: those of all its keys by which anybody is known, and when these are of
// different people, all of them.
func (o onFile) people(p legacy.Person) []uuid.UUID {
	var found []uuid.UUID
	for _, by := range [][]uuid.UUID{o.employeeIDs[p.EmployeeID], o.stateIDs[p.StateEducatorID], o.emails[strings.ToLower(p.Email)]} {
		both := slices.DeleteFunc(slices.Clone(found), func(id uuid.UUID) bool { return !slices.Contains(by, id) })
		switch {
		case len(by) == 0:
		case len(found) == 0:
			found = by
		case len(both) == 0:
			return slices.Concat(found, by)
		default:
			found = both
		}
	}
	return found
}

// misnamed says whether a row means somebody by an employee id alone who was never on record under its name. Districts give
// the same ids to different people, and a row does not tell its district.
func (o onFile) misnamed(p legacy.Person, educator uuid.UUID) bool {
	alone := len(o.stateIDs[p.StateEducatorID]) == 0 && len(o.emails[strings.ToLower(p.Email)]) == 0
	return alone && !o.names[nameOf(educator, p.GivenName, p.FamilyName)]
}

// pastPerson is a person who is to be entered.
type pastPerson struct {
	legacy.Person
	educator uuid.UUID
}

// pastSection is a section with those who are to be entered.
type pastSection struct {
	pastPlace
	term   legacy.Term
	site   string
	id     uuid.UUID // uuid.Nil of one that is not on record
	people []pastPerson
}

// pastPlan is what an import enters.
type pastPlan struct {
	// terms are those that are not on record.
	terms    []legacy.Term
	sections []pastSection
	// known is how many rows are on record already.
	known int
	// faults has those of the file and those of people; faultCount may be more.
	faults     []legacy.Fault
	faultCount int
}

// planPast holds a file's plan against what is on record. With faults nothing is to be entered.
func planPast(file *legacy.Plan, on onFile) pastPlan {
	plan := pastPlan{faults: file.Faults, faultCount: file.Counts.Faults}
	refuse := func(line int, column, problem string, values ...any) {
		plan.faults = append(plan.faults, legacy.Fault{Line: line, Column: column, Problem: fmt.Sprintf(problem, values...)})
		plan.faultCount++
	}
	for _, s := range file.Sections {
		if id := s.Term.String(); !on.terms[id] && !slices.Contains(plan.terms, s.Term) {
			plan.terms = append(plan.terms, s.Term)
		}
		place := pastPlace{s.Term.String(), s.Course, s.Label}
		section := pastSection{pastPlace: place, term: s.Term, site: s.Site, id: on.sections[place]}
		lines := map[uuid.UUID]int{}
		for _, p := range s.People {
			found := on.people(p)
			if len(found) != 1 {
				refuse(p.Line, "", "%s", strangers(len(found)))
				continue
			}
			educator := found[0]
			if on.misnamed(p, educator) {
				refuse(p.Line, "", "is on record under another name: give the state educator id or the e-mail too")
				continue
			}
			if before, twice := lines[educator]; twice {
				refuse(p.Line, "", "is the person of line %d, by another key", before)
				continue
			}
			lines[educator] = p.Line
			switch completed, known := on.completed[pastSeat{section.id, educator}]; {
			case !known:
				section.people = append(section.people, pastPerson{p, educator})
			case completed != p.Completed:
				refuse(p.Line, "completed", "the record has it otherwise, and an import changes nothing that is on record")
			default:
				plan.known++
			}
		}
		if len(section.people) > 0 {
			plan.sections = append(plan.sections, section)
		}
	}
	slices.SortStableFunc(plan.faults, func(a, b legacy.Fault) int { return a.Line - b.Line })
	return plan
}

// strangers says what is wrong with the keys of a row by which so many people were found.
func strangers(found int) string {
	if found == 0 {
		return "is nobody on record: import a roster or create the person first"
	}
	return fmt.Sprintf("is %d people on record: give keys that are of one person", found)
}

// size is how many sections a plan makes, and how many people it enters, who completed and altogether.
func (p pastPlan) size() (sections, completed, people int) {
	for _, s := range p.sections {
		if s.id == uuid.Nil {
			sections++
		}
		for _, one := range s.people {
			people++
			if one.Completed {
				completed++
			}
		}
	}
	return sections, completed, people
}

// source says where a section is from: what its rows say, each once.
func (s pastSection) source() string {
	var all []string
	for _, p := range s.people {
		if !slices.Contains(all, p.Source) {
			all = append(all, p.Source)
		}
	}
	return strings.Join(all, "; ")
}

// until is the day since when a person's part in a past section is what it is: that of completion, or the last of the term
// where it is not told, unless that is still to come.
func (s pastSection) until(p pastPerson, today time.Time) time.Time {
	if !p.CompleteDate.IsZero() {
		return p.CompleteDate
	}
	if _, last := s.term.Days(); last.Before(today) {
		return last
	}
	return today
}
