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
	"orac/runbook/language"
)

// joined is what satellites have of other blocks, whatever their protocol.
type joined struct {
	Listener  *speaksTo     `of:"listener"`
	Speaker   *speaksAt     `of:"device.speaker"`
	Models    []spokenModel `of:"model"`
	Appliance called        `of:"appliance"`
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

// satelliteKind is the row of a satellite of Home Assistant.
func satelliteKind(k Kind) Kind {
	k.Role = Serves
	k.Health = health.Rule{ShowDegraded: 2 * time.Minute, ShowUnhealthy: time.Second, Clear: time.Second} // Home Assistant restarts now and then, which takes a minute
	k.Reads = []string{wakes.Name, happens.Name, seenPlayer.Name}
	k.Writes = []string{follows.Name, wakes.Name, plays.Name, cues.Name}
	return k
}

// join connects a satellite with its listener and its speaker, and returns what it has of them.
func (c *compiler) join(kind Name, block, at runbook.Address) (of *hears, j joined) {
	address := At(kind, block.Name())
	j.Appliance = see[called](c.Runbook.Appliance)
	if speaker, speaks := c.Runbook.Speaker(at); speaks {
		j.Speaker = seen[speaksAt](speaker, true)
		plays.connect(c, address, At(Player, speaker.Name))
		seenPlayer.connect(c, At(Player, speaker.Name), address)
	}
	i := slices.IndexFunc(c.listeners, func(l runbook.Listener) bool { return l.Home() == block })
	if i < 0 {
		return nil, j
	}
	l := c.listeners[i]
	of, j.Listener = seen[hears](l, true), seen[speaksTo](l, true)
	for _, a := range l.Models {
		m, _ := c.Runbook.Model(a)
		j.Models = append(j.Models, see[spokenModel](m))
	}
	wakes.connect(c, At(Trigger, l.Name), address)
	follows.connect(c, address, At(Ring, l.Device.Name()))
	for _, r := range l.Routes() {
		happens.connect(c, At(Delivery, r[0].Name()), address)
	}
	return of, j
}

// detail says where a satellite is served, and aloud that anybody may use it. guarded is what keeps others out; "" for nothing.
func (j joined) detail(listen, guarded string, advertised bool) string {
	parts := []string{"at " + listen}
	if j.Speaker != nil {
		parts = append(parts, "speaks at "+j.Speaker.Name)
	}
	switch {
	case guarded != "":
		parts = append(parts, guarded)
	case !runbook.IsLoopback(listen):
		parts = append(parts, "open to everybody on the network, without login or encryption")
	}
	if advertised {
		parts = append(parts, "advertised")
	}
	return strings.Join(parts, ", ")
}

// satellite builds a satellite. c is what its block says.
func (a *Assembly) satellite(n *Node, listen string, key language.Secret, of *hears, j joined, c node.ESPHomeConfig) (*node.ESPHome, error) {
	c.Appliance = j.Appliance.Name
	for _, m := range j.Models {
		c.Words = append(c.Words, node.ESPHomeWord{Model: m.Name, Phrase: entity.Phrase(m.WakeWord, m.Name), Threshold: m.Threshold, Enabled: m.Enabled})
	}
	x := &node.ESPHome{
		Name: n.Address, Satellite: n.Block.Name(), Listen: listen, Host: a.Host, FS: a.FS, Door: node.Unadopted{},
		Plays: plays.out(a, n.Address), Cues: cues.out(a, n.Address), Seen: seenPlayer.inbox(a, n.Address),
		In: wakes.inbox(a, n.Address), News: happens.inbox(a, n.Address), Wakes: wakes.out(a, n.Address), Events: a.Events(n.Address), Mutes: a.Mutes, Sound: a.WakeSounds.Of(""),
	}
	if of != nil {
		x.Listener = of.Address.Name()
		x.Ring = follows.inbox(a, At(Ring, of.Device.Name()))
		x.Sound = a.WakeSounds.Of(x.Listener)
		c.Others = len(runbook.RoutesOf(j.Listener.Deliver)) > 0
		if j.Listener.Speaker != "" {
			for _, d := range declared(j.Listener.Chimes) {
				c.Chimes = append(c.Chimes, d.chime)
			}
		}
	}
	if j.Speaker != nil {
		c.Speaker = j.Speaker.Name
	}
	x.Config = rt.NewCell(c)
	if a.Satellite != nil {
		door, err := a.Satellite(n.Block, x.Listen, key)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", n.Block, err)
		}
		x.Door = door
	}
	return x, nil
}
