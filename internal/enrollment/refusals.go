package enrollment

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/btlc/btlc/internal/api"
)

// asking is the field that names who asks for a seat. What stands against a registration is told under it, or under another
// field of "registration".
const asking = "registration.educator"

// registeredAlready says that somebody has a registration, of this name, for the course in the term.
func registeredAlready(field, other string) *api.Error {
	e := api.Errorf(api.AlreadyRegistered, "The person has a registration for this course in this term: withdraw it first.").With("registration", other)
	e.Violations = []api.Violation{{Field: field, Description: "has no registration for the course in the term"}}
	return e
}

// member is one of those who ask together, as refusals tell of them.
type member struct {
	path     string // of the member among them: "application.members[1]."
	name     string // of the educator
	readable bool   // whether who asks may read what there is about the member
}

// field is the path of what stands against a member.
func (m member) field(of string) string {
	if of == asking {
		of = "educator"
	}
	return m.path + of
}

// refusal is what stands against a member: whose it is, of what kind, and where; and what it is, to those who may read that.
// Others learn nothing that the member, or the member's application, did not tell them.
func (m member) refusal(err error) error {
	e, ok := errors.AsType[*api.Error](err)
	if !ok {
		return err
	}
	told := &api.Error{Reason: e.Reason, Detail: m.name + ": " + e.Detail, Metadata: maps.Clone(e.Metadata)}
	if !m.readable {
		told.Detail, told.Metadata = m.name+" cannot have a seat as things stand. What there is against it, the person and staff can read.", nil
	}
	told = told.With("educator", m.name)
	for _, v := range e.Violations {
		ours := strings.HasPrefix(v.Field, "registration.")
		switch {
		case ours && (m.readable || v.Field == asking):
			v.Field = m.field(v.Field)
		case ours:
			v.Field = m.path + "registration"
		case !m.readable:
			v.Field = m.field(asking)
		}
		if !m.readable {
			v.Description = "is as a seat in the section takes it"
		}
		if !slices.Contains(told.Violations, v) {
			told.Violations = append(told.Violations, v)
		}
	}
	if len(told.Violations) == 0 {
		told.Violations = []api.Violation{{Field: m.field(asking), Description: "is somebody who can have a seat in the section"}}
	}
	return told
}

// failure is a refusal in words that are kept, with all that is not right.
func failure(refusal *api.Error) string {
	text := refusal.Error()
	for _, v := range refusal.Violations {
		text += fmt.Sprintf(" %s: %s.", v.Field, cmp.Or(v.Description, "is not right"))
	}
	return text
}

// within puts a path before those of the fields that an error is about.
func within(path string, err error) error {
	e, ok := errors.AsType[*api.Error](err)
	if !ok || path == "" {
		return err
	}
	for i := range e.Violations {
		e.Violations[i].Field = path + e.Violations[i].Field
	}
	return e
}
