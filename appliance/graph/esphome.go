package graph

import (
	"orac/appliance/node"
	"orac/runbook"
)

// ESPHome is the name of the kind.
const ESPHome Name = "esphome"

// esphomeIdentity is where a satellite is served, as what, and whose voice it takes. Another one is another device for Home Assistant.
type esphomeIdentity struct {
	ESPHome struct {
		Address runbook.Address
		Listen  string `hcl:"listen"`
		Device  string `hcl:"device_name"`
	} `of:"esphome"`
	Listener *hears `of:"listener"`
}

type esphomeSettings struct {
	ESPHome runbook.ESPHome `of:"esphome"`
	Of      joined
}

func esphomes() *Kind {
	return built(satelliteKind(Kind{
		Name: ESPHome, Words: "is a voice satellite of Home Assistant: it sends commands there, and has the answers heard", add: addESPHomes,
	}), buildESPHome)
}

func addESPHomes(c *compiler, k *Kind) {
	for _, e := range c.Runbook.ESPHomes {
		var id esphomeIdentity
		fill(&id.ESPHome, e)
		s := esphomeSettings{ESPHome: e}
		id.Listener, s.Of = c.join(ESPHome, e.Address, e.SpeaksAt(c.Runbook))
		c.add(Node{Address: At(ESPHome, e.Name), Kind: k, Block: e.Address, Detail: s.Of.detail(e.Listen, esphomeGuard(e), e.Advertise), Identity: id, Settings: s})
	}
}

// esphomeGuard is what keeps others out of a satellite; "" for nothing.
func esphomeGuard(e runbook.ESPHome) string {
	switch {
	case e.Key.IsSet():
		return "encrypted"
	case e.AcceptKey:
		return "Home Assistant sets the key"
	}
	return ""
}

func buildESPHome(a *Assembly, n *Node, id esphomeIdentity, s esphomeSettings) (node.Node, error) {
	e := s.ESPHome
	x, err := a.satellite(n, id.ESPHome.Listen, e.Key, id.Listener, s.Of, node.ESPHomeConfig{
		Face: node.ESPHomeFace(e, s.Of.Appliance.Name, a.Version), PreRoll: e.PreRoll, WakeSound: e.WakeSound,
	})
	if err != nil {
		return nil, err
	}
	return x, nil
}
