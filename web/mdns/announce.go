// Package mdns announces services on the local network by multicast DNS.
//
// It guarantees:
//
//   - Nothing is announced on networks from which the service cannot be reached, and none on loopback.
//   - A name that another machine, or another service here, has already is not announced; who has it is told.
//   - A service that ends says so; one whose machine gets other addresses is announced again.
package mdns

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/mdns"
	"github.com/miekg/dns"
)

// Announcement is what the network is told of a service.
type Announcement struct {
	Type   string // like "_wyoming._tcp"
	Name   string // of the instance; the same at every start
	Listen string // host:port
	Text   string // what else is told: KEY=VALUE, one a line
}

// Keep announces what is wanted until ctx ends. want may change its mind: it is asked every few seconds. The zero value announces nothing.
func Keep(ctx context.Context, announce func(ctx context.Context, a Announcement), want func() Announcement) {
	var now Announcement
	end := func() {}
	defer func() { end() }()
	for {
		if next := want(); next != now {
			end()
			now, end = next, announcing(ctx, announce, next)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(askAgain):
		}
	}
}

// announcing announces a service until end is called.
func announcing(ctx context.Context, announce func(ctx context.Context, a Announcement), a Announcement) (end func()) {
	if a == (Announcement{}) {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		announce(ctx, a)
	}()
	return func() { cancel(); <-done }
}

const (
	// askAgain is how soon a changed wish is noticed.
	askAgain = 2 * time.Second
	// refreshTime is how often the addresses of the machine are looked at.
	refreshTime = 30 * time.Second
	// sayTwice is the pause before an announcement is repeated: a packet may get lost (RFC 6762, section 8.3).
	sayTwice = time.Second
)

var group = &net.UDPAddr{IP: net.IPv4(224, 0, 0, 251), Port: 5353}

// Announce returns what announces services on the network by multicast DNS.
func Announce(log *slog.Logger) func(ctx context.Context, a Announcement) {
	return func(ctx context.Context, a Announcement) {
		said := ""
		for ctx.Err() == nil {
			found, ips := interfacesFor(a.Listen)
			err := announceOn(ctx, a, found, ips)
			if ctx.Err() == nil && err != nil && err.Error() != said { // said once, not every half minute
				said = err.Error()
				log.Warn("a service cannot announce itself on the network; trying again", "name", a.Name, "cause", said)
			}
			select {
			case <-ctx.Done():
			case <-time.After(refreshTime):
			}
		}
	}
}

// announceOn announces a service on interfaces until ctx ends, or the addresses of the machine change.
func announceOn(ctx context.Context, a Announcement, on []net.Interface, ips []net.IP) error {
	zone, err := zoneOf(a, ips)
	if err != nil {
		return err
	}
	for i := range on {
		if who := rivalOf(zone, look(ctx, &on[i], a.Type)); who != "" {
			return fmt.Errorf("%s announces a service as %q already: give one of the two appliances, or one of the two blocks, another name", who, a.Name)
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	var failed error
	var servers []*mdns.Server
	for i := range on {
		server, err := mdns.NewServer(&mdns.Config{Zone: zone, Iface: &on[i], Logger: log.New(nowhere{}, "", 0)})
		if err != nil {
			failed = fmt.Errorf("%s: %w", on[i].Name, err)
			continue
		}
		servers = append(servers, server)
	}
	defer func() {
		for _, s := range servers {
			_ = s.Shutdown()
		}
	}()
	if len(servers) == 0 {
		if failed == nil {
			failed = fmt.Errorf("no network that can be reached at %s carries multicast", a.Listen)
		}
		return failed
	}
	defer speak(on, zone.message(true)) // goodbye
	speak(on, zone.message(false))
	again := time.After(sayTwice)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-again:
			speak(on, zone.message(false))
		case <-time.After(refreshTime):
			if _, now := interfacesFor(a.Listen); !slices.EqualFunc(now, ips, net.IP.Equal) {
				return nil
			}
		}
	}
}

// nowhere drops what the library says of packets that others send.
type nowhere struct{}

func (nowhere) Write(b []byte) (int, error) { return len(b), nil }

// speak sends a message to everybody on the networks. Whoever misses it asks.
func speak(on []net.Interface, m *dns.Msg) {
	packet, err := m.Pack()
	if err != nil {
		return
	}
	for i := range on {
		conn, err := net.ListenMulticastUDP("udp4", &on[i], group)
		if err != nil {
			continue
		}
		_ = conn.SetWriteDeadline(time.Now().Add(time.Second))
		_, _ = conn.WriteToUDP(packet, group)
		_ = conn.Close()
	}
}

// zone answers questions about a service.
type zone struct{ *mdns.MDNSService }

// zoneOf is what the network is told of a service.
func zoneOf(a Announcement, ips []net.IP) (*zone, error) {
	_, text, err := net.SplitHostPort(a.Listen)
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return nil, err
	}
	if len(ips) == 0 {
		return nil, fmt.Errorf("the machine has no address on a network that can be reached at %s", a.Listen)
	}
	s, err := mdns.NewMDNSService(label(a.Name), a.Type, "local.", hostName(a.Name), port, ips, strings.Split(a.Text, "\n"))
	if err != nil {
		return nil, err
	}
	return &zone{s}, nil
}

// hostName is a host name of the service's own: that of the machine belongs to whoever answers for the machine.
func hostName(instance string) string {
	plain := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, instance)
	return label(plain) + ".local."
}

// longestLabel bounds a part of a name in bytes (RFC 1035, 2.3.4).
const longestLabel = 63

// label makes a name short enough for one part of a name of the network. One that is cut ends with a hash, which tells it from others that
// begin like it.
func label(name string) string {
	if len(name) <= longestLabel {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	tail := fmt.Sprintf("-%x", sum[:4])
	return strings.ToValidUTF8(name[:longestLabel-len(tail)], "") + tail
}

// message announces the service, or says that it is gone.
func (z *zone) message(gone bool) *dns.Msg {
	m := &dns.Msg{MsgHdr: dns.MsgHdr{Response: true, Authoritative: true}, Compress: true}
	for _, r := range z.Records(dns.Question{Name: z.Service + ".local.", Qtype: dns.TypePTR}) {
		if gone {
			r.Header().Ttl = 0
		}
		m.Answer = append(m.Answer, r)
	}
	return m
}

// interfacesFor returns the networks from which an address to listen at can be reached, and the machine's addresses there.
func interfacesFor(listen string) (found []net.Interface, ips []net.IP) {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, nil
	}
	only := net.ParseIP(host)
	if only != nil && only.IsUnspecified() {
		only = nil
	}
	all, err := net.Interfaces()
	if err != nil {
		return nil, nil
	}
	for _, i := range all {
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagMulticast == 0 || i.Flags&net.FlagLoopback != 0 {
			continue
		}
		addresses, err := i.Addrs()
		if err != nil {
			continue
		}
		on := false
		for _, a := range addresses {
			n, ok := a.(*net.IPNet)
			if !ok || n.IP.IsLinkLocalUnicast() || only != nil && !only.Equal(n.IP) {
				continue
			}
			on, ips = true, append(ips, n.IP)
		}
		if on {
			found = append(found, i)
		}
	}
	return found, ips
}
