package webhook

import (
	"bufio"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/btlc/btlc/internal/fetch"
)

// subscriber is a host with TLS on 127.0.0.1.
func subscriber(t *testing.T, handler http.HandlerFunc) (*httptest.Server, *http.Client) {
	t.Helper()
	server := httptest.NewTLSServer(handler)
	t.Cleanup(server.Close)
	return server, guarded(server, netip.MustParsePrefix("127.0.0.0/8"))
}

// guarded is a client as the server's own is, that may besides reach those networks.
func guarded(server *httptest.Server, networks ...netip.Prefix) *http.Client {
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	return &http.Client{Transport: Transport(fetch.Guard{Networks: networks, RootCAs: roots})}
}

func send(t *testing.T, client *http.Client, url string, secrets ...Secret) Result {
	t.Helper()
	if secrets == nil {
		secrets = []Secret{NewSecret()}
	}
	result, err := Send(t.Context(), client, url, issued(), secrets...)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestDelivery(t *testing.T) {
	older, newer := NewSecret(), NewSecret()
	want, err := issued().Body()
	if err != nil {
		t.Fatal(err)
	}
	server, client := subscriber(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || string(body) != string(want) || r.Method != http.MethodPost || r.URL.RequestURI() != "/hook?tenant=1" || r.ContentLength != int64(len(want)) {
			t.Errorf("%s %s, %d bytes: %s, %v", r.Method, r.URL, r.ContentLength, body, err)
		}
		if r.Header.Get("Content-Type") != "application/cloudevents+json" || r.Header.Get("webhook-id") != issued().ID || r.Header.Get("User-Agent") != "btlc" || r.Header["Idempotency-Key"] != nil {
			t.Errorf("%v", r.Header)
		}
		for _, secret := range []Secret{older, newer} {
			if err := verify(secret, r.Header, body); err != nil {
				t.Error(err)
			}
		}
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, "taken")
	})
	result := send(t, client, server.URL+"/hook?tenant=1", newer, older)
	if result.Took <= 0 {
		t.Errorf("it took %v", result.Took)
	}
	if result.Took = 0; result != (Result{Outcome: Delivered, Status: 202, Excerpt: "taken"}) {
		t.Errorf("%+v", result)
	}
}

// Messages share a connection; one that the host has closed meanwhile is replaced, and the message sent anew.
func TestConnections(t *testing.T) {
	var asked, connections atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		asked.Add(1)
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	client := guarded(server, netip.MustParsePrefix("127.0.0.0/8"))
	for n := range int32(10) {
		if n == 5 {
			server.CloseClientConnections()
		}
		if result := send(t, client, server.URL); result.Outcome != Delivered || asked.Load() != n+1 {
			t.Errorf("message %d: %+v, %d were taken", n, result, asked.Load())
		}
	}
	if got := connections.Load(); got != 2 {
		t.Errorf("there were %d connections, want 2", got)
	}
}

func TestAnswers(t *testing.T) {
	server, client := subscriber(t, func(w http.ResponseWriter, r *http.Request) {
		var status int
		if _, err := fmt.Sscanf(r.URL.Path, "/%d", &status); err != nil {
			t.Error(err)
		}
		w.Header().Set("Retry-After", "60")
		w.WriteHeader(status)
	})
	for status, want := range map[int]Result{
		200: {Outcome: Delivered}, 204: {Outcome: Delivered}, 299: {Outcome: Delivered},
		400: {Outcome: Retry, Err: ErrStatus}, 401: {Outcome: Retry, Err: ErrStatus}, 404: {Outcome: Retry, Err: ErrStatus},
		410: {Outcome: Disable, Err: ErrGone}, 429: {Outcome: Retry, Err: ErrStatus, RetryAfter: time.Minute},
		500: {Outcome: Retry, Err: ErrStatus}, 502: {Outcome: Retry, Err: ErrStatus}, 504: {Outcome: Retry, Err: ErrStatus},
		503: {Outcome: Retry, Err: ErrStatus, RetryAfter: time.Minute},
		300: {Outcome: Retry, Err: ErrRedirect}, 304: {Outcome: Retry, Err: ErrRedirect},
	} {
		got := send(t, client, fmt.Sprintf("%s/%d", server.URL, status))
		got.Took, want.Status = 0, status
		if got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	var asked atomic.Int32
	server, client := subscriber(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		status := http.StatusFound
		if r.URL.Path == "/308" {
			status = http.StatusPermanentRedirect
		}
		w.Header().Set("Set-Cookie", "session=1")
		http.Redirect(w, r, "/elsewhere", status)
	})
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return nil }
	for _, path := range []string{"/302", "/308"} {
		if result := send(t, client, server.URL+path); result.Outcome != Retry || !errors.Is(result.Err, ErrRedirect) {
			t.Errorf("%s: %+v", path, result)
		}
	}
	if got := asked.Load(); got != 2 {
		t.Errorf("asked %d times", got)
	}
}

