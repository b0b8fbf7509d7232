package mqtt

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/eclipse/paho.golang/paho"

	"orac/appliance/act"
	"orac/appliance/mqtt/mqtttest"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/stt/wire"
	"orac/appliance/thread"
	"orac/runbook/testkit"
)

// patience is a timeout where the test is about the timeout itself: nothing else can be awaited there.
const patience = 200 * time.Millisecond

type secret string

func (s secret) Reveal() string { return string(s) }
func (secret) String() string   { return "(secret)" }

// acl lets "orac" write below cmnd/ and kitchen/, and read stat/.
const acl = "user device\ntopic readwrite #\nuser orac\ntopic write cmnd/#\ntopic write kitchen/#\ntopic read stat/#\n"

// broker starts a Mosquitto that knows orac and a device.
func broker(t *testing.T, more ...string) (address string, restart func()) {
	m := mqtttest.Start(t, mqtttest.Options{Users: map[string]string{"orac": "hush", "device": "device"}, ACL: acl, More: more})
	return m.Address, m.Restart
}

// device answers commands below cmnd/ with a state below stat/, as Tasmota does; it is deaf to cmnd/deaf.
func device(t *testing.T, address string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	testkit.Must(t, err)
	var client *paho.Client
	client = paho.NewClient(paho.ClientConfig{Conn: conn, OnPublishReceived: []func(paho.PublishReceived) (bool, error){func(p paho.PublishReceived) (bool, error) {
		name, ok := strings.CutPrefix(p.Packet.Topic, "cmnd/")
		state := string(p.Packet.Payload)
		if name == "stubborn" {
			state = "OFF"
		}
		if ok && name != "deaf" {
			go func() {
				_, _ = client.Publish(context.Background(), &paho.Publish{Topic: "stat/" + name, QoS: 1, Retain: true, Payload: []byte(state)})
			}()
		}
		return true, nil
	}}})
	_, err = client.Connect(t.Context(), &paho.Connect{CleanStart: true, Username: "device", UsernameFlag: true, Password: []byte("device"), PasswordFlag: true, KeepAlive: 20})
	testkit.Must(t, err)
	_, err = client.Subscribe(t.Context(), &paho.Subscribe{Subscriptions: []paho.SubscribeOptions{{Topic: "cmnd/#", QoS: 1}}})
	testkit.Must(t, err)
	t.Cleanup(func() { _ = client.Disconnect(&paho.Disconnect{}) })
}

func run[T any](ctx context.Context, f func(*rt.Task) T) (out T) {
	_ = live.New(nil).Run(ctx, "test", func(t *rt.Task) error {
		out = f(t)
		return nil
	})
	return out
}

// watching connects, and stays until the test ends.
func watching(t *testing.T, c Config) *MQTT {
	t.Helper()
	m, err := New(c)
	testkit.Must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	up, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- run(ctx, func(task *rt.Task) error { return m.Watch(task, act.Sight{Up: func(string) { close(up) }}) })
	}()
	select {
	case <-up:
	case err := <-ended:
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, rt.ErrStopped) {
			t.Errorf("watch: %v", err)
		}
	})
	return m
}

func said(name, text string) act.Command {
	return act.Command{Intent: "test", Slots: []act.Slot{{Name: name, Value: act.Value{Text: text}}}}
}

// TestMessages at a real broker: each is sent once, and told for what it is.
func TestMessages(t *testing.T) {
	address, _ := broker(t)
	device(t, address)
	for name, c := range map[string]struct {
		template act.Template
		qos      int
		timeout  time.Duration
		verdict  act.Verdict
		words    string
	}{
		"proven":                    {template: act.Template{Service: "cmnd/{x}1", Payload: "ON", ProofTopic: "stat/{x}1", Proof: "ON"}, qos: 1, verdict: act.Proven},
		"any state proves it":       {template: act.Template{Service: "cmnd/{x}2", Payload: "17", ProofTopic: "stat/{x}2"}, qos: 2, verdict: act.Proven},
		"without a proof":           {template: act.Template{Service: "cmnd/{x}", Payload: "ON"}, qos: 1, verdict: act.Unproven, words: "nothing proves"},
		"at most once":              {template: act.Template{Service: "cmnd/{x}", Payload: "ON"}, qos: 0, verdict: act.Unproven, words: "nothing proves"},
		"a device that is deaf":     {template: act.Template{Service: "cmnd/deaf", Payload: "ON", ProofTopic: "stat/deaf", Proof: "ON"}, qos: 1, timeout: patience, verdict: act.Unproven, words: "nothing was told on stat/deaf"},
		"a device that is stubborn": {template: act.Template{Service: "cmnd/stubborn", Payload: "ON", ProofTopic: "stat/stubborn", Proof: "ON"}, qos: 1, timeout: patience, verdict: act.Failed, words: `it tells "OFF" instead`},
		"nobody listens":            {template: act.Template{Service: "kitchen/{x}", Data: map[string]any{"a": "{x}"}}, qos: 1, verdict: act.Failed, words: "nothing listens to kitchen/lamp"},
		"a topic that is forbidden": {template: act.Template{Service: "other/{x}", Payload: "ON"}, qos: 1, verdict: act.Failed, words: "refuses the message"},
		"a proof that is forbidden": {template: act.Template{Service: "cmnd/{x}", Payload: "ON", ProofTopic: "cmnd/{x}"}, qos: 1, timeout: patience, verdict: act.Unproven, words: "nothing was told"}, // Mosquitto grants the subscription and sends nothing
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := watching(t, Config{Name: "b", URL: "tcp://" + address, Username: "orac", Password: secret("hush"), QoS: c.qos, Timeout: c.timeout})
			call, err := m.Fill(said("x", "lamp"), c.template)
			testkit.Must(t, err)
			o := run(t.Context(), func(task *rt.Task) act.Outcome { return m.Do(task, call, thread.Thread{ID: "req-3"}) })
			if o.Verdict != c.verdict || !strings.Contains(o.Reason, c.words) || o.Proof.IsZero() == o.Verdict.Good() {
				t.Errorf("%s: %s %+v", o.Verdict, o.Reason, o)
			}
		})
	}
}

