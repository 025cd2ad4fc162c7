package demo

import (
	"slices"
	"time"
)

// seatsEarly is how many seats the section has in which more people want a seat than there are.
const seatsEarly = 8

// early is what is registered for already in the term after the one that runs: a section of one course with a waitlist, and
// applications for two sections of another.
type early struct {
	term     term
	full     *section
	waits    []*person // for a seat of the full section, in the order in which they came
	reported *person   // whose role the principal is still to confirm; nil for none

	open    []*section // those that the applications are for
	parties [][]*person
	invites []*person // who has not answered: the last of an application that is not submitted
}

// makeEarly decides about the term to come: the people are those who have not taken the course.
func (w *world) makeEarly() {
	e := &early{term: w.next}
	w.early = e
	facilitator := func(i int) *person { return w.sections[i%len(w.sections)].facilitators[0] }
	make := func(course string, evenings time.Weekday, i int) *section {
		return &section{course: course, term: e.term, evenings: evenings, meetings: e.term.meetings(evenings), site: w.schools[(i*7)%len(w.schools)].title, facilitators: []*person{facilitator(i)}}
	}
	e.full = make(courses[2], time.Tuesday, 0)
	e.open = []*section{make(courses[3], time.Monday, 1), make(courses[3], time.Wednesday, 1)}

	busy := map[*person]bool{facilitator(0): true, facilitator(1): true}
	for _, p := range w.leaders {
		busy[p] = true
	}
	holders := w.holders(w.now)
	// take finds people for a course, each once.
	take := func(n int, course string) (found []*person) {
		took := map[*person]bool{}
		for _, s := range w.sections {
			for _, seat := range s.seats {
				took[seat.person] = took[seat.person] || s.course == course
			}
		}
		for _, p := range holders {
			if len(found) < n && p.move == nil && !busy[p] && !took[p] {
				found, busy[p] = append(found, p), true
			}
		}
		return found
	}
	wanted := take(seatsEarly+seatsEarly/2, e.full.course)
	seats := min(seatsEarly, len(wanted)*2/3)
	for i, p := range wanted[:seats] {
		e.full.seats = append(e.full.seats, &seat{person: p, strengths: strengths[i%len(strengths)], goals: goals[i%len(goals)]})
	}
	e.waits = wanted[seats:]
	if i := slices.IndexFunc(w.people, func(p *person) bool {
		return p.holding.outcome == reportedOnly && p.move == nil && !p.holding.districtLevel
	}); i >= 0 {
		e.reported = w.people[i]
	}
	alone := take(6, e.open[0].course)
	together := take(5, e.open[0].course)
	for _, p := range alone {
		e.parties = append(e.parties, []*person{p})
	}
	if len(together) == 5 {
		e.parties = append(e.parties, together[:2], together[2:])
	}
	e.invites = take(2, e.open[0].course)
}

// people are all who act in it.
func (e *early) people() []*person {
	people := slices.Concat(e.waits, e.invites)
	for _, s := range e.full.seats {
		people = append(people, s.person)
	}
	for _, party := range e.parties {
		people = append(people, party...)
	}
	if e.reported != nil {
		people = append(people, e.reported)
	}
	return people
}
