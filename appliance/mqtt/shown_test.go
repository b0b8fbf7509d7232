package mqtt_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"orac/appliance/discovery"
	"orac/appliance/entity"
	"orac/appliance/event"
	"orac/appliance/mqtt"
	"orac/appliance/mqtt/mqtttest"
	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/rt/virtual"
	"orac/runbook"
	"orac/runbook/testkit"
)

// shown is a node that shows a kitchen at a Mosquitto, and what a client of Mosquitto's own sees there.
type shown struct {
	t      *testing.T
	broker *mqtttest.Mosquitto
	node   *node.MQTT
	mutes  *rt.Cell[node.Mutes]
	tell   chan func(*rt.Task) // done by a task beside the node
	end    func() error
	orders chan entity.Order

	mu    sync.Mutex // guards what follows
	lines []string   // "TOPIC PAYLOAD", as mosquitto_sub prints them
}

// Carry implements node.Orders: a mute is done, and told.
func (s *shown) Carry(t *rt.Task, o entity.Order) error {
	if o.Order == runbook.AllowMute {
		s.mute(t, o.To.On)
	}
	s.orders <- o
	return nil
}

func (s *shown) mute(t *rt.Task, on bool) {
	var now node.Mutes
	var what event.Body = event.Unmuted{}
	if on {
		now, what = node.Mutes{{Listener: "kitchen", From: t.Now(), Until: rt.Never}}, event.Muted{}
	}
	s.mutes.Take(rt.NewCell(now))
	s.node.News.Push(t, event.Event{At: t.Wall(), Body: what})
}

// show begins. Its broker demands a login, and allows what the README says.
func show(t *testing.T) *shown {
	t.Helper()
	acl := "user orac\ntopic write homeassistant/device/orac-a/config\ntopic write orac/orac-a/#\ntopic read homeassistant/status\ntopic read orac/orac-a/+/set\nuser home\ntopic readwrite #\n"
	s := &shown{
		t: t, broker: mqtttest.Start(t, mqtttest.Options{Users: map[string]string{"orac": "hush", "home": "home"}, ACL: acl}),
		mutes: rt.NewCell[node.Mutes](nil), tell: make(chan func(*rt.Task), 10), orders: make(chan entity.Order, 10),
	}
	client, err := mqtt.New(mqtt.Config{URL: "tcp://" + s.broker.Address, ClientID: "orac-a", Username: "orac", Password: secret("hush"), Timeout: 2 * time.Second})
	testkit.Must(t, err)
	s.node = &node.MQTT{
		Name: "mqtt.home", Broker: "home", FS: virtual.NewDisk(1 << 20), Orders: s, Mutes: s.mutes,
		In: rt.NewMailbox[node.Wake]("wakes", 10), News: rt.NewMailbox[event.Event]("news", 10),
		Config: rt.NewCell(node.MQTTConfig{
			Link: client, Announced: true, Queue: 256, MaxDelay: time.Second, Appliance: "a", Version: "1.2.3", Thresholds: map[string]float64{"hey_jarvis": 0.5},
			Device: discovery.Device{ID: "orac-a", Name: "Kitchen", Version: "1.2.3", Base: "orac/orac-a", Prefix: "homeassistant", Transcripts: runbook.TranscriptsPass},
			Of: discovery.Of{
				Listeners: []entity.Of{{Listener: "kitchen", Words: []entity.Word{{Model: "hey_jarvis", Phrase: "hey jarvis"}}}},
				Speakers:  []string{"kitchen"}, Allow: []string{runbook.AllowMute, runbook.AllowThreshold, runbook.AllowSay}, Transcripts: runbook.TranscriptsPass,
			},
		}),
	}
	s.watch()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- live.New(nil).Run(ctx, "test", func(k *rt.Task) error {
			k.Go("beside", func(k *rt.Task) error {
				ctx, done := live.Context(k)
				defer done()
				for {
					select {
					case f := <-s.tell:
						f(k)
					case <-ctx.Done():
						return rt.ErrStopped
					}
				}
			})
			return s.node.Run(k)
		})
	}()
	var once sync.Once
	s.end = func() (err error) {
		once.Do(func() {
			cancel()
			err = <-ended
		})
		return err
	}
	t.Cleanup(func() { _ = s.end() })
	return s
}

// watch prints everything that the broker has and gets, until the broker ends.
func (s *shown) watch() {
	c := s.broker.Client("mosquitto_sub", "-u", "home", "-P", "home", "-v", "-t", "#", "-q", "1")
	out, err := c.StdoutPipe()
	testkit.Must(s.t, err)
	testkit.Must(s.t, c.Start())
	s.t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	go func() {
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			s.mu.Lock()
			s.lines = append(s.lines, lines.Text())
			s.mu.Unlock()
		}
	}()
}

