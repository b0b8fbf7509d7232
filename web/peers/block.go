package peers

import (
	"time"

	"orac/runbook"
	"orac/runbook/language"
)

// Block is what the runbook says about a server of any kind.
type Block struct {
	Address        runbook.Address
	Listen         string // host:port
	TLS            runbook.TLS
	PlainHTTP      bool // on the network
	MaxConnections int
	Members        bool              // only members of the house may connect
	PerPeer        int               // requests a minute
	Legacy         []runbook.Address // peers that show no token
	Origins        []string          // whose pages may ask with a token
}

// Web returns a block in the terms of a listener. Names of hosts and trusted proxies are those of the web block: they say where this
// machine is, whatever it serves. arrive is how long a request may take, and body how large it may be in bytes.
func (b Block) Web(rb *runbook.Runbook, arrive time.Duration, body int) runbook.Web {
	if b.Listen == "" {
		return runbook.Web{}
	}
	return runbook.Web{
		Listen: b.Listen, TLS: b.TLS, PlainHTTP: b.PlainHTTP, Hosts: rb.Web.Hosts, TrustedProxies: rb.Web.TrustedProxies, Origins: b.Origins, Metrics: "token",
		RequestTimeout: arrive, MaxBody: language.Size(body),
		Limits: runbook.Limits{MaxConnections: b.MaxConnections, Anonymous: b.PerPeer, Viewer: b.PerPeer, Operator: b.PerPeer, Admin: b.PerPeer, PerAddress: 2 * b.PerPeer},
	}
}
