package server_test

import (
	"strings"
	"testing"
	"time"

	"github.com/btlc/btlc/internal/api"
)

// misusePages goes on with a list where its first page ended: by the same query, which is right, and by another one. A
// list of one page is given the token of another list, and false says so.
func (m *misuser) misusePages(t *testing.T, a attempt) bool {
	t.Helper()
	a.request["pageSize"] = 1
	delete(a.request, "filter") // it may leave a single item
	pages := true
	for _, c := range m.callers() {
		page := c.call(t, a.method, a.key, marshal(t, a.request), nil)
		if page.err != nil {
			t.Fatalf("%s over %s, a page: %v", a.where, c.name(), page.err)
		}
		token, other := text(page.answer, "nextPageToken"), deepCopy(a.request)
		if pages = token != ""; pages {
			other["pageToken"] = token
			if next := c.call(t, a.method, a.key, marshal(t, other), nil); next.err != nil {
				t.Errorf("%s over %s, the next page: %v", a.where, c.name(), next.err)
			}
			m.changeQuery(t, a, other)
		} else {
			other["pageToken"] = m.token
		}
		a.wants(t, "a page token of another query", c, c.call(t, a.method, a.key, marshal(t, other), nil), api.PageTokenInvalid)
	}
	return pages
}

// changeQuery makes another query of a list's: in another order, from another time on, or on another thing. By what it can be
// ordered, the list says itself.
func (m *misuser) changeQuery(t *testing.T, a attempt, request map[string]any) {
	t.Helper()
	fields := a.method.Input().Fields()
	if fields.ByName("order_by") != nil {
		before := request["orderBy"]
		request["orderBy"] = "nonsense"
		r := m.grpc.call(t, a.method, a.key, marshal(t, request), nil)
		if len(violationsOf(r.err)) != 1 {
			t.Fatalf("%s: an order by nonsense: %v", a.where, r.err)
		}
		allowed := strings.Fields(r.err.Violations[0].Description)
		request["orderBy"] = allowed[len(allowed)-1] + " desc"
		if request["orderBy"] == before {
			request["orderBy"] = allowed[len(allowed)-1]
		}
		return
	}
	if fields.ByName("payer") != nil {
		request["payer"] = m.variables["educator"]
		return
	}
	for i := range fields.Len() {
		if fd := fields.Get(i); fd.Message() != nil && fd.Message().FullName() == "google.protobuf.Timestamp" {
			request[fd.JSONName()] = startOfTime.AddDate(-1, 0, 0).Format(time.RFC3339)
			return
		} else if things, ok := request[fd.JSONName()].([]any); ok && fd.Message() != nil {
			thing := things[0].(map[string]any)
			thing["title"] = text(thing, "title") + "x"
			return
		}
	}
	t.Errorf("%s: no other query can be made of %v", a.where, request)
}
