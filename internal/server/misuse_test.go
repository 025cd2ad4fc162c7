package server_test

import (
	"maps"
	"net/http"
	"slices"
	"sync"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/btlc/btlc/internal/api"
)

// TestMisuse runs the cases once more and misuses the RPCs on the way, over both transports, where a case calls one with
// success: so nothing else is wrong with the request. How an RPC can be misused is read from its descriptor, and one that
// no case lets be misused fails.
func TestMisuse(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	done, files := map[protoreflect.Name]bool{}, caseFiles(t)
	left := len(files)
	t.Run("cases", func(t *testing.T) {
		for _, file := range files {
			t.Run(file.name, func(t *testing.T) {
				t.Parallel()
				m := newMisuser(t)
				m.run(t, file.cases, m.step)
				mu.Lock()
				defer mu.Unlock()
				maps.Copy(done, m.done)
				left--
			})
		}
	})
	for _, method := range allMethods() {
		kind := kindOf(method)
		if _, tried := done[method.Name()]; !tried && kind != get && left == 0 {
			t.Errorf("%s cannot be misused: no case calls it as %s", method.Name(), kind)
		}
	}
}

// kind is what the descriptor of an RPC says that it does, told by the call that a case needs for it.
type kind string

const (
	get   kind = "a read without pages, in which there is nothing to misuse"
	look  kind = "a read by POST"
	list  kind = "a list from its first page"
	write kind = "a write that is carried out"
)

func kindOf(method protoreflect.MethodDescriptor) kind {
	verb, _ := verbOf(httpRule(method))
	switch fields := method.Input().Fields(); {
	case fields.ByName("page_token") != nil:
		return list
	case fields.ByName("request_id") != nil:
		return write
	case verb != http.MethodGet:
		return look
	}
	return get
}

// keyless are the writes that take no idempotency key, with the tables that they write: what a key keeps of an anonymous answer
// would join it to a person.
var keyless = map[protoreflect.Name][]string{"SubmitFeedback": {"feedback_answers", "feedback_participations"}}

// misuser takes a world through its cases.
type misuser struct {
	*world
	// done has the RPCs that were misused: once is enough, but false says that a list had no second page.
	done map[protoreflect.Name]bool
	// token is a page token of some list.
	token string
}

func newMisuser(t *testing.T) *misuser {
	t.Helper()
	w := newWorld(t)
	return &misuser{w, map[protoreflect.Name]bool{}, text(w.do(t, "staff", "ListCourses", map[string]any{"pageSize": 1}), "nextPageToken")}
}

// attempt is a call that succeeds when it is made as it stands.
type attempt struct {
	where   string
	method  protoreflect.MethodDescriptor
	key     string
	request map[string]any
}

func (m *misuser) step(t *testing.T, where string, s step, memory map[string]reply) {
	t.Helper()
	method := methodNamed(t, s.RPC)
	key, request := m.ready(t, where, s)
	plain := s.Error == "" && s.Headers == nil && s.SameAs == "" && request["validateOnly"] != true && request["pageToken"] == nil
	if kind := kindOf(method); plain && !m.done[method.Name()] {
		a := attempt{where, method, key, deepCopy(request)}
		switch kind {
		case write:
			m.done[method.Name()] = true
			m.judge(t, where, s, m.misuseWrite(t, a), memory)
			return
		case list:
			m.done[method.Name()] = m.misusePages(t, a)
		case look:
			m.done[method.Name()] = true
			before := m.state(t)
			defer func() {
				if changed := before.changed(m.state(t)); slices.ContainsFunc(changed, func(table string) bool {
					return table != "audit_entries" && table != "webhook_deliveries" && !slices.Contains(keyless[method.Name()], table) // what was read, and what was tried out
				}) {
					t.Errorf("%s: it takes no idempotency key and changed %v", where, changed)
				}
			}()
		case get:
		}
	}
	m.world.step(t, "grpc", where, s, memory)
}

// misuseWrite makes a call, once, that writes. The calls around it, all under the same idempotency key, change nothing;
// those before it do not even take the key.
func (m *misuser) misuseWrite(t *testing.T, a attempt) reply {
	t.Helper()
	if a.request["requestId"] == nil {
		a.request["requestId"] = "misused"
	}
	before := m.state(t)
	m.stale(t, a)
	m.abandon(t, a)
	if changed := before.changed(m.state(t)); changed != nil {
		t.Errorf("%s: what was refused or given up changed %v", a.where, changed)
	}
	first := m.callers()[len(m.done)%2].call(t, a.method, a.key, marshal(t, a.request), nil)
	if first.err != nil {
		return first
	}
	if first.header[api.ReplayedHeader] != "" {
		t.Errorf("%s: what was refused or given up took the idempotency key", a.where)
	}
	before = m.state(t)
	m.repeat(t, a, first)
	m.reuse(t, a)
	if changed := before.changed(m.state(t)); changed != nil {
		t.Errorf("%s: what came again under its idempotency key changed %v", a.where, changed)
	}
	return first
}

// wants says what a misuse was answered, when it was not the reason.
func (a attempt) wants(t *testing.T, misuse string, c caller, r reply, reason api.Reason) {
	t.Helper()
	if r.err == nil || r.err.Reason != reason {
		t.Errorf("%s over %s, %s: %v %v, wanted %s", a.where, c.name(), misuse, r.err, violationsOf(r.err), reason)
	}
}
