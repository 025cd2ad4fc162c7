package roleinventory

import (
	"slices"
	"strings"

	"github.com/btlc/btlc/internal/api"
)

// move is one step of a life: the verb leads from one state to another.
type move struct{ from, verb, to string }

// life is all the steps that there are; whatever is not in it cannot happen.
type life []move

// assignmentLife is the life of a role assignment. A dispute is settled by a confirmation. To "end later" is to set a
// last day that is not over yet.
var assignmentLife = life{
	{"REPORTED", "confirm", "CONFIRMED"},
	{"DISPUTED", "confirm", "CONFIRMED"},
	{"REPORTED", "dispute", "DISPUTED"},
	{"CONFIRMED", "dispute", "DISPUTED"},
	{"REPORTED", "end later", "REPORTED"},
	{"CONFIRMED", "end later", "CONFIRMED"},
	{"REPORTED", "end", "ENDED"},
	{"CONFIRMED", "end", "ENDED"},
}

// after is the state that a verb leads to, or the error that says from where it does.
func (l life) after(state, verb string) (string, error) {
	var from []string
	for _, m := range l {
		if m.verb != verb {
			continue
		}
		if m.from == state {
			return m.to, nil
		}
		from = append(from, m.from)
	}
	slices.Sort(from)
	return "", api.Errorf(api.StateConflict, "The role assignment is %s; this takes one that is %s.", state, strings.Join(from, " or ")).With("state", state)
}
