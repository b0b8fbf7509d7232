package graph

import (
	"fmt"
	"strings"

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
		c.add(Node{Address: At(WyomingSatellite, b.Name), Kind: k, Block: b.Address, Detail: wyomingSatelliteDetail(b, s.Of), Identity: id, Settings: s})
	}
}

// wyomingSatelliteDetail says where a satellite is served, and aloud that anybody may use it.
func wyomingSatelliteDetail(b runbook.WyomingSatellite, j joined) string {
	parts := []string{"at " + b.Listen}
	if j.Speaker != nil {
		parts = append(parts, "speaks at "+j.Speaker.Name)
	}
	if !runbook.IsLoopback(b.Listen) {
		parts = append(parts, "open to everybody on the network, without login or encryption")
	}
	if b.Advertise {
		parts = append(parts, "advertised")
	}
	return strings.Join(parts, ", ")
}

func buildWyomingSatellite(a *Assembly, n *Node, id wyomingSatelliteIdentity, s wyomingSatelliteSettings) (node.Node, error) {
	b := s.Satellite
	x, err := a.satellite(n, id.Satellite.Listen, language.Secret{}, id.Listener, s.Of, node.ESPHomeConfig{
		Face: node.WyomingFace(b, s.Of.Appliance.Name, a.Version), PreRoll: b.PreRoll, WakeSound: true,
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", n.Block, err)
	}
	x.OneWay = true
	return x, nil
}
