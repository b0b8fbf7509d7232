package mdns

import (
	"context"
	"log"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/mdns"
)

const (
	// lookTime is how long others may take to answer whether a name is theirs (RFC 6762, section 8.1).
	lookTime = 750 * time.Millisecond
	// mostFound bounds how many services are looked at.
	mostFound = 256
)

// look returns the services of a type that others announce on a network. A network that cannot be asked has none.
func look(ctx context.Context, on *net.Interface, kind string) (list []*mdns.ServiceEntry) {
	found := make(chan *mdns.ServiceEntry, mostFound) // what does not fit in is dropped
	_ = mdns.QueryContext(ctx, &mdns.QueryParam{
		Service: kind, Domain: "local", Timeout: lookTime, Interface: on, Entries: found, DisableIPv6: true, Logger: log.New(nowhere{}, "", 0),
	})
	for len(found) > 0 {
		list = append(list, <-found)
	}
	return list
}

// rivalOf returns the address of another machine, or another service, that goes by the name of ours; "" if there is none. Clients would
// take the two for one, and send sound to either.
func rivalOf(ours *zone, found []*mdns.ServiceEntry) string {
	name := ours.Instance + "." + ours.Service + ".local."
	for _, e := range found {
		if !strings.EqualFold(strings.ReplaceAll(e.Name, "\\", ""), name) {
			continue
		}
		here := func(ip net.IP) bool { return slices.ContainsFunc(ours.IPs, ip.Equal) }
		at := e.AddrV4
		if at == nil && e.AddrV6IPAddr != nil {
			at = e.AddrV6IPAddr.IP
		}
		if at != nil && (!here(at) || e.Port != ours.Port) {
			return at.String()
		}
	}
	return ""
}
