package graph

import (
	"fmt"
	"slices"
	"strings"

	"orac/appliance/health"
	"orac/appliance/node"
	"orac/appliance/play"
	"orac/appliance/rt"
	"orac/runbook"
)

// Responder is the name of the kind.
const Responder Name = "responder"

type responderIdentity struct {
	Listener struct {
		Address runbook.Address
	} `of:"listener"`
}

type responderSettings struct {
	Listener struct {
		Address runbook.Address
		Speaker runbook.Address `hcl:"speaker"`
		TTS     runbook.Address `hcl:"tts"`
		Act     runbook.Address `hcl:"act"`
		Chimes  runbook.Chimes  `hcl:"chimes"`
	} `of:"listener"`
	Home *soundsAtWake `of:"esphome"`
}

// soundsAtWake is what a satellite says of the sound that follows a wake word.
type soundsAtWake struct {
	Address   runbook.Address
	WakeSound bool `hcl:"wake_sound"`
}

func responders() *Kind {
	return built(Kind{
		Name: Responder, Role: Plays, Of: ToListener, Words: "lets whoever speaks to a listener hear what becomes of it: chimes, answers, timers",
		Health: health.Rule{Clear: distant.Clear},
		Reads:  []string{wakes.Name, cues.Name, happens.Name}, Writes: []string{plays.Name},
		add: addResponders,
	}, buildResponder)
}

func addResponders(c *compiler, k *Kind) {
	for _, l := range c.listeners {
		if l.Speaker == "" {
			continue
		}
		var id responderIdentity
		id.Listener.Address = l.Address
		var s responderSettings
		fill(&s.Listener, l)
		s.Home = seen[soundsAtWake](c.Runbook.ESPHome(l.Home()))
		address, parts := At(Responder, l.Name), []string{"at " + l.Speaker.Name()}
		if l.TTS != "" {
			parts = append(parts, "answers by "+l.TTS.Name())
		}
		c.add(Node{Address: address, Kind: k, Block: l.Address, Detail: strings.Join(parts, ", "), Identity: id, Settings: s})
		if home := l.Home(); home != "" { // it decides what becomes of a wake word
			cues.connect(c, At(Name(home.Type()), home.Name()), address)
		} else {
			wakes.connect(c, At(Trigger, l.Name), address)
		}
		plays.connect(c, address, At(Player, l.Speaker.Name()))
		for _, n := range c.Nodes {
			if r := n.Kind.Role; r == Records || r == Keeps || r == Delivers || n.Kind.Name == Topic {
				happens.connect(c, n.Address, address)
			}
		}
	}
}

// chimeFile is a chime that a listener declares.
type chimeFile struct {
	chime node.Chime
	path  string
}

func declared(c runbook.Chimes) []chimeFile {
	list := []chimeFile{
		{node.WakeChime, c.Wake}, {node.DoneChime, c.Done}, {node.ErrorChime, c.Error}, {node.TimerChime, c.Timer}, {node.MuteChime, c.Mute},
	}
	return slices.DeleteFunc(list, func(x chimeFile) bool { return x.path == "" })
}

func buildResponder(a *Assembly, n *Node, _ responderIdentity, s responderSettings) (node.Node, error) {
	l := s.Listener
	c := node.ResponderConfig{Voice: l.TTS.Name(), Topic: l.Act.Name(), Silent: s.Home != nil && !s.Home.WakeSound, Chimes: map[node.Chime][]play.Frame{}}
	for _, x := range declared(l.Chimes) {
		if a.Chime == nil {
			return nil, fmt.Errorf("%s: nothing is played here", n.Address)
		}
		frames, err := a.Chime(x.path)
		if err != nil {
			return nil, fmt.Errorf("%s: the %s chime: %w", n.Address, x.chime, err)
		}
		c.Chimes[x.chime] = frames
	}
	return &node.Responder{
		Name: n.Address, Listener: n.Name(), Config: rt.NewCell(c), Wakes: wakes.inbox(a, n.Address), Cues: cues.inbox(a, n.Address), Sound: a.WakeSounds.Of(n.Name()),
		News: happens.inbox(a, n.Address), Out: plays.out(a, n.Address),
	}, nil
}
