package node

import (
	"errors"
	"slices"
	"time"

	"orac/appliance/event"
	"orac/appliance/notify"
	"orac/appliance/rt"
)

// Heartbeat tells a server at once, and then every so often, which models listen and how often they fired.
type Heartbeat struct {
	Name       string // address of the node
	Endpoint   string
	InstanceID string
	Client     notify.Heart
	Every      time.Duration
	Models     []notify.BeatModel // with no triggers yet
	In         *rt.Mailbox[Wake]
	Events     Events

	recent []rt.Instant // activations of the last hour, oldest first
	last   time.Time
}

// maxRecent bounds the activations that are counted as those of the last hour: more than one a second.
const maxRecent = 4096

// Run implements Node.
func (n *Heartbeat) Run(t *rt.Task) error {
	known, was := false, false
	for {
		topics, err := n.Client.Beat(t, n.beat(t))
		if errors.Is(err, rt.ErrStopped) {
			return err
		}
		ok, cause := err == nil, ""
		if err != nil {
			cause = err.Error()
		}
		if !known || ok != was {
			t.Trace("heartbeat", flag(ok))
			say(t, n.Events, n.Name, event.Heartbeat{Endpoint: n.Endpoint, OK: ok, Topics: topics, Cause: cause})
		}
		known, was = true, ok
		if err := n.count(t, t.Now().Add(n.Every)); err != nil {
			return over(err)
		}
	}
}

// count counts wakes until the next beat is due.
func (n *Heartbeat) count(t *rt.Task, until rt.Instant) error {
	for {
		w, err := n.In.Recv(t, until)
		switch {
		case errors.Is(err, rt.ErrTimeout):
			return nil
		case errors.Is(err, rt.ErrClosed):
			return t.Sleep(until.Sub(t.Now())) // no sound comes any more; the models are there all the same
		case err != nil:
			return err
		}
		i := slices.IndexFunc(n.Models, func(m notify.BeatModel) bool { return m.Name == w.Model })
		if i < 0 {
			continue
		}
		n.last = t.Wall()
		n.Models[i].TriggerCount++
		n.Models[i].LastTriggered = n.last
		if len(n.recent) == maxRecent {
			n.recent = slices.Delete(n.recent, 0, 1)
		}
		n.recent = append(n.recent, t.Now())
	}
}

func (n *Heartbeat) beat(t *rt.Task) notify.Beat {
	hourAgo := t.Now() - rt.Instant(time.Hour)
	n.recent = slices.DeleteFunc(n.recent, func(at rt.Instant) bool { return at < hourAgo })
	return notify.Beat{
		InstanceID: n.InstanceID, At: t.Wall(), Models: slices.Clone(n.Models),
		Activations1h: len(n.recent), LastActivation: n.last,
	}
}
