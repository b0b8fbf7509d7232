package graph

import (
	"fmt"
	"time"

	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/appliance/utterance"
	"orac/runbook"
)

// Recorder is the name of the kind.
const Recorder Name = "recorder"

type recorderSettings struct {
	Listener struct {
		Address runbook.Address
		Deliver []runbook.Route `hcl:"deliver"`
		Record  runbook.Record  `hcl:"record"`
	} `of:"listener"`
	Watchdog struct {
		Address   runbook.Address
		ReadStall time.Duration `hcl:"read_stall"`
	} `of:"watchdog"`
	WAV *recorded `of:"device.wav"`
}

// recorded is a sound file that is recorded from.
type recorded struct {
	Address runbook.Address
	Pace    string `hcl:"pace"`
}

func recorders() *Kind {
	return built(Kind{
		Name: Recorder, Role: Records, Of: ToListener, Words: "records the command that follows a wake word, and finds its end",
		Health: starves, Reads: []string{wakes.Name}, Writes: []string{follows.Name, pieces.Name},
		add: addRecorders,
	}, buildRecorder)
}

func addRecorders(c *compiler, k *Kind) {
	for _, l := range c.listeners {
		if len(l.Routes()) == 0 {
			continue
		}
		address := At(Recorder, l.Name)
		var identity byDevice
		fill(&identity.Listener, l)
		var s recorderSettings
		fill(&s.Listener, l)
		fill(&s.Watchdog, c.Runbook.Watchdog)
		s.WAV = seen[recorded](c.Runbook.WAV(l.Device))
		c.add(Node{
			Address: address, Kind: k, Block: l.Address, Detail: fmt.Sprintf("pre-roll %v, at most %v", l.Record.PreRoll, l.Record.Max),
			Identity: identity, Settings: s,
		})
		from := At(Trigger, l.Name)
		if home := l.Home(); home != "" { // it passes on what Home Assistant does not take
			from = At(Name(home.Type()), home.Name())
		}
		wakes.connect(c, from, address)
		follows.connect(c, address, At(Ring, l.Device.Name()))
	}
}

func buildRecorder(a *Assembly, n *Node, id byDevice, s recorderSettings) (node.Node, error) {
	device, r := id.Listener.Device.Name(), s.Listener.Record
	return &node.Recorder{
		Name: n.Address, Listener: n.Name(), Device: device,
		Config: rt.NewCell(node.RecorderConfig{
			Patient: s.WAV != nil && s.WAV.Pace == "fast", Deliver: firsts(runbook.RoutesOf(s.Listener.Deliver)), PreRoll: r.PreRoll, Stall: s.Watchdog.ReadStall,
			End: utterance.EndpointConfig{Lead: r.Lead, Silence: r.Silence, Grace: r.Grace, Max: r.Max, Level: float32(r.SilenceThreshold)},
		}),
		In: wakes.inbox(a, n.Address), Ring: follows.inbox(a, At(Ring, device)), Out: pieces.out(a, n.Address), Events: a.Events(n.Address), Mutes: a.Mutes,
	}, nil
}

// firsts are the names under which utterances are kept: each list goes by its first service.
func firsts(routes []runbook.Route) (list []string) {
	for _, r := range routes {
		list = append(list, r[0].Name())
	}
	return list
}
