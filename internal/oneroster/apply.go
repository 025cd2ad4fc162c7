package oneroster

import (
	"errors"
	"fmt"
	"slices"
)

// Why a plan cannot be applied.
var (
	// ErrBlocked is the error of a plan that is blocked.
	ErrBlocked = errors.New("the plan is blocked")
	// ErrStale is the error of a plan that was made of another state.
	ErrStale = errors.New("what is on record changed since the plan was made")
)

// Apply is what a plan makes of a state, all of it or nothing. Its errors are ErrBlocked and ErrStale.
func Apply(current State, plan Plan) (State, error) {
	if plan.Blocked != "" {
		return State{}, fmt.Errorf("%w: %s", ErrBlocked, plan.Blocked)
	}
	after := State{Schools: slices.Clone(current.Schools), People: slices.Clone(current.People), Employments: slices.Clone(current.Employments), OtherNumbers: current.OtherNumbers, Elsewhere: current.Elsewhere}
	for _, c := range plan.Changes {
		var err error
		switch {
		case c.School != nil:
			after.Schools, err = edit(after.Schools, *c.School, func(s School) string { return s.ID }, func(a, b School) bool { return a == b })
		case c.Person != nil:
			after.People, err = edit(after.People, *c.Person, func(p Person) string { return p.ID }, Person.equal)
		case c.Employment != nil:
			after.Employments, err = edit(after.Employments, *c.Employment, func(e Employment) string { return e.ID }, func(a, b Employment) bool { return a == b })
		}
		if err != nil {
			return State{}, fmt.Errorf("%s: %w", c.Kind, err)
		}
	}
	return after, nil
}

// edit makes one change in a list of records.
func edit[T any](rows []T, pair Pair[T], id func(T) string, equal func(a, b T) bool) ([]T, error) {
	one := either(pair.Before, pair.After)
	at := slices.IndexFunc(rows, func(row T) bool { return id(row) == id(*one) })
	switch {
	case pair.Before == nil && at >= 0, pair.Before != nil && (at < 0 || !equal(rows[at], *pair.Before)):
		return nil, ErrStale
	case pair.Before == nil:
		return append(rows, *pair.After), nil
	case pair.After == nil:
		return slices.Delete(rows, at, at+1), nil
	}
	rows[at] = *pair.After
	return rows, nil
}

var undone = map[Kind]Kind{
	SchoolAdded: SchoolTakenBack, SchoolRenamed: SchoolRenamed, PersonAdded: PersonTakenBack, NameChanged: NameChanged, EmailAdded: EmailTakenBack,
	EmploymentAdded: EmploymentTakenBack, EmploymentEnded: EmploymentReopened, MovedFrom: EmploymentReopened, MovedTo: EmploymentTakenBack,
}

// Undo is the plan that leads back to where a plan was made. It is stale once something that the plan changed was changed
// again.
func Undo(plan Plan) Plan {
	back := Plan{Changes: make([]Change, 0, len(plan.Changes))}
	for _, c := range slices.Backward(plan.Changes) {
		back.Changes = append(back.Changes, Change{
			Kind: undone[c.Kind], Source: c.Source, School: swap(c.School), Person: swap(c.Person), Employment: swap(c.Employment),
		})
	}
	return back
}

func swap[T any](p *Pair[T]) *Pair[T] {
	if p == nil {
		return nil
	}
	return &Pair[T]{Before: p.After, After: p.Before}
}
