package node

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"orac/appliance/discovery"
	"orac/appliance/event"
	"orac/appliance/mqtt"
	"orac/appliance/rt"
	"orac/appliance/stt/wire"
)

// linked tells that the broker is there, or is not, and why.
type linked struct {
	up  bool
	err error
}

// mostHeard is how many messages of a broker may wait to be read.
const mostHeard = 64

// keepLink keeps the connection to the broker until the task is told to stop.
func (n *MQTT) keepLink(client mqtt.Link, s mqtt.Session) func(t *rt.Task) error {
	return func(t *rt.Task) error {
		jitter, failures := t.Rand("jitter"), 0
		for {
			opened := rt.Never
			err := client.Serve(t, s, func() {
				opened = t.Now()
				n.news.Push(t, linked{up: true})
			}, func(m mqtt.Message) { n.heard.TrySend(t, m) })
			if errors.Is(err, rt.ErrStopped) {
				return err
			}
			if opened != rt.Never && t.Now().Sub(opened) >= steady { // a broker that ends each connection at once is left alone longer and longer
				failures = 0
			}
			failures++
			n.news.Push(t, linked{err: err})
			if err := t.Sleep(backoff(jitter, failures, firstRelink, n.Config.Get().MaxDelay)); err != nil {
				return err
			}
		}
	}
}

// firstRelink is the pause before the first try to connect again.
const firstRelink = time.Second

// relink connects anew, because something else is to be reached or heard.
func (n *MQTT) relink(t *rt.Task, c MQTTConfig, topics []string) {
	if n.link != nil {
		n.link.Stop()
		_ = t.Wait(n.link, t.Now().Add(lastWords))
		n.down(t)
		for _, ok := n.news.TryRecv(t); ok; _, ok = n.news.TryRecv(t) {
		}
	}
	n.reach, n.topics, n.client = c.Reach, topics, c.Link
	n.link = t.Shield("link", n.keepLink(n.client, mqtt.Session{
		Will:      mqtt.Message{Topic: c.Device.StatusTopic(), Payload: []byte(discovery.Offline), QoS: 1, Retain: true},
		Subscribe: topics,
	}))
}

// linked takes what the link tells.
func (n *MQTT) linked(t *rt.Task, x linked) {
	c := n.Config.Get()
	t.Trace("link", flag(x.up))
	if x.up {
		n.up, n.pause, n.failures, n.counts.Error = true, 0, 0, ""
		n.counts.Connects++
		say(t, n.Events, n.Name, event.BrokerFound{Broker: n.Broker, Address: c.BrokerShown, Dropped: n.counts.Dropped})
		n.told, n.toldDenied = false, false
		n.tellAll(t)
		return
	}
	n.down(t)
	n.counts.Error = x.err.Error()
	e, _ := errors.AsType[*wire.Error](x.err)
	if denied := stays(e); !n.told || denied && !n.toldDenied {
		n.told, n.toldDenied = true, denied
		say(t, n.Events, n.Name, event.BrokerLost{Broker: n.Broker, Cause: n.counts.Error, Denied: denied})
	}
}

// down forgets what was to be published. What is retained is told anew when the broker is back.
func (n *MQTT) down(t *rt.Task) {
	n.up, n.birth = false, rt.Never
	for _, m := range n.queue {
		n.drop(t, m)
	}
	n.queue = nil
}

// drop counts a message that is lost.
func (n *MQTT) drop(t *rt.Task, m mqtt.Message) {
	if !m.Retain {
		n.counts.Dropped++
		t.Trace("dropped", int64(n.counts.Dropped))
	}
}

// put publishes a message, when it is its turn. Of what is retained only the newest counts.
func (n *MQTT) put(t *rt.Task, m mqtt.Message) {
	if !n.up {
		n.drop(t, m)
		return
	}
	if m.Retain {
		n.queue = slices.DeleteFunc(n.queue, func(x mqtt.Message) bool { return x.Retain && x.Topic == m.Topic })
	}
	n.queue = append(n.queue, m)
	if most := n.Config.Get().Queue; len(n.queue) > most {
		i := max(0, slices.IndexFunc(n.queue, func(x mqtt.Message) bool { return !x.Retain }))
		n.drop(t, n.queue[i])
		n.queue = slices.Delete(n.queue, i, i+1)
	}
}

