package mqtt

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/eclipse/paho.golang/packets"
	"github.com/eclipse/paho.golang/paho"

	"orac/appliance/reach"
	"orac/appliance/rt"
	"orac/appliance/stt/wire"
)

const (
	// KeepAlive is how often something is heard of a broker at least, in seconds.
	KeepAlive = 20
	// inFlight is how many messages a broker may send unconfirmed.
	inFlight = 64
	// connectIn is how long a connection may take.
	connectIn = 5 * time.Second
	// goodbye is how long the end of a connection may take.
	goodbye = time.Second
	// lastWords is how long the library may take to tell why a connection has ended.
	lastWords = 100 * time.Millisecond
)

// Config says where a broker is, and who we are there. URL is required.
type Config struct {
	URL       string // "tcp://HOST:PORT"
	Username  string
	Password  wire.Secret
	ClientID  string // "" lets the broker choose
	Encrypted bool   // TLS
	TLS       wire.TLS
	Timeout   time.Duration // of a confirmation; 0 means DefaultTimeout
}

// DefaultTimeout is how long a broker may take to confirm something.
const DefaultTimeout = 10 * time.Second

// Broker is where messages go.
type Broker struct {
	config  Config
	address string // HOST:PORT
	tls     *tls.Config
}

// NewBroker connects to nothing yet.
func NewBroker(c Config) (*Broker, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Scheme != "tcp" || u.Port() == "" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || strings.Trim(u.Path, "/") != "" {
		return nil, errors.New("the url of a broker is tcp://HOST:PORT")
	}
	c.Timeout = cmp.Or(max(c.Timeout, 0), DefaultTimeout)
	b := &Broker{config: c, address: u.Host}
	if c.Encrypted {
		if b.tls, err = c.TLS.Config(); err != nil {
			return nil, err
		}
		b.tls.ServerName = u.Hostname()
	}
	return b, nil
}

// Conn is a connection to a broker.
type Conn struct {
	*paho.Client
	broker *Broker
	conn   net.Conn
	lost   chan error // why it ended
}

// Connect connects, and logs in. will is what the broker tells others when the connection breaks; nil: nothing. heard is called with what
// comes, and must not wait. The error is a *wire.Error, or rt.ErrStopped. The caller ends the connection by Wait.
func (b *Broker) Connect(ctx context.Context, t *rt.Task, will *paho.WillMessage, heard func(*paho.Publish)) (*Conn, error) {
	raw, err := b.dial(ctx)
	if err != nil {
		return nil, b.fail(t, wire.Unreachable, err)
	}
	c := &Conn{broker: b, conn: raw, lost: make(chan error, 1)}
	tell := func(err error) {
		select {
		case c.lost <- err:
		default:
		}
	}
	c.Client = paho.NewClient(paho.ClientConfig{
		ClientID: b.config.ClientID, Conn: packets.NewThreadSafeConn(newBounded(raw)), PacketTimeout: b.config.Timeout,
		OnPublishReceived: []func(paho.PublishReceived) (bool, error){func(p paho.PublishReceived) (bool, error) {
			heard(p.Packet)
			return true, nil
		}},
		OnClientError:      tell,
		OnServerDisconnect: func(d *paho.Disconnect) { tell(goodbyeOf(d.ReasonCode)) },
	})
	most, messages := uint32(MaxPacket), uint16(inFlight)
	hello := &paho.Connect{
		KeepAlive: KeepAlive, ClientID: b.config.ClientID, CleanStart: true, WillMessage: will,
		Properties: &paho.ConnectProperties{MaximumPacketSize: &most, ReceiveMaximum: &messages},
	}
	if b.config.Username != "" {
		hello.Username, hello.UsernameFlag = b.config.Username, true
	}
	if b.config.Password != nil && b.config.Password.Reveal() != "" {
		hello.Password, hello.PasswordFlag = []byte(b.config.Password.Reveal()), true
	}
	wait, done := context.WithTimeout(ctx, min(connectIn, b.config.Timeout))
	defer done()
	if answer, err := c.Client.Connect(wait, hello); err != nil {
		_ = raw.Close()
		return nil, b.refusal(t, answer, err)
	}
	return c, nil
}

