package mqtt_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/eclipse/paho.golang/packets"

	"orac/appliance/mqtt"
	"orac/appliance/mqtt/mqtttest"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/stt/wire"
	"orac/runbook/testkit"
)

type secret string

func (s secret) Reveal() string { return string(s) }
func (secret) String() string   { return "(secret)" }

// run calls f as a task.
func run(ctx context.Context, f func(*rt.Task) error) error {
	return live.New(nil).Run(ctx, "test", f)
}

var session = mqtt.Session{
	Will:      mqtt.Message{Topic: "orac/a/status", Payload: []byte("offline"), QoS: 1, Retain: true},
	Subscribe: []string{"orac/a/mute/set"},
}

// serving keeps a session until stop is called.
type serving struct {
	client *mqtt.Client
	heard  chan mqtt.Message
	stop   func() error
}

func serve(t *testing.T, c mqtt.Config) serving {
	t.Helper()
	client, err := mqtt.New(c)
	testkit.Must(t, err)
	s := serving{client: client, heard: make(chan mqtt.Message, 100)}
	ctx, cancel := context.WithCancel(context.Background())
	opened, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- run(ctx, func(t *rt.Task) error {
			return client.Serve(t, session, func() { close(opened) }, func(m mqtt.Message) { s.heard <- m })
		})
	}()
	select {
	case <-opened:
	case err := <-ended:
		cancel()
		t.Fatal(err)
	}
	var once sync.Once
	s.stop = func() (err error) {
		once.Do(func() {
			cancel()
			err = <-ended
		})
		return err
	}
	t.Cleanup(func() { _ = s.stop() })
	return s
}

func (s serving) publish(t *testing.T, m mqtt.Message) error {
	return run(t.Context(), func(k *rt.Task) error { return s.client.Publish(k, m) })
}

// kept is what a broker keeps on a topic, as Mosquitto's own client sees it.
func kept(t *testing.T, m *mqtttest.Mosquitto, topic string, args ...string) string {
	t.Helper()
	out, err := m.Client("mosquitto_sub", append([]string{"-C", "1", "-W", "5", "-t", topic}, args...)...).Output()
	if err != nil {
		t.Errorf("%s: %v", topic, err)
	}
	return strings.TrimSpace(string(out))
}

// TestASession at a real broker: what is published is there, what others write is heard with what it was, and the end is told in either way.
func TestASession(t *testing.T) {
	m := mqtttest.Start(t, mqtttest.Options{})
	m.Publish("-t", "orac/a/mute/set", "-m", "OLD", "-r") // it is old when we come
	s := serve(t, mqtt.Config{URL: "tcp://" + m.Address, ClientID: "a"})
	testkit.Must(t, s.publish(t, mqtt.Message{Topic: "orac/a/status", Payload: []byte("online"), QoS: 1, Retain: true}))
	if got := kept(t, m, "orac/a/status"); got != "online" {
		t.Errorf("the broker keeps %q", got)
	}
	m.Publish("-t", "orac/a/mute/set", "-m", strings.Repeat("x", mqtt.MaxPayload+1))
	m.Publish("-t", "orac/a/mute/set", "-m", "ON")
	m.Publish("-t", "orac/a/mute/set", "-m", "KEPT", "-r")
	for _, want := range []mqtt.Message{{Payload: []byte("ON")}, {Payload: []byte("KEPT"), Retain: true}} {
		if x := <-s.heard; string(x.Payload) != string(want.Payload) || x.Retain != want.Retain || x.Topic != "orac/a/mute/set" {
			t.Errorf("%+v", x)
		}
	}
	if s.client.Unread() != 1 {
		t.Errorf("%d messages were too long", s.client.Unread())
	}
	if err := s.stop(); !errors.Is(err, rt.ErrStopped) {
		t.Error(err)
	}
	if got := kept(t, m, "orac/a/status"); got != "offline" {
		t.Errorf("after the end the broker keeps %q", got)
	}
	if err := s.publish(t, mqtt.Message{Topic: "x"}); err == nil {
		t.Error("a message without a connection")
	}
}

