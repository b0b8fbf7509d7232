package graph

import "orac/appliance/node"

// Voice is the name of the kind.
const Voice Name = "voice"

func voices() *Kind {
	return built(Kind{
		Name: Voice, Role: Passes, Of: ToDevice, Words: "tells speech from other sound",
		Health: starves, Reads: []string{hops.Name}, Writes: []string{votes.Name},
		add: func(c *compiler, k *Kind) {
			for _, d := range c.devices {
				if !d.gated() {
					continue
				}
				address := At(Voice, d.name())
				c.add(Node{Address: address, Kind: k, Block: d.address, Detail: "silero", Identity: nothing{}, Settings: nothing{}})
				hops.flow(c, d.address, At(Ring, d.name()), address)
			}
		},
	}, func(a *Assembly, n *Node, _, _ nothing) (node.Node, error) {
		if a.Ready != nil { // report a gate that cannot be opened before anything runs
			if err := a.Ready(); err != nil {
				return nil, err
			}
		}
		return &node.VoiceGate{Open: a.Gate, In: hops.inbox(a, n.Address), Out: votes.out(a, n.Address)}, nil
	})
}
