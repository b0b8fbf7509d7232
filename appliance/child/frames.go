package child

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// A worker and its parent write frames: the three letters of their protocol, a kind, the length of the payload as a little-endian uint32, the
// payload. Neither trusts the other.

// ErrGarbage means that the other side does not speak the protocol.
var ErrGarbage = errors.New("malformed frames")

const (
	headerSize = 8
	lettersOf  = 3
)

// Protocol is what the frames of one direction look like.
type Protocol struct {
	Letters string // three
	// Sizes bounds the payload of a kind of frame, in bytes; least is above most if there is no such kind in this direction.
	Sizes func(kind byte) (least, most int)
}

// Reader reads the frames of a protocol. It never holds more than the longest of them, and allocates nothing once it has held that.
type Reader struct {
	Protocol
	R io.Reader

	buf []byte
}

// Next returns the kind of the next frame and its payload, which is valid until the next call. The error is io.EOF if the other side ended between
// two frames, an ErrGarbage, or that of R.
func (f *Reader) Next() (kind byte, payload []byte, err error) {
	if f.buf == nil {
		f.buf = make([]byte, 4<<10)
	}
	head := f.buf[:headerSize]
	if _, err := io.ReadFull(f.R, head); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = fmt.Errorf("%w: the end in the middle of a frame's header", ErrGarbage)
		}
		return 0, nil, err
	}
	if string(head[:lettersOf]) != f.Letters {
		return 0, nil, fmt.Errorf("%w: a frame begins with %q", ErrGarbage, head)
	}
	kind = head[lettersOf]
	n := int64(binary.LittleEndian.Uint32(head[lettersOf+1:]))
	if least, most := f.Sizes(kind); n < int64(least) || n > int64(most) {
		return 0, nil, fmt.Errorf("%w: a frame %q of %d bytes", ErrGarbage, kind, n)
	}
	if int64(len(f.buf)) < n {
		f.buf = make([]byte, n)
	}
	if _, err := io.ReadFull(f.R, f.buf[:n]); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = fmt.Errorf("%w: the end in the middle of a frame %q", ErrGarbage, kind)
		}
		return 0, nil, err
	}
	return kind, f.buf[:n], nil
}

// Frame appends the header of a frame whose payload has so many bytes: append them.
func (p Protocol) Frame(to []byte, kind byte, length int) []byte {
	if least, most := p.Sizes(kind); length < least || length > most {
		panic(fmt.Sprintf("BUG: child: a frame %q of %d bytes", kind, length))
	}
	return binary.LittleEndian.AppendUint32(append(append(to, p.Letters...), kind), uint32(length))
}

// JSON appends a frame of JSON. The error is that it is too long.
func (p Protocol) JSON(to []byte, kind byte, v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		panic("BUG: child: " + err.Error())
	}
	if _, most := p.Sizes(kind); len(b) > most {
		return to, fmt.Errorf("%d bytes do not fit into a frame", len(b))
	}
	return append(p.Frame(to, kind, len(b)), b...), nil
}

// Unexpected is the error of a frame that may not come at this point.
func Unexpected(kind byte) error {
	return fmt.Errorf("%w: a frame %q was not expected here", ErrGarbage, kind)
}

// ParseJSON reads a payload of JSON. Its error is an ErrGarbage.
func ParseJSON(payload []byte, v any) error {
	if err := json.Unmarshal(payload, v); err != nil {
		return fmt.Errorf("%w: %w", ErrGarbage, err)
	}
	return nil
}

// Report is an error whose words come from a worker: one line of at most 300 bytes, whatever the worker has written.
type Report struct {
	words string
	cause error // nil: none of those that the parent knows
}

// Reported makes the error of a worker's words. cause may be nil.
func Reported(words string, cause error) *Report {
	if words = Plain(words); words == "" {
		words = "it gave no reason"
	}
	return &Report{words, cause}
}

func (r *Report) Error() string { return r.words }
func (r *Report) Unwrap() error { return r.cause }

// Explain joins why nothing more can be read from a worker, and how it ended: where it has just ended, that says all; and where it reported an
// error, it ended because of that.
func Explain(said, end error) error {
	var report *Report
	switch {
	case errors.Is(said, io.EOF), errors.Is(said, os.ErrDeadlineExceeded): // that of Kill
		return end
	case errors.As(said, &report):
		return said
	}
	return fmt.Errorf("%w (%w)", said, end)
}
