package oneroster

import (
	"cmp"
	"slices"
	"strings"
)

// planStaff goes through the roster's staff.
func (p *planner) planStaff(staff []Staff) {
	users, there := map[string]int{}, map[string]bool{} // of an address, and by number
	for _, s := range staff {
		there[s.EmployeeNumber] = there[s.EmployeeNumber] || s.Active
		if s.Active && s.Email != "" {
			users[strings.ToLower(s.Email)]++
		}
	}
	for _, s := range staff {
		person := p.byNumber[s.EmployeeNumber]
		wanted := p.wanted(s, person)
		if !s.Active || len(wanted) == 0 && !p.waits(s) {
			continue // as if the roster did not have them
		}
		p.listed[s.EmployeeNumber] = true
		address := strings.ToLower(s.Email)
		owner, alike := p.byEmail[address], p.byFolded[strings.ToLower(s.EmployeeNumber)]
		switch {
		case person == nil && alike != nil && !there[alike.EmployeeNumber]:
			// Most likely the same person, whose number is written otherwise now.
			p.heldPeople[alike.ID] = true
			p.ask(Question{Kind: NumberInOtherLetters, Source: s.Source, EmployeeNumber: s.EmployeeNumber, RecordID: alike.ID, Held: true})
			continue
		case person == nil && owner != nil:
			// The owner may be the same person, with a new number.
			p.heldPeople[owner.ID] = true
			p.ask(Question{Kind: EmailOfAnother, Source: s.Source, EmployeeNumber: s.EmployeeNumber, RecordID: owner.ID, Held: true})
			continue
		case person == nil && users[address] > 1:
			p.ask(Question{Kind: EmailShared, Source: s.Source, EmployeeNumber: s.EmployeeNumber, Held: true})
			continue
		case person == nil:
			person = p.addPerson(s)
		case p.works[person.ID]:
			p.changePerson(s, person, owner, users[address] > 1)
		default: // whom the district does not employ now is not the district's to change, nor may it know what they are called
			p.plan.Counts.PeopleUnchanged++
		}
		p.planEmployments(person, wanted, p.waits(s))
	}
}

// waits tells whether somebody works at a school about which there is a question.
func (p *planner) waits(s Staff) bool {
	return slices.ContainsFunc(s.Roles, func(role Role) bool { return p.heldSchools[role.School] && !(role.End != "" && role.End < p.opts.On) })
}

// stay is how long somebody has roles at a place, as the roster tells it.
type stay struct {
	begin, end Date
	source     Source
}

// wanted are the places where somebody works now or will, by school id. Of roles that are over, the last day is kept for an
// employment to be ended.
func (p *planner) wanted(s Staff, person *Person) map[string]stay {
	wanted := map[string]stay{}
	for _, role := range s.Roles {
		id, known := p.schoolIDs[role.School]
		switch {
		case !known: // a question is asked about it
		case role.End != "" && role.End < p.opts.On:
			if person != nil {
				if p.lastDays[person.ID] == nil {
					p.lastDays[person.ID] = map[string]Date{}
				}
				p.lastDays[person.ID][id] = max(p.lastDays[person.ID][id], role.End)
			}
		default:
			all, there := wanted[id]
			if !there {
				wanted[id] = stay{role.Begin, role.End, role.Source}
				continue
			}
			if role.Begin != "" && (all.begin == "" || role.Begin < all.begin) {
				all.begin = role.Begin
			}
			if all.end != "" && (role.End == "" || role.End > all.end) {
				all.end = role.End
			}
			wanted[id] = all
		}
	}
	return wanted
}

func (p *planner) addPerson(s Staff) *Person {
	after := Person{ID: "person:" + s.EmployeeNumber, GivenName: s.GivenName, FamilyName: s.FamilyName, EmployeeNumber: s.EmployeeNumber}
	if s.Email != "" {
		after.Emails = []string{s.Email}
	}
	p.plan.Counts.PeopleAdded++
	p.people = append(p.people, Change{Kind: PersonAdded, Source: s.Source, Person: &Pair[Person]{nil, &after}})
	return &after
}

func (p *planner) changePerson(s Staff, person, owner *Person, shared bool) {
	c, now := &p.plan.Counts, new(*person)
	change := func(kind Kind, edit func(*Person)) {
		after := *now
		after.Emails = slices.Clone(now.Emails)
		edit(&after)
		p.people = append(p.people, Change{Kind: kind, Source: s.Source, Person: &Pair[Person]{now, &after}})
		now = &after
	}
	switch {
	case person.GivenName == s.GivenName && person.FamilyName == s.FamilyName:
	case p.elsewhere[person.ID]:
		p.ask(Question{Kind: NameOfShared, Source: s.Source, EmployeeNumber: s.EmployeeNumber, RecordID: person.ID})
	default:
		c.NamesChanged++
		change(NameChanged, func(after *Person) { after.GivenName, after.FamilyName = s.GivenName, s.FamilyName })
	}
	switch {
	case s.Email == "" || slices.ContainsFunc(person.Emails, func(address string) bool { return strings.EqualFold(address, s.Email) }):
	case owner != nil:
		p.ask(Question{Kind: EmailOfAnother, Source: s.Source, EmployeeNumber: s.EmployeeNumber, RecordID: owner.ID})
	case shared:
		p.ask(Question{Kind: EmailShared, Source: s.Source, EmployeeNumber: s.EmployeeNumber, RecordID: person.ID})
	default:
		c.EmailsAdded++
		change(EmailAdded, func(after *Person) { after.Emails = append(after.Emails, s.Email) })
	}
	if now.equal(*person) {
		c.PeopleUnchanged++
	}
}

