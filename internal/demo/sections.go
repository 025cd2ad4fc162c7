package demo

import (
	"slices"
	"time"
)

// section is one offering of a course.
type section struct {
	course       string
	term         term
	site         string
	evenings     time.Weekday
	meetings     []span
	facilitators []*person
	seats        []*seat
	cancelled    time.Time // of one
	late         int       // the meeting whose attendance is entered days after

	name         string // once created
	meetingNames []string
}

// starts is the first meeting, ends the last.
func (s *section) starts() time.Time { return s.meetings[0].start }

func (s *section) ends() time.Time { return s.meetings[len(s.meetings)-1].end }

// seat is somebody's registration, and what is to become of it.
type seat struct {
	person     *person
	registers  time.Time
	strengths  string
	goals      string
	withdraws  time.Time // of some
	credit     bool      // asks for graduate credit
	consent    bool      // lets the institution see the facts
	takesBack  bool      // the request for credit, later
	attendance []attendance
	work       []work
	completes  bool
	credential fate

	number int // in its section

	name, creditRequest, consentName, credentialName string // once there
}

// attendance is how somebody was at a meeting.
type attendance struct {
	absent, excused bool
	missing         int32 // minutes
	corrected       bool  // the day after: nothing was missing
}

// enoughMinutes are 80 % of a course's 36 hours, which completing one takes.
const enoughMinutes = 36 * 60 * 80 / 100

// attended is how long somebody was at meetings, in minutes.
func (s *seat) attended(meetings []span) (minutes int32) {
	for i, a := range s.attendance {
		switch {
		case a.absent, a.excused:
		case a.corrected:
			minutes += meetings[i].minutes()
		default:
			minutes += meetings[i].minutes() - a.missing
		}
	}
	return minutes
}

// work is one performance assessment: what is handed in and what the assessor finds.
type work struct {
	handsIn  bool
	first    bool // demonstrated at the first attempt
	second   bool // else: at the second
	another  bool // else: makes a second attempt at all
	waits    bool // is not scored yet, in the term that runs
	daysLate int
}

func (w work) demonstrated() bool { return w.handsIn && !w.waits && (w.first || w.another && w.second) }

// fate is what becomes of a credential.
type fate int

const (
	staysActive fate = iota
	isSuspended
	isReinstated
	isRevoked
	isSuspendedThenRevoked
	isReissued
)

var (
	strengths = []string{
		"Runs the grade level meetings and keeps them short.", "Has used interim assessments with the team for two years.", "Good at asking questions that open a talk up.",
		"Knows the school's data system.", "Has mentored two first-year teachers.", "",
	}
	goals = []string{
		"To help the team look at student work without blaming.", "To lead an inquiry cycle from start to end.", "To give feedback that colleagues can use the next day.",
		"To share decisions with the whole team.", "To find research that bears on our question.", "",
	}
)

// assessmentCount is how many performance assessments a course has.
var assessmentCount = map[string]int{"using-data": 4, "supporting-instruction": 4, "shared-leadership": 3, "professional-expertise": 4}

func (w *world) makeSections(over, running int) {
	// Of four facilitators two are left over, so that none leads two sections that have the same evenings.
	facilitators := w.pickFacilitators((over+running)/8*4 + 2)
	first := w.holders(w.over.opens())
	first = slices.DeleteFunc(first, func(p *person) bool { return slices.Contains(facilitators, p) })
	w.pickLeaders(first, scaled(leaders, float64(over)/sectionsOver, 1))
	first = slices.DeleteFunc(first, func(p *person) bool { return slices.Contains(w.leaders, p) })
	dealt := first[:min(len(first)*6/10, over*seatsInSection-len(courses)*len(w.leaders))]
	past := w.openTerm(w.over, over, facilitators)
	w.seatLeaders(past)
	w.deal(past, dealt)

	second := w.holders(w.running.opens())
	second = slices.DeleteFunc(second, func(p *person) bool {
		return slices.Contains(facilitators, p) || slices.Contains(w.leaders, p) || slices.Contains(dealt, p) && !chance(w.rand, 0.15)
	})
	w.deal(w.openTerm(w.running, running, facilitators), second[:min(len(second), running*seatsRunning)])
	w.giveSecondCourse(past)
	w.cancelOne(past)
}

// pickFacilitators finds experienced people who stay where they are.
func (w *world) pickFacilitators(n int) []*person {
	var found []*person
	for _, p := range w.people {
		if len(found) < n && p.move == nil && p.holding.outcome == noRole && chance(w.rand, 0.05) {
			found = append(found, p)
		}
	}
	for _, p := range w.people {
		if len(found) < n && p.move == nil && p.holding.outcome == noRole && !slices.Contains(found, p) {
			found = append(found, p)
		}
	}
	return found
}

// pickLeaders finds those who take all four courses in the term that is over: people who stay where they are.
func (w *world) pickLeaders(from []*person, n int) {
	for _, p := range from {
		if len(w.leaders) < n && p.move == nil {
			w.leaders = append(w.leaders, p)
		}
	}
}

