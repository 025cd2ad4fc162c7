package fetch

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestGet(t *testing.T) {
	h := serve(t, func(w http.ResponseWriter, r *http.Request) {
		for name, want := range map[string]string{
			"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "btlc",
			"Cookie": "", "Referer": "", "Authorization": "",
		} {
			if value := r.Header.Get(name); value != want {
				t.Errorf("%s: %q, want %q", name, value, want)
			}
		}
		w.Header().Set("Content-Type", "Application/JSON; charset=utf-8")
		_, _ = w.Write([]byte(`{"a":1}`))
	})
	document := fetched(t, h.client(t, Config{}), h.URL+"/did.json?a=b#c")
	if document.URL != h.URL+"/did.json?a=b#c" || document.ContentType != jsonType || string(document.Body) != `{"a":1}` {
		t.Errorf("%+v", document)
	}
}

func TestNothingIsAllowedByDefault(t *testing.T) {
	h := serve(t, func(w http.ResponseWriter, _ *http.Request) { answer(w, "{}") })
	c, err := New(Config{RootCAs: h.roots()})
	if err != nil {
		t.Fatal(err)
	}
	refused(t, c, h.URL, ErrHost)
	if asked := h.asked.Load(); asked != 0 {
		t.Errorf("asked %d times", asked)
	}
}

func TestURLsThatAreRefused(t *testing.T) {
	h := serve(t, func(w http.ResponseWriter, _ *http.Request) { answer(w, "{}") })
	c := h.client(t, Config{Hosts: []string{"badges.example.com", "https://badges.example.com:8443"}})
	for url, want := range map[string]error{
		"":                                  ErrURL,
		"%":                                 ErrURL,
		"/did.json":                         ErrURL,
		"badges.example.com":                ErrURL,
		"//badges.example.com/":             ErrURL,
		"https:badges.example.com":          ErrURL,
		"https:///did.json":                 ErrURL,
		"https://me@badges.example.com/":    ErrURL,
		"https://me:pw@badges.example.com/": ErrURL,
		"file:///etc/passwd":                ErrURL,
		"file://badges.example.com/a":       ErrURL,
		"gopher://badges.example.com/":      ErrURL,
		"http://badges.example.com/":        ErrHost,
		"http://badges.example.com:443/":    ErrHost,
		"https://badges.example.com:444/":   ErrHost,
		"https://badges.example.com.:443/":  ErrHost,
		"https://example.com/":              ErrHost,
		"https://a.badges.example.com/":     ErrHost,
		"https://badges.example.com@a.org/": ErrURL,
		"http" + h.URL[len("https"):]:       ErrHost,
		h.at("2130706433"):                  ErrHost,
		h.at("127.1"):                       ErrHost,
		h.at("::ffff:127.0.0.1"):            ErrHost,
		h.at("localhost"):                   ErrHost,
	} {
		refused(t, c, url, want)
	}
	if asked := h.asked.Load(); asked != 0 {
		t.Errorf("asked %d times", asked)
	}
}

func TestHostsOfTheConfiguration(t *testing.T) {
	for _, host := range []string{
		"", "https://", "https://badges.example.com/", "https://badges.example.com/a", "https://badges.example.com?a", "me@badges.example.com",
		"*.example.com", "http://badges.example.com", "http://10.0.0.1", "ftp://127.0.0.1", "badges.example.com:https",
	} {
		if _, err := New(Config{Hosts: []string{host}}); err == nil {
			t.Errorf("%q is taken", host)
		}
	}
	for _, config := range []Config{{Timeout: -1}, {MaxBytes: -1}} {
		if _, err := New(config); err == nil {
			t.Errorf("%+v is taken", config)
		}
	}
	_, err := New(Config{Hosts: []string{"ftp://one.example", "two.example", "ftp://three.example"}})
	if err == nil || !strings.Contains(err.Error(), "one.example") || !strings.Contains(err.Error(), "three.example") {
		t.Errorf("not every fault is told: %v", err)
	}
}

// Without TLS only an address of this machine, and only when it was named with its port.
func TestLoopbackWithoutTLS(t *testing.T) {
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answer(w, "{}") }))
	t.Cleanup(plain.Close)
	c, err := New(Config{Hosts: []string{plain.URL}})
	if err != nil {
		t.Fatal(err)
	}
	fetched(t, c, plain.URL)
	refused(t, c, "http://127.0.0.1:1/", ErrHost)
}

