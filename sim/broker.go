package sim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"orac/appliance/discovery"
	"orac/appliance/entity"
	"orac/appliance/graph"
	"orac/appliance/mqtt"
	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/appliance/status"
	"orac/appliance/stt/wire"
	"orac/runbook"
	"orac/runbook/scenario"
)

// broker is a model of an MQTT broker, with a Home Assistant at it that now and then orders something. It keeps what is retained, and checks
// what is always promised about it.
type broker struct {
	ailments
	m        *machine
	name     string // of the block
	retained map[string][]byte
	events   map[string]bool // their IDs
	session  *brokerSession  // nil: nobody is connected
	flapAt   time.Duration   // when the connection breaks next, while it flaps
	given    []givenOrder    // orders that were given and not carried out yet
	orders   int             // that were carried out
	trash    int             // messages of a hostile client
	published,
	lost int // connections that broke
}

// brokerSession is a connection of the appliance.
type brokerSession struct {
	mqtt.Session
	id      string // of the device
	since   time.Duration
	ordered time.Duration // when an order was given last
	cut     time.Duration // when the appliance lost its network; 0: it has it
	told    map[string]bool
	wrong   int // looks in a row at which the broker did not show how the appliance is
}

// givenOrder is an order that Home Assistant has given.
type givenOrder struct {
	entity.Order
	at time.Duration
}

const (
	// brokerLook is how often a session looks at what its broker suffers from.
	brokerLook = 250 * time.Millisecond
	// brokerSilence is how long a client waits for a broker that says nothing.
	brokerSilence = mqtt.KeepAlive * 3 / 2 * time.Second
	// orderEvery is how often Home Assistant orders something.
	orderEvery = 40 * time.Second
	// orderLife is how late an order may be carried out: the appliance waits so long, and an apply takes a moment.
	orderLife = 12 * time.Second
	// showTime is how long the appliance may take, from a connection on, to show how it is.
	showTime = 10 * time.Second
)

// brokerLink is a broker as its client sees it.
type brokerLink struct {
	*broker
	address string
	id      string
	timeout time.Duration
}

func (m *machine) brokerOf(name string) *broker {
	b, ok := m.brokers[name]
	if !ok {
		b = &broker{m: m, name: name, retained: map[string][]byte{}, events: map[string]bool{}}
		m.brokers[name] = b
	}
	return b
}

func (m *machine) brokerLink(s graph.BrokerService) (mqtt.Link, error) {
	return brokerLink{m.brokerOf(s.MQTT.Name), s.MQTT.URL, s.MQTT.DeviceID(s.Appliance.Name), s.MQTT.Timeout}, nil
}

func (l brokerLink) fault(k wire.Kind, err error) error {
	return &wire.Error{Op: "mqtt", Address: l.address, Kind: k, Cause: err}
}

// refuses is why the broker does not serve a client; nil if it does.
func (l brokerLink) refuses() error {
	if err := l.m.unreached("mqtt", l.address); err != nil {
		return err
	}
	switch {
	case l.has(scenario.BrokerDown):
		return l.fault(wire.Unreachable, syscall.ECONNREFUSED)
	case l.has(scenario.BrokerDenied):
		return l.fault(wire.Unauthorised, errors.New("the broker refuses username and password"))
	}
	return nil
}

// Serve implements mqtt.Link.
func (l brokerLink) Serve(t *rt.Task, s mqtt.Session, opened func(), told func(mqtt.Message)) error {
	takes := connectTime + l.delay()
	if err := t.Sleep(min(takes, l.timeout)); err != nil {
		return err
	}
	if err := l.refuses(); err != nil {
		return err
	}
	if takes > l.timeout {
		return l.fault(wire.Unreachable, context.DeadlineExceeded)
	}
	at := l.m.now()
	c := &brokerSession{Session: s, id: l.id, since: at, ordered: at, told: map[string]bool{}}
	l.session, l.flapAt = c, 0
	defer func() {
		if l.session == c { // a process that was killed says nothing; the broker does
			l.session = nil
		}
	}()
	opened()
	for {
		if err := t.Sleep(brokerLook); err != nil {
			l.keep(s.Will) // it says so itself, and disconnects
			return err
		}
		if err := l.breaks(c); err != nil {
			l.lost++
			l.keep(s.Will)
			return err
		}
		l.speak(c, told)
		l.judge(c)
	}
}

