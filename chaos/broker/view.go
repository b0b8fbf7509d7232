package broker

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/eclipse/paho.golang/paho"
)

// view is a client that sees everything, as Home Assistant sees what it is told. What a broker forgets when it is killed, the view forgets.
type view struct {
	address string
	end     context.CancelFunc
	ended   chan struct{}

	mu     sync.Mutex // guards what follows
	topics map[string][]byte
}

// viewAgain is the pause before the view connects anew.
const viewAgain = 200 * time.Millisecond

func watch(address string) *view {
	ctx, cancel := context.WithCancel(context.Background())
	v := &view{address: address, end: cancel, ended: make(chan struct{}), topics: map[string][]byte{}}
	go func() {
		defer close(v.ended)
		for ctx.Err() == nil {
			v.look(ctx)
			select {
			case <-ctx.Done():
			case <-time.After(viewAgain):
			}
		}
	}()
	return v
}

// look sees what there is until the connection ends.
func (v *view) look(ctx context.Context) {
	c, err := connect(ctx, v.address, "view", func(p *paho.Publish) {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.topics[p.Topic] = slices.Clone(p.Payload)
	})
	if err != nil {
		return
	}
	v.mu.Lock()
	clear(v.topics)
	v.mu.Unlock()
	if _, err := c.Subscribe(ctx, &paho.Subscribe{Subscriptions: []paho.SubscribeOptions{{Topic: "#", QoS: 1}}}); err == nil {
		select {
		case <-ctx.Done():
		case <-c.Done():
		}
	}
	_ = c.Disconnect(&paho.Disconnect{})
	v.mu.Lock()
	clear(v.topics)
	v.mu.Unlock()
}

func (v *view) kept(topic string) []byte {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.topics[topic]
}

func (v *view) close() {
	v.end()
	<-v.ended
}

// connect is a client of the broker, straight.
func connect(ctx context.Context, address, id string, heard func(*paho.Publish)) (*paho.Client, error) {
	conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	c := paho.NewClient(paho.ClientConfig{Conn: conn, PacketTimeout: 2 * time.Second, OnPublishReceived: []func(paho.PublishReceived) (bool, error){
		func(p paho.PublishReceived) (bool, error) {
			heard(p.Packet)
			return true, nil
		},
	}})
	if _, err := c.Connect(ctx, &paho.Connect{ClientID: id, CleanStart: true, KeepAlive: 10}); err != nil {
		return nil, fmt.Errorf("a client of the broker: %w", err)
	}
	return c, nil
}

// Write is a message of a client.
type Write struct {
	Topic   string
	Payload []byte
	Retain  bool
}

// Trash writes messages of a list, one after the other and again, until the function that it returns is called. What it has had retained is
// then cleared.
func (b *Broker) Trash(list []Write, every time.Duration) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.trash(ctx, list, every) }()
	return func() error {
		cancel()
		return <-ended
	}
}

func (b *Broker) trash(ctx context.Context, list []Write, every time.Duration) error {
	c, err := connect(ctx, b.address, "hostile", func(*paho.Publish) {})
	if err != nil {
		return err
	}
	for i := 0; ctx.Err() == nil; i++ {
		x := list[i%len(list)]
		_, _ = c.Publish(ctx, &paho.Publish{Topic: x.Topic, Payload: x.Payload, QoS: 1, Retain: x.Retain}) // it may be refused
		select {
		case <-ctx.Done():
		case <-time.After(every):
		}
	}
	last, done := context.WithTimeout(context.Background(), 2*time.Second)
	defer done()
	for _, x := range list {
		if x.Retain {
			_, _ = c.Publish(last, &paho.Publish{Topic: x.Topic, QoS: 1, Retain: true})
		}
	}
	return c.Disconnect(&paho.Disconnect{})
}
