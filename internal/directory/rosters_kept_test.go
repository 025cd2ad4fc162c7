package directory_test

import (
	"fmt"
	"strings"
	"testing"

	pb "github.com/btlc/btlc/gen/go/btlc/directory/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/record/recordtest"
)

// TestRosterActionsSayWhatTheyAreAbout follows the resources of actions through the life of an import.
func TestRosterActionsSayWhatTheyAreAbout(t *testing.T) {
	o := newOffice(t)
	planned := o.plan(t, roster(1).zip(t))
	const added = `SCHOOL_ADDED 3 0100 %[1]s:  > North School
SCHOOL_ADDED 4 0200 %[1]s:  > South School
PERSON_ADDED 2 S0 %[2]s:  > Given0 Family0, s0@example.org
EMPLOYMENT_ADDED 2 S0 %[3]s:  > North School from 2020-08-25
SCHOOL_MISSING 0  districts: Harbor > It stays as it is.`
	expect(t, "planned", o.actions(t, planned), fmt.Sprintf(added, "", "", ""))
	applied := o.apply(t, planned)
	expect(t, "applied", o.actions(t, applied), fmt.Sprintf(added, "districts", "educators", "educators"))
	o.undo(t, applied)
	expect(t, "undone", o.actions(t, applied), fmt.Sprintf(added, "", "", "educators"))
}

// TestRosterPlannedWithProvisionalIDs applies and undoes a plan of the time when the rows that it adds got their ids as it was applied.
func TestRosterPlannedWithProvisionalIDs(t *testing.T) {
	o := newOffice(t)
	empty := o.rows(t)
	planned := o.plan(t, roster(2).zip(t))
	rows, err := o.SQL().QueryContext(t.Context(), `SELECT DISTINCT (regexp_matches(plan::text, '"ID": "([^"]+)"', 'g'))[1] FROM roster_actions`)
	recordtest.Must(t, err)
	var ids []string
	for rows.Next() {
		var id string
		recordtest.Must(t, rows.Scan(&id))
		ids = append(ids, id)
	}
	recordtest.Must(t, rows.Close())
	expect(t, "ids of schools, persons and employments", len(ids), 6)
	for i, id := range ids {
		_, err := o.SQL().ExecContext(t.Context(), `UPDATE roster_actions SET plan = replace(plan::text, $1, $2)::jsonb`, id, fmt.Sprint("provisional:", i))
		recordtest.Must(t, err)
	}
	applied := o.apply(t, planned)
	expect(t, "rows after applying", o.rows(t), [6]int{empty[0] + 2, 2, 0, 2, 2, 2})
	expect(t, "where they work", o.places(t, o.named(t, "S1")), "North School 2020-08-25")
	if actions := o.actions(t, applied); !strings.Contains(actions, "PERSON_ADDED 2 S0 educators:") || !strings.Contains(actions, "EMPLOYMENT_ADDED 3 S1 educators:") {
		t.Errorf("it does not say whom it added:\n%s", actions)
	}
	o.undo(t, applied)
	expect(t, "rows after undoing", o.rows(t), empty)
	if actions := o.actions(t, applied); !strings.Contains(actions, "PERSON_ADDED 2 S0 :") {
		t.Errorf("it says who is no more:\n%s", actions)
	}
}

// TestRosterKeepsNames renames somebody twice: each name was theirs from when the one before it was kept.
func TestRosterKeepsNames(t *testing.T) {
	o := newOffice(t)
	o.apply(t, o.plan(t, roster(2).zip(t)))
	for i, family := range []string{"Second", "Third"} {
		o.Travel(recordtest.Start.AddDate(0, 0, i+1))
		o.apply(t, o.plan(t, roster(2).with("users.csv", "Family1", family).zip(t)))
	}
	var names string
	recordtest.Must(t, o.SQL().QueryRowContext(t.Context(), `SELECT string_agg(family_name || ' ' || (record_time AT TIME ZONE 'UTC')::date || ' to ' || (create_time AT TIME ZONE 'UTC')::date, ', ' ORDER BY id) FROM educator_names`).Scan(&names))
	expect(t, "names", names, "Family1 2026-11-20 to 2026-11-21, Second 2026-11-21 to 2026-11-22")
}