// A subscriber can name any host. Where the name or the address leads inside, nothing arrives.
func TestAddressesInside(t *testing.T) {
	var asked atomic.Int32
	server, _ := subscriber(t, func(http.ResponseWriter, *http.Request) { asked.Add(1) })
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	client := guarded(server)
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1", "169.254.169.254"} {
		result := send(t, client, "https://"+host+":"+port)
		if result.Outcome != Retry || !errors.Is(result.Err, fetch.ErrAddress) || result.Status != 0 {
			t.Errorf("%s: %+v", host, result)
		}
	}
	if result := send(t, client, "http://127.0.0.1:"+port); !errors.Is(result.Err, fetch.ErrAddress) {
		t.Errorf("without TLS: %+v", result)
	}
	if got := asked.Load(); got != 0 {
		t.Errorf("asked %d times", got)
	}
}

func TestURLs(t *testing.T) {
	for _, good := range []string{"https://hooks.example.org", "https://hooks.example.org:8443/a?b=c", "http://127.0.0.1:8080/", "http://[::1]/"} {
		if err := CheckURL(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{
		"", "/hook", "hooks.example.org", "http://hooks.example.org", "http://localhost/", "http://10.0.0.1/", "ftp://127.0.0.1/", "https://",
		"https:///hook", "https:hook", "https://me@hooks.example.org", "https://me:pw@hooks.example.org", "https://hooks.example.org/#a", "https://%zz",
	} {
		if err := CheckURL(bad); !errors.Is(err, ErrURL) {
			t.Errorf("%s is taken", bad)
		}
		if result := send(t, http.DefaultClient, bad); result.Outcome != Disable || !errors.Is(result.Err, ErrURL) {
			t.Errorf("%s: %+v", bad, result)
		}
	}
}

// drip writes a byte now and then until the other side goes.
func drip(w http.ResponseWriter, r *http.Request) {
	drops := time.NewTicker(10 * time.Millisecond)
	defer drops.Stop()
	for {
		_, _ = io.WriteString(w, "a")
		_ = http.NewResponseController(w).Flush()
		select {
		case <-r.Context().Done():
			return
		case <-drops.C:
		}
	}
}

func TestSlowSubscribers(t *testing.T) {
	server, client := subscriber(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/silent":
			_, _ = io.Copy(io.Discard, r.Body) // or the server would not notice that the client leaves
			<-r.Context().Done()
		case "/drips":
			_, _ = io.Copy(io.Discard, r.Body)
			drip(w, r)
		}
	})
	client.Timeout = time.Second // the handshake has to fit in, on a busy machine too
	silent := send(t, client, server.URL+"/silent")
	if silent.Outcome != Retry || !errors.Is(silent.Err, fetch.ErrTimeout) || silent.Took > 5*time.Second {
		t.Errorf("%+v", silent)
	}
	// The status was there in time.
	dripping := send(t, client, server.URL+"/drips")
	if dripping.Outcome != Delivered || dripping.Took > 5*time.Second || strings.Trim(dripping.Excerpt, "a") != "" || dripping.Excerpt == "" {
		t.Errorf("%+v", dripping)
	}
}

