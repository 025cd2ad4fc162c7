package oneroster

import (
	"fmt"
	"net/mail"
	"slices"
	"strings"
)

// roleRow is what a row says somebody does.
type roleRow struct {
	Role
	where   place
	deleted bool
}

const (
	userIDs       = "userIds:"
	student       = "student"
	nameLength    = 100
	numberLength  = 64
	addressLength = 254
)

// Roles in OneRoster. Those of notStaff are students and their families.
var (
	notStaff  = []string{student, "guardian", "parent", "relative"}
	roles11   = oneOf(append([]string{"administrator", "aide", "proctor", "teacher"}, notStaff...)...)
	roles12   = oneOrOwn(append([]string{"aide", "counselor", "districtAdministrator", "principal", "proctor", "siteAdministrator", "systemAdministrator", "teacher"}, notStaff...)...)
	roleTypes = oneOf("primary", "secondary")
	truth     = oneOf("true", "false")
)

// staff tells whether a role is one, and counts it if not.
func (r *reader) staff(role string) bool {
	switch {
	case slices.Contains(notStaff, role):
		r.roster.Ignored.Roles++
		return false
	case strings.HasPrefix(role, extension) && !slices.Contains(r.opts.StaffRoles, role):
		r.roster.Ignored.Extended++
		return false
	}
	return true
}

// take keeps a role of staff at an organization.
func (r *reader) take(t *table, user, orgID, column string, row roleRow) {
	o := r.orgs[orgID]
	switch {
	case o != nil:
		row.where, row.School = r.place(o)
	case r.allOrgs:
		t.refuse(BadReference, column, orgID, "the sourcedId of an organization of orgs.csv")
	}
	if r.roleCount++; r.roleCount == r.limits.StaffRoles+1 {
		t.pass("more roles of staff", fmt.Sprintf("at most %d", r.limits.StaffRoles))
	}
	if t.over {
		return
	}
	if r.roles[user] == nil {
		r.roleUsers = append(r.roleUsers, user)
	}
	r.roles[user] = append(r.roles[user], row)
}

func (r *reader) readRoles() error {
	if r.roster.Version == version11 {
		return nil
	}
	columns := []string{"sourcedId", "status", "userSourcedId", "roleType", "role", "beginDate", "endDate", "orgSourcedId"}
	return r.each(rolesFile, r.limits.Rows, columns, func(t *table) {
		t.id()
		row := roleRow{deleted: t.deleted()}
		row.Source = t.at
		t.one("roleType", roleTypes)
		if row.Name = t.one("role", roles12); !t.bad && !r.staff(row.Name) {
			return
		}
		user, at := t.must("userSourcedId", idLength), t.must("orgSourcedId", idLength)
		row.Begin, row.End = t.date("beginDate"), t.date("endDate")
		if row.Begin != "" && row.End != "" && row.End < row.Begin {
			t.refuse(BadValue, "endDate", string(row.End), "a day not before the beginDate, "+string(row.Begin))
		}
		if !t.bad {
			r.take(t, user, at, "orgSourcedId", row)
		}
	})
}

func (r *reader) readUsers() error {
	columns := []string{"sourcedId", "status", "enabledUser", "userIds", "givenName", "familyName", "identifier", "email"}
	if r.roster.Version == version11 {
		columns = append(columns, "role", "orgSourcedIds")
	}
	found := map[string]bool{} // of the users whose roles are kept
	err := r.each(usersFile, r.limits.Rows, columns, func(t *table) {
		id := t.id()
		staff := r.roles[id] != nil
		if r.roster.Version == version11 {
			staff = r.rolesOfUser(t, id)
		}
		switch {
		case !staff && !t.bad:
			r.roster.Ignored.Users++
		case staff && !found[id]:
			if r.roles[id] != nil {
				found[id] = true
			}
			r.user(t, id)
		}
	})
	if err != nil {
		return err
	}
	for _, id := range r.roleUsers {
		if !found[id] && !r.lost {
			r.faults.add(Fault{
				Reason: BadReference, Source: r.roles[id][0].Source, Column: "userSourcedId", Got: "a user who is not there",
				Want: "the sourcedId of a user of users.csv",
			})
		}
	}
	r.supersede()
	return nil
}

