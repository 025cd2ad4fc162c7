package placement

import (
	"fmt"
	"time"
)

// term makes up a term: families uneven, three weekdays, ten sites, 15 % of people in groups of two to four.
func term(people, sections, courses int, seed uint64) Problem {
	r := random(seed)
	pick := func(shares ...int) int {
		at := r.below(100)
		for i, share := range shares {
			if at -= share; at < 0 {
				return i
			}
		}
		return len(shares)
	}
	evenings := []time.Weekday{time.Tuesday, time.Wednesday, time.Thursday}
	p := Problem{Weights: Weights{Placed: 100, RoleAlike: 30, Sites: []int64{20, 10, 5}}}
	for i := range sections {
		p.Sections = append(p.Sections, Section{
			ID: fmt.Sprintf("s%03d", i), Course: fmt.Sprintf("c%d", i%courses), Site: fmt.Sprintf("site%d", r.below(10)),
			Weekday: evenings[r.below(3)], Capacity: 24 + r.below(5), Facilitators: []string{fmt.Sprintf("p%04d", r.below(people))},
		})
	}
	for n := 0; n < people; {
		size := 1
		if pick(6) == 0 { // 6 % of parties of 2 to 4 are about 15 % of people
			size = 2 + r.below(3)
		}
		party := Party{ID: fmt.Sprintf("g%04d", n), Course: fmt.Sprintf("c%d", r.below(courses))}
		school := fmt.Sprintf("school%d", r.below(120))
		for ; size > 0 && n < people; size-- {
			family := []string{"team-leader", "content-leader", "mentor", "leadership-team", ""}[pick(42, 28, 18, 9)]
			party.Members = append(party.Members, Person{ID: fmt.Sprintf("p%04d", n), Family: family, School: school})
			n++
		}
		for _, evening := range evenings {
			if pick(65) == 0 {
				party.Weekdays = append(party.Weekdays, evening)
			}
		}
		for range r.below(4) {
			party.Sites = append(party.Sites, fmt.Sprintf("site%d", r.below(10)))
		}
		p.Parties = append(p.Parties, party)
	}
	return p
}
