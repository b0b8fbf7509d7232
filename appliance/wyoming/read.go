package wyoming

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// ErrFormat means that the other side does not keep to the protocol.
var ErrFormat = errors.New("not the Wyoming protocol")

// Reader reads events. It is used by one goroutine, and of no use after an error.
type Reader struct {
	// Piece bounds how much of a payload is held at a time. A longer audio-chunk is returned as several events, which mean the same; the
	// payloads of other events are skipped. 0 returns every payload whole.
	Piece int

	in      *bufio.Reader
	payload []byte
	rest    Event // the audio-chunk of which Rest bytes are still to come
}

// NewReader returns a reader of a connection.
func NewReader(r io.Reader) *Reader { return &Reader{in: bufio.NewReader(r)} }

// header is the line that begins an event.
type header struct {
	Kind          string          `json:"type"`
	Data          json.RawMessage `json:"data"`
	DataLength    *int64          `json:"data_length"`
	PayloadLength *int64          `json:"payload_length"`
}

// Next returns the next event. After the last whole one it returns io.EOF; io.ErrUnexpectedEOF means that one was cut off.
func (r *Reader) Next() (Event, error) {
	if r.rest.Rest > 0 {
		return r.take(r.rest)
	}
	line, err := r.line()
	if err != nil {
		return Event{}, err
	}
	var h header
	switch {
	case !utf8.Valid(line):
		return Event{}, fmt.Errorf("%w: a header is not UTF-8", ErrFormat)
	case !isObject(line):
		return Event{}, fmt.Errorf("%w: a header must be a JSON object on one line", ErrFormat)
	}
	if err := json.Unmarshal(line, &h); err != nil {
		return Event{}, fmt.Errorf("%w: a header cannot be read: %w", ErrFormat, err)
	}
	if h.Kind == "" {
		return Event{}, fmt.Errorf("%w: a header has no type", ErrFormat)
	}
	e := Event{Kind: h.Kind}
	if len(h.Data) > 0 && string(h.Data) != "null" {
		if e.inline = h.Data; !isObject(h.Data) {
			return Event{}, fmt.Errorf("%w: %s: data must be an object", ErrFormat, e.name())
		}
	}
	data, err := length(e, "data_length", h.DataLength, MaxData)
	if err != nil {
		return Event{}, err
	}
	if e.Size, err = length(e, "payload_length", h.PayloadLength, MaxPayload); err != nil {
		return Event{}, err
	}
	if data > 0 {
		if e.block, err = r.read(nil, data); err != nil {
			return Event{}, err
		}
		if !json.Valid(e.block) || !utf8.Valid(e.block) {
			return Event{}, fmt.Errorf("%w: %s: the data block of %d bytes is not JSON", ErrFormat, e.name(), data)
		}
		if !isObject(e.block) {
			return Event{}, fmt.Errorf("%w: %s: the data block must be an object", ErrFormat, e.name())
		}
	}
	e.Rest = e.Size
	return r.take(e)
}

// take reads the payload of an event, or the next piece of it.
func (r *Reader) take(e Event) (_ Event, err error) {
	n := e.Rest
	switch {
	case r.Piece > 0 && e.Kind != KindAudioChunk:
		e.Rest, n = 0, 0
		if err := r.skip(e.Size); err != nil {
			return Event{}, err
		}
	case r.Piece > 0:
		n = min(n, r.Piece)
	}
	if r.payload, err = r.read(r.payload[:0], n); err != nil {
		return Event{}, err
	}
	e.Payload = r.payload
	e.Rest -= n
	r.rest = e
	return e, nil
}

// line reads a header without its line end. The memory of it lasts until the next read.
func (r *Reader) line() ([]byte, error) {
	var long []byte
	for {
		part, err := r.in.ReadSlice('\n')
		if len(long)+len(part) > MaxLine+1 || len(long)+len(part) > MaxLine && err != nil {
			return nil, fmt.Errorf("%w: a header is longer than %d bytes", ErrFormat, MaxLine)
		}
		if err == nil && long == nil {
			return part[:len(part)-1], nil
		}
		long = append(long, part...)
		switch {
		case err == nil:
			return long[:len(long)-1], nil
		case errors.Is(err, io.EOF) && len(long) > 0:
			return nil, io.ErrUnexpectedEOF
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}

// step is how much memory is taken at most before the bytes for it have arrived.
const step = 64 << 10

// read appends n bytes to dst.
func (r *Reader) read(dst []byte, n int) ([]byte, error) {
	for n > 0 {
		k := min(n, max(step, len(dst))) // doubling: few copies, and at most twice what has arrived
		old := len(dst)
		dst = append(dst, make([]byte, k)...)
		if _, err := io.ReadFull(r.in, dst[old:]); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return dst[:old], err
		}
		n -= k
	}
	return dst, nil
}

func (r *Reader) skip(n int) error {
	_, err := r.in.Discard(n)
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// length checks a length of a header.
func length(e Event, key string, n *int64, most int64) (int, error) {
	switch {
	case n == nil:
		return 0, nil
	case *n < 0:
		return 0, fmt.Errorf("%w: %s: %s is negative", ErrFormat, e.name(), key)
	case *n > most:
		return 0, fmt.Errorf("%w: %s: %s is %d; at most %d bytes are accepted", ErrFormat, e.name(), key, *n, most)
	}
	return int(*n), nil
}
