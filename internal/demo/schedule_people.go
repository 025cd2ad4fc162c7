package demo

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	directorypb "github.com/btlc/btlc/gen/go/btlc/directory/v1"
	enrollmentpb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	roleinventorypb "github.com/btlc/btlc/gen/go/btlc/roleinventory/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/program"
)

// schedule puts everything on the timeline.
func (l *loader) schedule(ctx context.Context, t *timeline, w *world) error {
	t.at(w.began, func(ctx context.Context) error { return l.open(ctx, w) })
	entered := w.began.Add(time.Hour)
	for i, s := range w.schools {
		moment := time.Duration(i) * 5 * time.Minute
		for _, p := range s.staff {
			t.at(entered.Add(moment), func(ctx context.Context) error { return l.enter(ctx, p) })
			l.scheduleHolding(t, p, w.began.Add(day+moment), w.began.Add(8*day+moment))
			l.scheduleChanges(t, p, w.over.start.Location())
		}
	}
	t.at(w.over.opens().Add(-time.Hour), func(ctx context.Context) error { return l.openPortal(ctx, w) })
	t.at(w.running.opens().AddDate(0, 0, -21), func(ctx context.Context) error { return l.createTerm(ctx, w.running) })
	return l.scheduleCourses(ctx, t, w)
}

// open makes the places, their roles, the term that is over now, and the clients who decide about roles.
func (l *loader) open(ctx context.Context, w *world) error {
	for _, d := range w.districts {
		if err := l.openDistrict(ctx, d); err != nil {
			return err
		}
	}
	for _, s := range w.schools {
		made, err := l.directory.CreateSchool(l.staff.as(ctx), &directorypb.CreateSchoolRequest{Parent: s.district.name(), School: &directorypb.School{
			DisplayName: s.title, LocalCode: s.code, PrincipalEmail: "principal-" + s.code + "@example.org",
		}})
		if err != nil {
			return err
		}
		s.name = made.School.Name
		if s.decider, err = l.newClient(ctx, "Demo: principal of "+s.title, access.Grant{Role: accesspb.Role_ROLE_PRINCIPAL, Scope: s.name}); err != nil {
			return err
		}
	}
	return l.createTerm(ctx, w.over)
}

func (l *loader) openDistrict(ctx context.Context, d *district) error {
	_, err := l.directory.CreateDistrict(l.staff.as(ctx), &directorypb.CreateDistrictRequest{DistrictId: d.id, District: &directorypb.District{DisplayName: d.title, StateCode: "MA", TimeZone: Zone}})
	if err != nil {
		return err
	}
	if err := l.db.InTx(ctx, false, func(ctx context.Context, tx *database.Tx) error { return program.StoreRoles(ctx, tx, l.program, d.id) }); err != nil {
		return err
	}
	for _, way := range l.program.InformalWays {
		if _, err := l.roles.CreateRole(l.staff.as(ctx), &roleinventorypb.CreateRoleRequest{Parent: d.name(), Role: &roleinventorypb.Role{DisplayName: way.Title, Kind: roleinventorypb.RoleKind_ROLE_KIND_INFORMAL}}); err != nil {
			return err
		}
	}
	known, err := l.roles.ListRoles(l.staff.as(ctx), &roleinventorypb.ListRolesRequest{Parent: d.name(), PageSize: 1000})
	if err != nil {
		return err
	}
	for _, r := range known.Roles {
		if r.Kind == roleinventorypb.RoleKind_ROLE_KIND_FORMAL {
			d.roles = append(d.roles, role{r.Name, r.RoleFamily})
		}
	}
	d.decider, err = l.newClient(ctx, "Demo: HR of "+d.title, access.Grant{Role: accesspb.Role_ROLE_DISTRICT_HR, Scope: d.name()})
	return err
}

func (l *loader) createTerm(ctx context.Context, t term) error {
	_, err := l.enrollment.CreateTerm(l.staff.as(ctx), &enrollmentpb.CreateTermRequest{TermId: t.id, Term: &enrollmentpb.Term{DisplayName: t.title, StartDate: api.Date(t.start), EndDate: api.Date(t.end)}})
	return err
}

