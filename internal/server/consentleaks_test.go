package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/btlc/btlc/internal/server"
)

// TestRevokedConsentClosesTheFeed has an institution read its stream again from the beginning, in every way that there is,
// before and after a person takes their consent back: afterwards each change is there and says nothing of that person's.
func TestRevokedConsentClosesTheFeed(t *testing.T) {
	posted := make(chan map[string]any, 1000)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var event struct{ Data map[string]any }
		if err == nil {
			err = json.Unmarshal(body, &event)
		}
		if err != nil {
			t.Error(err)
		}
		posted <- event.Data
	}))
	t.Cleanup(hook.Close)
	w := newWorld(t, func(o *server.Options) { o.WebhookWorkers = 1 })
	w.settle(t)
	v := w.variables
	institution := v["institution"]
	w.do(t, "colleague", "CreateConsent", map[string]any{"parent": v["colleague"], "consent": map[string]any{"institution": institution}})
	newest := func() int {
		return int(w.do(t, "registrar", "ListChanges", map[string]any{"parent": institution})["newestSequence"].(float64))
	}
	hookName := text(w.do(t, "registrar", "CreateWebhookSubscription", map[string]any{"webhookSubscription": map[string]any{"stream": institution, "url": hook.URL}}), "webhookSubscription.name")

	pages := func(c caller, size int) (changes []map[string]any) {
		cursor := ""
		for {
			r := c.call(t, methodNamed(t, "ListChanges"), w.keys["registrar"], marshal(t, map[string]any{"parent": institution, "cursor": cursor, "pageSize": size}), nil)
			if r.err != nil {
				t.Fatal(r.err)
			}
			page := r.answer["changes"].([]any)
			if len(page) == 0 {
				return changes
			}
			for _, change := range page {
				changes = append(changes, change.(map[string]any))
			}
			cursor = r.answer["nextCursor"].(string)
		}
	}
	watched := func(c caller, n int) (changes []map[string]any) {
		cursor := ""
		for len(changes) < n {
			r := c.call(t, methodNamed(t, "WatchChanges"), w.keys["registrar"], marshal(t, map[string]any{"parent": institution, "cursor": cursor}), nil)
			if r.err != nil {
				t.Fatal(r.err)
			}
			cursor = r.answer["cursor"].(string)
			changes = append(changes, r.answer["change"].(map[string]any))
		}
		return changes
	}
	// live takes what is posted by itself, so that a redelivery begins after it.
	live := func(from, to int) {
		for n := from; n <= to; n++ {
			if c := <-posted; int(c["sequence"].(float64)) != n {
				t.Fatalf("posted is %v, want change %d", c, n)
			}
		}
	}
	redelivered := func(n int) (changes []map[string]any) {
		for until := time.Now().Add(time.Minute); ; { // the receiver knows of a change before it is on record as taken
			sent := w.do(t, "registrar", "GetWebhookSubscription", map[string]any{"name": hookName})
			if text(sent, "webhookSubscription.deliveredSequence") == fmt.Sprint(n) {
				break
			} else if time.Now().After(until) {
				t.Fatalf("%v, want %d delivered", sent, n)
			}
		}
		w.do(t, "registrar", "RedeliverChanges", map[string]any{"name": hookName, "firstSequence": 1, "lastSequence": n})
		for range n {
			c := <-posted
			delete(c, "cursor")
			changes = append(changes, c)
		}
		return changes
	}
	everyWay := func(n int) map[string][]map[string]any {
		ways := map[string][]map[string]any{"redelivered": redelivered(n)}
		for _, c := range w.callers() {
			ways["listed over "+c.name()], ways["listed one by one over "+c.name()], ways["watched over "+c.name()] = pages(c, 1000), pages(c, 1), watched(c, n)
		}
		return ways
	}

	before := everyWay(newest())
	n := newest()
	w.do(t, "educator", "RevokeConsent", map[string]any{"name": v["consent"]})
	live(n+1, newest())
	ended := map[string]bool{}
	for _, c := range pages(w.grpc, 1000)[n:] {
		if c["kind"] != "CHANGE_KIND_DELETED" {
			t.Errorf("revoking tells %v", c)
		}
		ended[c["resource"].(string)] = true
	}
	if !ended[v["consent"]] || !ended[v["request"]] || !ended[v["posting"]] {
		t.Errorf("ended are %v", ended)
	}
	for way, changes := range everyWay(newest()) {
		if len(before[way]) != n || len(changes) != newest() {
			t.Fatalf("%s: %d changes of %d, and %d of %d afterwards", way, len(before[way]), n, len(changes), newest())
		}
		states := 0
		for i, was := range before[way] {
			want := maps.Clone(was)
			if ended[was["resource"].(string)] {
				if _, told := was["state"].(map[string]any); told {
					states++
				}
				delete(want, "state")
			}
			is := maps.Clone(changes[i])
			if is["state"] == nil {
				delete(is, "state")
			}
			if string(marshal(t, is)) != string(marshal(t, want)) {
				t.Errorf("%s: change %d is %v, was %v", way, i+1, is, was)
			}
		}
		if states < 3 {
			t.Errorf("%s: %d of %d changes said something before", way, states, n)
		}
		if told := string(marshal(t, changes)); strings.Contains(told, v["registration"]) || strings.Contains(told, `"credits":3`) {
			t.Errorf("%s: it still tells %s", way, told)
		}
	}

	// A new consent opens what is so now, and nothing of before.
	closed := newest()
	w.do(t, "educator", "CreateConsent", map[string]any{"parent": v["educator"], "consent": map[string]any{"institution": institution}})
	live(closed+1, newest())
	for way, changes := range everyWay(newest()) {
		for i, c := range changes {
			told, _ := c["state"].(map[string]any)
			if mine := ended[c["resource"].(string)]; mine && len(told) > 0 && i < closed || i >= closed && len(told) == 0 {
				t.Errorf("%s: after a new consent change %d is %v", way, i+1, c)
			}
		}
	}
}
