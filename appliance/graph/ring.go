package graph

import (
	"time"

	"orac/appliance/health"
	"orac/appliance/node"
	"orac/appliance/rt"
)

// Ring is the name of the kind.
const Ring Name = "ring"

// ringTime is how far back a recorder can reach.
const ringTime = 10 * time.Second

// starves is how the health of what comes after a source is judged: it starves with the source, and waits a little longer, so that
// the cause shows first.
var starves = health.Rule{Sound: true, ShowDegraded: time.Second, ShowUnhealthy: 250 * time.Millisecond, Clear: time.Second}

func rings() *Kind {
	return built(Kind{
		Name: Ring, Role: Passes, Of: ToDevice, Words: "remembers the last 10 s, and lets recorders begin in the past",
		Health: starves, Reads: []string{hops.Name, follows.Name}, Writes: []string{hops.Name},
		add: func(c *compiler, k *Kind) {
			for _, d := range c.devices {
				address := At(Ring, d.name())
				c.add(Node{Address: address, Kind: k, Block: d.address, Detail: ringTime.String(), Identity: nothing{}, Settings: nothing{}})
				hops.flow(c, d.address, At(Source, d.name()), address)
			}
		},
	}, buildRing)
}

func buildRing(a *Assembly, n *Node, _, _ nothing) (node.Node, error) {
	var c node.RingConfig
	if a.reads(n, follows.Name) { // otherwise nobody would close it
		c.Follows = follows.inbox(a, n.Address)
	}
	return &node.Ring{
		Name: n.Address, Events: a.Events(n.Address), In: hops.inbox(a, n.Address), Out: hops.out(a, n.Address),
		Hops: hopsIn(ringTime), Config: rt.NewCell(c),
	}, nil
}
