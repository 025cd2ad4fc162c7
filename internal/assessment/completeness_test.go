package assessment

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const (
	self     = "educators/self"
	other    = "educators/other"
	stranger = "educators/stranger"
)

func TestCompleteness(t *testing.T) {
	twoParts := []slot{{ID: "problem", MinItems: 1}, {ID: "data-sources", MinItems: 2}}
	reports := []slot{{ID: "reports", MinItems: 3, MaxItems: 3, NeedsAudience: true}}
	group := []slot{{ID: "implement", MinItems: 1, AlternativeGroup: "g"}, {ID: "lead", MinItems: 1, MaxItems: 1, AlternativeGroup: "g"}}
	pair := []slot{{ID: "implement", MinItems: 2, AlternativeGroup: "g"}, {ID: "lead", MinItems: 1, AlternativeGroup: "g"}}
	visit := []slot{{ID: "visit", MinItems: 1, MaxItems: 1, NeedsColleague: true}}
	conference := []slot{{ID: "conference", MinItems: 1, MaxItems: 1, NeedsColleague: true, SameColleagueAs: "visit-1"}}
	report := func(audience string) item { return item{Slot: "reports", Audience: audience} }
	with := func(slot, colleague string) item { return item{Slot: slot, Colleague: colleague, Consents: true} }

	for _, c := range []struct {
		name     string
		slots    []slot
		items    []item
		observed map[string][]string
		missing  map[string]string // a part of what the slot lacks; no entry: it is complete
	}{
		{name: "nothing asked, nothing given"},
		{name: "nothing given", slots: twoParts, missing: map[string]string{"problem": "1 item at least and has 0", "data-sources": "2 items at least and has 0"}},
		{name: "one of two", slots: twoParts, items: []item{{Slot: "problem"}, {Slot: "data-sources"}}, missing: map[string]string{"data-sources": "2 items at least and has 1"}},
		{name: "all given", slots: twoParts, items: []item{{Slot: "data-sources"}, {Slot: "problem"}, {Slot: "data-sources"}}},
		{name: "without upper bound", slots: twoParts, items: []item{{Slot: "data-sources"}, {Slot: "problem"}, {Slot: "data-sources"}, {Slot: "data-sources"}, {Slot: "problem"}}},
		{name: "a slot that is none", slots: twoParts, items: []item{{Slot: "data-sources"}, {Slot: "problem"}, {Slot: "data-sources"}, {Slot: "data"}}, missing: map[string]string{"data": "it has problem, data-sources"}},

		{name: "three audiences", slots: reports, items: []item{report("families"), report("staff"), report("students")}},
		{name: "two audiences", slots: reports, items: []item{report("families"), report("staff"), report(" Families ")}, missing: map[string]string{"reports": "3 different audiences and has 2"}},
		{name: "an audience not named", slots: reports, items: []item{report("families"), report("staff"), report(" ")}, missing: map[string]string{"reports": "names its audience"}},
		{name: "too many", slots: reports, items: []item{report("a"), report("b"), report("c"), report("d")}, missing: map[string]string{"reports": "3 at most and has 4"}},

		{name: "no alternative", slots: group, missing: map[string]string{"implement": "does as well: lead", "lead": "does as well: implement"}},
		{name: "one alternative", slots: group, items: []item{{Slot: "lead"}}},
		{name: "both alternatives", slots: group, items: []item{{Slot: "lead"}, {Slot: "implement"}}},
		{name: "a wrong alternative beside the right one", slots: group, items: []item{{Slot: "lead"}, {Slot: "lead"}, {Slot: "implement"}}, missing: map[string]string{"lead": "1 at most and has 2"}},
		{name: "half of an alternative beside the whole other", slots: pair, items: []item{{Slot: "lead"}, {Slot: "implement"}}},
		{name: "half of an alternative", slots: pair, items: []item{{Slot: "implement"}}, missing: map[string]string{"implement": "2 items at least and has 1", "lead": "1 item at least and has 0"}},

		{name: "a colleague", slots: visit, items: []item{with("visit", other)}},
		{name: "no colleague", slots: visit, items: []item{{Slot: "visit", Consents: true}}, missing: map[string]string{"visit": "names the colleague"}},
		{name: "no consent", slots: visit, items: []item{{Slot: "visit", Colleague: other}}, missing: map[string]string{"visit": "consent"}},
		{name: "oneself", slots: visit, items: []item{with("visit", self)}, missing: map[string]string{"visit": "somebody else"}},
		{name: "two colleagues", slots: visit, items: []item{with("visit", other), with("visit", stranger)}, missing: map[string]string{"visit": "1 at most and has 2"}},

		{name: "the same colleague", slots: conference, items: []item{with("conference", other)}, observed: map[string][]string{"visit-1": {other}}},
		{name: "another colleague", slots: conference, items: []item{with("conference", stranger)}, observed: map[string][]string{"visit-1": {other}}, missing: map[string]string{"conference": "not the one of visit-1"}},
		{name: "the colleague of another assessment", slots: conference, items: []item{with("conference", other)}, observed: map[string][]string{"visit-2": {other}}, missing: map[string]string{"conference": "not submitted yet"}},
		{name: "oneself, observed", slots: conference, items: []item{with("conference", self)}, observed: map[string][]string{"visit-1": {self}}, missing: map[string]string{"conference": "somebody else"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			missing := map[string]string{}
			for _, r := range checkCompleteness(c.slots, c.items, self, c.observed) {
				if !r.complete() {
					missing[r.Slot] = strings.Join(r.Missing, " ")
				}
			}
			if len(missing) != len(c.missing) {
				t.Errorf("got %v, want %v", missing, c.missing)
			}
			for slot, want := range c.missing {
				if !strings.Contains(missing[slot], want) {
					t.Errorf("%s: got %q, want %q in it", slot, missing[slot], want)
				}
			}
		})
	}
}

