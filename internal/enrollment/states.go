package enrollment

import (
	"slices"
	"strings"

	"github.com/btlc/btlc/internal/api"
)

// move is one step of a life: the verb leads from one state to another.
type move struct{ from, verb, to string }

// life is all the steps that there are; whatever is not in it cannot happen.
type life []move

var sectionLife = life{
	{"DRAFT", "open", "OPEN"},
	{"OPEN", "close", "CLOSED"},
	{"OPEN", "start", "IN_SESSION"},
	{"CLOSED", "start", "IN_SESSION"},
	{"IN_SESSION", "complete", "COMPLETED"},
	{"DRAFT", "cancel", "CANCELLED"},
	{"OPEN", "cancel", "CANCELLED"},
	{"CLOSED", "cancel", "CANCELLED"},
	{"IN_SESSION", "cancel", "CANCELLED"},
}

var registrationLife = life{
	{"ENROLLED", "withdraw", "WITHDRAWN"},
	{"ENROLLED", "complete", "COMPLETED"},
	{"ENROLLED", "fail", "NOT_COMPLETED"},
}

// after is the state that a verb leads to, or the error that says from where it does.
func (l life) after(what, state, verb string) (string, error) {
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
	return "", api.Errorf(api.StateConflict, "The %s is %s; this takes one that is %s.", what, state, strings.Join(from, " or ")).With("state", state)
}
