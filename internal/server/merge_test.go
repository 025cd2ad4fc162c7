package server_test

import (
	"fmt"
	"reflect"
	"sync"
	"testing"
)

// TestNothingIsWrittenForAMergedRecord races merges with employments that begin for the record that goes: whichever comes
// first, no employment is left with it.
func TestNothingIsWrittenForAMergedRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	person := func(name string) string {
		return text(w.do(t, "staff", "CreateEducator", map[string]any{"educator": map[string]any{"givenName": "Robin", "familyName": name}}), "educator.name")
	}
	refused := 0
	for round := range 20 {
		stays, goes := person(fmt.Sprint("Stays ", round)), person(fmt.Sprint("Goes ", round))
		var merged, employed reply
		var both sync.WaitGroup
		both.Go(func() {
			merged = w.rest.call(t, methodNamed(t, "MergeEducators"), w.keys["staff"], marshal(t, map[string]any{"name": stays, "duplicate": goes}), nil)
		})
		both.Go(func() {
			request := map[string]any{"parent": goes, "employment": map[string]any{"district": w.variables["district"], "startDate": day(2024, 9, 1)}}
			employed = w.grpc.call(t, methodNamed(t, "CreateEmployment"), w.keys["staff"], marshal(t, request), nil)
		})
		both.Wait()
		if merged.err != nil {
			t.Fatal(merged.err)
		}
		if employed.err != nil {
			refused++
		}
		left, _ := w.do(t, "staff", "ListEmployments", map[string]any{"parent": goes})["employments"].([]any)
		moved, _ := w.do(t, "staff", "ListEmployments", map[string]any{"parent": stays})["employments"].([]any)
		if want := 1; len(left) != 0 || (employed.err == nil) != (len(moved) == want) {
			t.Fatalf("round %d: %d employments are left, %d moved, and the employment ended with %v", round, len(left), len(moved), employed.err)
		}
	}
	t.Logf("%d of 20 employments came after the merge", refused)
}

// TestTheSurvivorsChoiceStands merges two records of a person who chose which e-mails to get under both.
func TestTheSurvivorsChoiceStands(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var names []string
	for i, kind := range []string{"NOTICE_KIND_COMPLETED", "NOTICE_KIND_WITHDRAWN"} {
		name := text(w.do(t, "staff", "CreateEducator", map[string]any{"educator": map[string]any{"givenName": "Robin", "familyName": fmt.Sprint("Twice ", i)}}), "educator.name")
		w.do(t, "staff", "UpdateNoticePreferences", map[string]any{"noticePreferences": map[string]any{"name": name + "/noticePreferences", "mutedKinds": []any{kind}}, "updateMask": "mutedKinds"})
		names = append(names, name)
	}
	w.do(t, "staff", "MergeEducators", map[string]any{"name": names[0], "duplicate": names[1]})
	kept := w.do(t, "staff", "GetNoticePreferences", map[string]any{"name": names[0] + "/noticePreferences"})
	if kind := text(kept, "noticePreferences.mutedKinds.0"); kind != "NOTICE_KIND_COMPLETED" {
		t.Errorf("not wanted is %s", kind)
	}
}

// TestPostedCreditFollowsItsEducator merges the record of somebody who has posted credit, and takes the merge back.
func TestPostedCreditFollowsItsEducator(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.settle(t)
	v := w.variables
	survivor := text(w.do(t, "staff", "CreateEducator", map[string]any{"educator": map[string]any{"givenName": "Robin", "familyName": "Once"}}), "educator.name")
	isOf := func(educator string) {
		t.Helper()
		if got := text(w.do(t, "registrar", "GetCreditPosting", map[string]any{"name": v["posting"]}), "creditPosting.educator"); got != educator {
			t.Errorf("the posting is of %s, want %s", got, educator)
		}
		facts := w.do(t, "districtHr", "GetCareerFacts", map[string]any{"parent": v["district"], "person": map[string]any{"educator": educator}})
		if credits := text(facts, "courses.0.postedCredits.0.credits"); credits != "3" {
			t.Errorf("the facts of %s are %v", educator, facts)
		}
	}
	w.do(t, "staff", "MergeEducators", map[string]any{"name": survivor, "duplicate": v["educator"]})
	isOf(survivor)
	w.do(t, "staff", "UnmergeEducator", map[string]any{"name": v["educator"]})
	isOf(v["educator"])
}

// TestEveryTableOfPeopleRefusesTheMerged finds each table that refers to a person, and that a row for a record that was
// merged into another is refused there: by a trigger, since what races with the merge has looked before it.
func TestEveryTableOfPeopleRefusesTheMerged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rows, err := w.pool.QueryContext(t.Context(), `SELECT c.conrelid::regclass::text FROM pg_constraint c
			JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
		WHERE c.contype = 'f' AND c.confrelid = 'educators'::regclass AND a.attname = 'educator_id'
			AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.conrelid AND t.tgname = 'refuse_merged') ORDER BY 1`)
	must(t, err)
	defer rows.Close()
	var open []string
	for rows.Next() {
		var table string
		must(t, rows.Scan(&table))
		open = append(open, table)
	}
	must(t, rows.Err())
	if len(open) > 0 {
		t.Errorf("these tables take rows for records that were merged: %v", open)
	}
}

// TestContactsGoBackWithAMerge takes a merge back after the record that stayed has got another name and one more address: each
// has its numbers and addresses again.
func TestContactsGoBackWithAMerge(t *testing.T) {
	t.Parallel()
	w := newCopies(t)
	bps, ncs := w.variables["district"], w.variables["otherDistrict"]
	goes, stays := w.person(t, map[string]string{bps: "B1", ncs: "N1"}), w.leader(t, map[string]string{bps: "C1"})
	email := func(name, address string) {
		educator := w.do(t, "staff", "GetEducator", map[string]any{"name": name})["educator"].(map[string]any)
		emails, _ := educator["emails"].([]any)
		w.do(t, "staff", "UpdateEducator", map[string]any{"updateMask": "emails", "educator": map[string]any{"name": name,
			"emails": append(emails, map[string]any{"address": address, "verified": true})}})
	}
	email(goes, "goes@example.org")
	email(stays, "stays@example.org")
	w.employ(t, stays, bps, day(2026, 9, 1))
	w.employ(t, goes, bps, day(2026, 9, 1))
	w.issue(t, stays)
	ask := func() any {
		var persons []any
		for _, person := range []map[string]any{{"employeeId": "B1"}, {"employeeId": "C1"}, {"email": "goes@example.org"}, {"email": "stays@example.org"}} {
			persons = append(persons, person)
		}
		return w.do(t, "districtHr", "BatchLookupCredentialStatuses", map[string]any{"parent": bps, "persons": persons})["results"]
	}
	before := ask()
	w.do(t, "staff", "MergeEducators", map[string]any{"name": stays, "duplicate": goes})
	w.do(t, "staff", "UpdateEducator", map[string]any{"educator": map[string]any{"name": stays, "familyName": "Married"}, "updateMask": "familyName"})
	email(stays, "third@example.org")
	w.do(t, "staff", "UnmergeEducator", map[string]any{"name": goes})
	if after := ask(); !reflect.DeepEqual(before, after) {
		t.Errorf("before\n%v\nafter\n%v", before, after)
	}
	if number := w.do(t, "staff", "LookupEducator", map[string]any{"district": ncs, "employeeId": "N1"}); text(number, "educator.name") != goes {
		t.Errorf("the number elsewhere is of %v", number)
	}
}
