package api

import (
	"slices"
	"strings"
)

// Move is one step of a life: from a state, by a verb, to a state. An array, so that a life reads as a table. The step that
// makes a resource comes from no state, "".
type Move [3]string

// From is the state that the step begins in.
func (m Move) From() string { return m[0] }

// Verb is what is done.
func (m Move) Verb() string { return m[1] }

// To is the state that it leads to.
func (m Move) To() string { return m[2] }

// Life is all the steps that a kind of resource can take; whatever is not in it cannot happen. docs/lifecycles.md is drawn
// from the lives of all contexts.
type Life []Move

// First is the state of a new resource: where the step from no state leads.
func (l Life) First() string {
	return l[slices.IndexFunc(l, func(m Move) bool { return m.From() == "" })].To()
}

// After is the state that a verb leads to, or the error that says from where it does. what names the kind of resource.
func (l Life) After(what, state, verb string) (string, error) {
	var from []string
	for _, m := range l {
		if m.Verb() != verb {
			continue
		}
		if m.From() == state {
			return m.To(), nil
		}
		from = append(from, m.From())
	}
	slices.Sort(from)
	return "", Errorf(StateConflict, "The %s is %s; this takes one that is %s.", what, state, strings.Join(from, " or ")).With("state", state)
}
