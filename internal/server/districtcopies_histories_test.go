package server_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
)

var copyHistories = flag.Int("histories", 6, "how many random histories copies of districts follow")

// TestCopiesWhateverHappens has consumers of districts follow random histories of those who work there: one from the beginning, one
// from an export at any moment on. Whenever the streams were told of the day, both hold what an export gives.
func TestCopiesWhateverHappens(t *testing.T) {
	t.Parallel()
	seed := *soakSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	w := newCopies(t)
	checks, changes := 0, 0
	for n := range *copyHistories {
		h := w.newHistory(t, n, seed+uint64(n))
		for range 40 {
			h.step(t)
		}
		checks, changes = checks+h.checks, changes+h.changes
		if t.Failed() {
			t.Fatalf("history %d of seed %d (-soak-seed %d -histories %d):\n%s", n, seed, seed, n+1, strings.Join(h.told, "\n"))
		}
	}
	if t.Logf("seed %d: %d changes, %d comparisons", seed, changes, checks); changes < 5**copyHistories || checks < 20**copyHistories {
		t.Errorf("too few to have tested anything")
	}
}

// copyHistory is a few people and districts, what may be done with them, and those who follow.
type copyHistory struct {
	copies
	random                                    *rand.Rand
	n, numbers                                int
	people, districts                         []string
	credentials, employments, merged, rosters []string
	held                                      map[string]map[string]string // numbers by person and district
	fromTheBeginning, fromAnExport            []*districtCopy
	checks, changes                           int
	told                                      []string
}

func (w copies) newHistory(t testing.TB, n int, seed uint64) *copyHistory {
	t.Helper()
	w.clock.Store(startOfTime.AddDate(0, 0, 100*n).UnixNano()) // whatever the histories before came to
	w.bind(t, "staff", accesspb.Role_ROLE_PROGRAM_STAFF, "")   // keys do not work for so many days
	h := &copyHistory{copies: w, random: rand.New(rand.NewPCG(seed, seed)), n: n, held: map[string]map[string]string{}}
	for i, zone := range []string{"America/New_York", "Pacific/Auckland", "America/Los_Angeles"}[:2+h.random.IntN(2)] {
		id := fmt.Sprintf("h%d-%c", n, 'a'+i)
		w.do(t, "staff", "CreateDistrict", map[string]any{"districtId": id, "district": map[string]any{"displayName": id, "stateCode": "MA", "timeZone": zone}})
		district := "districts/" + id
		h.districts = append(h.districts, district)
		h.fromTheBeginning = append(h.fromTheBeginning, &districtCopy{district, "", map[string]copied{}})
		h.fromAnExport = append(h.fromAnExport, w.begin(t, district))
	}
	for i := range 5 {
		numbers, make := h.someNumbers(), w.leader
		if i%2 == 1 {
			make = w.person // two who have shown the same cannot be one
		}
		who := make(t, numbers)
		h.people, h.held[who] = append(h.people, who), numbers
		if i%2 == 0 {
			h.issue(t, who)
			h.employ(t, who)
		}
	}
	return h
}

func (h *copyHistory) issue(t testing.TB, who string) {
	t.Helper()
	if answer := h.try(t, "IssueCredential", map[string]any{"educator": who, "credentialType": "credentialTypes/using-data-certificate"}); answer != nil {
		h.credentials = append(h.credentials, text(answer, "credential.name"))
	}
}

func (h *copyHistory) employ(t testing.TB, who string) {
	t.Helper()
	employment := map[string]any{"district": one(h.random, h.districts), "startDate": h.someDay(-6, 3)}
	if h.random.IntN(2) == 0 {
		employment["endDate"] = h.someDay(3, 6)
	}
	if answer := h.try(t, "CreateEmployment", map[string]any{"parent": who, "employment": employment}); answer != nil {
		h.employments = append(h.employments, text(answer, "employment.name"))
	}
}

// someNumbers are numbers that nobody has.
func (h *copyHistory) someNumbers() map[string]string {
	numbers := map[string]string{}
	for _, district := range append([]string{""}, h.districts...) {
		if h.random.IntN(3) > 0 {
			h.numbers++
			numbers[district] = fmt.Sprintf("N%d-%d", h.n, h.numbers)
		}
	}
	return numbers
}

// try does what may be refused, and notes it.
func (h *copyHistory) try(t testing.TB, rpc string, request map[string]any) (answer map[string]any) {
	t.Helper()
	r := h.grpc.call(t, methodNamed(t, rpc), h.keys["staff"], marshal(t, request), nil)
	note := fmt.Sprintf("%s %s %v", h.now().UTC().Format(time.DateTime), rpc, request)
	if len(note) > 300 {
		note = note[:300] + "…"
	}
	if r.err != nil {
		note += " is refused: " + string(r.err.Reason)
		if r.err.Reason.HTTPStatus() >= 500 {
			t.Errorf("%s: %v", note, r.err)
		}
	}
	h.told = append(h.told, note)
	return r.answer
}

