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
	known, was, refused := false, false, false
	for {
		config := n.Config.Get()
		topics, err := config.Client.Beat(t, n.beat(t, config.Models))
		if errors.Is(err, rt.ErrStopped) {
			return err
		}
		ok, cause := err == nil, ""
		if err != nil {
			cause = err.Error()
		}
		no := denied(err)
		if !known || ok != was || no != refused {
			t.Trace("heartbeat", flag(ok))
			say(t, n.Events, n.Name, event.Heartbeat{Endpoint: n.Endpoint, OK: ok, Topics: topics, Cause: cause, Denied: no})
		}
		known, was, refused = true, ok, no
		if err := n.count(t, t.Now().Add(config.Every)); err != nil {
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
