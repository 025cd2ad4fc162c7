package demo

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

func newYork(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(Zone)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestTerms(t *testing.T) {
	zone := newYork(t)
	for today, want := range map[string]string{
		"2026-01-10": "fall-2025 spring-2026 fall-2026", // between the terms: the one that comes next
		"2026-01-20": "fall-2025 spring-2026 fall-2026",
		"2026-05-15": "fall-2025 spring-2026 fall-2026",
		"2026-05-16": "spring-2026 fall-2026 spring-2027",
		"2026-11-22": "spring-2026 fall-2026 spring-2027",
		"2026-12-20": "spring-2026 fall-2026 spring-2027",
		"2026-12-21": "fall-2026 spring-2027 fall-2027",
	} {
		d, err := time.ParseInLocation(time.DateOnly, today, zone)
		if err != nil {
			t.Fatal(err)
		}
		over, running, next := terms(d.Add(13 * time.Hour))
		if got := over.id + " " + running.id + " " + next.id; got != want {
			t.Errorf("%s: %s, want %s", today, got, want)
		}
	}
}

func TestMeetingsOfEveryTerm(t *testing.T) {
	zone := newYork(t)
	for d := time.Date(2020, 1, 1, 12, 0, 0, 0, zone); d.Year() < 2040; d = d.AddDate(0, 0, 5) {
		over, running, _ := terms(d)
		if !over.end.Before(d) || d.After(running.end.AddDate(0, 0, 1)) || !over.end.Before(running.opens()) && !over.end.Before(running.start) {
			t.Fatalf("%s: %v, %v", d, over, running)
		}
		for weekday := time.Monday; weekday <= time.Thursday; weekday++ {
			meetings, minutes := running.meetings(weekday), int32(0)
			for i, m := range meetings {
				minutes += m.minutes()
				if i > 0 && !meetings[i-1].end.Before(m.start) {
					t.Fatalf("%s: meeting %d begins before the one before it ends", running.id, i+1)
				}
			}
			first, last := meetings[0].start, meetings[len(meetings)-1].end
			if len(meetings) != 11 || minutes != 36*60 || last.Sub(first) > 84*day || first.Before(running.closes()) || first.Before(running.start) || last.After(running.end) {
				t.Fatalf("%s: %d meetings, %d minutes, from %s to %s", running.id, len(meetings), minutes, first, last)
			}
		}
	}
}

func TestSchoolNamesDiffer(t *testing.T) {
	seen := map[string]bool{}
	for i := range schools {
		seen[schoolName(i)] = true
	}
	if len(seen) != schools {
		t.Errorf("%d names for %d schools", len(seen), schools)
	}
}

// outline is what two worlds are compared by.
func outline(w *world) []string {
	var lines []string
	for _, p := range w.people {
		lines = append(lines, fmt.Sprint(p.given, p.family, p.email, p.employeeID, p.stateID, p.school.title, p.since, p.holding, p.move != nil, p.newName, p.renames))
	}
	for _, s := range w.sections {
		lines = append(lines, fmt.Sprint(s.course, s.term.id, s.site, s.meetings, s.cancelled))
		for _, seat := range s.seats {
			lines = append(lines, fmt.Sprint(seat.person.email, seat.registers, seat.withdraws, seat.credit, seat.attendance, seat.work, seat.credential))
		}
	}
	return lines
}

func TestSameSeedSameWorld(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, newYork(t))
	first := outline(newWorld(7, 0.2, now))
	if !slices.Equal(first, outline(newWorld(7, 0.2, now))) {
		t.Error("the same seed made two worlds")
	}
	if slices.Equal(first, outline(newWorld(8, 0.2, now))) {
		t.Error("two seeds made the same world")
	}
}

func TestWorld(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, newYork(t))
	for _, scale := range []float64{0.01, 0.1, 1} {
		for seed := range uint64(5) {
			w := newWorld(seed, scale, now)
			if len(w.districts) != 3 || scale == 1 && (len(w.schools) != 40 || len(w.people) != 2000 || len(w.sections) != 18) {
				t.Fatalf("%d districts, %d schools, %d people, %d sections", len(w.districts), len(w.schools), len(w.people), len(w.sections))
			}
			checkPeople(t, w)
			checkSections(t, w)
		}
	}
}

func checkPeople(t *testing.T, w *world) {
	t.Helper()
	seen := map[string]bool{}
	once := func(what string) {
		if seen[what] {
			t.Fatalf("%s twice", what)
		}
		seen[what] = true
	}
	for _, p := range w.people {
		once(p.email)
		once(p.school.district.id + p.employeeID)
		if p.stateID != "" {
			once(p.stateID)
		}
		if p.move != nil && p.move.employeeID != "" {
			once(p.move.to.district.id + p.move.employeeID)
		}
		if p.before != nil && !p.beforeUntil.Before(p.since) {
			t.Fatalf("%s worked elsewhere until %s, here since %s", p.email, p.beforeUntil, p.since)
		}
	}
}

func checkSections(t *testing.T, w *world) {
	t.Helper()
	taken, took := map[string]bool{}, map[*person]string{}
	evenings := map[*person]map[time.Weekday]bool{} // of leaders
	for _, p := range w.leaders {
		evenings[p] = map[time.Weekday]bool{}
	}
	for _, s := range w.sections {
		if len(s.seats) > seatsInSection {
			t.Fatalf("%d seats", len(s.seats))
		}
		for _, seat := range s.seats {
			key := s.term.id + seat.person.email
			if on := evenings[seat.person]; on != nil && s.cancelled.IsZero() && !on[s.evenings] {
				on[s.evenings] = true
			} else if on != nil || taken[key] || took[seat.person] == s.course {
				t.Fatalf("%s has two seats", key)
			}
			taken[key], took[seat.person] = true, s.course
			if slices.Contains(s.facilitators, seat.person) || seat.person.holding.outcome != confirmedRole {
				t.Fatalf("%s has a seat", seat.person.email)
			}
			if seat.registers.Before(s.term.opens()) || !seat.registers.Before(s.term.closes()) || len(seat.work) != assessmentCount[s.course] {
				t.Fatalf("%s registers %s for %d assessments", seat.person.email, seat.registers, len(seat.work))
			}
			if move := seat.person.move; move != nil && !seat.registers.Before(move.on) {
				t.Fatalf("%s registers %s and left %s", seat.person.email, seat.registers, move.on)
			}
		}
	}
	for p, on := range evenings {
		if len(on) != len(courses) {
			t.Errorf("%s takes %d courses", p.email, len(on))
		}
	}
	if len(evenings) == 0 {
		t.Error("nobody takes all courses")
	}
}

func TestFridayAfter(t *testing.T) {
	for from, want := range map[string]string{"2026-11-18": "2026-11-20", "2026-11-19": "2026-11-20", "2026-11-20": "2026-11-27"} {
		d, err := time.Parse(time.DateOnly, from)
		if err != nil {
			t.Fatal(err)
		}
		if got := fridayAfter(d.Add(19 * time.Hour)).Format(time.DateOnly); got != want {
			t.Errorf("after %s: %s, want %s", from, got, want)
		}
	}
}
