package node

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"orac/appliance/amount"
	"orac/appliance/discovery"
	"orac/appliance/entity"
	"orac/appliance/event"
	"orac/appliance/mqtt"
	"orac/appliance/rt"
	"orac/runbook"
	"orac/runbook/hook"
)

// settings takes the settings of the runbook, and shows what follows from them.
func (n *MQTT) settings(t *rt.Task) {
	c, changed := n.Config.Changed(&n.mark)
	if !changed {
		return
	}
	n.parts = discovery.Parts(c.Of)
	n.state.Put("", entity.State{Entity: entity.IDProblem, On: n.state["problem"] == "ON"}, n.parts)
	n.state.Put("", discovery.Started(n.started), n.parts)
	n.state.Put("", discovery.Incidents(n.incidents), n.parts)
	for _, model := range slices.Sorted(maps.Keys(c.Thresholds)) {
		n.state.Put("", entity.State{Entity: entity.IDThreshold + model, Number: c.Thresholds[model]}, n.parts)
	}
	n.mutes(t)
	topics := []string{}
	for _, p := range n.parts {
		if p.Order != "" {
			topics = append(topics, c.Device.SetTopic(p))
		}
	}
	if c.Announced {
		topics = append(topics, c.Device.BirthTopic())
	}
	if n.link == nil || n.reach != c.Reach || !slices.Equal(n.topics, topics) {
		n.relink(t, c, topics)
		return
	}
	n.tellAll(t)
}

// mutes looks who is muted, and tells whether that has changed.
func (n *MQTT) mutes(t *rt.Task) (changed bool) {
	for _, l := range n.Config.Get().Of.Listeners {
		on := n.Mutes.Get().Deaf(l.Listener, t.Now())
		changed = n.state.Put(l.Listener, entity.State{Entity: entity.IDMute, On: on}, n.parts) || changed
	}
	return changed
}

// retained publishes what the broker keeps.
func (n *MQTT) retained(t *rt.Task, topic string, payload []byte) {
	n.put(t, mqtt.Message{Topic: topic, Payload: payload, QoS: 1, Retain: true})
}

// passing publishes what is of use now, and not later.
func (n *MQTT) passing(t *rt.Task, topic string, payload []byte) {
	n.put(t, mqtt.Message{Topic: topic, Payload: payload, QoS: 1, Expiry: eventLife})
}

// shows is what the broker keeps of the appliance.
func (n *MQTT) shows(c MQTTConfig) (s shownAs) {
	d := c.Device
	s.Kept = []string{d.StatusTopic(), d.StateTopic(), d.UpdateTopic()}
	for _, p := range n.parts {
		if p.ID == entity.IDTranscript && d.KeepsTranscripts() {
			s.Kept = append(s.Kept, d.TextTopic(p))
		}
	}
	if c.Announced {
		s.Config, s.Parts = d.ConfigTopic(), discovery.Platforms(n.parts)
	}
	return s
}

// tellAll tells the broker everything: what there is, how it is, and last that the appliance is there.
func (n *MQTT) tellAll(t *rt.Task) {
	if !n.up {
		return
	}
	c := n.Config.Get()
	d, was, is := c.Device, n.shownAs, n.shows(c)
	if was.Config != is.Config && was.Config != "" {
		n.retained(t, was.Config, nil)
	}
	for _, topic := range was.Kept {
		if !slices.Contains(is.Kept, topic) {
			n.retained(t, topic, nil)
		}
	}
	if n.gone = nil; c.Announced {
		for _, name := range slices.Sorted(maps.Keys(was.Parts)) {
			if is.Parts[name] == "" && was.Config == is.Config {
				if n.gone == nil {
					n.gone = map[string]string{}
				}
				n.gone[name] = was.Parts[name]
			}
		}
		n.announce(t, n.gone)
	}
	n.tellState(t)
	n.retained(t, d.UpdateTopic(), discovery.Versions(c.Version))
	for _, p := range n.parts {
		if x, heard := n.last[p.Listener]; p.ID == entity.IDTranscript && heard && d.KeepsTranscripts() {
			n.retained(t, d.TextTopic(p), discovery.Transcript(x.text, x.id))
		}
	}
	n.retained(t, d.StatusTopic(), []byte(discovery.Online))
}

func (n *MQTT) announce(t *rt.Task, gone map[string]string) {
	d := n.Config.Get().Device
	n.retained(t, d.ConfigTopic(), d.Payload(n.parts, gone))
}

func (n *MQTT) tellState(t *rt.Task) {
	n.retained(t, n.Config.Get().Device.StateTopic(), n.state.JSON(n.parts))
}

// woken tells of a wake word.
func (n *MQTT) woken(t *rt.Task, w Wake) {
	d := n.Config.Get().Device
	for _, p := range n.parts {
		switch {
		case p.Listener != w.Listener:
		case p.Kind == discovery.Event && slices.Contains(p.Types, w.Model):
			n.passing(t, d.EventTopic(p), discovery.Happened(w.Model, w.ID, map[string]any{"wake_word": entity.Phrase(w.WakeWord, w.Model), "score": amount.Decimal(w.Score), "topic": w.Topic}))
		case p.Kind == discovery.Trigger && p.Model == w.Model:
			n.passing(t, d.TriggerTopic(p), discovery.Triggered())
		}
	}
	n.publishEvent(t, n.translate.wake(w))
}

