package runbook

import (
	"fmt"
	"net"
	"net/netip"
	"slices"

	"orac/runbook/language"
)

// listenPattern is an address to listen at.
var listenPattern = language.Match(`^(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9.-]{0,253}):(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3})$`)

const listenExpect = `HOST:PORT, like "127.0.0.1:7171" or ":7171" for every address; a port is 1 to 65535`

// forPeers are the attributes of every server for other machines. listen says what differs in that attribute, carries what crosses the
// network, and legacy is the Doc of that attribute.
func forPeers(listen language.Attribute, carries, legacy string) []language.Attribute {
	listen.Name, listen.Kind, listen.Gives, listen.OnChange = "listen", language.String, language.Opens, language.Restart
	listen.NoWider, listen.Pattern, listen.Expect = sameOrLoopback, listenPattern, listenExpect
	return []language.Attribute{
		listen,
		{Name: "plain_http_on_the_network", Kind: language.Bool, Gives: language.Opens, OnChange: language.Restart, Default: "false",
			Doc: "Whether " + carries + " may cross the network unencrypted, as the existing services send them. When false, plain HTTP is served to this machine only."},
		{Name: "max_connections", Kind: language.Int, Gives: language.Tunes, OnChange: language.InPlace, Default: "64", Min: "4", Max: "10000", Unit: "connections",
			Doc: "How many connections are open at a time. More are refused."},
		{Name: "per_peer", Kind: language.Int, Gives: language.Tunes, OnChange: language.InPlace, Default: "600", Min: "1", Max: "1000000", Unit: "requests a minute",
			Doc: "How many requests each peer may make."},
		{Name: "members", Kind: language.Bool, Gives: language.Opens, OnChange: language.Restart, Default: "false",
			Doc: "Whether only members of the house may connect (mTLS): each shows its certificate of the house, and uses only tokens of an account, and keys, that have the member's own name. A token that was taken from one machine is good on no other."},
		{Name: "legacy", Kind: language.Refs, Gives: language.Opens, OnChange: language.InPlace, Refs: []string{"peer"}, Example: "[peer.kitchen]", Doc: legacy},
	}
}

// place is where a server listens.
type place struct {
	server Address
	listen string // host:port
}

// places lists the servers of a runbook. The first at a port has it.
func (rb *Runbook) places() (list []place) {
	if rb.Web.Listen != "" {
		list = append(list, place{rb.Web.Address, rb.Web.Listen})
	}
	for _, s := range rb.STTServers {
		list = append(list, place{s.Address, s.Listen})
	}
	for _, s := range rb.CoreServers {
		list = append(list, place{s.Address, s.Listen})
	}
	for _, w := range rb.Wyomings {
		list = append(list, place{w.Address, w.ListensAt()})
	}
	for _, s := range rb.Satellites() {
		list = append(list, place{s.Address, s.Listen})
	}
	return list
}

// before returns where a server listens, and the first of those before it that leaves it no room there; false if none does.
func (rb *Runbook) before(server Address) (is, other place, taken bool) {
	list := rb.places()
	i := slices.IndexFunc(list, func(p place) bool { return p.server == server })
	for _, other := range list[:i] {
		if overlap(other.listen, list[i].listen) {
			return list[i], other, true
		}
	}
	return list[i], place{}, false
}

// overlap tells whether only one of two addresses can be listened at: they have the same port and host, or one of them is every address.
func overlap(a, b string) bool {
	host, port, err := net.SplitHostPort(a)
	other, same, failed := net.SplitHostPort(b)
	if err != nil || failed != nil || port != same {
		return a == b
	}
	every := func(host string) bool {
		ip, err := netip.ParseAddr(host)
		return host == "" || err == nil && ip.IsUnspecified()
	}
	return host == other || every(host) || every(other)
}

// encryptedOrLocal refuses clear text on a network. local is an address that no other machine reaches, and carries what would be sent.
func encryptedOrLocal(d *language.Document, at place, encrypted bool, local, carries string) language.Diagnostics {
	if encrypted || IsLoopback(at.listen) {
		return nil
	}
	return language.Diagnostics{d.Problem(at.server, "listen", language.Error, fmt.Sprintf("other machines can reach %s, and nothing is encrypted", at.listen),
		fmt.Sprintf("Add tls { self_signed = true }, or listen at %q. To send %s, add plain_http_on_the_network = true.", local, carries))}
}

// forPeersIsSafe refuses tokens in clear text on a network, and a port that another server has.
func forPeersIsSafe(rb *Runbook, d *language.Document, server Address, encrypted bool, local, carries string) language.Diagnostics {
	is, other, taken := rb.before(server)
	found := encryptedOrLocal(d, is, encrypted, local, carries+" in the clear, as the existing services do")
	if taken {
		said := fmt.Sprintf("%s is the address of %s", is.listen, other.server)
		if is.listen != other.listen {
			said = fmt.Sprintf("%s has the port of %s, which listens at %s", is.listen, other.server, other.listen)
		}
		found = append(found, d.Problem(server, "listen", language.Error, said, "Give each server a port of its own."))
	}
	return found
}

// The audiences that tokens of service accounts name at servers of each type.
const (
	STTAudience  = "orac-stt"
	CoreAudience = "orac-core"
)

// ForPeers is a server for other machines, whatever its type.
type ForPeers struct {
	Address    Address
	Audience   string // that the token of a service account must name
	Permission string // to use it
	Legacy     []Address
}

// ServersForPeers lists the servers for other machines.
func (rb *Runbook) ServersForPeers() (list []ForPeers) {
	for _, s := range rb.STTServers {
		list = append(list, ForPeers{s.Address, STTAudience, "stt.transcribe", s.Legacy})
	}
	for _, s := range rb.CoreServers {
		list = append(list, ForPeers{s.Address, CoreAudience, "core.results", s.Legacy})
	}
	return list
}

// MayUse tells whether anybody may use a server: an account of the runbook, one of a trusted issuer, or a legacy peer.
func (rb *Runbook) MayUse(s ForPeers) bool {
	return len(s.Legacy) > 0 || rb.Auth.Trust.admits(s.Permission) ||
		slices.ContainsFunc(rb.ServiceAccounts, func(a ServiceAccount) bool {
			return a.Audience == s.Audience && slices.Contains(a.Permissions, s.Permission)
		})
}
