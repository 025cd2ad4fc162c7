package directory_test

import (
	"strings"
	"testing"

	pb "github.com/btlc/btlc/gen/go/btlc/directory/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/record/recordtest"
)

// named is the educator whom the district knows by a number.
func (o office) named(t *testing.T, number string) (name string) {
	t.Helper()
	recordtest.Must(t, o.SQL().QueryRowContext(t.Context(), `SELECT 'educators/' || educator_id FROM external_ids WHERE district_id = 'bps' AND value = $1`, number).Scan(&name))
	return name
}

// stranger is somebody whom no district knows yet.
func (o office) stranger(t *testing.T, given, family string) string {
	t.Helper()
	made, err := ask(t, recordtest.Staff(), o.service.CreateEducator, &pb.CreateEducatorRequest{Educator: &pb.Educator{GivenName: given, FamilyName: family}})
	recordtest.Must(t, err)
	return made.Educator.Name
}

func (o office) merge(t *testing.T, survivor, duplicate string) {
	t.Helper()
	_, err := ask(t, recordtest.Staff(), o.service.MergeEducators, &pb.MergeEducatorsRequest{Name: survivor, Duplicate: duplicate})
	recordtest.Must(t, err)
}

// places are where and when somebody works, in the order of the days on which they began.
func (o office) places(t *testing.T, educator string) (text string) {
	t.Helper()
	recordtest.Must(t, o.SQL().QueryRowContext(t.Context(), `SELECT coalesce(string_agg(s.display_name || ' ' || e.start_date || coalesce(' to ' || e.end_date, ''), ', ' ORDER BY e.start_date, e.id), '')
		FROM employments e JOIN schools s ON s.id = e.school_id WHERE 'educators/' || e.educator_id = $1`, educator).Scan(&text))
	return text
}

const nothingNew = "SCHOOL_MISSING 0  districts: Harbor > It stays as it is."

// A row whose number came to somebody by a merge is about them, whatever else of them the roster has.
func TestRosterOfMergedRecords(t *testing.T) {
	o := newOffice(t)
	o.apply(t, o.plan(t, roster(2).zip(t)))
	survivor := o.named(t, "S0")
	o.merge(t, survivor, o.named(t, "S1"))
	expect(t, "both numbers are of", o.named(t, "S1"), survivor)

	both := o.plan(t, roster(2).zip(t))
	expect(t, "with both rows", o.actions(t, both), nothingNew)
	expect(t, "unchanged", both.Counts.Unchanged, 1)
	expect(t, "with one row", o.actions(t, o.plan(t, roster(1).zip(t))), nothingNew)
	other := o.plan(t, roster(2).with("users.csv", "true,u0", "false,u0").with("roles.csv", "r1,,,u1,primary,teacher,2020-08-25,,n", "r1,,,u1,primary,teacher,,,s").zip(t))
	if got := o.actions(t, other); !strings.Contains(got, "PERSON_CHANGED 3 S0 educators: Given0 Family0 > Given1 Family1") || strings.Contains(got, "PERSON_ADDED") {
		t.Errorf("with the other row alone: %s", got)
	}
	o.apply(t, other)
	expect(t, "where they work", o.places(t, survivor), "North School 2020-08-25 to 2026-11-19, North School 2020-08-25 to 2026-11-20, South School 2026-11-20")
}

// Between the plan, its application and its undoing, records are merged: what was planned and done is the survivor's.
func TestRosterFollowsMerges(t *testing.T) {
	o := newOffice(t)
	o.apply(t, o.plan(t, roster(2).zip(t)))
	moves := roster(2).with("roles.csv", "r1,,,u1,primary,teacher,2020-08-25,,n", "r1,,,u1,primary,teacher,,,s")
	planned := o.plan(t, moves.zip(t))
	second, last := o.stranger(t, "Given1", "Family1"), o.stranger(t, "Given1", "Family1")
	o.merge(t, second, o.named(t, "S1"))
	applied := o.apply(t, planned)
	expect(t, "after applying", o.places(t, second), "North School 2020-08-25 to 2026-11-19, South School 2026-11-20")
	expect(t, "left to do", o.actions(t, o.plan(t, moves.zip(t))), nothingNew)

	o.merge(t, last, second)
	_, before := o.news(t, "program", 0)
	o.undo(t, applied)
	expect(t, "after undoing", o.places(t, last), "North School 2020-08-25")
	page, err := o.ReadFeed(t.Context(), "program", before, 1000)
	recordtest.Must(t, err)
	told := 0
	for _, r := range page.Rows {
		if r.Type == "btlc/Employment" {
			told++
			if !strings.HasPrefix(r.Resource, last+"/") {
				t.Errorf("told of %s, which is not of %s", r.Resource, last)
			}
		}
	}
	expect(t, "employments told of", told, 2)
}

// A name that a roster changed is not changed back once the record is another's: it would be the survivor's.
func TestRosterOfAMergedRecordIsNotUndone(t *testing.T) {
	o := newOffice(t)
	o.apply(t, o.plan(t, roster(2).zip(t)))
	applied := o.apply(t, o.plan(t, roster(2).with("users.csv", "Family1", "Married").zip(t)))
	survivor := o.stranger(t, "Given1", "Married")
	o.merge(t, survivor, o.named(t, "S1"))
	_, err := ask(t, o.hr, o.service.UndoRosterImport, &pb.UndoRosterImportRequest{Name: applied.Name, Etag: applied.Etag})
	expect(t, "undoing a name", recordtest.Reason(err), api.StateConflict)
}

// What was added for the record that stays is its own, also when the merge is taken back before the roster is.
func TestRosterOfAMergeTakenBack(t *testing.T) {
	o := newOffice(t)
	o.apply(t, o.plan(t, roster(2).zip(t)))
	first, second := o.named(t, "S1"), o.stranger(t, "Given1", "Family1")
	planned := o.plan(t, roster(2).with("roles.csv", "rp,", "r9,,,u1,secondary,teacher,2021-08-25,,s,\nrp,").zip(t))
	o.merge(t, second, first)
	applied := o.apply(t, planned)
	expect(t, "after applying", o.places(t, second), "North School 2020-08-25, South School 2021-08-25")
	_, err := ask(t, recordtest.Staff(), o.service.UnmergeEducator, &pb.UnmergeEducatorRequest{Name: first})
	recordtest.Must(t, err)
	_, before := o.news(t, "program", 0)
	o.undo(t, applied)
	expect(t, "after undoing", []string{o.places(t, first), o.places(t, second)}, []string{"North School 2020-08-25", ""})
	page, err := o.ReadFeed(t.Context(), "program", before, 1000)
	recordtest.Must(t, err)
	if len(page.Rows) != 1 || !strings.HasPrefix(page.Rows[0].Resource, second+"/") {
		t.Errorf("what is taken back is told as %+v", page.Rows)
	}
}