func TestNamesThatPointInside(t *testing.T) {
	h := serve(t, func(w http.ResponseWriter, _ *http.Request) { answer(w, "{}") })
	inside := map[string][]string{
		"loopback.example.com": {"127.0.0.1"}, "private.example.com": {"10.0.0.1"}, "metadata.example.com": {"169.254.169.254"},
		"loopback6.example.com": {"::1"}, "ula.example.com": {"fd00::1"}, "nat64.example.com": {"64:ff9b::7f00:1"},
	}
	config := Config{}
	for name := range inside {
		config.Hosts = append(config.Hosts, h.at(name))
	}
	config.Resolver = names(t, inside)
	c := h.client(t, config)
	for _, url := range config.Hosts {
		refused(t, c, url, ErrAddress)
	}
	if asked := h.asked.Load(); asked != 0 {
		t.Errorf("asked %d times", asked)
	}
}

// A name may point to a good address when it is looked at and to another one later: each connection looks anew.
func TestRebinding(t *testing.T) {
	h := serve(t, func(w http.ResponseWriter, _ *http.Request) { answer(w, "{}") })
	url := h.at("rebound.example.com")
	c := h.client(t, Config{
		Hosts: []string{url}, Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
		Resolver: names(t, map[string][]string{"rebound.example.com": {"127.0.0.1", "127.0.0.53"}}),
	})
	fetched(t, c, url)
	refused(t, c, url, ErrAddress)
}

func TestRedirects(t *testing.T) {
	h := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Referer") != "" || r.Header.Get("Cookie") != "" {
			t.Errorf("%s: the request tells where it comes from: %v", r.URL, r.Header)
		}
		w.Header().Set("Set-Cookie", "session=1; Path=/")
		left, err := strconv.Atoi(r.URL.Path[1:])
		if err != nil || left == 0 {
			answer(w, "{}")
			return
		}
		http.Redirect(w, r, fmt.Sprintf("/%d", left-1), http.StatusFound)
	})
	c := h.client(t, Config{})
	if document := fetched(t, c, h.URL+"/3"); document.URL != h.URL+"/0" {
		t.Errorf("ended at %s", document.URL)
	}
	refused(t, c, h.URL+"/4", ErrRedirects)
}

func TestRedirectsElsewhere(t *testing.T) {
	var target string
	h := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, target, http.StatusTemporaryRedirect)
	})
	other := serve(t, func(w http.ResponseWriter, _ *http.Request) { answer(w, "{}") })
	inside := other.at("inside.example.com")
	c := h.client(t, Config{
		Hosts: []string{inside}, Resolver: names(t, map[string][]string{"inside.example.com": {"127.0.0.1"}}),
	})
	for _, redirect := range []struct {
		to   string
		want error
	}{
		{"http://169.254.169.254/latest/meta-data/", ErrHost},
		{"https://10.0.0.1/", ErrHost},
		{other.URL, ErrHost},
		{"http" + h.URL[len("https"):], ErrHost},
		{inside, ErrAddress},
		{"https://me:pw@" + h.Listener.Addr().String(), ErrURL},
		{"file:///etc/passwd", ErrURL},
	} {
		target = redirect.to
		refused(t, c, h.URL, redirect.want)
	}
	if asked := other.asked.Load(); asked != 0 {
		t.Errorf("the other host was asked %d times", asked)
	}
}

func TestTypesAndStatuses(t *testing.T) {
	h := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/404":
			w.Header().Set("Content-Type", jsonType)
			w.WriteHeader(http.StatusNotFound)
		case "/206":
			w.Header().Set("Content-Type", jsonType)
			w.WriteHeader(http.StatusPartialContent)
		case "/none":
			w.Header()["Content-Type"] = nil
			_, _ = w.Write([]byte("{}"))
		case "/deflate":
			w.Header().Set("Content-Encoding", "deflate")
			answer(w, "{}")
		default:
			w.Header().Set("Content-Type", r.URL.Path[1:])
			_, _ = w.Write([]byte("{}"))
		}
	})
	c := h.client(t, Config{})
	for path, status := range map[string]int{"/404": 404, "/206": 206} {
		if refusal := refused(t, c, h.URL+path, ErrStatus); refusal.Status != status {
			t.Errorf("%s: status %d", path, refusal.Status)
		}
	}
	for _, path := range []string{"/none", "/deflate", "/text/html", "/application/json+x", "/application/json;;"} {
		refused(t, c, h.URL+path, ErrContentType)
	}
	for _, accepted := range []string{"application/vc", "application/ld+json"} {
		document, err := c.Get(t.Context(), h.URL+"/"+accepted, "application/vc", "application/ld+json")
		if err != nil || document.ContentType != accepted {
			t.Errorf("%s: %v, %v", accepted, document, err)
		}
	}
}

