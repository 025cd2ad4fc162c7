package openbadge

import (
	"encoding/json"
	"hash/maphash"
	"reflect"
	"sync"
)

const (
	// maxKnown is how many achievements are remembered: one for each credential type, and for each choice of its results.
	maxKnown = 256
	// maxKnownForm is the largest document whose achievement is remembered, in bytes.
	maxKnownForm = 64 << 10
)

// achievements are those of the last claims without faults.
var achievements = knownAchievements{seed: maphash.MakeSeed(), kept: map[uint64]knownAchievement{}}

// knownAchievements remembers achievements that have no faults with their objects: most credentials of a type have the same,
// and it is most of them.
type knownAchievements struct {
	seed maphash.Seed
	mu   sync.RWMutex
	kept map[uint64]knownAchievement // by key
}

type knownAchievement struct {
	achievement Achievement // a copy of its own
	object      map[string]any
	form        formed
}

// key tells achievements apart that are likely to come. Whether one is the same is not seen from it.
func (k *knownAchievements) key(a *Achievement) uint64 {
	var h maphash.Hash
	h.SetSeed(k.seed)
	add := func(texts ...string) {
		for _, text := range texts {
			_, _ = h.WriteString(text) // never fails
			_ = h.WriteByte(0)
		}
	}
	add(a.ID, a.Name, a.Description, a.CriteriaNarrative)
	for i := range a.Alignments {
		add(a.Alignments[i].TargetURL, a.Alignments[i].TargetName)
	}
	for i := range a.ResultDescriptions {
		add(a.ResultDescriptions[i].ID, a.ResultDescriptions[i].Name)
	}
	return h.Sum64()
}

// find is what is remembered of an achievement that is the same in everything. Nobody changes it.
func (k *knownAchievements) find(a *Achievement) (known knownAchievement, found bool) {
	key := k.key(a)
	k.mu.RLock()
	known, found = k.kept[key]
	k.mu.RUnlock()
	if !found || !reflect.DeepEqual(a, &known.achievement) {
		return knownAchievement{}, false
	}
	return known, true
}

// keep remembers an achievement without faults, of a document of a size. When there are too many, it begins anew.
func (k *knownAchievements) keep(a *Achievement, object map[string]any, size int) {
	if size > maxKnownForm {
		return
	}
	// By way of JSON the copy shares nothing with what its caller may change. What it cannot hold is never found.
	known := knownAchievement{object: object}
	text, err := json.Marshal(a)
	if err != nil || json.Unmarshal(text, &known.achievement) != nil {
		return
	}
	if known.form, err = canonical(object); err != nil {
		return
	}
	key := k.key(a)
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.kept) >= maxKnown {
		clear(k.kept)
	}
	k.kept[key] = known
}
