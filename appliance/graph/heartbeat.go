package graph

import (
	"slices"

	"orac/appliance/node"
	"orac/appliance/notify"
	"orac/appliance/rt"
	"orac/appliance/stt/wire"
	"orac/runbook"
	"orac/runbook/language"
)

// Heartbeat is the name of the kind.
const Heartbeat Name = "heartbeat"

// Heart is where a heartbeat goes. STT is the service that it names, nil if it names none.
type Heart struct {
	Heartbeat runbook.Heartbeat `of:"heartbeat"`
	STT       *Peer             `of:"stt"`
	Login
}

// Peer is what a heartbeat takes over from the service that it names.
type Peer struct {
	Address    runbook.Address
	URL        string          `hcl:"url"`
	Token      language.Secret `hcl:"token"`
	Auth       runbook.Address `hcl:"auth"`
	Login      runbook.Address `hcl:"login"`
	Audience   string          `hcl:"audience"`
	CA         string          `hcl:"ca"`
	ClientCert string          `hcl:"client_cert"`
	ClientKey  string          `hcl:"client_key"`
	Member     bool            `hcl:"member"`
}

// URL is where the heartbeat goes: its own, or that of the service.
func (h Heart) URL() string {
	if h.Heartbeat.URL != "" || h.STT == nil {
		return h.Heartbeat.URL
	}
	return h.STT.URL
}

type heartbeatSettings struct {
	Heart
	Appliance Sender      `of:"appliance"`
	Listeners []listens   `of:"listener"`
	Models    []beatModel `of:"model"`
}

// Sender is how the appliance calls itself.
type Sender struct {
	Address    runbook.Address
	Name       string
	InstanceID string `hcl:"instance_id"`
}

// id is what the appliance calls itself on this host.
func (s Sender) id(host string) string {
	if s.InstanceID != "" {
		return s.InstanceID
	}
	if host == "" {
		host = s.Name
	}
	return "hey-orac-" + host
}

// listens is what a listener listens for.
type listens struct {
	Address runbook.Address
	Models  []runbook.Address `hcl:"models"`
}

// beatModel is what a heartbeat says of a model.
type beatModel struct {
	Address   runbook.Address
	Name      string
	Threshold float64 `hcl:"threshold"`
	Topic     string  `hcl:"topic"`
	WakeWord  string  `hcl:"wake_word"`
	Enabled   bool    `hcl:"enabled"`
}

func heartbeats() *Kind {
	return built(Kind{
		Name: Heartbeat, Role: Tells, Words: "tells a server which wake words listen, and how often they fired",
		Health: distant, Reads: []string{wakes.Name, healthy.Name}, Writes: []string{sights.Name, tokens.Name},
		add: addHeartbeats,
	}, buildHeartbeat)
}

func addHeartbeats(c *compiler, k *Kind) {
	for _, h := range c.Runbook.Heartbeats {
		address := At(Heartbeat, h.Name)
		s := heartbeatSettings{
			Heart:     Heart{h, seen[Peer](c.Runbook.STT(h.STT)), c.login(c.Runbook.HeartbeatAuth(h))},
			Appliance: see[Sender](c.Runbook.Appliance),
		}
		for _, l := range c.Runbook.Listeners {
			if len(h.Listeners) == 0 || slices.Contains(h.Listeners, l.Address) {
				s.Listeners = append(s.Listeners, see[listens](l))
			}
		}
		for _, m := range c.Runbook.Models {
			if slices.ContainsFunc(s.Listeners, func(l listens) bool { return slices.Contains(l.Models, m.Address) }) {
				s.Models = append(s.Models, see[beatModel](m))
			}
		}
		c.add(Node{
			Address: address, Kind: k, Block: h.Address, Service: serviceBehind(c.Runbook, h), Detail: brief(s.URL()) + ", every " + h.Every.String(),
			Identity: nothing{}, Settings: s,
		})
		if probe := At(Probe, serviceBehind(c.Runbook, h).Name()); c.has(probe) {
			healthy.connect(c, probe, address)
			sights.connect(c, address, probe)
		}
		for _, l := range s.Listeners {
			if trigger := At(Trigger, l.Address.Name()); c.has(trigger) {
				wakes.connect(c, trigger, address)
			}
		}
	}
}

// serviceBehind is the speech-to-text service that receives a heartbeat: the one that the heartbeat names, or else the one at its
// address; "" if there is none.
func serviceBehind(rb *runbook.Runbook, h runbook.Heartbeat) runbook.Address {
	if h.STT != "" {
		return h.STT
	}
	to, err := wire.ParseBase(h.URL)
	if err != nil {
		return ""
	}
	for _, s := range rb.STTs {
		if at, err := wire.ParseBase(s.URL); s.Protocol == "orac" && err == nil && at.String() == to.String() {
			return s.Address
		}
	}
	return ""
}

func buildHeartbeat(a *Assembly, n *Node, _ nothing, s heartbeatSettings) (node.Node, error) {
	client, err := a.Heart(s.Heart, a.tokens(s.Heart))
	if err != nil {
		return nil, err
	}
	c := node.HeartbeatConfig{Client: client, Endpoint: s.URL(), InstanceID: s.Appliance.id(a.Host), Every: s.Heartbeat.Every}
	for _, m := range s.Models {
		if m.Enabled {
			c.Models = append(c.Models, notify.BeatModel{Name: m.Name, Topic: m.Topic, WakeWord: m.WakeWord, Threshold: m.Threshold})
		}
	}
	return &node.Heartbeat{
		Name: n.Address, Config: rt.NewCell(c), In: wakes.inbox(a, n.Address), Healthy: healthy.inbox(a, n.Address),
		Sights: sights.out(a, n.Address), Events: a.Events(n.Address),
	}, nil
}
