package change_test

import (
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// loopback is where the receivers of tests are.
var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

// got is one message that a receiver was sent.
type got struct {
	id     string
	event  event.Event
	data   map[string]any
	header http.Header
	body   []byte
}

func (g got) number() int {
	if n, ok := g.data["sequence"].(float64); ok {
		return int(n)
	}
	return 0
}

// receiver answers as answer says, and passes on what it has taken.
type receiver struct {
	*httptest.Server
	t     testing.TB
	taken chan got

	mu     sync.Mutex
	secret string
	answer func(got) int
	busy   int
}

func newReceiver(t testing.TB, answer func(got) int) *receiver {
	t.Helper()
	return receiverOn(t, httptest.NewServer, answer)
}

// newTLSReceiver is one whose certificate is of its own making: roots trust it.
func newTLSReceiver(t testing.TB, answer func(got) int) *receiver {
	t.Helper()
	return receiverOn(t, httptest.NewTLSServer, answer)
}

func receiverOn(t testing.TB, start func(http.Handler) *httptest.Server, answer func(got) int) *receiver {
	t.Helper()
	r := &receiver{t: t, taken: make(chan got, 1000), answer: answer}
	r.Server = start(http.HandlerFunc(r.serve))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) roots() *x509.CertPool {
	if r.Certificate() == nil {
		return nil
	}
	roots := x509.NewCertPool()
	roots.AddCert(r.Certificate())
	return roots
}

func (r *receiver) serve(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return // whoever sent it is gone
	}
	r.mu.Lock()
	if r.busy++; r.busy > 1 {
		r.t.Error("two messages at once")
	}
	secret := r.secret
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		r.busy--
		r.mu.Unlock()
	}()
	verifier, err := standardwebhooks.NewWebhook(secret)
	if err == nil {
		err = verifier.Verify(body, req.Header)
	}
	g := got{id: req.Header.Get("webhook-id"), header: req.Header, body: body}
	if err == nil {
		err = json.Unmarshal(body, &g.event)
	}
	if err == nil {
		err = json.Unmarshal(g.event.Data(), &g.data)
	}
	if err != nil {
		r.t.Errorf("message %s: %v", g.id, err)
	}
	status := http.StatusOK
	if r.answer != nil {
		status = r.answer(g)
	}
	w.WriteHeader(status)
	if status < 300 {
		r.taken <- g
	}
}

// next is the next message that was taken.
func (r *receiver) next() got {
	r.t.Helper()
	select {
	case g := <-r.taken:
		return g
	case <-time.After(20 * time.Second):
		r.t.Fatal("nothing was delivered")
		return got{}
	}
}

// want takes as many messages as there are numbers, and compares.
func (r *receiver) want(numbers ...int) {
	r.t.Helper()
	for i, n := range numbers {
		if g := r.next(); g.number() != n {
			r.t.Fatalf("message %d is about change %d (%s), want %d", i+1, g.number(), g.body, n)
		}
	}
}

func upTo(first, last int) (numbers []int) {
	for n := first; n <= last; n++ {
		numbers = append(numbers, n)
	}
	return numbers
}