// enter makes an educator with where they work and have worked.
func (l *loader) enter(ctx context.Context, p *person) error {
	e := &directorypb.Educator{GivenName: p.given, FamilyName: p.family, Emails: []*directorypb.EmailAddress{{Address: p.email, Verified: true}}, ExternalIds: p.externalIDs()}
	made, err := l.directory.CreateEducator(l.staff.as(ctx), &directorypb.CreateEducatorRequest{Educator: e})
	if err != nil {
		return err
	}
	p.name = made.Educator.Name
	if p.before != nil {
		past := &directorypb.Employment{District: p.before.district.name(), School: p.before.name, Title: p.title, StartDate: api.Date(p.beforeUntil.AddDate(-2, 0, 1)), EndDate: api.Date(p.beforeUntil)}
		if _, err := l.employ(ctx, p, past); err != nil {
			return err
		}
	}
	p.employment, err = l.employ(ctx, p, &directorypb.Employment{District: p.school.district.name(), School: p.school.name, Title: p.title, StartDate: api.Date(p.since)})
	return err
}

// externalIDs are the numbers by which the person is known at first.
func (p *person) externalIDs() []*directorypb.ExternalId {
	ids := []*directorypb.ExternalId{{Kind: directorypb.ExternalIdKind_EXTERNAL_ID_KIND_EMPLOYEE_ID, District: p.school.district.name(), Value: p.employeeID}}
	if p.stateID != "" {
		ids = append(ids, &directorypb.ExternalId{Kind: directorypb.ExternalIdKind_EXTERNAL_ID_KIND_STATE_EDUCATOR_ID, Value: p.stateID})
	}
	return ids
}

func (l *loader) employ(ctx context.Context, p *person, e *directorypb.Employment) (string, error) {
	made, err := l.directory.CreateEmployment(l.staff.as(ctx), &directorypb.CreateEmploymentRequest{Parent: p.name, Employment: e})
	return made.GetEmployment().GetName(), err
}

// scheduleHolding reports the role that a person says they hold, and lets the principal, or the district for one at
// district level, decide about it a week later.
func (l *loader) scheduleHolding(t *timeline, p *person, reported, decided time.Time) {
	if p.holding.outcome == noRole {
		return
	}
	t.at(reported, func(ctx context.Context) (err error) {
		p.holding.name, err = l.report(ctx, p, p.school, p.holding.since)
		return err
	})
	if p.holding.outcome != reportedOnly {
		t.at(decided, func(ctx context.Context) error { return l.decide(ctx, p, p.school) })
	}
}

func (l *loader) report(ctx context.Context, p *person, at *school, since time.Time) (string, error) {
	a := &roleinventorypb.RoleAssignment{Role: at.district.roles[p.holding.role%len(at.district.roles)].name, StartDate: api.Date(since)}
	if !p.holding.districtLevel {
		a.School = at.name
	}
	made, err := l.roles.CreateRoleAssignment(l.staff.as(ctx), &roleinventorypb.CreateRoleAssignmentRequest{Parent: p.name, RoleAssignment: a})
	return made.GetRoleAssignment().GetName(), err
}

func (l *loader) decide(ctx context.Context, p *person, at *school) (err error) {
	decider := at.decider
	if p.holding.districtLevel {
		decider = at.district.decider
	}
	if p.holding.outcome == disputedRole {
		_, err = l.roles.DisputeRoleAssignment(decider.as(ctx), &roleinventorypb.DisputeRoleAssignmentRequest{Name: p.holding.name, Reason: "Somebody else has held this role since last fall."})
	} else {
		_, err = l.roles.ConfirmRoleAssignment(decider.as(ctx), &roleinventorypb.ConfirmRoleAssignmentRequest{Name: p.holding.name})
	}
	return err
}

