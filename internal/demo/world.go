package demo

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// What there is of everything, at scale 1.
const (
	educators       = 2000
	schools         = 40
	sectionsOver    = 12 // in the term that is over
	sectionsRunning = 6
	seatsInSection  = 30
	seatsRunning    = 22 // of them, taken in the term that runs
	leaders         = 6  // who earn the full credential
)

// weeksBefore is how long before the first registration opens the people are entered.
const weeksBefore = 5

// courses are those of the program, in the order in which sections take them.
var courses = []string{"using-data", "supporting-instruction", "shared-leadership", "professional-expertise"}

// world is all that is to be, decided before anything is written: the same for the same seed.
type world struct {
	rand  *rand.Rand
	now   time.Time
	began time.Time // when the first record is made
	// One is over, one runs, and the next is registered for.
	over, running, next term
	districts           []*district
	schools             []*school
	people              []*person
	sections            []*section
	leaders             []*person // who take all four courses
	early               *early
}

type district struct {
	id, title string
	prefix    string // of its employee ids
	share     float64
	roles     []role // the formal ones
	decider   client // confirms roles at district level
	numbers   int    // employee ids given out
}

func (d *district) name() string { return "districts/" + d.id }

// employeeID is a number that the district has not given yet.
func (d *district) employeeID() string {
	d.numbers++
	return fmt.Sprintf("%s%05d", d.prefix, 10000+d.numbers*7)
}

// role is a leadership role that a district knows.
type role struct{ name, family string }

type school struct {
	district    *district
	title, code string
	name        string // once it is created
	decider     client // confirms roles here: the principal
	staff       []*person
}

// person is an educator.
type person struct {
	given, family string
	email         string
	stateID       string // of some
	employeeID    string
	title         string
	school        *school
	since         time.Time // the first day at the school
	before        *school   // of some: where they worked earlier
	beforeUntil   time.Time

	holding holding // the leadership role that they have, if any
	move    *move   // of some, between the terms
	newName string  // of some: the family name that they take
	renames time.Time

	name       string // once created
	employment string
}

// outcome is what becomes of a report that somebody holds a role.
type outcome int

const (
	noRole outcome = iota
	reportedOnly
	confirmedRole
	disputedRole
)

// holding is that somebody says they hold a role, and what the principal says.
type holding struct {
	outcome       outcome
	role          int // of the district's
	districtLevel bool
	since         time.Time
	name          string // once reported
}

// move is that somebody leaves a school, and begins at another one unless they leave for good.
type move struct {
	on time.Time // the first day elsewhere
	to *school
	// employeeID is what they are known by in another district.
	employeeID string
}

func scaled(n int, scale float64, least int) int { return max(least, int(float64(n)*scale+0.5)) }

// newWorld decides everything.
func newWorld(seed uint64, scale float64, now time.Time) *world {
	w := &world{rand: rand.New(rand.NewPCG(seed, 20260901)), now: now}
	w.over, w.running, w.next = terms(now)
	w.began = w.over.opens().AddDate(0, 0, -7*weeksBefore)
	w.districts = []*district{
		{id: "bps", title: "Boston Public Schools", prefix: "E1", share: 0.6},
		{id: "ncs", title: "Northcove City Schools", prefix: "N2", share: 0.25},
		{id: "wrd", title: "Westmere Regional School District", prefix: "W3", share: 0.15},
	}
	w.makeSchools(scaled(schools, scale, 6))
	w.makePeople(scaled(educators, scale, 60))
	w.makeSections(scaled(sectionsOver, scale, len(courses)), scaled(sectionsRunning, scale, len(courses)))
	w.makeEarly()
	return w
}

func (w *world) makeSchools(n int) {
	made := 0
	for i, d := range w.districts {
		count := max(2, int(float64(n)*d.share+0.5))
		if i == len(w.districts)-1 {
			count = n - made
		}
		for range count {
			w.schools = append(w.schools, &school{district: d, title: schoolName(made), code: fmt.Sprintf("%04d", 1000+made*10)})
			made++
		}
	}
}

func (w *world) makePeople(n int) {
	var names naming
	for i := range n {
		s := w.schools[i%len(w.schools)]
		p := &person{
			given: pick(w.rand, givenNames), family: familyName(w.rand), employeeID: s.district.employeeID(), title: pick(w.rand, titles), school: s,
			since: time.Date(w.began.Year()-1-w.rand.IntN(15), time.September, 1, 0, 0, 0, 0, time.UTC),
		}
		p.email = names.email(p.given, p.family)
		if chance(w.rand, 0.6) {
			p.stateID = fmt.Sprintf("%08d", 10_000_000+i*37)
		}
		if chance(w.rand, 0.06) {
			p.before, p.beforeUntil = pick(w.rand, w.schools), p.since.AddDate(0, -2, -1)
		}
		w.giveRole(p)
		if chance(w.rand, 0.06) {
			w.giveMove(p)
		}
		if chance(w.rand, 0.03) {
			p.newName, p.renames = familyName(w.rand), w.began.AddDate(0, 0, 20+w.rand.IntN(200))
		}
		s.staff = append(s.staff, p)
		w.people = append(w.people, p)
	}
}

// giveRole lets a third of the people say that they hold a leadership role.
func (w *world) giveRole(p *person) {
	if !chance(w.rand, 0.34) {
		return
	}
	h := holding{outcome: confirmedRole, role: w.rand.IntN(1000), districtLevel: chance(w.rand, 0.05), since: w.began.AddDate(-1-w.rand.IntN(3), 0, 0)}
	if h.since.Before(p.since) {
		h.since = p.since
	}
	switch luck := w.rand.Float64(); {
	case luck < 0.08:
		h.outcome = reportedOnly
	case luck < 0.12:
		h.outcome = disputedRole
	}
	p.holding = h
}

// giveMove lets a person leave between the terms; three of four begin elsewhere the day after.
func (w *world) giveMove(p *person) {
	p.move = &move{on: time.Date(w.over.end.Year(), w.over.end.Month(), 1, 0, 0, 0, 0, time.UTC).AddDate(0, 1, w.rand.IntN(20))}
	if to := pick(w.rand, w.schools); chance(w.rand, 0.75) && to != p.school {
		p.move.to = to
		if to.district != p.school.district {
			p.move.employeeID = to.district.employeeID()
		}
	}
}

// holders are those with a confirmed role at a time, in an order of chance.
func (w *world) holders(at time.Time) []*person {
	var found []*person
	for _, p := range w.people {
		if p.holding.outcome == confirmedRole && (p.move == nil || at.Before(p.move.on)) {
			found = append(found, p)
		}
	}
	w.rand.Shuffle(len(found), func(i, j int) { found[i], found[j] = found[j], found[i] })
	return found
}
