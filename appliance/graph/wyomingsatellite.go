package graph

import (
	"orac/appliance/node"
	"orac/runbook"
	"orac/runbook/language"
)

// WyomingSatellite is the name of the kind.
const WyomingSatellite Name = "wyoming_satellite"

// wyomingSatelliteIdentity is where a satellite is served, and whose voice it takes.
type wyomingSatelliteIdentity struct {
	Satellite struct {
		Address runbook.Address
		Listen  string `hcl:"listen"`
	} `of:"wyoming_satellite"`
	Listener *hears `of:"listener"`
}

type wyomingSatelliteSettings struct {
	Satellite runbook.WyomingSatellite `of:"wyoming_satellite"`
	Of        joined
}

func wyomingSatellites() *Kind {
	return built(satelliteKind(Kind{
		Name: WyomingSatellite, Words: "is a voice satellite of Home Assistant by the Wyoming protocol: the same, without encryption, entities and media", add: addWyomingSatellites,
	}), buildWyomingSatellite)
}

func addWyomingSatellites(c *compiler, k *Kind) {
	for _, b := range c.Runbook.WyomingSatellites {
		var id wyomingSatelliteIdentity
		fill(&id.Satellite, b)
		s := wyomingSatelliteSettings{Satellite: b}
		id.Listener, s.Of = c.join(WyomingSatellite, b.Address, b.SpeaksAt(c.Runbook))
		c.add(Node{Address: At(WyomingSatellite, b.Name), Kind: k, Block: b.Address, Detail: s.Of.detail(b.Listen, "", b.Advertise), Identity: id, Settings: s})
	}
}

func buildWyomingSatellite(a *Assembly, n *Node, id wyomingSatelliteIdentity, s wyomingSatelliteSettings) (node.Node, error) {
	b := s.Satellite
	x, err := a.satellite(n, id.Satellite.Listen, language.Secret{}, id.Listener, s.Of, node.ESPHomeConfig{
		Face: node.WyomingFace(b, s.Of.Appliance.Name, a.Version), PreRoll: b.PreRoll, WakeSound: true,
	})
	if err != nil {
		return nil, err
	}
	x.OneWay = true
	return x, nil
}
