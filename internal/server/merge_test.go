package server_test

import (
	"fmt"
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