func TestSizes(t *testing.T) {
	const most = 1000
	h := serve(t, func(w http.ResponseWriter, r *http.Request) {
		size, err := strconv.Atoi(r.URL.Path[2:])
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", jsonType)
		body := bytes.Repeat([]byte("1"), size)
		if r.URL.Path[1] == 'z' {
			w.Header().Set("Content-Encoding", "GZIP")
			zipper := gzip.NewWriter(w)
			defer zipper.Close()
			_, _ = zipper.Write(body)
			return
		}
		_, _ = w.Write(body)
	})
	c := h.client(t, Config{MaxBytes: most})
	for _, kind := range []string{"/p", "/z"} {
		for _, size := range []int{0, 1, most} {
			if got := len(fetched(t, c, fmt.Sprintf("%s%s%d", h.URL, kind, size)).Body); got != size {
				t.Errorf("%s: %d of %d bytes", kind, got, size)
			}
		}
		refused(t, c, fmt.Sprintf("%s%s%d", h.URL, kind, most+1), ErrTooLarge)
	}
	// 20 MB in 20 KB, which are within the bound as they arrive.
	refused(t, h.client(t, Config{}), h.URL+"/z20000000", ErrTooLarge)
}

// A body without end is given up at the bound, not when it has filled the memory.
func TestEndlessBody(t *testing.T) {
	h := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", jsonType)
		for block := make([]byte, 32<<10); ; {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	})
	refused(t, h.client(t, Config{}), h.URL, ErrTooLarge)
}

func TestSlowHosts(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"silent": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"a body that drips": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", jsonType)
			drops := time.NewTicker(10 * time.Millisecond)
			defer drops.Stop()
			for {
				_, _ = w.Write([]byte("1"))
				_ = http.NewResponseController(w).Flush()
				select {
				case <-r.Context().Done():
					return
				case <-drops.C:
				}
			}
		},
	} {
		h := serve(t, handler)
		begin := time.Now()
		refused(t, h.client(t, Config{Timeout: 150 * time.Millisecond}), h.URL, ErrTimeout)
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("%s: %v", name, took)
		}
	}
}

func TestCallersWhoGoAway(t *testing.T) {
	ctx, leave := context.WithCancel(t.Context())
	h := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		leave()
		<-r.Context().Done()
	})
	if _, err := h.client(t, Config{}).Get(ctx, h.URL, jsonType); !errors.Is(err, ErrTimeout) {
		t.Errorf("%v", err)
	}
}

func TestHugeHeader(t *testing.T) {
	h := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Filler", strings.Repeat("secret", maxHeaderBytes/6))
		answer(w, "{}")
	})
	tellsNothing(t, refused(t, h.client(t, Config{}), h.URL, ErrUnreachable))
}

// What is no answer of HTTP may come from a service that nobody was to reach; its words stay here.
func TestOtherProtocols(t *testing.T) {
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
		_, _ = io.WriteString(conn, "220 secret.internal ESMTP\r\n")
		_, _ = io.Copy(io.Discard, conn)
	}()
	url := "http://" + listener.Addr().String()
	c, err := New(Config{Hosts: []string{url}})
	if err != nil {
		t.Fatal(err)
	}
	tellsNothing(t, refused(t, c, url, ErrUnreachable))
}

func TestErrorsRepeatNothing(t *testing.T) {
	h := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/status":
			http.Error(w, "secret", http.StatusInternalServerError)
		case "/type":
			w.Header().Set("Content-Type", "text/secret")
		case "/redirect":
			http.Redirect(w, r, "https://secret.internal/secret", http.StatusFound)
		}
	})
	c := h.client(t, Config{})
	for path, reason := range map[string]error{"/status": ErrStatus, "/type": ErrContentType, "/redirect": ErrHost} {
		tellsNothing(t, refused(t, c, h.URL+path+"?secret", reason))
	}
}

func tellsNothing(t *testing.T, err Error) {
	t.Helper()
	if strings.Contains(err.Error(), "secret") {
		t.Error(err.Error())
	}
	if errors.Unwrap(err.Reason) != nil {
		t.Errorf("%v wraps more", err.Reason)
	}
}

func TestUnknownAuthority(t *testing.T) {
	h := serve(t, func(w http.ResponseWriter, _ *http.Request) { answer(w, "{}") })
	c, err := New(Config{Hosts: []string{h.URL}})
	if err != nil {
		t.Fatal(err)
	}
	refused(t, c, h.URL, ErrUnreachable)
}

// A proxy would see every address and reach those that the client may not.
func TestNoProxy(t *testing.T) {
	c, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	if transport, ok := c.http.Transport.(*http.Transport); !ok || transport.Proxy != nil || c.http.Jar != nil {
		t.Error("the client has a proxy or keeps cookies")
	}
}
