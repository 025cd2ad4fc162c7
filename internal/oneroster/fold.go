package oneroster

// folded are the staff with the rows of one person as one row, by the number that the plan knows the person by. Somebody whose
// two records were merged has two numbers here, and two rows until the district has merged its own.
func (p *planner) folded(staff []Staff) []Staff {
	rows := map[*Person][]Staff{}
	for _, s := range staff {
		if person := p.byNumber[s.EmployeeNumber]; person != nil {
			rows[person] = append(rows[person], s)
		}
	}
	folded := make([]Staff, 0, len(staff))
	for _, s := range staff {
		switch person := p.byNumber[s.EmployeeNumber]; {
		case person == nil:
			folded = append(folded, s)
		case rows[person] != nil:
			folded = append(folded, p.fold(person, rows[person]))
			delete(rows, person)
		}
	}
	return folded
}

// fold is one row in the place of several: somebody is there while one of them says so, with the places of all those. What else
// the row says is what the one says that looks most like the person on record.
func (p *planner) fold(person *Person, rows []Staff) Staff {
	likeness := func(s Staff) (points int) {
		for i, like := range []bool{s.EmployeeNumber == person.EmployeeNumber, s.GivenName == person.GivenName && s.FamilyName == person.FamilyName, s.Active} {
			if like {
				points += 1 << i
			}
		}
		return points
	}
	one := rows[0]
	for _, s := range rows[1:] {
		if likeness(s) > likeness(one) {
			one = s
		}
	}
	one.EmployeeNumber, one.Roles = person.EmployeeNumber, nil
	for _, s := range rows {
		for _, role := range s.Roles {
			if s.Active == one.Active || role.End != "" && role.End < p.opts.On {
				one.Roles = append(one.Roles, role)
			}
		}
	}
	return one
}