// breaks is why a connection ends; nil if it does not.
func (l brokerLink) breaks(c *brokerSession) error {
	at := l.m.now()
	if err := l.m.unreached("mqtt", l.address); err != nil { // it falls silent
		if c.cut == 0 {
			c.cut = at
		}
		if at-c.cut >= brokerSilence {
			return err
		}
		return nil
	}
	c.cut = 0
	if x := l.of(scenario.BrokerFlaps); x != nil {
		if l.flapAt == 0 {
			l.flapAt = at + x.Delay
		}
		if at >= l.flapAt {
			return l.fault(wire.Unreachable, errors.New("connection reset by peer"))
		}
	}
	if l.has(scenario.BrokerDown) {
		return l.fault(wire.Unreachable, errors.New("connection reset by peer"))
	}
	if l.has(scenario.BrokerDenied) {
		return l.fault(wire.Unreachable, errors.New("the broker ends the connection (reason 0x8B)"))
	}
	return nil
}

// Publish implements mqtt.Link.
func (l brokerLink) Publish(t *rt.Task, m mqtt.Message) error {
	c, takes := l.session, peerTime+l.delay()
	if err := t.Sleep(min(takes, l.timeout)); err != nil {
		return err
	}
	switch {
	case c == nil || l.session != c || l.m.unreached("mqtt", l.address) != nil:
		return l.fault(wire.Unreachable, errors.New("the broker is not connected"))
	case takes > l.timeout:
		return l.fault(wire.Timeout, context.DeadlineExceeded)
	}
	l.published++
	l.check(c, m)
	if m.Retain {
		l.keep(m)
	}
	return nil
}

// keep keeps a message for those that come later.
func (b *broker) keep(m mqtt.Message) {
	if b.retained[m.Topic] = m.Payload; len(m.Payload) == 0 {
		delete(b.retained, m.Topic)
	}
}

// check looks at a message as Home Assistant does.
func (b *broker) check(c *brokerSession, m mqtt.Message) {
	at := b.m.now()
	bad := func(text string, args ...any) { b.m.judge.Break(at, "mqtt", b.name+": "+fmt.Sprintf(text, args...)) }
	if strings.Contains(string(m.Payload), canary) || strings.Contains(m.Topic, canary) {
		bad("a secret on %s", m.Topic)
	}
	if m.Topic == c.Will.Topic && string(m.Payload) == discovery.Online {
		for topic := range b.retained {
			if strings.HasSuffix(topic, "/config") && strings.Contains(topic, "/device/"+c.id+"/") && !c.told[topic] {
				bad("it says that it is there before it has said what there is")
			}
		}
		if !c.told[strings.TrimSuffix(c.Will.Topic, "/status")+"/state"] {
			bad("it says that it is there before it has said how it is")
		}
	}
	if c.told[m.Topic] = true; m.Retain {
		return
	}
	var e struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(m.Payload, &e) != nil || e.ID == "" {
		return
	}
	key := m.Topic + " " + e.ID
	if b.events[key] {
		bad("the event %s on %s came twice", e.ID, m.Topic)
	}
	if len(b.events) < mostKnown {
		b.events[key] = true
	}
}

// cutOff ends the connection of a process that was killed: the broker tells others, since nobody else does.
func (b *broker) cutOff() {
	if c := b.session; c != nil {
		b.keep(c.Will)
	}
	b.session, b.given = nil, nil
}

// judge looks whether the broker keeps what is true, once the appliance had the time to say it.
func (l brokerLink) judge(c *brokerSession) {
	at := l.m.now()
	if at-c.since < showTime || len(l.list) > 0 || c.cut != 0 || l.m.faulty > 0 {
		return
	}
	if l.current(c) {
		c.wrong = 0
		return
	}
	if c.wrong++; c.wrong == int(showTime/brokerLook) { // once, not at every look
		l.m.judge.Break(at, "mqtt", fmt.Sprintf("%s: for %v the broker has not shown how the appliance is", l.name, showTime))
	}
}

