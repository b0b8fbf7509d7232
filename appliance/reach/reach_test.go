package reach

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// TestWhereNamesMayLead: the address that is connected to decides, and not what a name seems to be.
func TestWhereNamesMayLead(t *testing.T) {
	for _, c := range []struct {
		host, to, why string // why: part of the error, "" for none
	}{
		{"home.local", "192.168.1.2", ""},
		{"home.local", "fe80::1", ""},
		{"home.local", "2001:db8::1", ""},
		{"127.0.0.1", "127.0.0.1", ""},
		{"::1", "::1", ""},
		{"localhost", "127.0.0.1", ""},
		{"LOCALHOST.", "::1", ""},
		{"stt.localhost", "127.0.0.1", ""},
		{"raspberrypi", "127.0.1.1", ""}, // its own name, on Debian
		{"evil.example", "127.0.0.1", "this machine"},
		{"evil.example", "127.8.9.10", "this machine"},
		{"evil.example", "::1", "this machine"},
		{"evil.example", "::ffff:127.0.0.1", "this machine"},
		{"evil.example", "0.0.0.0", "this machine"},
		{"evil.example", "::", "this machine"},
		{"2130706433", "127.0.0.1", "this machine"}, // some resolvers read numbers as addresses
		{"127.1", "127.0.0.1", "this machine"},
		{"localhost.evil.example", "127.0.0.1", "this machine"},
		{"evil.example", "169.254.169.254", "credentials"},
		{"169.254.169.254", "169.254.169.254", "credentials"},
		{"::ffff:169.254.169.254", "::ffff:169.254.169.254", "credentials"},
		{"metadata.google.internal", "169.254.169.254", "credentials"},
		{"fd00:ec2::254", "fd00:ec2::254", "credentials"},
		{"localhost", "169.254.170.2", "credentials"},
	} {
		err := check(c.host, netip.MustParseAddr(c.to))
		if (err == nil) != (c.why == "") || err != nil && !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s to %s: %v", c.host, c.to, err)
		}
	}
}

// TestItIsLookedAtWhenItConnects: the same by a real connection, whose resolver nobody asked before.
func TestItIsLookedAtWhenItConnects(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := Dial(t.Context(), "tcp", l.Addr().String(), time.Second)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	d := Dialer("evil.example", time.Second) // as if that name had led there
	if _, err := d.DialContext(t.Context(), "tcp", l.Addr().String()); err == nil {
		t.Error("a name that leads to this machine is connected to")
	} else if e, ok := errors.AsType[*Error](err); !ok || e.Host != "evil.example" {
		t.Errorf("%v", err)
	}
	if _, err := Dial(t.Context(), "tcp", "no port", time.Second); err == nil {
		t.Error("an address without a port")
	}
}
