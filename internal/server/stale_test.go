package server_test

import (
	"context"
	"database/sql"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/btlc/btlc/internal/api"
)

// enters are the writes that add a line to a ledger about what they name, and change nothing of it: there is no etag to be stale.
var enters = []protoreflect.Name{"SignIn", "SignOut"}

// stale sends an attempt with an etag that is not the present one, in its message and as If-Match.
func (m *misuser) stale(t *testing.T, a attempt) {
	t.Helper()
	const etag = "v0" // versions begin at 1
	request := deepCopy(a.request)
	fields := a.method.Input().Fields()
	switch resource := resourceWithEtag(a.method.Input()); {
	case fields.ByName("etag") != nil:
		request["etag"] = etag
	case fields.ByName("update_mask") != nil && resource != nil:
		request[resource.JSONName()].(map[string]any)["etag"] = etag
	case slices.Contains(enters, a.method.Name()):
		return
	case fields.ByName("update_mask") != nil || fields.ByName("name") != nil:
		t.Errorf("%s: it changes what is there and takes no etag", a.where)
		return
	default:
		return // it makes something new
	}
	for _, c := range m.callers() {
		a.wants(t, "a stale etag", c, c.call(t, a.method, a.key, marshal(t, request), nil), api.EtagMismatch)
		a.wants(t, "a stale If-Match", c, c.call(t, a.method, a.key, marshal(t, a.request), map[string]string{"If-Match": `"` + etag + `"`}), api.EtagMismatch)
	}
}

func resourceWithEtag(d protoreflect.MessageDescriptor) protoreflect.FieldDescriptor {
	for i := range d.Fields().Len() {
		if fd := d.Fields().Get(i); fd.Message() != nil && !fd.IsList() && fd.Message().Fields().ByName("etag") != nil {
			return fd
		}
	}
	return nil
}

// abandon makes an attempt that does not come to its end: over gRPC its caller goes away when all its rows are written,
// over REST its deadline passes.
func (m *misuser) abandon(t *testing.T, a attempt) {
	t.Helper()
	request := marshal(t, a.request)
	m.holdWrites(t, func(held *sql.Tx) {
		ctx, cancel := context.WithCancel(t.Context())
		written := make(chan bool, 1)
		go func() {
			written <- awaitHeld(ctx, held, true)
			cancel()
		}()
		r := m.grpc.callIn(ctx, t, a.method, a.key, request, nil)
		cancel()
		if !<-written {
			t.Errorf("%s over grpc: it was over before its rows were written", a.where)
		}
		a.wants(t, "a call that is cancelled", m.grpc, r, api.Cancelled)
		patience, enough := context.WithTimeout(t.Context(), 20*time.Second)
		defer enough()
		if !awaitHeld(patience, held, false) {
			t.Fatalf("%s over grpc: it went on when its caller was gone", a.where)
		}
	})
	m.holdWrites(t, func(*sql.Tx) {
		a.wants(t, "a deadline that passes", m.rest, m.rest.call(t, a.method, a.key, request, map[string]string{"Grpc-Timeout": "50m"}), api.DeadlineExceeded)
	})
}
