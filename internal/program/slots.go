package program

import (
	"slices"
	"strings"
)

// Slot is a place for evidence in a submission. All slots of an assessment together are its shape: a submission is
// complete when each slot has as many evidence items as it asks for.
type Slot struct {
	ID      string   `yaml:"id"`
	Kind    SlotKind `yaml:"kind"`
	Title   string   `yaml:"title"`
	Wording string   `yaml:"wording"` // the words of the assessment's title that ask for this slot
	Min     int      `yaml:"min"`
	Max     int      `yaml:"max"` // 0: no upper bound

	// NeedsAudience: each evidence item names its audience, and Min counts different audiences.
	NeedsAudience bool `yaml:"needsAudience"`
	// NeedsPerson: each evidence item names a colleague, whose consent is recorded.
	NeedsPerson bool `yaml:"needsPerson"`
	// SameAs names the slot whose colleague must be the one named here.
	SameAs *SlotRef `yaml:"sameAs"`
	// AlternativeGroup: of the slots of an assessment with the same group, one suffices. Empty: the slot is required.
	AlternativeGroup string `yaml:"alternativeGroup"`
}

// SlotRef names a slot of an assessment.
type SlotRef struct {
	Assessment string `yaml:"assessment"`
	Slot       string `yaml:"slot"`
}

// SlotKind is a kind of evidence.
type SlotKind string

// Kinds of evidence that the assessments ask for.
const (
	Analysis       SlotKind = "analysis"
	AudienceReport SlotKind = "audience_report"
	Conference     SlotKind = "conference"
	DataSource     SlotKind = "data_source"
	Dialogue       SlotKind = "dialogue"
	Implementation SlotKind = "implementation"
	Literature     SlotKind = "literature"
	Map            SlotKind = "map"
	Observation    SlotKind = "observation"
	Plan           SlotKind = "plan"
	Product        SlotKind = "product"
	Recommendation SlotKind = "recommendation"
	Reflection     SlotKind = "reflection"
	Review         SlotKind = "review"
)

// SlotKinds are all kinds of evidence.
var SlotKinds = []SlotKind{
	Analysis, AudienceReport, Conference, DataSource, Dialogue, Implementation, Literature, Map, Observation, Plan,
	Product, Recommendation, Reflection, Review,
}

func (c *checker) checkSlots(path string, assessment *Assessment) {
	c.check(len(assessment.Slots) > 0, path, "empty: nothing says what completes the assessment")
	groups := map[string]int{}
	for _, slot := range assessment.Slots {
		groups[slot.AlternativeGroup]++
	}
	for i, slot := range assessment.Slots {
		path := at(path, i, slot.ID)
		c.check(slices.Contains(SlotKinds, slot.Kind), path+".kind", "unknown kind of evidence %q", slot.Kind)
		c.check(slot.Wording != "" && strings.Contains(assessment.Title, slot.Wording),
			path+".wording", "%q is not in the assessment's title", slot.Wording)
		c.check(slot.Min >= 1, path+".min", "is %d, but a slot asks for 1 at least", slot.Min)
		c.check(slot.Max == 0 || slot.Max >= slot.Min, path+".max", "is %d, below min %d", slot.Max, slot.Min)
		c.check(slot.AlternativeGroup == "" || groups[slot.AlternativeGroup] > 1,
			path+".alternativeGroup", "no other slot is in %q, so there is no alternative", slot.AlternativeGroup)
		if slot.SameAs != nil {
			c.checkSameAs(path+".sameAs", assessment, &slot)
		}
	}
}

// checkSameAs: both slots name a person, and the other one names just one, or "the same" would be ambiguous.
func (c *checker) checkSameAs(path string, assessment *Assessment, slot *Slot) {
	c.check(slot.NeedsPerson, path, "the slot itself names no person")
	ref := *slot.SameAs
	if ref == (SlotRef{assessment.ID, slot.ID}) {
		c.fault(path, "names the slot itself")
		return
	}
	for _, other := range c.Framework.Assessments() {
		for _, target := range other.Slots {
			if ref == (SlotRef{other.ID, target.ID}) {
				c.check(target.NeedsPerson && target.Max == 1, path, "slot %q of %q does not name exactly one person", ref.Slot, ref.Assessment)
				return
			}
		}
	}
	c.fault(path, "no slot %q of an assessment %q", ref.Slot, ref.Assessment)
}