// current tells whether what the broker keeps is true.
func (b *broker) current(c *brokerSession) bool {
	var state map[string]any
	err := json.Unmarshal(b.retained[strings.TrimSuffix(c.Will.Topic, "/status")+"/state"], &state)
	if err != nil || string(b.retained[c.Will.Topic]) != discovery.Online || b.m.core == nil {
		return false
	}
	muted := b.m.core.Muted(b.m.driver.Now(), b.m.driver.Wall())
	for _, l := range b.m.core.Graph().Runbook.Listeners {
		shown, told := state[discovery.Object(entity.Entity{ID: entity.IDMute, Listener: l.Name})]
		is := slices.ContainsFunc(muted, func(x status.Mute) bool { return x.Listener == "" || x.Listener == l.Name })
		if told && (shown == "ON") != is {
			return false
		}
	}
	return true
}

// shown is how many brokers keep what is true now.
func (m *machine) shownAt() (n int) {
	for _, b := range m.brokers {
		if c := b.session; c != nil && b.current(c) {
			n++
		}
	}
	return n
}

// speak is what comes from the broker: now and then an order, and while a hostile client writes there, whatever it writes.
func (l brokerLink) speak(c *brokerSession, told func(mqtt.Message)) {
	at := l.m.now()
	if l.has(scenario.BrokerTrash) {
		l.hostile(c, told)
		return
	}
	if len(l.list) > 0 || c.cut != 0 || at-c.ordered < orderEvery {
		return
	}
	for _, topic := range c.Subscribe {
		o, payload, ok := orderOn(topic)
		if !ok {
			continue
		}
		c.ordered = at
		l.given = append(l.given, givenOrder{o, at})
		told(mqtt.Message{Topic: topic, Payload: []byte(payload), QoS: 1})
		return
	}
}

// orderOn is what is ordered on a topic: a threshold, which may be ordered as often as one likes.
func orderOn(topic string) (o entity.Order, payload string, ok bool) {
	_, name, ok := strings.Cut(topic, "/"+entity.IDThreshold)
	if !ok {
		return o, "", false
	}
	return entity.Order{Entity: entity.Entity{Order: runbook.AllowThreshold, Model: strings.TrimSuffix(name, "/set")}, To: entity.State{Number: 0.5}}, "0.5", true
}

// hostile writes the next of what no appliance may obey.
func (l brokerLink) hostile(c *brokerSession, told func(mqtt.Message)) {
	base := strings.TrimSuffix(c.Will.Topic, "/status")
	all := []mqtt.Message{
		{Topic: base + "/restart/set", Payload: []byte("PRESS"), Retain: true},
		{Topic: base + "/nothing/set", Payload: []byte("ON")},
		{Topic: "other/device/restart/set", Payload: []byte("PRESS")},
		{Topic: base + "/mute/set", Payload: bytes.Repeat([]byte{0xff}, mqtt.MaxPayload)},
		{Topic: base + "/status", Payload: []byte(discovery.Offline)},
	}
	for _, topic := range c.Subscribe {
		for _, payload := range []string{"", "NaN", "1e9", "-1", "on", "{}", "\x00", "0,5"} {
			all = append(all, mqtt.Message{Topic: topic, Payload: []byte(payload)})
		}
		if _, payload, ok := orderOn(topic); ok {
			all = append(all, mqtt.Message{Topic: topic, Payload: []byte(payload), Retain: true})
		}
	}
	for range 3 {
		told(all[l.trash%len(all)])
		l.trash++
	}
}

// brokerOrders carries out nothing, and looks whether somebody has given what it is to carry out.
type brokerOrders struct{ *broker }

func (m *machine) ordersOf(block runbook.Address) node.Orders {
	return brokerOrders{m.brokerOf(block.Name())}
}

// Carry implements node.Orders.
func (b brokerOrders) Carry(t *rt.Task, o entity.Order) error {
	at := b.m.now()
	i := len(b.given) - 1 // the newest like it: those before may have been refused
	for ; i >= 0; i-- {
		if g := b.given[i]; g.Entity.Order == o.Entity.Order && g.Model == o.Model && g.To.Number == o.To.Number {
			break
		}
	}
	switch {
	case i < 0:
		b.m.judge.Break(at, "ordered", fmt.Sprintf("%s: an order to %s is carried out that nobody has given", b.name, o.Entity.Order))
	case at-b.given[i].at > orderLife:
		b.m.judge.Break(at, "ordered", fmt.Sprintf("%s: an order to %s is carried out %v after it was given", b.name, o.Entity.Order, at-b.given[i].at))
	}
	if i >= 0 {
		b.given = slices.Delete(b.given, 0, i+1)
	}
	b.orders++
	return t.Sleep(peerTime)
}
