package server_test

import (
	"testing"
	"time"
)

// Who has left is found by the address and the state's number that they had on their last day, and by no other, whatever
// became of those keys and of the record since.
func TestKeysOfThoseWhoLeft(t *testing.T) {
	w := newWorld(t)
	w.settle(t)
	v := w.variables
	update := func(who, mask string, keys map[string]any) {
		t.Helper()
		keys["name"] = v[who]
		w.do(t, "staff", "UpdateEducator", map[string]any{"updateMask": mask, "educator": keys})
	}
	address := func(verified bool, addresses ...string) map[string]any {
		var emails []any
		for _, a := range addresses {
			emails = append(emails, map[string]any{"address": a, "verified": verified})
		}
		return map[string]any{"emails": emails}
	}
	w.known(t, "leaver", subject{"whoNumber": "L1", "whoStateNumber": "S1", "whoEmail": "leaver@example.org", "whoFamilyName": "Leaver"}, v["district"])
	w.known(t, "stranger", subject{"whoNumber": "L2", "whoStateNumber": "S2", "whoEmail": "stranger@example.org", "whoFamilyName": "Stranger"}, v["otherDistrict"])
	v["leaverEmployment"] = w.engage(t, "leaver", map[string]any{"district": v["district"], "startDate": day(2020, 9, 1)})
	w.clock.Add(int64(time.Minute))
	update("leaver", "emails", address(true, "leaver@example.org", "early@example.org"))
	w.clock.Add(int64(time.Minute))
	update("leaver", "emails", map[string]any{"emails": []any{map[string]any{"address": "leaver@example.org", "verified": true}, map[string]any{"address": "open@example.org"}}})
	w.leave(t, "leaver")
	w.becomes(t, 3)

	ask := func(person map[string]any) string {
		t.Helper()
		answer := w.do(t, "districtHr", "BatchLookupCredentialStatuses", map[string]any{"parent": v["district"], "persons": []any{person}})
		found := answer["results"].([]any)[0].(map[string]any)
		return text(found, "outcome")
	}
	number := func(s string) map[string]any { return map[string]any{"stateEducatorId": s} }
	email := func(s string) map[string]any { return map[string]any{"email": s} }
	holds := func(when string) {
		t.Helper()
		for _, c := range []struct {
			key  map[string]any
			want string
		}{
			{number("S1"), "LOOKUP_OUTCOME_MOVED"}, {email("Leaver@example.org"), "LOOKUP_OUTCOME_MOVED"},
			{email("early@example.org"), "LOOKUP_OUTCOME_NOT_FOUND"}, {email("open@example.org"), "LOOKUP_OUTCOME_NOT_FOUND"},
			{number("S2"), "LOOKUP_OUTCOME_NOT_FOUND"}, {email("stranger@example.org"), "LOOKUP_OUTCOME_NOT_FOUND"}, {email("later@example.org"), "LOOKUP_OUTCOME_NOT_FOUND"},
		} {
			if got := ask(c.key); got != c.want {
				t.Errorf("%s: %v is answered %s, want %s", when, c.key, got, c.want)
			}
		}
	}
	holds("after the last day")
	update("leaver", "emails", address(true, "open@example.org", "later@example.org"))
	holds("with other addresses, one of them verified by now")
	update("leaver", "externalIds", map[string]any{"externalIds": numberIn(v["district"], "L1")})
	update("stranger", "externalIds", map[string]any{"externalIds": append(numberIn(v["otherDistrict"], "L2"), stateNumber("S1"), stateNumber("S2"))})
	holds("when the number is another one's")
	w.do(t, "staff", "MergeEducators", map[string]any{"name": v["stranger"], "duplicate": v["leaver"]})
	holds("merged into another record")
	w.do(t, "staff", "UnmergeEducator", map[string]any{"name": v["leaver"]})
	holds("when that is taken back")
	w.do(t, "staff", "MergeEducators", map[string]any{"name": v["leaver"], "duplicate": v["stranger"]})
	holds("with another record merged into theirs")
	w.do(t, "staff", "UnmergeEducator", map[string]any{"name": v["stranger"]})

	w.engage(t, "stranger", map[string]any{"district": v["district"], "startDate": day(2026, 11, 1)})
	for _, key := range []map[string]any{number("S1"), number("S2"), email("stranger@example.org")} {
		if got := ask(key); got != "LOOKUP_OUTCOME_FOUND" {
			t.Errorf("%v of somebody who works here is answered %s", key, got)
		}
	}
}
