package server_test

import (
	"reflect"
	"testing"
	"time"
)

// What a district asks of what it knew on a day has the same answer ever after, also when a merge brings somebody whom it
// employs the certificates of another record.
func TestWhatWasKnownBeforeAMerge(t *testing.T) {
	w := newWorld(t)
	w.settle(t)
	v := w.variables
	stays := text(w.do(t, "staff", "CreateEducator", map[string]any{"educator": map[string]any{"givenName": "Robin", "familyName": "Stays",
		"externalIds": []any{map[string]any{"kind": "EXTERNAL_ID_KIND_EMPLOYEE_ID", "district": v["district"], "value": "E77"}}}}), "educator.name")
	w.do(t, "staff", "CreateEmployment", map[string]any{"parent": stays, "employment": map[string]any{"district": v["district"], "startDate": day(2026, 11, 1)}})
	ask := func(known int) map[string]any {
		return w.do(t, "districtHr", "LookupCredentialStatus", map[string]any{"parent": v["district"], "employeeId": "E77", "asOf": day(2026, 11, known), "knownAsOf": day(2026, 11, known)})
	}
	w.clock.Store(time.Date(2026, 11, 25, 15, 0, 0, 0, time.UTC).UnixNano())
	before := ask(21)
	w.do(t, "staff", "MergeEducators", map[string]any{"name": stays, "duplicate": v["otherEducator"]})
	if after := ask(21); !reflect.DeepEqual(before, after) {
		t.Errorf("known on the 21st: %v, and after a merge on the 25th: %v", before, after)
	}
	held, _ := ask(25)["statuses"].([]any)
	w.do(t, "staff", "UnmergeEducator", map[string]any{"name": v["otherEducator"]})
	if kept, _ := ask(25)["statuses"].([]any); len(held) == 0 || len(kept) != 0 {
		t.Errorf("with the merge %v, and when it is taken back %v", held, kept)
	}
}

// Whoever of the two held the credential, what was known before they were found to be one person stays what was known.
func TestWhatWasKnownOfTwoRecords(t *testing.T) {
	for _, holder := range []string{"survivor", "duplicate"} {
		t.Run(holder, func(t *testing.T) {
			w := newCopies(t)
			district := w.variables["district"]
			people := map[string]string{"survivor": w.person(t, nil), "duplicate": w.person(t, map[string]string{district: "B1"})}
			w.employ(t, people["duplicate"], district, day(2026, 9, 1))
			w.lead(people[holder])
			w.issue(t, people[holder])
			w.clock.Add(int64(5 * 24 * time.Hour))
			ask := func() any {
				return w.do(t, "districtHr", "BatchLookupCredentialStatuses", map[string]any{"parent": district, "employeeIds": []any{"B1"}, "knownAsOf": day(2026, 11, 21)})["results"]
			}
			before := ask()
			w.do(t, "staff", "MergeEducators", map[string]any{"name": people["survivor"], "duplicate": people["duplicate"]})
			if after := ask(); !reflect.DeepEqual(before, after) {
				t.Errorf("before the merge\n%v\nand after\n%v", before, after)
			}
		})
	}
}
