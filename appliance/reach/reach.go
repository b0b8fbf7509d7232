// Package reach opens connections to the services that a runbook names, and keeps its promise that a name leads to where people think.
//
// Guarantees:
//
//   - Nothing is sent to the addresses at which clouds hand out credentials to their machines, whatever name leads there.
//   - A name that leads to this machine is refused, whatever it resolved to before: programs that only this machine reaches often ask
//     nobody for a login. Who means this machine writes 127.0.0.1 or localhost, which package runbook judges.
package reach

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"
)

// clouds are the addresses of metadata services: of AWS, Azure, Google and others, of containers there, of Alibaba, and of AWS over IPv6.
var clouds = []netip.Addr{
	netip.MustParseAddr("169.254.169.254"), netip.MustParseAddr("169.254.170.2"), netip.MustParseAddr("100.100.100.200"), netip.MustParseAddr("fd00:ec2::254"),
}

// ownName is what Debian writes into /etc/hosts for the machine's own name. What listens on 127.0.0.1 alone is not there.
var ownName = netip.MustParseAddr("127.0.1.1")

// Error tells that an address may not be connected to.
type Error struct {
	Host string // as it was given
	To   netip.Addr
	Why  string
}

func (e *Error) Error() string { return fmt.Sprintf("%s leads to %s: %s", e.Host, e.To, e.Why) }

// Dialer connects to a host within a time. It is for one host: what it resolved to is looked at when it connects, each time.
func Dialer(host string, within time.Duration) *net.Dialer {
	return &net.Dialer{Timeout: within, Control: func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("BUG: %w", err)
		}
		return check(host, to.Addr())
	}}
}

// Dial connects to HOST:PORT.
func Dial(ctx context.Context, network, address string, within time.Duration) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	return Dialer(host, within).DialContext(ctx, network, address)
}

func check(host string, to netip.Addr) error {
	to = to.Unmap().WithZone("")
	switch {
	case slices.Contains(clouds, to):
		return &Error{host, to, "clouds hand out credentials there. No service of a house has that address"}
	case (to.IsLoopback() || to.IsUnspecified()) && to != ownName && !isOwn(host):
		return &Error{host, to, "that is this machine. If it is meant, write 127.0.0.1 in place of the name"}
	}
	return nil
}

// isOwn tells whether a host says by itself that it is this machine.
func isOwn(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	_, err := netip.ParseAddr(host)
	return err == nil || host == "localhost" || strings.HasSuffix(host, ".localhost") || host == "ip6-localhost" || host == "ip6-loopback"
}
