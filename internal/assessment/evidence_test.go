package assessment

import (
	"fmt"
	"testing"
)

func TestDraftFaults(t *testing.T) {
	slots := []slot{{ID: "problem", MinItems: 1}, {ID: "visit", MinItems: 1, NeedsColleague: true}}
	for _, c := range []struct {
		items []item
		want  string
	}{
		{nil, ""},
		{[]item{{Slot: "problem"}, {Slot: "problem", URI: "https://example.org/a"}, {Slot: "visit", Colleague: other, Consents: true}}, ""},
		// What is incomplete or wrong for the slot is said when the draft is handed in.
		{[]item{{Slot: "visit"}, {Slot: "visit", Colleague: self, Consents: true}}, ""},
		{[]item{{Slot: "problem"}, {Slot: "plan"}}, "1 slot "},
		{[]item{{Slot: "problem", URI: "http://example.org"}}, "0 uri "},
		{[]item{{Slot: "problem", Colleague: other}}, "0 colleagueConsents "},
		{[]item{{Slot: "plan", URI: "file:///a", Colleague: other}, {}}, "0 slot 0 uri 0 colleagueConsents 1 slot "},
	} {
		got := ""
		for _, f := range draftFaults(slots, c.items) {
			got += fmt.Sprintf("%d %s ", f.Item, f.Field)
		}
		if got != c.want {
			t.Errorf("%v: got %q, want %q", c.items, got, c.want)
		}
	}
}
