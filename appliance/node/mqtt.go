package node

import (
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"orac/appliance/discovery"
	"orac/appliance/event"
	"orac/appliance/mqtt"
	"orac/appliance/notify"
	"orac/appliance/rt"
	"orac/appliance/status"
	"orac/runbook/hook"
	"orac/runbook/language"
)

// MQTT shows the appliance at a broker, and takes orders there. Nothing waits for the broker. While it is away, what happens is dropped and
// counted; when it is back, it is told how everything is, in an order that Home Assistant understands: what there is, how it is, and last
// that the appliance is there.
type MQTT struct {
	Name   string // address of the node
	Broker string // name of the block
	Config *rt.Cell[MQTTConfig]
	FS     rt.FS
	Orders Orders // nil: nothing is carried out
	In     *rt.Mailbox[Wake]
	News   *rt.Mailbox[event.Event]
	Events Events
	Mutes  *rt.Cell[Mutes]

	// The fields below outlive an instance.
	mark      any
	state     discovery.State
	parts     []discovery.Part
	last      map[string]heardText // of each listener
	incidents int
	started   time.Time
	translate translator
	sequence  uint64
	counts    status.MQTT
	// told says that people know that the broker is away, and toldDenied that it does not let us in.
	told, toldDenied bool
	shownAs          shownAs
	shownRead        bool              // what was shown before the start
	gone             map[string]string // parts that Home Assistant was told to remove: see discovery.Device.Payload
	shown            rt.Cell[status.MQTT]

	// The fields below are those of one run.
	ids       *rand.Rand
	jitter    *rand.Rand
	obey      obeyer
	link      *rt.Task
	news      *rt.Mailbox[linked]
	heard     *rt.Mailbox[mqtt.Message]
	up        bool
	reach     MQTTReach // of the link
	topics    []string  // that the link has asked for
	queue     []mqtt.Message
	client    mqtt.Link     // that keeps the link: an apply that changes nothing of it leaves it as it is
	under     *mqtt.Message // that is being published
	sender    *rt.Task
	sent      *rt.Mailbox[error]
	pause     rt.Instant // until then nothing is published
	failures  int        // to publish, in a row
	birth     rt.Instant // when to tell Home Assistant everything again; rt.Never: it has not asked
	refusedAt rt.Instant // when a refused order was told last; 0: never
}

// heardText is the last text of a listener.
type heardText struct{ text, id string }

// MQTTConfig are the settings of an MQTT.
type MQTTConfig struct {
	Link        mqtt.Link
	Reach       MQTTReach
	Device      discovery.Device
	Of          discovery.Of
	Announced   bool // Home Assistant is told
	Thresholds  map[string]float64
	Satellites  map[string]string // by listener: the satellite by which Home Assistant hears it
	Kinds       []string          // of events that are published
	Publish     func(hook.Event) (notify.Published, error)
	Queue       int
	MaxDelay    time.Duration
	Appliance   string
	InstanceID  string
	Version     string
	BrokerShown string // its address, for people
}

// MQTTReach is what a connection depends on.
type MQTTReach struct {
	URL, Username, CA, ClientCert, ClientKey string
	Password                                 language.Secret
	Encrypted                                bool
	Timeout                                  time.Duration
}

// Update implements Updater.
func (n *MQTT) Update(fresh Node) { n.Config.Take(fresh.(*MQTT).Config) }

// Shown is the state of the connection. It may be called from anywhere.
func (n *MQTT) Shown() status.MQTT { return n.shown.Get() }

const (
	// mostBirth is how long Home Assistant is left alone after its birth: all devices answer it.
	mostBirth = 10 * time.Second
	// eventLife is how long a broker may keep an event for who is away: a wake word of yesterday switches nothing on.
	eventLife = 30 * time.Second
	// lastWords is how long the broker may take to hear that the appliance ends.
	lastWords = 2 * time.Second
)

// Run implements Node.
func (n *MQTT) Run(t *rt.Task) error {
	n.begin(t)
	for {
		n.settings(t)
		n.publishNext(t)
		n.show()
		cases := []rt.Case{n.news, n.sent, n.heard, n.obey.done}
		open := func(box rt.Case, over bool) int {
			if over {
				return -1
			}
			cases = append(cases, box)
			return len(cases) - 1
		}
		wakes := open(n.In, n.In.Closed() && n.In.Stats().Len == 0)
		news := open(n.News, n.News.Closed() && n.News.Stats().Len == 0)
		which, err := rt.Select(t, n.due(t.Now()), cases...)
		if err == nil { // an apply that came meanwhile is valid for what comes now
			n.settings(t)
		}
		switch {
		case errors.Is(err, rt.ErrTimeout):
			if t.Now() >= n.birth {
				n.birth = rt.Never
				n.tellAll(t)
			}
		case err != nil:
			n.link.Stop() // it tells the broker that the appliance ends
			_ = t.Outlast(n.link, t.Now().Add(lastWords))
			return err
		case which == 0:
			if x, ok := n.news.TryRecv(t); ok {
				n.linked(t, x)
			}
		case which == 1:
			if err, ok := n.sent.TryRecv(t); ok {
				n.published(t, err)
			}
		case which == 2:
			if m, ok := n.heard.TryRecv(t); ok {
				n.hear(t, m)
			}
		case which == 3:
			if c, ok := n.obey.done.TryRecv(t); ok {
				n.obeyed(t, c)
			}
		case which == wakes:
			if w, ok := n.In.TryRecv(t); ok {
				n.woken(t, w)
			}
		case which == news:
			if e, ok := n.News.TryRecv(t); ok {
				n.happened(t, e)
			}
		}
	}
}

// begin prepares a run.
func (n *MQTT) begin(t *rt.Task) {
	if n.state == nil {
		n.state, n.last, n.started = discovery.State{}, map[string]heardText{}, t.Wall()
		n.translate.start()
	}
	n.mark, n.ids, n.jitter = nil, t.Rand("event"), t.Rand("jitter")
	n.news, n.heard = rt.NewMailbox[linked]("link", 8), rt.NewMailbox[mqtt.Message]("of the broker", mostHeard)
	n.sent = rt.NewMailbox[error]("published", 1)
	n.up, n.queue, n.under, n.sender, n.link, n.topics = false, nil, nil, nil, nil, nil
	n.birth, n.pause, n.failures, n.refusedAt = rt.Never, 0, 0, 0
	n.obey.start(t, n.Orders, sortsOfOrders, func(what string) bool { return slices.Contains(n.Config.Get().Of.Allow, what) })
	n.read(t)
}

// due is when there is something to do that nobody tells.
func (n *MQTT) due(now rt.Instant) rt.Instant {
	at := n.birth
	if n.up && n.sender == nil && len(n.queue) > 0 {
		at = min(at, max(n.pause, now+1))
	}
	return at
}

func (n *MQTT) show() {
	c := n.Config.Get()
	now := n.counts
	now.Name, now.Broker, now.Device, now.Connected, now.Waiting = n.Broker, c.BrokerShown, c.Device.ID, n.up, len(n.queue)
	now.Base = c.Device.Base
	if c.Announced {
		now.Discovery = c.Device.ConfigTopic()
	}
	if u, ok := n.client.(interface{ Unread() int }); ok {
		now.Unread = u.Unread()
	}
	if now != n.shown.Get() {
		n.shown.Take(rt.NewCell(now))
	}
}
