package node

import (
	"cmp"
	"errors"
	"time"

	"orac/appliance/event"
	"orac/appliance/rt"
	"orac/appliance/stt"
)

// Seen is what a probe has seen of its service.
type Seen struct {
	STT    string // the service
	Back   bool   // the service is well again: try now
	Health stt.Health
}

// offFor is how long to believe a service that says that it accepts no streams. It is longer than the longest time between
// two health checks, so each check renews it. After that a stream is tried again.
const offFor = 15 * time.Minute

// offThere is why a service that could accept streams does not.
const offThere = "streaming is switched off there"

// streams tells whether an utterance may be streamed now.
func (n *Delivery) streams(t *rt.Task) bool { return n.Live && t.Now() >= n.offUntil }

// Way is how utterances are sent now, and why they are not streamed if they could be. It may be called from
// anywhere.
func (n *Delivery) Way() string {
	if using := n.using.Get(); using != "" {
		return using
	}
	if why := n.off.Get(); why != "" {
		return "by HTTP: " + why
	}
	return n.Config.Get().Way
}

// heed handles what a service has said about streaming. Each change is reported once.
func (n *Delivery) heed(t *rt.Task, h stt.Health) {
	switch {
	case !n.Live || h.Streaming == nil:
	case *h.Streaming:
		n.offUntil = 0
		n.streamed(t)
	default:
		n.offUntil = t.Now().Add(offFor)
		if n.off.Get() == "" {
			n.off.Take(rt.NewCell(offThere))
			t.Trace("streaming", 0)
			say(t, n.Events, n.Name, event.Streaming{STT: n.STT, On: false, Why: offThere})
		}
	}
}

// streamed notes that the service accepts streams.
func (n *Delivery) streamed(t *rt.Task) {
	if n.off.Get() == "" {
		return
	}
	n.off.Take(rt.NewCell(""))
	t.Trace("streaming", 1)
	say(t, n.Events, n.Name, event.Streaming{STT: n.STT, On: true})
}

// hear reads what the probe has seen meanwhile, and tells whether the service came back.
func (n *Delivery) hear(t *rt.Task) (back bool) {
	for s, ok := n.Healthy.TryRecv(t); ok; s, ok = n.Healthy.TryRecv(t) {
		n.seen(t, s)
		back = back || s.Back
	}
	return back
}

// seen handles what the probe of a service has seen.
func (n *Delivery) seen(t *rt.Task, s Seen) {
	if s.Back {
		n.returned(s.STT)
	}
	if s.STT == n.Service {
		n.heed(t, s.Health)
	}
}

// next waits for an utterance, and listens to the probe meanwhile.
func (n *Delivery) next(t *rt.Task, jobs *rt.Mailbox[Job]) (Job, error) {
	for {
		if n.Healthy.Closed() { // the service is no longer probed
			return jobs.Recv(t, rt.Never)
		}
		_, err := rt.Select(t, n.nextCheck(), jobs, n.Healthy)
		if errors.Is(err, rt.ErrTimeout) {
			if err := n.recheck(t); err != nil {
				return Job{}, err
			}
			continue
		}
		if err != nil {
			return Job{}, err
		}
		n.hear(t)
		if job, ok := jobs.TryRecv(t); ok {
			return job, nil
		}
		if jobs.Closed() {
			return Job{}, rt.ErrClosed
		}
	}
}

// switchedOff tells whether a refused stream means that the service accepts none, as its health says. Such a refusal is not
// reported: the same sound goes by HTTP. Any other refusal, such as one of an invalid token, stays a refusal.
func (n *Delivery) switchedOff(t *rt.Task, err error) (bool, error) {
	if !stt.MayMeanNoStreams(err) {
		return false, nil
	}
	h, asked, err := n.health(t)
	if !asked {
		return false, err
	}
	n.heed(t, h)
	return h.Streaming != nil && !*h.Streaming, nil
}

// settings applies the settings of the runbook, and tells whether they have changed. What was known of the service is forgotten
// with the old settings: it may be a different service.
func (n *Delivery) settings() (changed bool) {
	c, changed := n.Config.Changed(&n.mark)
	if changed {
		c.Service = cmp.Or(c.Service, n.STT)
		n.DeliveryConfig, n.offUntil = c, 0
		n.routes = append([]DeliveryConfig{c}, c.Others...)
		n.away, n.at, n.inUse = make([]absence, len(n.routes)), 0, 0
		n.off.Take(rt.NewCell(""))
		n.using.Take(rt.NewCell(""))
	}
	return changed
}

// streamWay is the name of the way of streams.
func (n *Delivery) streamWay() string { return cmp.Or(n.Streamed, "ws") }
