package models

import (
	"errors"
	"net/netip"
	"slices"
	"syscall"
)

// errClosed is why nothing is fetched from a host: one sentence for a name that nobody has, and for one of the local network.
var errClosed = errors.New("the host has no public address: its name is unknown, or it is in a private network " +
	"(check the name and the network; to fetch from your own network, set private_source = true in the model block)")

// control refuses a connection before it is made. It is given the very address that is dialled: a name that had another one when
// it was looked up before gains nothing.
func control(refused func(netip.Addr, bool) bool, private bool) func(network, address string, _ syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		a, err := netip.ParseAddrPort(address)
		if err != nil || refused(a.Addr(), private) {
			return errClosed
		}
		return nil
	}
}

// closed tells whether an address is never fetched from: without private, all that is not of the public internet; with it, the
// addresses that are no machine's own, and those where clouds keep the credentials of a machine.
func closed(a netip.Addr, private bool) bool {
	a = a.WithZone("").Unmap()
	for {
		inner, ok := embedded(a)
		if !ok {
			break
		}
		a = inner
	}
	in := func(p netip.Prefix) bool { return p.Contains(a) }
	if slices.ContainsFunc(never, in) {
		return true
	}
	if slices.ContainsFunc(own, in) {
		return !private
	}
	return a.Is6() && !internet6.Contains(a) || slices.ContainsFunc(special, in)
}

// embedded is the IPv4 address that an IPv6 address stands for: a translator (NAT64, RFC 6052) or a relay (6to4, RFC 3056) would
// connect to it.
func embedded(a netip.Addr) (netip.Addr, bool) {
	if !a.Is6() {
		return a, false
	}
	b := a.As16()
	switch {
	case netip.MustParsePrefix("64:ff9b::/96").Contains(a), netip.MustParsePrefix("::/96").Contains(a) && a != netip.IPv6Unspecified() && a != netip.IPv6Loopback():
		return netip.AddrFrom4([4]byte(b[12:])), true
	case netip.MustParsePrefix("2002::/16").Contains(a):
		return netip.AddrFrom4([4]byte(b[2:6])), true
	}
	return a, false
}

// never are addresses that no runbook can allow.
var never = prefixes(
	"0.0.0.0/8", "::/128", // this host
	"169.254.0.0/16", "fe80::/10", // link-local, where clouds keep credentials
	"100.100.100.200/32", "192.0.0.192/32", "fd00:ec2::254/128", "fd20:ce::254/128", // and elsewhere
	"224.0.0.0/4", "ff00::/8", // multicast
	"240.0.0.0/4", // reserved, and broadcast
)

// own are the addresses of this machine and of local networks.
var own = prefixes(
	"127.0.0.0/8", "::1/128",
	"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fec0::/10",
	"100.64.0.0/10", // shared with the provider (RFC 6598)
)

// special are addresses of the internet that are no public machine's (the special-purpose registries of IANA).
var special = prefixes(
	"192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
	"2001::/23", "2001:db8::/32", "3fff::/20",
)

// internet6 is all of IPv6 that is given to public machines.
var internet6 = netip.MustParsePrefix("2000::/3")

func prefixes(texts ...string) (list []netip.Prefix) {
	for _, t := range texts {
		list = append(list, netip.MustParsePrefix(t))
	}
	return list
}
