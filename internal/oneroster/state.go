package oneroster

import (
	"cmp"
	"slices"
)

// State is what is on record of a district.
type State struct {
	// Schools are the district's.
	Schools []School
	// People are those with an employee number or an employment in the district of whom it may know.
	People []Person
	// Employments are all in the district, those that are over too.
	Employments []Employment
	// OtherNumbers are employee numbers that people have beside Person.EmployeeNumber, as somebody has whose two records were
	// merged: by number, the person's ID. Who has one has Person.EmployeeNumber too.
	OtherNumbers map[string]string
	// Elsewhere are the IDs of people who work in another district, be it beside this one.
	Elsewhere map[string]bool
}

// sorted is the same state in an order of its own.
func (s State) sorted() State {
	return State{
		OtherNumbers: s.OtherNumbers, Elsewhere: s.Elsewhere,
		Schools: slices.SortedFunc(slices.Values(s.Schools), func(a, b School) int { return cmp.Compare(a.ID, b.ID) }),
		People:  slices.SortedFunc(slices.Values(s.People), func(a, b Person) int { return cmp.Compare(a.ID, b.ID) }),
		Employments: slices.SortedFunc(slices.Values(s.Employments), func(a, b Employment) int {
			return cmp.Or(cmp.Compare(a.SchoolID, b.SchoolID), cmp.Compare(a.Start, b.Start), cmp.Compare(a.ID, b.ID))
		}),
	}
}

// School is a school of the district.
type School struct {
	// ID identifies it. That of a school that a plan adds is provisional: who applies the plan puts its own in its place.
	ID string
	// Name is its name.
	Name string
	// Code is the district's code for it, which no other school has; empty when none is known.
	Code string
}

// Person is an educator.
type Person struct {
	// ID identifies the person; provisional as a school's.
	ID string
	// GivenName and FamilyName are their name now.
	GivenName, FamilyName string
	// Emails are all their addresses, verified or not.
	Emails []string
	// EmployeeNumber is their number in this district, which nobody else has; empty when none is known.
	EmployeeNumber string
}

func (p Person) equal(q Person) bool {
	return p.ID == q.ID && p.GivenName == q.GivenName && p.FamilyName == q.FamilyName && p.EmployeeNumber == q.EmployeeNumber && slices.Equal(p.Emails, q.Emails)
}

// Employment is a stretch of time that a person works in the district.
type Employment struct {
	// ID identifies it; provisional as a school's.
	ID string
	// PersonID is who.
	PersonID string
	// SchoolID is where; empty for the whole district.
	SchoolID string
	// Start and End are the first and the last day; End is empty while it goes on.
	Start, End Date
}

// Covers tells whether somebody works there on a day.
func (e Employment) Covers(day Date) bool { return e.Start <= day && (e.End == "" || e.End >= day) }

// lasts tells whether it goes on after a day, or will begin.
func (e Employment) lasts(day Date) bool { return e.End == "" || e.End > day }

// runs tells whether it goes on at a day and after it.
func (e Employment) runs(day Date) bool { return e.lasts(day) && e.Start <= day }
