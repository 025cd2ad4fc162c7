package directory_test

import (
	"strings"
	"testing"
	"time"

	pb "github.com/btlc/btlc/gen/go/btlc/directory/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/record/recordtest"
)

// unemployed is somebody whom the district does not employ, and who has a number there.
func (o office) unemployed(t *testing.T, number string) string {
	t.Helper()
	made, err := ask(t, recordtest.Staff(), o.service.CreateEducator, &pb.CreateEducatorRequest{Educator: &pb.Educator{GivenName: "Hidden", FamilyName: "Person", ExternalIds: []*pb.ExternalId{
		{Kind: pb.ExternalIdKind_EXTERNAL_ID_KIND_EMPLOYEE_ID, District: "districts/bps", Value: number},
	}}})
	recordtest.Must(t, err)
	return made.Educator.Name
}

// employ has a district employ somebody from a day, at the school of that name or at none.
func (o office) employ(t *testing.T, who, district, school, from string) {
	t.Helper()
	e := &pb.Employment{District: "districts/" + district, StartDate: api.Date(recordtest.Day(from))}
	if school != "" {
		recordtest.Must(t, o.SQL().QueryRowContext(t.Context(), `SELECT 'districts/' || district_id || '/schools/' || id FROM schools WHERE display_name = $1`, school).Scan(&e.School))
	}
	_, err := ask(t, recordtest.Staff(), o.service.CreateEmployment, &pb.CreateEmploymentRequest{Parent: who, Employment: e})
	recordtest.Must(t, err)
}

// leave ends the employments of somebody in the district.
func (o office) leave(t *testing.T, who string) {
	t.Helper()
	listed, err := ask(t, recordtest.Staff(), o.service.ListEmployments, &pb.ListEmploymentsRequest{Parent: who, Filter: `district = "districts/bps"`})
	recordtest.Must(t, err)
	for _, e := range listed.Employments {
		e.EndDate = api.Date(recordtest.Start.AddDate(0, 0, -1))
		_, err = ask(t, recordtest.Staff(), o.service.UpdateEmployment, &pb.UpdateEmploymentRequest{Employment: e})
		recordtest.Must(t, err)
	}
}

func (o office) rename(t *testing.T, who, family string) {
	t.Helper()
	_, err := ask(t, recordtest.Staff(), o.service.UpdateEducator, &pb.UpdateEducatorRequest{Educator: &pb.Educator{Name: who, FamilyName: family}})
	recordtest.Must(t, err)
}

// person is somebody on record: names and addresses.
func (o office) person(t *testing.T, name string) string {
	t.Helper()
	got, err := ask(t, recordtest.Staff(), o.service.GetEducator, &pb.GetEducatorRequest{Name: name})
	recordtest.Must(t, err)
	text := got.Educator.GivenName + " " + got.Educator.FamilyName
	for _, e := range got.Educator.Emails {
		text += " " + e.Address
		if e.Verified {
			text += " (verified)"
		}
	}
	return text
}

// A number that is on record without a day of work is planned as one that nobody has, and the record is taken when it is applied:
// employed, and else as it was.
func TestRosterTakesWhoIsOnRecord(t *testing.T) {
	o := newOffice(t)
	first := o.actionsAs(t, o.hr, o.plan(t, roster(2).zip(t)))
	hidden := o.unemployed(t, "S1")
	before := o.rows(t)
	planned := o.plan(t, roster(2).zip(t))
	expect(t, "the plan", o.actionsAs(t, o.hr, planned), first)
	expect(t, "people added", planned.Counts.PeopleAdded, 2)
	applied := o.apply(t, planned)
	expect(t, "rows", o.rows(t), [6]int{before[0] + 2, before[1] + 1, before[2], before[3] + 1, before[4] + 1, before[5] + 2})
	expect(t, "who has the number", o.named(t, "S1"), hidden)
	expect(t, "called", o.person(t, hidden), "Hidden Person")
	expect(t, "works at", o.places(t, hidden), "North School 2020-08-25")
	if got := o.actionsAs(t, o.hr, applied); strings.Count(got, "S1 educators:") != 2 {
		t.Errorf("it does not name whom it employed:\n%s", got)
	}
	// Now that they work there, the district may know them and say what they are called.
	if got := o.actionsAs(t, o.hr, o.plan(t, roster(2).zip(t))); !strings.HasPrefix(got, "PERSON_CHANGED 3 S1 educators: Hidden Person > Given1 Family1, s1@example.org\n") {
		t.Errorf("the next plan:\n%s", got)
	}
	undone := o.undo(t, applied)
	expect(t, "rows after undoing", o.rows(t), before)
	expect(t, "undone, it says", o.actionsAs(t, o.hr, undone), first)
}

