package mdns

import (
	"log"
	"net"
	"strings"
	"testing"

	"github.com/hashicorp/mdns"
	"github.com/miekg/dns"
)

// TestAnnouncement: whoever looks for Wyoming services finds the name, the port and the addresses.
func TestAnnouncement(t *testing.T) {
	a := Announcement{Type: "_wyoming._tcp", Name: "orac-living room-stt", Listen: ":10300"}
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

// TestWhatElseIsTold: each line of the text is a string of its own.
func TestWhatElseIsTold(t *testing.T) {
	z, err := zoneOf(Announcement{Type: "_esphomelib._tcp", Name: "orac-kitchen", Listen: ":6053", Text: "mac=02aabbccddee\nversion=2026.8.0"}, []net.IP{net.ParseIP("192.0.2.7")})
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, r := range z.message(false).Answer {
		if txt, ok := r.(*dns.TXT); ok {
			texts = txt.Txt
		}
	}
	if len(texts) != 2 || texts[0] != "mac=02aabbccddee" || texts[1] != "version=2026.8.0" {
		t.Errorf("%q", texts)
	}
}

// TestNoAnnouncementOnLoopback: an address that only this machine reaches is announced to nobody.
func TestNoAnnouncementOnLoopback(t *testing.T) {
	if on, ips := interfacesFor("127.0.0.1:10300"); len(on) > 0 || len(ips) > 0 {
		t.Errorf("%v, %v", on, ips)
	}
}

// TestLongNamesAreAnnounced, and stay apart from others that begin alike.
func TestLongNamesAreAnnounced(t *testing.T) {
	long := "orac-" + strings.Repeat("a", 63) + "-" + strings.Repeat("b", 63)
	seen := map[string]bool{}
	for _, name := range []string{long, long + "c", "orac-" + strings.Repeat("ü", 40), "orac-kitchen-stt"} {
		z, err := zoneOf(Announcement{Type: "_wyoming._tcp", Name: name, Listen: ":10300"}, []net.IP{net.ParseIP("192.0.2.7")})
		if err != nil {
			t.Fatal(err)
		}
		packet, err := z.message(false).Pack()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var m dns.Msg
		if err := m.Unpack(packet); err != nil {
			t.Fatal(err)
		}
		instance := m.Answer[0].(*dns.PTR).Ptr
		if seen[instance] || !strings.HasPrefix(instance, "orac-") {
			t.Errorf("%s is announced as %s", name, instance)
		}
		seen[instance] = true
	}
}

// TestARivalIsFound: another machine, or another service of this one, that goes by the same name.
func TestARivalIsFound(t *testing.T) {
	z, err := zoneOf(Announcement{Type: "_wyoming._tcp", Name: "orac-kitchen-stt", Listen: ":10300"}, []net.IP{net.ParseIP("192.0.2.7"), net.ParseIP("192.0.2.8")})
	if err != nil {
		t.Fatal(err)
	}
	entry := func(name, ip string, port int) *mdns.ServiceEntry {
		return &mdns.ServiceEntry{Name: name + "._wyoming._tcp.local.", AddrV4: net.ParseIP(ip), Port: port}
	}
	for _, c := range []struct {
		found *mdns.ServiceEntry
		want  string
	}{
		{entry("orac-kitchen-stt", "192.0.2.8", 10300), ""}, // our own, announced before
		{entry("orac-bath-stt", "192.0.2.9", 10300), ""},
		{entry("orac-kitchen-stt", "192.0.2.9", 10300), "192.0.2.9"},
		{entry("Orac-Kitchen-STT", "192.0.2.9", 10300), "192.0.2.9"},
		{entry("orac-kitchen-stt", "192.0.2.7", 10301), "192.0.2.7"},
		{&mdns.ServiceEntry{Name: "orac-kitchen-stt._wyoming._tcp.local."}, ""}, // nobody knows where
	} {
		if got := rivalOf(z, []*mdns.ServiceEntry{entry("other", "192.0.2.3", 1), c.found}); got != c.want {
			t.Errorf("%+v: %q", c.found, got)
		}
	}
}

// TestRivalsOnTheNetwork: what another program announces is found, on the network of this machine alone.
func TestRivalsOnTheNetwork(t *testing.T) {
	lo, err := net.InterfaceByName("lo")
	if err != nil {
		t.Skip("no loopback interface of that name")
	}
	z, err := zoneOf(Announcement{Type: "_wyoming._tcp", Name: "orac-kitchen-stt", Listen: ":10300"}, []net.IP{net.ParseIP("127.0.0.9")})
	if err != nil {
		t.Fatal(err)
	}
	other, err := mdns.NewServer(&mdns.Config{Zone: z, Iface: lo, Logger: log.New(nowhere{}, "", 0)})
	if err != nil {
		t.Skipf("the loopback interface carries no multicast: %v", err)
	}
	defer other.Shutdown()
	found := look(t.Context(), lo, "_wyoming._tcp")
	if len(found) == 0 {
		t.Skip("the loopback interface carries no multicast")
	}
	ours := &zone{&mdns.MDNSService{Instance: "orac-kitchen-stt", Service: "_wyoming._tcp", Port: 10300, IPs: []net.IP{net.ParseIP("127.0.0.1")}}}
	if got := rivalOf(ours, found); got != "127.0.0.9" {
		t.Errorf("%q of %+v", got, found[0])
	}
}
