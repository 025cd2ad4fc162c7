package placement

import (
	"reflect"
	"testing"
)

// One after the other, parties are explained as each by itself: no explanation leaves a trace.
func TestExplainerExplainsAsExplainDoes(t *testing.T) {
	p := term(60, 6, 2, 1)
	got, err := Solve(p, 1)
	if err != nil {
		t.Fatal(err)
	}
	all, err := NewExplainer(p, got.Assignment)
	if err != nil {
		t.Fatal(err)
	}
	for _, party := range p.Parties {
		one, err := Explain(p, got.Assignment, party.ID)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if again, err := all.Explain(party.ID); err != nil || !reflect.DeepEqual(again, one) {
				t.Fatalf("%s: %+v, %v, by itself %+v", party.ID, again, err, one)
			}
		}
	}
}