// slotLists draws assessments with up to six slots, some of them alternatives.
func slotLists() *rapid.Generator[[]slot] {
	return rapid.Custom(func(t *rapid.T) []slot {
		var slots []slot
		for i := range rapid.IntRange(0, 6).Draw(t, "slots") {
			s := slot{
				ID: fmt.Sprintf("s%d", i), MinItems: rapid.IntRange(1, 3).Draw(t, "min"),
				NeedsAudience: rapid.Bool().Draw(t, "audience"), NeedsColleague: rapid.Bool().Draw(t, "colleague"),
				AlternativeGroup: rapid.SampledFrom([]string{"", "", "g", "h"}).Draw(t, "group"),
			}
			if rapid.Bool().Draw(t, "bounded") {
				s.MaxItems = s.MinItems + rapid.IntRange(0, 2).Draw(t, "more")
			}
			if s.NeedsColleague && rapid.Bool().Draw(t, "same") {
				s.SameColleagueAs = "earlier"
			}
			slots = append(slots, s)
		}
		return slots
	})
}

// fill is as little evidence as makes a slot complete.
func fill(s slot) []item {
	items := make([]item, s.MinItems)
	for i := range items {
		items[i] = item{Slot: s.ID}
		if s.NeedsAudience {
			items[i].Audience = fmt.Sprintf("audience %d", i)
		}
		if s.NeedsColleague {
			items[i].Colleague, items[i].Consents = other, true
		}
	}
	return items
}

func fillAll(slots []slot) []item {
	var items []item
	for _, s := range slots {
		items = append(items, fill(s)...)
	}
	return items
}

func incomplete(slots []slot, items []item) []string {
	var ids []string
	for _, r := range checkCompleteness(slots, items, self, map[string][]string{"earlier": {other}}) {
		if !r.complete() {
			ids = append(ids, r.Slot)
		}
	}
	return ids
}

func group(slots []slot, name string) []slot {
	return slices.DeleteFunc(slices.Clone(slots), func(s slot) bool { return s.AlternativeGroup != name })
}

func TestTakingAnItemAwayIsMissed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		slots := slotLists().Draw(t, "slots")
		items := fillAll(slots)
		if got := incomplete(slots, items); got != nil {
			t.Fatalf("all is there, but %v are incomplete", got)
		}
		if len(items) == 0 {
			return
		}
		i := rapid.IntRange(0, len(items)-1).Draw(t, "taken")
		taken := items[i].Slot
		var want []string
		// Where another slot of the group stands in, nothing is missed.
		s := slots[slices.IndexFunc(slots, func(s slot) bool { return s.ID == taken })]
		if s.AlternativeGroup == "" || len(group(slots, s.AlternativeGroup)) == 1 {
			want = []string{taken}
		}
		if got := incomplete(slots, slices.Delete(slices.Clone(items), i, i+1)); !slices.Equal(got, want) {
			t.Fatalf("without an item of %s: %v are incomplete, want %v", taken, got, want)
		}
	})
}

