package esphome

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/flynn/noise"
)

// The encryption is Noise_NNpsk0_25519_ChaChaPoly_SHA256: both sides prove that they have the key, and each connection has keys of its
// own. The client begins.

// prologue is mixed into the handshake: the name of the protocol, and an empty first packet of the client.
var prologue = []byte("NoiseAPIInit\x00\x00")

// EncryptionName is what the network is told of the encryption.
const EncryptionName = "Noise_NNpsk0_25519_ChaChaPoly_SHA256"

const (
	handshakeGoesOn  = 0
	handshakeRefused = 1
	protocolNoise    = 1 // the only protocol that a device can choose
)

// wrongKey is the refusal that makes Home Assistant ask its user for the key. The text may not change.
const wrongKey = "Handshake MAC failure"

// ErrKeyDiffers means that the other side has another key.
var ErrKeyDiffers = errors.New("the keys differ")

func handshake(initiator bool, key Key) (*noise.HandshakeState, error) {
	return noise.NewHandshakeState(noise.Config{
		CipherSuite: noise.NewCipherSuite(noise.DH25519, noise.CipherChaChaPoly, noise.HashSHA256), Pattern: noise.HandshakeNN,
		Initiator: initiator, Prologue: prologue, PresharedKey: key.bytes[:], PresharedKeyPlacement: 0,
	})
}

// respond makes the handshake of the device. The zero key is that of a client that will set one.
func (c *Conn) respond(d Device, key Key) error {
	if _, err := readPacket(c.in, nil); err != nil {
		return err // what the client says of itself is not used: it is empty
	}
	hello := append([]byte{protocolNoise}, d.Name...)
	hello = append(append(append(hello, 0), d.MAC...), 0)
	if err := c.push(appendPacket(nil, hello)); err != nil {
		return err
	}
	body, err := readPacket(c.in, nil)
	if err != nil {
		return err
	}
	if len(body) == 0 || body[0] != handshakeGoesOn {
		_ = c.refuse("Invalid handshake message")
		return fmt.Errorf("%w: the handshake does not go on", ErrFormat)
	}
	hs, err := handshake(false, key)
	if err != nil {
		return err
	}
	if _, _, _, err := hs.ReadMessage(nil, body[1:]); err != nil {
		_ = c.refuse(wrongKey)
		return fmt.Errorf("%w: %w", ErrKeyDiffers, err)
	}
	answer, recv, send, err := hs.WriteMessage([]byte{handshakeGoesOn}, nil)
	if err != nil {
		return err
	}
	c.recv, c.send = recv, send
	return c.push(appendPacket(nil, answer))
}

// refuse ends a handshake with a text.
func (c *Conn) refuse(text string) error {
	return c.push(appendPacket(nil, append([]byte{handshakeRefused}, text...)))
}

// initiate makes the handshake of the client, and returns what the device says of itself.
func (c *Conn) initiate(key Key) (d Device, err error) {
	hs, err := handshake(true, key)
	if err != nil {
		return d, err
	}
	first, _, _, err := hs.WriteMessage([]byte{handshakeGoesOn}, nil)
	if err != nil {
		return d, err
	}
	if err := c.push(appendPacket(appendPacket(nil, nil), first)); err != nil {
		return d, err
	}
	hello, err := readPacket(c.in, nil)
	switch {
	case err != nil:
		return d, err
	case len(hello) > 0 && hello[0] == handshakeRefused && !bytes.Contains(hello, []byte{0}):
		return d, fmt.Errorf("the device refuses the connection: %q", hello[1:])
	case len(hello) == 0 || hello[0] != protocolNoise:
		return d, fmt.Errorf("%w: the device chose another encryption", ErrFormat)
	}
	if parts := bytes.SplitN(hello[1:], []byte{0}, 3); len(parts) == 3 {
		d.Name, d.MAC = string(parts[0]), string(parts[1])
	}
	body, err := readPacket(c.in, nil)
	switch {
	case err != nil:
		return d, err
	case len(body) > 0 && body[0] == handshakeRefused && string(body[1:]) == wrongKey:
		return d, ErrKeyDiffers
	case len(body) == 0 || body[0] != handshakeGoesOn:
		return d, fmt.Errorf("the device refuses the handshake: %q", body)
	}
	_, send, recv, err := hs.ReadMessage(nil, body[1:])
	if err != nil {
		return d, fmt.Errorf("%w: %w", ErrKeyDiffers, err)
	}
	c.recv, c.send = recv, send
	return d, nil
}

const (
	// innerHead is the type and the length in front of an encrypted payload.
	innerHead = 4
	// tag is what encryption adds.
	tag = 16
)

// readNoise reads an encrypted frame.
func (c *Conn) readNoise() (number uint32, payload []byte, err error) {
	if c.packet, err = readPacket(c.in, c.packet[:0]); err != nil {
		return 0, nil, err
	}
	if c.buf, err = c.recv.Decrypt(c.buf[:0], nil, c.packet); err != nil {
		return 0, nil, fmt.Errorf("%w: a frame cannot be decrypted", ErrFormat)
	}
	if len(c.buf) < innerHead {
		return 0, nil, fmt.Errorf("%w: an encrypted frame has %d bytes", ErrFormat, len(c.buf))
	}
	number, payload = uint32(binary.BigEndian.Uint16(c.buf)), c.buf[innerHead:]
	size := int(binary.BigEndian.Uint16(c.buf[2:]))
	if size > len(payload) {
		return 0, nil, fmt.Errorf("%w: an encrypted frame says that it has %d bytes, and has %d", ErrFormat, size, len(payload))
	}
	return number, payload[:size], nil
}

// appendNoise appends an encrypted frame. Each takes the next number of the direction, so there is one writer.
func appendNoise(dst []byte, send *noise.CipherState, number uint32, payload []byte) ([]byte, error) {
	plain := make([]byte, 0, innerHead+len(payload))
	plain = binary.BigEndian.AppendUint16(plain, uint16(number))
	plain = binary.BigEndian.AppendUint16(plain, uint16(len(payload)))
	body, err := send.Encrypt(nil, nil, append(plain, payload...))
	if err != nil {
		return dst, err
	}
	return appendPacket(dst, body), nil
}