func (s *shown) publish(args ...string) {
	s.t.Helper()
	s.broker.Publish(append([]string{"-u", "home", "-P", "home", "-q", "1"}, args...)...)
}

// told waits until something is told on a topic that fits, and returns it. What was told before it is forgotten.
func (s *shown) told(topic string, fits func(payload string) bool) string {
	s.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		s.mu.Lock()
		for i, line := range s.lines {
			if payload, ok := strings.CutPrefix(line, topic+" "); ok && fits(payload) {
				s.lines = s.lines[i+1:]
				s.mu.Unlock()
				return payload
			}
		}
		s.mu.Unlock()
	}
	s.t.Fatalf("nothing like it is told on %s: %q", topic, s.lines)
	return ""
}

func is(want string) func(string) bool { return func(got string) bool { return got == want } }
func contains(want string) func(string) bool {
	return func(got string) bool { return strings.Contains(got, want) }
}

// TestTheApplianceIsShown to a client of Mosquitto's own: what there is, how it is, what happens, and what comes of orders.
func TestTheApplianceIsShown(t *testing.T) {
	s := show(t)
	config := s.told("homeassistant/device/orac-a/config", contains("components"))
	accepted(t, []byte(config))
	s.told("orac/orac-a/state", contains(`"kitchen_mute":"OFF"`))
	s.told("orac/orac-a/status", is("online"))

	s.tell <- func(k *rt.Task) {
		s.node.In.Push(k, node.Wake{ID: "w1", Listener: "kitchen", Model: "hey_jarvis", Score: 0.93})
		s.node.News.Push(k, event.Event{Body: event.Delivered{Utterance: "u1", Text: "lights on", Of: event.Origin{Listener: "kitchen"}}})
	}
	s.told("orac/orac-a/kitchen_wake", func(p string) bool {
		return strings.Contains(p, `"event_type":"hey_jarvis"`) && strings.Contains(p, `"id":"w1"`) && strings.Contains(p, `"score":0.93`)
	})
	s.told("orac/orac-a/kitchen_transcript", contains(`"text":"lights on"`))

	s.publish("-t", "orac/orac-a/kitchen_mute/set", "-m", "ON")
	if o := <-s.orders; o.Order != runbook.AllowMute || !o.To.On || o.Listener != "kitchen" {
		t.Errorf("%+v", o)
	}
	s.told("orac/orac-a/state", contains(`"kitchen_mute":"ON"`))
	s.publish("-t", "orac/orac-a/threshold_hey_jarvis/set", "-m", "0.7")
	if o := <-s.orders; o.Order != runbook.AllowThreshold || o.To.Number != 0.7 || o.Model != "hey_jarvis" {
		t.Errorf("%+v", o)
	}
	s.publish("-t", "orac/orac-a/say_kitchen/set", "-m", "dinner is ready")
	if o := <-s.orders; o.Order != runbook.AllowSay || o.To.Text != "dinner is ready" || o.Speaker != "kitchen" {
		t.Errorf("%+v", o)
	}
	for _, bad := range [][2]string{{"kitchen_mute", "on"}, {"threshold_hey_jarvis", "7"}, {"threshold_hey_jarvis", "NaN"}, {"restart", "PRESS"}, {"nothing", "ON"}} {
		s.publish("-t", "orac/orac-a/"+bad[0]+"/set", "-m", bad[1])
	}
	s.publish("-t", "orac/orac-a/kitchen_mute/set", "-m", "OFF", "-r")
	s.publish("-t", "orac/orac-a/kitchen_mute/set", "-m", "OFF") // the next that is carried out
	if o := <-s.orders; o.Order != runbook.AllowMute || o.To.On {
		t.Errorf("%+v", o)
	}
	s.told("orac/orac-a/state", contains(`"kitchen_mute":"OFF"`))
	if x := s.node.Shown(); x.Denied != 4 || x.Orders != 4 || x.Refused != 0 || x.Error != "" { // two topics nobody listens to
		t.Errorf("%+v", x)
	}
	if err := s.end(); !errors.Is(err, rt.ErrStopped) {
		t.Error(err)
	}
	s.told("orac/orac-a/status", is("offline"))
}

