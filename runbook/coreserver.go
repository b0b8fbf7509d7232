package runbook

import "orac/runbook/language"

// CoreServer serves all topics that act here to other machines, as an ORAC Core does.
type CoreServer struct {
	Address        Address
	Name           string
	Listen         string    `hcl:"listen"` // host:port
	PlainHTTP      bool      `hcl:"plain_http_on_the_network"`
	TLS            TLS       `hcl:"tls"`
	MaxConnections int       `hcl:"max_connections"`
	Members        bool      `hcl:"members"`  // only members of the house
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
	Attributes: forPeers(
		language.Attribute{Required: true, Example: `":8000"`, Doc: "The address at which the server listens. An ORAC Core listens at `:8000`."},
		"tokens and texts",
		"Peers that cannot show a token, such as an unmodified ORAC STT. They are let in by their address alone. Everybody who can send from such an address can command the house: plan, status and validate say so."),
	Nested: []*language.BlockType{tlsBlock},
}

// coreServersAreSafe refuses tokens in clear text on a network, and two servers at one port.
func coreServersAreSafe(value any, d *language.Document) (found language.Diagnostics) {
	rb := value.(*Runbook)
	for _, s := range rb.CoreServers {
		found = append(found, forPeersIsSafe(rb, d, s.Address, s.TLS.On() || s.PlainHTTP, "127.0.0.1:8000", "tokens and texts")...)
	}
	return found
}
