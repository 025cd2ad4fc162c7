package fetch

import (
	"net/netip"
	"testing"

	"pgregory.net/rapid"
)

func TestPublic(t *testing.T) {
	for text, want := range map[string]bool{
		"1.1.1.1": true, "9.255.255.255": true, "11.0.0.0": true, "100.63.255.255": true, "100.128.0.0": true, "172.32.0.1": true,
		"192.0.1.1": true, "223.255.255.255": true, "2606:4700::1111": true, "2a00::1": true, "::ffff:1.1.1.1": true,

		"0.0.0.0": false, "0.1.2.3": false, "127.0.0.1": false, "127.255.255.255": false, "10.0.0.1": false,
		"172.16.0.1": false, "172.31.255.255": false, "192.168.1.1": false, "169.254.169.254": false, "100.64.0.1": false,
		"100.127.255.255": false, "192.0.0.170": false, "192.0.2.1": false, "192.88.99.1": false, "198.18.0.1": false, "198.19.255.255": false,
		"198.51.100.1": false, "203.0.113.1": false, "224.0.0.1": false, "239.255.255.255": false, "240.0.0.1": false, "255.255.255.255": false,

		"::": false, "::1": false, "::1.1.1.1": false, "::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::ffff:0:1.1.1.1": false,
		"64:ff9b::1.1.1.1": false, "64:ff9b:1::1": false, "100::1": false, "2001::1": false, "2001:db8::1": false, "2002:7f00:1::": false,
		"3fff::1": false, "5f00::1": false, "fc00::1": false, "fd00::1": false, "fe80::1": false, "fe80::1%eth0": false, "fec0::1": false,
		"ff02::1": false,
	} {
		if got := public(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	if public(netip.Addr{}) {
		t.Error("no address is public")
	}
}

// However an IPv4 address is dressed as IPv6, it is not let through where it is not let through as it is.
func TestDressedAddresses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var plain [4]byte
		copy(plain[:], rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "address"))
		ip := netip.AddrFrom4(plain)
		if mapped := netip.AddrFrom16(ip.As16()); public(mapped) != public(ip) {
			t.Fatalf("%s: %v, and %v as %s", ip, public(ip), public(mapped), mapped)
		}
		for _, prefix := range []string{"::", "64:ff9b::", "64:ff9b:1::", "::ffff:0:0:0"} {
			dressed := netip.MustParseAddr(prefix).As16()
			copy(dressed[12:], plain[:])
			if public(netip.AddrFrom16(dressed)) {
				t.Fatalf("%s is public as %s", ip, netip.AddrFrom16(dressed))
			}
		}
		var sixToFour [16]byte
		copy(sixToFour[:], []byte{0x20, 0x02, plain[0], plain[1], plain[2], plain[3]})
		if public(netip.AddrFrom16(sixToFour)) {
			t.Fatalf("%s is public by 6to4", ip)
		}
	})
}