// scheduleChanges lets a person move and take another name, if they do.
func (l *loader) scheduleChanges(t *timeline, p *person, zone *time.Location) {
	if p.newName != "" {
		t.at(p.renames.Add(2*time.Hour), func(ctx context.Context) error {
			_, err := l.directory.UpdateEducator(l.staff.as(ctx), &directorypb.UpdateEducatorRequest{
				Educator: &directorypb.Educator{Name: p.name, GivenName: p.given, FamilyName: p.newName}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"family_name"}},
			})
			return err
		})
	}
	if p.move == nil {
		return
	}
	first := time.Date(p.move.on.Year(), p.move.on.Month(), p.move.on.Day(), 8, 0, 0, 0, zone)
	t.at(first, func(ctx context.Context) error { return l.leave(ctx, p) })
	if p.move.to == nil {
		return
	}
	t.at(first.Add(time.Hour), func(ctx context.Context) error { return l.arrive(ctx, p) })
	if p.holding.outcome == confirmedRole && p.holding.role%2 == 0 {
		t.at(first.Add(10*day), func(ctx context.Context) (err error) {
			p.holding.name, err = l.report(ctx, p, p.move.to, p.move.on)
			return err
		})
		t.at(first.Add(14*day), func(ctx context.Context) error { return l.decide(ctx, p, p.move.to) })
	}
}

// leave ends an employment and the role held there.
func (l *loader) leave(ctx context.Context, p *person) error {
	last := api.Date(p.move.on.AddDate(0, 0, -1))
	_, err := l.directory.UpdateEmployment(l.staff.as(ctx), &directorypb.UpdateEmploymentRequest{
		Employment: &directorypb.Employment{Name: p.employment, EndDate: last}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"end_date"}},
	})
	if err != nil || p.holding.outcome != confirmedRole {
		return err
	}
	_, err = l.roles.EndRoleAssignment(l.staff.as(ctx), &roleinventorypb.EndRoleAssignmentRequest{Name: p.holding.name, EndDate: last, Reason: "Left the school."})
	return err
}

// arrive begins an employment elsewhere, in another district under another number.
func (l *loader) arrive(ctx context.Context, p *person) error {
	if _, err := l.employ(ctx, p, &directorypb.Employment{District: p.move.to.district.name(), School: p.move.to.name, Title: p.title, StartDate: api.Date(p.move.on)}); err != nil || p.move.employeeID == "" {
		return err
	}
	ids := append(p.externalIDs(), &directorypb.ExternalId{Kind: directorypb.ExternalIdKind_EXTERNAL_ID_KIND_EMPLOYEE_ID, District: p.move.to.district.name(), Value: p.move.employeeID})
	_, err := l.directory.UpdateEducator(l.staff.as(ctx), &directorypb.UpdateEducatorRequest{
		Educator: &directorypb.Educator{Name: p.name, ExternalIds: ids}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"external_ids"}},
	})
	return err
}

// openPortal makes the client by which participants and facilitators act: it is bound to each of them.
func (l *loader) openPortal(ctx context.Context, w *world) (err error) {
	var grants []access.Grant
	bound := map[access.Grant]bool{}
	bind := func(role accesspb.Role, p *person) {
		if g := (access.Grant{Role: role, Scope: p.name}); !bound[g] {
			bound[g] = true
			grants = append(grants, g)
		}
	}
	for _, s := range w.sections {
		for _, p := range s.facilitators {
			bind(accesspb.Role_ROLE_FACILITATOR, p)
		}
		for _, seat := range s.seats {
			bind(accesspb.Role_ROLE_EDUCATOR, seat.person)
		}
	}
	for _, p := range w.early.people() {
		bind(accesspb.Role_ROLE_EDUCATOR, p)
	}
	if l.portal, err = l.newClient(ctx, "Demo: participants and facilitators", grants...); err != nil {
		return err
	}
	// What somebody thinks of a course is told by nobody for another.
	l.selves = map[*person]client{}
	for _, s := range w.sections {
		for _, p := range s.answerers() {
			if l.selves[p] == "" {
				if l.selves[p], err = l.newClient(ctx, "Demo: a participant", access.Grant{Role: accesspb.Role_ROLE_EDUCATOR, Scope: p.name}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