// TestTheWill is told when the client is cut off: here, because another takes its name.
func TestTheWill(t *testing.T) {
	m := mqtttest.Start(t, mqtttest.Options{})
	client, err := mqtt.New(mqtt.Config{URL: "tcp://" + m.Address, ClientID: "a"})
	testkit.Must(t, err)
	opened, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- run(t.Context(), func(k *rt.Task) error {
			return client.Serve(k, session, func() { close(opened) }, func(mqtt.Message) {})
		})
	}()
	<-opened
	serve(t, mqtt.Config{URL: "tcp://" + m.Address, ClientID: "a"})
	if err := <-ended; err == nil { // Mosquitto closes without a word
		t.Error("it goes on")
	}
	if got := kept(t, m, "orac/a/status"); got != "offline" {
		t.Errorf("the broker keeps %q", got)
	}
}

// TestLogins: a broker that demands one, with an access list that lacks something.
func TestLogins(t *testing.T) {
	m := mqtttest.Start(t, mqtttest.Options{Users: map[string]string{"orac": "hush"}, ACL: "user orac\ntopic write orac/a/status\ntopic read orac/a/mute/set\n"})
	c := mqtt.Config{URL: "tcp://" + m.Address, Username: "orac", Password: secret("hush"), ClientID: "a"}
	s := serve(t, c)
	testkit.Must(t, s.publish(t, mqtt.Message{Topic: "orac/a/status", QoS: 1, Payload: []byte("online")}))
	err := s.publish(t, mqtt.Message{Topic: "elsewhere", QoS: 1, Payload: []byte("x")})
	if e, ok := errors.AsType[*wire.Error](err); !ok || e.Kind != wire.Refused || !strings.Contains(err.Error(), "elsewhere") {
		t.Errorf("%v", err)
	}
	c.Password = secret("wrong")
	wrong, err := mqtt.New(c)
	testkit.Must(t, err)
	err = run(t.Context(), func(k *rt.Task) error {
		return wrong.Serve(k, session, func() { t.Error("open") }, func(mqtt.Message) {})
	})
	if e, ok := errors.AsType[*wire.Error](err); !ok || e.Kind != wire.Unauthorised || strings.Contains(err.Error(), "wrong") {
		t.Errorf("%v", err)
	}
}

// TestTLS: the broker's certificate is checked, and it may demand ours.
func TestTLS(t *testing.T) {
	cert, key := mqtttest.Certificate(t)
	ours, ourKey := mqtttest.Certificate(t)
	m := mqtttest.Start(t, mqtttest.Options{More: []string{"certfile " + cert, "keyfile " + key, "cafile " + ours, "require_certificate true", ""}})
	c := mqtt.Config{URL: "tcp://" + m.Address, ClientID: "a", Encrypted: true, TLS: wire.TLS{CA: cert, Cert: ours, Key: ourKey}}
	s := serve(t, c)
	testkit.Must(t, s.publish(t, mqtt.Message{Topic: "orac/a/status", QoS: 1, Payload: []byte("online"), Retain: true}))
	if got := kept(t, m, "orac/a/status", "--cafile", cert, "--cert", ours, "--key", ourKey); got != "online" {
		t.Errorf("the broker keeps %q", got)
	}
	for name, bad := range map[string]wire.TLS{"an authority that did not sign it": {CA: ours, Cert: ours, Key: ourKey}, "no certificate": {CA: cert}} {
		c.TLS = bad
		client, err := mqtt.New(c)
		testkit.Must(t, err)
		if err := run(t.Context(), func(k *rt.Task) error {
			return client.Serve(k, session, func() { t.Error("open") }, func(mqtt.Message) {})
		}); err == nil {
			t.Errorf("%s: it is trusted", name)
		}
	}
}