// TestSoAlready: the retained state says how it was before.
func TestSoAlready(t *testing.T) {
	address, _ := broker(t)
	device(t, address)
	m := watching(t, Config{Name: "b", URL: "tcp://" + address, Username: "orac", Password: secret("hush"), QoS: 1})
	call, err := m.Fill(said("x", "lamp"), act.Template{Service: "cmnd/{x}", Payload: "ON", ProofTopic: "stat/{x}", Proof: "ON"})
	testkit.Must(t, err)
	for _, want := range []act.Verdict{act.Proven, act.Already} {
		o := run(t.Context(), func(task *rt.Task) act.Outcome { return m.Do(task, call, thread.Thread{}) })
		if o.Verdict != want || len(o.Entities) != 1 || o.Entities[0].After.State != "ON" {
			t.Errorf("%s: %+v", want, o)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.waiters) != 0 {
		t.Errorf("still waiting: %v", m.waiters)
	}
}

// TestABrokerThatRestarts ends the watch, and nothing is sent without it.
func TestABrokerThatRestarts(t *testing.T) {
	address, restart := broker(t)
	m, err := New(Config{Name: "b", URL: "tcp://" + address, Username: "orac", Password: secret("hush"), QoS: 1})
	testkit.Must(t, err)
	up, ended := make(chan struct{}, 2), make(chan error, 1)
	watch := func() {
		ended <- run(t.Context(), func(task *rt.Task) error {
			return m.Watch(task, act.Sight{Up: func(string) { up <- struct{}{} }})
		})
	}
	go watch()
	<-up
	restart()
	if err := <-ended; err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("%v", err)
	}
	o := run(t.Context(), func(task *rt.Task) act.Outcome { return m.Do(task, act.Call{Service: "cmnd/x"}, thread.Thread{}) })
	if o.Verdict != act.Failed || !o.Sent.IsZero() {
		t.Errorf("%+v", o)
	}
	wrong, err := New(Config{Name: "b", URL: "tcp://" + address, Username: "orac", Password: secret("wrong"), QoS: 1})
	testkit.Must(t, err)
	err = run(t.Context(), func(task *rt.Task) error { return wrong.Watch(task, act.Sight{Up: func(string) { t.Error("up") }}) })
	if e, ok := errors.AsType[*wire.Error](err); !ok || e.Kind != wire.Unauthorised {
		t.Errorf("%v", err)
	}
}

// TestWhatIsSaidIsNoSyntax: neither levels nor wildcards of a topic, nor JSON.
func TestWhatIsSaidIsNoSyntax(t *testing.T) {
	m, err := New(Config{Name: "b", URL: "tcp://127.0.0.1:1883"})
	testkit.Must(t, err)
	for _, text := range []string{"a/b", "+", "#", "a+b", "$SYS", "", "a\x00b", "a\nb", "\xff"} {
		if call, err := m.Fill(said("x", text), act.Template{Service: "cmnd/{x}", Payload: "1"}); err == nil {
			t.Errorf("%q became %q", text, call.Service)
		}
	}
	for _, bad := range []string{"", "a/#", "a/+/b", strings.Repeat("a", 1001)} {
		if _, err := m.Fill(act.Command{}, act.Template{Service: bad}); err == nil {
			t.Errorf("topic %q", bad)
		}
	}
	call, err := m.Fill(said("x", `"},"do":"all`+"\n"), act.Template{Service: "a", Payload: `{"say":"{x}"}`})
	if err != nil || call.Payload != `{"say":"\"},\"do\":\"all\n"}` {
		t.Errorf("%q, %v", call.Payload, err)
	}
	for _, url := range []string{"http://x:1", "tcp://x", "tcp://u:p@x:1", "tcp://x:1/a", ""} {
		if _, err := New(Config{URL: url}); err == nil {
			t.Errorf("url %q", url)
		}
	}
}