// publishNext hands the next message to the broker, one at a time.
func (n *MQTT) publishNext(t *rt.Task) {
	if !n.up || n.sender != nil || len(n.queue) == 0 || t.Now() < n.pause {
		return
	}
	m, link := n.queue[0], n.client
	n.queue, n.under = n.queue[1:], &m
	n.sender = t.Go("publish", func(t *rt.Task) error {
		n.sent.TrySend(t, link.Publish(t, m))
		return nil
	})
}

// published takes what came of the message under way.
func (n *MQTT) published(t *rt.Task, err error) {
	m := *n.under
	n.under, n.sender = nil, nil
	t.Trace("published", flag(err == nil), int64(len(m.Payload)))
	if err == nil {
		n.counts.Published++
		n.failures = 0
		c := n.Config.Get()
		last := c.Device.StatusTopic() // what is taken back was published before it
		if c.Announced {
			last = c.Device.ConfigTopic()
		}
		// What is said anew meanwhile is confirmed with that.
		if m.Topic == last && !slices.ContainsFunc(n.queue, func(x mqtt.Message) bool { return x.Retain && x.Topic == last }) {
			n.keep(t)
			if n.gone != nil { // they have been removed: from now on they are not there
				n.gone = nil
				n.announce(t, nil)
			}
		}
		return
	}
	e, _ := errors.AsType[*wire.Error](err)
	switch {
	case e != nil && e.Kind == wire.Refused:
		if n.counts.Refused++; n.counts.Error == "" {
			n.counts.Error = err.Error()
			say(t, n.Events, n.Name, event.BrokerRefused{Broker: n.Broker, Cause: n.counts.Error})
		}
		return
	case !m.Retain || !n.up:
		n.drop(t, m)
	case !slices.ContainsFunc(n.queue, func(x mqtt.Message) bool { return x.Retain && x.Topic == m.Topic }): // there is no newer one
		n.queue = append([]mqtt.Message{m}, n.queue...)
	}
	n.failures++
	n.pause = t.Now().Add(backoff(n.jitter, n.failures, time.Second, n.Config.Get().MaxDelay))
}

// shownAs is what brokers were told of the appliance and keep, so that it can be taken back: a file of the state directory.
type shownAs struct {
	Config string            `json:"config"` // topic of the discovery; "": none
	Kept   []string          `json:"kept"`   // other topics with something retained
	Parts  map[string]string `json:"parts"`  // see discovery.Platforms
}

const (
	shownDir     = "mqtt"
	maxShownFile = 256 << 10
)

// read reads what was shown before the start. What cannot be read is forgotten: then a part that is gone stays in Home Assistant, until
// somebody deletes it there.
func (n *MQTT) read(t *rt.Task) {
	if n.shownRead {
		return
	}
	n.shownRead = true
	if text, err := n.FS.ReadFile(t, shownDir+"/"+n.Broker+".json", maxShownFile); err == nil {
		_ = json.Unmarshal(text, &n.shownAs)
	}
}

// keep writes what is shown now.
func (n *MQTT) keep(t *rt.Task) {
	now := n.shows(n.Config.Get())
	if now.Config == n.shownAs.Config && slices.Equal(now.Kept, n.shownAs.Kept) && maps.Equal(now.Parts, n.shownAs.Parts) {
		return
	}
	n.shownAs = now
	text, err := json.Marshal(now)
	if err == nil {
		err = n.FS.MkdirAll(t, shownDir)
	}
	if err == nil {
		err = rt.WriteFile(t, n.FS, shownDir, n.Broker+".json", append(text, '\n'))
	}
	t.Trace("shown kept", flag(err == nil))
}
