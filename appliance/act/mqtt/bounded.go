package mqtt

import (
	"errors"
	"net"
)

// errTooLarge means that a packet is longer than we told the broker to send.
var errTooLarge = errors.New("the broker sends a packet that is too large")

// bounded is a connection that ends when the other side announces a packet of more than maxPacket bytes: the library would make room for
// up to 256 MB before it reads it.
type bounded struct {
	net.Conn
	packet
}

// packet follows the fixed headers of the packets in a stream (MQTT 5, 2.1).
type packet struct {
	left   uint32 // bytes of the body that are still to come
	length uint32 // while it is read
	shift  uint   // bits of the length that were read
	inside bool   // the first byte of the header was read, and not all of the length
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.Conn.Read(p)
	if !b.follow(p[:n]) {
		_ = b.Conn.Close()
		return 0, errTooLarge
	}
	return n, err
}

// follow returns false once a packet is too large, or its length is none.
func (k *packet) follow(p []byte) bool {
	for len(p) > 0 {
		switch {
		case k.left > 0:
			n := min(k.left, uint32(len(p)))
			k.left -= n
			p = p[n:]
		case !k.inside:
			k.inside, k.length, k.shift = true, 0, 0
			p = p[1:]
		default:
			k.length |= uint32(p[0]&0x7f) << k.shift
			k.shift += 7
			if p[0]&0x80 == 0 {
				k.inside, k.left = false, k.length
			}
			if k.length > maxPacket || k.shift > 21 && k.inside {
				return false
			}
			p = p[1:]
		}
	}
	return true
}
