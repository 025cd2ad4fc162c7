package enrollment

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/btlc/btlc/internal/api"
)

// applicationLife is that of an application. One for a section is placed in the transaction in which it is submitted.
var applicationLife = api.Life{
	{"", "create", "FORMING"},
	{"FORMING", "acceptInvitation", "FORMING"},
	{"FORMING", "declineInvitation", "FORMING"},
	{"FORMING", "submit", "SUBMITTED"},
	{"SUBMITTED", "place", "PLACED"},
	{"FORMING", "withdraw", "WITHDRAWN"},
	{"SUBMITTED", "withdraw", "WITHDRAWN"},
}

// memberLife is that of one of those who apply together, while the application forms. Who has accepted may still leave.
var memberLife = api.Life{
	{"", "invite", "INVITED"},
	{"INVITED", "accept", "ACCEPTED"},
	{"INVITED", "decline", "DECLINED"},
	{"ACCEPTED", "decline", "DECLINED"},
}

// openApplication are the states in which an application still asks for a place.
var openApplication = []string{"FORMING", "SUBMITTED"}

// invitee is somebody whom a new application names. of is whose registration comes with it; uuid.Nil when none does.
type invitee struct{ educator, of uuid.UUID }

// state is what the invitee begins in: who says what the registration is to say takes part.
func (i invitee) state() string {
	if i.of == uuid.Nil {
		return memberLife.First()
	}
	return "ACCEPTED"
}

// wish is a new application as far as it can be judged by itself.
type wish struct {
	invitees []invitee
	evenings []int // ISO days of the week
	sites    []string
	staff    bool // whether staff make it: they may say for others what their registrations are to say
}

// check says all that is wrong with a wish at once.
func (w wish) check() (wrong []api.Violation) {
	refuse := func(field, description string) {
		wrong = append(wrong, api.Violation{Field: "application." + field, Description: description})
	}
	for i, member := range w.invitees {
		field := fmt.Sprintf("members[%d]", i)
		switch {
		case slices.ContainsFunc(w.invitees[:i], func(other invitee) bool { return other.educator == member.educator }):
			refuse(field+".educator", "is named once")
		case i == 0 && member.of == uuid.Nil:
			refuse(field+".registration", "is required of the one who applies")
		case i > 0 && member.of != uuid.Nil && !w.staff:
			refuse(field+".registration", "is left out for partners: each gives it by accepting the invitation")
		case member.of != uuid.Nil && member.of != member.educator:
			refuse(field+".registration.educator", "is the member")
		}
	}
	for i, day := range w.evenings {
		if day < 1 || day > 7 || slices.Contains(w.evenings[:i], day) {
			refuse(fmt.Sprintf("evenings[%d]", i), "is a day of the week, named once")
		}
	}
	for i, site := range w.sites {
		if site == "" || slices.Contains(w.sites[:i], site) {
			refuse(fmt.Sprintf("sites[%d]", i), "is a site, named once")
		}
	}
	return wrong
}

// accepted are those of the invitees who take part from the beginning.
func (w wish) accepted() (who []uuid.UUID) {
	for _, member := range w.invitees {
		if member.state() == "ACCEPTED" {
			who = append(who, member.educator)
		}
	}
	return who
}

// member is one of those whom a wish is for from the beginning, of whom its maker may know all.
func (w wish) member(educator uuid.UUID) member {
	i := slices.IndexFunc(w.invitees, func(member invitee) bool { return member.educator == educator })
	return member{path: memberPath(i), name: api.Name("btlc/Educator", educator), readable: true}
}

func memberPath(i int) string { return fmt.Sprintf("application.members[%d].", i) }

// appliedAlready says that somebody has an application for the course in the term that still asks for a place.
func appliedAlready(field, other string) *api.Error {
	e := api.Errorf(api.AlreadyExists, "The person has an application for this course in this term: withdraw it first.").With("application", other)
	e.Violations = []api.Violation{{Field: field, Description: "has no other application for the course in the term"}}
	return e
}
