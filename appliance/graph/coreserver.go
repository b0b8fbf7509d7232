package graph

import (
	"fmt"
	"strings"

	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/runbook"
)

// CoreServer is the name of the kind.
const CoreServer Name = "core_server"

// coreAddress is where a server listens. Another address cuts off whoever is connected, so it is another server.
type coreAddress struct {
	Server struct {
		Address   runbook.Address
		Listen    string      `hcl:"listen"`
		PlainHTTP bool        `hcl:"plain_http_on_the_network"`
		TLS       runbook.TLS `hcl:"tls"`
		Members   bool        `hcl:"members"`
	} `of:"core_server"`
}

type coreServerSettings struct {
	Server struct {
		Address        runbook.Address
		Name           string
		MaxConnections int               `hcl:"max_connections"`
		PerPeer        int               `hcl:"per_peer"`
		Legacy         []runbook.Address `hcl:"legacy"`
	} `of:"core_server"`
	Legacy []runbook.Peer `of:"peer"`
}

func coreServers() *Kind {
	return built(Kind{
		Name: CoreServer, Role: Serves, Words: "acts for other machines on the texts that they send, and knows which topics are listened for there",
		Health: distant, Reads: []string{beats.Name}, Writes: nil,
		add: addCoreServers,
	}, buildCoreServer)
}

func addCoreServers(c *compiler, k *Kind) {
	for _, s := range c.Runbook.CoreServers {
		var settings coreServerSettings
		fill(&settings.Server, s)
		for _, a := range s.Legacy {
			p, _ := c.Runbook.Peer(a)
			settings.Legacy = append(settings.Legacy, p)
		}
		var identity coreAddress
		fill(&identity.Server, s)
		n := Node{Address: At(CoreServer, s.Name), Kind: k, Block: s.Address, Detail: s.Listen, Identity: identity, Settings: settings}
		if open := openTo(c.Runbook, &n); open != "" {
			n.Detail += ", open without a login to " + open
		}
		c.add(n)
	}
}

// legacyOf are the peers that the server of a node lets in by their address alone.
func legacyOf(rb *runbook.Runbook, block runbook.Address) []runbook.Address {
	if s, ok := rb.CoreServer(block); ok {
		return s.Legacy
	}
	s, _ := rb.STTServer(block)
	return s.Legacy
}

// openTo names the peers that a server lets in by their address alone; "" for none.
func openTo(rb *runbook.Runbook, n *Node) string {
	var list []string
	for _, a := range legacyOf(rb, n.Block) {
		p, _ := rb.Peer(a)
		list = append(list, fmt.Sprintf("%s (%s)", p.Name, p.From))
	}
	return strings.Join(list, ", ")
}

func buildCoreServer(a *Assembly, n *Node, _ coreAddress, s coreServerSettings) (node.Node, error) {
	c := node.CoreServerConfig{}
	for _, p := range s.Legacy {
		c.Legacy = append(c.Legacy, p.Name+" ("+p.From+")")
	}
	return &node.CoreServer{Name: n.Address, Server: s.Server.Name, Config: rt.NewCell(c), Beats: beats.inbox(a, n.Address), Events: a.Events(n.Address)}, nil
}
