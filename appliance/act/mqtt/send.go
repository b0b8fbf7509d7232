package mqtt

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/eclipse/paho.golang/paho"

	"orac/appliance/act"
	"orac/appliance/act/fill"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/stt/wire"
	"orac/appliance/thread"
)

// Reason codes of MQTT 5.
const (
	nobodyListens = 0x10
	refused       = 0x80 // from here on
)

// waiter waits for messages on a topic.
type waiter struct {
	before chan string // the retained message: how it was before
	after  chan string // what came since
}

// past drops what came until now: it was on its way before the message is sent, and tells of something else.
func (w *waiter) past() {
	for {
		select {
		case <-w.after:
		default:
			return
		}
	}
}

// TraceProperty is the user property of a message with the ID of the request, and ParentProperty that with the step of its trace:
// https://w3c.github.io/trace-context-mqtt/
const (
	TraceProperty  = "request_id"
	ParentProperty = "traceparent"
)

// send sends a message and waits for its proof.
func (m *MQTT) send(t *rt.Task, client *paho.Client, o *act.Outcome, h thread.Thread) {
	stop, cancel := live.Context(t)
	defer cancel()
	ctx, done := context.WithTimeout(stop, m.config.Timeout)
	defer done()
	var w *waiter
	var expect act.Expectation
	if len(o.Call.Expect) > 0 {
		expect = o.Call.Expect[0]
		var err error
		if w, err = m.listen(ctx, client, expect.Entity); err != nil {
			o.Verdict, o.Reason = act.Failed, "the broker does not let us hear "+expect.Entity+", so nothing could be proven: nothing was sent"
			return
		}
		defer m.leave(client, expect.Entity, w)
	}
	p := &paho.Publish{Topic: o.Call.Service, QoS: byte(m.config.QoS), Retain: m.config.Retain, Payload: fill.Body(o.Call)}
	if h.ID != "" {
		p.Properties = &paho.PublishProperties{User: paho.UserProperties{{Key: TraceProperty, Value: wire.CleanText(h.ID)}}}
		if h.Parent != "" {
			p.Properties.User.Add(ParentProperty, h.Parent)
		}
	}
	if w != nil {
		w.past()
	}
	o.Sent = t.Wall()
	res, err := client.PublishWithOptions(ctx, p, paho.PublishOptions{})
	switch {
	case res != nil && res.ReasonCode >= refused:
		o.Answered = t.Wall()
		o.Verdict, o.Reason = act.Failed, fmt.Sprintf("the broker refuses the message (reason 0x%02X)", res.ReasonCode)
		return
	case errors.Is(err, paho.ErrInvalidArguments):
		o.Verdict, o.Reason, o.Sent = act.Failed, "the broker cannot take such a message: "+wire.CleanText(err.Error()), time.Time{}
		return
	case err != nil:
		o.Verdict, o.Reason = act.Unknown, "the broker did not confirm the message: it may have been done"
	case m.config.QoS > 0:
		o.Answered = t.Wall()
		if res.ReasonCode == nobodyListens && !m.config.Retain {
			o.Verdict, o.Reason = act.Failed, "nothing listens to "+o.Call.Service
			return
		}
	}
	if o.Verdict == "" {
		o.Verdict, o.Reason = act.Unproven, "the message was sent, and nothing proves that it was done"
	}
	if w != nil {
		m.prove(ctx, t, o, w, expect)
	}
}

// prove waits for the message that proves it.
func (m *MQTT) prove(ctx context.Context, t *rt.Task, o *act.Outcome, w *waiter, x act.Expectation) {
	e := act.EntityOutcome{Entity: x.Entity, Verdict: o.Verdict}
	fits := func(s string) bool { return len(x.State) == 0 || slices.Contains(x.State, s) }
	was := func(state string) {
		e.Before = act.State{Entity: x.Entity, State: state}
		if len(x.State) > 0 && fits(state) && o.Verdict == act.Unproven {
			e.Verdict, e.After = act.Already, e.Before
		}
	}
	last := ""
	for e.Verdict == o.Verdict { // until there is proof, or time is over
		select {
		case state := <-w.before:
			was(state)
			continue
		case last = <-w.after:
			select {
			case state := <-w.before: // it came first
				was(state)
			default:
			}
			if e.Verdict == o.Verdict {
				if e.After = (act.State{Entity: x.Entity, State: last}); fits(last) {
					e.Verdict = act.Proven
				}
			}
			continue
		case <-ctx.Done():
		}
		break
	}
	switch {
	case e.Verdict.Good():
		o.Verdict, o.Reason, o.Proof = e.Verdict, "", t.Wall()
	case o.Verdict == act.Unproven && last != "":
		o.Verdict, o.Reason = act.Failed, fmt.Sprintf("it tells %.60q instead", last)
	case o.Verdict == act.Unproven:
		o.Reason = "nothing was told on " + x.Entity + " in time"
	}
	e.Verdict, e.Reason = o.Verdict, o.Reason
	o.Entities = []act.EntityOutcome{e}
}

// listen subscribes to a topic.
func (m *MQTT) listen(ctx context.Context, client *paho.Client, topic string) (*waiter, error) {
	w := &waiter{before: make(chan string, 1), after: make(chan string, 64)}
	select {
	case m.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-m.turn }()
	m.mu.Lock()
	m.waiters[topic] = append(m.waiters[topic], w)
	m.mu.Unlock()
	// A subscription that there is already brings the retained message again, which tells how it was before.
	_, err := client.Subscribe(ctx, &paho.Subscribe{Subscriptions: []paho.SubscribeOptions{{Topic: topic, QoS: 1, RetainAsPublished: false}}})
	if err != nil {
		m.forget(topic, w)
		return nil, err
	}
	return w, nil
}

// forget returns whether nobody else waits for the topic.
func (m *MQTT) forget(topic string, w *waiter) (last bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.waiters[topic] = slices.DeleteFunc(m.waiters[topic], func(x *waiter) bool { return x == w })
	if len(m.waiters[topic]) > 0 {
		return false
	}
	delete(m.waiters, topic)
	return true
}

// leave ends a subscription that nobody needs any more.
func (m *MQTT) leave(client *paho.Client, topic string, w *waiter) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	select {
	case m.turn <- struct{}{}:
	case <-ctx.Done():
		m.forget(topic, w)
		return // it stays subscribed until somebody leaves it again, or the connection ends
	}
	defer func() { <-m.turn }()
	if !m.forget(topic, w) {
		return
	}
	_, _ = client.Unsubscribe(ctx, &paho.Unsubscribe{Topics: []string{topic}}) // the broker forgets it with the connection, if need be
}

// hear takes a message of the broker. It never waits: of more than anybody could need, the oldest stay.
func (m *MQTT) hear(topic string, payload []byte, retained bool) {
	if len(payload) > fill.MaxPayload {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, w := range m.waiters[topic] {
		to := w.after
		if retained {
			to = w.before
		}
		select {
		case to <- string(payload):
		default:
		}
	}
}