// planEmployments brings a person's employments to where the roster has them. While there is a question about a school of
// theirs none ends, for that may be where they are.
func (p *planner) planEmployments(person *Person, wanted map[string]stay, waits bool) {
	var leaving []Employment
	has, lastDay := map[string]Date{}, map[string]Date{} // the first day of what lasts at a place, and the last of what does not
	for _, e := range p.worksAs[person.ID] {
		_, stays := wanted[e.SchoolID]
		switch {
		case !e.lasts(p.opts.On):
			lastDay[e.SchoolID] = max(lastDay[e.SchoolID], e.End)
		case stays:
			has[e.SchoolID] = min(either(has[e.SchoolID], e.Start), e.Start)
			p.plan.Counts.EmploymentsUnchanged++
		case e.runs(p.opts.On) && !waits:
			leaving = append(leaving, e)
		default: // one to come, which the roster may not know of yet
			p.plan.Counts.EmploymentsUnchanged++
		}
	}
	var arriving []Employment
	sources := map[string]Source{}
	for id, all := range wanted {
		start := either(all.begin, p.opts.On)
		if last := lastDay[id]; last != "" {
			start = max(start, last.add(1))
		}
		first, there := has[id] // one to come may have begun by now, as the roster has it
		if there && (all.begin == "" || first <= max(start, p.opts.On)) || all.end != "" && start > all.end {
			continue
		}
		sources[id] = all.source
		arriving = append(arriving, Employment{ID: "employment:" + person.ID + "@" + id + "@" + string(start), PersonID: person.ID, SchoolID: id, Start: start})
	}
	slices.SortFunc(arriving, func(a, b Employment) int { return cmp.Compare(a.SchoolID, b.SchoolID) })
	// Whoever begins elsewhere only later has left until then.
	arriving, later := p.apart(arriving)
	for _, e := range later {
		p.plan.Counts.EmploymentsAdded++
		p.begin(EmploymentAdded, e, sources)
	}
	for i := range max(len(leaving), len(arriving)) {
		switch {
		case i >= len(arriving):
			p.end(EmploymentEnded, leaving[i], p.opts.On)
		case i >= len(leaving):
			p.plan.Counts.EmploymentsAdded++
			p.begin(EmploymentAdded, arriving[i], sources)
		default:
			p.plan.Counts.EmploymentsMoved++
			p.end(MovedFrom, leaving[i], min(p.opts.On, arriving[i].Start.add(-1)))
			p.begin(MovedTo, arriving[i], sources)
		}
	}
}

// apart are employments that begin by the day after, and those that begin later.
func (p *planner) apart(all []Employment) (now, later []Employment) {
	for _, e := range all {
		if e.Start <= p.opts.On.add(1) {
			now = append(now, e)
		} else {
			later = append(later, e)
		}
	}
	return now, later
}

func (p *planner) begin(kind Kind, e Employment, sources map[string]Source) {
	p.employments = append(p.employments, Change{Kind: kind, Source: sources[e.SchoolID], Employment: &Pair[Employment]{nil, &e}})
}

// end ends an employment at a day, or at the last day that the roster tells; never before it began.
func (p *planner) end(kind Kind, before Employment, day Date) {
	after := before
	after.End = max(before.Start, either(p.lastDays[before.PersonID][before.SchoolID], day))
	if kind == EmploymentEnded {
		p.plan.Counts.EmploymentsEnded++
	}
	p.employments = append(p.employments, Change{Kind: kind, Employment: &Pair[Employment]{&before, &after}})
}

// planAbsent ends the employments of those whom the roster does not have, or has as gone.
func (p *planner) planAbsent(people []Person) {
	for i := range people {
		person := &people[i]
		if p.listed[person.EmployeeNumber] {
			continue
		}
		running := slices.DeleteFunc(slices.Clone(p.worksAs[person.ID]), func(e Employment) bool { return !e.runs(p.opts.On) })
		switch {
		case len(running) == 0:
		case p.heldPeople[person.ID]:
			p.plan.Counts.EmploymentsUnchanged += len(running)
		case person.EmployeeNumber == "":
			p.plan.Counts.EmploymentsUnchanged += len(running)
			p.ask(Question{Kind: PersonWithoutNumber, RecordID: person.ID})
		default:
			for _, e := range running {
				p.end(EmploymentEnded, e, p.opts.On)
			}
		}
	}
}
