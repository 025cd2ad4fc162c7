package server_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// bytesOverGRPC is all that a caller gets of an answer or an error, as bytes, but for the id of the request.
func (w *world) bytesOverGRPC(t *testing.T, as string, method protoreflect.MethodDescriptor, request map[string]any) []byte {
	t.Helper()
	in, out := newMessage(t, method.Input()), newMessage(t, method.Output())
	must(t, protojson.Unmarshal(marshal(t, request), in))
	err := w.grpc.conn.Invoke(metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+w.keys[as]), "/"+string(method.Parent().FullName())+"/"+string(method.Name()), in, out)
	message := out
	if err != nil {
		st := status.Convert(err).Proto()
		for i, detail := range st.Details {
			if strings.HasSuffix(detail.TypeUrl, "google.rpc.RequestInfo") {
				st.Details = append(st.Details[:i:i], st.Details[i+1:]...)
				break
			}
		}
		message = st
	}
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(message)
	must(t, err)
	return body
}

// bytesOverREST is the same over REST, with the status and the headers that tell of the content.
func (w *world) bytesOverREST(t *testing.T, as, path string, body []byte) []byte {
	t.Helper()
	verb := http.MethodPost
	if body == nil {
		verb = http.MethodGet
	}
	req, err := http.NewRequestWithContext(t.Context(), verb, w.rest.base+path, bytes.NewReader(body))
	must(t, err)
	req.Header.Set("Authorization", "Bearer "+w.keys[as])
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	must(t, err)
	var value map[string]any
	must(t, json.Unmarshal(answer, &value))
	if id, ok := value["requestId"].(string); ok {
		answer = bytes.ReplaceAll(answer, []byte(id), []byte("…"))
	}
	return append([]byte(resp.Status+"\n"+resp.Header.Get("Content-Type")+"\n"), answer...)
}

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
		rpc, path string
		request   func(person map[string]any) map[string]any
	}{
		{"LookupCredentialStatus", ":lookup", func(p map[string]any) map[string]any { return map[string]any{"person": p} }},
		{"LookupCredentialStatus", ":lookup", func(p map[string]any) map[string]any {
			return map[string]any{"person": p, "asOf": day(2026, 11, 19), "knownAsOf": day(2026, 11, 20)}
		}},
		{"GetCareerFacts", ":careerFacts", func(p map[string]any) map[string]any { return map[string]any{"person": p} }},
		{"BatchLookupCredentialStatuses", ":batchLookup", func(p map[string]any) map[string]any { return map[string]any{"persons": []any{p}} }},
	}
	for _, pair := range pairs {
		for _, r := range requests {
			t.Run(pair.what+" by "+r.rpc, func(t *testing.T) {
				ask := func(person map[string]any) (grpc, rest []byte) {
					request := r.request(person)
					rest = w.bytesOverREST(t, "districtHr", "/v1/"+v["district"]+"/credentialStatuses"+r.path, marshal(t, request))
					request["parent"] = v["district"]
					return w.bytesOverGRPC(t, "districtHr", methodNamed(t, r.rpc), request), rest
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
	for path, body := range map[string]map[string]any{
		":lookup": person, ":batchLookup": {"employeeIds": []any{"E2"}}, ":careerFacts": {"person": person},
		":export": nil, ":exportEdFi": nil, ":digest": nil, ":digest?prefix=ab": nil,
	} {
		ask := func(district string) []byte {
			var sent []byte
			if body != nil {
				sent = marshal(t, body)
			}
			return bytes.ReplaceAll(w.bytesOverREST(t, "districtHr", "/v1/"+district+"/credentialStatuses"+path, sent), []byte(district), []byte("…"))
		}
		foreign, nothing := ask(other), ask(none)
		if !bytes.Equal(foreign, nothing) || !bytes.HasPrefix(foreign, []byte("404 ")) {
			t.Errorf("%s: %s, of none %s", path, foreign, nothing)
		}
	}
}
