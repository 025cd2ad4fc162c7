package placement

import "math"

// random is SplitMix64 (Steele, Lea, Flood 2014): the same numbers from the same seed with any release of Go.
type random uint64

func (r *random) next() uint64 {
	*r += 0x9e3779b97f4a7c15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (r *random) below(n int) int { return int(r.next() >> 33 % uint64(n)) }

func (r *random) float() float64 { return float64(r.next()>>11) / (1 << 53) }

// winEvery is in how many moves one tries to win a section for a family.
const winEvery = 200

// search improves a state by simulated annealing over moves that push a party into a section, and out of it whoever has to
// make room, and over others that win a whole section for another family.
type search struct {
	*state
	random
	members []int
	// undo are the moves since the last one that was accepted.
	undo []moved
}

type moved struct{ party, from int }

func (s *search) do(i, section int) {
	s.undo = append(s.undo, moved{i, s.seat[i]})
	s.move(i, section)
}

func (s *search) takeBack() {
	for k := len(s.undo) - 1; k >= 0; k-- {
		s.move(s.undo[k].party, s.undo[k].from)
	}
	s.undo = s.undo[:0]
}

// push moves a party into a section; others of it, taken at random, make room and go to the best places there then are. It
// tells whether there could be any room.
func (s *search) push(i, section int) bool {
	if s.clashes(i, section) {
		return false
	}
	s.do(i, unplaced)
	for !s.fits(i, section) {
		seated := s.seated[section]
		if len(seated) == 0 {
			return false
		}
		s.do(seated[s.below(len(seated))], unplaced)
	}
	s.do(i, section)
	s.reseat()
	return true
}

// reseat gives the best free places to those who lost theirs since the last accepted move.
func (s *search) reseat() {
	for k := range len(s.undo) {
		if i := s.undo[k].party; s.seat[i] == unplaced {
			if t := s.best(i); t != unplaced {
				s.do(i, t)
			}
		}
	}
}

// win gathers parties with members of a family in a section, as many as it has seats for, from wherever they are not in a
// cohort of their family. It tells whether there were any.
func (s *search) win(section, family int) bool {
	offset := s.below(len(s.members))
	for k := range s.members {
		i := s.members[(k+offset)%len(s.members)]
		if !s.winnable(i, section, family) {
			continue
		}
		s.do(i, unplaced)
		for !s.fits(i, section) {
			out := s.other(section, family)
			if out == unplaced {
				break
			}
			s.do(out, unplaced)
		}
		if !s.fits(i, section) {
			break
		}
		s.do(i, section)
	}
	s.reseat()
	return len(s.undo) > 0
}

func (s *search) winnable(i, section, family int) bool {
	p, at := &s.parties[i], s.seat[i]
	if p.fixed != unplaced || p.worth[section] == impossible || p.alike(family) == 0 || at == section || s.clashes(i, section) {
		return false
	}
	if at == unplaced {
		return true
	}
	of, _ := s.chosen(at)
	return of != family
}

// other is a party of a section without a member of the family, or unplaced.
func (s *search) other(section, family int) int {
	seated := s.seated[section]
	if len(seated) == 0 {
		return unplaced
	}
	offset := s.below(len(seated))
	for k := range seated {
		if i := seated[(k+offset)%len(seated)]; s.parties[i].alike(family) == 0 {
			return i
		}
	}
	return unplaced
}

// anneal searches from a temperature of the size of the weights down to a small part of it, and leaves the best state that
// it met.
func (s *search) anneal() {
	movable, open := s.free()
	if len(movable) == 0 {
		return
	}
	best, most := make([]int, len(s.members)), s.value
	s.save(best)
	steps := max(stepsAtLeast, stepsEach*len(s.members))
	temperature := float64(max(1, s.Weights.RoleAlike)) / heatOfAlike
	cooling := math.Pow(coldestOfHeat, -1/float64(steps))
	for range steps {
		temperature *= cooling
		before, done := s.value, false
		if len(open) > 0 && len(s.families) > 1 && s.below(winEvery) == 0 {
			done = s.win(open[s.below(len(open))], s.below(len(s.families)))
		} else {
			i := movable[s.below(len(movable))]
			options := s.parties[i].options
			if t := options[s.below(len(options))]; t != s.seat[i] {
				done = s.push(i, t)
			}
		}
		lost := float64(before - s.value)
		if !done || lost > 0 && s.float() >= math.Exp(-lost/temperature) {
			s.takeBack()
		}
		s.undo = s.undo[:0]
		if s.value > most {
			most = s.value
			s.save(best)
		}
	}
	s.vacate()
	for k, i := range s.members {
		if s.parties[i].fixed == unplaced {
			s.move(i, best[k])
		}
	}
}

// free are the parties that can be moved, and the sections whose family is to be chosen.
func (s *search) free() (movable, open []int) {
	seen := make([]bool, len(s.Sections))
	for _, i := range s.members {
		p := &s.parties[i]
		if p.fixed != unplaced || len(p.options) == 0 {
			continue
		}
		movable = append(movable, i)
		for _, t := range p.options {
			if !seen[t] && s.family[t] == unplaced {
				seen[t] = true
				open = append(open, t)
			}
		}
	}
	return movable, open
}

// vacate takes the seats away of all that are not fixed.
func (s *search) vacate() {
	for _, i := range s.members {
		if s.parties[i].fixed == unplaced {
			s.move(i, unplaced)
		}
	}
}

func (s *search) save(seats []int) {
	for k, i := range s.members {
		seats[k] = s.seat[i]
	}
}

// settle makes every move of one party into a free seat that raises the value, until there is none.
func (s *search) settle() {
	for again := true; again; {
		again = false
		for _, i := range s.members {
			if s.parties[i].fixed != unplaced {
				continue
			}
			for _, t := range s.parties[i].options {
				if t != s.seat[i] && s.fits(i, t) && !s.clashes(i, t) && s.gain(i, t) > 0 {
					s.move(i, t)
					again = true
				}
			}
		}
	}
}
