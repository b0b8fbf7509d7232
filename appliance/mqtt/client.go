package mqtt

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/eclipse/paho.golang/paho"

	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/stt/wire"
)

// Message is what goes to a broker, or comes from it.
type Message struct {
	Topic   string
	Payload []byte
	QoS     byte
	Retain  bool          // the broker keeps it for those that come later; of one that came: it was kept, and is old
	Expiry  time.Duration // how long it is of use to anybody; 0: always
	Hush    bool          // the topic may hold a secret, or what somebody said: no error quotes it
}

// place is the topic, as errors have it.
func (m Message) place() string {
	if m.Hush {
		return "the topic of an event"
	}
	return m.Topic
}

// Session is what a connection begins with.
type Session struct {
	Will      Message  // what the broker tells others when the connection breaks, and we when it ends
	Subscribe []string // topics, without wildcards
}

// Link is where an appliance shows itself. Errors are *wire.Error, or rt.ErrStopped.
type Link interface {
	// Serve connects, and stays connected until the task is told to stop or the connection is lost. opened is called once the broker has
	// accepted the session and what it subscribes to; told is called with each message that comes. Both wait for nothing.
	Serve(t *rt.Task, s Session, opened func(), told func(Message)) error
	// Publish returns when the broker has the message; with QoS 0 when it is on its way.
	Publish(t *rt.Task, m Message) error
}

// mostUnread is how many messages may wait to be read. Those for whom there is no room are dropped: whoever sends so many gets no answer to all.
const mostUnread = 64

// MaxPayload is how long a message may be that is taken, in bytes.
const MaxPayload = 4 << 10

// Client is a Link.
type Client struct {
	broker  *Broker
	timeout time.Duration
	unread  atomic.Int64 // messages that were dropped, for want of room or for their length

	mu   sync.Mutex // guards everything that follows
	conn *Conn      // nil while there is none
}

// New makes a client; it connects to nothing yet.
func New(c Config) (*Client, error) {
	b, err := NewBroker(c)
	if err != nil {
		return nil, err
	}
	return &Client{broker: b, timeout: b.config.Timeout}, nil
}

// Unread is how many messages were dropped since the start, because they were too long or too many.
func (c *Client) Unread() int { return int(c.unread.Load()) }

// Serve implements Link.
func (c *Client) Serve(t *rt.Task, s Session, opened func(), told func(Message)) error {
	ctx, cancel := live.Context(t)
	defer cancel()
	heard := make(chan Message, mostUnread)
	will := publish(s.Will)
	conn, err := c.broker.Connect(ctx, t, &paho.WillMessage{Topic: will.Topic, Payload: will.Payload, QoS: will.QoS, Retain: will.Retain}, func(p *paho.Publish) {
		m := Message{Topic: p.Topic, Payload: p.Payload, QoS: p.QoS, Retain: p.Retain}
		if len(m.Payload) > MaxPayload {
			c.unread.Add(1)
			return
		}
		select {
		case heard <- m:
		default:
			c.unread.Add(1)
		}
	})
	if err != nil {
		return err
	}
	if err := c.subscribe(ctx, t, conn, s.Subscribe); err != nil {
		conn.Abort()
		return err
	}
	c.use(conn)
	defer c.use(nil)
	opened()
	ended := make(chan error, 1)
	go func() {
		ended <- conn.Wait(ctx, t, func() {
			bye, done := context.WithTimeout(context.Background(), goodbye)
			defer done()
			_, _ = conn.Client.Publish(bye, will)
		})
	}()
	for {
		select {
		case m := <-heard:
			told(m)
		case err := <-ended:
			return err
		}
	}
}

// subscribe asks for topics. What the broker keeps there is not wanted: it is old.
func (c *Client) subscribe(ctx context.Context, t *rt.Task, conn *Conn, topics []string) error {
	if len(topics) == 0 {
		return nil
	}
	s := &paho.Subscribe{}
	for _, topic := range topics {
		s.Subscriptions = append(s.Subscriptions, paho.SubscribeOptions{Topic: topic, QoS: 1, RetainHandling: neverRetained, RetainAsPublished: true})
	}
	wait, done := context.WithTimeout(ctx, c.timeout)
	defer done()
	answer, err := conn.Client.Subscribe(wait, s)
	if answer != nil {
		for i, reason := range answer.Reasons {
			if reason >= refusedFrom && i < len(topics) {
				return c.broker.fail(t, wire.Unauthorised, fmt.Errorf("the broker does not let ORAC read %s (reason 0x%02X)", topics[i], reason))
			}
		}
	}
	if err != nil {
		return c.broker.fail(t, wire.Unreachable, fmt.Errorf("it does not confirm what ORAC wants to read: %w", err))
	}
	return nil
}

// neverRetained has a broker send nothing that it keeps.
const neverRetained = 2

func (c *Client) use(conn *Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conn = conn
}

// errNotConnected means that there is no connection now.
var errNotConnected = errors.New("the broker is not connected")

// Publish implements Link.
func (c *Client) Publish(t *rt.Task, m Message) error {
	c.mu.Lock()
	conn := c.conn
	c.mu.Unlock()
	if conn == nil {
		return c.broker.fail(t, wire.Unreachable, errNotConnected)
	}
	stop, cancel := live.Context(t)
	defer cancel()
	ctx, done := context.WithTimeout(stop, c.timeout)
	defer done()
	answer, err := conn.Client.Publish(ctx, publish(m))
	switch {
	case answer != nil && answer.ReasonCode >= refusedFrom:
		return c.broker.fail(t, wire.Refused, fmt.Errorf("the broker refuses a message of %d bytes on %s (reason 0x%02X)", len(m.Payload), m.place(), answer.ReasonCode))
	case errors.Is(err, paho.ErrInvalidArguments):
		return c.broker.fail(t, wire.Refused, fmt.Errorf("the broker cannot take a message of %d bytes on %s: %w", len(m.Payload), m.place(), err))
	case errors.Is(err, context.DeadlineExceeded):
		return c.broker.fail(t, wire.Timeout, fmt.Errorf("the broker does not confirm a message on %s", m.place()))
	case err != nil:
		return c.broker.fail(t, wire.Unreachable, err)
	}
	return nil
}

// publish is a message as the library has it.
func publish(m Message) *paho.Publish {
	p := &paho.Publish{Topic: m.Topic, Payload: m.Payload, QoS: m.QoS, Retain: m.Retain}
	if m.Expiry > 0 {
		seconds := uint32(max(1, m.Expiry.Seconds()))
		p.Properties = &paho.PublishProperties{MessageExpiry: &seconds}
	}
	return p
}
