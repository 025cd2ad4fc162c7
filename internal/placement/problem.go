// Package placement proposes, for one term, who goes to which section: cohorts of people with alike roles, school-based
// partners together, evenings and sites that suit them.
//
// What is asked for is a Problem: parties (a person alone, or partners who are placed together or not at all), sections,
// and weights, which are policy and come from outside. Solve answers with a Proposal and with a bound that no placement at
// all can exceed, so that it is known how far from the best it could be. Staff edit a proposal: Evaluate gives the value
// of what they made of it and names every rule that it breaks. Explain says of one party why it sits where it sits, and
// what would have to change for it to sit better.
//
// Everything is a function of its arguments: the same problem and seed give the same proposal, on processors of one kind
// (another kind may round differently).
package placement

import (
	"errors"
	"fmt"
	"time"
)

// ErrProblem is what errors about a malformed problem wrap: their text says which record is wrong, and how.
var ErrProblem = errors.New("the placement problem is malformed")

// Person is a registrant.
type Person struct {
	ID string
	// Family is the role family; empty when none is known: such a person is role-alike with nobody.
	Family string
	// School is shown in the summaries of sections, and not weighed: who has to sit with whom, parties say.
	School string
}

// Party is who is placed in one section together, or not at all: one person, or a group of partners.
type Party struct {
	ID      string
	Course  string
	Members []Person
	// Weekdays are the evenings that every member has; any when empty.
	Weekdays []time.Weekday
	// Sites are the preferred ones, the most preferred first; any when empty.
	Sites []string
}

// Section is a cohort of a course, to be filled.
type Section struct {
	ID     string
	Course string
	Site   string
	// Weekday is the one of its evenings. Two sections on one weekday cannot be attended by one person.
	Weekday time.Weekday
	// Capacity is how many seats there are for the people of the problem, those of fixed placements included.
	Capacity int
	// Family is whom the cohort is for; when empty it is for the family that most of those have who are placed in it.
	Family string
	// Facilitators cannot take the section: ids of people.
	Facilitators []string
	// Busy is who has something else at its meetings: ids of people.
	Busy []string
}

// Weights are points for each person, none negative. They are policy.
type Weights struct {
	// Placed is for having a seat.
	Placed int64
	// RoleAlike is for having the family that the section's cohort is for.
	RoleAlike int64
	// Sites are for a section at a preferred site: the first number at the most preferred, and so on; nothing beyond
	// their end, or at another site. Whoever has no preference has the first one everywhere.
	Sites []int64
}

// Assignment says which section a party is in: ids of sections by ids of parties. Parties not in it are unplaced.
type Assignment map[string]string

// Problem is what to place where.
type Problem struct {
	Parties  []Party
	Sections []Section
	Weights  Weights
	// Fixed are parties already seated, or pinned by staff. They stay there even against the other rules.
	Fixed Assignment
}

// check finds what no placement could be made sense of with; the error wraps ErrProblem.
func (p *Problem) check() error {
	malformed := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", ErrProblem, fmt.Sprintf(format, args...))
	}
	sections := map[string]string{}
	for _, s := range p.Sections {
		if _, double := sections[s.ID]; double || s.ID == "" {
			return malformed("section id %q is empty or stands twice", s.ID)
		}
		if s.Capacity < 0 {
			return malformed("section %q has a negative capacity", s.ID)
		}
		sections[s.ID] = s.Course
	}
	parties := map[string]string{}
	type place struct{ person, course string }
	registered := map[place]bool{}
	for _, party := range p.Parties {
		if _, double := parties[party.ID]; double || party.ID == "" {
			return malformed("party id %q is empty or stands twice", party.ID)
		}
		parties[party.ID] = party.Course
		if len(party.Members) == 0 {
			return malformed("party %q has no members", party.ID)
		}
		for _, m := range party.Members {
			if registered[place{m.ID, party.Course}] || m.ID == "" {
				return malformed("person id %q of party %q is empty or stands twice in the course", m.ID, party.ID)
			}
			registered[place{m.ID, party.Course}] = true
		}
	}
	for party, section := range p.Fixed {
		of, known := parties[party]
		if course, there := sections[section]; !known || !there || course != of {
			return malformed("party %q cannot be fixed in section %q: not both known, or of two courses", party, section)
		}
	}
	if p.Weights.Placed < 0 || p.Weights.RoleAlike < 0 {
		return malformed("a weight is negative")
	}
	for _, w := range p.Weights.Sites {
		if w < 0 {
			return malformed("a weight of a site is negative")
		}
	}
	return nil
}
