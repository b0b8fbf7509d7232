package graph

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"orac/appliance/entity"
	"orac/appliance/health"
	"orac/appliance/node"
	"orac/appliance/rt"
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
	ESPHome   runbook.ESPHome `of:"esphome"`
	Listener  *speaksTo       `of:"listener"`
	Speaker   *speaksAt       `of:"device.speaker"`
	Models    []spokenModel   `of:"model"`
	Appliance called          `of:"appliance"`
}

// speaksTo is what a listener listens for, and where its commands go.
type speaksTo struct {
	Address runbook.Address
	Deliver []runbook.Route   `hcl:"deliver"`
	Models  []runbook.Address `hcl:"models"`
	Speaker runbook.Address   `hcl:"speaker"`
	Chimes  runbook.Chimes    `hcl:"chimes"`
}

// speaksAt is the speaker of a satellite.
type speaksAt struct {
	Address runbook.Address
	Name    string
}

// spokenModel is what a satellite tells of a model.
type spokenModel struct {
	Address   runbook.Address
	Name      string
	Threshold float64 `hcl:"threshold"`
	WakeWord  string  `hcl:"wake_word"`
	Enabled   bool    `hcl:"enabled"`
}

func esphomes() *Kind {
	return built(Kind{
		Name: ESPHome, Role: Serves, Words: "is a voice satellite of Home Assistant: it sends commands there, and has the answers heard",
		// Home Assistant restarts now and then, which takes a minute.
		Health: health.Rule{ShowDegraded: 2 * time.Minute, ShowUnhealthy: time.Second, Clear: time.Second},
		Reads:  []string{wakes.Name, happens.Name, seenPlayer.Name}, Writes: []string{follows.Name, wakes.Name, plays.Name, cues.Name},
		add: addESPHomes,
	}, buildESPHome)
}

func addESPHomes(c *compiler, k *Kind) {
	for _, e := range c.Runbook.ESPHomes {
		address := At(ESPHome, e.Name)
		var id esphomeIdentity
		fill(&id.ESPHome, e)
		s := esphomeSettings{ESPHome: e, Appliance: see[called](c.Runbook.Appliance)}
		i := slices.IndexFunc(c.listeners, func(l runbook.Listener) bool { return l.Home() == e.Address })
		if i >= 0 {
			l := c.listeners[i]
			id.Listener, s.Listener = seen[hears](l, true), seen[speaksTo](l, true)
			for _, a := range l.Models {
				m, _ := c.Runbook.Model(a)
				s.Models = append(s.Models, see[spokenModel](m))
			}
		}
		speaker, speaks := c.Runbook.Speaker(e.SpeaksAt(c.Runbook))
		if speaks {
			s.Speaker = seen[speaksAt](speaker, true)
			plays.connect(c, address, At(Player, speaker.Name))
			seenPlayer.connect(c, At(Player, speaker.Name), address)
		}
		c.add(Node{Address: address, Kind: k, Block: e.Address, Detail: esphomeDetail(e, speaker.Name), Identity: id, Settings: s})
		if i < 0 {
			continue
		}
		l := c.listeners[i]
		wakes.connect(c, At(Trigger, l.Name), address)
		follows.connect(c, address, At(Ring, l.Device.Name()))
		for _, r := range l.Routes() {
			happens.connect(c, At(Delivery, r[0].Name()), address)
		}
	}
}

// esphomeDetail says where a satellite is served, and aloud that anybody may use it.
func esphomeDetail(e runbook.ESPHome, speaker string) string {
	parts := []string{"at " + e.Listen}
	if speaker != "" {
		parts = append(parts, "speaks at "+speaker)
	}
	switch {
	case e.Key.IsSet():
		parts = append(parts, "encrypted")
	case e.AcceptKey:
		parts = append(parts, "Home Assistant sets the key")
	case !runbook.IsLoopback(e.Listen):
		parts = append(parts, "open to everybody on the network, without login or encryption")
	}
	if e.Advertise {
		parts = append(parts, "advertised")
	}
	return strings.Join(parts, ", ")
}

func buildESPHome(a *Assembly, n *Node, id esphomeIdentity, s esphomeSettings) (node.Node, error) {
	e := s.ESPHome
	c := node.ESPHomeConfig{Block: e, Appliance: s.Appliance.Name, Version: a.Version}
	for _, m := range s.Models {
		c.Words = append(c.Words, node.ESPHomeWord{Model: m.Name, Phrase: entity.Phrase(m.WakeWord, m.Name), Threshold: m.Threshold, Enabled: m.Enabled})
	}
	x := &node.ESPHome{
		Name: n.Address, Satellite: e.Name, Listen: id.ESPHome.Listen, Host: a.Host, FS: a.FS, Door: node.Unadopted{},
		Plays: plays.out(a, n.Address), Cues: cues.out(a, n.Address), Seen: seenPlayer.inbox(a, n.Address),
		In: wakes.inbox(a, n.Address), News: happens.inbox(a, n.Address), Wakes: wakes.out(a, n.Address), Events: a.Events(n.Address), Mutes: a.Mutes, Sound: a.WakeSounds.Of(""),
	}
	if id.Listener != nil {
		x.Listener = id.Listener.Address.Name()
		x.Ring = follows.inbox(a, At(Ring, id.Listener.Device.Name()))
		x.Sound = a.WakeSounds.Of(x.Listener)
		c.Others = len(runbook.RoutesOf(s.Listener.Deliver)) > 0
		if s.Listener.Speaker != "" {
			for _, d := range declared(s.Listener.Chimes) {
				c.Chimes = append(c.Chimes, d.chime)
			}
		}
	}
	if s.Speaker != nil {
		c.Speaker = s.Speaker.Name
	}
	x.Config = rt.NewCell(c)
	if a.Satellite != nil {
		door, err := a.Satellite(n.Block, x.Listen, e.Key)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", n.Block, err)
		}
		x.Door = door
	}
	return x, nil
}
