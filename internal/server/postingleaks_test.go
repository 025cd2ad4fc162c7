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
		return map[string]any{"creditRequest": request, "postDate": day(2026, 11, 20)}
	}
	for _, c := range []struct {
		what, hidden, nothing string
		rpc                   string
		request               func(name string) map[string]any
		path                  func(name string) (path string, body map[string]any)
	}{
		{"a posting without consent", v["posting"], noPosting, "GetCreditPosting", named, getAt},
		{"a foreign posting", v["otherPosting"], v["otherInstitution"] + "/creditPostings/" + id, "GetCreditPosting", named, getAt},
		{"a foreign posting as ours", foreign, noPosting, "GetCreditPosting", named, getAt},
		{"retracting without consent", v["posting"], noPosting, "RetractCreditPosting", withReason, retractAt},
		{"retracting a foreign one", v["otherPosting"], v["otherInstitution"] + "/creditPostings/" + id, "RetractCreditPosting", withReason, retractAt},
		{"retracting a foreign one as ours", foreign, noPosting, "RetractCreditPosting", withReason, retractAt},
		{"posting without consent", v["request"], noRequest, "CreateCreditPosting",
			func(name string) map[string]any {
				return map[string]any{"parent": v["institution"], "creditPosting": post(name)}
			},
			func(name string) (string, map[string]any) { return place, post(name) }},
		{"posting for a foreign request", v["otherRequest"], noRequest, "CreateCreditPosting",
			func(name string) map[string]any {
				return map[string]any{"parent": v["institution"], "creditPosting": post(name)}
			},
			func(name string) (string, map[string]any) { return place, post(name) }},
		{"a list of a request's postings without consent", v["request"], noRequest, "ListCreditPostings",
			func(name string) map[string]any {
				return map[string]any{"parent": v["institution"], "filter": `credit_request = "` + name + `"`}
			},
			func(name string) (string, map[string]any) {
				return place + "?filter=credit_request%20%3D%20%22" + name + "%22", nil
			}},
	} {
		t.Run(c.what, func(t *testing.T) {
			ask := func(name string) (grpc, rest []byte) {
				path, body := c.path(name)
				var sent []byte
				if body != nil {
					sent = marshal(t, body)
				}
				rest = w.bytesOverREST(t, "registrar", "/v1/"+path, sent)
				grpc = w.bytesOverGRPC(t, "registrar", methodNamed(t, c.rpc), c.request(name))
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

func getAt(name string) (string, map[string]any) { return name, nil }

func withReason(name string) map[string]any {
	return map[string]any{"name": name, "reason": "Posted twice."}
}

func retractAt(name string) (string, map[string]any) {
	return name + ":retract", map[string]any{"reason": "Posted twice."}
}
