// Package mqtt carries commands out by messages to an MQTT broker.
//
// It speaks MQTT 5, because its confirmations say more: that a message was refused, or that nobody listens. Guarantees:
//
//   - A message is sent once, also if the connection breaks while it is confirmed: the verdict is then act.Unknown.
//   - What was said is a value: it is escaped in JSON, and no part of a topic's structure.
//   - A success is proven by a message on the topic that the intent block names, and by nothing else.
package mqtt

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/eclipse/paho.golang/paho"

	"orac/appliance/act"
	"orac/appliance/act/fill"
	link "orac/appliance/mqtt"
	"orac/appliance/rt"
	"orac/appliance/stt/wire"
	"orac/appliance/thread"
)

const (
	// DefaultTimeout is how long a message and its proof may take.
	DefaultTimeout = 10 * time.Second
	// maxTopic is how long a topic may be, in bytes.
	maxTopic = 1000
)

// Config makes an MQTT. URL is required.
type Config struct {
	Name      string // of the backend block
	URL       string // "tcp://HOST:PORT"
	Username  string
	Password  wire.Secret
	ClientID  string // "" lets the broker choose
	QoS       int    // 0, 1 or 2; with 0 the broker confirms nothing
	Retain    bool
	Encrypted bool // TLS
	TLS       wire.TLS
	Timeout   time.Duration // 0 means DefaultTimeout
}

// MQTT is an act.Backend. Its messages go over the connection that Watch keeps.
type MQTT struct {
	config Config
	broker *link.Broker
	turn   chan struct{} // holds one while subscriptions change at the broker: one call's end must not undo another's beginning

	mu      sync.Mutex // guards everything that follows
	client  *paho.Client
	waiters map[string][]*waiter // by topic
}

// New makes a client; it connects to nothing yet.
func New(c Config) (*MQTT, error) {
	if c.QoS < 0 || c.QoS > 2 {
		return nil, fmt.Errorf("backend %s: qos is 0, 1 or 2", c.Name)
	}
	c.Timeout = cmp.Or(max(c.Timeout, 0), DefaultTimeout)
	b, err := link.NewBroker(link.Config{
		URL: c.URL, Username: c.Username, Password: c.Password, ClientID: c.ClientID, Encrypted: c.Encrypted, TLS: c.TLS, Timeout: c.Timeout,
	})
	if err != nil {
		return nil, fmt.Errorf("backend %s: %w", c.Name, err)
	}
	return &MQTT{config: c, broker: b, turn: make(chan struct{}, 1), waiters: map[string][]*waiter{}}, nil
}

// Calls implements act.Backend: only intent blocks say what a message does.
func (m *MQTT) Calls(c act.Command, _ *act.Home, _ map[string]act.State) ([]act.Call, error) {
	return nil, fmt.Errorf("backend %s carries out what intent blocks say, and knows no %q", m.config.Name, c.Intent)
}

// Fill implements act.Filler.
func (m *MQTT) Fill(c act.Command, t act.Template) (act.Call, error) {
	out := act.Call{Backend: m.config.Name, Intent: c.Intent}
	var err error
	if out.Service, err = topic(t.Service, c); err != nil {
		return out, err
	}
	if out.Payload, out.Data, _, err = fill.Payload(t, c); err != nil {
		return out, err
	}
	if t.ProofTopic == "" {
		return out, nil
	}
	e := act.Expectation{}
	if e.Entity, err = topic(t.ProofTopic, c); err != nil {
		return out, err
	}
	if t.Proof != "" {
		text, err := fill.Text(t.Proof, c, nil)
		if err != nil {
			return out, err
		}
		e.State = []string{text}
	}
	out.Expect = []act.Expectation{e}
	return out, nil
}

// topic fills the template of a topic. A value is one level of it, or a part of one.
func topic(template string, c act.Command) (string, error) {
	t, err := fill.Text(template, c, func(v string) (string, error) {
		if v == "" || strings.ContainsAny(v, "/+#$") || strings.ContainsFunc(v, func(r rune) bool { return unicode.IsControl(r) || r == unicode.ReplacementChar }) {
			return "", fmt.Errorf("%.40q cannot be part of a topic", v)
		}
		return v, nil
	})
	switch {
	case err != nil:
		return "", err
	case t == "" || len(t) > maxTopic || strings.ContainsAny(t, "+#\x00"):
		return "", errors.New("a topic has 1 to 1000 bytes, and no + or #")
	}
	return t, nil
}

// Do implements act.Backend.
func (m *MQTT) Do(t *rt.Task, c act.Call, h thread.Thread) act.Outcome {
	o := act.Outcome{Call: c}
	m.mu.Lock()
	client := m.client
	m.mu.Unlock()
	if client == nil {
		o.Verdict, o.Reason = act.Failed, "the broker is not connected"
		return o
	}
	m.send(t, client, &o, h)
	return o
}

// Refresh implements act.Backend: there is nothing to fetch.
func (m *MQTT) Refresh() {}