// happened tells of what happens elsewhere in the appliance.
func (n *MQTT) happened(t *rt.Task, e event.Event) {
	c := n.Config.Get()
	changed := false
	switch b := e.Body.(type) {
	case event.Muted, event.Unmuted:
		changed = n.mutes(t)
	case event.IncidentTold:
		if !b.Closed {
			n.incidents++
			changed = n.state.Put("", discovery.Incidents(n.incidents), n.parts)
		}
	case event.Delivered:
		n.understood(t, b.Of.Listener, b.Text, b.Utterance)
	case event.HomeHeard:
		for _, listener := range slices.Sorted(maps.Keys(c.Satellites)) {
			if c.Satellites[listener] == b.Satellite {
				n.understood(t, listener, b.Text, b.Wake)
			}
		}
	}
	for _, l := range c.Of.Listeners {
		for _, x := range entity.Readings(l.Listener, c.Satellites[l.Listener], e.Body) {
			changed = x.Entity != entity.IDTranscript && n.state.Put(l.Listener, x, n.parts) || changed
		}
	}
	for _, x := range entity.Readings("", "", e.Body) {
		changed = n.state.Put("", x, n.parts) || changed
	}
	if changed {
		n.tellState(t)
	}
	for _, x := range n.translate.news(e) {
		n.publishEvent(t, x)
	}
}

// understood tells what was said.
func (n *MQTT) understood(t *rt.Task, listener, text, id string) {
	d := n.Config.Get().Device
	if text == "" || d.Transcripts == runbook.TranscriptsOff {
		return
	}
	n.last[listener] = heardText{text, id}
	for _, p := range n.parts {
		switch {
		case p.Listener != listener:
		case p.Kind == discovery.Event && p.ID == discovery.Spoken:
			n.passing(t, d.EventTopic(p), discovery.Happened(discovery.Spoken, id, map[string]any{"text": text}))
		case p.ID == entity.IDTranscript && d.KeepsTranscripts():
			n.retained(t, d.TextTopic(p), discovery.Transcript(text, id))
		case p.ID == entity.IDTranscript:
			n.passing(t, d.TextTopic(p), discovery.Transcript(text, id))
		}
	}
}

// publishEvent publishes an event as JSON, if it is wanted.
func (n *MQTT) publishEvent(t *rt.Task, e hook.Event) {
	c := n.Config.Get()
	if !slices.Contains(c.Kinds, hook.KindOf(e).Name) {
		return
	}
	n.sequence++
	head := hook.HeadOf(e)
	head.Schema, head.Type, head.Appliance, head.InstanceID, head.Sequence = hook.Version, hook.KindOf(e).Name, c.Appliance, c.InstanceID, n.sequence
	head.ID = fmt.Sprintf("evt-%013d-%016x", max(0, t.Wall().UnixMilli()), n.ids.Uint64())
	hook.Clean(e)
	p, err := c.Publish(e)
	if err != nil {
		n.counts.Dropped++
		n.counts.Error = err.Error()
		return
	}
	n.put(t, mqtt.Message{Topic: p.Topic, Payload: p.Payload, QoS: 1, Hush: true})
}

// hear takes a message of the broker.
func (n *MQTT) hear(t *rt.Task, m mqtt.Message) {
	c := n.Config.Get()
	if c.Announced && m.Topic == c.Device.BirthTopic() {
		if string(m.Payload) == discovery.Online && n.birth == rt.Never {
			n.birth = t.Now().Add(time.Duration(n.jitter.Int64N(int64(mostBirth))))
		}
		return
	}
	i := slices.IndexFunc(n.parts, func(p discovery.Part) bool { return p.Order != "" && c.Device.SetTopic(p) == m.Topic })
	err := n.obey.admit(t)
	switch {
	case err != nil:
	case i < 0:
		err = errUnknown
	case m.Retain:
		err = errRetained
	}
	name := "a topic"
	if err == nil {
		var o entity.Order
		if o, err = discovery.Read(n.parts[i], m.Payload); err == nil {
			var again bool
			if again, err = n.obey.give(t, o, o.Order == runbook.AllowRestart); again {
				return
			}
		}
	}
	if err == nil {
		n.counts.Orders++
		return
	}
	if i >= 0 {
		name = n.parts[i].Object
	}
	n.refuse(t, name, err)
	if !errors.Is(err, errTooMany) {
		n.tellState(t) // whoever ordered it may believe that it is done
	}
}

// refuse counts an order that is not carried out, and tells of it, seldom.
func (n *MQTT) refuse(t *rt.Task, what string, why error) {
	n.counts.Denied++
	t.Trace("order refused", int64(n.counts.Denied))
	if n.refusedAt == 0 || t.Now().Sub(n.refusedAt) >= refusedEvery {
		n.refusedAt = t.Now()
		say(t, n.Events, n.Name, event.OrderRefused{Broker: n.Broker, Order: what, Cause: why.Error()})
	}
}

// refusedEvery is how often a refused order is told, at most.
const refusedEvery = 10 * time.Second

// obeyed takes what came of an order. Whatever it is, the broker is told how things are.
func (n *MQTT) obeyed(t *rt.Task, c carried) {
	t.Trace("obeyed", flag(c.err == nil))
	if c.err != nil {
		if c.order.Order == runbook.AllowRestart {
			n.obey.last = 0 // it was none: the next one is not a repetition of it
		}
		n.refuse(t, c.order.Order, c.err)
	}
	n.mutes(t)
	n.tellState(t)
}

// sortsOfOrders are what a block may allow.
var sortsOfOrders = []string{runbook.AllowMute, runbook.AllowThreshold, runbook.AllowSay, runbook.AllowRestart}
