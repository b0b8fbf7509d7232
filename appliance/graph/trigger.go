package graph

import (
	"fmt"
	"slices"
	"strings"
	"time"

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
	} `of:"listener"`
	Models []triggerModel `of:"model"`
}

// triggerModel is when a model fires. The file says which classes it has.
type triggerModel struct {
	Address       runbook.Address
	Name          string
	Source        string        `hcl:"source"`
	SHA256        string        `hcl:"sha256"`
	PrivateSource bool          `hcl:"private_source"`
	Threshold     float64       `hcl:"threshold"`
	Cooldown      time.Duration `hcl:"cooldown"`
	Patience      int           `hcl:"patience"`
	Topic         string        `hcl:"topic"`
	WakeWord      string        `hcl:"wake_word"`
	Classes       []string      `hcl:"classes"`
	Enabled       bool          `hcl:"enabled"`
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
			s.Models = append(s.Models, see[triggerModel](m))
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
	for _, m := range s.Models {
		if !m.Enabled {
			continue
		}
		file := a.file(see[Model](m))
		file.Private = m.PrivateSource
		rules, err := a.Model(file)
		if a.lacks(m.Address, file, err) {
			continue // its classes are known once it is fetched; until then this graph does not run
		}
		if err != nil {
			return nil, err
		}
		if err := choose(&rules, m.Address, m.Classes); err != nil {
			return nil, err
		}
		rules.Name, rules.Threshold, rules.Patience, rules.Cooldown = m.Name, float32(m.Threshold), m.Patience, m.Cooldown
		rules.VADThreshold = float32(l.VADThreshold)
		c.Rules.Models = append(c.Rules.Models, rules)
		c.Words = append(c.Words, node.Word{WakeWord: m.WakeWord, Topic: m.Topic})
	}
	return &node.Trigger{
		Name: n.Address, Device: id.Listener.Device.Name(), Listener: n.Name(), Config: rt.NewCell(c),
		In: votes.inbox(a, n.Address), Out: wakes.out(a, n.Address), Events: a.Events(n.Address),
	}, nil
}

// choose lets only those classes fire that the runbook names, if it names any.
func choose(rules *wake.Model, model runbook.Address, classes []string) error {
	if len(classes) == 0 {
		return nil
	}
	for _, class := range classes {
		if !slices.Contains(rules.Labels, class) {
			return fmt.Errorf("%s: classes: the model has no class %q; it has %q", model, class, rules.Labels)
		}
	}
	rules.Ignored = nil
	for i, label := range rules.Labels {
		if !slices.Contains(classes, label) {
			rules.Ignored = append(rules.Ignored, i)
		}
	}
	return nil
}
