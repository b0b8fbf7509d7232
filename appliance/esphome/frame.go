package esphome

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ErrFormat means that the other side does not keep to the protocol: the connection is of no more use.
var ErrFormat = errors.New("not the ESPHome native API")

const (
	// MaxPayload bounds the bytes of a message.
	MaxPayload = 65535
	// maxVarint bounds the bytes of a number in the head of a frame.
	maxVarint = 4

	// The first byte of a frame says whether the connection is encrypted.
	markPlain = 0
	markNoise = 1
)

// readPlain reads a frame that is not encrypted: a zero byte, the length and the type as varints, and the payload, which is appended
// to dst.
func readPlain(in *bufio.Reader, dst []byte) (number uint32, payload []byte, err error) {
	mark, err := in.ReadByte()
	if err != nil {
		return 0, dst, err
	}
	if mark != markPlain {
		return 0, dst, fmt.Errorf("%w: a frame begins with the byte %#02x", ErrFormat, mark)
	}
	size, err := readVarint(in, "length")
	if err != nil {
		return 0, dst, err
	}
	if size > MaxPayload {
		return 0, dst, fmt.Errorf("%w: a frame says that it has %d bytes; at most %d are accepted", ErrFormat, size, MaxPayload)
	}
	if number, err = readVarint(in, "type"); err != nil {
		return 0, dst, err
	}
	payload, err = readAll(in, dst, int(size))
	return number, payload, err
}

// readVarint reads a number in base 128, the low part first.
func readVarint(in *bufio.Reader, what string) (n uint32, _ error) {
	for i := range maxVarint {
		b, err := in.ReadByte()
		if err != nil {
			return 0, cut(err)
		}
		n |= uint32(b&0x7f) << (7 * i)
		if b < 0x80 {
			return n, nil
		}
	}
	return 0, fmt.Errorf("%w: the %s of a frame has more than %d bytes", ErrFormat, what, maxVarint)
}

// appendPlain appends a frame that is not encrypted.
func appendPlain(dst []byte, number uint32, payload []byte) []byte {
	dst = append(dst, markPlain)
	dst = binary.AppendUvarint(dst, uint64(len(payload)))
	dst = binary.AppendUvarint(dst, uint64(number))
	return append(dst, payload...)
}

// readPacket reads the outer frame of an encrypted connection: a one, the length in two bytes, the high one first, and the body, which
// is appended to dst.
func readPacket(in *bufio.Reader, dst []byte) ([]byte, error) {
	mark, err := in.ReadByte()
	if err != nil {
		return dst, err
	}
	if mark != markNoise {
		return dst, fmt.Errorf("%w: an encrypted frame begins with the byte %#02x", ErrFormat, mark)
	}
	var size [2]byte
	if _, err := io.ReadFull(in, size[:]); err != nil {
		return dst, cut(err)
	}
	return readAll(in, dst, int(binary.BigEndian.Uint16(size[:])))
}

// appendPacket appends the outer frame of an encrypted connection.
func appendPacket(dst, body []byte) []byte {
	dst = append(dst, markNoise)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(body)))
	return append(dst, body...)
}

// readAll appends n bytes to dst.
func readAll(in *bufio.Reader, dst []byte, n int) ([]byte, error) {
	old := len(dst)
	dst = append(dst, make([]byte, n)...)
	if _, err := io.ReadFull(in, dst[old:]); err != nil {
		return dst[:old], cut(err)
	}
	return dst, nil
}

// cut is the error of a frame that ends in the middle.
func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
