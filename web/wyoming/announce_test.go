package wyoming

import (
	"net"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// TestAnnouncement: whoever looks for Wyoming services finds the name, the port and the addresses.
func TestAnnouncement(t *testing.T) {
	a := Announcement{Name: "orac-living room-stt", Listen: ":10300"}
	z, err := zoneOf(a, []net.IP{net.ParseIP("192.0.2.7"), net.ParseIP("2001:db8::7")})
	if err != nil {
		t.Fatal(err)
	}
	for _, gone := range []bool{false, true} {
		packet, err := z.message(gone).Pack()
		if err != nil {
			t.Fatal(err)
		}
		var m dns.Msg
		if err := m.Unpack(packet); err != nil || !m.Response || !m.Authoritative || m.Id != 0 {
			t.Fatalf("%v, %v", m.MsgHdr, err)
		}
		found := map[uint16]string{}
		for _, r := range m.Answer {
			if (r.Header().Ttl == 0) != gone {
				t.Errorf("%v lasts %d s", r, r.Header().Ttl)
			}
			found[r.Header().Rrtype] += r.String()
		}
		for kind, want := range map[uint16]string{
			dns.TypePTR: `orac-living\ room-stt._wyoming._tcp.local.`, dns.TypeSRV: "10300\torac-living-room-stt.local.", dns.TypeA: "192.0.2.7", dns.TypeAAAA: "2001:db8::7",
		} {
			if !strings.Contains(strings.ReplaceAll(found[kind], " orac", "\torac"), want) {
				t.Errorf("the %s record is %q, without %q", dns.TypeToString[kind], found[kind], want)
			}
		}
	}
	if r := z.Records(dns.Question{Name: "_other._tcp.local.", Qtype: dns.TypePTR}); len(r) > 0 {
		t.Errorf("it answers for other services: %v", r)
	}
	if _, err := zoneOf(a, nil); err == nil {
		t.Error("a machine without an address announces itself")
	}
}

// TestNoAnnouncementOnLoopback: an address that only this machine reaches is announced to nobody.
func TestNoAnnouncementOnLoopback(t *testing.T) {
	if on, ips := interfacesFor("127.0.0.1:10300"); len(on) > 0 || len(ips) > 0 {
		t.Errorf("%v, %v", on, ips)
	}
}
