package enrollment

import (
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/placement"
	"github.com/btlc/btlc/internal/program"
)

// proposalLife is that of a placement proposal. One that was applied is applied again for what failed.
var proposalLife = api.Life{
	{"", "propose", "DRAFT"},
	{"DRAFT", "editPlacement", "DRAFT"},
	{"DRAFT", "apply", "APPLIED"},
	{"APPLIED", "apply", "APPLIED"},
}

const (
	// proposalSeed is one for all, so that the same applications get the same proposal.
	proposalSeed = 1
	// mostSites is how many sites an application names at most, by the contract.
	mostSites = 20
	// mostAlternatives are told of an application: the best ones.
	mostAlternatives = 5
)

// applicant is an application that waits for places. Names are those of the API, since people read them in reasons.
type applicant struct {
	name, course string
	members      []uuid.UUID
	evenings     []int // ISO days of the week
	sites        []string
}

// registrant is what is known of a person who is to be placed.
type registrant struct {
	// family is that of the role that qualifies the person; qualified says whether there is such a role.
	family    string
	qualified bool
	school    string
	courses   []string // of the term, that the person is registered for
}

// candidate is a section as a proposal meets it.
type candidate struct {
	name, course, site, family string
	free                       int32
	evening                    time.Weekday
	facilitators, busy         []uuid.UUID
}

// evening is the weekday of the most of a section's meetings in its zone, the earliest of several; false when it has none.
func evening(starts []time.Time, zone *time.Location) (time.Weekday, bool) {
	var counts [7]int
	for _, start := range starts {
		counts[start.In(zone).Weekday()]++
	}
	most := slices.Max(counts[:])
	return time.Weekday(slices.Index(counts[:], most)), most > 0
}

// problemOf is the placement problem of a term: who may be placed where. left are the applicants that can be placed nowhere
// whatever sections there are, with the reason.
func problemOf(applicants []applicant, people map[uuid.UUID]registrant, sections []candidate, weights placement.Weights) (problem placement.Problem, left map[string]string) {
	problem.Weights, left = weights, map[string]string{}
	for _, a := range applicants {
		if reason := unplaceable(a, people); reason != "" {
			left[a.name] = reason
			continue
		}
		party := placement.Party{ID: a.name, Course: a.course, Sites: a.sites}
		for _, id := range a.members {
			party.Members = append(party.Members, placement.Person{ID: educatorName(id), Family: people[id].family, School: people[id].school})
		}
		for _, day := range a.evenings {
			party.Weekdays = append(party.Weekdays, time.Weekday(day%7))
		}
		problem.Parties = append(problem.Parties, party)
	}
	for _, c := range sections {
		problem.Sections = append(problem.Sections, placement.Section{
			ID: c.name, Course: c.course, Site: c.site, Weekday: c.evening, Capacity: int(c.free), Family: c.family,
			Facilitators: scopesOf(c.facilitators...), Busy: scopesOf(c.busy...),
		})
	}
	return problem, left
}

func educatorName(id uuid.UUID) string { return api.Name("btlc/Educator", id) }

// unplaceable says why an applicant can be placed nowhere; empty when that is not so.
func unplaceable(a applicant, people map[uuid.UUID]registrant) string {
	for _, id := range a.members {
		switch who := people[id]; {
		case !who.qualified:
			return educatorName(id) + " holds no confirmed leadership role today"
		case slices.Contains(who.courses, a.course):
			return educatorName(id) + " is registered for the course in this term"
		}
	}
	return ""
}

// proposalWeights are the weights of the rules as a proposal keeps them.
func proposalWeights(w program.PlacementWeights) map[string]int32 {
	return map[string]int32{"placed": int32(w.Placed), "roleAlike": int32(w.RoleAlike), "firstSite": int32(w.SiteFirst), "otherSite": int32(w.SiteOther)}
}

// objectiveOf is what kept weights make of a placement.
func objectiveOf(kept map[string]int32) placement.Weights {
	w := placement.Weights{Placed: int64(kept["placed"]), RoleAlike: int64(kept["roleAlike"]), Sites: []int64{int64(kept["firstSite"])}}
	w.Sites = append(w.Sites, slices.Repeat([]int64{int64(kept["otherSite"])}, mostSites-1)...)
	return w
}

// proposedPlace is where an application goes, and why, for people to read. section is empty when there is no place.
type proposedPlace struct {
	section      string
	value        float64
	reasons      []string
	alternatives []betterPlace
}

// betterPlace is a section that would be better for those who applied.
type betterPlace struct {
	section   string
	gain      float64
	obstacles []string
}

// proposedFor says where a party goes, and why.
func proposedFor(x *placement.Explainer, party string) (proposedPlace, error) {
	e, err := x.Explain(party)
	if err != nil {
		return proposedPlace{}, err
	}
	p := proposedPlace{section: e.Section, value: float64(e.Points), reasons: texts(e.For, e.Against)}
	for _, a := range e.Alternatives[:min(len(e.Alternatives), mostAlternatives)] {
		better := betterPlace{section: a.Section, gain: float64(a.Points - e.Points), obstacles: texts(a.Obstacles)}
		switch {
		case len(a.Obstacles) > 0:
		case a.Points > e.Points:
			better.obstacles = []string{"others would lose by it at least what is gained"}
		default:
			better.obstacles = texts(a.Against)
		}
		p.alternatives = append(p.alternatives, better)
	}
	return p, nil
}

func texts(reasons ...[]placement.Reason) []string {
	all := []string{}
	for _, r := range slices.Concat(reasons...) {
		all = append(all, r.Text())
	}
	return all
}

// edit is what staff make of a proposal: an application in another section, or in none when it is empty.
type edit struct{ application, section string }

// check says which rules the edit breaks, with the others where they are.
func (e edit) check(evaluation placement.Evaluation) (broken []api.Violation) {
	for _, v := range evaluation.Violations {
		full := v.Reason.Code == placement.OverCapacity && v.Section == e.section
		if v.Party == e.application || full {
			broken = append(broken, api.Violation{Field: "section", Description: v.Reason.Text()})
		}
	}
	return broken
}

// conflict is the refusal of an edit that breaks rules.
func (e edit) conflict(broken []api.Violation) error {
	if len(broken) == 0 {
		return nil
	}
	refusal := api.Errorf(api.StateConflict, "The application cannot be placed there: %s.", broken[0].Description)
	refusal.Violations = broken
	return refusal
}

// keepKnown takes out of an assignment whatever is not in the problem: what was withdrawn, and sections that started.
func keepKnown(problem placement.Problem, assignment placement.Assignment) {
	parties, sections := map[string]bool{}, map[string]bool{}
	for _, p := range problem.Parties {
		parties[p.ID] = true
	}
	for _, s := range problem.Sections {
		sections[s.ID] = true
	}
	maps.DeleteFunc(assignment, func(party, section string) bool { return !parties[party] || !sections[section] })
}
