package fetch

import (
	"context"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
)

const jsonType = "application/json"

// host is a server with TLS on 127.0.0.1 that counts who comes. Its certificate is for 127.0.0.1 and *.example.com.
type host struct {
	*httptest.Server
	asked atomic.Int32
}

func serve(t *testing.T, handler http.HandlerFunc) *host {
	t.Helper()
	h := &host{}
	h.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.asked.Add(1)
		handler(w, r)
	}))
	h.StartTLS()
	t.Cleanup(h.Close)
	return h
}

// at is a URL of the server under another name.
func (h *host) at(name string) string {
	return "https://" + net.JoinHostPort(name, h.port())
}

func (h *host) port() string {
	_, port, _ := net.SplitHostPort(h.Listener.Addr().String())
	return port
}

func (h *host) roots() *x509.CertPool {
	roots := x509.NewCertPool()
	roots.AddCert(h.Certificate())
	return roots
}

// client may ask the server by its address, and whatever else the configuration says.
func (h *host) client(t *testing.T, config Config) *Client {
	t.Helper()
	config.Hosts = append(config.Hosts, h.URL)
	config.RootCAs = h.roots()
	c, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// refused is the error of a request that must fail for that reason.
func refused(t *testing.T, c *Client, url string, reason error) Error {
	t.Helper()
	document, err := c.Get(t.Context(), url, jsonType)
	refusal := new(Error)
	if !errors.Is(err, reason) || !errors.As(err, &refusal) {
		t.Fatalf("%s: %v, %v, want %v", url, document, err, reason)
	}
	return *refusal
}

func fetched(t *testing.T, c *Client, url string) *Document {
	t.Helper()
	document, err := c.Get(t.Context(), url, jsonType)
	if err != nil {
		t.Fatalf("%s: %v", url, err)
	}
	return document
}

func answer(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", jsonType)
	_, _ = w.Write([]byte(body))
}

// names is a DNS server on 127.0.0.1: each look-up of a name gives the next of its addresses, the last one from then on.
func names(t *testing.T, addresses map[string][]string) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() {
		_ = conn.Close()
		<-done
	})
	go func() {
		defer close(done)
		for buffer := make([]byte, 1500); ; {
			n, from, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			_, _ = conn.WriteTo(resolve(buffer[:n], addresses), from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// resolve answers one DNS query (RFC 1035, section 4).
func resolve(query []byte, addresses map[string][]string) []byte {
	var labels []string
	end := 12
	for query[end] != 0 {
		length := int(query[end])
		labels = append(labels, string(query[end+1:end+1+length]))
		end += 1 + length
	}
	kind := binary.BigEndian.Uint16(query[end+1:])
	name := strings.Join(labels, ".")
	end += 5

	reply := append([]byte{query[0], query[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, query[12:end]...)
	left := addresses[name]
	if len(left) == 0 {
		return reply
	}
	ip := netip.MustParseAddr(left[0])
	// Both kinds of address are asked for at each look-up; the one that is there counts.
	if kind == 1 && ip.Is4() || kind == 28 && ip.Is6() {
		if len(left) > 1 {
			addresses[name] = left[1:]
		}
		reply[7] = 1
		reply = append(reply, 0xc0, 12)                    // the name of the question
		reply = binary.BigEndian.AppendUint16(reply, kind) // its type
		reply = append(reply, 0, 1, 0, 0, 0, 0)            // class IN, to be kept for no time
		reply = append(reply, 0, byte(len(ip.AsSlice())))  // length of the address
		reply = append(reply, ip.AsSlice()...)
	}
	return reply
}
