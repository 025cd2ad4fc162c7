package api

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestLifeSaysFromWhereAVerbLeads(t *testing.T) {
	door := Life{{"", "hang", "SHUT"}, {"SHUT", "open", "OPEN"}, {"OPEN", "shut", "SHUT"}, {"OPEN", "remove", "GONE"}, {"SHUT", "remove", "GONE"}}
	if first := door.First(); first != "SHUT" {
		t.Errorf("a new one is %s, want SHUT", first)
	}
	if to, err := door.After("door", "OPEN", "remove"); to != "GONE" || err != nil {
		t.Errorf("got %q, %v, want GONE", to, err)
	}
	_, err := door.After("front door", "GONE", "remove")
	refusal, ok := errors.AsType[*Error](err)
	if !ok || refusal.Reason != StateConflict || refusal.Metadata["state"] != "GONE" || refusal.Detail != "The front door is GONE; this takes one that is OPEN or SHUT." {
		t.Errorf("got %v", err)
	}
}

// A verb leads on from a state exactly when the table has the step, and a refusal names every state from which it does.
func TestLifeIsItsTable(t *testing.T) {
	states, verbs := []string{"A", "B", "C", "D"}, []string{"turn", "leave", "end"}
	rapid.Check(t, func(t *rapid.T) {
		table, life := map[[2]string]string{}, Life{{"", "make", "A"}}
		for range rapid.IntRange(0, 10).Draw(t, "steps") {
			m := Move{rapid.SampledFrom(states).Draw(t, "from"), rapid.SampledFrom(verbs).Draw(t, "verb"), rapid.SampledFrom(states).Draw(t, "to")}
			if at := [2]string{m.From(), m.Verb()}; table[at] == "" {
				table[at], life = m.To(), append(life, m)
			}
		}
		for _, verb := range verbs {
			from := slices.DeleteFunc(slices.Clone(states), func(s string) bool { return table[[2]string{s, verb}] == "" })
			for _, state := range states {
				to, err := life.After("thing", state, verb)
				refusal, refused := errors.AsType[*Error](err)
				if to != table[[2]string{state, verb}] || (err == nil) != (to != "") {
					t.Fatalf("%s %s: got %q, %v", state, verb, to, err)
				}
				if err != nil && (!refused || !strings.HasSuffix(refusal.Detail, "one that is "+strings.Join(from, " or ")+".")) {
					t.Fatalf("%s %s: %v does not name %v", state, verb, err, from)
				}
			}
		}
	})
}
