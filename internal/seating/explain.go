package seating

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

const layout = "2 January 2006 at 15:04 MST"

// Explain tells a party's story: a sentence for each decision about it, in order, then how it stands now and what would
// move it on. rules are those of now; times are told in the zone. It names nobody else.
func Explain(state State, rules Rules, log []Decision, party string, zone *time.Location) []string {
	var story []string
	for _, decision := range log {
		if decision.Party == party {
			story = append(story, decision.Sentence(zone))
		}
	}
	return append(story, state.Outlook(party, rules, zone))
}

// Sentence is the decision in plain English.
func (d Decision) Sentence(zone *time.Location) string {
	free := fmt.Sprintf("%d free", d.Free)
	if d.Free == 0 {
		free = "all taken"
	}
	return fmt.Sprintf("On %s the section had %s, %s: %s; %s.", d.Time.In(zone).Format(layout), seats(d.Capacity), free, d.outcome(zone), d.Reason)
}

func (d Decision) outcome(zone *time.Location) string {
	switch d.Kind {
	case Waitlisted:
		return fmt.Sprintf("waitlisted as number %d", d.Position)
	case PassedOver:
		return fmt.Sprintf("passed over, and still number %d", d.Position)
	case Offered:
		return fmt.Sprintf("offered %s until %s, from place %d on the waitlist", seats(int32(len(d.Members))), d.Deadline.In(zone).Format(layout), d.Position)
	case Withdrawn:
		return fmt.Sprintf("%d withdrawn", len(d.Members))
	case Cancelled:
		return "place lost"
	default:
		return strings.ToLower(string(d.Kind))
	}
}

// Outlook is how a party stands and what would move it on, by the rules of now.
func (s State) Outlook(party string, rules Rules, zone *time.Location) string {
	i := slices.IndexFunc(s.Parties, func(p Place) bool { return p.ID == party })
	if i < 0 {
		if s.Cancelled {
			return "Now: the section is cancelled."
		}
		return "Now: no place in this section; asking again counts from then."
	}
	place := s.Parties[i]
	need := seats(place.Size())
	switch place.Standing {
	case Enrolled:
		return fmt.Sprintf("Now: enrolled, with %s.", need)
	case Offered:
		return fmt.Sprintf("Now: %s offered until %s; what is not accepted by then passes on.", need, place.Deadline.In(zone).Format(layout))
	}
	position := s.Position(party, rules)
	text := fmt.Sprintf("Now: waiting as number %d, with %d before it by the order %s; %s needed, %d free.", position, position-1, rules.order(), need, s.Free())
	if place.Size() > s.Capacity {
		return text + fmt.Sprintf(" The section has %s in all: only a larger section or a smaller group moves it on.", seats(s.Capacity))
	}
	text += fmt.Sprintf(" An offer follows once %d more fall free", place.Size()-s.Free())
	if position > 1 {
		text += " that do not go to those before it"
	}
	return text + "."
}

func seats(n int32) string {
	if n == 1 {
		return "1 seat"
	}
	return fmt.Sprintf("%d seats", n)
}
