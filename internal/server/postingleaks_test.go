package server_test

import (
	"bytes"
	"strings"
	"testing"
)

// TestHiddenCreditIsLikeNone asks, as an institution, about requests and postings that it may not see, and compares every
// byte with the answer for those that do not exist.
func TestHiddenCreditIsLikeNone(t *testing.T) {
	w := newWorld(t)
	w.settle(t)
	v := w.variables
	w.do(t, "educator", "RevokeConsent", map[string]any{"name": v["consent"]})
	const id = "0190a8a4-7c1e-7b7a-9d51-3f0c2f5d9a10"
	place := v["institution"] + "/creditPostings"
	noPosting, noRequest := place+"/"+id, "creditRequests/"+id
	// The other institution's, as if it were ours.
	foreign := place + v["otherPosting"][strings.LastIndex(v["otherPosting"], "/"):]

	post := func(request string) map[string]any {
		return map[string]any{"parent": v["institution"], "creditPosting": map[string]any{"creditRequest": request, "postDate": day(2026, 11, 20)}}
	}
	postingsOf := func(request string) map[string]any {
		return map[string]any{"parent": v["institution"], "filter": `credit_request = "` + request + `"`}
	}
	for _, c := range []struct {
		what, hidden, nothing string
		rpc                   string
		request               func(name string) map[string]any
	}{
		{"a posting without consent", v["posting"], noPosting, "GetCreditPosting", named},
		{"a foreign posting", v["otherPosting"], v["otherInstitution"] + "/creditPostings/" + id, "GetCreditPosting", named},
		{"a foreign posting as ours", foreign, noPosting, "GetCreditPosting", named},
		{"retracting without consent", v["posting"], noPosting, "RetractCreditPosting", withReason},
		{"retracting a foreign one", v["otherPosting"], v["otherInstitution"] + "/creditPostings/" + id, "RetractCreditPosting", withReason},
		{"retracting a foreign one as ours", foreign, noPosting, "RetractCreditPosting", withReason},
		{"posting without consent", v["request"], noRequest, "CreateCreditPosting", post},
		{"posting for a foreign request", v["otherRequest"], noRequest, "CreateCreditPosting", post},
		{"a list of a request's postings without consent", v["request"], noRequest, "ListCreditPostings", postingsOf},
	} {
		t.Run(c.what, func(t *testing.T) {
			ask := func(name string) (grpc, rest []byte) {
				method, request := methodNamed(t, c.rpc), c.request(name)
				grpc, rest = w.bytesOverGRPC(t, "registrar", method, request, nil), w.bytesOverREST(t, "registrar", method, request, nil)
				return bytes.ReplaceAll(grpc, []byte(name), []byte("…")), bytes.ReplaceAll(rest, []byte(name), []byte("…"))
			}
			hiddenGRPC, hiddenREST := ask(c.hidden)
			nothingGRPC, nothingREST := ask(c.nothing)
			if !bytes.Equal(hiddenGRPC, nothingGRPC) {
				t.Errorf("gRPC: %q, of nothing %q", hiddenGRPC, nothingGRPC)
			}
			if !bytes.Equal(hiddenREST, nothingREST) {
				t.Errorf("REST: %s, of nothing %s", hiddenREST, nothingREST)
			}
			if listed := c.rpc == "ListCreditPostings"; bytes.HasPrefix(nothingREST, []byte("404 ")) == listed {
				t.Errorf("REST: %s", nothingREST)
			}
		})
	}
}

func named(name string) map[string]any { return map[string]any{"name": name} }

func withReason(name string) map[string]any {
	return map[string]any{"name": name, "reason": "Posted twice."}
}