// TestRosterUndoKeepsScopes has roles that are given about one who was added, and about a school.
func TestRosterUndoKeepsScopes(t *testing.T) {
	o := newOffice(t)
	applied := o.apply(t, o.plan(t, roster(3).zip(t)))
	var school string
	recordtest.Must(t, o.SQL().QueryRowContext(t.Context(), `SELECT 'districts/bps/schools/' || id FROM schools WHERE local_code = '0200'`).Scan(&school))
	for _, scope := range []string{o.named(t, "S1"), school, "", "districts/bps"} {
		recordtest.Must(t, o.Ent().RoleBinding.Create().SetIssuer("https://issuer.example").SetSubject("one").SetRole("PRINCIPAL").SetScope(scope).Exec(t.Context()))
	}
	o.undo(t, applied)
	expect(t, "rows", o.rows(t), [6]int{3, 1, 0, 1, 1, 0})
	if actions := o.actions(t, applied); !strings.Contains(actions, "SCHOOL_ADDED 4 0200 districts:") || !strings.Contains(actions, "PERSON_ADDED 3 S1 educators:") || !strings.Contains(actions, "PERSON_ADDED 2 S0 :") {
		t.Errorf("it does not say what stays:\n%s", actions)
	}
}

// TestRosterTellsWhomItConcerns follows a roster on the streams of the program, of the district, and of another that employs one of its people.
func TestRosterTellsWhomItConcerns(t *testing.T) {
	o := newOffice(t)
	o.apply(t, o.plan(t, roster(2).zip(t)))
	recordtest.Must(t, o.Ent().ExternalID.Create().SetEducatorID(api.LastUUID(o.named(t, "S1"))).SetKind("EMPLOYEE_ID").SetDistrictID("ncs").SetValue("N7").Exec(t.Context()))
	recordtest.Must(t, o.Ent().Employment.Create().SetEducatorID(api.LastUUID(o.named(t, "S1"))).SetDistrictID("ncs").SetStartDate(recordtest.Day("2020-09-01")).Exec(t.Context()))
	streams := []string{"program", "districts/bps", "districts/ncs"}
	after := map[string]int64{}
	for _, stream := range streams {
		_, after[stream] = o.news(t, stream, 0)
	}
	next := o.apply(t, o.plan(t, roster(3).with("users.csv", "s1@example.org", "new@example.org").zip(t)))
	one, two := o.named(t, "S1"), o.named(t, "S2")
	o.undo(t, next)
	for stream, want := range map[string][]string{
		"program": {
			fmt.Sprintf("Educator UPDATED v2 map[educator:%s] ", one), fmt.Sprintf("Educator CREATED v1 map[educator:%s] ", two), fmt.Sprintf("Employment CREATED v1 map[educator:%s] \"current\": true", two),
			fmt.Sprintf("Educator DELETED v2 map[educator:%s] ", two), fmt.Sprintf("Educator UPDATED v3 map[educator:%s] ", one), fmt.Sprintf("Employment DELETED v2 map[educator:%s] \"current\": false", two),
		},
		"districts/bps": {
			"Educator UPDATED v2 map[employeeId:S1] ", "Educator CREATED v1 map[employeeId:S2] ", "Employment CREATED v1 map[employeeId:S2] \"current\": true",
			"Educator DELETED v2 map[employeeId:S2] ", "Educator UPDATED v3 map[employeeId:S1] ", "Employment DELETED v2 map[employeeId:S2] \"current\": false",
		},
		"districts/ncs": {"Educator UPDATED v2 map[employeeId:N7] ", "Educator UPDATED v3 map[employeeId:N7] "},
	} {
		lines, _ := o.news(t, stream, after[stream])
		expect(t, stream, strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
}

// Of several rosters the last is undone, then the one before.
func TestRostersAreUndoneFromTheLast(t *testing.T) {
	o := newOffice(t)
	o.apply(t, o.plan(t, roster(1).zip(t)))
	before := o.places(t, o.named(t, "S0"))
	second := o.apply(t, o.plan(t, roster(3).with("users.csv", "s0@example.org", "other0@example.org").zip(t)))
	third := o.apply(t, o.plan(t, roster(2).with("orgs.csv", "North", "Northern").zip(t)))
	if _, err := ask(t, o.hr, o.service.UndoRosterImport, &pb.UndoRosterImportRequest{Name: second.Name}); err == nil {
		t.Error("it was undone while a later one stood on it")
	}
	o.undo(t, third)
	o.undo(t, second)
	expect(t, "works at", o.places(t, o.named(t, "S0")), before)
	again := o.plan(t, roster(1).zip(t))
	expect(t, "left to do", again.Counts.PeopleAdded+again.Counts.EmploymentsAdded+again.Counts.EmploymentsEnded+again.Counts.SchoolsRenamed, int32(0))
}
