package assessment

import (
	"slices"
	"strings"
)

// item is one piece of evidence, as far as rules depend on it.
type item struct {
	Slot, URI, Audience, Colleague string
	Consents                       bool
}

// fault is something wrong with an item of evidence.
type fault struct {
	Item            int
	Field, Sentence string
}

// draftFaults says what not even a draft may hold: a slot that the assessment does not have, an address that is not
// https, a colleague who has not agreed to be named.
func draftFaults(slots []slot, items []item) []fault {
	unknown := unknownSlots(slots, items)
	var faults []fault
	for i, it := range items {
		if slices.Contains(unknown, it.Slot) {
			faults = append(faults, fault{i, "slot", "is a slot of the assessment: " + slotIDs(slots)})
		}
		if it.URI != "" && !strings.HasPrefix(it.URI, "https://") {
			faults = append(faults, fault{i, "uri", "begins with https://"})
		}
		if it.Colleague != "" && !it.Consents {
			faults = append(faults, fault{i, "colleagueConsents", "is true where a colleague is named: nobody is put on record without their consent"})
		}
	}
	return faults
}
