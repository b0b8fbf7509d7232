package runbook

import (
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// away allows addresses of other machines, and of this machine only those that run already. What listens on loopback alone often asks
// nobody for a login, and what answers at a link-local address of a cloud hands out its credentials.
func away(j *judge, u use) string {
	if u.attr.Default || u.attr.Value.IsNull() || isEmpty(u.attr) || j.runs(u) || !isInside(hostOf(u.attr.Revealed())) {
		return ""
	}
	return "would send to this machine itself, or to what only it can reach"
}

// hostOf is the host of an address: of a URL, or HOST:PORT, or a host alone.
func hostOf(address string) string {
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		return u.Hostname()
	}
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	return address
}

// isInside tells whether a host is this machine by its name or number, or can be reached by it alone. Of other names nobody knows yet
// where they lead; whoever connects looks at that (package wire).
func isInside(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") || host == "ip6-localhost" || host == "ip6-loopback" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	ip = ip.Unmap().WithZone("")
	return ip.IsLoopback() || ip.IsUnspecified() || ip.Is4() && ip.IsLinkLocalUnicast() || ip == netip.MustParseAddr("fd00:ec2::254")
}
