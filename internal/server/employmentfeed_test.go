package server_test

import "testing"

// TestAnEmploymentIsToldWhenItBegins has a district hire somebody: its feed says so from the first day on, whatever is changed
// before; and once it has, it says too that the day was put off.
func TestAnEmploymentIsToldWhenItBegins(t *testing.T) {
	w := newWorld(t)
	w.becomes(t, 0)
	w.known(t, "hired", keysOf(t, "hired"), w.variables["district"])
	last := func() (newest float64, change any) {
		answer := w.do(t, "districtHr", "ListChanges", map[string]any{"parent": w.variables["district"]})
		changes := answer["changes"].([]any)
		if len(changes) == 0 {
			t.Fatal("the feed is empty, though people work there")
		}
		return answer["newestSequence"].(float64), changes[len(changes)-1]
	}
	set := func(employment map[string]any, mask string) {
		w.do(t, "staff", "UpdateEmployment", map[string]any{"employment": employment, "updateMask": mask})
	}
	before, _ := last()
	name := w.engage(t, "hired", map[string]any{"district": w.variables["district"], "startDate": day(2026, 12, 1)})
	set(map[string]any{"name": name, "title": "Teacher"}, "title")
	w.becomes(t, 10)
	if newest, change := last(); newest != before {
		t.Errorf("before it begins the feed tells %v", change)
	}
	w.becomes(t, 11)
	if newest, change := last(); newest != before+1 || text(change, "resource") != name || text(change, "state.current") != "true" {
		t.Errorf("on the first day the feed tells %v", change)
	}
	set(map[string]any{"name": name, "startDate": day(2026, 12, 9)}, "startDate")
	if newest, change := last(); newest != before+2 || text(change, "resource") != name || text(change, "state.current") != "false" {
		t.Errorf("when it is put off the feed tells %v", change)
	}
}
