package mqtt

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/eclipse/paho.golang/packets"
	"github.com/eclipse/paho.golang/paho"

	"orac/appliance/act"
	"orac/appliance/reach"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/stt/wire"
)

const (
	keepAlive = 20 // s
	// maxPacket is the longest packet that is taken from a broker, in bytes, and inFlight how many messages it may send unconfirmed.
	maxPacket = 256 << 10
	inFlight  = 64
	connectIn = 5 * time.Second
)

// Watch implements act.Backend: it keeps the connection that Do uses.
func (m *MQTT) Watch(t *rt.Task, s act.Sight) error {
	ctx, cancel := live.Context(t)
	defer cancel()
	conn, err := m.dial(ctx)
	if err != nil {
		return m.fail(t, wire.Unreachable, err)
	}
	defer conn.Close()
	lost := make(chan error, 1)
	tell := func(err error) {
		select {
		case lost <- err:
		default:
		}
	}
	client := paho.NewClient(paho.ClientConfig{
		ClientID: m.config.ClientID, Conn: packets.NewThreadSafeConn(&bounded{Conn: conn}), PacketTimeout: m.config.Timeout,
		OnPublishReceived: []func(paho.PublishReceived) (bool, error){func(p paho.PublishReceived) (bool, error) {
			m.hear(p.Packet.Topic, p.Packet.Payload, p.Packet.Retain)
			return true, nil
		}},
		OnClientError: tell,
		OnServerDisconnect: func(d *paho.Disconnect) {
			tell(fmt.Errorf("the broker ends the connection (reason 0x%02X)", d.ReasonCode))
		},
	})
	most, messages := uint32(maxPacket), uint16(inFlight)
	c := &paho.Connect{
		KeepAlive: keepAlive, ClientID: m.config.ClientID, CleanStart: true,
		Properties: &paho.ConnectProperties{MaximumPacketSize: &most, ReceiveMaximum: &messages},
	}
	if m.config.Username != "" {
		c.Username, c.UsernameFlag = m.config.Username, true
	}
	if m.config.Password != nil && m.config.Password.Reveal() != "" {
		c.Password, c.PasswordFlag = []byte(m.config.Password.Reveal()), true
	}
	wait, done := context.WithTimeout(ctx, connectIn)
	defer done()
	answer, err := client.Connect(wait, c)
	if err != nil {
		return m.refusal(t, answer, err)
	}
	m.use(client)
	defer m.use(nil)
	s.Up("MQTT 5")
	select {
	case err := <-lost:
		return m.fail(t, wire.Unreachable, err)
	case <-client.Done():
		return m.fail(t, wire.Unreachable, errors.New("the connection has ended"))
	case <-ctx.Done():
		_ = conn.SetDeadline(time.Now().Add(time.Second))
		_ = client.Disconnect(&paho.Disconnect{})
		<-client.Done()
		return rt.ErrStopped
	}
}

func (m *MQTT) use(client *paho.Client) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.client = client
}

func (m *MQTT) dial(ctx context.Context) (net.Conn, error) {
	host, _, err := net.SplitHostPort(m.address)
	if err != nil {
		return nil, err
	}
	d := reach.Dialer(host, connectIn)
	if m.tls != nil {
		ctx, cancel := context.WithTimeout(ctx, connectIn)
		defer cancel()
		return (&tls.Dialer{NetDialer: d, Config: m.tls}).DialContext(ctx, "tcp", m.address)
	}
	return d.DialContext(ctx, "tcp", m.address)
}

// refusal is why a broker does not accept us.
func (m *MQTT) refusal(t *rt.Task, answer *paho.Connack, err error) error {
	if answer == nil {
		return m.fail(t, wire.Unreachable, err)
	}
	switch answer.ReasonCode {
	case 0x84, 0x01: // also the code of MQTT 3.1.1
		return m.fail(t, wire.Protocol, errors.New("the broker does not speak MQTT 5"))
	case 0x86, 0x87:
		return m.fail(t, wire.Unauthorised, errors.New("the broker refuses username and password"))
	}
	return m.fail(t, wire.Busy, fmt.Errorf("the broker refuses the connection (reason 0x%02X)", answer.ReasonCode))
}

func (m *MQTT) fail(t *rt.Task, kind wire.Kind, err error) error {
	if t.Stopping() {
		return rt.ErrStopped
	}
	e := &wire.Error{Op: "mqtt", Address: "tcp://" + m.address, Kind: kind, Cause: err}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		e.Hint = "this machine does not trust the certificate; name the authority that signed it in ca"
	}
	return e
}
