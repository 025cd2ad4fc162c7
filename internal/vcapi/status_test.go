package vcapi

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestStatus(t *testing.T) {
	handler := Handler(options(t))
	const id = "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33"
	entry := map[string]any{"type": statusType, "statusPurpose": "revocation"}
	named := with(credential(t), map[string]any{"id": id})
	secured := issued(t, handler, named, map[string]any{"credentialStatus": entry})
	another := issued(t, handler, credential(t), map[string]any{"credentialStatus": entry})
	mark := func(body map[string]any) int {
		status, _ := send(t, handler, "/credentials/status", body)
		return status
	}
	for _, step := range []struct {
		body   map[string]any
		status int
		holds  bool
	}{
		{map[string]any{"credentialId": "urn:other", "credentialStatus": entry}, http.StatusNotFound, true},
		{map[string]any{"credentialId": "", "credentialStatus": entry}, http.StatusNotFound, true},
		{map[string]any{"credentialId": id}, http.StatusBadRequest, true},
		{map[string]any{"credentialId": id, "credentialStatus": map[string]any{"type": "x"}}, http.StatusBadRequest, true},
		{map[string]any{"credentialId": id, "credentialStatus": map[string]any{"type": statusType, "statusPurpose": "suspension"}}, http.StatusOK, true},
		{map[string]any{"credentialId": id, "credentialStatus": entry}, http.StatusOK, false},
		{map[string]any{"credentialId": id, "credentialStatus": entry, "status": false}, http.StatusOK, true},
		{map[string]any{"credentialId": id, "credentialStatus": entry, "status": true}, http.StatusOK, false},
	} {
		if got := mark(step.body); got != step.status {
			t.Errorf("%v: %d", step.body, got)
		}
		if wrong := holds(t, handler, secured, nil); (wrong == "") != step.holds || wrong != "" && !strings.Contains(wrong, problemStatus) {
			t.Errorf("%v: %q", step.body, wrong)
		}
		if wrong := holds(t, handler, another, nil); wrong != "" {
			t.Errorf("another one: %s", wrong)
		}
	}
	if wrong := holds(t, handler, secured, map[string]any{"checks": []any{"proof"}}); wrong != "" {
		t.Errorf("the proof alone: %s", wrong)
	}
	status, list := serve(t, handler, httptest.NewRequest(http.MethodGet, "/status-lists/revocation", nil))
	if status != http.StatusOK || list["id"] != base+"/status-lists/revocation" {
		t.Fatalf("%d: %v", status, list)
	}
	if wrong := holds(t, handler, list, nil); wrong != "" {
		t.Errorf("the list: %s", wrong)
	}
	if status, _ := serve(t, handler, httptest.NewRequest(http.MethodGet, "/status-lists/colour", nil)); status != http.StatusNotFound {
		t.Errorf("another list: %d", status)
	}
	o := options(t)
	o.BaseURL = ""
	if status, _ := send(t, Handler(o), "/credentials/issue", map[string]any{"credential": named, "options": map[string]any{"credentialStatus": entry}}); status != http.StatusBadRequest {
		t.Errorf("without lists: %d", status)
	}
}

func TestStatusListsFillUp(t *testing.T) {
	l := newLists()
	for i := range 131072 {
		if position, err := l.take(""); err != nil || position != i {
			t.Fatalf("%d: %d, %v", i, position, err)
		}
	}
	p := (*problem)(nil)
	if _, err := l.take("urn:a"); !errors.As(err, &p) || p.Status != http.StatusInsufficientStorage {
		t.Errorf("got %v", err)
	}
}
