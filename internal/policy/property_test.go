package policy

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// formula is a random condition: its text, the value it must have and the assessments it names in
// the order of reading.
type formula struct {
	text  string
	value bool
	names []string
}

// formulas draws conditions over ten assessments, of which the given ones are demonstrated.
func formulas(demonstrated map[string]bool) *rapid.Generator[formula] {
	leaf := rapid.Custom(func(t *rapid.T) formula {
		id := fmt.Sprintf("a%d", rapid.IntRange(0, 9).Draw(t, "assessment"))
		return formula{fmt.Sprintf("demonstrated('%s')", id), demonstrated[id], []string{id}}
	})
	var grow func(depth int) *rapid.Generator[formula]
	grow = func(depth int) *rapid.Generator[formula] {
		if depth == 0 {
			return leaf
		}
		return rapid.Custom(func(t *rapid.T) formula {
			a := grow(depth-1).Draw(t, "a")
			b := grow(depth-1).Draw(t, "b")
			c := grow(depth-1).Draw(t, "c")
			names := append(slices.Clone(a.names), b.names...)
			switch rapid.IntRange(0, 5).Draw(t, "operator") {
			case 0:
				return a
			case 1:
				return formula{"!(" + a.text + ")", !a.value, a.names}
			case 2:
				return formula{"(" + a.text + " && " + b.text + ")", a.value && b.value, names}
			case 3:
				return formula{"(" + a.text + " || " + b.text + ")", a.value || b.value, names}
			case 4:
				value := c.value
				if a.value {
					value = b.value
				}
				return formula{"(" + a.text + " ? " + b.text + " : " + c.text + ")", value, append(names, c.names...)}
			default:
				ids := []string{"a1", "a5", "a9"}
				value := demonstrated["a1"] && demonstrated["a5"] && demonstrated["a9"] && a.value
				names := slices.Clone(ids[:1])
				names = append(append(names, a.names...), ids[1:]...)
				return formula{"['a1', 'a5', 'a9'].all(x, demonstrated(x) && " + a.text + ")", value, names}
			}
		})
	}
	return grow(3)
}

// A policy is met exactly when each requirement is; a requirement has the value that logic gives
// it; and it rests on every assessment it names, whatever the values are.
func TestEvaluationIsLogicAndExplainsItselfWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		demonstrated := map[string]bool{}
		facts := &record{yes: map[string]bool{}}
		for i := range 10 {
			id := fmt.Sprintf("a%d", i)
			demonstrated[id] = rapid.Bool().Draw(t, id)
			facts.yes["demonstrated "+id] = demonstrated[id]
		}
		drawn := rapid.SliceOfN(formulas(demonstrated), 1, 3).Draw(t, "formulas")
		var texts []string
		met := true
		for _, f := range drawn {
			texts = append(texts, f.text)
			met = met && f.value
		}

		program, err := Compile(policyOf(texts...))
		if err != nil {
			t.Skip("longer than an expression may be")
		}
		result, err := program.Evaluate(t.Context(), facts, input())
		if err != nil {
			t.Fatal(err)
		}
		if result.Met != met {
			t.Fatalf("met = %v, want %v", result.Met, met)
		}
		for i, f := range drawn {
			outcome := result.Requirements[i]
			if outcome.Met != f.value {
				t.Fatalf("%s = %v, want %v", f.text, outcome.Met, f.value)
			}
			var read []string
			for _, fact := range outcome.Facts {
				read = append(read, fact.ID)
				if want := either("demonstrated", "not demonstrated")(demonstrated[fact.ID]); fact.Value != want {
					t.Fatalf("%s is recorded as %q", fact.ID, fact.Value)
				}
			}
			if want := unique(f.names); !slices.Equal(read, want) {
				t.Fatalf("%s rests on %v, want %v", f.text, read, want)
			}
		}
	})
}

func unique(names []string) []string {
	var once []string
	for _, name := range names {
		if !slices.Contains(once, name) {
			once = append(once, name)
		}
	}
	return once
}
