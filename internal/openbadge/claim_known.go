package openbadge

import (
	"encoding/json"
	"hash/maphash"
	"slices"
	"sync"

	"github.com/btlc/btlc/internal/jsonld"
)

const (
	// maxKnown is how many claims' parts are remembered: one for each credential type, and for each choice of its results.
	maxKnown = 256
	// maxKnownForm is the largest document whose parts are remembered, in bytes.
	maxKnownForm = 64 << 10
)

// knownClaims are the last ones without faults.
var knownClaims = knownParts{seed: maphash.MakeSeed(), kept: map[uint64]*knownClaim{}}

// knownParts remembers what credentials of a type have in common, and is most of them: who issues them, the achievement, and
// the results. What was found of these parts holds for every claim that has them: that they have no faults (those of the
// results depend on the achievement), how they are written, and, in a jsonld.Fixed, what they say.
type knownParts struct {
	seed maphash.Seed
	mu   sync.RWMutex
	kept map[uint64]*knownClaim // by key
}

// parts are those of a credential that are known; each is nil when it is not. Whoever has results known has the achievement
// known, and the issuer.
type parts struct{ issuer, achievement, results *jsonld.Fixed }

// A knownClaim has copies of its own. Nobody changes it.
type knownClaim struct {
	Issuer      Profile
	Achievement Achievement
	Results     []Result
	parts       parts
}

// key tells claims apart that are likely to come. Whether parts are the same is not seen from it.
func (k *knownParts) key(a *Achievement) uint64 {
	var h maphash.Hash
	h.SetSeed(k.seed)
	add := func(text string) {
		_, _ = h.WriteString(text) // never fails
		_ = h.WriteByte(0)
	}
	add(a.ID)
	add(a.CriteriaNarrative)
	if len(a.Alignments) > 0 {
		add(a.Alignments[0].TargetURL)
	}
	for i := range a.ResultDescriptions {
		add(a.ResultDescriptions[i].ID)
	}
	return h.Sum64()
}

// find is what is known of the parts of a claim, which are the same in everything.
func (k *knownParts) find(c *Claim) parts {
	key := k.key(&c.Achievement)
	k.mu.RLock()
	known := k.kept[key]
	k.mu.RUnlock()
	if known == nil || c.Issuer != known.Issuer || !c.Achievement.equal(&known.Achievement) {
		return parts{}
	}
	found := known.parts
	if !slices.EqualFunc(c.Results, known.Results, Result.equal) {
		found.results = nil
	}
	return found
}

// keep remembers the parts of a claim without faults, of a document of a size. When there are too many, it begins anew.
func (k *knownParts) keep(c *Claim, size int) {
	if size > maxKnownForm {
		return
	}
	// By way of JSON the copy shares nothing with what its caller may change. What it cannot hold is never found.
	var known knownClaim
	text, err := json.Marshal(knownClaim{Issuer: c.Issuer, Achievement: c.Achievement, Results: c.Results})
	if err != nil || json.Unmarshal(text, &known) != nil {
		return
	}
	known.parts.issuer = fix(known.Issuer.object())
	known.parts.achievement = fix(known.Achievement.object())
	if len(known.Results) > 0 {
		known.parts.results = fix(objects(known.Results))
	}
	key := k.key(&c.Achievement)
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.kept) >= maxKnown {
		clear(k.kept)
	}
	k.kept[key] = &known
}

// fix is a value of a document that was written, with its form.
func fix(value any) *jsonld.Fixed { return jsonld.Fix(value, mustCanonical(value)) }

// The values of claims are equal when they are written alike, so that an empty list is none.

func (a *Achievement) equal(b *Achievement) bool {
	return a.ID == b.ID && a.Name == b.Name && a.Description == b.Description && a.CriteriaNarrative == b.CriteriaNarrative &&
		a.CriteriaURL == b.CriteriaURL && a.AchievementType == b.AchievementType && a.Image == b.Image &&
		a.FieldOfStudy == b.FieldOfStudy && a.Specialization == b.Specialization && a.CreditsAvailable == b.CreditsAvailable &&
		(a.Creator == b.Creator || a.Creator != nil && b.Creator != nil && *a.Creator == *b.Creator) &&
		slices.Equal(a.Tags, b.Tags) && slices.Equal(a.Alignments, b.Alignments) &&
		slices.EqualFunc(a.ResultDescriptions, b.ResultDescriptions, ResultDescription.equal)
}

func (d ResultDescription) equal(other ResultDescription) bool {
	return d.ID == other.ID && d.Name == other.Name && d.ResultType == other.ResultType &&
		slices.Equal(d.AllowedValues, other.AllowedValues) && d.RequiredValue == other.RequiredValue &&
		slices.EqualFunc(d.Levels, other.Levels, RubricCriterionLevel.equal) && d.RequiredLevel == other.RequiredLevel &&
		slices.Equal(d.Alignments, other.Alignments)
}

func (l RubricCriterionLevel) equal(other RubricCriterionLevel) bool {
	return l.ID == other.ID && l.Name == other.Name && l.Description == other.Description && l.Level == other.Level &&
		l.Points == other.Points && slices.Equal(l.Alignments, other.Alignments)
}

func (r Result) equal(other Result) bool {
	return r.ResultDescription == other.ResultDescription && r.Status == other.Status && r.Value == other.Value &&
		r.AchievedLevel == other.AchievedLevel && slices.Equal(r.Alignments, other.Alignments)
}