// rolesOfUser takes the roles of a row of OneRoster 1.1: one role, at each of the organizations that are listed. It tells whether
// that is a role of staff.
func (r *reader) rolesOfUser(t *table, id string) bool {
	row := roleRow{}
	row.Source = t.at
	if row.Name = t.one("role", roles11); t.bad || !r.staff(row.Name) {
		return false
	}
	for at := range strings.SplitSeq(t.must("orgSourcedIds", r.limits.FieldBytes), ",") {
		if at = strings.TrimSpace(at); at != "" {
			r.take(t, id, at, "orgSourcedIds", row)
		}
	}
	return true
}

// user takes up a user who has a staff role.
func (r *reader) user(t *table, id string) {
	deleted := t.deleted()
	enabled := t.one("enabledUser", truth)
	s := Staff{
		GivenName: t.must("givenName", nameLength), FamilyName: t.must("familyName", nameLength), Email: t.get("email", addressLength),
		EmployeeNumber: r.number(t, id), Active: enabled == "true" && !deleted, Source: t.at,
	}
	if s.Email != "" {
		if address, err := mail.ParseAddress(s.Email); err != nil || address.Address != s.Email {
			t.refuse(BadValue, "email", s.Email, "an address as name@example.org")
		}
	}
	switch {
	case s.EmployeeNumber == "" && (r.opts.SkipUnnumbered || !s.Active):
		r.roster.Ignored.Unnumbered++
		return
	case s.EmployeeNumber == "" && !t.bad:
		t.refuse(MissingValue, r.opts.EmployeeNumber, "", "an employee number, for the user has a staff role")
	}
	if s.EmployeeNumber != "" && s.Active {
		if first := r.numbers[s.EmployeeNumber]; first > 0 {
			t.bad = true
			t.fault(Duplicate, r.opts.EmployeeNumber, fmt.Sprintf("the employee number of line %d", first), "a number that no other user has")
		} else if !t.over {
			r.numbers[s.EmployeeNumber] = t.at.Line
		}
	}
	if t.bad || t.over {
		return
	}
	for _, row := range r.roles[id] {
		switch {
		case row.deleted || row.where == gone:
			r.roster.Ignored.Deleted++
		case row.where == elsewhere:
			r.roster.Ignored.Elsewhere++
		default:
			s.Roles = append(s.Roles, row.Role)
		}
	}
	r.roster.Staff = append(r.roster.Staff, s)
}

// number is the user's employee number, from the column that the options name.
func (r *reader) number(t *table, id string) string {
	kind, typed := strings.CutPrefix(r.opts.EmployeeNumber, userIDs)
	switch {
	case r.opts.EmployeeNumber == "identifier":
		return t.get("identifier", numberLength)
	case !typed:
		if len(id) > numberLength {
			t.refuse(BadValue, "sourcedId", id, fmt.Sprintf("at most %d characters in an employee number", numberLength))
		}
		return id
	}
	ids := t.get("userIds", r.limits.FieldBytes)
	if ids == "" {
		return ""
	}
	number := ""
	for one := range strings.SplitSeq(ids, ",") {
		inner, opened := strings.CutPrefix(strings.TrimSpace(one), "{")
		inner, closed := strings.CutSuffix(inner, "}")
		of, value, named := strings.Cut(inner, ":")
		switch {
		case !opened || !closed || !named:
			t.refuse(BadValue, "userIds", ids, "ids as {TYPE:ID},{TYPE:ID}")
			return ""
		case of != kind:
		case number != "" || len(value) > numberLength:
			t.refuse(BadValue, "userIds", ids, fmt.Sprintf("one id of type %s, of at most %d characters", kind, numberLength))
		default:
			number = value
		}
	}
	return number
}

// supersede drops users who are gone where somebody active has the number, or another who is gone: people who were given a
// new account.
func (r *reader) supersede() {
	seen := map[string]bool{}
	r.roster.Staff = slices.DeleteFunc(r.roster.Staff, func(s Staff) bool {
		if s.Active {
			return false
		}
		drop := r.numbers[s.EmployeeNumber] > 0 || seen[s.EmployeeNumber]
		seen[s.EmployeeNumber] = true
		if drop {
			r.roster.Ignored.Superseded++
		}
		return drop
	})
}
