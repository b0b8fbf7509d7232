package graph

import (
	"fmt"
	"strings"

	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/models/wake"
	"orac/runbook"
)

// Trigger is the name of the kind.
const Trigger Name = "trigger"

// byDevice is the identity of what follows a device: votes and hops of two devices have nothing in common.
type byDevice struct {
	Listener struct {
		Address runbook.Address
		Device  runbook.Address `hcl:"device"`
	} `of:"listener"`
}

type triggerSettings struct {
	Listener struct {
		Address      runbook.Address
		Models       []runbook.Address `hcl:"models"`
		MultiTrigger bool              `hcl:"multi_trigger"`
		VADThreshold float64           `hcl:"vad_threshold"`
		RMSFilter    float64           `hcl:"rms_filter"`
		Speaker      runbook.Address   `hcl:"speaker"`
		BargeIn      bool              `hcl:"barge_in"`
	} `of:"listener"`
	Models   []firingModel `of:"model"`
	Meanings []meaning     `of:"model"` // in the order of Models
}

// meaning is where the commands after a wake word go.
type meaning struct {
	Address runbook.Address
	Topic   string `hcl:"topic"`
}

func triggers() *Kind {
	return built(Kind{
		Name: Trigger, Role: Passes, Of: ToListener, Words: "decides, once all heads of a listener have voted on a hop, whether it was a wake word",
		Health: starves, Reads: []string{votes.Name}, Writes: []string{wakes.Name},
		add: addTriggers,
	}, buildTrigger)
}

func addTriggers(c *compiler, k *Kind) {
	for _, l := range c.listeners {
		address, device := At(Trigger, l.Name), l.Device.Name()
		var identity byDevice
		fill(&identity.Listener, l)
		var s triggerSettings
		fill(&s.Listener, l)
		for _, a := range l.Models {
			m, _ := c.Runbook.Model(a)
			s.Models, s.Meanings = append(s.Models, see[firingModel](m)), append(s.Meanings, see[meaning](m))
		}
		models := Enabled(c.Runbook, l)
		c.add(Node{Address: address, Kind: k, Block: l.Address, Detail: thresholds(models), Identity: identity, Settings: s})
		for _, m := range models {
			votes.flow(c, l.Device, At(Head, device, m.Name), address)
		}
		if l.VADThreshold > 0 {
			votes.flow(c, l.Device, At(Voice, device), address)
		}
	}
}

func thresholds(models []runbook.Model) string {
	var parts []string
	for _, m := range models {
		parts = append(parts, fmt.Sprintf("%s ≥ %g", m.Name, m.Threshold))
	}
	return strings.Join(parts, ", ")
}

func buildTrigger(a *Assembly, n *Node, id byDevice, s triggerSettings) (node.Node, error) {
	l := s.Listener
	c := node.TriggerConfig{Voice: l.VADThreshold > 0, Rules: wake.Rules{MultiTrigger: l.MultiTrigger, RMSFilter: l.RMSFilter}}
	if l.Speaker != "" && !l.BargeIn {
		c.Aloud = a.Parts.Aloud.Of(l.Speaker.Name())
	}
	for i, m := range s.Models {
		if !m.Enabled {
			continue
		}
		rules, _, ok, err := a.rules(m)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		rules.VADThreshold = float32(l.VADThreshold)
		c.Rules.Models = append(c.Rules.Models, rules)
		c.Words = append(c.Words, node.Word{WakeWord: m.WakeWord, Topic: s.Meanings[i].Topic})
	}
	return &node.Trigger{
		Name: n.Address, Device: id.Listener.Device.Name(), Listener: n.Name(), Config: rt.NewCell(c),
		In: votes.inbox(a, n.Address), Out: wakes.out(a, n.Address), Events: a.Events(n.Address), Mutes: a.Mutes,
	}, nil
}
