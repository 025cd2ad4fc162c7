package fetch

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"testing"
)

func TestGuardedTransport(t *testing.T) {
	h := serve(t, func(w http.ResponseWriter, _ *http.Request) { answer(w, "{}") })
	resolver := names(t, map[string][]string{"inside.example.com": {"127.0.0.1"}, "near.example.com": {"10.0.0.1"}})
	post := func(guard Guard, url string) error {
		guard.RootCAs, guard.Resolver = h.roots(), resolver
		client := http.Client{Transport: guard.Transport()}
		response, err := client.Post(url, jsonType, nil)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		_, err = io.Copy(io.Discard, response.Body)
		return err
	}
	for _, url := range []string{h.URL, h.at("inside.example.com"), h.at("near.example.com"), h.at("::ffff:127.0.0.1"), h.at("::1")} {
		if err := post(Guard{}, url); !errors.Is(err, ErrAddress) {
			t.Errorf("%s: %v", url, err)
		}
	}
	if asked := h.asked.Load(); asked != 0 {
		t.Errorf("asked %d times", asked)
	}
	local := Guard{Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	for _, url := range []string{h.URL, h.at("inside.example.com")} {
		if err := post(local, url); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
	if err := post(local, h.at("near.example.com")); !errors.Is(err, ErrAddress) {
		t.Errorf("a network that was not named: %v", err)
	}
	if transport := local.Transport(); transport.Proxy != nil {
		t.Error("the transport has a proxy")
	}
}

func TestGuardedDial(t *testing.T) {
	h := serve(t, func(http.ResponseWriter, *http.Request) {})
	resolver := names(t, map[string][]string{"inside.example.com": {"127.0.0.1"}, "near.example.com": {"10.0.0.1"}})
	local := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	for _, c := range []struct {
		host     string
		networks []netip.Prefix
		want     error
	}{{"127.0.0.1", nil, ErrAddress}, {"inside.example.com", nil, ErrAddress}, {"near.example.com", local, ErrAddress}, {"127.0.0.1", local, nil}, {"inside.example.com", local, nil}} {
		conn, err := Guard{Networks: c.networks, Resolver: resolver}.Dial(t.Context(), "tcp", net.JoinHostPort(c.host, h.port()))
		if !errors.Is(err, c.want) {
			t.Errorf("%s with %v: %v", c.host, c.networks, err)
		}
		if err == nil {
			_ = conn.Close()
		}
	}
}
