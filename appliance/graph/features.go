package graph

import "orac/appliance/node"

// Features is the name of the kind.
const Features Name = "features"

func features() *Kind {
	return built(Kind{
		Name: Features, Role: Passes, Of: ToDevice, Words: "makes the mel spectrogram and the embedding of each hop, once for all models",
		Health: starves, Reads: []string{hops.Name}, Writes: []string{embedded.Name},
		add: func(c *compiler, k *Kind) {
			for _, d := range c.devices {
				address := At(Features, d.name())
				c.add(Node{Address: address, Kind: k, Block: d.address, Detail: "mel, embedding", Identity: nothing{}, Settings: nothing{}})
				hops.flow(c, d.address, At(Ring, d.name()), address)
			}
		},
	}, func(a *Assembly, n *Node, _, _ nothing) (node.Node, error) {
		return &node.Features{
			Name: n.Address, Events: a.Events(n.Address), Open: a.Extractor, In: hops.inbox(a, n.Address), Out: embedded.out(a, n.Address),
		}, nil
	})
}
