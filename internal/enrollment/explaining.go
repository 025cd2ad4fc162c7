package enrollment

import (
	"fmt"
	"slices"
	"time"

	"github.com/btlc/btlc/internal/seating"
)

// ruling is one decision about a registration: what was decided, in a word of the API, and the rules by which.
type ruling struct {
	seating.Decision
	kind  string
	rules string
}

// ruled are the words of the API for decisions.
var ruled = map[seating.Kind]string{
	seating.Seated: "SEATED", seating.Placed: "PLACED", seating.Waitlisted: "WAITLISTED", seating.Offered: "OFFERED", seating.PassedOver: "PASSED_OVER",
	seating.Enrolled: "ACCEPTED", seating.Declined: "DECLINED", seating.Expired: "EXPIRED", seating.Withdrawn: "WITHDRAWN", seating.Cancelled: "CANCELLED",
}

// account is why a registration has a seat, waits or has none.
type account struct {
	sentences []string
	decisions []ruling
	position  int32
	rules     string
}

// explain tells the story of a registration from the log of its section: the decisions about those whom it was seated with,
// from the first one that it was part of until it left, and how it stands. It names nobody.
func explain(one *seat, log []entry, now inForce, zone *time.Location) (account, error) {
	a := account{rules: now.id}
	events := make([]seating.Event, len(log))
	for i, e := range log {
		events[i] = e.event
	}
	state, _, err := seating.Replay(events)
	if err != nil {
		return a, err
	}
	member, with, inside := one.id.String(), one.party.String(), false
	for _, e := range log {
		for _, d := range e.decisions {
			own := slices.Contains(d.Members, member)
			if d.Party != with || !own && !inside {
				continue
			}
			t := ruling{d, ruled[d.Kind], e.rules}
			if d.Kind == seating.Withdrawn && !slices.Contains(e.event.Party.Members, member) {
				t.kind = "LEFT"
			}
			a.decisions, a.sentences, a.rules = append(a.decisions, t), append(a.sentences, d.Sentence(zone)), e.rules
			_, keeps := standings[outcomes[d.Kind]]
			inside = !own || keeps || d.Kind == seating.PassedOver
		}
	}
	switch {
	case one.state == "AWAITING_ROLE":
		a.sentences = append(a.sentences, fmt.Sprintf("Now: waiting until the role that was reported is confirmed, at most %d days; the time of asking, %s, counts then.", now.roleWaitDays, one.since.In(zone).Format("2 January 2006 at 15:04 MST")))
	case inside:
		a.position = state.Position(with, now.seating)
		a.sentences = append(a.sentences, state.Outlook(with, now.seating, zone))
	default:
		a.sentences = append(a.sentences, state.Outlook(member+" has left", now.seating, zone))
	}
	return a, nil
}