// A header that comes byte by byte, as slowly as it likes.
func TestDrippingHeader(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		// An answer before the request would be an unsolicited one, and refused as such.
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err != nil {
			return
		}
		_, err = io.WriteString(conn, "HTTP/1.1 200 OK\r\nX-Slow: ")
		drops := time.NewTicker(10 * time.Millisecond)
		defer drops.Stop()
		for err == nil {
			<-drops.C
			_, err = io.WriteString(conn, "a")
		}
	}()
	client := &http.Client{
		Transport: Transport(fetch.Guard{Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}),
		Timeout:   150 * time.Millisecond,
	}
	result := send(t, client, "http://"+listener.Addr().String())
	if result.Outcome != Retry || !errors.Is(result.Err, fetch.ErrTimeout) || result.Took > 5*time.Second {
		t.Errorf("%+v", result)
	}
}

func TestBounds(t *testing.T) {
	for given, want := range map[time.Duration]time.Duration{0: Timeout, time.Second: time.Second, time.Hour: Timeout} {
		if got := bounded(&http.Client{Timeout: given}).Timeout; got != want {
			t.Errorf("a client of %v is bounded to %v", given, got)
		}
	}
}

func TestHugeAnswers(t *testing.T) {
	server, client := subscriber(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/header" {
			w.Header().Set("X-Filler", strings.Repeat("a", 1<<20))
			return
		}
		for block := make([]byte, 32<<10); ; {
			for i := range block {
				block[i] = 'a'
			}
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	})
	if result := send(t, client, server.URL+"/body"); result.Outcome != Delivered || result.Excerpt != strings.Repeat("a", MaxExcerpt) {
		t.Errorf("%d bytes: %+v", len(result.Excerpt), result)
	}
	if result := send(t, client, server.URL+"/header"); result.Outcome != Retry || !errors.Is(result.Err, fetch.ErrUnreachable) {
		t.Errorf("%+v", result)
	}
}

func TestExcerpts(t *testing.T) {
	for body, want := range map[string]string{
		"":                                      "",
		"two\r\n\tlines ":                       "two lines",
		"\x1b[31mred\x07\x00\x7f\u0085":         "[31mred",
		"a\u202eb\u200bc\ufeff\u2028d":          "abc d",
		"\xffé学":                                "é学",
		strings.Repeat("a", MaxExcerpt-1) + "é": strings.Repeat("a", MaxExcerpt-1),
	} {
		if len(body) > MaxExcerpt {
			body = body[:MaxExcerpt]
		}
		if got := printable([]byte(body)); got != want {
			t.Errorf("%q is %q, want %q", body, got, want)
		}
	}
}

// Whom the server's stop interrupts has lost no attempt.
func TestCallersWhoGoAway(t *testing.T) {
	ctx, leave := context.WithCancel(t.Context())
	server, client := subscriber(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		leave()
		<-r.Context().Done()
	})
	if result, err := Send(ctx, client, server.URL, issued(), NewSecret()); !errors.Is(err, context.Canceled) {
		t.Errorf("%+v, %v", result, err)
	}
}

func TestCallsThatCannotBeMade(t *testing.T) {
	server, client := subscriber(t, func(http.ResponseWriter, *http.Request) { t.Error("something was sent") })
	if _, err := Send(t.Context(), client, server.URL, Message{}, NewSecret()); !errors.Is(err, ErrMessage) {
		t.Errorf("%v", err)
	}
	if _, err := Send(t.Context(), client, server.URL, issued()); !errors.Is(err, ErrSecrets) {
		t.Errorf("%v", err)
	}
}

func TestUnreachable(t *testing.T) {
	server, client := subscriber(t, func(http.ResponseWriter, *http.Request) {})
	unknown := &http.Client{Transport: fetch.Guard{Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}.Transport()}
	if result := send(t, unknown, server.URL); result.Outcome != Retry || !errors.Is(result.Err, fetch.ErrUnreachable) {
		t.Errorf("a certificate of somebody's own: %+v", result)
	}
	server.Close()
	if result := send(t, client, server.URL); result.Outcome != Retry || !errors.Is(result.Err, fetch.ErrUnreachable) {
		t.Errorf("nobody there: %+v", result)
	}
}
