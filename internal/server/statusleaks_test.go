package server_test

import (
	"bytes"
	"testing"
)

// TestForeignIsLikeNobody asks, as a district, for people of whom it may not even know that they exist, and compares every
// byte with the answer for nobody: over gRPC and REST, by every kind of key.
func TestForeignIsLikeNobody(t *testing.T) {
	w := newWorld(t)
	w.settle(t)
	v := w.variables
	// One who was never employed here, one who will be, and one whose state number is known to all.
	made := w.do(t, "staff", "CreateEducator", map[string]any{"educator": map[string]any{"givenName": "Given", "familyName": "Of future",
		"emails":      []any{map[string]any{"address": "future@example.org", "verified": true}, map[string]any{"address": "claimed@example.org"}},
		"externalIds": []any{map[string]any{"kind": "EXTERNAL_ID_KIND_EMPLOYEE_ID", "district": v["district"], "value": "E9"}, map[string]any{"kind": "EXTERNAL_ID_KIND_STATE_EDUCATOR_ID", "value": "90000001"}}}})
	future := text(made, "educator.name")
	w.do(t, "staff", "CreateEmployment", map[string]any{"parent": future, "employment": map[string]any{"district": v["district"], "startDate": day(2026, 12, 1)}})
	nobody := "educators/0190a8a4-7c1e-7b7a-9d51-3f0c2f5d9a10"
	pairs := []struct {
		what            string
		hidden, nothing map[string]any
	}{
		{"a foreign employee id", map[string]any{"employeeId": "E2"}, map[string]any{"employeeId": "E0"}},
		{"a foreign educator", map[string]any{"educator": v["otherEducator"]}, map[string]any{"educator": nobody}},
		{"a foreign address", map[string]any{"email": "other@example.org"}, map[string]any{"email": "othe0@example.org"}},
		{"the employee id of one to come", map[string]any{"employeeId": "E9"}, map[string]any{"employeeId": "E0"}},
		{"one to come", map[string]any{"educator": future}, map[string]any{"educator": nobody}},
		{"the address of one to come", map[string]any{"email": "future@example.org"}, map[string]any{"email": "nobody@example.org"}},
		{"an address that was not verified", map[string]any{"email": "claimed@example.org"}, map[string]any{"email": "unknown@example.org"}},
		{"the state's number of one to come", map[string]any{"stateEducatorId": "90000001"}, map[string]any{"stateEducatorId": "90000002"}},
	}
	requests := []struct {
		rpc     string
		request func(person map[string]any) map[string]any
	}{
		{"LookupCredentialStatus", func(p map[string]any) map[string]any { return map[string]any{"person": p} }},
		{"LookupCredentialStatus", func(p map[string]any) map[string]any {
			return map[string]any{"person": p, "asOf": day(2026, 11, 19), "knownAsOf": day(2026, 11, 20)}
		}},
		{"GetCareerFacts", func(p map[string]any) map[string]any { return map[string]any{"person": p} }},
		{"BatchLookupCredentialStatuses", func(p map[string]any) map[string]any { return map[string]any{"persons": []any{p}} }},
	}
	for _, pair := range pairs {
		for _, r := range requests {
			t.Run(pair.what+" by "+r.rpc, func(t *testing.T) {
				ask := func(person map[string]any) (grpc, rest []byte) {
					method, request := methodNamed(t, r.rpc), r.request(person)
					request["parent"] = v["district"]
					return w.bytesOverGRPC(t, "districtHr", method, request, nil), w.bytesOverREST(t, "districtHr", method, request, nil)
				}
				hiddenGRPC, hiddenREST := ask(pair.hidden)
				nothingGRPC, nothingREST := ask(pair.nothing)
				if r.rpc == "BatchLookupCredentialStatuses" { // the answer repeats the question, which has as many bytes
					for key, hidden := range pair.hidden {
						question, nothing := []byte(hidden.(string)), []byte(pair.nothing[key].(string))
						if len(question) != len(nothing) {
							t.Fatalf("%s and %s: write two of one length", question, nothing)
						}
						hiddenGRPC, hiddenREST = bytes.ReplaceAll(hiddenGRPC, question, nothing), bytes.ReplaceAll(hiddenREST, question, nothing)
					}
				}
				if !bytes.Equal(hiddenGRPC, nothingGRPC) {
					t.Errorf("gRPC: %q, of nobody %q", hiddenGRPC, nothingGRPC)
				}
				if !bytes.Equal(hiddenREST, nothingREST) {
					t.Errorf("REST: %s, of nobody %s", hiddenREST, nothingREST)
				}
			})
		}
	}
}

// TestForeignDistrictIsLikeNone asks for another district, and for one that does not exist.
func TestForeignDistrictIsLikeNone(t *testing.T) {
	w := newWorld(t)
	w.settle(t)
	other, none := w.variables["otherDistrict"], "districts/zzz"
	person := map[string]any{"employeeId": "E2"}
	for _, c := range []struct {
		rpc     string
		request map[string]any
	}{
		{"LookupCredentialStatus", map[string]any{"person": person}}, {"BatchLookupCredentialStatuses", map[string]any{"employeeIds": []any{"E2"}}},
		{"GetCareerFacts", map[string]any{"person": person}}, {"ExportCredentialStatuses", map[string]any{}}, {"ExportEdFiCredentials", map[string]any{}},
		{"GetReconciliationDigest", map[string]any{}}, {"GetReconciliationDigest", map[string]any{"prefix": "ab"}},
	} {
		ask := func(district string) []byte {
			c.request["parent"] = district
			return bytes.ReplaceAll(w.bytesOverREST(t, "districtHr", methodNamed(t, c.rpc), c.request, nil), []byte(district), []byte("…"))
		}
		foreign, nothing := ask(other), ask(none)
		if !bytes.Equal(foreign, nothing) || !bytes.HasPrefix(foreign, []byte("404 ")) {
			t.Errorf("%s: %s, of none %s", c.rpc, foreign, nothing)
		}
	}
}
