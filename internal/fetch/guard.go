package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"syscall"
)

// Guard says which addresses may be connected to: those of the public internet, and those of the networks it names.
type Guard struct {
	// Networks may be reached though they are not of the public internet.
	Networks []netip.Prefix
	// RootCAs are whose certificates are trusted; the system's when nil.
	RootCAs *x509.CertPool
	// Resolver finds the addresses of hosts; the system's when nil.
	Resolver *net.Resolver
}

// Transport is for requests to hosts of others' choice, such as messages to subscribers: it connects to no address that
// the guard refuses, whether the URL has the address or a name that points to it, and fails with ErrAddress. It uses no
// proxy, holds no connections open, expands nothing, and takes 64 KiB of header at most. Which schemes and ports are
// asked, for how long, whether redirects are followed and how much is read is up to who uses it.
func (g Guard) Transport() *http.Transport {
	return g.transport(func(string) netip.Addr { return netip.Addr{} })
}

// transport may besides reach the one address that excepted names for a host; the zero value names none.
func (g Guard) transport(excepted func(host string) netip.Addr) *http.Transport {
	return &http.Transport{
		// Its zero fields matter as much: no proxy from the environment, no HTTP/2.
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			host, _, err := net.SplitHostPort(address)
			if err != nil {
				return nil, err
			}
			return g.dial(ctx, network, address, excepted(host).Unmap())
		},
		TLSClientConfig:        &tls.Config{RootCAs: g.RootCAs, MinVersion: tls.VersionTLS12},
		DisableKeepAlives:      true,
		DisableCompression:     true, // it would expand without bound
		MaxResponseHeaderBytes: maxHeaderBytes,
	}
}

// Dial connects for protocols other than HTTP, and fails with ErrAddress at an address that the guard refuses, whether it
// is given or a name points to it.
func (g Guard) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return g.dial(ctx, network, address, netip.Addr{})
}

// dial connects to a host's address after looking at it: the name was looked up a moment ago, so what it pointed to
// earlier does not matter.
func (g Guard) dial(ctx context.Context, network, address string, excepted netip.Addr) (net.Conn, error) {
	dialer := &net.Dialer{Resolver: g.Resolver, Control: func(_, address string, _ syscall.RawConn) error {
		reached, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		if ip := reached.Addr().Unmap(); ip != excepted && !g.reachable(ip) {
			return ErrAddress
		}
		return nil
	}}
	return dialer.DialContext(ctx, network, address)
}

func (g Guard) reachable(ip netip.Addr) bool {
	return public(ip) || slices.ContainsFunc(g.Networks, func(network netip.Prefix) bool { return network.Contains(ip) })
}
