package node

import (
	"errors"
	"time"

	"orac/appliance/event"
	"orac/appliance/rt"
	"orac/appliance/stt"
)

// Probe asks a speech-to-text service for its health, at intervals, and at once when a node that talks to it sees that it
// may be away or back. It tells those nodes when it is well again, and what it says about streaming.
type Probe struct {
	Name    string // address of the node
	STT     string
	Config  *rt.Cell[ProbeConfig]
	Sights  *rt.Mailbox[Sight]
	Healthy *rt.Out[Seen]
	Events  Events

	known, well, refused bool // what was reported of the service
	asked                rt.Instant
}

// ProbeConfig are the settings of a probe.
type ProbeConfig struct {
	Client stt.Prober
	Every  time.Duration
}

// Update implements Updater.
func (n *Probe) Update(fresh Node) {
	f := fresh.(*Probe)
	n.Config.Take(f.Config)
	n.Healthy.To(f.Healthy)
}

const (
	// soon is how often to ask a service that is not well: often enough to deliver at once when it is back.
	soon = 2 * time.Second
	// askGap is the shortest time between two questions, however many sights of a service arrive.
	askGap = 500 * time.Millisecond
)

// Run implements Node.
func (n *Probe) Run(t *rt.Task) error {
	n.known, n.well, n.refused = false, false, false
	for {
		config := n.Config.Get()
		n.asked = t.Now()
		said, err := config.Client.Health(t)
		if errors.Is(err, rt.ErrStopped) {
			return err
		}
		status := said.Status
		if err != nil {
			status = err.Error()
		}
		back := err == nil && !n.well
		n.say(t, err == nil, status, denied(err))
		if back || said.Streaming != nil {
			n.Healthy.Push(t, Seen{STT: n.STT, Back: back, Health: said})
		}
		wait := config.Every
		if !n.well {
			wait = min(wait, soon)
		}
		if err := n.watch(t, t.Now().Add(wait)); err != nil {
			return err
		}
	}
}

// say reports the health of the service, if it differs from the last report.
func (n *Probe) say(t *rt.Task, ok bool, status string, refused bool) {
	if !n.known || ok != n.well || refused != n.refused {
		t.Trace("health", flag(ok))
		say(t, n.Events, n.Name, event.STTHealth{STT: n.STT, OK: ok, Status: status, Denied: refused})
	}
	n.known, n.well, n.refused = true, ok, refused
}

// watch waits until the service is to be asked again: at that time, or as soon as a node sees something that contradicts
// what is known.
func (n *Probe) watch(t *rt.Task, until rt.Instant) error {
	for {
		s, err := n.Sights.Recv(t, until)
		switch {
		case errors.Is(err, rt.ErrTimeout):
			return nil
		case errors.Is(err, rt.ErrClosed):
			return t.Sleep(until.Sub(t.Now()))
		case err != nil:
			return err
		case s.Well == n.well || s.STT != "" && s.STT != n.STT:
			continue
		}
		if s.Away { // it may be back before it can be asked, and was still away
			n.say(t, false, s.Cause, false)
		}
		until = min(until, max(t.Now(), n.asked.Add(askGap)))
	}
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// denied tells whether a service has rejected our identity: that is not an outage, and does not
// pass by itself.
func denied(err error) bool {
	e, ok := errors.AsType[*stt.Error](err)
	return ok && e.Kind == stt.Unauthorised
}
