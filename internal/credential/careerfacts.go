package credential

import (
	"maps"
	"slices"
	"time"

	"github.com/btlc/btlc/internal/program"
)

// pdps are what minutes are worth in professional development points by one rule.
type pdps struct {
	points int
	rule   program.PDPRule
}

// pdpsOf says what minutes of contact on one topic, the last of them on a day, are worth: of each kind of rule, by the
// latest that was in force then. Points are for what is whole. It is no promise: the state renews licences.
func pdpsOf(rules []program.PDPRule, minutes int, lastDay time.Time) []pdps {
	inForce := map[string]program.PDPRule{}
	for _, rule := range rules {
		if latest, ok := inForce[rule.Kind]; !rule.Effective.After(lastDay) && (!ok || rule.Effective.After(latest.Effective)) {
			inForce[rule.Kind] = rule
		}
	}
	var values []pdps
	for _, kind := range slices.Sorted(maps.Keys(inForce)) {
		rule := inForce[kind]
		if points := minutes / rule.MinutesPerPoint; minutes >= rule.MinimumMinutes && points > 0 {
			values = append(values, pdps{points, rule})
		}
	}
	return values
}
