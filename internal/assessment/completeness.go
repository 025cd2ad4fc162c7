package assessment

import (
	"fmt"
	"slices"
	"strings"
)

// slot is a place for evidence that an assessment asks for.
type slot struct {
	ID                            string
	MinItems, MaxItems            int // MaxItems 0: no upper bound
	NeedsAudience, NeedsColleague bool
	// SameColleagueAs is the assessment whose colleague must be the one named here.
	SameColleagueAs string
	// AlternativeGroup: of the slots of a group, one suffices.
	AlternativeGroup string
}

// slotResult says what a slot lacks, a sentence each; nothing when it is complete.
type slotResult struct {
	Slot    string
	Missing []string
}

func (r slotResult) complete() bool { return len(r.Missing) == 0 }

// checkCompleteness says, slot by slot, what is missing before the evidence of a person can be handed in. observed holds
// the colleagues of the person's submissions that are handed in or demonstrated, by assessment. Items of slots that the
// assessment does not have follow last.
func checkCompleteness(slots []slot, items []item, person string, observed map[string][]string) []slotResult {
	bySlot := map[string][]item{}
	for _, it := range items {
		bySlot[it.Slot] = append(bySlot[it.Slot], it)
	}
	lacks, wrong, satisfied := make([]string, len(slots)), make([][]string, len(slots)), map[string]bool{}
	for i, s := range slots {
		lacks[i], wrong[i] = tooFew(s, bySlot[s.ID]), wrongItems(s, bySlot[s.ID], person, observed)
		if lacks[i] == "" && wrong[i] == nil && s.AlternativeGroup != "" {
			satisfied[s.AlternativeGroup] = true
		}
	}
	var results []slotResult
	for i, s := range slots {
		result := slotResult{Slot: s.ID}
		if lacks[i] != "" && !satisfied[s.AlternativeGroup] {
			result.Missing = append(result.Missing, lacks[i]+alternatives(slots, s))
		}
		// What is handed in must be right, also in a slot that another one stands in for.
		result.Missing = append(result.Missing, wrong[i]...)
		results = append(results, result)
	}
	for _, id := range unknownSlots(slots, items) {
		results = append(results, slotResult{Slot: id, Missing: []string{"The assessment has no such slot: it has " + slotIDs(slots) + "."}})
	}
	return results
}

// tooFew says how many items a slot lacks; where an audience is asked for, different audiences count, not items.
func tooFew(s slot, items []item) string {
	what, count := "item", len(items)
	if s.NeedsAudience {
		what, count = "different audience", len(audiences(items))
	}
	if count >= s.MinItems {
		return ""
	}
	return fmt.Sprintf("It asks for %s and has %d.", atLeast(s, what), count)
}

func atLeast(s slot, what string) string {
	text := fmt.Sprintf("%d %s", s.MinItems, what)
	if s.MinItems != 1 {
		text += "s"
	}
	if s.MaxItems != s.MinItems {
		text += " at least"
	}
	return text
}

// audiences are the different ones, whatever their capital letters and spaces.
func audiences(items []item) map[string]bool {
	found := map[string]bool{}
	for _, it := range items {
		if name := strings.ToLower(strings.Join(strings.Fields(it.Audience), " ")); name != "" {
			found[name] = true
		}
	}
	return found
}

// alternatives names the slots that would do instead.
func alternatives(slots []slot, s slot) string {
	if s.AlternativeGroup == "" {
		return ""
	}
	var others []slot
	for _, other := range slots {
		if other.AlternativeGroup == s.AlternativeGroup && other.ID != s.ID {
			others = append(others, other)
		}
	}
	if others == nil {
		return ""
	}
	return " One of these does as well: " + slotIDs(others) + "."
}

func slotIDs(slots []slot) string {
	ids := make([]string, len(slots))
	for i, s := range slots {
		ids[i] = s.ID
	}
	return strings.Join(ids, ", ")
}

// wrongItems says what is wrong with the items that are there, each kind of fault once.
func wrongItems(s slot, items []item, person string, observed map[string][]string) []string {
	var wrong []string
	add := func(sentence string) {
		if sentence != "" && !slices.Contains(wrong, sentence) {
			wrong = append(wrong, sentence)
		}
	}
	if s.MaxItems > 0 && len(items) > s.MaxItems {
		add(fmt.Sprintf("It takes %d at most and has %d.", s.MaxItems, len(items)))
	}
	for _, it := range items {
		if s.NeedsAudience && strings.TrimSpace(it.Audience) == "" {
			add("Each item names its audience.")
		}
		if s.NeedsColleague {
			add(wrongColleague(s, it, person, observed))
		}
	}
	return wrong
}

func wrongColleague(s slot, it item, person string, observed map[string][]string) string {
	switch {
	case it.Colleague == "":
		return "Each item names the colleague concerned."
	case !it.Consents:
		return "The colleague's consent is not recorded."
	case it.Colleague == person:
		return "The colleague is somebody else, not the person who submits."
	case s.SameColleagueAs == "" || slices.Contains(observed[s.SameColleagueAs], it.Colleague):
		return ""
	case len(observed[s.SameColleagueAs]) == 0:
		return "The colleague is the one of " + s.SameColleagueAs + ", which is not submitted yet."
	default:
		return "The colleague is not the one of " + s.SameColleagueAs + "."
	}
}

// unknownSlots are the slots that items name and the assessment does not have, each once.
func unknownSlots(slots []slot, items []item) []string {
	var unknown []string
	for _, it := range items {
		known := slices.ContainsFunc(slots, func(s slot) bool { return s.ID == it.Slot })
		if !known && !slices.Contains(unknown, it.Slot) {
			unknown = append(unknown, it.Slot)
		}
	}
	return unknown
}
