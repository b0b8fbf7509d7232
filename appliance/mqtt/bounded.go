package mqtt

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/eclipse/paho.golang/packets"
)

// MaxPacket is the longest packet that is taken from a broker, in bytes.
const MaxPacket = 256 << 10

// What a broker may not send.
var (
	errTooLarge  = errors.New("the broker sends a packet that is too large")
	errMalformed = errors.New("the broker sends what is no MQTT 5")
	errForbidden = errors.New("the broker sends what only a client may send")
)

// bounded is a connection that hands on whole packets, and ends at the first that is too long, is none, or may not come from a broker. The
// library would make room for up to 256 MB before it reads a packet, and its readers trust what they read.
type bounded struct {
	net.Conn
	in   *bufio.Reader
	left []byte // of a packet
}

func newBounded(c net.Conn) *bounded { return &bounded{Conn: c, in: bufio.NewReader(c)} }

func (b *bounded) Read(p []byte) (int, error) {
	if len(b.left) == 0 {
		packet, err := next(b.in)
		if err != nil {
			_ = b.Conn.Close()
			return 0, err
		}
		b.left = packet
	}
	n := copy(p, b.left)
	b.left = b.left[n:]
	return n, nil
}

// next reads a packet (MQTT 5, 2.1).
func next(r *bufio.Reader) ([]byte, error) {
	first, err := r.ReadByte()
	if err != nil {
		return nil, err
	}
	packet, length := []byte{first}, 0
	for shift := 0; ; shift += 7 {
		b, err := r.ReadByte()
		if err != nil {
			return nil, err
		}
		packet = append(packet, b)
		length |= int(b&0x7f) << shift
		if length > MaxPacket {
			return nil, errTooLarge
		}
		if b&0x80 == 0 {
			break
		}
		if shift == 21 {
			return nil, errMalformed
		}
	}
	whole := make([]byte, len(packet)+length)
	body := whole[copy(whole, packet):]
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, err
	}
	return whole, legible(whole)
}

// legible tells whether the library can read a packet, and a broker may send it.
func legible(packet []byte) (err error) {
	defer func() {
		if x := recover(); x != nil {
			err = errMalformed
		}
	}()
	switch packet[0] >> 4 {
	case packets.CONNECT, packets.SUBSCRIBE, packets.UNSUBSCRIBE, packets.PINGREQ, packets.AUTH:
		return errForbidden
	}
	k, err := packets.ReadPacket(bytes.NewReader(packet))
	if err != nil {
		return fmt.Errorf("%w: %w", errMalformed, err)
	}
	if m, ok := k.Content.(*packets.Publish); ok && (m.QoS > 2 || m.QoS > 0 && m.PacketID == 0) {
		return errMalformed
	}
	return nil
}
