package enrollment

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/btlc/btlc/internal/api"
)

const someone = "educators/01993f2e-7c40-7d3a-9b1e-5a6f7c8d9e0f"

func TestWhoseItIsThatStandsAgainstAGroup(t *testing.T) {
	role := api.Errorf(api.RoleNotHeld, "On record: one ended on 2026-10-01.").With("registerDate", "2026-11-20")
	payer := api.InvalidField("registration.payer.purchaseOrder", "is the number of the purchase order")
	unmet := &api.Error{Reason: api.RequirementsUnmet, Detail: "Not met: no-certificate.", Violations: []api.Violation{{Field: "no-certificate", Description: "holds it"}}}
	for name, c := range map[string]struct {
		err              error
		readable         bool
		field, detail    string // "" for what is withheld
		registered, date string
	}{
		"a role":                             {role, true, "application.members[1].educator", "On record: one ended on 2026-10-01.", "", "2026-11-20"},
		"a role, of a partner":               {role, false, "application.members[1].educator", "", "", ""},
		"a payer":                            {payer, true, "application.members[1].registration.payer.purchaseOrder", "One field is not right.", "", ""},
		"a payer, of a partner":              {payer, false, "application.members[1].registration", "", "", ""},
		"a conflict":                         {bookingConflicts["nobody_is_booked_twice"](), true, "application.members[1].educator", elsewhere, "", ""},
		"a conflict, of a partner":           {bookingConflicts["nobody_is_booked_twice"](), false, "application.members[1].educator", "", "", ""},
		"a policy":                           {unmet, true, "no-certificate", "Not met: no-certificate.", "", ""},
		"a policy, of a partner":             {unmet, false, "application.members[1].educator", "", "", ""},
		"another registration":               {registeredAlready(asking, "sections/1/registrations/2"), true, "application.members[1].educator", "withdraw it first", "sections/1/registrations/2", ""},
		"another registration, of a partner": {registeredAlready(asking, "sections/1/registrations/2"), false, "application.members[1].educator", "", "", ""},
	} {
		told, ok := errors.AsType[*api.Error](member{"application.members[1].", someone, c.readable}.refusal(c.err))
		before, _ := errors.AsType[*api.Error](c.err)
		if !ok || told.Reason != before.Reason || told.Metadata["educator"] != someone || !strings.HasPrefix(told.Detail, someone) {
			t.Errorf("%s: %+v", name, told)
			continue
		}
		if len(told.Violations) != 1 || told.Violations[0].Field != c.field {
			t.Errorf("%s: violations %v, want %s", name, told.Violations, c.field)
		}
		if !strings.Contains(told.Detail, c.detail) || told.Metadata["registration"] != c.registered || told.Metadata["registerDate"] != c.date {
			t.Errorf("%s: %s %v", name, told.Detail, told.Metadata)
		}
	}
	if err := errors.New("no refusal"); !errors.Is(member{}.refusal(err), err) {
		t.Error("what is no refusal is changed")
	}
}

// Whatever is said against a member, who may not read it learns none of its words.
func TestNothingOfAMemberIsTold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`secret-[a-z]{1,8}`)
		e := api.Errorf(api.InvalidRequest, "%s", word.Draw(t, "detail"))
		for range rapid.IntRange(0, 3).Draw(t, "metadata") {
			e = e.With(word.Draw(t, "key"), word.Draw(t, "value"))
		}
		for range rapid.IntRange(0, 3).Draw(t, "violations") {
			field := rapid.SampledFrom([]string{"", "registration.", "registration.payer."}).Draw(t, "path") + word.Draw(t, "field")
			e.Violations = append(e.Violations, api.Violation{Field: field, Description: word.Draw(t, "description")})
		}
		told, _ := errors.AsType[*api.Error](member{path: "application.members[0].", name: someone}.refusal(e))
		text := failure(told)
		for key, value := range told.Metadata {
			text += key + value
		}
		if strings.Contains(text, "secret") {
			t.Fatal(text)
		}
	})
}

func TestFailureTellsAllThatIsNotRight(t *testing.T) {
	e := api.Invalid(api.Violation{Field: "a", Description: "is one"}, api.Violation{Field: "b"})
	if got := failure(e); got != "INVALID_REQUEST: 2 fields are not right. a: is one. b: is not right." {
		t.Error(got)
	}
}

func TestWithinPutsAPathBeforeFields(t *testing.T) {
	err := within("application.members[1].", absent("registration.acknowledgedFramework", "framework")())
	e, ok := errors.AsType[*api.Error](err)
	if !ok || e.Violations[0].Field != "application.members[1].registration.acknowledgedFramework" {
		t.Errorf("got %v", err)
	}
	if within("a.", nil) != nil {
		t.Error("nothing wrong is an error")
	}
}