// seatLeaders gives each leader a seat in a section of each course, none of them in the last section, which may be cancelled.
// They see it through to the certificates and miss nothing.
func (w *world) seatLeaders(past []*section) {
	groups := max(1, (len(past)-1)/len(courses))
	for i, p := range w.leaders {
		for j := range courses {
			s := past[len(courses)*(i%groups)+j]
			taken := w.newSeat(s, p, len(s.seats), seatsInSection)
			taken.withdraws, taken.completes, taken.credential = time.Time{}, true, staysActive
			for n := range taken.work {
				taken.work[n].handsIn, taken.work[n].first = true, true
			}
			taken.attendance = make([]attendance, len(s.meetings))
			s.seats = append(s.seats, taken)
		}
	}
}

// openTerm makes the sections of a term.
func (w *world) openTerm(t term, n int, facilitators []*person) []*section {
	var made []*section
	for i := range n {
		evenings := time.Monday + time.Weekday(i%4)
		s := &section{
			course: courses[i%len(courses)], term: t, evenings: evenings, meetings: t.meetings(evenings), site: w.schools[(i*5)%len(w.schools)].title, late: i % 10, // not the last one, after which is told who completed
			facilitators: []*person{facilitators[i%len(facilitators)]},
		}
		if i%3 == 0 && len(facilitators) > 1 {
			s.facilitators = append(s.facilitators, facilitators[(i+1)%len(facilitators)])
		}
		made = append(made, s)
	}
	w.sections = append(w.sections, made...)
	return made
}

// deal deals people out to the sections of a term, whose seats suffice for them.
func (w *world) deal(to []*section, people []*person) {
	n := len(to)
	each := (len(people) + n - 1) / max(n, 1)
	for i, p := range people {
		s := to[i%n]
		for next := i + 1; len(s.seats) >= seatsInSection; next++ {
			s = to[next%n]
		}
		s.seats = append(s.seats, w.newSeat(s, p, len(s.seats), max(each, len(s.seats)+1)))
	}
}

// newSeat decides about the nth of so many registrations in a section.
func (w *world) newSeat(s *section, p *person, n, of int) *seat {
	window := s.term.closes().Sub(s.term.opens())
	moment := s.term.opens().Add(3 * time.Hour).Add(window * time.Duration(n) / time.Duration(of+1)).Truncate(time.Minute)
	seat := &seat{
		person: p, registers: moment, strengths: pick(w.rand, strengths), goals: pick(w.rand, goals), completes: true,
		credit: chance(w.rand, 0.4), consent: chance(w.rand, 0.85), takesBack: chance(w.rand, 0.05),
	}
	if chance(w.rand, 0.07) {
		seat.withdraws = s.term.opens().AddDate(0, 0, 30+w.rand.IntN(45)).Add(5 * time.Hour)
		if earliest := moment.Add(2 * day); seat.withdraws.Before(earliest) {
			seat.withdraws = earliest
		}
	}
	weak := chance(w.rand, 0.1)
	for range s.meetings {
		var a attendance
		switch luck := w.rand.Float64(); {
		case luck < 0.01 || weak && luck < 0.2:
			a.absent = true
		case luck < 0.02:
			a.excused = true
		case luck < 0.03:
			a.missing, a.corrected = int32(15*(1+w.rand.IntN(4))), chance(w.rand, 0.4)
		}
		seat.attendance = append(seat.attendance, a)
	}
	for range assessmentCount[s.course] {
		seat.work = append(seat.work, work{
			handsIn: !weak || chance(w.rand, 0.5), first: chance(w.rand, 0.9), another: chance(w.rand, 0.9), second: chance(w.rand, 0.9), daysLate: w.rand.IntN(4),
			waits: chance(w.rand, 0.06) && s.term.id == w.running.id,
		})
	}
	if a := seat.work[0]; s.course == "supporting-instruction" && !a.demonstrated() && !(a.handsIn && a.waits) {
		seat.work[1].handsIn = false // it is about the colleague whom the first one shows
	}
	seat.completes = !weak && seat.attended(s.meetings) >= enoughMinutes
	switch luck := w.rand.Float64(); {
	case luck < 0.03:
		seat.credential = isSuspended
	case luck < 0.06:
		seat.credential = isReinstated
	case luck < 0.09:
		seat.credential = isRevoked
	case luck < 0.11:
		seat.credential = isSuspendedThenRevoked
	case luck < 0.13:
		seat.credential = isReissued
	}
	return seat
}

// giveSecondCourse keeps those who take another course from taking the same one again: they change seats with somebody.
func (w *world) giveSecondCourse(past []*section) {
	took := map[*person]string{}
	for _, s := range past {
		for _, seat := range s.seats {
			took[seat.person] = s.course
		}
	}
	for _, s := range w.sections[len(past):] {
		s.seats = slices.DeleteFunc(s.seats, func(seat *seat) bool { return took[seat.person] == s.course })
	}
}

// cancelOne cancels the last section of the term that is over, in its second week of registration; nobody else gets in.
func (w *world) cancelOne(past []*section) {
	if len(past) <= len(courses) {
		return
	}
	s := past[len(past)-1]
	s.cancelled = s.term.opens().AddDate(0, 0, 14)
	s.seats = slices.DeleteFunc(s.seats, func(seat *seat) bool { return !seat.registers.Before(s.cancelled) })
}
