package node

import (
	"errors"
	"slices"
	"time"

	"orac/appliance/event"
	"orac/appliance/notify"
	"orac/appliance/rt"
	"orac/appliance/stt/wire"
)

// Heartbeat tells a server at once, and then every so often, which models listen and how often they fired.
type Heartbeat struct {
	Name       string // address of the node
	Endpoint   string
	InstanceID string
	Config     *rt.Cell[HeartbeatConfig]
	In         *rt.Mailbox[Wake]
	Events     Events

	fired  map[string]notify.BeatModel // what is known of each model's triggers
	recent []rt.Instant                // activations of the last hour, oldest first
	last   time.Time
}

// HeartbeatConfig are the settings of a heartbeat.
type HeartbeatConfig struct {
	Client notify.Heart
	Every  time.Duration
	Models []notify.BeatModel // without their triggers
}

// Update implements Updater.
func (n *Heartbeat) Update(fresh Node) { n.Config.Take(fresh.(*Heartbeat).Config) }

// maxRecent bounds the activations that are counted as those of the last hour: more than one a second.
const maxRecent = 4096

// Run implements Node.
func (n *Heartbeat) Run(t *rt.Task) error {
	if n.fired == nil {
		n.fired = map[string]notify.BeatModel{}
	}
	var said event.Heartbeat // the last
	for known, failed := false, 0; ; {
		config := n.Config.Get()
		wait := config.Every
		topics, err := config.Client.Beat(t, n.beat(t, config.Models))
		if errors.Is(err, rt.ErrStopped) {
			return err
		}
		now := event.Heartbeat{Endpoint: n.Endpoint, OK: err == nil, Topics: topics}
		if failed++; err == nil {
			failed = 0
		} else {
			e, ours := errors.AsType[*notify.Error](err)
			now.Cause, now.Late, now.Retry = err.Error(), ours && e.Kind == wire.Late, "every "+config.Every.String()
			now.Denied = denied(err)
		}
		if failed == 1 { // one that fails may be a blip
			wait = min(wait, again)
		} else if !known || now.OK != said.OK || now.Late != said.Late || now.Denied != said.Denied {
			t.Trace("heartbeat", flag(now.OK))
			say(t, n.Events, n.Name, now)
			known, said = true, now
		}
		if err := n.count(t, t.Now().Add(wait)); err != nil {
			return over(err)
		}
	}
}

// again is how soon a heartbeat that failed is sent once more, before anything is said of it.
const again = 5 * time.Second

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
		n.last = t.Wall()
		m := n.fired[w.Model]
		m.TriggerCount++
		m.LastTriggered = n.last
		n.fired[w.Model] = m
		if len(n.recent) == maxRecent {
			n.recent = slices.Delete(n.recent, 0, 1)
		}
		n.recent = append(n.recent, t.Now())
	}
}

func (n *Heartbeat) beat(t *rt.Task, models []notify.BeatModel) notify.Beat {
	models = slices.Clone(models)
	for i := range models {
		f := n.fired[models[i].Name]
		models[i].TriggerCount, models[i].LastTriggered = f.TriggerCount, f.LastTriggered
	}
	hourAgo := t.Now() - rt.Instant(time.Hour)
	n.recent = slices.DeleteFunc(n.recent, func(at rt.Instant) bool { return at < hourAgo })
	return notify.Beat{
		InstanceID: n.InstanceID, At: t.Wall(), Models: models,
		Activations1h: len(n.recent), LastActivation: n.last,
	}
}