// foe is a broker that accepts a client, and then sends what a test says.
func foe(t *testing.T, says []byte) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	testkit.Must(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				r := bufio.NewReader(conn)
				for {
					k, err := packets.ReadPacket(r)
					if err != nil {
						return
					}
					switch c := k.Content.(type) {
					case *packets.Connect:
						_, _ = packets.NewControlPacket(packets.CONNACK).WriteTo(conn)
					case *packets.Subscribe:
						a := packets.NewControlPacket(packets.SUBACK)
						a.Content.(*packets.Suback).PacketID, a.Content.(*packets.Suback).Reasons = c.PacketID, []byte{1}
						_, _ = a.WriteTo(conn)
						_, _ = conn.Write(says)
					}
				}
			}()
		}
	}()
	return "tcp://" + l.Addr().String()
}

// TestHostileBrokers: whatever a broker sends, the session ends with an error, or goes on; nothing else happens to the process.
func TestHostileBrokers(t *testing.T) {
	for name, c := range map[string]struct {
		says []byte
		ends bool
	}{
		"a packet of 256 MB":           {[]byte{0x30, 0xff, 0xff, 0xff, 0x7f}, true},
		"a length that is none":        {[]byte{0x30, 0xff, 0xff, 0xff, 0xff, 0x01}, true},
		"a packet of a client":         {[]byte{0xc0, 0x00}, true},
		"a packet of no type":          {[]byte{0x00, 0x00}, true},
		"a topic that is cut":          {[]byte{0x30, 0x03, 0x00, 0x09, 'a'}, true},
		"properties that are cut":      {[]byte{0x30, 0x05, 0x00, 0x01, 'a', 0x7f, 0x01}, true},
		"QoS 3":                        {[]byte{0x36, 0x06, 0x00, 0x01, 'a', 0x00, 0x01, 0x00}, true},
		"a second CONNACK":             {[]byte{0x20, 0x03, 0x00, 0x00, 0x00}, true},
		"a confirmation of nothing":    {[]byte{0x40, 0x02, 0x12, 0x34}, false},
		"a SUBACK of nothing":          {[]byte{0x90, 0x04, 0x12, 0x34, 0x00, 0x01}, false},
		"a release of nothing":         {[]byte{0x62, 0x02, 0x12, 0x34}, false},
		"a message to nobody":          {[]byte{0x30, 0x04, 0x00, 0x01, 'a', 0x00}, false},
		"a goodbye":                    {[]byte{0xe0, 0x02, 0x8b, 0x00}, true},
		"a goodbye of another version": {[]byte{0xe0, 0x00}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, err := mqtt.New(mqtt.Config{URL: foe(t, c.says), ClientID: "a", Timeout: 2 * time.Second})
			testkit.Must(t, err)
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			err = run(ctx, func(k *rt.Task) error { return client.Serve(k, session, func() {}, func(mqtt.Message) {}) })
			if ends := !errors.Is(err, rt.ErrStopped); err == nil || ends != c.ends {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestGoodbyes say what to do about them.
func TestGoodbyes(t *testing.T) {
	for reason, words := range map[byte]string{0x8e: "device_id of its own", 0x87: "access list", 0x95: "size", 0x8b: "reason 0x8B"} {
		client, err := mqtt.New(mqtt.Config{URL: foe(t, []byte{0xe0, 0x02, reason, 0}), ClientID: "a"})
		testkit.Must(t, err)
		err = run(t.Context(), func(k *rt.Task) error { return client.Serve(k, session, func() {}, func(mqtt.Message) {}) })
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("0x%02X: %v", reason, err)
		}
	}
}

func TestURLs(t *testing.T) {
	for _, url := range []string{"http://x:1", "tcp://x", "tcp://u:p@x:1", "tcp://x:1/a", "tcp://x:1?a", ""} {
		if _, err := mqtt.New(mqtt.Config{URL: url}); err == nil || bytes.Contains([]byte(err.Error()), []byte("u:p")) {
			t.Errorf("url %q: %v", url, err)
		}
	}
}