// Wait keeps the connection until it is lost, or the task is told to stop: then farewell is called, and the broker is told that it ends.
func (c *Conn) Wait(ctx context.Context, t *rt.Task, farewell func()) error {
	defer c.conn.Close()
	select {
	case err := <-c.lost:
		return c.broker.fail(t, wire.Unreachable, err)
	case <-c.Client.Done():
		return c.broker.fail(t, wire.Unreachable, c.why())
	case <-ctx.Done():
		_ = c.conn.SetDeadline(time.Now().Add(goodbye))
		if farewell != nil {
			farewell()
		}
		_ = c.Client.Disconnect(&paho.Disconnect{})
		<-c.Client.Done()
		return rt.ErrStopped
	}
}

// why is what is told of the end. The library tells it a moment after the end, if at all.
func (c *Conn) why() error {
	select {
	case err := <-c.lost:
		return err
	case <-time.After(lastWords):
		return errors.New("the connection has ended")
	}
}

// Abort ends a connection that nobody waits for.
func (c *Conn) Abort() {
	_ = c.conn.Close()
	<-c.Client.Done()
}

func (b *Broker) dial(ctx context.Context) (net.Conn, error) {
	host, _, err := net.SplitHostPort(b.address)
	if err != nil {
		return nil, err
	}
	d := reach.Dialer(host, connectIn)
	if b.tls != nil {
		ctx, cancel := context.WithTimeout(ctx, connectIn)
		defer cancel()
		return (&tls.Dialer{NetDialer: d, Config: b.tls}).DialContext(ctx, "tcp", b.address)
	}
	return d.DialContext(ctx, "tcp", b.address)
}

// Reason codes of MQTT 5 with a meaning of their own, and of MQTT 3.1.1.
const (
	refusedFrom      = 0x80 // from here on a code is a refusal
	wrongVersion     = 0x84
	wrongVersionOld  = 0x01
	invalidID        = 0x85
	badLogin         = 0x86
	notAuthorised    = 0x87
	banned           = 0x8A
	takenOver        = 0x8E
	packetTooLarge   = 0x95
	reasonForNothing = "the broker refuses the connection (reason 0x%02X)"
)

// goodbyeOf says why a broker ended the connection.
func goodbyeOf(reason byte) error {
	switch reason {
	case takenOver:
		return errors.New("another client has connected with the same device_id: give each a device_id of its own")
	case packetTooLarge:
		return errors.New("the broker does not take packets of that size")
	case notAuthorised:
		return errors.New("the broker does not allow what ORAC does there: see what its access list must allow, in appliance/mqtt/README.md")
	}
	return fmt.Errorf("the broker ends the connection (reason 0x%02X)", reason)
}

// refusal is why a broker does not accept us.
func (b *Broker) refusal(t *rt.Task, answer *paho.Connack, err error) error {
	if answer == nil {
		return b.fail(t, wire.Unreachable, err)
	}
	switch answer.ReasonCode {
	case wrongVersion, wrongVersionOld:
		return b.fail(t, wire.Protocol, errors.New("the broker does not speak MQTT 5"))
	case badLogin, notAuthorised:
		return b.fail(t, wire.Unauthorised, errors.New("the broker refuses username and password"))
	case banned:
		return b.fail(t, wire.Unauthorised, errors.New("the broker has banned this client"))
	case invalidID:
		return b.fail(t, wire.Unauthorised, errors.New("the broker refuses the device_id"))
	}
	return b.fail(t, wire.Busy, fmt.Errorf(reasonForNothing, answer.ReasonCode))
}

func (b *Broker) fail(t *rt.Task, kind wire.Kind, err error) error {
	if t.Stopping() {
		return rt.ErrStopped
	}
	e := &wire.Error{Op: "mqtt", Address: "tcp://" + b.address, Kind: kind, Cause: err}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		e.Hint = "this machine does not trust the certificate; name the authority that signed it in ca"
	}
	return e
}
