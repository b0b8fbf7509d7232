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

// Heartbeat tells a server, at once and then at intervals, which models listen and how often they fired.
type Heartbeat struct {
	Name    string // address of the node
	Config  *rt.Cell[HeartbeatConfig]
	In      *rt.Mailbox[Wake]
	Healthy *rt.Mailbox[Seen] // what the probe of the service has seen, if there is one
	Sights  *rt.Out[Sight]    // what it tells the probe
	Events  Events

	fired  map[string]notify.BeatModel // what is known of each model's triggers
	recent []rt.Instant                // activations of the last hour, oldest first
	last   time.Time
	sent   rt.Instant // the last beat
}

// HeartbeatConfig are the settings of a heartbeat.
type HeartbeatConfig struct {
	Client     notify.Heart
	Endpoint   string // where the client goes, for events
	InstanceID string
	Every      time.Duration
	Models     []notify.BeatModel // without their triggers
}

// Update implements Updater.
func (n *Heartbeat) Update(fresh Node) {
	f := fresh.(*Heartbeat)
	n.Config.Take(f.Config)
	n.Sights.To(f.Sights)
}

// maxRecent bounds the activations that are counted for the last hour: more than one a second.
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
		n.sent = t.Now()
		topics, err := config.Client.Beat(t, n.beat(t, config))
		if errors.Is(err, rt.ErrStopped) {
			return err
		}
		n.saw(t, err)
		now := event.Heartbeat{Endpoint: config.Endpoint, OK: err == nil, Topics: topics}
		if failed++; err == nil {
			failed = 0
		} else {
			e, ours := errors.AsType[*notify.Error](err)
			if ours {
				wait = min(wait, retry(e, wait))
			}
			now.Cause, now.Late, now.Retry = err.Error(), ours && e.Kind == wire.Late, "every "+wait.String()
			now.Denied = denied(err)
		}
		if failed == 1 { // a single failure may be a blip
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

const (
	// again is how soon a failed heartbeat is sent once more, before anything is reported.
	again = 5 * time.Second
	// beatGap is the shortest time between two beats, however often the service comes back. beatSpread is a random addition,
	// drawn anew each time, so that many appliances do not come back to a service in step.
	beatGap    = 2 * time.Second
	beatSpread = time.Second
)

// retry is how soon a beat that failed again is sent once more. A server that is unreachable or busy, or for which there is no token, is tried often, so that it
// learns of us soon after its return. A server that refuses us, or that waits for others, is tried less often.
func retry(e *notify.Error, every time.Duration) time.Duration {
	if e.Kind == wire.Unreachable && e.Status == 0 || e.Kind == wire.Busy || e.Kind == wire.NoToken {
		return max(again, e.RetryAfter)
	}
	return every
}

// saw tells the probe what a beat has shown. A different server may answer at this address, so a missing connection does not
// prove an outage: the probe checks for itself.
func (n *Heartbeat) saw(t *rt.Task, err error) {
	if s, shows := sight(err); shows && n.Sights != nil {
		s.Away = false
		n.Sights.Push(t, s)
	}
}

// count counts wakes until the next beat is due: soon, if the service has just come back, because it may have
// forgotten us.
func (n *Heartbeat) count(t *rt.Task, due rt.Instant) error {
	for {
		var from []rt.Case // a closed mailbox holds no more; the models are still there
		if n.Healthy != nil && !n.Healthy.Closed() {
			from = append(from, n.Healthy)
		}
		if !n.In.Closed() || n.In.Stats().Len > 0 {
			from = append(from, n.In)
		}
		_, err := rt.Select(t, due, from...)
		if errors.Is(err, rt.ErrTimeout) {
			return nil
		}
		if err != nil {
			return err
		}
		if n.Healthy != nil {
			if s, ok := n.Healthy.TryRecv(t); ok && s.Back {
				soonest := max(t.Now(), n.sent.Add(beatGap)).Add(time.Duration(t.Rand("beat").Int64N(int64(beatSpread))))
				due = min(due, soonest)
			}
		}
		if w, ok := n.In.TryRecv(t); ok {
			n.took(t, w)
		}
	}
}

func (n *Heartbeat) took(t *rt.Task, w Wake) {
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

func (n *Heartbeat) beat(t *rt.Task, c HeartbeatConfig) notify.Beat {
	models := slices.Clone(c.Models)
	for i := range models {
		f := n.fired[models[i].Name]
		models[i].TriggerCount, models[i].LastTriggered = f.TriggerCount, f.LastTriggered
	}
	hourAgo := t.Now() - rt.Instant(time.Hour)
	n.recent = slices.DeleteFunc(n.recent, func(at rt.Instant) bool { return at < hourAgo })
	return notify.Beat{
		InstanceID: c.InstanceID, At: t.Wall(), Models: models,
		Activations1h: len(n.recent), LastActivation: n.last,
	}
}
