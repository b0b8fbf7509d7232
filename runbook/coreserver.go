package runbook

import (
	"fmt"
	"slices"

	"orac/runbook/language"
)

// CoreServer serves all topics that act here to other machines, as an ORAC Core does.
type CoreServer struct {
	Address        Address
	Name           string
	Listen         string    `hcl:"listen"` // host:port
	PlainHTTP      bool      `hcl:"plain_http_on_the_network"`
	TLS            TLS       `hcl:"tls"`
	MaxConnections int       `hcl:"max_connections"`
	PerPeer        int       `hcl:"per_peer"` // requests a minute
	Legacy         []Address `hcl:"legacy"`   // peers that show no token
}

var coreServerBlock = &language.BlockType{
	Type: "core_server", Named: true,
	Doc:  "Serves the topics that act here to other machines: it does what an ORAC Core does, at the same addresses, and asks who is there. Whoever may use it has a service_account with the permissions core.results and core.status, and the audience `orac-core`, or an API key.",
	Slot: language.Into(func(rb *Runbook) any { return &rb.CoreServers }),
	Example: `core_server "house" {
  listen = "127.0.0.1:8000"
}`,
	Attributes: []language.Attribute{
		{Name: "listen", Kind: language.String, Gives: language.Opens, OnChange: language.Restart, Required: true, Example: `":8000"`,
			NoWider: sameOrLoopback, Pattern: listenPattern, Expect: listenExpect,
			Doc: "The address at which the server listens. An ORAC Core listens at `:8000`."},
		{Name: "plain_http_on_the_network", Kind: language.Bool, Gives: language.Opens, OnChange: language.Restart, Default: "false",
			Doc: "Whether tokens and texts may cross the network unencrypted, as the existing services send them. When false, plain HTTP is served to this machine only."},
		{Name: "max_connections", Kind: language.Int, Gives: language.Tunes, OnChange: language.InPlace, Default: "64", Min: "4", Max: "10000", Unit: "connections",
			Doc: "How many connections are open at a time. More are refused."},
		{Name: "per_peer", Kind: language.Int, Gives: language.Tunes, OnChange: language.InPlace, Default: "600", Min: "1", Max: "1000000", Unit: "requests a minute",
			Doc: "How many requests each peer may make."},
		{Name: "legacy", Kind: language.Refs, Gives: language.Opens, OnChange: language.InPlace, Refs: []string{"peer"}, Example: "[peer.kitchen]",
			Doc: "Peers that cannot show a token, such as an unmodified ORAC STT. They are let in by their address alone. Everybody who can send from such an address can command the house: plan, status and validate say so."},
	},
	Nested: []*language.BlockType{tlsBlock},
}

// coreServersAreSafe refuses tokens in clear text on a network, and two servers at one port.
func coreServersAreSafe(value any, d *language.Document) (found language.Diagnostics) {
	rb := value.(*Runbook)
	at := map[string]Address{rb.Web.Listen: rb.Web.Address}
	for _, s := range rb.STTServers {
		at[s.Listen] = s.Address
	}
	for _, s := range rb.CoreServers {
		if !s.TLS.On() && !s.PlainHTTP && !IsLoopback(s.Listen) {
			found = append(found, d.Problem(s.Address, "listen", language.Error, fmt.Sprintf("other machines can reach %s, and nothing is encrypted", s.Listen),
				`Add tls { self_signed = true }, or listen at "127.0.0.1:8000". To send tokens and texts in the clear, as the existing services do, add plain_http_on_the_network = true.`))
		}
		if other, taken := at[s.Listen]; taken {
			found = append(found, d.Problem(s.Address, "listen", language.Error, fmt.Sprintf("%s is the address of %s", s.Listen, other), "Give each server a port of its own."))
			continue
		}
		at[s.Listen] = s.Address
	}
	return found
}

// MayCommand tells whether anybody may use a Core server: an account of the runbook, or a peer without a login.
func (rb *Runbook) MayCommand(s CoreServer) bool {
	return len(s.Legacy) > 0 || slices.ContainsFunc(rb.ServiceAccounts, func(a ServiceAccount) bool { return slices.Contains(a.Permissions, "core.results") })
}
