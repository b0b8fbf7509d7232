package graph

import (
	"slices"
	"strings"

	"orac/appliance/node"
	"orac/runbook"
)

// Head is the name of the kind.
const Head Name = "head"

// Model is the file that a head computes with.
type Model struct {
	Address runbook.Address
	Name    string
	Source  string   `hcl:"source"`
	SHA256  string   `hcl:"sha256"`
	Classes []string `hcl:"classes"`
}

type headIdentity struct {
	Model Model `of:"model"`
}

func heads() *Kind {
	return built(Kind{
		Name: Head, Role: Passes, Of: ToDevice, Words: "scores each hop for one wake word",
		Health: starves, Reads: []string{embedded.Name}, Writes: []string{votes.Name},
		add: func(c *compiler, k *Kind) {
			for _, d := range c.devices {
				for _, m := range c.Runbook.Models {
					if !m.Enabled || !slices.ContainsFunc(d.listeners, func(l runbook.Listener) bool { return slices.Contains(l.Models, m.Address) }) {
						continue
					}
					address := At(Head, d.name(), m.Name)
					c.add(Node{
						Address: address, Kind: k, Block: m.Address, Detail: brief(m.Source),
						Identity: headIdentity{see[Model](m)}, Settings: nothing{},
					})
					embedded.flow(c, d.address, At(Features, d.name()), address)
				}
			}
		},
	}, func(a *Assembly, n *Node, id headIdentity, _ nothing) (node.Node, error) {
		file := a.file(id.Model)
		device, _, _ := strings.Cut(n.Name(), ".")
		return &node.Head{
			Name: n.Address, Device: device, Model: id.Model.Name, Meters: a.Meters,
			Open: func() (node.Classifier, error) { return a.Head(file) },
			In:   embedded.inbox(a, n.Address), Out: votes.out(a, n.Address),
		}, nil
	})
}
