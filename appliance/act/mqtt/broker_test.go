package mqtt

import (
	"errors"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/eclipse/paho.golang/packets"

	"orac/appliance/act"
	"orac/appliance/rt"
	"orac/appliance/thread"
	"orac/runbook/testkit"
)

// puppet is a broker of one client whose every step the test knows, where Mosquitto's cannot be seen. It confirms all, and echoes what is
// published on cmnd/x to stat/x if the client has subscribed to that.
type puppet struct {
	conn       net.Conn
	subscribed map[string]bool
	early      []byte // told on stat/x before the subscription is confirmed, and taken by the client before that
}

// puppets listens for one client until the test ends.
func puppets(t *testing.T, early string) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	testkit.Must(t, err)
	var wait sync.WaitGroup
	wait.Go(func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		p := &puppet{conn: conn, subscribed: map[string]bool{}, early: []byte(early)}
		if err := p.serve(); err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		wait.Wait()
	})
	return "tcp://" + l.Addr().String()
}

func (p *puppet) send(kind byte, fill func(*packets.ControlPacket)) error {
	k := packets.NewControlPacket(kind)
	fill(k)
	_, err := k.WriteTo(p.conn)
	return err
}

func (p *puppet) tell(payload []byte, id uint16) error {
	return p.send(packets.PUBLISH, func(k *packets.ControlPacket) {
		m := k.Content.(*packets.Publish)
		m.Topic, m.Payload, m.QoS, m.PacketID = "stat/x", payload, 1, id
	})
}

func (p *puppet) serve() error {
	var held *packets.Subscribe // its confirmation waits until the early message is taken
	confirm := func(s *packets.Subscribe) error {
		held = nil
		return p.send(packets.SUBACK, func(k *packets.ControlPacket) {
			a := k.Content.(*packets.Suback)
			a.PacketID, a.Reasons = s.PacketID, []byte{1}
		})
	}
	for n := uint16(1); ; n++ {
		k, err := packets.ReadPacket(p.conn)
		if err != nil {
			return err
		}
		switch c := k.Content.(type) {
		case *packets.Connect:
			err = p.send(packets.CONNACK, func(*packets.ControlPacket) {})
		case *packets.Subscribe:
			p.subscribed[c.Subscriptions[0].Topic] = true
			if held = c; len(p.early) > 0 {
				err = p.tell(p.early, n)
			} else {
				err = confirm(c)
			}
		case *packets.Puback:
			if held != nil {
				err = confirm(held)
			}
		case *packets.Unsubscribe:
			delete(p.subscribed, c.Topics[0])
			err = p.send(packets.UNSUBACK, func(k *packets.ControlPacket) {
				a := k.Content.(*packets.Unsuback)
				a.PacketID, a.Reasons = c.PacketID, []byte{0}
			})
		case *packets.Publish:
			err = p.send(packets.PUBACK, func(k *packets.ControlPacket) { k.Content.(*packets.Puback).PacketID = c.PacketID })
			if err == nil && c.Topic == "cmnd/x" && p.subscribed["stat/x"] {
				err = p.tell(c.Payload, n)
			}
		case *packets.Disconnect:
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// TestWhatCameBeforeProvesNothing: a message that was on its way before ours was sent tells of something else.
func TestWhatCameBeforeProvesNothing(t *testing.T) {
	m := watching(t, Config{Name: "b", URL: puppets(t, "ON"), QoS: 1, Timeout: patience})
	for service, want := range map[string]act.Verdict{"cmnd/deaf": act.Unproven, "cmnd/x": act.Proven} {
		call := act.Call{Service: service, Payload: "ON", Expect: []act.Expectation{{Entity: "stat/x", State: []string{"ON"}}}}
		if o := run(t.Context(), func(task *rt.Task) act.Outcome { return m.Do(task, call, thread.Thread{}) }); o.Verdict != want {
			t.Errorf("%s: %+v", service, o)
		}
	}
}

// TestCallsOfOneProof at once: one that ends does not keep the others from hearing theirs.
func TestCallsOfOneProof(t *testing.T) {
	m := watching(t, Config{Name: "b", URL: puppets(t, ""), QoS: 1, Timeout: 5 * patience})
	call := act.Call{Service: "cmnd/x", Payload: "ON", Expect: []act.Expectation{{Entity: "stat/x"}}}
	var wait sync.WaitGroup
	for range 2 {
		wait.Go(func() {
			for range 200 {
				if o := run(t.Context(), func(task *rt.Task) act.Outcome { return m.Do(task, call, thread.Thread{}) }); o.Verdict != act.Proven {
					t.Errorf("%+v", o)
					return
				}
			}
		})
	}
	wait.Wait()
}