// Who is to come is as nobody until a roster of the district has told of them: it changes nothing that is there already, and the
// next has nothing to say.
func TestRosterOfThoseToCome(t *testing.T) {
	o := newOffice(t)
	o.apply(t, o.plan(t, roster(0).zip(t))) // the schools
	later := roster(1).with("roles.csv", "2020-08-25", "2026-12-01")
	nobody := o.actionsAs(t, o.hr, o.plan(t, later.zip(t)))
	hidden := o.unemployed(t, "S0")
	o.employ(t, hidden, "bps", "North School", "2026-12-01")
	planned := o.plan(t, later.zip(t))
	expect(t, "the plan", o.actionsAs(t, o.hr, planned), nobody)
	o.apply(t, planned)
	expect(t, "where they are to work", o.places(t, hidden), "North School 2026-12-01")
	expect(t, "the next", o.actionsAs(t, o.hr, o.plan(t, later.zip(t))), nothingNew)
	expect(t, "with another name", o.actionsAs(t, o.hr, o.plan(t, later.with("users.csv", "Family0", "Other").zip(t))), nothingNew)

	other := o.unemployed(t, "S1")
	o.employ(t, other, "bps", "North School", "2026-12-01")
	o.apply(t, o.plan(t, roster(2).with("roles.csv", "2020-08-25", "2026-12-01").with("roles.csv", "2020-08-25", "").zip(t)))
	expect(t, "whom the roster has there now", o.places(t, other), "North School 2026-11-20, North School 2026-12-01")

	o.apply(t, o.plan(t, roster(3).with("roles.csv", "r2,,,u2,primary,teacher,2020-08-25", "r2,,,u2,primary,teacher,2026-12-01").zip(t)))
	expect(t, "whom it put on record itself", strings.Contains(o.actionsAs(t, o.hr, o.plan(t, roster(3).with("roles.csv", "r2,,,u2,primary,teacher,2020-08-25", "r2,,,u2,primary,teacher,2026-12-01").zip(t))), "S2"), false)
}

// Whoever has left is employed again by a roster and not changed by it; what they are called by now the district hears when they
// work there.
func TestRosterOfThoseWhoLeft(t *testing.T) {
	o := newOffice(t)
	o.apply(t, o.plan(t, roster(2).zip(t)))
	who := o.named(t, "S1")
	renaming := o.plan(t, roster(2).with("users.csv", "Family1", "Married").zip(t))
	renamed := o.apply(t, o.plan(t, roster(2).with("users.csv", "Family1", "Wed").zip(t)))
	o.leave(t, who)
	_, err := ask(t, o.hr, o.service.UndoRosterImport, &pb.UndoRosterImportRequest{Name: renamed.Name})
	expect(t, "undoing the name of one who left", recordtest.Reason(err), api.StateConflict)
	_, err = ask(t, o.hr, o.service.ApplyRosterImport, &pb.ApplyRosterImportRequest{Name: renaming.Name})
	expect(t, "renaming one who left", recordtest.Reason(err), api.RosterStale)

	const again = "EMPLOYMENT_ADDED 3 S1 :  > North School from 2026-11-20\n" + nothingNew
	expect(t, "the plan", o.actionsAs(t, o.hr, o.plan(t, roster(2).zip(t))), again)
	o.employ(t, who, "ncs", "", "2026-11-20")
	o.rename(t, who, "Afterwards")
	planned := o.plan(t, roster(2).zip(t))
	expect(t, "when they work elsewhere", o.actionsAs(t, o.hr, planned), again)
	o.apply(t, planned)
	expect(t, "called", o.person(t, who), "Given1 Afterwards s1@example.org")
}

