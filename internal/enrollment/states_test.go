package enrollment

import (
	"errors"
	"slices"
	"strings"
	"testing"

	entregistration "github.com/btlc/btlc/ent/registration"
	entsection "github.com/btlc/btlc/ent/section"
	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/api"
)

// walk tries every verb in every state and compares with what is allowed. first is the state that the table gives.
func walk(t *testing.T, l api.Life, first string, states []string, allowed map[string]string) {
	t.Helper()
	if l.First() != first {
		t.Errorf("a new one is %s, in the table %s", l.First(), first)
	}
	var verbs []string
	for _, m := range l {
		if m.From() != "" && !slices.Contains(states, m.From()) || !slices.Contains(states, m.To()) {
			t.Errorf("%v: a state that the contract does not know", m)
		}
		verbs = append(verbs, m.Verb())
	}
	for step := range allowed {
		_, verb, _ := strings.Cut(step, " ")
		verbs = append(verbs, verb)
	}
	slices.Sort(verbs)
	for _, state := range states {
		for _, verb := range slices.Compact(verbs) {
			to, err := l.After("thing", state, verb)
			want := allowed[state+" "+verb]
			var refusal *api.Error
			switch {
			case want != "" && (err != nil || to != want):
				t.Errorf("%s %s: got %q, %v, want %s", state, verb, to, err, want)
			case want == "" && (!errors.As(err, &refusal) || refusal.Reason != api.StateConflict || refusal.Metadata["state"] != state):
				t.Errorf("%s %s: got %q, %v, want a refusal", state, verb, to, err)
			}
		}
	}
}

func TestSectionLife(t *testing.T) {
	walk(t, sectionLife, entsection.DefaultState, api.EnumColumn[pb.SectionState]("").Words, map[string]string{
		"DRAFT open": "OPEN", "OPEN close": "CLOSED", "OPEN start": "IN_SESSION", "CLOSED start": "IN_SESSION", "IN_SESSION complete": "COMPLETED",
		"DRAFT cancel": "CANCELLED", "OPEN cancel": "CANCELLED", "CLOSED cancel": "CANCELLED", "IN_SESSION cancel": "CANCELLED",
	})
}

func TestRegistrationLife(t *testing.T) {
	walk(t, registrationLife, entregistration.DefaultState, api.EnumColumn[pb.RegistrationState]("").Words, map[string]string{
		"ENROLLED withdraw": "WITHDRAWN", "ENROLLED complete": "COMPLETED", "ENROLLED fail": "NOT_COMPLETED",
		"AWAITING_ROLE confirm": "ENROLLED", "AWAITING_ROLE confirmToWait": "WAITLISTED", "WAITLISTED offer": "OFFERED",
		"OFFERED acceptOffer": "ENROLLED", "OFFERED declineOffer": "DECLINED", "OFFERED expire": "EXPIRED", "WAITLISTED expire": "EXPIRED", "AWAITING_ROLE expire": "EXPIRED",
		"AWAITING_ROLE withdraw": "WITHDRAWN", "WAITLISTED withdraw": "WITHDRAWN", "OFFERED withdraw": "WITHDRAWN",
	})
}
