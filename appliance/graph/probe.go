package graph

import (
	"time"

	"orac/appliance/health"
	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/appliance/stt"
)

// Probe is the name of the kind.
const Probe Name = "probe"

func probes() *Kind {
	return built(Kind{
		Name: Probe, Role: Asks, Words: "asks a speech-to-text service how it is",
		Health: health.Rule{ShowDegraded: time.Second, ShowUnhealthy: time.Second, Clear: time.Second},
		Reads:  []string{sights.Name}, Writes: []string{healthy.Name, tokens.Name},
		add: addProbes,
	}, buildProbe)
}

func addProbes(c *compiler, k *Kind) {
	for _, s := range c.served() {
		if !s.Asked() {
			continue
		}
		address := At(Probe, s.Name)
		c.add(Node{
			Address: address, Kind: k, Block: s.Address, Service: s.Address, Detail: "every " + s.HealthEvery.String(),
			Identity: nothing{}, Settings: Service{s, c.login(s.Auth)},
		})
		for _, delivery := range c.deliveriesTo(s) {
			tells := healthy
			tells.Capacity = len(c.served()) // what one probe has seen does not displace what another one has
			tells.connect(c, address, delivery)
			sights.connect(c, delivery, address)
		}
	}
}

func buildProbe(a *Assembly, n *Node, _ nothing, to Service) (node.Node, error) {
	client, err := a.client(to)
	if err != nil {
		return nil, err
	}
	prober, ok := client.(stt.Prober)
	if !ok {
		panic("BUG: the client of " + to.STT.Address + " cannot be probed")
	}
	return &node.Probe{
		Name: n.Address, STT: to.STT.Name, Config: rt.NewCell(node.ProbeConfig{Client: prober, Every: to.STT.HealthEvery}),
		Sights: sights.inbox(a, n.Address), Healthy: healthy.out(a, n.Address), Events: a.Events(n.Address),
	}, nil
}