// A name is not changed of one who has left since the plan, although it is as it was.
func TestRosterLeavesAloneWhoHasLeft(t *testing.T) {
	o := newOffice(t)
	o.apply(t, o.plan(t, roster(2).zip(t)))
	renaming := o.plan(t, roster(2).with("users.csv", "Family1", "Married").zip(t))
	o.leave(t, o.named(t, "S1"))
	_, err := ask(t, o.hr, o.service.ApplyRosterImport, &pb.ApplyRosterImportRequest{Name: renaming.Name})
	expect(t, "renaming", recordtest.Reason(err), api.RosterStale)
}

// TestRosterTellsNothingOfOthers has the address of somebody who works elsewhere in a roster: it is noted as anybody's would be,
// and found by it is whose it is.
func TestRosterTellsNothingOfOthers(t *testing.T) {
	o := newOffice(t)
	nobody := o.actionsAs(t, o.hr, o.plan(t, roster(1).zip(t)))
	elsewhere := api.Name("btlc/Educator", o.Educator("ncs", "s0"))
	planned := o.plan(t, roster(1).zip(t))
	expect(t, "the plan", o.actionsAs(t, o.hr, planned), nobody)
	applied := o.apply(t, planned)
	expect(t, "whom it added", o.person(t, o.named(t, "S0")), "Given0 Family0 s0@example.org")
	expect(t, "whose it is", o.person(t, elsewhere), "Given Family s0@Example.org (verified)")
	found, err := ask(t, recordtest.Staff(), o.service.LookupEducator, &pb.LookupEducatorRequest{Email: "s0@example.org"})
	recordtest.Must(t, err)
	expect(t, "found", found.Educator.Name, elsewhere)
	expect(t, "the next plan", o.actionsAs(t, o.hr, o.plan(t, roster(1).zip(t))), nothingNew)
	o.undo(t, applied)
	expect(t, "whose it still is", o.person(t, elsewhere), "Given Family s0@Example.org (verified)")

	// Of a colleague's address the district hears, since it knows the colleague.
	o.employ(t, elsewhere, "bps", "", recordtest.Start.Format(time.DateOnly))
	const asked = "AMBIGUOUS 2 S0 educators:  > The e-mail address is on record for another person who works in the district. The row is left out."
	if got := o.actionsAs(t, o.hr, o.plan(t, roster(1).zip(t))); !strings.Contains(got, asked) {
		t.Errorf("a colleague's address:\n%s", got)
	}
}

// Both records of one person may have an address; merged, they have it once, and verified if it was for one.
func TestMergedAddresses(t *testing.T) {
	o := newOffice(t)
	o.apply(t, o.plan(t, roster(1).zip(t)))
	survivor, duplicate := o.named(t, "S0"), api.Name("btlc/Educator", o.Educator("ncs", "s0"))
	o.merge(t, survivor, duplicate)
	expect(t, "merged", o.person(t, survivor), "Given0 Family0 s0@example.org (verified)")
	_, err := ask(t, recordtest.Staff(), o.service.UnmergeEducator, &pb.UnmergeEducatorRequest{Name: duplicate})
	recordtest.Must(t, err)
	expect(t, "as before", o.person(t, survivor)+", "+o.person(t, duplicate), "Given0 Family0 s0@example.org, Given Family s0@Example.org (verified)")
}

// Somebody who works in two districts is renamed by neither's roster: the one would change back what the other changed.
func TestRosterDoesNotRenameWhoWorksElsewhere(t *testing.T) {
	o := newOffice(t)
	o.apply(t, o.plan(t, roster(2).zip(t)))
	married := roster(2).with("users.csv", "Family1,,S1,s1@", "Married,,S1,new@").zip(t)
	before := o.plan(t, married)
	who := o.named(t, "S1")
	o.employ(t, who, "ncs", "", recordtest.Start.Format(time.DateOnly))
	_, err := ask(t, o.hr, o.service.ApplyRosterImport, &pb.ApplyRosterImportRequest{Name: before.Name})
	expect(t, "planned before", recordtest.Reason(err), api.RosterStale)
	planned := o.plan(t, married)
	expect(t, "planned after", o.actionsAs(t, o.hr, planned), "PERSON_CHANGED 3 S1 educators: Given1 Family1 > Given1 Family1, new@example.org\n"+nothingNew+
		"\nAMBIGUOUS 3 S1 educators:  > They work in another district too and are called otherwise on record: the program's staff change names of such people.")
	o.apply(t, planned)
	expect(t, "called", o.person(t, who), "Given1 Family1 s1@example.org new@example.org")
}
