package graph

import (
	"fmt"

	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/runbook"
)

// Backend is the name of the kind.
const Backend Name = "backend"

// BackendService is how a backend is reached.
type BackendService struct {
	Backend runbook.Backend `of:"backend"`
}

func backends() *Kind {
	return built(Kind{
		Name: Backend, Role: Serves, Words: "carries calls out, knows what there is and how it is, and proves what came of a call",
		Health: distant, Reads: []string{calls.Name}, Writes: []string{homes.Name},
		add: addBackends,
	}, buildBackend)
}

func addBackends(c *compiler, k *Kind) {
	used := map[runbook.Address]bool{}
	for _, t := range Acting(c.Runbook) {
		for _, b := range BackendsOf(c.Runbook, t) {
			used[b.Address] = true
		}
	}
	for _, b := range c.Runbook.Backends {
		if !used[b.Address] {
			continue
		}
		detail := b.Protocol
		switch {
		case b.URL != "":
			detail += " at " + brief(b.URL)
		case len(b.Command) > 0:
			detail += " " + brief(b.Command[0])
		}
		c.add(Node{Address: At(Backend, b.Name), Kind: k, Block: b.Address, Detail: detail + ", timeout " + b.Timeout.String(), Identity: nothing{}, Settings: BackendService{b}})
	}
}

func buildBackend(a *Assembly, n *Node, _ nothing, s BackendService) (node.Node, error) {
	if a.Backend == nil {
		return nil, fmt.Errorf("%s: nothing carries calls out here", n.Address)
	}
	client, err := a.Backend(s, a.graph.Runbook.Resolve)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", n.Address, err)
	}
	c := node.BackendConfig{Client: client, Protocol: s.Backend.Protocol, HasHome: s.Backend.HasHome(), MaxDelay: s.Backend.RetryDelay}
	return &node.Backend{
		Name: n.Address, Backend: s.Backend.Name, Config: rt.NewCell(c), Asks: calls.inbox(a, n.Address), Homes: homes.out(a, n.Address), Events: a.Events(n.Address), FS: a.FS,
	}, nil
}
