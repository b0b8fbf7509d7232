package node

import (
	"errors"
	"time"

	"orac/appliance/event"
	"orac/appliance/rt"
	"orac/appliance/stt"
)

// Probe asks a speech-to-text service how it is, and tells the delivery node when it is well again, and what it says of streaming.
type Probe struct {
	Name    string // address of the node
	STT     string
	Config  *rt.Cell[ProbeConfig]
	Healthy *rt.Out[Seen]
	Events  Events
}

// ProbeConfig are the settings of a probe.
type ProbeConfig struct {
	Client stt.Prober
	Every  time.Duration
}

// Update implements Updater.
func (n *Probe) Update(fresh Node) { n.Config.Take(fresh.(*Probe).Config) }

// soon is how often a service is asked that is not well: often enough to deliver at once when it is back.
const soon = 2 * time.Second

// Run implements Node.
func (n *Probe) Run(t *rt.Task) error {
	refused := false
	for known, was := false, false; ; known = true {
		config := n.Config.Get()
		said, err := config.Client.Health(t)
		if errors.Is(err, rt.ErrStopped) {
			return err
		}
		ok, status := err == nil, said.Status
		if err != nil {
			status = err.Error()
		}
		no := denied(err)
		if !known || ok != was || no != refused {
			t.Trace("health", flag(ok))
			say(t, n.Events, n.Name, event.STTHealth{STT: n.STT, OK: ok, Status: status, Denied: no})
		}
		refused = no
		if back := ok && !was; back || said.Streaming != nil {
			n.Healthy.Push(t, Seen{Back: back, Health: said})
		}
		was = ok
		wait := config.Every
		if !ok {
			wait = min(wait, soon)
		}
		if err := t.Sleep(wait); err != nil {
			return err
		}
	}
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// denied tells whether a service has refused who we are: no outage, and nothing that passes by itself.
func denied(err error) bool {
	e, ok := errors.AsType[*stt.Error](err)
	return ok && e.Kind == stt.Unauthorised
}