func TestOneSlotOfEachGroupSuffices(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		slots := slotLists().Draw(t, "slots")
		items := fillAll(group(slots, ""))
		for _, name := range []string{"g", "h"} {
			if alternatives := group(slots, name); len(alternatives) > 0 {
				items = append(items, fill(rapid.SampledFrom(alternatives).Draw(t, name))...)
			}
		}
		if got := incomplete(slots, items); got != nil {
			t.Fatalf("%v are incomplete", got)
		}
	})
}

// anyItems draws evidence of any kind, right or wrong.
func anyItems(slots int) *rapid.Generator[[]item] {
	people, audiences := rapid.SampledFrom([]string{"", self, other, stranger}), rapid.SampledFrom([]string{"", " ", "a", "A", "b", "c", "d"})
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) item {
		return item{
			Slot: fmt.Sprintf("s%d", rapid.IntRange(0, slots).Draw(t, "slot")), Audience: audiences.Draw(t, "audience"),
			Colleague: people.Draw(t, "colleague"), Consents: rapid.Bool().Draw(t, "consents"),
		}
	}), 0, 12)
}

func TestOrderOfItemsDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		slots := slotLists().Draw(t, "slots")
		items := anyItems(len(slots)).Draw(t, "items")
		again := rapid.Permutation(items).Draw(t, "permutation")
		sorted := func(items []item) []slotResult {
			results := checkCompleteness(slots, items, self, nil)
			for _, r := range results {
				slices.Sort(r.Missing)
			}
			return results
		}
		if a, b := sorted(items), sorted(again); !reflect.DeepEqual(a, b) {
			t.Fatalf("%v, in another order %v", a, b)
		}
	})
}

// The rules of a slot, each told on its own, against what checkCompleteness makes of them together.
func TestCompleteMeansThatEveryRuleHolds(t *testing.T) {
	observed := map[string][]string{"earlier": {other}}
	rapid.Check(t, func(t *rapid.T) {
		slots := slotLists().Draw(t, "slots")
		items := anyItems(len(slots)).Draw(t, "items")
		of := func(s slot) []item {
			return slices.DeleteFunc(slices.Clone(items), func(it item) bool { return it.Slot != s.ID })
		}
		enough := func(s slot) bool {
			if !s.NeedsAudience {
				return len(of(s)) >= s.MinItems
			}
			different := map[string]bool{}
			for _, it := range of(s) {
				different[strings.ToLower(strings.TrimSpace(it.Audience))] = true
			}
			delete(different, "")
			return len(different) >= s.MinItems
		}
		right := func(s slot) bool {
			return (s.MaxItems == 0 || len(of(s)) <= s.MaxItems) && !slices.ContainsFunc(of(s), func(it item) bool {
				noAudience := s.NeedsAudience && strings.TrimSpace(it.Audience) == ""
				noColleague := s.NeedsColleague && (it.Colleague == "" || it.Colleague == self || !it.Consents)
				return noAudience || noColleague || s.SameColleagueAs != "" && it.Colleague != other
			})
		}
		want := true
		for _, s := range slots {
			standIn := s.AlternativeGroup != "" && slices.ContainsFunc(group(slots, s.AlternativeGroup), func(o slot) bool { return enough(o) && right(o) })
			want = want && right(s) && (enough(s) || standIn)
		}
		for _, it := range items {
			want = want && slices.ContainsFunc(slots, func(s slot) bool { return s.ID == it.Slot })
		}
		results := checkCompleteness(slots, items, self, observed)
		got := !slices.ContainsFunc(results, func(r slotResult) bool { return !r.complete() })
		if got != want {
			t.Fatalf("complete is %v, want %v: %v", got, want, results)
		}
		for i, s := range slots {
			if results[i].Slot != s.ID {
				t.Fatalf("result %d is of %s, want %s", i, results[i].Slot, s.ID)
			}
		}
	})
}