func one[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

// someDay is a day around now, in no calendar in particular.
func (h *copyHistory) someDay(since, until int) map[string]any {
	return dayOf(h.now().UTC().AddDate(0, 0, since+h.random.IntN(until-since+1)))
}

func (h *copyHistory) step(t testing.TB) {
	t.Helper()
	r := h.random
	switch what := r.IntN(20); {
	case what < 2:
		h.issue(t, one(r, h.people))
	case what < 6 && len(h.credentials) > 0:
		rpc := one(r, []string{"SuspendCredential", "ReinstateCredential", "RevokeCredential", "ReissueCredential"})
		answer := h.try(t, rpc, map[string]any{"name": one(r, h.credentials), "reasonCode": "UNDER_REVIEW", "authority": "The board"})
		if answer != nil && rpc == "ReissueCredential" {
			h.credentials = append(h.credentials, text(answer, "credential.name"))
		}
	case what < 9:
		h.employ(t, one(r, h.people))
	case what < 12 && len(h.employments) > 0:
		employment := map[string]any{"name": one(r, h.employments), "startDate": h.someDay(-6, 1)}
		if r.IntN(3) > 0 {
			employment["endDate"] = h.someDay(-2, 3)
		}
		h.try(t, "UpdateEmployment", map[string]any{"employment": employment, "updateMask": "startDate,endDate"})
	case what == 12:
		who, numbers := one(r, h.people), h.someNumbers()
		if h.try(t, "UpdateEducator", map[string]any{"educator": map[string]any{"name": who, "externalIds": externalIDs(numbers)}, "updateMask": "externalIds"}) != nil {
			h.held[who] = numbers
		}
	case what == 13:
		h.merge(t, one(r, h.people), one(r, h.people))
	case what == 14 && len(h.merged) > 0:
		h.try(t, "UnmergeEducator", map[string]any{"name": one(r, h.merged)})
		h.list(t)
	case what == 15:
		h.roster(t, one(r, h.districts))
	case what == 16 && len(h.rosters) > 0:
		h.try(t, "UndoRosterImport", map[string]any{"name": one(r, h.rosters)})
		h.list(t)
	case what == 17 && r.IntN(2) == 0:
		zone := one(r, []string{"America/New_York", "Pacific/Auckland", "America/Los_Angeles"})
		h.try(t, "UpdateDistrict", map[string]any{"district": map[string]any{"name": one(r, h.districts), "timeZone": zone}, "updateMask": "timeZone"})
	case what == 17:
		i := r.IntN(len(h.districts))
		h.fromAnExport[i] = h.begin(t, h.districts[i])
		h.told = append(h.told, "another consumer of "+h.districts[i]+" begins")
	default:
		h.clock.Add(int64(time.Duration(1+r.IntN(40)) * time.Hour))
		if r.IntN(2) == 0 { // of the new day, of which the stream is not told yet
			for i, district := range h.districts {
				h.fromAnExport[i] = h.begin(t, district)
			}
			h.told = append(h.told, "other consumers begin")
		}
	}
	if r.IntN(3) > 0 {
		return // some things come between midnight and the telling of the day
	}
	h.tellDays(t)
	h.told = append(h.told, "the streams are told of the day")
	for i, district := range h.districts {
		h.changes += len(h.fromTheBeginning[i].follow(t, h.world))
		h.fromAnExport[i].follow(t, h.world)
		if wrong := h.differ(t, district, h.fromTheBeginning[i], h.fromAnExport[i]); wrong != "" {
			t.Errorf("after %d steps a copy of %s is wrong:\n%s", len(h.told), district, wrong)
		}
		h.checks++
	}
}

func (h *copyHistory) merge(t testing.TB, survivor, duplicate string) {
	t.Helper()
	if h.try(t, "MergeEducators", map[string]any{"name": survivor, "duplicate": duplicate}) != nil {
		h.merged = append(h.merged, duplicate)
		h.list(t)
	}
}

// list reads the names of employments, which are below those of people and change with them.
func (h *copyHistory) list(t testing.TB) {
	t.Helper()
	h.employments = nil
	for _, who := range h.people {
		listed, _ := h.do(t, "staff", "ListEmployments", map[string]any{"parent": who})["employments"].([]any)
		for _, e := range listed {
			h.employments = append(h.employments, text(e, "name"))
		}
	}
}

// roster has a district send a roster of some of those whom it knows by a number, and somebody new.
func (h *copyHistory) roster(t testing.TB, district string) {
	t.Helper()
	h.numbers++
	users := []string{fmt.Sprintf("Some,Body,,New%d-%d,", h.n, h.numbers)}
	for _, who := range h.people {
		if number := h.held[who][district]; number != "" && h.random.IntN(2) == 0 {
			users = append(users, "Given,Family,,"+number+",")
		}
	}
	answer := h.try(t, "CreateRosterImport", map[string]any{"parent": district, "fileName": "roster.zip", "content": rosterWith(t, users...)})
	apply := map[string]any{"name": text(answer, "rosterImport.name")}
	if text(answer, "rosterImport.state") == "STATE_BLOCKED" {
		apply["confirmEndings"] = answer["rosterImport"].(map[string]any)["counts"].(map[string]any)["employmentsEnded"]
	}
	if answer != nil && h.try(t, "ApplyRosterImport", apply) != nil {
		h.rosters = append(h.rosters, text(answer, "rosterImport.name"))
		h.list(t)
	}
}