// TestAnApplyLeavesTheLink: other settings are shown over the connection that there is, and what they forbid is not done, even if nothing
// has happened since.
func TestAnApplyLeavesTheLink(t *testing.T) {
	s := show(t)
	s.told("orac/orac-a/status", is("online"))
	apply := func(change func(c *node.MQTTConfig)) {
		fresh, err := mqtt.New(mqtt.Config{URL: "tcp://" + s.broker.Address, ClientID: "orac-a", Username: "orac", Password: secret("hush"), Timeout: 2 * time.Second})
		testkit.Must(t, err)
		c := s.node.Config.Get()
		c.Link = fresh
		change(&c)
		s.node.Update(&node.MQTT{Config: rt.NewCell(c)})
	}
	apply(func(c *node.MQTTConfig) { c.Thresholds = map[string]float64{"hey_jarvis": 0.7} })
	s.tell <- func(k *rt.Task) { s.node.In.Push(k, node.Wake{ID: "w1", Listener: "kitchen", Model: "hey_jarvis"}) }
	s.told("orac/orac-a/state", contains(`"threshold_hey_jarvis":0.7`))
	s.told("orac/orac-a/kitchen_wake", contains(`"id":"w1"`))

	apply(func(c *node.MQTTConfig) { c.Of.Allow = []string{runbook.AllowThreshold} })
	s.publish("-t", "orac/orac-a/kitchen_mute/set", "-m", "ON")
	s.told("orac/orac-a/status", is("online"))
	s.publish("-t", "orac/orac-a/threshold_hey_jarvis/set", "-m", "0.6")
	if o := <-s.orders; o.Order != runbook.AllowThreshold {
		t.Errorf("%+v is carried out", o)
	}
	if x := s.node.Shown(); x.Connects != 2 || x.Orders != 1 {
		t.Errorf("%+v", x)
	}
}

// TestABrokerThatIsKilled and comes back is told how things are then, and nothing of what happened meanwhile.
func TestABrokerThatIsKilled(t *testing.T) {
	s := show(t)
	s.told("orac/orac-a/status", is("online"))
	for round := range 2 {
		s.broker.Down()
		done := make(chan bool)
		s.tell <- func(k *rt.Task) {
			s.node.In.Push(k, node.Wake{ID: fmt.Sprint("missed ", round), Listener: "kitchen", Model: "hey_jarvis"})
			s.mute(k, round == 0)
			close(done)
		}
		<-done
		for s.node.Shown().Dropped <= round { // it is away, and the node knows
			time.Sleep(10 * time.Millisecond)
		}
		s.mu.Lock()
		s.lines = nil
		s.mu.Unlock()
		s.broker.Up()
		s.watch()
		s.told("homeassistant/device/orac-a/config", contains("components"))
		s.told("orac/orac-a/state", contains(`"kitchen_mute":"`+map[bool]string{true: "ON", false: "OFF"}[round == 0]+`"`))
		s.told("orac/orac-a/status", is("online"))
		s.mu.Lock()
		if i := slices.IndexFunc(s.lines, contains("missed")); i >= 0 {
			t.Errorf("told late: %s", s.lines[i])
		}
		s.mu.Unlock()
	}
}

// accepted checks a payload as Home Assistant's integration does: a fault drops an entity, or all of them.
func accepted(t *testing.T, payload []byte) {
	t.Helper()
	var p struct {
		Device struct {
			Identifiers []string `json:"identifiers"`
		} `json:"device"`
		Origin struct {
			Name string `json:"name"`
		} `json:"origin"`
		Components map[string]map[string]any `json:"components"`
	}
	testkit.Must(t, json.Unmarshal(payload, &p))
	if len(p.Device.Identifiers) == 0 || p.Origin.Name == "" || len(p.Components) < 8 {
		t.Errorf("%+v", p)
	}
	needs := map[string][]string{
		"switch": {"command_topic", "state_topic"}, "number": {"command_topic", "min", "max"}, "button": {"command_topic"}, "notify": {"command_topic"},
		"sensor": {"state_topic"}, "binary_sensor": {"state_topic"}, "update": {"state_topic"}, "event": {"state_topic", "event_types"},
	}
	ids := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(p.Components)) {
		c := p.Components[name]
		platform, _ := c["platform"].(string)
		id, _ := c["unique_id"].(string)
		if needs[platform] == nil || id == "" || ids[platform+id] {
			t.Errorf("%s: %v", name, c)
		}
		ids[platform+id] = true
		for _, key := range needs[platform] {
			if c[key] == nil {
				t.Errorf("%s has no %s", name, key)
			}
		}
		if platform == "sensor" && c["entity_category"] == "config" || c["state_class"] != nil && c["device_class"] == "timestamp" {
			t.Errorf("%s: %v", name, c)
		}
	}
}
