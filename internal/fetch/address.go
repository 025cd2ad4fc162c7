package fetch

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// origin is what an allowed host is compared by.
type origin struct{ scheme, host, port string }

func originOf(u *url.URL) (origin, error) {
	o := origin{u.Scheme, strings.ToLower(u.Hostname()), u.Port()}
	if o.port == "" {
		switch o.scheme {
		case "https":
			o.port = "443"
		case "http":
			o.port = "80"
		default:
			return origin{}, ErrURL
		}
	}
	return o, nil
}

// parseHost reads a host of the configuration.
func parseHost(text string) (origin, error) {
	written := text
	if !strings.Contains(text, "://") {
		written = "https://" + text
	}
	u, err := url.Parse(written)
	if err != nil || u.Hostname() == "" || strings.Contains(u.Host, "*") || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return origin{}, fmt.Errorf("fetch: %q is not one host, with or without https:// before and a port after", text)
	}
	if ip, err := netip.ParseAddr(u.Hostname()); u.Scheme != "https" && (u.Scheme != "http" || err != nil || !ip.IsLoopback()) {
		return origin{}, fmt.Errorf("fetch: %q is not https, and not a loopback address either", text)
	}
	return originOf(u)
}

// special are the networks within the public ranges that are not, or not surely, of the public internet: IANA's registries
// of special-purpose addresses (RFC 6890), and those of IPv6 that carry an IPv4 address within.
var special = prefixes(
	"0.0.0.0/8",       // this network
	"100.64.0.0/10",   // shared by carriers (CGNAT)
	"192.0.0.0/24",    // protocol assignments
	"192.0.2.0/24",    // documentation
	"192.88.99.0/24",  // 6to4 relays
	"198.18.0.0/15",   // benchmarks
	"198.51.100.0/24", // documentation
	"203.0.113.0/24",  // documentation
	"240.0.0.0/4",     // reserved, and broadcast
	"2001::/23",       // protocol assignments, Teredo among them
	"2001:db8::/32",   // documentation
	"2002::/16",       // 6to4
	"3fff::/20",       // documentation
)

// global6 is all of IPv6 that is given out for the public internet. Outside are, among others, unique local and site-local
// addresses, NAT64 and addresses that are compatible with or translated from IPv4.
var global6 = netip.MustParsePrefix("2000::/3")

func prefixes(texts ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		list[i] = netip.MustParsePrefix(text)
	}
	return list
}

// public tells whether an address is of the public internet. One of IPv4 within IPv6 is judged as what it is.
func public(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.Is6() && !global6.Contains(ip) {
		return false
	}
	for _, network := range special {
		if network.Contains(ip) {
			return false
		}
	}
	return true
}
