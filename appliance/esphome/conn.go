package esphome

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/flynn/noise"
	"google.golang.org/protobuf/proto"

	"orac/appliance/esphome/pb"
)

const (
	// HandshakeTime bounds the time until a connection can carry messages.
	HandshakeTime = 60 * time.Second
	// WriteTime is how long the other side may take to accept messages.
	WriteTime = 10 * time.Second
)

// Device is what a device is to those who connect, and how they may speak.
type Device struct {
	Name string // as in HelloResponse
	MAC  string // 12 hexadecimal digits, lower case
	// Key is the key that clients must have; nil: there is none yet.
	Key *Key
	// Plain: without a key, clients may speak unencrypted. With a key nobody may.
	Plain bool
	// Settable: without a key, a client that will set one may encrypt by the key of zeros.
	Settable bool
}

var (
	// ErrPlain means that a client speaks unencrypted and may not.
	ErrPlain = errors.New("it speaks unencrypted, and the device has a key")
	// ErrEncrypted means that a client encrypts, and the device has no key.
	ErrEncrypted = errors.New("it encrypts, and the device has no key")
)

// Conn is a connection that carries messages. One goroutine reads; any number may write.
type Conn struct {
	raw    net.Conn
	in     *bufio.Reader
	from   pb.From            // who is at the other end
	recv   *noise.CipherState // nil: unencrypted
	zero   bool               // encrypted by the key that everybody knows
	packet []byte             // of the last frame
	buf    []byte             // its payload

	mu   sync.Mutex         // guards everything that follows, and is held during a write
	send *noise.CipherState // nil: unencrypted
	out  []byte
}

// Accept begins a connection at the side of the device. The error says why the client got no further; it has been told. The caller
// closes raw.
func Accept(raw net.Conn, d Device) (*Conn, error) {
	c := &Conn{raw: raw, in: bufio.NewReader(raw), from: pb.From_CLIENT}
	if err := raw.SetReadDeadline(time.Now().Add(HandshakeTime)); err != nil {
		return nil, err
	}
	mark, err := c.in.Peek(1)
	if err != nil {
		return nil, err
	}
	switch {
	case mark[0] == markPlain && d.Key == nil && d.Plain:
		return c, nil
	case mark[0] == markPlain:
		_ = c.refuse("Bad indicator byte") // the first byte of this tells the client that it must encrypt
		return nil, ErrPlain
	case mark[0] != markNoise:
		return nil, fmt.Errorf("%w: it begins with the byte %#02x", ErrFormat, mark[0])
	case d.Key != nil:
		return c, c.respond(d, *d.Key)
	case d.Settable:
		c.zero = true
		return c, c.respond(d, Key{})
	}
	_ = c.push(appendPlain(nil, numberOf((*pb.DisconnectRequest)(nil).ProtoReflect().Descriptor()), nil)) // the first byte tells the client
	return nil, ErrEncrypted
}

// Dial begins a connection at the side of the client. Without a key it is unencrypted. The returned Device is what the device says of
// itself in an encrypted handshake.
func Dial(raw net.Conn, key *Key) (c *Conn, d Device, err error) {
	c = &Conn{raw: raw, in: bufio.NewReader(raw), from: pb.From_DEVICE}
	if key == nil {
		return c, d, nil
	}
	if err := raw.SetReadDeadline(time.Now().Add(HandshakeTime)); err != nil {
		return nil, d, err
	}
	d, err = c.initiate(*key)
	if err != nil {
		return nil, d, err
	}
	return c, d, raw.SetReadDeadline(time.Time{})
}

// Encrypted tells whether nobody on the network can read along: the connection is encrypted by a key that not everybody knows.
func (c *Conn) Encrypted() bool { return c.recv != nil && !c.zero }

// Next returns the next message of the other side. Messages that ORAC does not know, and those of its own side, are skipped. After a
// *BadMessage the next one can be read; any other error is the end.
func (c *Conn) Next() (proto.Message, error) {
	for {
		number, payload, err := c.frame()
		if err != nil {
			return nil, err
		}
		m, err := decode(number, payload, c.from)
		if m != nil || err != nil {
			return m, err
		}
	}
}

// frame reads a frame. Its payload lasts until the next one.
func (c *Conn) frame() (number uint32, payload []byte, err error) {
	if c.recv != nil {
		return c.readNoise()
	}
	number, c.buf, err = readPlain(c.in, c.buf[:0])
	return number, c.buf, err
}

// Write sends messages, in one piece. After an error the connection is of no more use.
func (c *Conn) Write(list ...proto.Message) error {
	payloads := make([][]byte, len(list))
	for i, m := range list {
		var err error
		if payloads[i], err = proto.Marshal(m); err != nil {
			return err
		}
		if most := MaxPayload - innerHead - tag; len(payloads[i]) > most {
			return fmt.Errorf("a %s has %d bytes; at most %d can be sent", m.ProtoReflect().Descriptor().Name(), len(payloads[i]), most)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out = c.out[:0]
	for i, m := range list {
		number := numberOf(m.ProtoReflect().Descriptor())
		if c.send == nil {
			c.out = appendPlain(c.out, number, payloads[i])
			continue
		}
		var err error
		if c.out, err = appendNoise(c.out, c.send, number, payloads[i]); err != nil {
			return err
		}
	}
	return c.put(c.out)
}

// push writes bytes of the handshake.
func (c *Conn) push(b []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.put(b)
}

// put writes bytes within WriteTime. The lock is held.
func (c *Conn) put(b []byte) error {
	if err := c.raw.SetWriteDeadline(time.Now().Add(WriteTime)); err != nil {
		return err
	}
	_, err := c.raw.Write(b)
	return err
}

// Patience decides how long the reader of a connection waits.
type Patience interface {
	// Await is asked before each read, until when to wait. Came is told that something came. Late is told that nothing came until then;
	// an error ends the connection.
	Await() time.Time
	Came()
	Late() error
}

// Patient has a patience decide how long to wait from now on. The reader calls it.
func (c *Conn) Patient(p Patience) {
	rest, _ := c.in.Peek(c.in.Buffered()) // what has come already
	c.in = bufio.NewReader(io.MultiReader(bytes.NewReader(slices.Clone(rest)), patient{c.raw, p}))
}

// patient reads from a connection as its patience allows.
type patient struct {
	raw net.Conn
	p   Patience
}

// Read implements io.Reader.
func (r patient) Read(b []byte) (int, error) {
	for {
		if err := r.raw.SetReadDeadline(r.p.Await()); err != nil {
			return 0, err
		}
		n, err := r.raw.Read(b)
		if n > 0 {
			r.p.Came()
			return n, err
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
		if err := r.p.Late(); err != nil {
			return 0, err
		}
	}
}
